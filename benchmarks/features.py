"""Time the features against other programs that do the same work, in one run.

Run: ``python benchmarks/features.py [events] [--only NAME ...] [--landmarks 1 8]``. 60 analytes,
five windows, ten statistics, what was available at one landmark or at eight
(``feature_data.py``). Each program runs in a process of its own, for its peak memory, the first
time unmeasured; then all take turns, so that a machine that slows down slows them all. From the
plain Parquet file:

- ``scan``: Polars reads its five columns and does nothing, the bound;
- ``ours``: ``read_plain_part`` and ``build_features_streaming``, to the wide matrix;
- the peers (``feature_peers.py``), to a long table; tsfresh on 100,000 events, its seconds
  multiplied to the size.

From a cohort folder of the same events:

- ``scan-folder``: Polars reads the nine columns that ours reads, as many rows at a time;
- ``ours-folder``: ``build_features_streaming``.

First the peers' numbers are compared with ours on a few thousand events, and the run stops if one
differs. ``--profile`` says where the time of ours goes, ``--patient`` how long one patient takes
from raw events to a risk, and the first call of a process with and without compiled code on disk.
``--data FOLDER`` keeps the events for the next run.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import polars as pl
from feature_data import LANDMARKS, as_cohort, draw_events, episodes, specification
from feature_peers import PEERS, differing_cells
from feature_stages import profile, time_first_calls, time_patient
from feature_timing import FROM_FOLDER, FROM_PLAIN, SEED, SURVIVED, compare, prepare

from icans_risk.features import build_features

PROGRAMS = (*FROM_PLAIN, *FROM_FOLDER)


def check_peers(names: Iterable[str], events: int = 3_000) -> dict[str, dict[str, int]]:
    """Count the cells in which peers differ from ours, by statistic.

    Times are half hours and values are tens here, so that results stand on the edges of windows,
    become available at a landmark, and maxima tie.
    """
    drawn = draw_events(0, events, seed=SEED, minutes=30, digits=-1)
    ours = build_features(as_cohort(drawn, episodes(events)), specification(), LANDMARKS[8])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plain.parquet"
        drawn.write_parquet(path)
        return {name: differing_cells(ours, PEERS[name](path, LANDMARKS[8])) for name in names}


def as_markdown(table: pl.DataFrame) -> str:
    """Write a table with three significant digits."""
    rows = [table.columns, ["---"] * table.width]
    rows += [[c if isinstance(c, str) else f"{c:.3g}" for c in row] for row in table.rows()]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def main(arguments: argparse.Namespace, data: Path) -> None:
    """Check the peers, make the events, time the programs, print a table per landmark count."""
    names: list[str] = arguments.only
    wrong = check_peers([name for name in names if name in PEERS])
    if any(count for of_statistic in wrong.values() for count in of_statistic.values()):
        raise SystemExit(f"Cells that differ from ours, by program: {wrong}")
    prepare(data, arguments.events, names)
    for landmarks in arguments.landmarks:
        print(f"\n{arguments.events:,} events, landmarks: {landmarks}\n", flush=True)
        table = compare(names, data, arguments.events, landmarks=landmarks, rounds=arguments.rounds)
        if arguments.events > SURVIVED:
            label = f"tsfresh, scaled from {SURVIVED:,}"
            table = table.with_columns(pl.col("program").replace("tsfresh", label))
        print(as_markdown(table), flush=True)


def show_profile(arguments: argparse.Namespace, data: Path) -> None:
    """Print the seconds of each stage, a table per landmark count."""
    prepare(data, arguments.events, ("ours", "ours-folder"))
    for landmarks in arguments.landmarks:
        hours = LANDMARKS[landmarks]
        table = profile(data, arguments.events, landmarks=hours, rounds=arguments.rounds)
        print(f"\n{arguments.events:,} events, landmarks: {landmarks}\n\n{as_markdown(table)}")


def show_patient() -> None:
    """Print the milliseconds of one patient and the seconds of first calls."""
    for name, milliseconds in time_patient().items():
        print(f"one patient, {name}: {milliseconds:.1f} ms")
    for name, seconds in time_first_calls().items():
        print(f"first call, {name}: {seconds:.2f} s")


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("events", type=int, nargs="?", default=10_000_000)
    parser.add_argument("--only", nargs="+", choices=PROGRAMS, default=PROGRAMS, metavar="NAME")
    parser.add_argument("--landmarks", nargs="+", type=int, choices=LANDMARKS, default=[1, 8])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--data", type=Path, help="an existing folder; a temporary one by default")
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--patient", action="store_true")
    return parser.parse_args()


def _in_folder(data: Path | None, use: Callable[[Path], None]) -> None:
    if data is not None:
        use(data)
        return
    with tempfile.TemporaryDirectory() as folder:
        use(Path(folder))


if __name__ == "__main__":
    given = parse()
    if given.patient:
        show_patient()
    else:
        show = show_profile if given.profile else main
        _in_folder(given.data, lambda folder: show(given, folder))

"""What the features cost against the number of events, from a cohort folder.

From 10,000 events to 100 million: 60 analytes, five windows, ten statistics, one landmark, built
part by part; beside it Polars reading the columns that are read and doing nothing with them. Both
take turns, each in a process of its own, and the median counts.

Run: ``python benchmarks/studies/feature_cost.py [most events]``. Writes ``feature_cost.csv``
beside this file, with the seed and the commit, and ``docs/feature_cost.png``. The largest folder
takes about a gigabyte. The seconds belong to the machine.
"""

import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from committed import current_commit

HERE = Path(__file__).parent
DOCS = HERE.parents[1] / "docs"
sys.path.insert(0, str(HERE.parent))

from feature_timing import FROM_FOLDER, SEED, compare, prepare  # noqa: E402

SIZES = (10_000, 100_000, 1_000_000, 10_000_000, 100_000_000)
ROUNDS = 5
# Twice what a folder takes.
_BYTES_AN_EVENT = 16
_LINES = {"ours-folder": ("features", "#1f4b7a", "-"), "scan-folder": ("scan", "#1a1e24", "--")}


def main(most: int) -> None:
    """Run the study and write its table and figure."""
    table = run(sizes=[size for size in SIZES if size <= most], rounds=ROUNDS)
    commit = current_commit()
    table.assign(seed=SEED, commit=commit).to_csv(HERE / "feature_cost.csv", index=False)
    draw(table).savefig(DOCS / "feature_cost.png")
    sys.stdout.write(table.to_string(index=False) + "\n")


def run(*, sizes: Sequence[int], rounds: int) -> pd.DataFrame:
    """Time both programs at each size.

    Returns
    -------
    DataFrame
        ``events, program, seconds, ratio_to_scan, peak_gib``.
    """
    tables = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as name:
            free = shutil.disk_usage(name).free
            if free < size * _BYTES_AN_EVENT:
                raise SystemExit(f"{size:,} events need {size * _BYTES_AN_EVENT:,} bytes of disk.")
            prepare(Path(name), size, FROM_FOLDER)
            timed = compare(FROM_FOLDER, Path(name), size, landmarks=1, rounds=rounds)
        renamed = timed.rename({"x scan": "ratio_to_scan", "peak GiB": "peak_gib"}).drop("x ours")
        tables.append(renamed.to_pandas().assign(events=size))
    columns = ["events", "program", "seconds", "ratio_to_scan", "peak_gib"]
    return pd.concat(tables, ignore_index=True)[columns]


def draw(table: pd.DataFrame) -> Figure:
    """Draw seconds against events, both on logarithmic axes."""
    figure = Figure(figsize=(5.2, 3.4), dpi=130, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for program, (words, colour, style) in _LINES.items():
        line = table[table["program"] == program]
        axes.plot(line["events"], line["seconds"], style, marker="o", markersize=4, color=colour)
        last = line.iloc[-1]
        axes.annotate(
            words, (last["events"], last["seconds"]), (7, 0), textcoords="offset points",
            fontsize=8, color=colour, va="center",
        )  # fmt: skip
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.margins(x=0.12)
    axes.set_xlabel("events", fontsize=8)
    axes.set_ylabel("seconds", fontsize=8)
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title("3,000 columns at one landmark, from a cohort folder", fontsize=9, loc="left")
    figure.supxlabel(
        "Synthetic events. Scan: Polars reads the same columns. The seconds belong to the machine.",
        fontsize=7, x=0.01, ha="left",
    )  # fmt: skip
    return figure


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else max(SIZES))

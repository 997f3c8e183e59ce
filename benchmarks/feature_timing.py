"""Let programs take turns, each in a process of its own: seconds, ratios, peak memory.

``python benchmarks/feature_timing.py NAME FOLDER EVENTS LANDMARKS`` is such a process: it runs its
program once for every line that it reads.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import numpy as np
import polars as pl
from feature_data import LANDMARKS, PIECE, episodes, specification, write_folder, write_plain
from feature_peers import PEERS

from icans_risk.cohort import EVENTS, read_plain_part
from icans_risk.features import build_features_streaming

FROM_PLAIN = ("scan", "ours", *PEERS)
FROM_FOLDER = ("scan-folder", "ours-folder")
SEED = 7
_FIVE = ["episode_id", "analyte", "collected_h", "available_h", "value"]
_NINE = [name for name in EVENTS if name != "censored"]
_SLICE = PIECE
SURVIVED = 100_000


def run_program(name: str, data: Path, events: int, *, landmarks: Sequence[float]) -> None:
    """Do the work once and drop what comes out."""
    if name == "scan":
        pl.read_parquet(data / "plain.parquet", columns=_FIVE)
    elif name == "scan-folder":
        rows = pl.scan_parquet(data / "cohort" / "events.parquet").select(_NINE)
        for first in range(0, events, _SLICE):
            rows.slice(first, _SLICE).collect()
    elif name == "ours":
        until = max(landmarks)
        part = read_plain_part(data / "plain.parquet", episodes(events), available_until=until)
        _drop(build_features_streaming([part], specification(), landmarks))
    elif name == "ours-folder":
        _drop(build_features_streaming(data / "cohort", specification(), landmarks))
    else:
        file = "few.parquet" if name == "tsfresh" else "plain.parquet"
        PEERS[name](data / file, landmarks)


def _drop(parts: Iterable[object]) -> None:
    for _ in parts:
        pass


class Worker:
    """A process that runs one program as often as it is asked."""

    def __init__(self, name: str, data: Path, events: int, *, landmarks: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, name, str(data), str(events), str(landmarks)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        # What a program runs on less events than asked for is multiplied.
        self._scale = events / min(events, SURVIVED) if name == "tsfresh" else 1.0

    def __enter__(self) -> Self:
        """Start with the process, and end it with the block."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close its input, at which it ends."""
        self._process.__exit__(None, None, None)

    def run(self) -> float:
        """Run it once more; return the seconds."""
        return self._ask("run") * self._scale

    def peak(self) -> float:
        """Return the most memory it has held, in GiB."""
        return self._ask("peak")

    def _ask(self, what: str) -> float:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(what, file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        if not answer:
            raise SystemExit("A program ended before its time; its error stands above.")
        return float(json.loads(answer))


def work(name: str, data: Path, events: int, *, landmarks: Sequence[float]) -> None:
    """Be the process that runs one program: run when asked, tell the peak when asked."""
    for line in sys.stdin:
        if line.strip() == "peak":
            print(peak_gib(), flush=True)
            continue
        start = time.perf_counter()
        run_program(name, data, events, landmarks=landmarks)
        print(time.perf_counter() - start, flush=True)


def peak_gib() -> float:
    """Return the peak memory of this process, without what its parent had."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    kib = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    return int(kib) / 1024**2


def prepare(data: Path, events: int, names: Sequence[str]) -> None:
    """Write what the programs read, where it is not there."""
    few = data / "few.parquet"
    if not set(names).isdisjoint(FROM_PLAIN) and not (data / "plain.parquet").exists():
        write_plain(data / "plain.parquet", events, seed=SEED)
    if "tsfresh" in names and not few.exists():
        write_plain(few, min(events, SURVIVED), seed=SEED)
    if not set(names).issubset(FROM_PLAIN) and not (data / "cohort").exists():
        write_folder(data / "cohort", events, seed=SEED)


def compare(
    names: Sequence[str], data: Path, events: int, *, landmarks: int, rounds: int
) -> pl.DataFrame:
    """Let programs take turns; return the median seconds, ratios and peak memory of each."""
    with ExitStack() as stack:
        workers = {
            name: stack.enter_context(Worker(name, data, events, landmarks=landmarks))
            for name in names
        }
        for worker in workers.values():
            worker.run()
        turns = [{name: worker.run() for name, worker in workers.items()} for _ in range(rounds)]
        peaks = {name: worker.peak() for name, worker in workers.items()}
    median = {name: float(np.median([turn[name] for turn in turns])) for name in names}
    table = []
    for name in names:
        suffix = "-folder" if name.endswith("-folder") else ""
        of = {base: median.get(f"{base}{suffix}", np.nan) for base in ("scan", "ours")}
        ratios = {f"x {base}": median[name] / seconds for base, seconds in of.items()}
        row = {"program": name, "seconds": median[name], **ratios, "peak GiB": peaks[name]}
        table.append(row)
    return pl.DataFrame(table)


if __name__ == "__main__":
    program, folder, size, n_landmarks = sys.argv[1:]
    work(program, Path(folder), int(size), landmarks=LANDMARKS[int(n_landmarks)])

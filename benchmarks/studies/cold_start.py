"""Eight processes that log runs to a store that none of them has made yet.

In each repetition they begin together on an empty folder; each opens the store and logs three runs
with two children, twenty metrics in each. Then all is counted again from the database: runs,
their states, every metric and its value. The processes are the same in all repetitions, because
what they share is the folder.

Run: ``python benchmarks/studies/cold_start.py [repetitions]``. Writes ``cold_start.csv`` beside
this file, with the seed and the commit. The seconds belong to the machine.
"""

import multiprocessing
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from icans_risk.tracking import RunRecord, log_run, open_store

HERE = Path(__file__).parent
SEED = 11
REPETITIONS = 20
PROCESSES, RUNS, CHILDREN, METRICS = 8, 3, 2, 20


def main(repetitions: int) -> None:
    """Run the study and write its table."""
    table = run(repetitions=repetitions, seed=SEED)
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True
    ).stdout.strip()
    table.assign(seed=SEED, commit=commit).to_csv(HERE / "cold_start.csv", index=False)
    sys.stdout.write(table.to_string(index=False) + "\n")


def run(*, repetitions: int, seed: int, processes: int = PROCESSES) -> pd.DataFrame:
    """Let the processes begin on an empty folder, again and again.

    Returns
    -------
    DataFrame
        For each repetition ``runs`` and ``metrics`` that were kept as they were given, of
        ``runs_given`` and ``metrics_given``; ``failed`` processes; ``is_whole``, what SQLite
        says of its file; ``seconds``.
    """
    context = multiprocessing.get_context("spawn")
    with context.Pool(processes, _begin, (context.Barrier(processes),)) as pool:
        return pd.DataFrame(
            [_repeat(pool, number, seed=seed, processes=processes) for number in range(repetitions)]
        )


def _repeat(pool: Any, number: int, *, seed: int, processes: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        given = [_metrics(seed, number, process) for process in range(processes)]
        started = time.monotonic()
        failed = pool.starmap(_log, [(name, metrics) for metrics in given], chunksize=1)
        seconds = time.monotonic() - started
        wanted = {one: values for metrics in given for one, values in metrics.items()}
        kept = _kept(Path(name))
        return {
            "repetition": number,
            "processes": processes,
            "runs": len(kept.keys() & wanted.keys()),
            "runs_given": len(wanted),
            "metrics": sum(
                kept.get(one, {}).get(metric) == value
                for one, values in wanted.items()
                for metric, value in values.items()
            ),
            "metrics_given": sum(map(len, wanted.values())),
            "failed": sum(map(bool, failed)),
            "is_whole": _is_whole(Path(name)),
            "seconds": round(seconds, 1),
        }


def _metrics(seed: int, repetition: int, process: int) -> dict[str, dict[str, float]]:
    """Draw the metrics of each run of a process, by the run's name."""
    draw = np.random.default_rng([seed, repetition, process])
    names = [f"{process}.{run}.{part}" for run in range(RUNS) for part in range(CHILDREN + 1)]
    return {name: {f"m{k}": float(draw.random()) for k in range(METRICS)} for name in names}


def _begin(barrier: Any) -> None:
    global _together
    _together = barrier
    # Imported before the first repetition, so that all reach the store together in each.
    import mlflow.store.tracking.sqlalchemy_store  # noqa: F401


def _log(folder: str, metrics: Mapping[str, Mapping[str, float]]) -> str:
    """Log the runs of one process; return what went wrong."""
    _together.wait()
    try:
        store = open_store(_uri(folder), artifacts=Path(folder) / "artifacts", experiment="s")
        names = list(metrics)
        for first in range(0, len(names), CHILDREN + 1):
            parent, *children = (
                RunRecord(name, metrics=metrics[name])
                for name in names[first : first + CHILDREN + 1]
            )
            log_run(store, RunRecord(parent.name, metrics=parent.metrics, children=children))
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def _uri(folder: str) -> str:
    return f"sqlite:///{folder}/mlflow.db"


def _kept(folder: Path) -> dict[str, dict[str, float]]:
    """Read the metrics of finished runs from the database itself."""
    kept: dict[str, dict[str, float]] = {}
    with closing(sqlite3.connect(folder / "mlflow.db")) as connection:
        rows = connection.execute(
            "SELECT runs.name, metrics.key, metrics.value FROM runs "
            "JOIN metrics ON metrics.run_uuid = runs.run_uuid WHERE runs.status = 'FINISHED'"
        )
        for name, metric, value in rows:
            kept.setdefault(name, {})[metric] = value
    return kept


def _is_whole(folder: Path) -> bool:
    with closing(sqlite3.connect(folder / "mlflow.db")) as connection:
        told: list[tuple[str]] = connection.execute("PRAGMA integrity_check").fetchall()
    return told == [("ok",)]


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else REPETITIONS)

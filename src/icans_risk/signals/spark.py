"""The same workers on a Spark cluster: each task keeps one, which may fail as it may elsewhere."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]

from icans_risk.errors import SignalError
from icans_risk.signals.limits import Limits
from icans_risk.signals.pool import Outcome, run_jobs

__all__ = ["run_jobs_on_spark"]

_SCHEMA = "position long, result string, failure string"


def run_jobs_on_spark(
    task: str,
    jobs: Sequence[Mapping[str, Any]],
    *,
    workers: int,
    limits: Limits,
    session: Any,
) -> Iterator[Outcome]:
    """Do jobs on a cluster, as ``run_jobs`` does them here.

    The list is spread by ``mapInPandas``. Within each of its tasks the jobs go through a
    limited process of their own, so that a file that breaks its reader costs neither the task
    nor the files beside it.

    Parameters
    ----------
    task, jobs, limits
        As for ``run_jobs``; the files of the jobs have to be at the same paths on every node.
    workers : int
        Tasks into which the list is cut.
    session : SparkSession
        Where the package is installed on every node.

    Yields
    ------
    Outcome
        One for each job.

    Raises
    ------
    SignalError
        If jobs have no answer, which no file can cause.
    """
    texts = [json.dumps(dict(job)) for job in jobs]
    table = pa.table({"position": pa.array(range(len(jobs)), pa.int64()), "job": texts})

    def measure(batches: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        for batch in batches:
            given = [json.loads(job) for job in batch["job"]]
            positions = batch["position"].tolist()
            outcomes = list(run_jobs(task, given, workers=1, limits=limits))
            yield pd.DataFrame(
                {
                    "position": [positions[outcome.position] for outcome in outcomes],
                    "result": [_as_text(outcome.result) for outcome in outcomes],
                    "failure": [outcome.failure for outcome in outcomes],
                }
            )

    spread = session.createDataFrame(table).repartition(max(1, min(workers, len(jobs))))
    answered = 0
    for row in spread.mapInPandas(measure, _SCHEMA).toLocalIterator():
        answered += 1
        result = None if row["result"] is None else json.loads(row["result"])
        yield Outcome(int(row["position"]), result, row["failure"])
    if answered != len(jobs):
        raise SignalError(
            f"expected {len(jobs)} answers from Spark, got {answered}. Run the list again."
        )


def _as_text(result: Mapping[str, Any] | None) -> str | None:
    return None if result is None else json.dumps(result, allow_nan=False)

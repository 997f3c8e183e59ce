"""Turn a list of raw files into events, measurements and a page of what was rejected."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pandas as pd

import icans_risk
from icans_risk.errors import CohortError
from icans_risk.ingest import read_text_table
from icans_risk.signals.journal import Journal
from icans_risk.signals.limits import Limits
from icans_risk.signals.pool import run_jobs
from icans_risk.signals.results import judge_results
from icans_risk.workflow.clocks import hours_since_infusion
from icans_risk.workflow.files import new_folder, write_json, write_whole
from icans_risk.workflow.kinds import Kind, Reading
from icans_risk.workflow.progress import SILENT, Progress
from icans_risk.workflow.recordings import (
    list_recordings,
    recordings_table,
    summarise_recordings,
    without_picture,
)

__all__ = ["Measured", "measure_list", "read_list", "read_timed_table"]

PAGE, JSON = "quality.html", "quality.json"


@dataclass(frozen=True)
class Measured:
    """What became of a list.

    Attributes
    ----------
    rows : DataFrame
        One per file.
    results : list of dict
        In the same order, judged.
    events : DataFrame
        What they give.
    data_kind : {"real", "synthetic"}
        What the list says of itself.
    """

    rows: pd.DataFrame
    results: list[dict[str, Any]]
    events: pd.DataFrame
    data_kind: Literal["real", "synthetic"]


def read_list(
    file: Path,
    kind: Kind,
    reading: Reading,
    *,
    journal: Journal | None = None,
    progress: Progress = SILENT,
) -> Measured:
    """Measure all files of a list.

    Parameters
    ----------
    file : Path
        CSV; ``started``, ``scanned``, ``available`` and ``infused`` may stand for hours, as
        calendar times.
    kind : Kind
        What the files are.
    reading : Reading
        How they are read.
    journal : Journal, optional
        Takes results up, and keeps them.
    progress : Progress
        Told about each file.

    Returns
    -------
    Measured
        A file that cannot be read is no error.

    Raises
    ------
    CohortError, SignalError
        If the table cannot be read or a library is missing.
    """
    kind.require()
    table = read_timed_table(file, reading)
    rows = kind.read(table, file.parent)
    policy = kind.policy(reading)
    policy.check(rows["available_h"])
    if journal is not None:
        journal.open()
    found = _measure(rows, kind, reading, journal=journal, progress=progress)
    results = judge_results(rows, found, policy)
    is_generated = "data_kind" in table and (table["data_kind"] == "synthetic").any()
    events = kind.events(rows, results, policy)
    return Measured(rows, results, events, "synthetic" if is_generated else "real")


def measure_list(
    file: Path,
    out: Path,
    kind: Kind,
    *,
    reading: Reading,
    beside: Callable[[], Sequence[pd.DataFrame]] = tuple,
    progress: Progress = SILENT,
) -> dict[str, Any]:
    """Measure all files of a list and write what they give.

    An interrupted run is taken up by the next one with the same ``out``.

    Parameters
    ----------
    file, kind, reading, progress
        As for ``read_list``.
    out : Path
        A new folder.
    beside : callable
        Gives further events to be written; called before anything is measured.

    Returns
    -------
    dict
        Counts, plain data.

    Raises
    ------
    CohortError, SignalError
        As for ``read_list``, and if the folder exists.
    """
    kind.require()
    if out.exists() or out.is_symlink():
        raise CohortError(f"{out}: exists, and is never overwritten. Name another folder.")
    further = beside()
    journal = Journal(out)
    measured = read_list(file, kind, reading, journal=journal, progress=progress)
    events = pd.concat([measured.events, *further]).reset_index(drop=True)
    progress.stage("writing", steps=None)
    with new_folder(out) as draft:
        summary = _write_results(draft, measured, kind, events=events)
    journal.close()
    return summary | {"folder": str(out), "page": str(out / PAGE)}


def _write_results(
    folder: Path, measured: Measured, kind: Kind, *, events: pd.DataFrame
) -> dict[str, Any]:
    """Write events, measurements, the list with what became of each file, and the page.

    Returns
    -------
    dict
        Counts, plain data.
    """
    listed = list_recordings(
        measured.rows, measured.results, reasons=kind.reasons, flags=kind.flags
    )
    summary = summarise_recordings(listed, events, many=kind.many, count=kind.count)
    _write_table(folder, "events", events)
    _write_table(folder, "measurements", kind.measurements(measured.rows, measured.results))
    table = recordings_table(listed, kind.describe)
    write_whole(folder / f"{kind.many}.csv", table.to_csv(index=False))
    page = kind.page(
        listed,
        events=len(events),
        data_kind=measured.data_kind,
        package_version=icans_risk.__version__,
    )
    write_whole(folder / PAGE, page)
    write_json(folder / JSON, summary | {kind.many: [without_picture(item) for item in listed]})
    return summary


def read_timed_table(file: Path, reading: Reading) -> pd.DataFrame:
    """Read a table as text, calendar times as hours since infusion."""
    return hours_since_infusion(read_text_table(file), reading.time_zone, where=file.name)


def _measure(
    rows: pd.DataFrame,
    kind: Kind,
    reading: Reading,
    *,
    journal: Journal | None,
    progress: Progress,
) -> list[dict[str, Any]]:
    shared = {"journal": None if journal is None else str(journal.folder)}
    jobs = [
        kind.job({str(name): cell for name, cell in row.items()})
        | shared
        | {"sha256": row["sha256"] or None}
        for row in rows.to_dict("records")
    ]
    progress.stage(f"measuring {len(jobs):,} {kind.many}", steps=len(jobs))
    results: list[dict[str, Any]] = [{}] * len(jobs)
    workers = reading.workers or os.cpu_count() or 1
    limits = Limits(memory_gib=reading.memory_gib, seconds=reading.seconds)
    for outcome in _runner(reading)(kind.task, jobs, workers=workers, limits=limits):
        result = outcome.result
        if result is None:
            result = {"refused": outcome.failure, "figures": {}, "sha256": ""}
        if result["refused"] is None and journal is not None:
            journal.keep(result)
        results[outcome.position] = result
        progress.step()
    return results


def _runner(reading: Reading) -> Callable[..., Any]:
    if reading.spark is None:
        return run_jobs
    from functools import partial

    from icans_risk.signals.spark import run_jobs_on_spark

    return partial(run_jobs_on_spark, session=reading.spark)


def _write_table(folder: Path, name: str, table: pd.DataFrame) -> None:
    table.to_parquet(folder / f"{name}.parquet", index=False)
    write_whole(folder / f"{name}.csv", table.to_csv(index=False))

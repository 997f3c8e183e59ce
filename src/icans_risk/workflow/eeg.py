"""Turn a list of EEG recordings into events, measurements and a page of what was rejected."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pandas as pd

import icans_risk
from icans_risk.catalogue import load_catalogue
from icans_risk.errors import CohortError
from icans_risk.ingest import read_text_table
from icans_risk.report import recordings_report, render_recordings
from icans_risk.signals.eeg.events import (
    judge_results,
    make_events,
    make_measurements,
    make_reading_events,
)
from icans_risk.signals.eeg.opening import require_mne
from icans_risk.signals.eeg.recordings import Turnaround, read_readings, read_recordings
from icans_risk.signals.eeg.visual import score_findings
from icans_risk.signals.journal import Journal
from icans_risk.signals.limits import Limits
from icans_risk.signals.pool import run_jobs
from icans_risk.workflow.clocks import hours_since_infusion
from icans_risk.workflow.files import new_folder, write_json, write_whole
from icans_risk.workflow.progress import SILENT, Progress
from icans_risk.workflow.recordings import (
    list_recordings,
    recordings_table,
    summarise_recordings,
    without_picture,
)

__all__ = ["Reading", "measure_recordings"]

TASK = "icans_risk.signals.eeg.work:work"
PAGE, JSON = "quality.html", "quality.json"


@dataclass(frozen=True)
class Reading:
    """How recordings are read.

    Attributes
    ----------
    turnaround : float or "catalogue" or None
        Hours from the end of a recording to its result, where the table states no time.
    time_zone : str, optional
        For calendar times without an offset.
    workers : int, optional
        Processes; one for each processor by default.
    memory_gib, seconds : float
        What each process may use, the latter for each recording.
    """

    turnaround: float | Literal["catalogue"] | None = None
    time_zone: str | None = None
    workers: int | None = None
    memory_gib: float = 2.0
    seconds: float = 600.0

    @property
    def policy(self) -> Turnaround:
        """When a result is available that states no time."""
        if self.turnaround == "catalogue":
            return Turnaround(load_catalogue()["eeg.delta_relative"].turnaround_hours)
        return Turnaround(self.turnaround)


def measure_recordings(
    recordings_file: Path,
    out: Path,
    *,
    visual_file: Path | None = None,
    reading: Reading | None = None,
    progress: Progress = SILENT,
) -> dict[str, Any]:
    """Measure all recordings of a list and write what they give.

    An interrupted run is taken up by the next one with the same ``out``.

    Parameters
    ----------
    recordings_file : Path
        CSV; see ``signals.eeg.recordings.read_recordings``. ``started``, ``available`` and
        ``infused`` may stand for hours, as calendar times.
    out : Path
        A new folder: ``events`` and ``measurements`` (Parquet and CSV), ``recordings.csv``,
        ``quality.html`` and ``quality.json``.
    visual_file : Path, optional
        CSV of visual findings, see ``signals.eeg.visual.score_findings``.
    reading : Reading, optional
        How they are read.
    progress : Progress
        Told about each recording.

    Returns
    -------
    dict
        Counts, plain data.

    Raises
    ------
    CohortError, SignalError
        If a table cannot be read, MNE is missing or the folder exists. A recording that
        cannot be read is no error.
    """
    reading = reading or Reading()
    require_mne()
    if out.exists() or out.is_symlink():
        raise CohortError(f"{out}: exists, and is never overwritten. Name another folder.")
    table = _read_table(recordings_file, reading)
    recordings = read_recordings(table, recordings_file.parent)
    reading.policy.check(recordings["available_h"])
    visual = [] if visual_file is None else [_read_visual(visual_file, reading)]
    journal = Journal(out)
    journal.open()
    found = _measure(recordings, journal, reading, progress=progress)
    results = judge_results(recordings, found, reading.policy)
    events = pd.concat([make_events(recordings, results, reading.policy), *visual])
    listed = list_recordings(recordings, results)
    summary = summarise_recordings(listed, events)
    progress.stage("writing", steps=None)
    with new_folder(out) as draft:
        _write_table(draft, "events", events.reset_index(drop=True))
        _write_table(draft, "measurements", make_measurements(recordings, results))
        write_whole(draft / "recordings.csv", recordings_table(listed).to_csv(index=False))
        page = recordings_report(
            listed,
            events=len(events),
            data_kind=_data_kind(table),
            package_version=icans_risk.__version__,
        )
        write_whole(draft / PAGE, render_recordings(page))
        write_json(draft / JSON, summary | {"recordings": [without_picture(r) for r in listed]})
    journal.close()
    return summary | {"folder": str(out), "page": str(out / PAGE)}


def _read_table(file: Path, reading: Reading) -> pd.DataFrame:
    return hours_since_infusion(read_text_table(file), reading.time_zone, where=file.name)


def _data_kind(table: pd.DataFrame) -> Literal["real", "synthetic"]:
    """Say whether the list holds generated recordings, as the list of the generator does."""
    is_generated = "data_kind" in table and (table["data_kind"] == "synthetic").any()
    return "synthetic" if is_generated else "real"


def _read_visual(file: Path, reading: Reading) -> pd.DataFrame:
    table = _read_table(file, reading)
    readings = read_readings(table)
    reading.policy.check(readings["available_h"])
    return make_reading_events(readings, score_findings(table), reading.policy)


def _measure(
    recordings: pd.DataFrame, journal: Journal, reading: Reading, *, progress: Progress
) -> list[dict[str, Any]]:
    jobs = [
        {"path": row["path"], "sha256": row["sha256"] or None, "journal": str(journal.folder)}
        for row in recordings.to_dict("records")
    ]
    progress.stage(f"measuring {len(jobs):,} recordings", steps=len(jobs))
    results: list[dict[str, Any]] = [{}] * len(jobs)
    workers = reading.workers or os.cpu_count() or 1
    limits = Limits(memory_gib=reading.memory_gib, seconds=reading.seconds)
    for outcome in run_jobs(TASK, jobs, workers=workers, limits=limits):
        result = outcome.result
        if result is None:
            result = {"refused": outcome.failure, "figures": {}, "sha256": ""}
        if result["refused"] is None:
            journal.keep(result)
        results[outcome.position] = result
        progress.step()
    return results


def _write_table(folder: Path, name: str, table: pd.DataFrame) -> None:
    table.to_parquet(folder / f"{name}.parquet", index=False)
    write_whole(folder / f"{name}.csv", table.to_csv(index=False))

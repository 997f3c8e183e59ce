"""Turn a list of EEG recordings into events, measurements and a page of what was rejected."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from icans_risk.report import recordings_report, render_recordings
from icans_risk.signals.eeg.events import make_events, make_measurements, make_reading_events
from icans_risk.signals.eeg.opening import require_mne
from icans_risk.signals.eeg.reasons import FLAGS, REASONS
from icans_risk.signals.eeg.recordings import read_readings, read_recordings
from icans_risk.signals.eeg.visual import score_findings
from icans_risk.workflow.kinds import Kind, Reading
from icans_risk.workflow.progress import SILENT, Progress
from icans_risk.workflow.signals import measure_list, read_timed_table

__all__ = ["EEG", "measure_recordings"]


def _job(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"path": row["path"]}


def _describe(item: Mapping[str, Any]) -> dict[str, Any]:
    channels = item["channels"]
    return {
        "rate": item["rate"],
        "minutes": item["end_s"] / 60.0,
        "electrodes": len(channels["found"]),
        "missing": " ".join(channels["missing"]),
        "bad": " ".join(channels["bad"]),
        "other_channels": channels["extra"],
        "hum_hz": item["hum_hz"],
        "hum_uv": item["hum_uv"],
        "padded_s": item["padded_s"],
        **{f"rejected_{name}": share for name, share in item["rejected"].items()},
    }


def _count(used: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    return {"hours": sum(item["seconds"] for item in used) / 3600.0}


def _page(listed: Sequence[Mapping[str, Any]], **about: Any) -> str:
    return render_recordings(recordings_report(listed, **about))


EEG = Kind(
    one="recording",
    many="recordings",
    task="icans_risk.signals.eeg.work:work",
    usual="eeg.delta_relative",
    require=require_mne,
    read=read_recordings,
    job=_job,
    events=make_events,
    measurements=make_measurements,
    reasons=REASONS,
    flags=FLAGS,
    describe=_describe,
    count=_count,
    page=_page,
)


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

    def visual() -> Sequence[pd.DataFrame]:
        return () if visual_file is None else [_read_visual(visual_file, reading)]

    return measure_list(
        recordings_file, out, EEG, reading=reading, beside=visual, progress=progress
    )


def _read_visual(file: Path, reading: Reading) -> pd.DataFrame:
    table, policy = read_timed_table(file, reading), EEG.policy(reading)
    readings = read_readings(table)
    policy.check(readings["available_h"])
    return make_reading_events(readings, score_findings(table), policy)

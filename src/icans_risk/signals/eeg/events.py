"""Results of recordings as rows of events, and as a table with a row per stretch."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from icans_risk.signals.results import Results, as_events
from icans_risk.signals.tables import Turnaround

__all__ = ["make_events", "make_measurements", "make_reading_events"]

_VISUAL = "visual reading"
# Fewer clean epochs than three minutes in an hour that was measured by itself.
_LITTLE_CLEAN = 18
_ABOUT = (
    "row", "episode_id", "recording_sha256", "stretch", "start_h", "end_h", "epochs",
    "clean_epochs", "quality",
)  # fmt: skip


def make_events(recordings: pd.DataFrame, results: Results, turnaround: Turnaround) -> pd.DataFrame:
    """Turn measurements into rows of events.

    A recording makes one row per measurement, a long one a row for each hour; its means over
    all hours are in ``make_measurements`` alone, so that no window counts them twice. A value
    is collected at the end of what it describes.

    Parameters
    ----------
    recordings, results, turnaround
        As for ``judge_results``, after it.

    Returns
    -------
    DataFrame
        The columns of ``EVENTS`` and ``EXTRA``. Values that the catalogue's limits exclude
        are left out.
    """
    rows = []
    for row, result in zip(recordings.to_dict("records"), results, strict=True):
        if result["refused"] is not None:
            continue
        for part in result["hours"] or [result["whole"]]:
            collected_h = row["started_h"] + part["end_s"] / 3600.0
            shared = {
                "episode_id": row["episode_id"],
                "modality": "eeg",
                "collected_h": collected_h,
                "available_h": turnaround.fill(row["available_h"], collected_h),
                "ordered_as": row["ordered_as"],
                "assay": f"icans-risk eeg {result['algorithm']}",
                "quality": ";".join(_flags(result["flags"], part)),
                "recording_sha256": result["sha256"],
            }
            rows += [shared | {"analyte": n, "value": v} for n, v in part["values"].items()]
    return as_events(rows)


def make_reading_events(
    readings: pd.DataFrame, scores: pd.DataFrame, turnaround: Turnaround
) -> pd.DataFrame:
    """Turn visual findings into rows of events.

    Parameters
    ----------
    readings : DataFrame
        From ``read_readings``.
    scores : DataFrame
        From ``score_findings``, in the same order.
    turnaround : Turnaround
        Finds times of availability.

    Returns
    -------
    DataFrame
        As ``make_events``; the assay is "visual reading".
    """
    rows = []
    for row, values in zip(readings.to_dict("records"), scores.to_dict("records"), strict=True):
        shared = {
            "episode_id": row["episode_id"],
            "modality": "eeg",
            "collected_h": row["collected_h"],
            "available_h": turnaround.fill(row["available_h"], row["collected_h"]),
            "ordered_as": row["ordered_as"],
            "assay": _VISUAL,
            "quality": "",
            "recording_sha256": "",
        }
        known = {name: value for name, value in values.items() if not pd.isna(value)}
        rows += [shared | {"analyte": name, "value": value} for name, value in known.items()]
    return as_events(rows)


def make_measurements(recordings: pd.DataFrame, results: Results) -> pd.DataFrame:
    """Lay out the measurements with a row for each recording and for each hour of long ones.

    Parameters
    ----------
    recordings, results
        As for ``make_events``.

    Returns
    -------
    DataFrame
        ``row`` of the table of recordings, ``episode_id``, ``recording_sha256``, ``stretch``
        ("whole" or "hour"), ``start_h``, ``end_h``, ``epochs``, ``clean_epochs``, ``quality``,
        and a column per measurement.
    """
    rows = []
    for row, result in zip(recordings.to_dict("records"), results, strict=True):
        if result["refused"] is not None:
            continue
        stretches = [("whole", result["whole"]), *(("hour", part) for part in result["hours"])]
        for stretch, part in stretches:
            about = {
                "row": row["row"],
                "episode_id": row["episode_id"],
                "recording_sha256": result["sha256"],
                "stretch": stretch,
                "start_h": row["started_h"] + part["start_s"] / 3600.0,
                "end_h": row["started_h"] + part["end_s"] / 3600.0,
                "epochs": part["epochs"],
                "clean_epochs": part["clean"],
                "quality": ";".join(_flags(result["flags"], part)),
            }
            rows.append(about | part["values"])
    return pd.DataFrame(rows, columns=None if rows else list(_ABOUT))


def _flags(of_recording: Sequence[str], part: Mapping[str, Any]) -> list[str]:
    flags = [flag for flag in of_recording if flag != "little_clean"]
    return [*flags, "little_clean"] if part["clean"] < _LITTLE_CLEAN else flags

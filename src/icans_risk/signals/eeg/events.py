"""Results of recordings as rows of events, and as a table with a row per stretch."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from icans_risk.catalogue import load_catalogue
from icans_risk.cohort import EVENTS, check_table
from icans_risk.signals.eeg.recordings import Turnaround

__all__ = ["EXTRA", "judge_results", "make_events", "make_measurements", "make_reading_events"]

# Columns beside those of the cohort's table: what a study file reads, and where a value is from.
EXTRA = ("measurement", "unit", "quality", "recording_sha256")
_VISUAL = "visual reading"
# Fewer clean epochs than three minutes in an hour that was measured by itself.
_LITTLE_CLEAN = 18
_ABOUT = (
    "row", "episode_id", "recording_sha256", "stretch", "start_h", "end_h", "epochs",
    "clean_epochs", "quality",
)  # fmt: skip

Results = Sequence[Mapping[str, Any]]


def judge_results(
    recordings: pd.DataFrame, results: Results, turnaround: Turnaround
) -> list[dict[str, Any]]:
    """Refuse what only the whole list shows: one recording in several places, and early results.

    Parameters
    ----------
    recordings : DataFrame
        From ``read_recordings``.
    results : sequence of mapping
        What the workers found, in the order of the rows.
    turnaround : Turnaround
        Finds times of availability.

    Returns
    -------
    list of dict
        The results; ``refused`` is set where a recording stands under several episodes
        (nobody knows whose it is), repeats an earlier row, or was available before it ended.
    """
    rows = recordings.to_dict("records")
    owners: dict[str, set[str]] = {}
    for row, result in zip(rows, results, strict=True):
        owners.setdefault(result["sha256"], set()).add(row["episode_id"])
    seen: Counter[str] = Counter()
    judged = []
    for row, result in zip(rows, results, strict=True):
        refused = result["refused"]
        if refused is None:
            checksum = result["sha256"]
            seen[checksum] += 1
            end_h = row["started_h"] + result["end_s"] / 3600.0
            if len(owners[checksum]) > 1:
                refused = "several_episodes"
            elif seen[checksum] > 1:
                refused = "repeated"
            elif turnaround.fill(row["available_h"], end_h) < end_h:
                refused = "available_before_end"
        judged.append({"figures": {}, **result, "refused": refused})
    return judged


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
    catalogue = load_catalogue()
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
            for name, value in part["values"].items():
                low, high = catalogue[f"eeg.{name}"].hard_limits
                if low <= value <= high:
                    rows.append(shared | {"analyte": name, "value": value})
    return _as_table(rows)


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
    return _as_table(rows)


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


def _as_table(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    columns = [*EVENTS, *EXTRA]
    if not rows:
        return pd.DataFrame({name: pd.Series(dtype="object") for name in columns})
    table = pd.DataFrame(rows).assign(censored="", version=1.0)
    catalogue = load_catalogue()
    names = "eeg." + table["analyte"]
    table["measurement"] = names
    table["unit"] = names.map({name: catalogue[name].unit for name in names.unique()})
    return check_table(table[columns], EVENTS, name="events")[columns]

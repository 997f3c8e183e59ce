"""Results of the files of a list, whatever their kind: what only the list shows, and events."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from icans_risk.catalogue import load_catalogue
from icans_risk.cohort import EVENTS, check_table
from icans_risk.signals.tables import Turnaround

__all__ = ["EXTRA", "Results", "as_events", "judge_results"]

# Columns beside those of the cohort's table: what a study file reads, and where a value is from.
EXTRA = ("measurement", "unit", "quality", "recording_sha256")

Results = Sequence[Mapping[str, Any]]


def judge_results(
    recordings: pd.DataFrame, results: Results, turnaround: Turnaround
) -> list[dict[str, Any]]:
    """Refuse what only the whole list shows: one recording in several places, and early results.

    Parameters
    ----------
    recordings : DataFrame
        ``episode_id``, ``started_h`` and ``available_h`` of each.
    results : sequence of mapping
        What the workers found, in the order of the rows; those used state ``end_s``.
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


def as_events(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Make a table of events, in the catalogue's units.

    Parameters
    ----------
    rows : sequence of mapping
        The columns of ``EVENTS`` but ``censored`` and ``version``, with ``quality`` and
        ``recording_sha256``. Values that the catalogue's limits exclude are left out.

    Returns
    -------
    DataFrame
        The columns of ``EVENTS`` and ``EXTRA``.
    """
    columns, catalogue = [*EVENTS, *EXTRA], load_catalogue()
    possible = [row for row in rows if _is_possible(row, catalogue)]
    if not possible:
        return pd.DataFrame({name: pd.Series(dtype="object") for name in columns})
    table = pd.DataFrame(possible).assign(censored="", version=1.0)
    names = table["modality"] + "." + table["analyte"]
    table["measurement"] = names
    table["unit"] = names.map({name: catalogue[name].unit for name in names.unique()})
    return check_table(table[columns], EVENTS, name="events")[columns]


def _is_possible(row: Mapping[str, Any], catalogue: Mapping[str, Any]) -> bool:
    low, high = catalogue[f"{row['modality']}.{row['analyte']}"].hard_limits
    return bool(low <= row["value"] <= high)

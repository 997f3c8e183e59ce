"""Results of scans as rows of events, and as a table with a row per scan."""

import pandas as pd

from icans_risk.signals.results import Results, as_events
from icans_risk.signals.tables import Turnaround

__all__ = ["make_events", "make_measurements"]

_ABOUT = ("row", "episode_id", "recording_sha256", "scanned_h", "sequence", "masks", "quality")


def make_events(scans: pd.DataFrame, results: Results, turnaround: Turnaround) -> pd.DataFrame:
    """Turn measurements into rows of events, one per scan and measurement.

    Parameters
    ----------
    scans : DataFrame
        From ``read_scans``.
    results : sequence of mapping
        From ``judge_results``.
    turnaround : Turnaround
        Finds times of availability.

    Returns
    -------
    DataFrame
        The columns of ``EVENTS`` and ``EXTRA``. The assay names the sequence, because values
        of several sequences are not comparable. Values that the catalogue's limits exclude are
        left out.
    """
    rows = []
    for row, result in zip(scans.to_dict("records"), results, strict=True):
        if result["refused"] is not None:
            continue
        shared = {
            "episode_id": row["episode_id"],
            "modality": "imaging",
            "collected_h": row["started_h"],
            "available_h": turnaround.fill(row["available_h"], row["started_h"]),
            "ordered_as": row["ordered_as"],
            "assay": f"icans-risk imaging {result['algorithm']} {result['sequence']}",
            "quality": ";".join(result["flags"]),
            "recording_sha256": result["sha256"],
        }
        rows += [shared | {"analyte": n, "value": v} for n, v in result["values"].items()]
    return as_events(rows)


def make_measurements(scans: pd.DataFrame, results: Results) -> pd.DataFrame:
    """Lay out the measurements with a row for each scan.

    Parameters
    ----------
    scans, results
        As for ``make_events``.

    Returns
    -------
    DataFrame
        ``row`` of the table of scans, ``episode_id``, ``recording_sha256``, ``scanned_h``,
        ``sequence``, ``masks``, ``quality``, and a column per measurement.
    """
    rows = []
    for row, result in zip(scans.to_dict("records"), results, strict=True):
        if result["refused"] is not None:
            continue
        about = {
            "row": row["row"],
            "episode_id": row["episode_id"],
            "recording_sha256": result["sha256"],
            "scanned_h": row["started_h"],
            "sequence": result["sequence"],
            "masks": " ".join(result["masks"]),
            "quality": ";".join(result["flags"]),
        }
        rows.append(about | result["values"])
    return pd.DataFrame(rows, columns=None if rows else list(_ABOUT))

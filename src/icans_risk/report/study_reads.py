"""What the model reads over the whole cohort, and what patients' pages may name of it."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from icans_risk.report.quality_panels import percent
from icans_risk.report.study_words import HIDDEN, place
from icans_risk.report.wording import clean, number

__all__ = ["reads_panel"]

_MOST = 12
_LEAST = 0.001


def reads_panel(
    tables: Mapping[str, pd.DataFrame], *, patients: int, fewest: int
) -> dict[str, Any]:
    """Show how far each input moves held-out risks, and when which modality speaks.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        ``inputs`` of (label, mean_abs, support_z, supported, named), the largest first, and
        ``modality_by_window`` of (modality_words, window_words, mean_abs).
    patients : int
        At risk: of whom ``named`` is a share.
    fewest : int
        Counts below this are hidden.

    Returns
    -------
    dict
        ``rows``, ``more``, ``unread`` (inputs that move nothing), ``note``, ``windows`` and
        ``cells``.
    """
    inputs = tables["inputs"]
    reads = inputs[inputs["mean_abs"] >= _LEAST]
    longest = float(reads["mean_abs"].max()) if len(reads) else 1.0
    rows = [
        {
            "label": clean(row["label"]),
            "size": number(row["mean_abs"], 3),
            "odds": number(math.exp(row["mean_abs"])),
            "share": place(row["mean_abs"], (0.0, longest)),
            "support": _support(supported=row["supported"], z=row["support_z"]),
            "named": _named(float(row["named"]), patients=patients, fewest=fewest),
        }
        for row in reads.to_dict("records")
    ]
    unread = len(inputs) - len(reads)
    return {
        "rows": rows[:_MOST],
        "more": rows[_MOST:],
        "unread": unread,
        "judged": bool(inputs["named"].notna().any()),
        **_cells(tables["modality_by_window"]),
    }


def _support(*, supported: bool, z: float) -> str:
    return f"{'● yes' if supported else '○ no'} (z {number(z, 1)})"


def _named(share: float, *, patients: int, fewest: int) -> str:
    if math.isnan(share):
        return "–"
    # A few of the others would be as telling as a few.
    count = share * patients
    if 0 < count < fewest or 0 < patients - count < fewest:
        return HIDDEN
    return percent(share)


def _cells(table: pd.DataFrame) -> dict[str, Any]:
    windows = list(dict.fromkeys(table["window_words"]))
    sizes = {
        (row["modality_words"], row["window_words"]): number(row["mean_abs"])
        for row in table.to_dict("records")
    }
    return {
        "windows": [clean(window) for window in windows],
        "cells": [
            {"label": clean(modality), "cells": [sizes.get((modality, w), "") for w in windows]}
            for modality in dict.fromkeys(table["modality_words"])
        ],
    }

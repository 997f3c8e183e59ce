"""Each analyte of a reading, in the words and lengths that the quality page draws."""

import math
from collections.abc import Mapping
from typing import Any

from icans_risk.report.quality_panels import (
    MODALITY_WORDS,
    Rows,
    listed,
    many,
    percent,
    share_of,
)
from icans_risk.report.wording import clean, value_with_unit

__all__ = ["analyte_panel"]

LOST_WORDS = {
    "quarantined": "set aside",
    "missing": "no result",
    "duplicates": "repeated",
    "superseded": "contradicted",
}
# The axis of the times of collection, in days.
FIRST_DAY, LAST_DAY = -7, 30
# An analyte that lost more than this share of its rows is named above the table.
MUCH_LOST = 0.1


def analyte_panel(analytes: Rows) -> dict[str, Any] | None:
    """Group the analytes by modality, each with its counts, values, times and remarks."""
    if not analytes:
        return None
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in analytes:
        modality = row["analyte"].partition(".")[0]
        groups.setdefault(modality, []).append(_analyte(row))
    return {
        "summary": _much_lost(analytes),
        "groups": [
            {"title": MODALITY_WORDS.get(modality, clean(modality)), "rows": rows}
            for modality, rows in groups.items()
        ],
    }


def _much_lost(analytes: Rows) -> str:
    """Name the analytes that lost most, because nobody reads a long table to its end."""
    lost = {
        clean(row["label"] or row["analyte"]): share_of(
            row["missing"] + row["quarantined"], _total(row)
        )
        for row in analytes
    }
    worst = sorted((name for name in lost if lost[name] > MUCH_LOST), key=lambda n: -lost[n])
    if not worst:
        return "No analyte lost more than one row in ten."
    named = listed([f"{name} ({percent(lost[name])})" for name in worst])
    return (
        f"{len(worst)} of {len(analytes)} analytes lost more than one row in ten, because there "
        f"was no result or because it was set aside: {named}."
    )


def _total(row: Mapping[str, Any]) -> int:
    return sum(row[state] for state in ("kept", *LOST_WORDS))


def _analyte(row: Mapping[str, Any]) -> dict[str, Any]:
    total = _total(row)
    censored = share_of(row["kept"], total) * (row["censored_share"] or 0)
    lengths = {state: share_of(row[state], total) for state in LOST_WORDS}
    losses = [f"{words} {percent(lengths[s])}" for s, words in LOST_WORDS.items() if row[s]]
    if row["censored_share"]:
        losses.append(f"at a limit {percent(row['censored_share'])} of used")
    return {
        "name": clean(row["analyte"]),
        "label": clean(row["label"] or row["analyte"]),
        "unit": clean(row["unit"]) if row["unit"] not in ("", "1") else "",
        "kept": many(row["kept"]),
        "episodes": many(row["episodes"]),
        "parts": lengths | {"kept": share_of(row["kept"], total) - censored, "censored": censored},
        "losses": ", ".join(losses) or "all rows used",
        "values": _values(row),
        "span": _span(row["first_h"], row["last_h"]),
        "remarks": _remarks(row),
    }


def _values(row: Mapping[str, Any]) -> str:
    if row["median"] is None:
        return ""
    low, middle, high = (value_with_unit(row[name]) for name in ("p5", "median", "p95"))
    return f"{middle} ({low} to {high})"


def _span(first_h: float | None, last_h: float | None) -> dict[str, Any] | None:
    if first_h is None or last_h is None:
        return None
    reach = LAST_DAY - FIRST_DAY
    ends = [min(max(hours / 24 - FIRST_DAY, 0), reach) / reach for hours in (first_h, last_h)]
    days = [f"{math.floor(hours / 24)}".replace("-", "−") for hours in (first_h, last_h)]
    return {
        "start": ends[0],
        "end": ends[1],
        "words": f"day {days[0]} to day {days[1]}",
        "earlier": first_h < 24 * FIRST_DAY,
        "later": last_h > 24 * LAST_DAY,
    }


def _remarks(row: Mapping[str, Any]) -> list[str]:
    counted = (
        ("impossible", "impossible"),
        ("unusual", "unusual but possible"),
        ("corrected", "corrected later"),
    )
    remarks = [f"{many(row[name])} {words}" for name, words in counted if row[name]]
    for name, words in (("units_seen", "units"), ("assays_seen", "platforms")):
        if len(row[name]) > 1:
            remarks.append(f"{len(row[name])} {words}: {listed([clean(w) for w in row[name]])}")
    return remarks

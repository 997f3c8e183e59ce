"""What became of the rows, in the words and lengths that the quality page draws."""

from collections.abc import Mapping, Sequence
from typing import Any

from icans_risk.report.wording import NOT_ESTIMABLE, clean

__all__ = [
    "MODALITY_WORDS",
    "Rows",
    "availability_panel",
    "flow_panel",
    "group_panel",
    "listed",
    "many",
    "percent",
    "reason_panel",
    "share_of",
]

Rows = Sequence[Mapping[str, Any]]
MODALITY_WORDS: Mapping[str, str] = {
    "plasma": "Blood",
    "csf": "CSF",
    "eeg": "EEG",
    "imaging": "Imaging",
    "clinical": "Bedside",
    "treatment": "Treatment",
}
POLICY_WORDS = {
    "given": "stated in the source",
    "catalogue_turnaround": "assumed: the catalogue's usual turnaround after collection",
    "site_turnaround": "assumed: the site's turnaround after collection",
    "constant": "assumed: the analyte's stated hours after collection",
    "bedside": "assumed: at once, at the bedside",
}
WORDS_SHOWN = 4
NO_BREAK = "\N{NO-BREAK SPACE}"
# The axis of shares that were set aside is at least so long.
LEAST_AXIS = 0.05


def percent(share: float | None) -> str:
    """Say a share in per cent; what is not nothing never reads 0.

    Examples
    --------
    >>> [percent(share).replace(NO_BREAK, " ") for share in (0.0746, 0.00004, 0, 0.99996)]
    ['7.5 %', 'under 0.1 %', '0 %', 'over 99.9 %']
    """
    if share is None:
        return NOT_ESTIMABLE
    if share in (0, 1):
        text = f"{100 * share:.0f} %"
    elif share < 0.001:
        text = "under 0.1 %"
    else:
        text = "over 99.9 %" if share > 0.999 else f"{100 * share:.1f} %"
    return text.replace(" ", NO_BREAK)


def many(count: int) -> str:
    """Print a count with its thousands grouped.

    Examples
    --------
    >>> many(150359)
    '150,359'
    """
    return f"{count:,}"


def share_of(part: float, whole: float) -> float:
    """Divide, where nothing of nothing is nothing."""
    return part / whole if whole else 0.0


def flow_panel(flow: Rows) -> list[dict[str, Any]]:
    """Lay the steps from the rows read to the values used one under the other.

    Returns
    -------
    list of dict
        ``label``, ``rows``, ``share`` in words, and ``start`` and ``width`` of the bar as
        shares of all rows; ``kind`` is in, lost or kept.
    """
    total = _rows_of(flow, "in")
    words = [clean(row["detail"] or "empty cell") for row in flow if row["step"] == "missing"]
    no_result = "No result in the row"
    if words:
        no_result += f" ({listed(words)})"
    steps = [
        ("Rows read", "in", total),
        (no_result, "lost", _rows_of(flow, "missing")),
        ("Set aside, by reason below", "lost", _rows_of(flow, "quarantined")),
        ("Repeated rows, counted once", "lost", _rows_of(flow, "duplicate")),
        ("Contradicted by another result of the sample", "lost", _rows_of(flow, "superseded")),
        ("Values used", "kept", _rows_of(flow, "kept")),
    ]
    panel, end = [], total
    for label, kind, rows in steps:
        if kind == "lost" and not rows:
            continue
        start = end - rows if kind == "lost" else 0
        end = start if kind == "lost" else end
        panel.append(
            {"label": label, "kind": kind, "rows": many(rows)}
            | {"share": percent(share_of(rows, total))}
            | {"start": share_of(start, total), "width": share_of(rows, total)}
        )
    return panel


def _rows_of(flow: Rows, step: str) -> int:
    return sum(row["rows"] for row in flow if row["step"] == step)


def listed(words: Sequence[str]) -> str:
    """Name the first few and say how many more there are."""
    more = len(words) - WORDS_SHOWN
    shown = ", ".join(words[:WORDS_SHOWN])
    return f"{shown} and {more} more" if more > 0 else shown


def reason_panel(flow: Rows) -> list[dict[str, Any]]:
    """List why rows were set aside, the most frequent first, and what would cure it."""
    found = [row for row in flow if row["step"] == "quarantined"]
    most = max((row["rows"] for row in found), default=0)
    total = _rows_of(flow, "in")
    return [
        {
            "code": clean(row["detail"]),
            "message": clean(row["message"] or row["detail"]),
            "remedy": clean(row["remedy"] or ""),
            "rows": many(row["rows"]),
            "share": percent(share_of(row["rows"], total)),
            "width": share_of(row["rows"], most),
        }
        for row in found
    ]


def group_panel(rows: Rows, key: str) -> dict[str, Any] | None:
    """Compare the sites, or the blocks of the calendar, in one table."""
    if not rows:
        return None
    # Where hardly anything was set aside, small differences must not look large.
    most = max(LEAST_AXIS, *(row["quarantined_share"] or 0 for row in rows))
    return {
        "has_silent": any("without_values" in row for row in rows),
        "rows": [
            {
                "name": clean(row[key]) if row[key] is not None else "not recorded",
                "episodes": many(row["episodes"]),
                "without_values": many(row.get("without_values", 0)),
                "rows": many(row["rows"]),
                "analytes": many(row["analytes"]),
                "missing": _of_rows(row, "missing_share"),
                "quarantined": _of_rows(row, "quarantined_share"),
                "width": share_of(row["quarantined_share"] or 0, most),
            }
            for row in rows
        ],
    }


def _of_rows(row: Mapping[str, Any], name: str) -> str:
    return percent(row[name]) if row["rows"] else "no rows"


def availability_panel(rows: Rows) -> dict[str, Any] | None:
    """Say for how many values which policy dated the moment at which they were known."""
    total = sum(row["values"] for row in rows)
    if not total:
        return None
    given = sum(row["values"] for row in rows if row["availability"] == "given")
    return {
        "summary": (
            f"When a result was available is stated in the source for {percent(given / total)} of "
            "the used values; for the others it was assumed as follows."
            if given < total
            else "When a result was available is stated in the source for every used value."
        ),
        "rows": [
            {
                "modality": MODALITY_WORDS[row["modality"]],
                "policy": POLICY_WORDS.get(row["availability"], clean(row["availability"])),
                "count": many(row["values"]),
                "width": row["values"] / total,
                "hours": _hours(row["median_hours"]),
            }
            for row in rows
        ],
    }


def _hours(hours: float | None) -> str:
    return NOT_ESTIMABLE if hours is None else f"{hours:.1f} h"

"""The index of a run's patients, as a dict: who has no estimate first, then by risk."""

from collections.abc import Mapping
from typing import Any

from icans_risk.report.context import RunContext
from icans_risk.report.patient import run_facts
from icans_risk.report.performance import describe_limits
from icans_risk.report.wording import NOT_MEASURED, per_hundred, span

__all__ = ["ward_report"]


def ward_report(
    run: RunContext,
    patients: Mapping[str, Mapping[str, Any]],
    *,
    before: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """List the patients of a run with status, risk, range, change and the page to read.

    The order is that of the numbers and of nothing else: it is no order of urgency.

    Parameters
    ----------
    run : RunContext
        What all pages of the run have in common.
    patients : mapping of str to dict
        Page file name to the dict of ``patient_report``.
    before : mapping, optional
        What this function gave for the landmark before, with the same page names for the
        same patients.

    Returns
    -------
    dict
        Header facts, counts and ``rows``; those without an estimate stand first. ``since``
        names the landmark before; None where there is none.
    """
    earlier = {} if before is None else {row["page"]: row for row in before["rows"]}
    since = None if before is None else before["run"]["landmark_hours"]
    rows = [_row(name, report) for name, report in patients.items()]
    for row in rows:
        row["change"] = "" if since is None else _change(row, earlier.get(row["page"]), since=since)
    rows.sort(key=by_risk)
    silent = sum(row["risk"] is None for row in rows)
    return {
        "run": run_facts(run) | {"landmark_hours": span(run.landmark_h)},
        "limits": describe_limits(run),
        "counts": f"{len(rows)} patients: {silent} without an estimate, {len(rows) - silent} with.",
        "since": since,
        "rows": rows,
    }


def by_risk(row: Mapping[str, Any]) -> tuple[bool, float]:
    """Give the place of a row: those without an estimate stand first."""
    return row["risk"] is not None, -(row["risk"] or 0.0)


def _row(name: str, report: Mapping[str, Any]) -> dict[str, Any]:
    estimate, abstention = report["estimate"], report["abstention"]
    ages = [row["age_h"] for row in report["basis"]["rows"] + report["basis"]["more"]]
    dated = [age_h for age_h in ages if age_h is not None]
    return {
        "page": name,
        "episode": report["episode"],
        "product": report["product"],
        "status": "Estimate" if estimate else "No estimate",
        "code": report["status"],
        "reason": abstention["reason"] if abstention else "",
        "risk": estimate["risk"] if estimate else None,
        "low": estimate["low"] if estimate else None,
        "high": estimate["high"] if estimate else None,
        "risk_words": estimate["share"] if estimate else "",
        "range": estimate["range"] if estimate else "",
        "newest": span(min(dated)) if dated else NOT_MEASURED,
        "ages": _ages(dated),
        "missing": len(report["basis"]["missing"]),
    }


def _ages(dated: list[float]) -> str:
    if not dated:
        return NOT_MEASURED
    low, high = span(min(dated)), span(max(dated))
    return low if low == high else f"{low} to {high}"


def _change(row: Mapping[str, Any], earlier: Mapping[str, Any] | None, *, since: str) -> str:
    """Say what was said before; a difference is that of the counts as printed."""
    if earlier is None or earlier["risk"] is None:
        return f"no estimate at {since}"
    if row["risk"] is None:
        return f"{_lower(earlier['risk_words'])} at {since}"
    more = per_hundred(row["risk"]) - per_hundred(earlier["risk"])
    if more == 0:
        return f"as many as at {since}"
    return f"{abs(more)} {'more' if more > 0 else 'fewer'} than at {since}"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]

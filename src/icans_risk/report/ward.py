"""The index of a run's patients, as a dict: who has no estimate first, then by risk."""

from collections.abc import Mapping
from typing import Any

from icans_risk.report.context import RunContext
from icans_risk.report.patient import run_facts
from icans_risk.report.performance import describe_limits
from icans_risk.report.wording import NOT_MEASURED, span

__all__ = ["ward_report"]


def ward_report(run: RunContext, patients: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """List the patients of a run with status, risk, range and the page to read.

    The order is that of the numbers and of nothing else: it is no order of urgency.

    Parameters
    ----------
    run : RunContext
        What all pages of the run have in common.
    patients : mapping of str to dict
        Page file name to the dict of ``patient_report``.

    Returns
    -------
    dict
        Header facts, counts and ``rows``; those without an estimate stand first.
    """
    rows = [_row(name, report) for name, report in patients.items()]
    rows.sort(key=lambda row: (row["risk"] is not None, -(row["risk"] or 0.0)))
    silent = sum(row["risk"] is None for row in rows)
    return {
        "run": run_facts(run),
        "limits": describe_limits(run),
        "counts": f"{len(rows)} patients: {silent} without an estimate, {len(rows) - silent} with.",
        "rows": rows,
    }


def _row(name: str, report: Mapping[str, Any]) -> dict[str, Any]:
    estimate, abstention = report["estimate"], report["abstention"]
    ages = [row["age_h"] for row in report["basis"]["rows"] + report["basis"]["more"]]
    dated = [age_h for age_h in ages if age_h is not None]
    return {
        "page": name,
        "episode": report["episode"],
        "product": report["product"],
        "status": "Estimate" if estimate else "No estimate",
        "reason": abstention["reason"] if abstention else "",
        "risk": estimate["risk"] if estimate else None,
        "low": estimate["low"] if estimate else None,
        "high": estimate["high"] if estimate else None,
        "risk_words": estimate["headline"].removesuffix(" patients like this") if estimate else "",
        "range": estimate["range"] if estimate else "",
        "newest": span(min(dated)) if dated else NOT_MEASURED,
        "missing": len(report["basis"]["missing"]),
    }

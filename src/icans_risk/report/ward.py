"""The index of a run's patients, as a dict: who has no estimate first, then by risk."""

from collections.abc import Mapping
from typing import Any

from icans_risk.report.cleaning import per_hundred
from icans_risk.report.context import RunContext
from icans_risk.report.patient import run_facts
from icans_risk.report.performance import describe_limits
from icans_risk.report.words import ENGLISH, Words

__all__ = ["by_risk", "short_reason", "ward_report"]


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
        Page file name to the dict of ``patient_report``; the list is in their language.
    before : mapping, optional
        What this function gave for the landmark before, with the same page names for the
        same patients.

    Returns
    -------
    dict
        Header facts, counts and ``rows``; those without an estimate stand first. ``since``
        names the landmark before; None where there is none.
    """
    words = next((Words(report["language"]) for report in patients.values()), ENGLISH)
    earlier = {} if before is None else {row["page"]: row for row in before["rows"]}
    since = None if before is None else before["run"]["landmark_hours"]
    rows = [_row(name, report, words) for name, report in patients.items()]
    for row in rows:
        was = earlier.get(row["page"])
        row["change"] = "" if since is None else _change(row, was, since=since, words=words)
    rows.sort(key=by_risk)
    silent = sum(row["risk"] is None for row in rows)
    counts = {"n": len(rows), "without": silent, "with": len(rows) - silent}
    return {
        "language": words.language,
        "run": run_facts(run, words) | {"landmark_hours": words.span(run.landmark_h)},
        "limits": describe_limits(run, words),
        "counts": words("lists.counts", **counts),
        "since": since,
        "rows": rows,
    }


def by_risk(row: Mapping[str, Any]) -> tuple[bool, float]:
    """Give the place of a row: those without an estimate stand first."""
    return row["risk"] is not None, -(row["risk"] or 0.0)


def short_reason(code: str, words: Words) -> str:
    """Say a status in two or three words."""
    key = f"codes.{code}"
    return words(key) if words.knows(key) else code.replace("_", " ")


def _row(name: str, report: Mapping[str, Any], words: Words) -> dict[str, Any]:
    estimate, abstention = report["estimate"], report["abstention"]
    ages = [row["age_h"] for row in report["basis"]["rows"] + report["basis"]["more"]]
    dated = [age_h for age_h in ages if age_h is not None]
    return {
        "page": name,
        "episode": report["episode"],
        "product": report["product"],
        "code": report["status"],
        "short": "" if estimate else short_reason(report["status"], words),
        "reason": abstention["reason"] if abstention else "",
        "risk": estimate["risk"] if estimate else None,
        "low": estimate["low"] if estimate else None,
        "high": estimate["high"] if estimate else None,
        "risk_words": words.about_of_100(estimate["risk"], opens=True) if estimate else "",
        "range": estimate["range"] if estimate else "",
        "ages": _ages(dated, words),
        "missing": len(report["basis"]["missing"]),
    }


def _ages(dated: list[float], words: Words) -> str:
    if not dated:
        return words.not_measured
    low, high = words.short_age(min(dated)), words.short_age(max(dated))
    return low if low == high else words("span.to", low=low, high=high)


def _change(
    row: Mapping[str, Any], earlier: Mapping[str, Any] | None, *, since: str, words: Words
) -> str:
    """Say what was said before; a difference is that of the counts as printed."""
    if earlier is None or earlier["risk"] is None:
        return words("lists.none_then", since=since)
    if row["risk"] is None:
        return words("lists.then", share=words.about_of_100(earlier["risk"]), since=since)
    more = per_hundred(row["risk"]) - per_hundred(earlier["risk"])
    if more == 0:
        return words("lists.same", since=since)
    return words("lists.more" if more > 0 else "lists.fewer", n=abs(more), since=since)

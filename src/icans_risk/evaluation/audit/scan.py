"""Whether a column alone knows too much, by its value or by being there."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icans_risk.evaluation.audit.findings import (
    Finding,
    Verdict,
    describe_interval,
    is_above_chance,
    plain,
)
from icans_risk.evaluation.audit.missingness import presence_table
from icans_risk.evaluation.audit.plan import AuditPlan
from icans_risk.evaluation.audit.rows import Subject
from icans_risk.evaluation.audit.runs import Run
from icans_risk.evaluation.comparable import comparable_auroc
from icans_risk.evaluation.delong import AurocInterval
from icans_risk.evaluation.inputs import Floats

__all__ = ["is_too_good", "judge_one_more", "judge_presence", "judge_single_columns"]

_SHOWN = 5


def judge_single_columns(subject: Subject, *, model: Run, plan: AuditPlan) -> Finding:
    """Rank patients by each column alone, among those who have a value.

    Suspicious is a column whose AUROC exceeds ``suspicious_auroc`` and surely
    ``surely_auroc``, or surely that of the whole model on the same patients; surely by an
    interval that holds for all columns at once.

    Parameters
    ----------
    subject : Subject
        The rows.
    model : Run
        The pipeline on all columns.
    plan : AuditPlan
        Where the lines are.

    Returns
    -------
    Finding
        ``figures["columns"]`` lists the best columns, suspicious or not.
    """
    vectors = subject.rows.vectors
    level = plan.level_of(vectors.shape[1])
    lines = []
    for name in vectors:
        score = _ranks(vectors[name])
        area = _area(subject, score, level=level)
        if not np.isfinite(area.low):
            continue
        if area.estimate < 0.5:
            score, area = 1 - score, _mirrored(area)
        reasons = _reasons(area, score, model=model, plan=plan, level=level)
        lines.append({"column": str(name), **describe_interval(area), "suspicious": reasons})
    return _finding("single_columns", lines, level=level)


def judge_one_more(subject: Subject, column: Floats, plan: AuditPlan) -> AurocInterval:
    """Rank patients by one more column, as if it stood among the others.

    Parameters
    ----------
    subject : Subject
        The rows.
    column : ndarray of shape (n_rows,)
        Its values, higher with the event.
    plan : AuditPlan
        Where the lines are.

    Returns
    -------
    AurocInterval
        By an interval that holds for all of them at once.
    """
    level = plan.level_of(subject.rows.vectors.shape[1] + 1)
    return _area(subject, _ranks(pd.Series(column)), level=level)


def is_too_good(area: AurocInterval, plan: AuditPlan) -> bool:
    """Say whether a column's AUROC is that of no honest marker."""
    return area.estimate > plan.suspicious_auroc and area.low > plan.surely_auroc


def judge_presence(subject: Subject, plan: AuditPlan) -> Finding:
    """Rank patients by whether a column has a value, and by how often they were measured.

    Patients are compared with others of the same protocol alone, because a hospital that
    measures something in all its patients does not do so because of the outcome.

    Parameters
    ----------
    subject : Subject
        The rows.
    plan : AuditPlan
        Where the lines are.

    Returns
    -------
    Finding
        Suspicious is what surely differs from 0.5, on either side.
    """
    table = presence_table(subject)
    level = plan.level_of(table.shape[1])
    lines = []
    for name in table:
        area = _area(subject, _ranks(table[name]), level=level, cells=subject.protocol)
        if np.isfinite(area.low):
            tells = ["tells who will have the event"] if is_above_chance(area) else []
            tells += ["tells who will not"] if is_above_chance(_mirrored(area)) else []
            lines.append({"column": str(name), **describe_interval(area), "suspicious": tells})
    return _finding("single_presence", lines, level=level)


def _reasons(
    area: AurocInterval, score: Floats, *, model: Run, plan: AuditPlan, level: float
) -> list[str]:
    reasons = []
    if is_too_good(area, plan):
        reasons.append(f"above {plan.suspicious_auroc:g}")
    tested = score[model.place]
    has = np.flatnonzero(np.isfinite(tested))
    difference = model.minus(tested, level=level, among=has)
    if difference.high < 0:
        reasons.append("surely better than the whole model")
    return reasons


def _finding(check: str, lines: Sequence[Mapping[str, Any]], *, level: float) -> Finding:
    suspicious = [line for line in lines if line["suspicious"]]
    order = sorted(lines, key=_sure_distance, reverse=True)
    shown = [line for line in order if line["suspicious"]] or order[:_SHOWN]
    figures = {
        "scanned": len(lines),
        "suspicious": len(suspicious),
        "level": level,
        "columns": shown,
    }
    # Where nobody was measured otherwise than others there is no column of presence to scan.
    is_empty = not lines and check == "single_columns"
    verdict: Verdict = "warn" if suspicious else "not_assessable" if is_empty else "pass"
    return Finding(check, verdict, _SENTENCES[check](shown, len(lines)), plain(figures))


def _sure_distance(line: Mapping[str, Any]) -> float:
    """Say how far from chance the nearer end of the interval lies, negative if beyond it."""
    return max(float(line["low"]) - 0.5, 0.5 - float(line["high"]))


def _ranks(values: "pd.Series[Any]") -> Floats:
    """Return ranks between 0 and 1, ties shared, NaN where there is no value."""
    return np.asarray(values.rank(pct=True).to_numpy(dtype=np.float64))


def _mirrored(area: AurocInterval) -> AurocInterval:
    return AurocInterval(1 - area.estimate, area.variance, 1 - area.high, 1 - area.low)


def _area(
    subject: Subject, score: Floats, *, level: float, cells: NDArray[np.intp] | None = None
) -> AurocInterval:
    rows, has = subject.rows, np.flatnonzero(np.isfinite(score))
    inside = np.zeros(score.size, dtype=np.intp) if cells is None else cells
    return comparable_auroc(
        rows.event[has],
        score[has],
        cells=inside[has],
        groups=rows.patient[has],
        weight=rows.weight[has],
        level=level,
    )


def _list(lines: Sequence[Mapping[str, Any]]) -> str:
    named = [f"{line['column']} (AUROC {line['auroc']:.2f})" for line in lines[:_SHOWN]]
    more = len(lines) - len(named)
    return ", ".join(named) + (f" and {more} more" if more > 0 else "")


def _say_values(lines: Sequence[Mapping[str, Any]], scanned: int) -> str:
    suspicious = [line for line in lines if line["suspicious"]]
    if suspicious:
        return (
            f"{len(suspicious)} of {scanned} columns predict the outcome suspiciously well by "
            f"themselves: {_list(suspicious)}. Ask when each of these values was known, and "
            "whether it is a part or a consequence of the outcome."
        )
    if not scanned:
        return "No column has values in patients with and without the event."
    return (
        f"None of {scanned} columns predicts the outcome suspiciously well by itself. The best: "
        f"{_list(lines)}."
    )


def _say_presence(lines: Sequence[Mapping[str, Any]], scanned: int) -> str:
    suspicious = [line for line in lines if line["suspicious"]]
    if suspicious:
        return (
            f"{len(suspicious)} of {scanned} tests tell the outcome by having been done, or by how "
            "often, compared among patients of the same protocol: "
            f"{_list(suspicious)}. They may have been ordered because of it."
        )
    if not scanned:
        return "Every patient was measured alike: no test tells anything by having been done."
    return f"Of {scanned} tests none tells the outcome by having been done, or by how often."


_SENTENCES = {"single_columns": _say_values, "single_presence": _say_presence}

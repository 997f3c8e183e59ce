"""Values of one site, period or file that look as if written in another unit."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import fisher_exact, mannwhitneyu

from icans_risk.evaluation.audit.findings import Finding, plain
from icans_risk.evaluation.audit.plan import AuditPlan
from icans_risk.evaluation.audit.rows import Subject, labels_of
from icans_risk.evaluation.inputs import Floats

__all__ = ["judge_unit_blocks"]

_CHECK = "unit_block"
# Fewer values show no factor.
_FEWEST = 8
_LEAST_DISTINCT = 20
_DIFFERENT_SHARES = 0.05

Mask = NDArray[np.bool_]


def judge_unit_blocks(subject: Subject, plan: AuditPlan) -> Finding:
    """Look for a level of a grouping whose values are a constant factor off.

    Values are compared with those elsewhere of patients with the same outcome, because severe
    patients have higher ones. A block that has another share of events too makes the unit a
    predictor.

    Parameters
    ----------
    subject : Subject
        The rows, with their groupings.
    plan : AuditPlan
        The factor from which on a shift is told.

    Returns
    -------
    Finding
        ``warn`` where a shifted block has another share of events; shifted ones that have not
        are listed.
    """
    columns = _positive(subject.rows.vectors)
    blocks = list(_blocks(subject.tables.groupings))
    if not blocks or not columns:
        sentence = "No grouping or no column of positive values was handed over."
        return Finding(_CHECK, "not_assessable", sentence, {"blocks": []})
    shifts: list[dict[str, Any]] = [
        {"grouping": grouping, "level": level, "column": name, "factor": factor, "inside": inside}
        for grouping, level, inside in blocks
        for name, values in columns.items()
        if (factor := _factor(values, inside, subject.rows.event, bound=plan.shift_factor))
        and _is_sure(values, inside, bound=plan.false_alarm / (len(blocks) * len(columns)))
    ]
    shifted = len({(shift["grouping"], shift["level"]) for shift in shifts})
    for shift in shifts:
        shift |= _shares(subject, shift.pop("inside"), blocks=shifted)
    telling = [shift for shift in shifts if shift["separates"]]
    figures = plain({"blocks": shifts, "looked_at": len(blocks) * len(columns)})
    if telling:
        return Finding(_CHECK, "warn", _say(telling), figures)
    sentence = "No site, period or file has values in what looks like another unit"
    if shifts:
        sentence = (
            f"{len(shifts)} blocks of values look shifted by a constant factor ({_name(shifts[0])}"
            "), but their patients have the event as often as others"
        )
    return Finding(_CHECK, "pass", f"{sentence}.", figures)


def _positive(vectors: pd.DataFrame) -> dict[str, Floats]:
    """Take the logarithms of the columns that have one."""
    logs = {}
    for name in vectors:
        values = vectors[name].to_numpy(dtype=np.float64)
        known = values[np.isfinite(values)]
        if np.unique(known).size >= _LEAST_DISTINCT and known.min() > 0:
            logs[str(name)] = np.log(values)
    return logs


def _blocks(groupings: pd.DataFrame) -> Iterator[tuple[str, str, Mask]]:
    for grouping in groupings:
        labels = labels_of(groupings[grouping])
        levels = np.unique(labels)
        if levels.size > 1:
            yield from ((str(grouping), str(level), labels == level) for level in levels)


def _factor(
    values: Floats, inside: Mask, event: NDArray[np.int64], *, bound: float
) -> float | None:
    """Return how many times the values elsewhere those inside are, if that is far from one."""
    distances = []
    for outcome in (0, 1):
        known = np.isfinite(values) & (event == outcome)
        if (known & inside).any() and (known & ~inside).any():
            distances.append(values[known & inside] - np.median(values[known & ~inside]))
    if sum(d.size for d in distances) < _FEWEST:
        return None
    shift = float(np.median(np.concatenate(distances)))
    return math.exp(shift) if abs(shift) >= math.log(bound) else None


def _is_sure(values: Floats, inside: Mask, *, bound: float) -> bool:
    known = np.isfinite(values)
    here, there = values[known & inside], values[known & ~inside]
    return bool(here.size and there.size and mannwhitneyu(here, there).pvalue < bound)


def _shares(subject: Subject, inside: Mask, *, blocks: int) -> dict[str, Any]:
    rows = subject.rows
    of_patient = pd.DataFrame({"inside": inside, "event": rows.event == 1}).groupby(
        rows.patient.astype(str)
    )
    patients = of_patient.any()
    table = pd.crosstab(patients["inside"], patients["event"]).reindex(
        index=[False, True], columns=[False, True], fill_value=0
    )
    share = patients.groupby("inside")["event"].mean()
    p_value = float(fisher_exact(table.to_numpy()).pvalue)
    return {
        "share_inside": share.get(True, np.nan),
        "share_outside": share.get(False, np.nan),
        "p_value": p_value,
        "separates": p_value * blocks < _DIFFERENT_SHARES,
    }


def _say(telling: list[dict[str, Any]]) -> str:
    first = telling[0]
    more = f" ({len(telling)} columns or blocks in all)" if len(telling) > 1 else ""
    return (
        f"{_name(first)}{more}, and {first['share_inside']:.0%} of the patients there have the "
        f"event against {first['share_outside']:.0%} elsewhere: the unit alone can look like a "
        "predictor. Ask the laboratory."
    )


def _name(shift: dict[str, Any]) -> str:
    times = max(shift["factor"], 1 / shift["factor"])
    direction = "higher" if shift["factor"] > 1 else "lower"
    return (
        f"Values of {shift['column']} with {shift['grouping']} {shift['level']} are about "
        f"{times:.2g} times {direction} than elsewhere"
    )

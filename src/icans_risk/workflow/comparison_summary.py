"""A comparison of two models as plain data: what ``--json`` writes and the terminal shows."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import groupby
from typing import Any

from icans_risk.evaluation import (
    Comparison,
    Gate,
    Interval,
    MetricComparison,
    NetBenefitDifference,
)
from icans_risk.workflow.declared import Declared
from icans_risk.workflow.plain import plain
from icans_risk.workflow.stored_model import StoredModel

__all__ = ["describe_comparison"]


def describe_comparison(
    old: StoredModel,
    new: StoredModel,
    comparison: Comparison,
    *,
    gate: Gate,
    declared: Declared,
) -> dict[str, Any]:
    """Say what was compared with what, on whom, and what came out."""
    return {
        "research_use_only": True,
        "old": _describe_model(old),
        "new": _describe_model(new),
        "notes": list(dict.fromkeys((*old.notes, *new.notes))),
        "patients": comparison.patients,
        "rows": comparison.rows,
        "events": comparison.events,
        "level": comparison.level,
        "metrics": {name: _describe_metric(one) for name, one in comparison.metrics.items()},
        "slope_distance": _describe_metric(comparison.slope_distance),
        "auroc_test": _plain(asdict(comparison.auroc_test)),
        "thresholds": list(declared.thresholds),
        "decision_range": list(declared.decision_range),
        "declared": list(declared.sentences),
        "net_benefit": {
            "sentence": say_net_benefit(comparison.net_benefit),
            "points": [_plain(asdict(point)) for point in comparison.net_benefit],
        },
        "reclassification": [_plain(asdict(one)) for one in comparison.reclassification],
        "fewest_shown": declared.fewest,
        "gate": {
            "verdict": gate.verdict,
            "criteria": [asdict(criterion) for criterion in gate.criteria],
            "margins": asdict(gate.margins),
        },
    }


def say_net_benefit(points: Sequence[NetBenefitDifference]) -> str:
    """Say where the new model is worth more, and where its band leaves out zero.

    Examples
    --------
    >>> say_net_benefit([
    ...     NetBenefitDifference(0.1, 0.01, -0.01, 0.02),
    ...     NetBenefitDifference(0.2, 0.02, 0.01, 0.03),
    ...     NetBenefitDifference(0.3, 0.03, 0.01, 0.05),
    ... ])  # doctest: +NORMALIZE_WHITESPACE
    'The net benefit of new minus old goes from +1.0 to +3.0 true positives per 100 patients; the
    band lies above 0 at 0.20 to 0.30 and below 0 nowhere (each threshold by itself).'
    """
    found = [100 * point.difference for point in points]
    above = " and ".join(
        f"{side} 0 {_stretches(points, side=sign)}" for side, sign in (("above", 1), ("below", -1))
    )
    return (
        f"The net benefit of new minus old goes from {min(found):+.1f} to {max(found):+.1f} true "
        f"positives per 100 patients; the band lies {above} (each threshold by itself)."
    )


def _stretches(points: Sequence[NetBenefitDifference], *, side: int) -> str:
    """Name the stretches of thresholds at which the whole band lies on one side of zero."""

    def leaves_out_zero(point: NetBenefitDifference) -> bool:
        return (point.low > 0) if side > 0 else (point.high < 0)

    def stretches() -> Iterator[str]:
        for is_outside, group in groupby(points, leaves_out_zero):
            ends = [f"{point.threshold:.2f}" for point in group]
            if is_outside:
                yield ends[0] if len(ends) == 1 else f"{ends[0]} to {ends[-1]}"

    named = ", ".join(stretches())
    return f"at {named}" if named else "nowhere"


def _describe_model(model: StoredModel) -> dict[str, Any]:
    return {
        "run_id": model.run_id,
        "study": model.study,
        "model": model.name,
        "label": model.label,
        "cohort_hash": model.cohort,
        **model.question,
    }


def _describe_metric(metric: MetricComparison) -> dict[str, dict[str, float | None]]:
    return {
        name: _describe_interval(getattr(metric, name)) for name in ("old", "new", "difference")
    }


def _describe_interval(interval: Interval) -> dict[str, float | None]:
    return {name: plain(getattr(interval, name)) for name in ("estimate", "low", "high")}


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: plain(value) if isinstance(value, float) else value for name, value in row.items()
    }

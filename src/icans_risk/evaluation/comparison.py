"""What changes when one model takes the place of another, on the same patients."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from icans_risk.evaluation.bootstrap import (
    Interval,
    check_resampling,
    percentile_interval,
    resampled_rows,
    rows_of_each_patient,
)
from icans_risk.evaluation.confusion import check_thresholds
from icans_risk.evaluation.decision import net_benefit_difference
from icans_risk.evaluation.delong import AurocDifference, delong_test
from icans_risk.evaluation.inputs import Floats
from icans_risk.evaluation.metrics import METRICS
from icans_risk.evaluation.patients import check_patients
from icans_risk.evaluation.reclassification import reclassification_table

__all__ = [
    "Comparison",
    "MetricComparison",
    "NetBenefitDifference",
    "Reclassification",
    "compare_risks",
]

# Whole per cents: finer steps show single patients.
_STEP = 0.01


@dataclass(frozen=True)
class MetricComparison:
    """One metric of both models, and how much it changes.

    Attributes
    ----------
    old, new : Interval
        Of either model.
    difference : Interval
        New minus old, both judged on the same resample each time.
    """

    old: Interval
    new: Interval
    difference: Interval


@dataclass(frozen=True)
class NetBenefitDifference:
    """The net benefit of the new model minus that of the old one, at one threshold.

    Attributes
    ----------
    threshold : float
        The risk from which on one would act.
    difference : float
        True positives per patient.
    low, high : float
        The band at this threshold by itself.
    """

    threshold: float
    difference: float
    low: float
    high: float


@dataclass(frozen=True)
class Reclassification:
    """Who changes sides of one threshold, among events or among others.

    Attributes
    ----------
    threshold : float
        A risk equal to it is above.
    outcome : int
        1 for events, 0 for others.
    stay_below, move_up, move_down, stay_above : float
        Weight of the rows, NaN where a small count is hidden.
    """

    threshold: float
    outcome: int
    stay_below: float
    move_up: float
    move_down: float
    stay_above: float


@dataclass(frozen=True)
class Comparison:
    """Two models on the same patients.

    Attributes
    ----------
    rows, events : int
        Rows that weigh something, and those of them with the event.
    patients : int
        Patients with such rows.
    patients_with_event, patients_without_event : int
        How many of them have a row of either outcome.
    level : float
        Coverage that all intervals aim at.
    metrics : mapping of str to MetricComparison
        Every metric of ``METRICS``.
    slope_distance : MetricComparison
        How far the calibration slope is from 1, whichever side. Resampling adds to a
        distance, so that only its difference is to be read with an interval.
    auroc_test : AurocDifference
        DeLong's test of the new model's AUROC minus the old one's.
    net_benefit : tuple of NetBenefitDifference
        Over the decision range, a point for each per cent.
    reclassification : tuple of Reclassification
        Two for each declared threshold, events first.
    """

    rows: int
    events: int
    patients: int
    patients_with_event: int
    patients_without_event: int
    level: float
    metrics: Mapping[str, MetricComparison]
    slope_distance: MetricComparison
    auroc_test: AurocDifference
    net_benefit: tuple[NetBenefitDifference, ...]
    reclassification: tuple[Reclassification, ...]


def compare_risks(
    y: ArrayLike,
    new: ArrayLike,
    *,
    old: ArrayLike,
    groups: ArrayLike,
    weight: ArrayLike | None = None,
    thresholds: tuple[float, ...] = (),
    decision_range: tuple[float, float],
    fewest: int,
    not_judged: Collection[str] = (),
    resamples: int = 1000,
    seed: int,
    level: float = 0.95,
) -> Comparison:
    """Compare the risks that two models gave the same patients, whom neither had seen.

    All intervals come from the same resamples of patients, so that what is hard about a
    patient cancels. They show the chance of who was in the cohort, not that of refitting
    the models or of drawing their folds anew.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        1 for an event, 0 for none.
    new, old : array-like of shape (n_rows,)
        Probabilities of the model of interest, and of the one that it is compared with.
    groups : array-like of shape (n_rows,)
        The patient of each row.
    weight : array-like of shape (n_rows,), optional
        Weights.
    thresholds : tuple of float
        Declared before looking, ascending and strictly between 0 and 1.
    decision_range : tuple of two float
        The lowest and the highest threshold that a reasonable person could have.
    fewest : int
        Counts of patients below this are hidden in the reclassification; 1 shows all.
    not_judged : collection of str
        Metrics that say nothing of one of the models, such as the ranking by a model that
        gives everybody the same risk; they are NaN.
    resamples : int, default 1000
        How many times to draw patients.
    seed : int
        The same seed draws the same patients as ``bootstrap_interval``.
    level : float, default 0.95
        Coverage aimed at, between 0 and 1.

    Returns
    -------
    Comparison
        What is not estimable is NaN. Equal risks differ by exactly 0.

    Raises
    ------
    IcansRiskError
        If a column, a threshold, ``level`` or ``resamples`` is not what it should be.

    Examples
    --------
    >>> y, old, new = [0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], [0.1, 0.3, 0.35, 0.8]
    >>> found = compare_risks(
    ...     y, new, old=old, groups=range(4), thresholds=(0.32,), decision_range=(0.1, 0.5),
    ...     fewest=1, resamples=50, seed=1,
    ... )
    >>> found.metrics["auroc"].difference.estimate
    0.25
    >>> [(one.outcome, one.move_up, one.move_down) for one in found.reclassification]
    [(1, 0.0, 0.0), (0, 0.0, 1.0)]
    """
    check_resampling(level=level, resamples=resamples)
    declared = tuple(check_thresholds(thresholds)) if thresholds else ()
    shared: dict[str, Any] = {"minus": old, "groups": groups, "weight": weight}
    drawn = shared | {"resamples": resamples, "seed": seed, "level": level}
    rows = check_patients(y, new, weight, groups=groups)
    judged = _judge_resamples(
        y, (old, new), groups=groups, weight=weight, resamples=resamples, seed=seed
    )
    for name in not_judged:
        judged[name].fill(math.nan)
    test = delong_test(y, new, **shared, level=level)
    benefit = net_benefit_difference(y, new, thresholds=_grid(decision_range), **drawn)
    return Comparison(
        rows=rows.outcome.size,
        events=int(rows.outcome.sum()),
        patients=np.unique(rows.patient).size,
        patients_with_event=np.unique(rows.patient[rows.outcome == 1]).size,
        patients_without_event=np.unique(rows.patient[rows.outcome == 0]).size,
        level=level,
        metrics={name: _intervals(values, level) for name, values in judged.items()},
        slope_distance=_intervals(np.abs(judged["calibration_slope"] - 1), level),
        auroc_test=AurocDifference(*[math.nan] * 6) if "auroc" in not_judged else test,
        net_benefit=tuple(
            NetBenefitDifference(*(float(v) for v in row)) for row in benefit.to_numpy()
        ),
        reclassification=tuple(
            one
            for threshold in declared
            for one in _reclassify(y, new, threshold, fewest=fewest, shared=shared)
        ),
    )


def _judge_resamples(
    y: ArrayLike,
    risks: tuple[ArrayLike, ArrayLike],
    *,
    groups: ArrayLike,
    weight: ArrayLike | None,
    resamples: int,
    seed: int,
) -> dict[str, Floats]:
    """Measure both models on the cohort (first line) and on each resample."""
    outcome: NDArray[Any] = np.asarray(y)
    old, new = (np.asarray(risk, dtype=np.float64) for risk in risks)
    weights = np.ones(outcome.size) if weight is None else np.asarray(weight, dtype=np.float64)
    members = rows_of_each_patient(groups, (outcome, old, new, weights))
    judged = {name: np.empty((1 + resamples, 2)) for name in METRICS}
    for turn, rows in enumerate(resampled_rows(members, resamples=resamples, seed=seed)):
        truth, w = outcome[rows], weights[rows]
        for name, metric in METRICS.items():
            judged[name][turn] = metric(truth, old[rows], w), metric(truth, new[rows], w)
    return judged


def _intervals(values: Floats, level: float) -> MetricComparison:
    old, new = values.T
    return MetricComparison(
        *(percentile_interval(column, level=level) for column in (old, new, new - old))
    )


def _grid(decision_range: tuple[float, float]) -> Floats:
    low, high = decision_range
    return np.linspace(low, high, max(2, round((high - low) / _STEP) + 1))


def _reclassify(
    y: ArrayLike, new: ArrayLike, threshold: float, *, fewest: int, shared: dict[str, Any]
) -> tuple[Reclassification, ...]:
    table = reclassification_table(y, new, thresholds=[threshold], fewest=fewest, **shared)
    counts = table["count"].to_numpy().reshape(2, 4)
    return tuple(
        Reclassification(threshold, outcome, *(float(count) for count in row))
        for outcome, row in zip((1, 0), counts, strict=True)
    )

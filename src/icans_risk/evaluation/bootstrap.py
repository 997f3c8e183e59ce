"""How sure a metric is, by drawing patients with replacement."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from icans_risk.errors import IcansRiskError, NotEstimableError
from icans_risk.evaluation.metrics import Metric

__all__ = [
    "Interval",
    "bootstrap_interval",
    "check_resampling",
    "paired_difference",
    "percentile_interval",
    "resampled_rows",
    "rows_of_each_patient",
]

Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Interval:
    """An estimate with its percentile bootstrap interval.

    Attributes
    ----------
    estimate : float
        The metric on all rows.
    low, high : float
        Percentiles over the resamples where the metric is estimable.
    estimable : int
        How many resamples those were.
    resamples : int
        How many were drawn.
    """

    estimate: float
    low: float
    high: float
    estimable: int
    resamples: int


def bootstrap_interval(
    metric: Metric,
    y: ArrayLike,
    p: ArrayLike,
    *,
    groups: ArrayLike,
    weight: ArrayLike | None = None,
    resamples: int = 1000,
    seed: int,
    level: float = 0.95,
) -> Interval:
    """Give a metric a percentile interval by drawing patients with replacement.

    All rows of a drawn patient come along. The risks are taken as they are: the
    interval shows the chance of who was in the cohort, not that of refitting.

    Parameters
    ----------
    metric : callable
        ``f(y, p, w) -> float``, NaN where not estimable.
    y : array-like of shape (n_rows,)
        1 for an event, 0 for none.
    p : array-like of shape (n_rows,)
        Predicted probabilities.
    groups : array-like of shape (n_rows,)
        The patient of each row.
    weight : array-like of shape (n_rows,), optional
        Weights.
    resamples : int, default 1000
        How many times to draw.
    seed : int
        The same seed draws the same patients, whatever the metric.
    level : float, default 0.95
        Coverage aimed at, between 0 and 1.

    Returns
    -------
    Interval
        Resamples without an estimate are counted and left out; with fewer than two
        left, both ends are NaN.

    Raises
    ------
    IcansRiskError
        If the columns differ in length, or ``level`` or ``resamples`` make no sense.

    References
    ----------
    .. [1] Davison AC, Hinkley DV. Bootstrap Methods and their Application. Cambridge
       University Press 1997. doi:10.1017/CBO9780511802843
    """
    outcome, risk = np.asarray(y), np.asarray(p, dtype=np.float64)
    weights = np.ones(outcome.size) if weight is None else np.asarray(weight, dtype=np.float64)

    def on(rows: Rows) -> float:
        return metric(outcome[rows], risk[rows], weights[rows])

    members = rows_of_each_patient(groups, (outcome, risk, weights))
    return _percentile_interval(on, members, resamples=resamples, seed=seed, level=level)


def paired_difference(
    metric: Metric,
    y: ArrayLike,
    p: ArrayLike,
    *,
    minus: ArrayLike,
    groups: ArrayLike,
    weight: ArrayLike | None = None,
    resamples: int = 1000,
    seed: int,
    level: float = 0.95,
) -> Interval:
    """Compare two models on the same patients: the metric of one minus that of the other.

    Both are judged on the same resample each time, so that what is hard about a
    patient cancels.

    Parameters
    ----------
    metric : callable
        ``f(y, p, w) -> float``, NaN where not estimable.
    y : array-like of shape (n_rows,)
        1 for an event, 0 for none.
    p : array-like of shape (n_rows,)
        Probabilities of the model of interest.
    minus : array-like of shape (n_rows,)
        Probabilities of the model that it is compared with.
    groups : array-like of shape (n_rows,)
        The patient of each row.
    weight : array-like of shape (n_rows,), optional
        Weights.
    resamples : int, default 1000
        How many times to draw.
    seed : int
        The same seed draws the same patients as ``bootstrap_interval``.
    level : float, default 0.95
        Coverage aimed at, between 0 and 1.

    Returns
    -------
    Interval
        Of the difference; a resample counts where both models can be judged.

    Raises
    ------
    IcansRiskError
        If the columns differ in length, or ``level`` or ``resamples`` make no sense.
    """
    outcome, risk = np.asarray(y), np.asarray(p, dtype=np.float64)
    other = np.asarray(minus, dtype=np.float64)
    weights = np.ones(outcome.size) if weight is None else np.asarray(weight, dtype=np.float64)

    def on(rows: Rows) -> float:
        truth, w = outcome[rows], weights[rows]
        return metric(truth, risk[rows], w) - metric(truth, other[rows], w)

    members = rows_of_each_patient(groups, (outcome, risk, other, weights))
    return _percentile_interval(on, members, resamples=resamples, seed=seed, level=level)


def rows_of_each_patient(groups: ArrayLike, columns: tuple[NDArray[Any], ...]) -> list[Rows]:
    """List the rows of each patient, patients sorted, so that row order changes no draw."""
    labels: NDArray[Any] = np.asarray(groups)
    shapes = [column.shape for column in columns]
    if labels.ndim != 1 or any(shape != labels.shape for shape in shapes):
        raise IcansRiskError(
            f"A bootstrap needs one patient for each row, got {labels.shape} for columns of the "
            f"shapes {shapes}. Pass columns of one table."
        )
    if pd.isna(labels).any():
        raise IcansRiskError(
            f"Every row needs a patient to resample by, {int(pd.isna(labels).sum())} rows have "
            "none. Fill patient_id."
        )
    if not labels.size:
        raise NotEstimableError("A bootstrap needs at least one patient, got no rows.")
    _, patient = np.unique(labels.astype(str), return_inverse=True)
    order = np.argsort(patient, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(patient[order])) + 1)


def resampled_rows(members: list[Rows], *, resamples: int, seed: int) -> Iterator[Rows]:
    """Yield all rows, and then those of patients drawn with replacement, again and again.

    Parameters
    ----------
    members : list of ndarray
        From ``rows_of_each_patient``.
    resamples : int
        How many times to draw.
    seed : int
        The same seed draws the same patients.

    Yields
    ------
    ndarray of int
        First all rows, so that an error on the input names its rows and not those of a
        resample; then ``resamples`` times the rows of the drawn patients.
    """
    yield np.arange(sum(rows.size for rows in members))
    draws = np.random.default_rng(seed).integers(0, len(members), (resamples, len(members)))
    for draw in draws:
        yield np.concatenate([members[i] for i in draw])


def percentile_interval(values: NDArray[np.float64], *, level: float) -> Interval:
    """Make an interval of what was measured on ``resampled_rows``.

    Parameters
    ----------
    values : ndarray of shape (1 + resamples,)
        The estimate, and then the resamples; NaN where not estimable.
    level : float
        Coverage aimed at, between 0 and 1.

    Returns
    -------
    Interval
        As ``bootstrap_interval`` describes it.
    """
    estimable = values[1:][np.isfinite(values[1:])]
    low, high = math.nan, math.nan
    if estimable.size > 1:
        tail = (1 - level) / 2
        low, high = (float(q) for q in np.quantile(estimable, (tail, 1 - tail)))
    return Interval(float(values[0]), low, high, estimable.size, values.size - 1)


def check_resampling(*, level: float, resamples: int) -> None:
    """Refuse a level or a number of resamples that makes no interval."""
    if not 0 < level < 1 or resamples < 1:
        raise IcansRiskError(
            f"An interval needs a level between 0 and 1 and at least 1 resample, got "
            f"level={level} and resamples={resamples}. The usual are 0.95 and 1000."
        )


def _percentile_interval(
    on: Callable[[Rows], float], members: list[Rows], *, resamples: int, seed: int, level: float
) -> Interval:
    check_resampling(level=level, resamples=resamples)
    values = [on(rows) for rows in resampled_rows(members, resamples=resamples, seed=seed)]
    return percentile_interval(np.array(values, dtype=np.float64), level=level)

"""The interval of each metric, by the method that holds what it promises in small cohorts.

In 300 synthetic cohorts of 150 patients with about 25 events
(``benchmarks/studies/interval_coverage.py``), the percentile bootstrap of an AUROC held the truth
in 92 %, of an average precision in 89 %: both lie close to an end of their scale, and the average
precision of few events is too high. The closed forms on the logit scale held it in 94 and 93 %.
"""

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, logit

from icans_risk.evaluation.bootstrap import Interval, bootstrap_interval
from icans_risk.evaluation.delong import delong_interval, normal_reach
from icans_risk.evaluation.discrimination import auroc, average_precision
from icans_risk.evaluation.metrics import METRICS, Metric
from icans_risk.evaluation.patients import check_patients

__all__ = ["average_precision_interval", "metric_interval"]


def metric_interval(
    name: str,
    y: ArrayLike,
    p: ArrayLike,
    *,
    groups: ArrayLike,
    weight: ArrayLike | None = None,
    resamples: int = 1000,
    seed: int,
    level: float = 0.95,
    metric: Metric | None = None,
) -> Interval:
    """Give a metric its interval: a closed form where there is a good one, else the bootstrap.

    Parameters
    ----------
    name : str
        ``auroc`` gets DeLong's interval, ``average_precision`` Boyd's, every other metric the
        percentile bootstrap by patients.
    y : array-like of shape (n_rows,)
        1 for an event, 0 for none.
    p : array-like of shape (n_rows,)
        Predicted probabilities, taken as they are.
    groups : array-like of shape (n_rows,)
        The patient of each row.
    weight : array-like of shape (n_rows,), optional
        Weights.
    resamples : int, default 1000
        Of the bootstrap.
    seed : int
        Of the bootstrap.
    level : float, default 0.95
        Coverage aimed at, between 0 and 1.
    metric : callable, optional
        By default the one of that name in ``METRICS``.

    Returns
    -------
    Interval
        ``resamples`` is 0 for a closed form. NaN where not estimable.

    Raises
    ------
    IcansRiskError
        If a column, ``level`` or ``resamples`` is not what it should be.
    KeyError
        If there is no metric of that name and none is given.

    Examples
    --------
    >>> y, p = [0, 0, 0, 1, 1, 1], [0.1, 0.3, 0.4, 0.2, 0.7, 0.9]
    >>> found = metric_interval("auroc", y, p, groups=range(6), seed=0)
    >>> [round(v, 3) for v in (found.estimate, found.low, found.high)]
    [0.778, 0.173, 0.983]
    """
    if name == "auroc":
        area = delong_interval(y, p, groups=groups, weight=weight, level=level)
        # The estimate to the last bit as the metric of that name gives it.
        return Interval(auroc(y, p, weight), area.low, area.high, 0, 0)
    if name == "average_precision":
        return average_precision_interval(y, p, groups=groups, weight=weight, level=level)
    return bootstrap_interval(
        METRICS[name] if metric is None else metric,
        y,
        p,
        groups=groups,
        weight=weight,
        resamples=resamples,
        seed=seed,
        level=level,
    )


def average_precision_interval(
    y: ArrayLike,
    p: ArrayLike,
    *,
    groups: ArrayLike,
    weight: ArrayLike | None = None,
    level: float = 0.95,
) -> Interval:
    """Give an average precision its interval in closed form, on the logit scale.

    Its spread is taken for that of a share of the patients with an event [1]_.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        1 for an event, 0 for none.
    p : array-like of shape (n_rows,)
        Predicted probabilities.
    groups : array-like of shape (n_rows,)
        The patient of each row. With unequal weights fewer patients count: the square of
        the sum of their weights over the sum of the squares.
    weight : array-like of shape (n_rows,), optional
        Weights.
    level : float, default 0.95
        Coverage aimed at, between 0 and 1.

    Returns
    -------
    Interval
        Without ends where fewer than two patients have an event or the precision is perfect.

    Raises
    ------
    IcansRiskError
        If a column is not what it should be, or ``level`` is not between 0 and 1.

    References
    ----------
    .. [1] Boyd K, Eng KH, Page CD. "Area under the precision-recall curve: point estimates
       and confidence intervals." ECML PKDD 2013, LNCS 8190:451-466.
       doi:10.1007/978-3-642-40994-3_29

    Examples
    --------
    >>> found = average_precision_interval(
    ...     [0, 1, 0, 1, 1, 1], [0.1, 0.3, 0.4, 0.2, 0.7, 0.9], groups=range(6)
    ... )
    >>> [round(v, 3) for v in (found.estimate, found.low, found.high)]
    [0.887, 0.262, 0.994]
    """
    reach = normal_reach(level)
    estimate = average_precision(y, p, weight)
    rows = check_patients(y, p, weight, groups=groups)
    events = rows.sum_by_patient(rows.weight * rows.outcome)
    if np.count_nonzero(events) < 2 or not estimate < 1.0:
        return Interval(estimate, math.nan, math.nan, 0, 0)
    patients = float(events.sum() ** 2 / (events @ events))
    half = reach / math.sqrt(patients * estimate * (1 - estimate))
    middle = logit(estimate)
    return Interval(estimate, float(expit(middle - half)), float(expit(middle + half)), 0, 0)

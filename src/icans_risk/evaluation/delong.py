"""How sure an AUROC is, in closed form, and whether two on the same patients differ.

A patient may have several rows: the variance is that of Obuchowski for clustered data,
which is DeLong's where each patient has one. The placements are counted in one sorting
pass, as Sun and Xu do, so that 100,000 rows take less than a second.

References
----------
.. [1] DeLong ER, DeLong DM, Clarke-Pearson DL. "Comparing the areas under two or more
   correlated receiver operating characteristic curves: a nonparametric approach."
   Biometrics 1988;44(3):837-845. doi:10.2307/2531595
.. [2] Sun X, Xu W. "Fast implementation of DeLong's algorithm for comparing the areas
   under correlated receiver operating characteristic curves." IEEE Signal Process Lett
   2014;21(11):1389-1393. doi:10.1109/LSP.2014.2337313
.. [3] Obuchowski NA. "Nonparametric analysis of clustered ROC curve data." Biometrics
   1997;53(2):567-578. doi:10.2307/2533958
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, logit
from scipy.stats import norm

from icans_risk.errors import IcansRiskError
from icans_risk.evaluation.inputs import Floats
from icans_risk.evaluation.patients import PatientRows, check_patients

__all__ = [
    "AurocDifference",
    "AurocInterval",
    "clustered_variance",
    "delong_interval",
    "delong_test",
    "normal_reach",
]


@dataclass(frozen=True)
class AurocInterval:
    """An AUROC with its closed-form interval.

    Attributes
    ----------
    estimate : float
        The area under the curve.
    variance : float
        Its variance on the plain scale.
    low, high : float
        The interval.
    """

    estimate: float
    variance: float
    low: float
    high: float


@dataclass(frozen=True)
class AurocDifference:
    """The difference of two AUROCs on the same patients.

    Attributes
    ----------
    estimate : float
        The area of one model minus that of the other.
    variance : float
        Its variance.
    low, high : float
        The interval, on the plain scale.
    z : float
        The difference over its standard error.
    p_value : float
        Two-sided, by the normal distribution.
    """

    estimate: float
    variance: float
    low: float
    high: float
    z: float
    p_value: float


def delong_interval(
    y: ArrayLike,
    p: ArrayLike,
    *,
    groups: ArrayLike,
    weight: ArrayLike | None = None,
    scale: Literal["logit", "plain"] = "logit",
    level: float = 0.95,
) -> AurocInterval:
    """Give an AUROC a closed-form interval.

    The interval is built on the logit scale and carried back, because it then stays
    inside 0 and 1 and keeps its coverage where events are few and the area is near 1;
    the plain one, which most software prints, falls short there [1]_.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        1 for an event, 0 for none.
    p : array-like of shape (n_rows,)
        Predicted probabilities.
    groups : array-like of shape (n_rows,)
        The patient of each row.
    weight : array-like of shape (n_rows,), optional
        Weights; a copy is another row of the same patient.
    scale : {"logit", "plain"}, default "logit"
        Where the interval is symmetric.
    level : float, default 0.95
        Coverage aimed at, between 0 and 1.

    Returns
    -------
    AurocInterval
        All NaN with one outcome only; without interval where fewer than two patients
        have one of the outcomes, or where the ranking is perfect and shows no spread.

    Raises
    ------
    IcansRiskError
        If a column is not what it should be, or ``level`` is not between 0 and 1.

    References
    ----------
    .. [1] Qin G, Hotilovac L. "Comparison of non-parametric confidence intervals for
       the area under the ROC curve of a continuous-scale diagnostic test." Stat Methods
       Med Res 2008;17(2):207-221. doi:10.1177/0962280207087173

    Examples
    --------
    >>> y, p = [0, 0, 0, 1, 1, 1], [0.1, 0.3, 0.4, 0.2, 0.7, 0.9]
    >>> found = delong_interval(y, p, groups=range(6))
    >>> [round(v, 3) for v in (found.estimate, found.low, found.high)]
    [0.778, 0.173, 0.983]
    """
    reach = normal_reach(level)
    rows = check_patients(y, p, weight, groups=groups)
    area, events, others = _influences(rows, rows.risk)
    variance = clustered_variance(rows, events, others)
    # Weights that are no whole numbers may leave a perfect area one rounding short.
    if min(area, 1 - area) < 1e-12:
        return AurocInterval(area, variance, math.nan, math.nan)
    half = reach * math.sqrt(variance)
    if scale == "plain":
        return AurocInterval(area, variance, area - half, area + half)
    middle, half = logit(area), half / (area * (1 - area))
    return AurocInterval(area, variance, float(expit(middle - half)), float(expit(middle + half)))


def delong_test(
    y: ArrayLike,
    p: ArrayLike,
    *,
    minus: ArrayLike,
    groups: ArrayLike,
    weight: ArrayLike | None = None,
    level: float = 0.95,
) -> AurocDifference:
    """Test whether two models rank the same patients differently well.

    Both risks must come from patients that neither model was fitted to: for nested
    models judged where they were fitted, the difference is not normal [1]_.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        1 for an event, 0 for none.
    p : array-like of shape (n_rows,)
        Probabilities of the model of interest.
    minus : array-like of shape (n_rows,)
        Probabilities of the model that it is compared with.
    groups : array-like of shape (n_rows,)
        The patient of each row.
    weight : array-like of shape (n_rows,), optional
        Weights; a copy is another row of the same patient.
    level : float, default 0.95
        Coverage of the interval aimed at, between 0 and 1.

    Returns
    -------
    AurocDifference
        NaN where not estimable. Two equal rankings have z 0 and p 1.

    Raises
    ------
    IcansRiskError
        If a column is not what it should be, or ``level`` is not between 0 and 1.

    References
    ----------
    .. [1] Demler OV, Pencina MJ, D'Agostino RB. "Misuse of DeLong test to compare AUCs
       for nested models." Stat Med 2012;31(23):2577-2587. doi:10.1002/sim.5328

    Examples
    --------
    >>> y, p, other = [0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], [0.1, 0.6, 0.35, 0.2]
    >>> round(delong_test(y, p, minus=other, groups=range(4)).p_value, 4)
    0.4795
    """
    reach = normal_reach(level)
    rows = check_patients(y, p, weight, groups=groups)
    other = check_patients(y, minus, weight, groups=groups)
    area, events, others = _influences(rows, rows.risk)
    area_minus, events_minus, others_minus = _influences(other, other.risk)
    difference = area - area_minus
    variance = clustered_variance(rows, events - events_minus, others - others_minus)
    error = math.sqrt(variance)
    z = difference / error if error else (0.0 if difference == 0 else math.nan)
    low, high = difference - reach * error, difference + reach * error
    return AurocDifference(difference, variance, low, high, z, float(2 * norm.sf(abs(z))))


def normal_reach(level: float) -> float:
    """Say how many standard errors an interval of a level reaches."""
    if not 0 < level < 1:
        raise IcansRiskError(
            f"An interval needs a level between 0 and 1, got {level}. The usual is 0.95."
        )
    return float(norm.ppf((1 + level) / 2))


def _influences(rows: PatientRows, risk: Floats) -> tuple[float, Floats, Floats]:
    """Compute the area, and how far each patient's events and others pull it."""
    event = rows.outcome == 1
    distinct, at = np.unique(risk, return_inverse=True)
    events_at = np.bincount(at[event], rows.weight[event], distinct.size)
    others_at = np.bincount(at[~event], rows.weight[~event], distinct.size)
    events, others = float(events_at.sum()), float(others_at.sum())
    if not (events and others):
        blank = np.full(rows.patients, math.nan)
        return math.nan, blank, blank
    others_below = (np.cumsum(others_at) - others_at / 2) / others
    events_above = 1 - (np.cumsum(events_at) - events_at / 2) / events
    placement = np.where(event, others_below[at], events_above[at])
    area = float(rows.weight[event] @ placement[event]) / events
    pull = rows.weight * (placement - area)
    of_events = rows.sum_by_patient(np.where(event, pull, 0.0)) / events
    of_others = rows.sum_by_patient(np.where(event, 0.0, pull)) / others
    return area, of_events, of_others


def clustered_variance(rows: PatientRows, events: Floats, others: Floats) -> float:
    """Compute the variance of an area after Obuchowski, equations 2 to 4.

    Parameters
    ----------
    rows : PatientRows
        Who has which outcome.
    events, others : ndarray of shape (patients,)
        How far each patient's events, and others, pull the area.

    Returns
    -------
    float
        NaN where fewer than two patients have one of the outcomes.
    """
    counts = [np.unique(rows.patient[rows.outcome == o]).size for o in (1, 0)]
    if min(counts) < 2:
        return math.nan
    counts.append(np.unique(rows.patient).size)
    of_events, of_others, both = (n / (n - 1) for n in counts)
    variance = (
        of_events * events @ events + of_others * others @ others + 2 * both * events @ others
    )
    return max(0.0, float(variance))

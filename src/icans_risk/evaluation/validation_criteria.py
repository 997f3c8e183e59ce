"""The patients that one measure of an external validation needs, criterion by criterion.

Formulas of Riley RD, et al. Stat Med 2021;40(19):4230-4251, doi:10.1002/sim.9025.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from icans_risk.errors import IcansRiskError

__all__ = [
    "AtThreshold",
    "patients_for_c_statistic",
    "patients_for_net_benefit",
    "patients_for_observed_expected",
    "patients_for_slope",
    "whole_patients",
]

# The papers and their software print 1.96, and a patient hangs on the third decimal.
_NORMAL_975 = 1.96


class AtThreshold(NamedTuple):
    """A risk threshold for decisions, and what is anticipated of the model at it.

    Attributes
    ----------
    threshold : float
        Risk from which one would act.
    sensitivity, specificity : float
        Shares of patients with the event above it, and without the event below it.
    """

    threshold: float
    sensitivity: float
    specificity: float


def patients_for_observed_expected(prevalence: float, ratio: float, *, width: float) -> int:
    """Compute the patients that make observed over expected events precise.

    Parameters
    ----------
    prevalence : float
        Anticipated share of patients with the event.
    ratio : float
        Anticipated observed over expected.
    width : float
        Of its 95 % interval, which is symmetric on the log scale.

    Returns
    -------
    int
        The standard error that belongs to the width is rounded up to four decimals, as in
        the papers' software: a patient or two fewer, and the published figures.

    Examples
    --------
    >>> patients_for_observed_expected(0.1, 1.0, width=0.2)
    3461
    """
    error = math.asinh(width / (2 * ratio)) / _NORMAL_975
    rounded = math.ceil(round(error * 1e4, 6)) / 1e4
    return whole_patients((1 - prevalence) / (prevalence * rounded**2))


def patients_for_slope(
    log_odds: ArrayLike, calibration: tuple[float, float], *, width: float
) -> int:
    """Compute the patients that make the calibration slope precise.

    Parameters
    ----------
    log_odds : array-like of shape (n_values,)
        Values that stand for the distribution of what the model gives.
    calibration : (float, float)
        Anticipated calibration intercept and slope.
    width : float
        Of the 95 % interval of the slope.

    Returns
    -------
    int
        From the information of a logistic regression of the event on the log odds.

    Raises
    ------
    IcansRiskError
        If there are no values, one is not finite, or all are the same.

    Examples
    --------
    >>> patients_for_slope([-3.0, -2.0, -1.0, 0.0], (0.0, 1.0), width=0.2)
    2896
    """
    value = np.asarray(log_odds, dtype=np.float64).ravel()
    if not (value.size and np.isfinite(value).all() and np.ptp(value) > 0):
        raise IcansRiskError(
            f"The log odds must be finite and not all the same, got {value.size} values. Pass "
            "those of held-out patients, or log_odds_from_c_statistic."
        )
    risk = expit(calibration[0] + calibration[1] * value)
    information = risk * (1 - risk)
    # Of one patient; the variance of the slope is the inverse of what the intercept leaves.
    mean = information @ value / information.sum()
    of_slope = float((information * (value - mean) ** 2).mean())
    return whole_patients((2 * _NORMAL_975 / width) ** 2 / of_slope)


def patients_for_c_statistic(prevalence: float, c: float, *, width: float) -> int:
    """Compute the patients that make the C statistic precise.

    Parameters
    ----------
    prevalence : float
        Anticipated share of patients with the event.
    c : float
        Anticipated C statistic.
    width : float
        Of its 95 % interval.

    Returns
    -------
    int
        Newcombe's variance [1]_ is a quadratic equation in the patients.

    References
    ----------
    .. [1] Newcombe RG. "Confidence intervals for an effect size measure based on the
       Mann-Whitney statistic. Part 2." Stat Med 2006;25(4):559-573. doi:10.1002/sim.2324

    Examples
    --------
    >>> patients_for_c_statistic(0.1, 0.7, width=0.1)
    1154
    """
    error = width / (2 * _NORMAL_975)
    per_half = (1 - c) / (2 - c) + c / (1 + c)
    scale = c * (1 - c) / (prevalence * (1 - prevalence) * error**2)
    linear, constant = scale * per_half / 2, scale * (1 - per_half)
    return whole_patients((linear + math.sqrt(linear**2 + 4 * constant)) / 2)


def patients_for_net_benefit(prevalence: float, decision: AtThreshold, *, width: float) -> int:
    """Compute the patients that make the standardised net benefit precise.

    Parameters
    ----------
    prevalence : float
        Anticipated share of patients with the event.
    decision : AtThreshold
        The threshold, and sensitivity and specificity at it.
    width : float
        Of the 95 % interval.

    Returns
    -------
    int
        The standard error that belongs to the width is rounded to three decimals, as in
        the papers and their software.

    Raises
    ------
    IcansRiskError
        If a share lies outside its range, or the width rounds to nothing.

    Examples
    --------
    >>> patients_for_net_benefit(0.5, AtThreshold(0.5, 0.5, 0.5), width=0.2)
    769
    """
    threshold, sensitivity, specificity = decision
    if not (0 < threshold < 1 and 0 <= sensitivity <= 1 and 0 <= specificity <= 1):
        raise IcansRiskError(
            "A threshold must lie between 0 and 1, sensitivity and specificity within 0 and 1, "
            f"got {threshold}, {sensitivity} and {specificity}. Give shares, not percentages."
        )
    error = round(width / (2 * _NORMAL_975), 3)
    if not error > 0:
        raise IcansRiskError(
            f"The interval of the net benefit is too narrow to plan for, got a width of {width}. "
            "Ask for 0.01 at least."
        )
    harm = (1 - prevalence) / prevalence * threshold / (1 - threshold)
    variance = sensitivity * (1 - sensitivity) / prevalence
    variance += harm**2 * specificity * (1 - specificity) / (1 - prevalence)
    variance += harm**2 * (1 - specificity) ** 2 / (prevalence * (1 - prevalence))
    return whole_patients(variance / error**2)


def whole_patients(patients: float) -> int:
    """Round a number of patients up.

    Examples
    --------
    700 patients at 0.07 are 49 events, not the 50 that binary fractions make of them:

    >>> whole_patients(700 * 0.07), 700 * 0.07 > 49
    (49, True)
    """
    return math.ceil(round(patients, 9))

"""Measures of whether the predicted risks mean what they say.

From the coarse to the fine: in the large (observed over expected, intercept), weak
(slope), moderate (a curve). See Van Calster B, et al. J Clin Epidemiol 2016;74:167-176,
doi:10.1016/j.jclinepi.2015.12.005.
"""

import math

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import expit

from icans_risk.evaluation.flexible_calibration import fit_calibration
from icans_risk.evaluation.inputs import check_inputs
from icans_risk.evaluation.logistic import finite_logit, fit_logistic, overlaps

__all__ = [
    "brier",
    "calibration_curve",
    "calibration_intercept",
    "calibration_slope",
    "observed_expected",
]

# An event at risk 0 is infinitely wrong; nearer than this, the fits lose their digits.
_NEAREST = 1e-9
_NORMAL_975 = 1.959963984540054


def brier(y: ArrayLike, p: ArrayLike, w: ArrayLike | None = None) -> float:
    """Compute the Brier score, the mean squared error of the predicted risks.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        1 for an event, 0 for none.
    p : array-like of shape (n_rows,)
        Predicted probabilities.
    w : array-like of shape (n_rows,), optional
        Weights.

    Returns
    -------
    float
        Between 0 (best) and 1; NaN where there are no rows.

    Raises
    ------
    IcansRiskError
        If the inputs are not outcomes, probabilities and weights of one shape.

    References
    ----------
    .. [1] Brier GW. "Verification of forecasts expressed in terms of probability."
       Mon Weather Rev 1950;78(1):1-3.
       doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2

    Examples
    --------
    >>> round(brier([1, 0], [0.8, 0.4]), 4)
    0.1
    """
    outcome, risk, weight = check_inputs(y, p, w)
    if not outcome.size:
        return math.nan
    return float(weight @ (outcome - risk) ** 2 / weight.sum())


def observed_expected(y: ArrayLike, p: ArrayLike, w: ArrayLike | None = None) -> float:
    """Compute the ratio of events that happened to events that were predicted.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        1 for an event, 0 for none.
    p : array-like of shape (n_rows,)
        Predicted probabilities.
    w : array-like of shape (n_rows,), optional
        Weights.

    Returns
    -------
    float
        1 is ideal, above 1 the model predicts too few; NaN where no event happened or
        none was expected, because ratios are compared on the log scale.

    Raises
    ------
    IcansRiskError
        If the inputs are not outcomes, probabilities and weights of one shape.

    Examples
    --------
    >>> round(observed_expected([1, 0, 0, 1], [0.5, 0.1, 0.1, 0.3]), 6)
    2.0
    """
    outcome, risk, weight = check_inputs(y, p, w)
    observed, expected = float(weight @ outcome), float(weight @ risk)
    return observed / expected if observed and expected else math.nan


def calibration_intercept(y: ArrayLike, p: ArrayLike, w: ArrayLike | None = None) -> float:
    """Estimate calibration in the large: the logit shift that would mend the mean risk.

    The intercept of a logistic model with the predicted logit as offset, its slope
    held at 1. 0 is ideal; above 0 the model predicts too few events.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        1 for an event, 0 for none.
    p : array-like of shape (n_rows,)
        Predicted probabilities; 0 and 1 are read as 1e-9 and 1 - 1e-9.
    w : array-like of shape (n_rows,), optional
        Weights.

    Returns
    -------
    float
        The shift in log odds; NaN where only one outcome occurs.

    Raises
    ------
    IcansRiskError
        If the inputs are not outcomes, probabilities and weights of one shape.

    References
    ----------
    .. [1] Cox DR. "Two further applications of a model for binary regression."
       Biometrika 1958;45(3-4):562-565. doi:10.1093/biomet/45.3-4.562

    Examples
    --------
    Half had the event, one in five was expected; the odds are 4 times those predicted:

    >>> round(calibration_intercept([1, 0], [0.2, 0.2]), 6) == round(math.log(4), 6)
    True
    """
    outcome, risk, weight = check_inputs(y, p, w)
    if not 0 < outcome.sum() < outcome.size:
        return math.nan
    logit = finite_logit(risk, nearest=_NEAREST)
    observed = weight @ outcome
    # A root in a bracket, not Newton: where risks near 0 and 1 are far off, the
    # likelihood has plateaus from which a Newton step overshoots.
    mean = float(np.log(observed / (weight.sum() - observed)))
    bracket = mean - logit.max() - 1e-6, mean - logit.min() + 1e-6
    return float(brentq(lambda a: weight @ expit(a + logit) - observed, *bracket, xtol=1e-13))


def calibration_slope(y: ArrayLike, p: ArrayLike, w: ArrayLike | None = None) -> float:
    """Estimate the calibration slope, which tells whether the risks are spread too far.

    The slope of a logistic model with the predicted logit as only predictor. 1 is
    ideal; below 1 the risks are too extreme, as after overfitting.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        1 for an event, 0 for none.
    p : array-like of shape (n_rows,)
        Predicted probabilities; 0 and 1 are read as 1e-9 and 1 - 1e-9.
    w : array-like of shape (n_rows,), optional
        Weights.

    Returns
    -------
    float
        The slope; NaN where only one outcome occurs, the prediction is constant, or a
        threshold parts the outcomes so that the slope is infinite.

    Raises
    ------
    IcansRiskError
        If the inputs are not outcomes, probabilities and weights of one shape.

    References
    ----------
    .. [1] Cox DR. "Two further applications of a model for binary regression."
       Biometrika 1958;45(3-4):562-565. doi:10.1093/biomet/45.3-4.562

    Examples
    --------
    Said 20 % and 80 %, seen 40 % and 60 %:

    >>> y, p = [0, 0, 0, 1, 1, 0, 0, 1, 1, 1], [0.2] * 5 + [0.8] * 5
    >>> round(calibration_slope(y, p), 4)
    0.2925
    """
    outcome, risk, weight = check_inputs(y, p, w)
    logit = finite_logit(risk, nearest=_NEAREST)
    # Predictions that differ by rounding alone are constant.
    if not overlaps(outcome, logit) or np.ptp(logit) < 1e-8:
        return math.nan
    # Rare outcomes have logits far from 0 with little spread: uncentred, the slope and
    # the intercept would be nearly the same column.
    line = np.column_stack([np.ones(logit.size), logit - logit.mean()])
    fit = fit_logistic(line, outcome, w=weight, offset=np.zeros(outcome.size))
    return math.nan if fit is None else float(fit.coefficients[1])


def calibration_curve(
    y: ArrayLike, p: ArrayLike, w: ArrayLike | None = None, *, points: int = 100
) -> pd.DataFrame:
    """Draw a smooth calibration curve with a pointwise 95 % band.

    A logistic regression of the outcome on a restricted cubic spline of the predicted
    logit, with three knots at its 10th, 50th and 90th percentile. With fewer than 20
    events or 20 non-events, or where the spline has no finite fit, it is the straight
    line of logistic recalibration, and the column ``method`` says so.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        1 for an event, 0 for none.
    p : array-like of shape (n_rows,)
        Predicted probabilities.
    w : array-like of shape (n_rows,), optional
        Weights. The band is robust to them, but takes rows for independent.
    points : int, default 100
        Where to draw, evenly between the lowest and the highest predicted risk.

    Returns
    -------
    DataFrame of shape (points, 5)
        ``predicted``, ``observed``, ``low``, ``high`` as probabilities, and ``method``:
        ``spline``, ``line``, or ``not estimable`` with NaN throughout.

    Raises
    ------
    IcansRiskError
        If the inputs are not outcomes, probabilities and weights of one shape.

    References
    ----------
    .. [1] Van Calster B, et al. "A calibration hierarchy for risk models was defined:
       from utopia to empirical data." J Clin Epidemiol 2016;74:167-176.
       doi:10.1016/j.jclinepi.2015.12.005
    .. [2] Harrell FE. Regression Modeling Strategies, 2nd ed. Springer 2015, section
       2.4.5. doi:10.1007/978-3-319-19425-7

    Examples
    --------
    >>> curve = calibration_curve([0, 1, 0, 1], [0.1, 0.2, 0.6, 0.9], points=3)
    >>> curve["method"].unique().tolist()
    ['line']
    """
    outcome, risk, weight = check_inputs(y, p, w)
    fit = fit_calibration(outcome, risk, weight)
    grid = np.full(points, math.nan)
    if fit.method != "not estimable":
        grid = np.linspace(risk.min(), risk.max(), points)
    low, high = fit.band(grid, reach=_NORMAL_975)
    columns = {"predicted": grid, "observed": fit.observed(grid), "low": low, "high": high}
    return pd.DataFrame(columns | {"method": fit.method})

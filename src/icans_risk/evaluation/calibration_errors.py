"""How far the predicted risks are from the flexible calibration curve, and how sure."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from icans_risk.errors import IcansRiskError
from icans_risk.evaluation.bootstrap import rows_of_each_patient
from icans_risk.evaluation.flexible_calibration import fit_calibration
from icans_risk.evaluation.inputs import check_inputs
from icans_risk.evaluation.metrics import Metric

__all__ = [
    "CALIBRATION_ERRORS",
    "CalibrationErrors",
    "calibration_band",
    "calibration_errors",
]


@dataclass(frozen=True)
class CalibrationErrors:
    """Absolute differences between the predicted risk and the calibration curve.

    Attributes
    ----------
    ici : float
        Their mean, the integrated calibration index.
    e50, e90 : float
        Their median and 90th percentile: the smallest difference that this share of
        the weight does not exceed.
    emax : float
        The largest.
    method : str
        The curve: ``spline``, ``line`` or ``not estimable``.
    """

    ici: float
    e50: float
    e90: float
    emax: float
    method: str


def calibration_errors(
    y: ArrayLike, p: ArrayLike, w: ArrayLike | None = None, *, knots: int = 3
) -> CalibrationErrors:
    """Summarise the distance between the predicted risks and the calibration curve.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        1 for an event, 0 for none.
    p : array-like of shape (n_rows,)
        Predicted probabilities.
    w : array-like of shape (n_rows,), optional
        Weights.
    knots : {3, 4, 5}, default 3
        Of the restricted cubic spline; see ``fit_calibration``.

    Returns
    -------
    CalibrationErrors
        On the probability scale, 0 is ideal; NaN where no curve can be fitted.

    Raises
    ------
    IcansRiskError
        If the inputs are not outcomes, probabilities and weights of one shape.

    References
    ----------
    .. [1] Austin PC, Steyerberg EW. "The Integrated Calibration Index (ICI) and related
       metrics for quantifying the calibration of logistic regression models." Stat Med
       2019;38(21):4051-4065. doi:10.1002/sim.8281

    Examples
    --------
    Said 20 % and 80 %, seen 40 % and 60 %:

    >>> y, p = [0, 0, 0, 1, 1, 0, 0, 1, 1, 1], [0.2] * 5 + [0.8] * 5
    >>> round(calibration_errors(y, p).ici, 6)
    0.2
    """
    outcome, risk, weight = check_inputs(y, p, w)
    fit = fit_calibration(outcome, risk, weight, knots=knots)
    if fit.method == "not estimable":
        return CalibrationErrors(math.nan, math.nan, math.nan, math.nan, fit.method)
    gap = np.abs(risk - fit.observed(risk))
    # Not interpolated, so that weights count as copies.
    e50, e90 = np.quantile(gap, (0.5, 0.9), weights=weight, method="inverted_cdf")
    ici = float(np.average(gap, weights=weight))
    return CalibrationErrors(ici, float(e50), float(e90), float(gap.max()), fit.method)


def _part(name: str) -> Metric:
    def error(y: ArrayLike, p: ArrayLike, w: ArrayLike | None) -> float:
        return float(getattr(calibration_errors(y, p, w), name))

    return error


CALIBRATION_ERRORS: dict[str, Metric] = {
    name: _part(name) for name in ("ici", "e50", "e90", "emax")
}


def calibration_band(
    y: ArrayLike,
    p: ArrayLike,
    *,
    groups: ArrayLike,
    weight: ArrayLike | None = None,
    points: int = 100,
    resamples: int = 500,
    seed: int,
    level: float = 0.95,
) -> pd.DataFrame:
    """Draw the calibration curve with a pointwise band from drawing patients.

    The knots are placed and the curve is fitted anew in each resample. The risks are
    taken as they are.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        1 for an event, 0 for none.
    p : array-like of shape (n_rows,)
        Predicted probabilities.
    groups : array-like of shape (n_rows,)
        The patient of each row.
    weight : array-like of shape (n_rows,), optional
        Weights.
    points : int, default 100
        Where to draw, evenly between the lowest and the highest predicted risk.
    resamples : int, default 500
        How many times to draw.
    seed : int
        The same seed draws the same patients.
    level : float, default 0.95
        Coverage aimed at, point by point.

    Returns
    -------
    DataFrame of shape (points, 6)
        ``predicted``, ``observed``, ``low``, ``high``, the ``method`` of the curve, and
        ``estimable``, the resamples that had a curve.

    Raises
    ------
    IcansRiskError
        If the columns differ in length, a row has no patient, or ``level`` or
        ``resamples`` make no sense.
    """
    if not 0 < level < 1 or resamples < 2:
        raise IcansRiskError(
            f"A band needs a level between 0 and 1 and at least 2 resamples, got level={level} "
            f"and resamples={resamples}. The usual are 0.95 and 500."
        )
    outcome, risk = np.asarray(y, dtype=np.float64), np.asarray(p, dtype=np.float64)
    weights = np.ones(outcome.size) if weight is None else np.asarray(weight, dtype=np.float64)
    members = rows_of_each_patient(groups, (outcome, risk, weights))
    whole = fit_calibration(outcome, risk, weights)
    grid = np.linspace(risk.min(), risk.max(), points)
    curves = []
    for draw in np.random.default_rng(seed).integers(0, len(members), (resamples, len(members))):
        rows = np.concatenate([members[i] for i in draw])
        fit = fit_calibration(outcome[rows], risk[rows], weights[rows])
        if fit.method != "not estimable":
            curves.append(fit.observed(grid))
    low, high = np.full((2, points), np.nan)
    if len(curves) > 1:
        low, high = np.quantile(curves, ((1 - level) / 2, (1 + level) / 2), axis=0)
    columns = {"predicted": grid, "observed": whole.observed(grid), "low": low, "high": high}
    return pd.DataFrame(columns | {"method": whole.method, "estimable": len(curves)})

"""The flexible calibration curve as a fit that can be asked at any risk."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from icans_risk.errors import IcansRiskError
from icans_risk.evaluation.inputs import Floats, check_inputs
from icans_risk.evaluation.logistic import finite_logit, fit_logistic, overlaps

__all__ = ["CalibrationFit", "fit_calibration"]

# Harrell's default places (2015, table 2.3), as quantiles of the predicted logit.
_KNOTS = {3: (0.10, 0.50, 0.90), 4: (0.05, 0.35, 0.65, 0.95), 5: (0.05, 0.275, 0.5, 0.725, 0.95)}
_RARER_OUTCOME_FOR_COEFFICIENT = 10
# An event at risk 0 is infinitely wrong; nearer than this, the fits lose their digits.
_NEAREST = 1e-9


@dataclass(frozen=True, eq=False)
class CalibrationFit:
    """A fitted calibration curve.

    Attributes
    ----------
    method : str
        ``spline``, ``line`` or ``not estimable``.
    centre : float
        The mean predicted logit, which the fit subtracts.
    knots : ndarray of shape (n_knots,)
        On the centred logit; empty for a line.
    coefficients : ndarray
        Of 1, the centred logit and the spline's further terms; empty where nothing
        could be fitted.
    covariance : ndarray of shape (n_coefficients, n_coefficients)
        Robust to weights; takes rows for independent.
    """

    method: str
    centre: float
    knots: Floats
    coefficients: Floats
    covariance: Floats

    def observed(self, p: ArrayLike) -> Floats:
        """Read the share of events off the curve.

        Parameters
        ----------
        p : array-like of shape (n,)
            Predicted probabilities. Outside the range of those fitted the curve is a
            straight line on the logit scale.

        Returns
        -------
        ndarray of shape (n,)
            Probabilities; NaN where nothing could be fitted.
        """
        return self.band(p, reach=0.0)[0]

    def band(self, p: ArrayLike, *, reach: float) -> tuple[Floats, Floats]:
        """Read the curve off, that many standard errors lower and higher.

        Parameters
        ----------
        p : array-like of shape (n,)
            Predicted probabilities.
        reach : float
            Standard errors on the logit scale.

        Returns
        -------
        low, high : ndarray of shape (n,)
            Probabilities; NaN where nothing could be fitted.
        """
        risk = np.asarray(p, dtype=np.float64)
        if not self.coefficients.size:
            return np.full(risk.shape, np.nan), np.full(risk.shape, np.nan)
        at = _basis(finite_logit(risk, nearest=_NEAREST) - self.centre, self.knots)
        middle = at @ self.coefficients
        error = reach * np.sqrt(np.einsum("ij,jk,ik->i", at, self.covariance, at))
        return np.asarray(expit(middle - error)), np.asarray(expit(middle + error))


def fit_calibration(
    y: ArrayLike, p: ArrayLike, w: ArrayLike | None = None, *, knots: int = 3
) -> CalibrationFit:
    """Fit a logistic model on a restricted cubic spline of the predicted logit.

    With fewer than ten of the rarer outcome for each coefficient beside the intercept,
    or where the spline has no finite fit, it is the line of logistic recalibration.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        1 for an event, 0 for none.
    p : array-like of shape (n_rows,)
        Predicted probabilities; 0 and 1 are read as 1e-9 and 1 - 1e-9.
    w : array-like of shape (n_rows,), optional
        Weights of the fit; the knots are quantiles of the rows.
    knots : {3, 4, 5}, default 3
        How many, at Harrell's default quantiles.

    Returns
    -------
    CalibrationFit
        Its ``method`` says which curve it is.

    Raises
    ------
    IcansRiskError
        If the inputs are not outcomes, probabilities and weights of one shape, or
        ``knots`` is not 3, 4 or 5.

    References
    ----------
    .. [1] Harrell FE. Regression Modeling Strategies, 2nd ed. Springer 2015, section
       2.4.6. doi:10.1007/978-3-319-19425-7

    Examples
    --------
    >>> fit_calibration([0, 1, 0, 1], [0.1, 0.2, 0.6, 0.9]).method
    'line'
    """
    if knots not in _KNOTS:
        raise IcansRiskError(f"A calibration curve has 3, 4 or 5 knots, got knots={knots}.")
    outcome, risk, weight = check_inputs(y, p, w)
    none = np.zeros(0)
    logit = finite_logit(risk, nearest=_NEAREST)
    centre = float(logit.mean()) if logit.size else 0.0
    logit = logit - centre
    # Predictions that differ by rounding alone are constant.
    if not overlaps(outcome, logit) or np.ptp(logit) < 1e-8:
        return CalibrationFit("not estimable", centre, none, none, none)
    places = _place_knots(outcome, logit, knots)
    for method, at in (("spline", places), ("line", none)):
        if at is not None:
            offset = np.zeros(outcome.size)
            fit = fit_logistic(_basis(logit, at), outcome, w=weight, offset=offset)
            if fit is not None:
                return CalibrationFit(method, centre, at, fit.coefficients, fit.covariance)
    return CalibrationFit("not estimable", centre, none, none, none)


def _place_knots(outcome: Floats, logit: Floats, knots: int) -> Floats | None:
    rarer = min(outcome.sum(), outcome.size - outcome.sum())
    if rarer < _RARER_OUTCOME_FOR_COEFFICIENT * (knots - 1):
        return None
    places = np.quantile(logit, _KNOTS[knots])
    return places if np.diff(places).min() > 1e-6 * np.ptp(logit) else None


def _basis(logit: Floats, knots: Floats) -> Floats:
    """Build the columns 1, logit and Harrell's restricted cubic terms (equation 2.25)."""
    columns = [np.ones(logit.size), logit]
    if knots.size:
        before, last = knots[-2:]
        cubes = [np.maximum(logit - k, 0.0) ** 3 for k in knots]
        for knot, cube in zip(knots[:-2], cubes[:-2], strict=True):
            bend = cube - cubes[-2] * (last - knot) / (last - before)
            bend += cubes[-1] * (before - knot) / (last - before)
            columns.append(bend / (last - knots[0]) ** 2)
    return np.column_stack(columns)

"""A logistic fit of very few coefficients, quick enough to repeat a thousand times.

statsmodels fits the same and the tests hold this to its figures. Its fit costs more than
a millisecond and warns where the data separate; an interval for a slope needs a thousand
fits for each model, on resamples of which some do separate.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from icans_risk.evaluation.inputs import Floats

__all__ = ["LogisticFit", "finite_logit", "fit_logistic", "overlaps"]

_NEXT_TO_1 = float(np.finfo(np.float64).epsneg)
_ITERATIONS = 60
_HALVINGS = 30
# Log-likelihood still to gain, for each unit of weight: above the noise of rounding, and
# small enough for ten digits of a coefficient.
_TOLERANCE = 1e-22


@dataclass(frozen=True, eq=False)
class LogisticFit:
    """The coefficients of a logistic fit and how sure they are.

    Attributes
    ----------
    coefficients : ndarray of shape (n_columns,)
        In the order of the design's columns.
    covariance : ndarray of shape (n_columns, n_columns)
        Robust (sandwich) covariance: weights are not counts of patients, so the
        inverse information would claim too much.
    """

    coefficients: Floats
    covariance: Floats


def finite_logit(p: ArrayLike, *, nearest: float = _NEXT_TO_1) -> Floats:
    """Take the logit of probabilities, keeping 0 and 1 finite.

    Parameters
    ----------
    p : array-like
        Probabilities in [0, 1]; NaN stays NaN.
    nearest : float
        How near to 0 and to 1 a probability is let. By default the distance of the
        double next to 1, on both sides alike, so that neither pulls harder.

    Returns
    -------
    ndarray of the same shape
        Log odds.

    Examples
    --------
    >>> finite_logit([0.0, 0.5, 1.0]).round(1)
    array([-36.7,   0. ,  36.7])
    """
    clipped = np.clip(np.asarray(p, dtype=np.float64), nearest, 1 - nearest)
    return np.asarray(np.log(clipped) - np.log1p(-clipped))


def overlaps(y: Floats, x: Floats) -> bool:
    """Tell whether a logistic fit on one predictor has a finite answer.

    It has one exactly where the outcomes overlap along the predictor; where one value
    parts them, the slope runs to infinity.

    Parameters
    ----------
    y : ndarray of shape (n_rows,)
        Outcomes, 0 or 1.
    x : ndarray of shape (n_rows,)
        The predictor.

    Returns
    -------
    bool
        False too where one outcome is missing or the predictor is constant.

    References
    ----------
    .. [1] Albert A, Anderson JA. "On the existence of maximum likelihood estimates in
       logistic regression models." Biometrika 1984;71(1):1-10.
       doi:10.1093/biomet/71.1.1
    """
    events, others = x[y == 1], x[y == 0]
    if not (events.size and others.size):
        return False
    return bool(events.min() < others.max() and others.min() < events.max())


def fit_logistic(design: Floats, y: Floats, *, w: Floats, offset: Floats) -> LogisticFit | None:
    """Fit a logistic model by Newton's method with step halving.

    Parameters
    ----------
    design : ndarray of shape (n_rows, n_columns)
        Predictors, with a column of ones where an intercept is wanted.
    y : ndarray of shape (n_rows,)
        Outcomes, 0 or 1.
    w : ndarray of shape (n_rows,)
        Positive weights.
    offset : ndarray of shape (n_rows,)
        Added to the linear predictor as it is.

    Returns
    -------
    LogisticFit or None
        None where the fit does not settle, as on separated data.
    """
    beta = np.zeros(design.shape[1])
    for _ in range(_ITERATIONS):
        step, information = _newton_step(design, y, w=w, eta=design @ beta + offset)
        if step is None:
            return None
        beta = _ascend(lambda b: _log_likelihood(design @ b + offset, y, w), beta, step)
        if step @ information @ step <= _TOLERANCE * w.sum():
            residual = w * (y - expit(design @ beta + offset))
            bread = np.linalg.inv(information)
            meat = design.T @ (design * (residual**2)[:, None])
            return LogisticFit(beta, bread @ meat @ bread)
    return None


def _log_likelihood(eta: Floats, y: Floats, w: Floats) -> float:
    return float(w @ (y * eta - np.logaddexp(0.0, eta)))


def _newton_step(
    design: Floats, y: Floats, *, w: Floats, eta: Floats
) -> tuple[Floats | None, Floats]:
    risk = expit(eta)
    weighted = design * (w * risk * (1 - risk))[:, None]
    information = design.T @ weighted
    # A fit that has run off leaves no information: the matrix is singular to rounding.
    scale = np.sqrt(np.diag(information))
    if not scale.all() or np.linalg.det(information / np.outer(scale, scale)) < 1e-10:
        return None, information
    step = np.asarray(np.linalg.solve(information, design.T @ (w * (y - risk))), dtype=np.float64)
    return step, information


def _ascend(likelihood: Callable[[Floats], float], beta: Floats, step: Floats) -> Floats:
    """Go the step, or the largest half of it that does not lose likelihood."""
    reached = likelihood(beta)
    for _ in range(_HALVINGS):
        # The slack lets the last steps through, where rounding hides the gain.
        if likelihood(beta + step) >= reached - 1e-9 * (1 + abs(reached)):
            return beta + step
        step = step / 2
    return beta

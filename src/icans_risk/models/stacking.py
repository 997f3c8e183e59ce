"""How much each of several models counts: weights that cannot be negative, and are shrunk."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

__all__ = ["fit_stacking_weights"]

Floats = NDArray[np.float64]


def fit_stacking_weights(
    signals: Floats,
    present: NDArray[np.bool_],
    *,
    y: NDArray[np.int64],
    weight: Floats,
    shrinkage: float,
) -> Floats:
    """Fit the weights of a logistic combination to held-out signals.

    The weights are not negative [1]_, and small ones are preferred: half ``shrinkage`` times
    the sum of their squares is added to the log loss, summed over the rows. Whether a signal
    is there has a coefficient of its own during the fit, which is then forgotten: the weights
    come from rows with the signal compared with each other, never with those without it.

    Parameters
    ----------
    signals : ndarray of shape (n_rows, n_models)
        Log odds less their base, from models that did not see the row; 0 where absent.
    present : ndarray of shape (n_rows, n_models)
        Where there is a signal.
    y, weight : ndarray of shape (n_rows,)
        Outcomes and weights.
    shrinkage : float
        1 is a prior standard deviation of 1 for a weight.

    Returns
    -------
    ndarray of shape (n_models,)
        Weights from 0.

    References
    ----------
    .. [1] Breiman L. "Stacked regressions." Mach Learn 1996;24:49-64.
       doi:10.1007/BF00117832
    """
    n_models = signals.shape[1]
    absent = (~present).astype(np.float64)
    design = np.column_stack([signals, absent[:, np.ptp(absent, axis=0) > 0], np.ones(len(y))])
    penalty = np.full(design.shape[1], shrinkage)
    penalty[-1] = 0.0

    def loss(beta: Floats) -> tuple[float, Floats]:
        margin = design @ beta
        value = weight @ (np.logaddexp(0.0, margin) - y * margin) + penalty @ beta**2 / 2
        return float(value), design.T @ (weight * (expit(margin) - y)) + penalty * beta

    bounds = [(0.0, None)] * n_models + [(None, None)] * (design.shape[1] - n_models)
    start = np.zeros(design.shape[1])
    fitted = minimize(
        loss,
        start,
        jac=True,
        bounds=bounds,
        method="L-BFGS-B",
        options={"ftol": 1e-14, "gtol": 1e-9},
    )
    weights: Floats = fitted.x[:n_models]
    return weights

"""How probable the outcomes were, as the model saw it."""

import math

import numpy as np
from numpy.typing import ArrayLike

from icans_risk.evaluation.inputs import check_inputs

__all__ = ["log_loss"]

# As in calibration: an event at risk 0 would be infinitely wrong.
_NEAREST = 1e-9


def log_loss(y: ArrayLike, p: ArrayLike, w: ArrayLike | None = None) -> float:
    """Compute the mean negative log probability of what happened.

    With the Brier score the usual strictly proper score: nobody scores better on average
    than by saying the true risk. It punishes a confident error harder than Brier does.

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
        0 is best, in nats; the entropy of the prevalence for a model that knows only it;
        NaN where there are no rows.

    Raises
    ------
    IcansRiskError
        If the inputs are not outcomes, probabilities and weights of one shape.

    References
    ----------
    .. [1] Gneiting T, Raftery AE. "Strictly proper scoring rules, prediction, and
       estimation." J Am Stat Assoc 2007;102(477):359-378.
       doi:10.1198/016214506000001437

    Examples
    --------
    A coin, twice:

    >>> log_loss([1, 0], [0.5, 0.5]) == math.log(2)
    True
    """
    outcome, risk, weight = check_inputs(y, p, w)
    if not outcome.size:
        return math.nan
    said = np.where(outcome == 1, risk, 1 - risk)
    return float(weight @ -np.log(np.clip(said, _NEAREST, 1 - _NEAREST)) / weight.sum())

"""What a metric accepts: outcomes of 0 and 1, probabilities, and weights."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from icans_risk.errors import IcansRiskError

__all__ = ["check_inputs"]

Floats = NDArray[np.float64]


def check_inputs(y: ArrayLike, p: ArrayLike, w: ArrayLike | None) -> tuple[Floats, Floats, Floats]:
    """Return outcomes, probabilities and weights as arrays, or say what is wrong.

    Rows of weight zero are left out, so that no metric has to think of them.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        1 for an event, 0 for none.
    p : array-like of shape (n_rows,)
        Predicted probabilities of the event.
    w : array-like of shape (n_rows,) or None
        Weights, zero or more; None weighs every row 1.

    Returns
    -------
    tuple of three ndarrays of shape (n_weighted_rows,)
        Outcomes, probabilities and positive weights.

    Raises
    ------
    IcansRiskError
        If shapes differ, an outcome is not 0 or 1, a probability is outside [0, 1]
        or missing, or a weight is negative or not finite.

    Examples
    --------
    >>> check_inputs([1, 0], [0.8, 0.3], [1, 0])
    (array([1.]), array([0.8]), array([1.]))
    """
    outcome, risk = np.asarray(y, dtype=np.float64), np.asarray(p, dtype=np.float64)
    weight = np.ones(outcome.shape) if w is None else np.asarray(w, dtype=np.float64)
    if outcome.ndim != 1 or not outcome.shape == risk.shape == weight.shape:
        raise IcansRiskError(
            "A metric needs one outcome, one probability and one weight for each row, got the "
            f"shapes {outcome.shape}, {risk.shape} and {weight.shape}. Pass columns of one table."
        )
    _refuse((outcome != 0) & (outcome != 1), outcome, "Outcomes must be 0 or 1")
    # Written so that NaN, which compares false with everything, is refused too.
    _refuse(~((risk >= 0) & (risk <= 1)), risk, "Probabilities must lie in [0, 1]")
    _refuse(~((weight >= 0) & (weight < np.inf)), weight, "Weights must be finite and >= 0")
    if w is None or weight.all():
        return outcome, risk, weight
    kept = weight > 0
    return outcome[kept], risk[kept], weight[kept]


def _refuse(bad: NDArray[np.bool_], values: Floats, expected: str) -> None:
    if bad.any():
        rows = np.flatnonzero(bad)
        raise IcansRiskError(
            f"{expected}, got {values[rows[0]]} at row {rows[0]} ({rows.size} such rows). "
            "Leave these rows out, or mend what made them."
        )

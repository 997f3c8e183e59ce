"""When rebuilt models disagree too much about a risk for it to be shown."""

import numpy as np
from numpy.typing import NDArray

from icans_risk.errors import IcansRiskError
from icans_risk.models.rebuilds import RiskInterval

__all__ = ["is_unstable"]


def is_unstable(
    interval: RiskInterval | None,
    n_rows: int,
    *,
    widest: float,
    decision_threshold: float | None,
) -> NDArray[np.bool_]:
    """Find the rows whose interval is too wide, or leaves a decision open.

    Parameters
    ----------
    interval : RiskInterval or None
        Of the rows; None where there are no rebuilds, and no row is found.
    n_rows : int
        Rows.
    widest : float
        Width that is still shown.
    decision_threshold : float or None
        Risk from which something is done; None where none is declared.

    Returns
    -------
    ndarray of shape (n_rows,)
        Wider, or reaching below the threshold and above it.

    Raises
    ------
    IcansRiskError
        If the interval is of other rows.
    """
    if interval is None:
        return np.zeros(n_rows, dtype=bool)
    if interval.low.shape != (n_rows,):
        raise IcansRiskError(
            f"expected an interval for each of {n_rows} rows, got {interval.low.size}. Ask for "
            "the interval of the same rows."
        )
    unstable: NDArray[np.bool_] = interval.high - interval.low > widest
    if decision_threshold is not None:
        unstable |= (interval.low < decision_threshold) & (interval.high > decision_threshold)
    return unstable

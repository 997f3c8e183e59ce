"""Hiding counts so small that they could point at a patient."""

import math

import numpy as np
from numpy.typing import ArrayLike

from icans_risk.errors import IcansRiskError
from icans_risk.evaluation.inputs import Floats

__all__ = ["hide_small_cells"]


def hide_small_cells(counts: ArrayLike, *, fewest: int) -> Floats:
    """Hide counts below a floor, and those from which they could be worked out.

    Totals of rows and columns are taken to be known: where a line hides one cell only,
    its smallest other one is hidden too. That stops subtraction, not every attack.

    Parameters
    ----------
    counts : array-like of shape (n_rows, n_columns)
        Patients in each cell.
    fewest : int
        The smallest count above 0 that is shown; 1 shows all. Zeros are shown, unless
        they are needed to protect another cell.

    Returns
    -------
    ndarray of shape (n_rows, n_columns)
        NaN where hidden.

    Raises
    ------
    IcansRiskError
        If ``fewest`` is below 1.

    Examples
    --------
    >>> hide_small_cells([[3, 40, 12], [25, 60, 31]], fewest=5)
    array([[nan, 40., nan],
           [nan, 60., nan]])
    """
    if fewest < 1:
        raise IcansRiskError(
            f"The smallest count that is shown must be at least 1, got {fewest}. 1 hides nothing."
        )
    table = np.array(counts, dtype=np.float64)
    table[(table > 0) & (table < fewest)] = math.nan
    while any(_protect(line) for line in (*table, *table.T)):
        pass
    return table


def _protect(line: Floats) -> bool:
    """Hide a second cell of a line that hides one; a line of one cell has its total open."""
    if np.isnan(line).sum() != 1 or line.size < 2:
        return False
    above_zero = np.where(line > 0, line, math.inf)
    line[above_zero.argmin() if np.isfinite(above_zero).any() else np.nanargmin(line)] = math.nan
    return True

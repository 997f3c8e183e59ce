"""Write cells as the records that the kernel reads."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from icans_risk.features.arrays import CELL
from icans_risk.features.columns import Cell
from icans_risk.features.kernel import KERNEL_STATISTICS

__all__ = ["number_cells"]


def number_cells(
    cells: Sequence[Cell], column_of: Mapping[Cell, int], operand_of: Mapping[Cell, int]
) -> NDArray[np.void]:
    """Write cells as arrays.

    Parameters
    ----------
    cells : sequence of Cell
        By analyte and window.
    column_of, operand_of : mapping of Cell to int
        Where each goes, if it goes there.

    Returns
    -------
    ndarray of shape (n_cells,)
        Of ``arrays.CELL``, in the same order.
    """
    statistics = {name: number for number, name in enumerate(KERNEL_STATISTICS)}
    rows = [
        (
            column_of.get(cell, -1),
            operand_of.get(cell, -1),
            statistics[cell.statistic],
            np.nan if cell.threshold is None else cell.threshold,
            cell.minimum_count,
            np.inf if cell.maximum_age_h is None else cell.maximum_age_h,
        )
        for cell in cells
    ]
    return np.array(rows, dtype=CELL)

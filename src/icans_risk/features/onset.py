"""Find when CRS began, as far as it was known at a landmark."""

import numpy as np
from numpy.typing import NDArray

from icans_risk.features.arrays import Job, Output, Plan, Rows
from icans_risk.features.columns import Cell
from icans_risk.features.kernel import walk
from icans_risk.features.numbering import number_cells
from icans_risk.features.sharing import share

__all__ = ["CRS_GRADE", "find_onsets"]

CRS_GRADE = "clinical.crs_grade"

# Grade 1 or more: the kernel asks for more than a threshold.
_BELOW_GRADE_1 = np.nextafter(1.0, 0.0)


def find_onsets(
    rows: Rows,
    landmarks: NDArray[np.float64],
    *,
    analyte: int,
    n_analytes: int,
    used: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Find the first CRS grade of 1 or more among those available at each landmark.

    The kernel finds it, so that versions, admission and both clocks are treated as in any
    other cell: a grade that is known later does not count, and one that is withdrawn counts
    no longer.

    Parameters
    ----------
    rows : Rows
        The sorted events, CRS grades among them.
    landmarks : ndarray of shape (n_landmarks,)
        Hours since infusion.
    analyte : int
        The number of the CRS grade among the analytes of the rows.
    n_analytes : int
        How many there are.
    used : ndarray of shape (n_landmarks or 0, n_rows)
        Where the grades that were looked at are marked, if there is room.

    Returns
    -------
    ndarray of shape (n_episodes, n_landmarks)
        Hours since infusion of its collection; NaN without one.
    """
    n_groups = rows.start.size - 1
    shape = (n_groups // n_analytes, landmarks.size, 1)
    start = np.zeros((n_analytes, 2), dtype=np.int64)
    start[analyte:, :] = 1
    start[analyte, 0] = 0
    first = Cell(CRS_GRADE, "", "hours_to_first_above", threshold=_BELOW_GRADE_1)
    cells = number_cells([first], {}, {first: 0})
    bounds = (np.full(shape, -np.inf), np.full(shape, np.inf), np.zeros(shape))
    plan = Plan(landmarks, *bounds, start, np.zeros((n_analytes, 1), dtype=np.int64), cells)
    onsets = np.full(shape, np.nan)
    output = Output(np.empty((*shape[:2], 0), np.float32), onsets, used)
    share(walk, Job(rows, plan, output), shape[0], load=rows.value.size)
    return onsets[:, :, 0]

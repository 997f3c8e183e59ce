"""Find when CRS began, as far as it was known at a landmark."""

import numpy as np
from numpy.typing import NDArray

from icans_risk.features.arrays import Cells, Output, Plan, Rows
from icans_risk.features.kernel import KERNEL_STATISTICS, walk

__all__ = ["CRS_GRADE", "find_onsets"]

CRS_GRADE = "clinical.crs_grade"

# Grade 1 or more: the kernel asks for more than a threshold.
_BELOW_GRADE_1 = np.nextafter(1.0, 0.0)


def find_onsets(
    rows: Rows,
    landmarks: NDArray[np.float64],
    *,
    analyte: int,
    n_episodes: int,
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
    n_episodes : int
        With and without rows.
    used : ndarray of shape (n_landmarks or 0, n_rows)
        Where the grades that were looked at are marked, if there is room.

    Returns
    -------
    ndarray of shape (n_episodes, n_landmarks)
        Hours since infusion of its collection; NaN without one.
    """
    shape = (n_episodes, landmarks.size, 1)
    start = np.zeros((int(rows.analyte.max(initial=-1)) + 1, 2), dtype=np.int64)
    start[analyte : analyte + 1, 1] = 1
    cells = Cells(
        column=np.zeros(1, dtype=np.int64),
        statistic=np.array([KERNEL_STATISTICS.index("hours_to_first_above")]),
        threshold=np.array([_BELOW_GRADE_1]),
        minimum_count=np.ones(1, dtype=np.int64),
        maximum_age=np.full(1, np.inf),
    )
    bounds = (np.full(shape, -np.inf), np.full(shape, np.inf), np.zeros(shape))
    onsets = np.full(shape, np.nan)
    walk(rows, Plan(landmarks, *bounds, start, cells), Output(onsets, used))
    return onsets[:, :, 0]

"""Find when CRS began, or anything first was there, as far as it was known at a landmark."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from icans_risk.features.arrays import Cells, Output, Plan, Rows
from icans_risk.features.kernel import KERNEL_STATISTICS, walk

__all__ = ["CRS_GRADE", "find_first_above", "find_onsets"]

CRS_GRADE = "clinical.crs_grade"

# Grade 1 or more: the kernel asks for more than a threshold.
_BELOW_GRADE_1 = np.nextafter(1.0, 0.0)


def find_onsets(
    rows: Rows,
    landmarks: NDArray[np.float64],
    *,
    analyte: int,
    until: NDArray[np.float64],
    used: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Find the first CRS grade of 1 or more among those available at each landmark.

    Parameters
    ----------
    rows : Rows
        The sorted events, CRS grades among them.
    landmarks : ndarray of shape (n_landmarks,)
        Hours since infusion.
    analyte : int
        The number of the CRS grade among the analytes of the rows.
    until : ndarray of shape (n_episodes, n_landmarks)
        Grades collected later do not count; infinity where all do.
    used : ndarray of shape (n_landmarks or 0, n_rows)
        Where the grades that were looked at are marked, if there is room.

    Returns
    -------
    ndarray of shape (n_episodes, n_landmarks)
        Hours since infusion of its collection; NaN without one.
    """
    found = find_first_above(
        _BELOW_GRADE_1,
        rows,
        landmarks,
        analytes=[analyte],
        bounds=(np.full(until.shape, -np.inf), until),
        used=used,
    )
    return found[:, :, 0]


def find_first_above(
    threshold: float,
    rows: Rows,
    landmarks: NDArray[np.float64],
    *,
    analytes: Sequence[int],
    bounds: tuple[NDArray[np.float64], NDArray[np.float64]],
    used: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Find the first value above a threshold among those available at each landmark.

    The kernel finds it, so that versions, admission and both clocks are treated as in any
    other cell: a value that is known later does not count, and one that is withdrawn counts
    no longer.

    Parameters
    ----------
    threshold : float
        Exceeded, not reached.
    rows : Rows
        The sorted events.
    landmarks : ndarray of shape (n_landmarks,)
        Hours since infusion.
    analytes : sequence of int
        Numbers of analytes among those of the rows.
    bounds : tuple of two ndarray of shape (n_episodes, n_landmarks)
        Values collected after the first and up to the second hour since infusion count.
    used : ndarray of shape (n_landmarks or 0, n_rows)
        Where the values that were looked at are marked, if there is room.

    Returns
    -------
    ndarray of shape (n_episodes, n_landmarks, n_analytes)
        Hours since infusion of its collection; NaN without one.
    """
    n_cells = len(analytes)
    start = np.zeros((max([*analytes, int(rows.analyte.max(initial=-1))]) + 1, 2), dtype=np.int64)
    for number, analyte in enumerate(analytes):
        start[analyte] = number, number + 1
    cells = Cells(
        column=np.arange(n_cells),
        statistic=np.full(n_cells, KERNEL_STATISTICS.index("hours_to_first_above")),
        threshold=np.full(n_cells, threshold),
        minimum_count=np.ones(n_cells, dtype=np.int64),
        maximum_age=np.full(n_cells, np.inf),
    )
    lower, upper = (side[:, :, np.newaxis] for side in bounds)
    found = np.full((*lower.shape[:2], n_cells), np.nan)
    plan = Plan(landmarks, lower, upper, np.zeros(lower.shape), start, cells)
    walk(rows, plan, Output(found, used))
    return found

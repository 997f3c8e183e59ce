"""Find when CRS began, or anything first was there, as far as it was known at a landmark."""

import numpy as np
from numpy.typing import NDArray

from icans_risk.features.arrays import Job, Output, Plan, Rows
from icans_risk.features.columns import Cell
from icans_risk.features.kernel import walk
from icans_risk.features.numbering import number_cells
from icans_risk.features.sharing import share

__all__ = ["CRS_GRADE", "find_first_above", "find_onsets"]

CRS_GRADE = "clinical.crs_grade"

# Grade 1 or more: the kernel asks for more than a threshold.
_BELOW_GRADE_1 = np.nextafter(1.0, 0.0)


def find_onsets(
    rows: Rows,
    landmarks: NDArray[np.float64],
    *,
    analyte: int,
    n_analytes: int,
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
    n_analytes : int
        How many analytes the rows have.
    until : ndarray of shape (n_episodes, n_landmarks)
        Grades collected later do not count; infinity where all do.
    used : ndarray of shape (n_landmarks or 0, n_rows)
        Where the grades that were looked at are marked, if there is room.

    Returns
    -------
    ndarray of shape (n_episodes, n_landmarks)
        Hours since infusion of its collection; NaN without one.
    """
    of = np.arange(n_analytes) == analyte
    bounds = (np.full(until.shape, -np.inf), until)
    found = find_first_above(_BELOW_GRADE_1, rows, landmarks, analytes=of, bounds=bounds, used=used)
    return found[:, :, 0]


def find_first_above(
    threshold: float,
    rows: Rows,
    landmarks: NDArray[np.float64],
    *,
    analytes: NDArray[np.bool_],
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
    analytes : ndarray of shape (n_analytes,)
        Which of the analytes of the rows are looked at.
    bounds : tuple of two ndarray of shape (n_episodes, n_landmarks)
        Values collected after the first and up to the second hour since infusion count.
    used : ndarray of shape (n_landmarks or 0, n_rows)
        Where the values that were looked at are marked, if there is room.

    Returns
    -------
    ndarray of shape (n_episodes, n_landmarks, n_analytes that are looked at)
        Hours since infusion of its collection; NaN without one.
    """
    cells = [
        Cell(f"{number}", "", "hours_to_first_above", threshold=threshold)
        for number in range(int(analytes.sum()))
    ]
    start = np.append(0, np.cumsum(analytes))
    lower, upper = (side[:, :, np.newaxis] for side in bounds)
    plan = Plan(
        landmark=landmarks,
        lower=lower,
        upper=upper,
        anchor=np.zeros(lower.shape),
        start=np.column_stack([start[:-1], start[1:]]),
        needs=np.zeros((analytes.size, 1), dtype=np.int64),
        cells=number_cells(cells, {}, {cell: number for number, cell in enumerate(cells)}),
    )
    found = np.full((*lower.shape[:2], len(cells)), np.nan)
    output = Output(np.empty((*lower.shape[:2], 0), np.float32), found, used)
    share(walk, Job(rows, plan, output), lower.shape[0], load=rows.value.size)
    return found

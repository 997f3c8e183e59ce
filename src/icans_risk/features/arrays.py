"""The arrays that go into the kernel and come out of it."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Cells", "Options", "Output", "Plan", "Rows", "Sample"]


class Rows(NamedTuple):
    """The events as sorted arrays, in groups of one episode and analyte.

    Attributes
    ----------
    collected, available : ndarray of shape (n_rows,)
        The two clocks, in hours since infusion.
    value : ndarray of shape (n_rows,)
        In the catalogue's unit.
    is_refused : ndarray of shape (n_rows,)
        Whether the reason of the order keeps the row out.
    result : ndarray of shape (n_rows,)
        Number of the result that the row is a version of, ascending.
    start : ndarray of shape (n_groups + 1,)
        First row of each group, and the number of rows.
    episode, analyte : ndarray of shape (n_groups,)
        Whose rows the group holds, and of what.
    """

    collected: NDArray[np.float64]
    available: NDArray[np.float64]
    value: NDArray[np.float64]
    is_refused: NDArray[np.bool_]
    result: NDArray[np.int64]
    start: NDArray[np.int64]
    episode: NDArray[np.int64]
    analyte: NDArray[np.int64]


class Cells(NamedTuple):
    """What is computed, ordered by analyte and window.

    Attributes
    ----------
    column : ndarray of shape (n_cells,)
        Where in the output it goes.
    statistic : ndarray of shape (n_cells,)
        A position in ``kernel.KERNEL_STATISTICS``.
    threshold : ndarray of shape (n_cells,)
        In the catalogue's unit; NaN where the statistic has none.
    minimum_count : ndarray of shape (n_cells,)
        With fewer values the cell is missing, but for a count.
    maximum_age : ndarray of shape (n_cells,)
        Hours before the landmark beyond which a last value is missing; infinity for never.
    """

    column: NDArray[np.int64]
    statistic: NDArray[np.int64]
    threshold: NDArray[np.float64]
    minimum_count: NDArray[np.int64]
    maximum_age: NDArray[np.float64]


class Options(NamedTuple):
    """What a cell asks of its values; as in ``Cells``, of one cell.

    Attributes
    ----------
    threshold, minimum_count, maximum_age : float, int, float
        Numbers, because to hand arrays from function to function costs more than most
        statistics.
    """

    threshold: float
    minimum_count: int
    maximum_age: float


class Plan(NamedTuple):
    """What to compute, and where it goes.

    Attributes
    ----------
    landmark : ndarray of shape (n_landmarks,)
        Hours since infusion.
    lower, upper, anchor : ndarray of shape (n_episodes, n_landmarks, n_windows)
        Bounds and anchors of the windows, in hours since infusion.
    start : ndarray of shape (n_analytes, n_windows + 1)
        The first cell of each analyte and window; a window's cells end where those of the
        next one start.
    cells : Cells
        One for each column of the output, in the order that ``start`` counts in.
    """

    landmark: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    anchor: NDArray[np.float64]
    start: NDArray[np.int64]
    cells: Cells


class Output(NamedTuple):
    """Where the results are written.

    Attributes
    ----------
    values : ndarray of shape (n_episodes, n_landmarks, n_cells)
        Left alone where no value counts.
    used : ndarray of shape (n_landmarks or 0, n_rows)
        Which rows counted; left alone where its first length is zero.
    """

    values: NDArray[np.float64]
    used: NDArray[np.bool_]


class Sample(NamedTuple):
    """The values that count in one window, by time of collection; never empty.

    Attributes
    ----------
    times, values : ndarray of shape (n_values,)
        Hours since infusion, and values in the catalogue's unit.
    anchor : float
        The window's anchor, in hours since infusion.
    age : float
        Hours from the collection of the last value to the landmark.
    """

    times: NDArray[np.float64]
    values: NDArray[np.float64]
    anchor: float
    age: float

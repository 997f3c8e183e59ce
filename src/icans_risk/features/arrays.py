"""The arrays that go into the kernel and come out of it."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["CELL", "Job", "Output", "Plan", "Rows"]


class Rows(NamedTuple):
    """The events as sorted arrays, in groups of one episode and analyte.

    A group's rows stand by time of collection and assay, so that the versions and copies of
    one result stand together, in the order in which they became known. The last four arrays
    are empty where they would hold one value throughout, or where nobody asked for them.

    Attributes
    ----------
    start : ndarray of shape (n_episodes * n_analytes + 1,)
        First row of each group, episode by episode, and the number of rows.
    collected, available : ndarray of shape (n_rows,)
        The two clocks, in hours since infusion.
    value : ndarray of shape (n_rows,)
        In the catalogue's unit.
    assay : ndarray of shape (n_rows,) or (0,)
        Which assay, as a number.
    version : ndarray of shape (n_rows,) or (0,)
        Number of the version.
    is_refused : ndarray of shape (n_rows,) or (0,)
        Whether the reason of the order keeps the row out.
    position : ndarray of shape (n_rows,) or (0,)
        Where the row stood in the source.
    """

    start: NDArray[np.int64]
    collected: NDArray[np.float64]
    available: NDArray[np.float64]
    value: NDArray[np.float64]
    assay: NDArray[np.int32]
    version: NDArray[np.float64]
    is_refused: NDArray[np.bool_]
    position: NDArray[np.int64]


# What is computed, ordered by analyte and window.
# column, operand: which column of the vectors it is, and which operand of changes and scores;
#     -1 if none.
# statistic: a position in ``kernel.KERNEL_STATISTICS``.
# threshold: in the catalogue's unit; NaN where the statistic has none.
# minimum_count: with fewer values the cell is missing, but for a count.
# maximum_age: hours before the landmark beyond which a last value is missing.
CELL = np.dtype(
    [
        ("column", np.int64),
        ("operand", np.int64),
        ("statistic", np.int64),
        ("threshold", np.float64),
        ("minimum_count", np.int64),
        ("maximum_age", np.float64),
    ]
)


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
    needs : ndarray of shape (n_analytes, n_windows)
        Which of ``kernel.NEEDS`` the cells of each analyte and window ask for, as bits.
    cells : ndarray of shape (n_cells,)
        Of ``CELL``, in the order that ``start`` counts in.
    """

    landmark: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    anchor: NDArray[np.float64]
    start: NDArray[np.int64]
    needs: NDArray[np.int64]
    cells: NDArray[np.void]


class Output(NamedTuple):
    """Where the results are written; left alone where no value counts.

    Attributes
    ----------
    table : ndarray of shape (n_episodes, n_landmarks, n_columns)
        The vectors.
    operands : ndarray of shape (n_episodes, n_landmarks, n_operands)
        What changes and scores are computed from.
    used : ndarray of shape (n_landmarks or 0, n_rows)
        Which rows counted; left alone where its first length is zero.
    """

    table: NDArray[np.float32]
    operands: NDArray[np.float64]
    used: NDArray[np.bool_]


class Job(NamedTuple):
    """What the kernel is given.

    Attributes
    ----------
    rows : Rows
        The sorted events.
    plan : Plan
        The landmarks, windows and cells.
    output : Output
        Where the results go.
    """

    rows: Rows
    plan: Plan
    output: Output

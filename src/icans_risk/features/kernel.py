"""Compute every statistic of every window at every landmark in one compiled pass.

The arrays come sorted (``rows.py``): the rows of one episode and analyte together, inside
them by time of collection and assay, so that the rows of one result, its versions and
copies, stand together in the order in which they became known.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["STATISTICS", "Output", "Plan", "Rows", "Sample", "walk"]

STATISTICS = ("last", "max", "mean", "slope_per_day", "auc_per_day", "first", "hours_to_peak")
_LAST, _MAX, _MEAN, _SLOPE, _AUC, _FIRST, _TO_PEAK = range(len(STATISTICS))

_HOURS_PER_DAY = 24.0


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


class Plan(NamedTuple):
    """What to compute, and where it goes.

    Attributes
    ----------
    landmark : ndarray of shape (n_landmarks,)
        Hours since infusion.
    lower, upper, anchor : ndarray of shape (n_episodes, n_landmarks, n_windows)
        Bounds and anchors of the windows, in hours since infusion.
    cell : ndarray of shape (n_analytes, n_windows, n_statistics)
        The column of each statistic, -1 where it is not asked for.
    """

    landmark: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    anchor: NDArray[np.float64]
    cell: NDArray[np.int64]


class Output(NamedTuple):
    """Where the results are written.

    Attributes
    ----------
    vectors : ndarray of shape (n_episodes, n_landmarks, n_columns)
        NaN where no value counts.
    used : ndarray of shape (n_landmarks or 0, n_rows)
        Which rows counted; left alone where its first length is zero.
    """

    vectors: NDArray[np.float32]
    used: NDArray[np.bool_]


class Sample(NamedTuple):
    """The values that count in one window, by time of collection; never empty.

    Attributes
    ----------
    times, values : ndarray of shape (n_values,)
        Hours since infusion, and values in the catalogue's unit.
    anchor : float
        The window's anchor, in hours since infusion.
    """

    times: NDArray[np.float64]
    values: NDArray[np.float64]
    anchor: float


@njit(cache=True, nogil=True)
def walk(rows: Rows, plan: Plan, output: Output) -> None:
    """Fill the vectors, and mark the rows that counted if there is room for the marks.

    Parameters
    ----------
    rows : Rows
        The sorted events.
    plan : Plan
        The landmarks, windows and columns.
    output : Output
        Written in place.
    """
    for group in range(rows.episode.size):
        episode = rows.episode[group]
        cells = plan.cell[rows.analyte[group]]
        for landmark in range(plan.landmark.size):
            known = _known_at(rows, group, plan.landmark[landmark])
            times = rows.collected[known]
            values = rows.value[known]
            for window in range(cells.shape[0]):
                slot = (episode, landmark, window)
                first = np.searchsorted(times, plan.lower[slot], side="right")
                stop = np.searchsorted(times, plan.upper[slot], side="right")
                if first < stop and cells[window].max() >= 0:
                    sample = Sample(times[first:stop], values[first:stop], plan.anchor[slot])
                    _fill(output.vectors[episode, landmark], cells[window], sample)
                    if output.used.shape[0]:
                        _mark(output.used[landmark], known[first:stop])


@njit(cache=True, nogil=True)
def _known_at(rows: Rows, group: int, landmark: float) -> NDArray[np.int64]:
    known = np.empty(rows.start[group + 1] - rows.start[group], np.int64)
    count = 0
    for row in range(rows.start[group], rows.start[group + 1]):
        if rows.available[row] > landmark:
            continue
        if count > 0 and rows.result[row] == rows.result[known[count - 1]]:
            known[count - 1] = row
        else:
            known[count] = row
            count += 1
    # Admission comes after the choice of the version: a result whose latest version is
    # refused must not live on in the version that it replaced.
    known = known[:count]
    return known[~rows.is_refused[known]]


@njit(cache=True, nogil=True)
def _fill(vector: NDArray[np.float32], cells: NDArray[np.int64], sample: Sample) -> None:
    for statistic in range(cells.size):
        if cells[statistic] >= 0:
            vector[cells[statistic]] = _compute(statistic, sample)


@njit(cache=True, nogil=True)
def _mark(used: NDArray[np.bool_], known: NDArray[np.int64]) -> None:
    for row in known:
        used[row] = True


@njit(cache=True, nogil=True)
def _compute(statistic: int, sample: Sample) -> float:
    times, values, anchor = sample
    result: float = np.nan
    if statistic == _LAST:
        result = values[-1]
    elif statistic == _MAX:
        result = values.max()
    elif statistic == _MEAN:
        result = values.mean()
    elif statistic == _SLOPE:
        result = _slope_per_day(times, values)
    elif statistic == _AUC:
        result = _time_weighted_mean(times, values)
    elif statistic == _FIRST:
        result = values[0]
    elif statistic == _TO_PEAK:
        result = times[np.argmax(values)] - anchor
    return result


@njit(cache=True, nogil=True)
def _slope_per_day(times: NDArray[np.float64], values: NDArray[np.float64]) -> float:
    if times[0] == times[-1]:
        return np.nan
    # Shifted to the first point before centring: an unchanging value then has a slope of
    # exactly zero, and times far from infusion lose no digits.
    days = (times - times[0]) / _HOURS_PER_DAY
    days = days - days.mean()
    changes = values - values[0]
    changes = changes - changes.mean()
    spread = (days * days).sum()
    if spread == 0.0:
        return np.nan
    slope: float = (days * changes).sum() / spread
    return slope


@njit(cache=True, nogil=True)
def _time_weighted_mean(times: NDArray[np.float64], values: NDArray[np.float64]) -> float:
    span = times[-1] - times[0]
    if span == 0.0:
        return np.nan
    middles = (values[1:] + values[:-1]) / 2.0
    mean: float = (middles * (times[1:] - times[:-1])).sum() / span
    return mean

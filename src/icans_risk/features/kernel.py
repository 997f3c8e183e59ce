"""Compute every statistic of every window at every landmark in one compiled pass.

The arrays come sorted (``rows.py``): the rows of one episode and analyte together, inside
them by time of collection and assay, so that the rows of one result, its versions and
copies, stand together in the order in which they became known.

All compiled code stands in this one file: numba keeps what it compiled until the file of
the outermost function changes, and would not notice a change in a file beside it.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from icans_risk.features.arrays import Cells, Options, Output, Plan, Rows, Sample

__all__ = ["KERNEL_STATISTICS", "STATISTICS", "walk"]

STATISTICS = (
    "last",
    "first",
    "max",
    "min",
    "mean",
    "median",
    "sd",
    "range",
    "slope_per_day",
    "auc_per_day",
    "hours_to_peak",
    "hours_since_last",
    "above_fraction",
    "hours_above",
    "hours_to_first_above",
    "count",
)
# The time of the last value is no column of a vector: a slope between windows needs it.
KERNEL_STATISTICS = (*STATISTICS, "last_h")
_LAST, _FIRST, _MAX, _MIN, _MEAN, _MEDIAN, _SD, _RANGE = range(8)
_SLOPE, _AUC, _TO_PEAK, _SINCE_LAST = range(8, 12)
_ABOVE_FRACTION, _HOURS_ABOVE, _TO_FIRST_ABOVE = range(12, 15)
_COUNT, _LAST_H = range(15, 17)

_HOURS_PER_DAY = 24.0


@njit(cache=True, nogil=True)
def walk(rows: Rows, plan: Plan, output: Output) -> None:
    """Fill the cells, and mark the rows that counted if there is room for the marks.

    Parameters
    ----------
    rows : Rows
        The sorted events.
    plan : Plan
        The landmarks, windows and cells.
    output : Output
        Written in place.
    """
    for group in range(rows.episode.size):
        episode = rows.episode[group]
        start = plan.start[rows.analyte[group]]
        if start[0] == start[-1]:
            continue
        for landmark in range(plan.landmark.size):
            known = _known_at(rows, group, plan.landmark[landmark])
            times = rows.collected[known]
            values = rows.value[known]
            for window in range(start.size - 1):
                slot = (episode, landmark, window)
                first = np.searchsorted(times, plan.lower[slot], side="right")
                stop = np.searchsorted(times, plan.upper[slot], side="right")
                if first < stop and start[window] < start[window + 1]:
                    age = plan.landmark[landmark] - times[stop - 1]
                    sample = Sample(times[first:stop], values[first:stop], plan.anchor[slot], age)
                    for cell in range(start[window], start[window + 1]):
                        column = plan.cells.column[cell]
                        output.values[episode, landmark, column] = _compute(
                            plan.cells.statistic[cell], sample, _options(plan.cells, cell)
                        )
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
def _mark(used: NDArray[np.bool_], known: NDArray[np.int64]) -> None:
    for row in known:
        used[row] = True


@njit(cache=True, nogil=True)
def _options(cells: Cells, cell: int) -> Options:
    return Options(cells.threshold[cell], cells.minimum_count[cell], cells.maximum_age[cell])


@njit(cache=True, nogil=True)
def _compute(statistic: int, sample: Sample, options: Options) -> float:
    is_too_few = sample.values.size < options.minimum_count
    is_too_old = statistic == _LAST and sample.age > options.maximum_age
    result: float = np.nan
    if statistic == _COUNT:
        result = sample.values.size
    elif is_too_few or is_too_old:
        result = np.nan
    elif statistic <= _MEDIAN:
        result = _level(statistic, sample.values)
    elif statistic <= _RANGE:
        result = _spread(statistic, sample.values)
    elif _ABOVE_FRACTION <= statistic <= _TO_FIRST_ABOVE:
        result = _exceedance(statistic, sample, options.threshold)
    else:
        result = _course(statistic, sample)
    return result


@njit(cache=True, nogil=True)
def _level(statistic: int, values: NDArray[np.float64]) -> float:
    result: float = np.nan
    if statistic == _LAST:
        result = values[-1]
    elif statistic == _FIRST:
        result = values[0]
    elif statistic == _MAX:
        result = values.max()
    elif statistic == _MIN:
        result = values.min()
    elif statistic == _MEAN:
        result = values.mean()
    elif statistic == _MEDIAN:
        result = np.median(values)
    return result


@njit(cache=True, nogil=True)
def _spread(statistic: int, values: NDArray[np.float64]) -> float:
    if statistic == _RANGE:
        span: float = values.max() - values.min()
        return span
    if values.size < 2:
        return np.nan
    deviations = _centre(values)
    deviation: float = np.sqrt((deviations * deviations).sum() / (values.size - 1))
    return deviation


@njit(cache=True, nogil=True)
def _course(statistic: int, sample: Sample) -> float:
    times, values, anchor, age = sample
    result: float = np.nan
    if statistic == _SLOPE:
        result = _slope_per_day(times, values)
    elif statistic == _AUC:
        result = _time_weighted_mean(times, values)
    elif statistic == _TO_PEAK:
        result = times[np.argmax(values)] - anchor
    elif statistic == _SINCE_LAST:
        result = age
    elif statistic == _LAST_H:
        result = times[-1]
    return result


@njit(cache=True, nogil=True)
def _exceedance(statistic: int, sample: Sample, threshold: float) -> float:
    is_above = sample.values > threshold
    result: float = np.nan
    if statistic == _ABOVE_FRACTION:
        result = is_above.mean()
    elif statistic == _HOURS_ABOVE:
        result = _hours_above(sample.times, sample.values, threshold)
    elif is_above.any():
        result = sample.times[np.argmax(is_above)] - sample.anchor
    return result


@njit(cache=True, nogil=True)
def _centre(values: NDArray[np.float64]) -> NDArray[np.float64]:
    # Shifted to the first value before centring: what does not change then has deviations
    # of exactly zero, and numbers far from zero lose no digits.
    changes = values - values[0]
    centred: NDArray[np.float64] = changes - changes.mean()
    return centred


@njit(cache=True, nogil=True)
def _slope_per_day(times: NDArray[np.float64], values: NDArray[np.float64]) -> float:
    if times[0] == times[-1]:
        return np.nan
    days = _centre((times - times[0]) / _HOURS_PER_DAY)
    spread = (days * days).sum()
    if spread == 0.0:
        return np.nan
    slope: float = (days * _centre(values)).sum() / spread
    return slope


@njit(cache=True, nogil=True)
def _time_weighted_mean(times: NDArray[np.float64], values: NDArray[np.float64]) -> float:
    span = times[-1] - times[0]
    if span == 0.0:
        return np.nan
    middles = (values[1:] + values[:-1]) / 2.0
    mean: float = (middles * (times[1:] - times[:-1])).sum() / span
    return mean


@njit(cache=True, nogil=True)
def _hours_above(
    times: NDArray[np.float64], values: NDArray[np.float64], threshold: float
) -> float:
    # As for the area: a straight line from value to value, nothing before the first or
    # after the last. Of a line that crosses the threshold, the part above it counts.
    if times[0] == times[-1]:
        return np.nan
    hours = 0.0
    for i in range(1, times.size):
        low = min(values[i - 1], values[i])
        high = max(values[i - 1], values[i])
        if low > threshold:
            hours += times[i] - times[i - 1]
        elif high > threshold:
            hours += (times[i] - times[i - 1]) * ((high - threshold) / (high - low))
    return hours

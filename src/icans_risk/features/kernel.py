"""Compute every statistic of every window at every landmark in one compiled pass.

The rows come sorted (``rows.py``). All compiled code of the pass stands in this one file: numba
keeps what it compiled until the file of the outermost function changes, and would not notice
a change beside it. Tuples of arrays are taken apart once, and what every window calls is inlined:
numba counts references to arrays at each call, which costs more than the statistics.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from icans_risk.features.arrays import Job

__all__ = ["KERNEL_STATISTICS", "NEEDS", "STATISTICS", "walk"]

STATISTICS: tuple[str, ...] = (
    *("last", "first", "max", "min", "mean", "median", "sd", "range"),
    *("slope_per_day", "auc_per_day", "hours_to_peak", "hours_since_last"),
    *("above_fraction", "hours_above", "hours_to_first_above", "count"),
)
# The time of the last value is no column of a vector: a slope between windows needs it.
KERNEL_STATISTICS = (*STATISTICS, "last_h")
_LAST, _FIRST, _MAX, _MIN, _MEAN, _MEDIAN, _SD, _RANGE = range(8)
_SLOPE, _AUC, _TO_PEAK, _SINCE_LAST = range(8, 12)
_ABOVE_FRACTION, _HOURS_ABOVE, _TO_FIRST_ABOVE = range(12, 15)
_COUNT, _LAST_H = range(15, 17)
# Where the window's anchor stands among a window's numbers.
_ANCHOR = 17

# What has to be gone through the values for, as bits; the rest is there at once.
_EXTREMES, _MOMENTS, _ORDER, _AREA = 1, 2, 4, 8
NEEDS = {
    "max": _EXTREMES,
    "min": _EXTREMES,
    "range": _EXTREMES,
    "hours_to_peak": _EXTREMES,
    "mean": _MOMENTS,
    "sd": _MOMENTS,
    "slope_per_day": _MOMENTS,
    "median": _ORDER,
    "auc_per_day": _AREA,
}

_HOURS_PER_DAY = 24.0
_MANY = 32

_compiled = njit(cache=True, nogil=True)
_inlined = njit(inline="always")

_Floats = NDArray[np.float64]
_Integers = NDArray[np.int64]


@_compiled
def walk(job: Job, first_episode: int, stop_episode: int) -> None:
    """Fill the cells of some episodes, and mark the rows that counted if there is room.

    Parameters
    ----------
    job : Job
        What to do; its output is written in place.
    first_episode, stop_episode : int
        The first of the episodes, and the one after the last: threads share the work so.
    """
    (start, collected, available, value, assay, _, is_refused, _), plan, output = job
    landmarks, lower, upper, anchors, cell_start, needs, cells = plan
    table, operands, used = output
    n_analytes, n_windows = needs.shape
    room = np.max(np.diff(start)) if start.size > 1 else 0
    known, numbers = np.empty(room, np.int64), np.empty(_ANCHOR + 1)
    times, values, ordered = np.empty(room), np.empty(room), np.empty(room)
    for group in range(first_episode * n_analytes, stop_episode * n_analytes):
        episode, analyte = divmod(group, n_analytes)
        for landmark in range(landmarks.size):
            now = landmarks[landmark]
            span = (start[group], start[group + 1])
            count = _find_known(available, collected, assay, span, now, known)
            count = _keep_admitted(is_refused, known, count)
            _take(collected, known, count, times)
            _take(value, known, count, values)
            for window in range(n_windows):
                begin, end = cell_start[analyte, window], cell_start[analyte, window + 1]
                if begin == end:
                    continue
                first = _first_after(times, count, lower[episode, landmark, window])
                stop = _first_after(times, count, upper[episode, landmark, window])
                if first >= stop:
                    continue
                numbers[_SINCE_LAST] = now - times[stop - 1]
                numbers[_ANCHOR] = anchors[episode, landmark, window]
                when, what = times[first:stop], values[first:stop]
                _summarise(when, what, needs[analyte, window], ordered, numbers)
                vector, operand = table[episode, landmark], operands[episode, landmark]
                _write(cells[begin:end], when, what, numbers, vector, operand)
                if used.shape[0]:
                    used[landmark][known[first:stop]] = True


@_inlined
def _find_known(
    available: _Floats,
    collected: _Floats,
    assay: NDArray[np.int32],
    rows: tuple[int, int],
    now: float,
    known: _Integers,
) -> int:
    """List the latest known version of each result; return how many there are."""
    count = 0
    for row in range(rows[0], rows[1]):
        if available[row] > now:
            continue
        is_newer = count > 0 and collected[row] == collected[known[count - 1]]
        if is_newer and (assay.size == 0 or assay[row] == assay[known[count - 1]]):
            count -= 1
        known[count] = row
        count += 1
    return count


@_inlined
def _keep_admitted(is_refused: NDArray[np.bool_], known: _Integers, count: int) -> int:
    # Admission comes after the choice of the version: a result whose latest version is
    # refused must not live on in the version that it replaced.
    if is_refused.size == 0:
        return count
    admitted = 0
    for i in range(count):
        if not is_refused[known[i]]:
            known[admitted] = known[i]
            admitted += 1
    return admitted


@_inlined
def _take(source: _Floats, rows: _Integers, count: int, into: _Floats) -> None:
    for i in range(count):
        into[i] = source[rows[i]]


@_inlined
def _first_after(times: _Floats, count: int, bound: float) -> int:
    first, stop = 0, count
    while first < stop:
        middle = (first + stop) // 2
        if times[middle] <= bound:
            first = middle + 1
        else:
            stop = middle
    return first


@_inlined
def _summarise(
    times: _Floats, values: _Floats, needs: int, ordered: _Floats, numbers: _Floats
) -> None:
    """Compute what the window's cells ask for, all but what has a threshold."""
    numbers[_LAST] = values[-1]
    numbers[_FIRST] = values[0]
    numbers[_COUNT] = values.size
    numbers[_LAST_H] = times[-1]
    if needs & _EXTREMES:
        _find_extremes(times, values, numbers)
    if needs & _MOMENTS:
        _find_moments(times, values, numbers)
    if needs & _ORDER:
        numbers[_MEDIAN] = _median(values, ordered)
    if needs & _AREA:
        numbers[_AUC] = _time_weighted_mean(times, values)


@_inlined
def _find_extremes(times: _Floats, values: _Floats, numbers: _Floats) -> None:
    peak, low = 0, values[0]
    for i in range(1, values.size):
        low = min(low, values[i])
        if values[i] > values[peak]:
            peak = i
    numbers[_MAX] = values[peak]
    numbers[_MIN] = low
    numbers[_RANGE] = values[peak] - low
    numbers[_TO_PEAK] = times[peak] - numbers[_ANCHOR]


@_inlined
def _find_moments(times: _Floats, values: _Floats, numbers: _Floats) -> None:
    # Relative to the first value and then to the mean of that: what does not change has
    # deviations of exactly zero, and numbers far from zero lose no digits.
    count = values.size
    total, days, change = 0.0, 0.0, 0.0
    for i in range(count):
        total += values[i]
        days += (times[i] - times[0]) / _HOURS_PER_DAY
        change += values[i] - values[0]
    days, change = days / count, change / count
    squares, products, spread = 0.0, 0.0, 0.0
    for i in range(count):
        deviation = values[i] - values[0] - change
        day = (times[i] - times[0]) / _HOURS_PER_DAY - days
        squares += deviation * deviation
        products += day * deviation
        spread += day * day
    numbers[_MEAN] = total / count
    numbers[_SD] = np.sqrt(squares / (count - 1)) if count > 1 else np.nan
    numbers[_SLOPE] = products / spread if spread > 0.0 else np.nan


@_inlined
def _median(values: _Floats, ordered: _Floats) -> float:
    ordered = ordered[: values.size]
    if values.size > _MANY:
        ordered[:] = values
        ordered.sort()
    else:
        # Of a few, sorted by insertion in half the time of a library's sort.
        for i in range(values.size):
            place = i
            while place > 0 and ordered[place - 1] > values[i]:
                ordered[place] = ordered[place - 1]
                place -= 1
            ordered[place] = values[i]
    return float((ordered[(values.size - 1) // 2] + ordered[values.size // 2]) / 2.0)


@_inlined
def _time_weighted_mean(times: _Floats, values: _Floats) -> float:
    area = 0.0
    for i in range(1, values.size):
        area += (values[i] + values[i - 1]) / 2.0 * (times[i] - times[i - 1])
    hours = times[-1] - times[0]
    return float(area / hours) if hours > 0.0 else np.nan


@_inlined
def _write(
    cells: NDArray[np.void],
    times: _Floats,
    values: _Floats,
    numbers: _Floats,
    vector: NDArray[np.float32],
    operands: _Floats,
) -> None:
    for i in range(cells.size):
        cell = cells[i]
        statistic = cell["statistic"]
        number = numbers[statistic]
        if _ABOVE_FRACTION <= statistic <= _TO_FIRST_ABOVE:
            number = _exceedance(statistic, times, values, cell["threshold"], numbers[_ANCHOR])
        is_too_few = values.size < cell["minimum_count"] and statistic != _COUNT
        is_too_old = statistic == _LAST and numbers[_SINCE_LAST] > cell["maximum_age"]
        if is_too_few or is_too_old:
            number = np.nan
        if cell["column"] >= 0:
            vector[cell["column"]] = number
        if cell["operand"] >= 0:
            operands[cell["operand"]] = number


@_compiled
def _exceedance(
    statistic: int, times: _Floats, values: _Floats, threshold: float, anchor: float
) -> float:
    if statistic == _HOURS_ABOVE:
        return float(_hours_above(times, values, threshold))
    is_above = values > threshold
    if statistic == _ABOVE_FRACTION:
        return float(is_above.mean())
    return float(times[np.argmax(is_above)] - anchor) if is_above.any() else np.nan


@_compiled
def _hours_above(times: _Floats, values: _Floats, threshold: float) -> float:
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

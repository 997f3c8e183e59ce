"""Put coded events into groups of one episode and analyte, and sort each group.

A counting sort by group, then a small sort inside each: groups hold tens of rows, and events
mostly come in the order in which they happened. All compiled code of the sort stands in this
one file, for the reason given in ``kernel.py``.
"""

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from icans_risk.features.arrays import Rows

__all__ = ["Batch", "count_groups", "place_rows", "sort_groups"]

# In the place of a group's number: the row cannot count.
_LEFT_OUT = -1

_compiled = njit(cache=True, nogil=True)
_inlined = njit(inline="always")

# Above this many rows a group is first brought into nearly the right order.
_SHORT = 32


class Batch(NamedTuple):
    """Events whose text is coded.

    Attributes
    ----------
    episode, analyte : ndarray of shape (n_rows,)
        Numbers; -1 where the episode or analyte is not among those asked for.
    collected, available, value : ndarray of shape (n_rows,)
        As in the source.
    assay, version, is_refused : ndarray of shape (n_rows,) or (0,)
        Empty where they are the same throughout the source.
    """

    episode: NDArray[np.int32]
    analyte: NDArray[np.int32]
    collected: NDArray[np.float64]
    available: NDArray[np.float64]
    value: NDArray[np.float64]
    assay: NDArray[np.int32]
    version: NDArray[np.float64]
    is_refused: NDArray[np.bool_]


@_compiled
def count_groups(
    batch: Batch, latest: float, count: NDArray[np.int64]
) -> tuple[NDArray[np.int32], int]:
    """Find the group of each row, and count the rows of each group.

    Parameters
    ----------
    batch : Batch
        The events.
    latest : float
        Hours since infusion; what is available later counts at no landmark.
    count : ndarray of shape (n_episodes, n_analytes)
        Added to.

    Returns
    -------
    group : ndarray of shape (n_rows,)
        -1 where the row cannot count.
    n_wrong : int
        Rows that cannot be true.
    """
    group = np.empty(batch.episode.size, np.int32)
    n_wrong = 0
    for row in range(batch.episode.size):
        episode, analyte = batch.episode[row], batch.analyte[row]
        collected, available = batch.collected[row], batch.available[row]
        # Numbers that are none fail the comparison.
        is_sound = -np.inf < collected <= available < np.inf and np.isfinite(batch.value[row])
        n_wrong += episode < 0 or not is_sound
        if analyte < 0 or episode < 0 or available > latest:
            group[row] = _LEFT_OUT
        else:
            group[row] = episode * count.shape[1] + analyte
            count[episode, analyte] += 1
    return group, n_wrong


@_compiled
def place_rows(
    batch: Batch, group: NDArray[np.int32], into: tuple[Rows, NDArray[np.int64], int]
) -> None:
    """Copy rows to the next free places of their groups.

    Parameters
    ----------
    batch : Batch
        The events.
    group : ndarray of shape (n_rows,)
        From ``count_groups``.
    into : (Rows, ndarray of shape (n_groups,), int)
        Where to, the next free place of each group (moved on), and where the batch begins
        in the source.
    """
    rows, free, origin = into
    for row in range(group.size):
        if group[row] < 0:
            continue
        place = free[group[row]]
        free[group[row]] = place + 1
        # Adding zero turns -0.0 into 0.0: both are the measured zero, and their order is none.
        rows.collected[place] = batch.collected[row] + 0.0
        rows.available[place] = batch.available[row] + 0.0
        rows.value[place] = batch.value[row] + 0.0
        if rows.assay.size:
            rows.assay[place] = batch.assay[row]
        if rows.version.size:
            rows.version[place] = batch.version[row] + 0.0
        if batch.is_refused.size:
            rows.is_refused[place] = batch.is_refused[row]
        if rows.position.size:
            rows.position[place] = origin + row


@_compiled
def sort_groups(rows: Rows, first_group: int, stop_group: int) -> None:
    """Sort the rows of each of some groups, in place.

    By time of collection, assay, availability and version. Of two rows that claim to be the
    same version, the refused one and then the larger value comes last and wins: an arbitrary
    choice, but the same one in every order of the rows.

    Parameters
    ----------
    rows : Rows
        Grouped.
    first_group, stop_group : int
        The first of the groups, and the one after the last.
    """
    start, collected, available, value, assay, version, is_refused, position = rows
    order = np.empty(np.max(np.diff(start)) if start.size > 1 else 0, np.int64)
    for group in range(first_group, stop_group):
        first, stop = start[group], start[group + 1]
        if _is_rising(collected[first:stop]):
            continue
        _order_by_time(collected[first:stop], first, order)
        for i in range(1, stop - first):
            row, place = order[i], i
            while place > 0 and _is_before(
                collected, assay, available, version, is_refused, value, row, order[place - 1]
            ):
                order[place] = order[place - 1]
                place -= 1
            order[place] = row
        chosen = order[: stop - first]
        _reorder(collected, chosen, first)
        _reorder(available, chosen, first)
        _reorder(value, chosen, first)
        _reorder(assay, chosen, first)
        _reorder(version, chosen, first)
        _reorder(is_refused, chosen, first)
        _reorder(position, chosen, first)


@_inlined
def _is_rising(times: NDArray[np.float64]) -> bool:
    i = 1
    while i < times.size and times[i] > times[i - 1]:
        i += 1
    return i >= times.size


@_inlined
def _order_by_time(times: NDArray[np.float64], first: int, order: NDArray[np.int64]) -> None:
    if times.size > _SHORT:
        order[: times.size] = np.argsort(times, kind="mergesort") + first
    else:
        for i in range(times.size):
            order[i] = first + i


@_inlined
def _is_before(
    collected: NDArray[np.float64],
    assay: NDArray[np.int32],
    available: NDArray[np.float64],
    version: NDArray[np.float64],
    is_refused: NDArray[np.bool_],
    value: NDArray[np.float64],
    row: int,
    other: int,
) -> bool:
    is_before = value[row] < value[other]
    if collected[row] != collected[other]:
        is_before = collected[row] < collected[other]
    elif assay.size and assay[row] != assay[other]:
        is_before = assay[row] < assay[other]
    elif available[row] != available[other]:
        is_before = available[row] < available[other]
    elif version.size and version[row] != version[other]:
        is_before = version[row] < version[other]
    elif is_refused.size and is_refused[row] != is_refused[other]:
        is_before = is_refused[other]
    return bool(is_before)


@_inlined
def _reorder(numbers: NDArray[Any], order: NDArray[np.int64], first: int) -> None:
    if numbers.size:
        numbers[first : first + order.size] = numbers[order]

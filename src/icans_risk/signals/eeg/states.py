"""What is wrong with each epoch of each electrode before any filter sees it."""

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

__all__ = ["State", "count_padding", "inspect"]

Floats = NDArray[np.float64]
States = NDArray[np.uint8]


class State(IntEnum):
    """Why an epoch of an electrode is not used; the first reason stands."""

    GOOD = 0
    PADDED = 1
    FLAT = 2
    CLIPPED = 3
    LOUD = 4
    MUSCLE = 5
    HUM = 6


# A window in which nothing moves, in seconds: half of the shortest flat stretch to be found.
_WINDOW_S = 0.5
# Samples at the end of the range that no EEG reaches by itself, in seconds.
_RAIL_S = 0.02
# A plateau at an epoch's own extreme, in seconds, and how large the epoch has to be: quiet
# EEG in coarse steps returns to its extremes too.
_PLATEAU_S = 0.04
_PLATEAU_UV = 100.0


def inspect(values: Floats, rails: Floats, rate: float) -> tuple[States, NDArray[np.bool_]]:
    """Find stretches in which electrodes are dead or at the end of their range.

    Parameters
    ----------
    values : ndarray of shape (channels, epochs, samples)
        In microvolts, as recorded.
    rails : ndarray of shape (channels, 2)
        Ends of each channel's range.
    rate : float
        Samples per second.

    Returns
    -------
    states : ndarray of shape (channels, epochs)
        Codes of ``State``.
    padding : ndarray of shape (epochs, windows)
        Half-second windows in which all channels stand still at once.
    """
    width = max(2, round(_WINDOW_S * rate))
    windows = values.shape[-1] // width
    cut = values[..., : windows * width].reshape(*values.shape[:-1], windows, width)
    lowest, highest = cut.min(axis=-1), cut.max(axis=-1)
    still = lowest == highest
    padding = still.all(axis=0)
    states = np.zeros(values.shape[:2], dtype=np.uint8)
    states[_clipped(values, rails, rate)] = State.CLIPPED
    states[still.any(axis=-1)] = State.FLAT
    states[:, padding.any(axis=-1)] = State.PADDED
    return states, padding


def count_padding(padding: NDArray[np.bool_]) -> tuple[float, float]:
    """Return the seconds of padding in all, and of that at the very end."""
    flat = padding.ravel()
    moving = np.flatnonzero(~flat)
    trailing = flat.size - (int(moving[-1]) + 1 if moving.size else 0)
    return float(flat.sum()) * _WINDOW_S, trailing * _WINDOW_S


def _clipped(values: Floats, rails: Floats, rate: float) -> NDArray[np.bool_]:
    lowest, highest = values.min(axis=-1), values.max(axis=-1)
    least = max(3, round(_RAIL_S * rate))
    # A file may scale each channel to its own extremes, which are then reached once.
    span = rails[:, 1] - rails[:, 0]
    tolerance = np.where(np.isfinite(span), 1e-6 * span, 0.0)
    at_rail = (lowest <= (rails[:, 0] + tolerance)[:, None]) | (
        highest >= (rails[:, 1] - tolerance)[:, None]
    )
    large = highest - lowest > _PLATEAU_UV
    found = np.zeros(values.shape[:2], dtype=np.bool_)
    for channel, epoch in zip(*np.nonzero(at_rail | large), strict=True):
        signal = values[channel, epoch]
        ends = lowest[channel, epoch], highest[channel, epoch]
        needed = least if at_rail[channel, epoch] else max(3, round(_PLATEAU_S * rate))
        found[channel, epoch] = any(_longest_run(signal == end) >= needed for end in ends)
    return found


def _longest_run(is_true: NDArray[np.bool_]) -> int:
    places = np.flatnonzero(is_true)
    if places.size < 2:
        return int(places.size)
    breaks = np.flatnonzero(np.diff(places) > 1)
    edges = np.concatenate([[-1], breaks, [places.size - 1]])
    return int(np.diff(edges).max())

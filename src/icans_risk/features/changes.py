"""Compare what was measured in two windows."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

__all__ = ["CHANGE_KINDS", "difference", "log2_ratio", "ratio", "slope_per_day"]

Floats = NDArray[np.float64]
_HOURS_PER_DAY = 24.0


def difference(before: Floats, after: Floats, _hours: Floats) -> Floats:
    """Subtract the earlier value from the later one.

    Parameters
    ----------
    before, after : ndarray of shape (n,)
        One value per window, NaN where missing.
    _hours : ndarray of shape (n,)
        Not needed.

    Returns
    -------
    ndarray of shape (n,)
        NaN where either value is missing.
    """
    return after - before


def ratio(before: Floats, after: Floats, _hours: Floats) -> Floats:
    """Divide the later value by the earlier one.

    A zero or negative earlier value has no ratio: below a zero it would be infinite, and
    below a negative one a rise would look like a fall.

    Parameters
    ----------
    before, after, _hours : ndarray of shape (n,)
        As for ``difference``.

    Returns
    -------
    ndarray of shape (n,)
        NaN where either value is missing or the earlier one is not positive.
    """
    quotient: Floats = np.divide(after, before, out=np.full(before.shape, np.nan), where=before > 0)
    return quotient


def log2_ratio(before: Floats, after: Floats, _hours: Floats) -> Floats:
    """Count the doublings from the earlier value to the later one.

    Parameters
    ----------
    before, after, _hours : ndarray of shape (n,)
        As for ``difference``.

    Returns
    -------
    ndarray of shape (n,)
        NaN where either value is missing or not positive.
    """
    return _log2(after) - _log2(before)


def slope_per_day(before: Floats, after: Floats, hours: Floats) -> Floats:
    """Divide the difference of the values by the time between the windows' last values.

    Parameters
    ----------
    before, after : ndarray of shape (n,)
        As for ``difference``.
    hours : ndarray of shape (n,)
        From the collection of the last value of the earlier window to that of the later.

    Returns
    -------
    ndarray of shape (n,)
        NaN where either value is missing, or both windows end with the same moment.
    """
    days = hours / _HOURS_PER_DAY
    blank = np.full(days.shape, np.nan)
    slope: Floats = np.divide(after - before, days, out=blank, where=days != 0)
    return slope


CHANGE_KINDS: Mapping[str, Callable[[Floats, Floats, Floats], Floats]] = MappingProxyType(
    {
        "difference": difference,
        "ratio": ratio,
        "log2_ratio": log2_ratio,
        "slope_per_day": slope_per_day,
    }
)


def _log2(values: Floats) -> Floats:
    logarithm: Floats = np.log2(values, out=np.full(values.shape, np.nan), where=values > 0)
    return logarithm

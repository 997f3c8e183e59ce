"""Between which values a model has seen each column, and what is possible at all."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from icans_risk.models.value_distance import varying_columns

__all__ = ["InputRanges", "Limits"]

Floats = NDArray[np.float64]
# Position of a column to its least and greatest possible value; None for no limit.
Limits = Mapping[int, tuple[float | None, float | None]]


@dataclass(frozen=True, eq=False)
class InputRanges:
    """The widened training range of each column, cut to its hard limits.

    Attributes
    ----------
    low, high : ndarray of shape (n_columns,)
        Values that are still in range, as single-precision numbers; infinite where a
        column has too few values for a range, and no limit.
    """

    low: Floats
    high: Floats

    @classmethod
    def fit(cls, values: Floats, *, margin: float, limits: Limits) -> Self:
        """Learn from training rows.

        Parameters
        ----------
        values : ndarray of shape (n_rows, n_columns)
            Missing is NaN.
        margin : float
            Share of the training range that is added at each end; of the range of the
            logarithms, where all values are positive.
        limits : mapping of int to (low, high)
            Hard limits by column.
        """
        low = np.full(values.shape[1], -np.inf)
        high = np.full(values.shape[1], np.inf)
        for k in varying_columns(values):
            low[k], high[k] = _widened(np.nanmin(values[:, k]), np.nanmax(values[:, k]), margin)
        for k, (least, greatest) in limits.items():
            low[k] = low[k] if least is None else max(low[k], least)
            high[k] = high[k] if greatest is None else min(high[k], greatest)
        # Rows are in single precision: a limit of 0.3 must not lie below its own value.
        with np.errstate(over="ignore"):
            return cls(*(end.astype(np.float32).astype(np.float64) for end in (low, high)))

    def is_outside(self, values: Floats) -> NDArray[np.bool_]:
        """Return which rows have a value outside, shape (n_rows,); a missing one is not."""
        return np.asarray(((values < self.low) | (values > self.high)).any(axis=1))

    def to_state(self) -> dict[str, Any]:
        """Return plain JSON values; None where there is no end."""
        return {
            name: [value if np.isfinite(value) else None for value in ends.tolist()]
            for name, ends in vars(self).items()
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Make what ``to_state`` wrote."""
        low = [-np.inf if value is None else value for value in state["low"]]
        high = [np.inf if value is None else value for value in state["high"]]
        return cls(np.array(low), np.array(high))


def _widened(low: float, high: float, margin: float) -> tuple[float, float]:
    if low > 0:
        factor = (high / low) ** margin
        return low / factor, high * factor
    return low - margin * (high - low), high + margin * (high - low)

"""Columns on one scale, whatever their unit and skew: normal scores."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

__all__ = ["NormalScores"]

Floats = NDArray[np.float64]

_KNOTS = 33
# No single cell may decide alone how strange a row is.
_FURTHEST = 8.0
# A value of zero or below, where all were positive, counts as so small a share of the least.
_FLOOR = 0.01


@dataclass(frozen=True, eq=False)
class NormalScores:
    """One column's values as normal scores, on a straight line beyond the training range.

    Inside the range the ranks decide, so that a long tail is nothing strange; beyond it the
    distance in standard deviations (of the logarithm, for a positive column) is added, so
    that a value ten times too large is.

    Attributes
    ----------
    floor : float or None
        Least value to take a logarithm of; None where no logarithm is taken.
    knots : ndarray of shape (n_knots,)
        Quantiles of the training values, ascending.
    scores : ndarray of shape (n_knots,)
        Their normal scores.
    spread : float
        Standard deviation of the training values.
    """

    floor: float | None
    knots: Floats
    scores: Floats
    spread: float

    @classmethod
    def fit(cls, values: Floats) -> Self:
        """Learn a column from its known values, at least three different ones."""
        floor = _FLOOR * float(values.min()) if values.min() > 0 else None
        scaled = _logarithm(values, floor)
        half = 0.5 / len(scaled)
        shares = np.concatenate([[half], np.linspace(0, 1, _KNOTS)[1:-1], [1.0 - half]])
        quantiles = np.quantile(scaled, shares, method="hazen")
        # Values that many patients share have the mean of their scores.
        knots, place = np.unique(quantiles, return_inverse=True)
        scores = np.bincount(place, weights=ndtri(shares)) / np.bincount(place)
        return cls(floor, knots, scores, float(scaled.std()))

    def apply(self, values: Floats) -> Floats:
        """Return scores between -8 and 8; missing stays missing."""
        scaled = _logarithm(values, self.floor)
        below = np.minimum(scaled - self.knots[0], 0.0)
        above = np.maximum(scaled - self.knots[-1], 0.0)
        inside = np.interp(scaled, self.knots, self.scores)
        scores: Floats = inside + (below + above) / self.spread
        return np.clip(scores, -_FURTHEST, _FURTHEST)

    def to_state(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {**vars(self), "knots": self.knots.tolist(), "scores": self.scores.tolist()}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Make what ``to_state`` wrote."""
        knots, scores = np.array(state["knots"]), np.array(state["scores"])
        return cls(**{**state, "knots": knots, "scores": scores})


def _logarithm(values: Floats, floor: float | None) -> Floats:
    """Take the logarithm of values not below a floor, or nothing where there is no floor."""
    return values if floor is None else np.log(np.maximum(values, floor))

"""How far the pattern of a row's missing cells lies from those of the training rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["PatternDistance"]

Floats = NDArray[np.float64]

# Less than half of a modality is a test more or less, not another way to look after people.
_LEAST_SHARE = 0.5


@dataclass(frozen=True, eq=False)
class PatternDistance:
    """Distance to the nearest pattern of missing cells among training rows.

    Two patterns are as far apart as the modality in which they differ most: of its columns
    that are known in either, the share that is known in one alone (Jaccard's distance). So
    a test that is optional in training patients is nothing strange, nor is it to lack one
    test of a panel; to lack a panel that all of them had is.

    Attributes
    ----------
    modalities : tuple of tuple of int
        Positions of the columns of each modality.
    patterns : ndarray of shape (n_patterns, n_columns)
        Distinct training patterns, True for missing; not how many patients had them.
    """

    modalities: tuple[tuple[int, ...], ...]
    patterns: NDArray[np.bool_]

    @classmethod
    def fit(cls, values: Floats, modalities: Sequence[Sequence[int]]) -> Self:
        """Collect the patterns of training rows."""
        columns = tuple(tuple(positions) for positions in modalities)
        is_measured = np.zeros(values.shape[1], dtype=bool)
        is_measured[[k for positions in columns for k in positions]] = True
        return cls(columns, np.unique(np.isnan(values) & is_measured, axis=0))

    def distance(self, values: Floats) -> Floats:
        """Return the distance of each row, 0 or from 0.5 to 1, shape (n_rows,)."""
        known = ~np.isnan(values)
        furthest = np.zeros((len(values), len(self.patterns)))
        for positions in self.modalities:
            own = known[:, positions].astype(np.float64)
            other = (~self.patterns[:, positions]).astype(np.float64)
            in_both = own @ other.T
            in_either = own.sum(axis=1)[:, None] + other.sum(axis=1) - in_both
            differing = (in_either - in_both) / np.maximum(in_either, 1.0)
            np.maximum(furthest, differing, out=furthest)
        nearest: Floats = furthest.min(axis=1)
        return np.where(nearest >= _LEAST_SHARE, nearest, 0.0)

    def to_state(self) -> dict[str, Any]:
        """Return plain JSON values; a pattern lists the positions of its missing cells."""
        return {
            "modalities": [list(positions) for positions in self.modalities],
            "n_columns": self.patterns.shape[1],
            "missing": [np.flatnonzero(pattern).tolist() for pattern in self.patterns],
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Make what ``to_state`` wrote."""
        patterns = np.zeros((len(state["missing"]), state["n_columns"]), dtype=bool)
        for pattern, missing in zip(patterns, state["missing"], strict=True):
            pattern[missing] = True
        return cls(tuple(tuple(positions) for positions in state["modalities"]), patterns)

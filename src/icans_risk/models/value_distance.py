"""How far a row's values, taken together, lie from those of the training rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.covariance import LedoitWolf

from icans_risk.models.normal_scores import NormalScores

__all__ = ["ValueDistance", "varying_columns"]

Floats = NDArray[np.float64]

# Fewer known values than this tell nothing of a column's distribution.
_LEAST_KNOWN = 20
# The matrix is square in them: 500 columns are 5 MB of JSON.
_MOST_COLUMNS = 500


@dataclass(frozen=True, eq=False)
class ValueDistance:
    """Mahalanobis distance of normal scores, with a shrunk covariance.

    A missing cell lies at the median, so that missing values never add to the distance. The
    covariance is of scores that are divided by the root of the share of known cells: without
    it, whoever had a test that few have would seem strange for having had it. Against a
    factor model, neighbours on ranks or on scores, and the greatest single score, it found
    most of the gross shifts at 200 patients.

    Attributes
    ----------
    columns : tuple of int
        Positions of the columns that are looked at.
    scales : tuple of NormalScores
        One for each of them.
    precision : ndarray of shape (n_columns, n_columns)
        Inverse of the shrunk covariance of the scores.

    References
    ----------
    .. [1] Ledoit O, Wolf M. "A well-conditioned estimator for large-dimensional covariance
       matrices." J Multivar Anal 2004;88(2):365-411. doi:10.1016/S0047-259X(03)00096-4
    """

    columns: tuple[int, ...]
    scales: tuple[NormalScores, ...]
    precision: Floats

    @classmethod
    def fit(cls, values: Floats, preferred: Sequence[int]) -> Self:
        """Learn from training rows.

        Parameters
        ----------
        values : ndarray of shape (n_rows, n_columns)
            Missing is NaN.
        preferred : sequence of int
            Columns in the order in which they are taken, if there are more than 500.
        """
        varying = set(varying_columns(values))
        columns = tuple(sorted([k for k in preferred if k in varying][:_MOST_COLUMNS]))
        scales = tuple(NormalScores.fit(_known(values[:, k])) for k in columns)
        if not columns:
            return cls((), (), np.empty((0, 0)))
        share_known = (~np.isnan(values[:, columns])).mean(axis=0)
        scores = _scores(values, columns, scales) / np.sqrt(share_known)
        # Normal scores have a mean of zero by construction.
        return cls(columns, scales, LedoitWolf(assume_centered=True).fit(scores).precision_)

    def distance(self, values: Floats) -> Floats:
        """Return the squared distance of each row, shape (n_rows,)."""
        scores = _scores(values, self.columns, self.scales)
        squared: Floats = np.einsum("ij,ij->i", scores @ self.precision, scores)
        return squared

    def to_state(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "columns": list(self.columns),
            "scales": [scale.to_state() for scale in self.scales],
            "precision": self.precision.tolist(),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Make what ``to_state`` wrote."""
        scales = tuple(NormalScores.from_state(scale) for scale in state["scales"])
        precision = np.array(state["precision"], dtype=np.float64)
        return cls(tuple(state["columns"]), scales, precision.reshape(2 * (len(scales),)))


def varying_columns(values: Floats) -> list[int]:
    """List the columns with at least 20 known values, three of them different."""
    return [
        k
        for k, known in enumerate(map(_known, values.T))
        if len(known) >= _LEAST_KNOWN and len(np.unique(known)) > 2
    ]


def _known(column: Floats) -> Floats:
    return column[~np.isnan(column)]


def _scores(values: Floats, columns: Sequence[int], scales: Sequence[NormalScores]) -> Floats:
    scores = np.zeros((len(values), len(columns)))
    for place, (k, scale) in enumerate(zip(columns, scales, strict=True)):
        scores[:, place] = scale.apply(values[:, k])
    return np.nan_to_num(scores, copy=False, nan=0.0)

"""How strange a new row is among training patients: conformal p-values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["TailShare", "held_out_folds", "weight_of_rows"]

Floats = NDArray[np.float64]
Positions = NDArray[np.intp]

_FOLDS = 10
_SEED = 0


@dataclass(frozen=True, eq=False)
class TailShare:
    """Which share of the training patients is at least as strange, by their scores.

    Attributes
    ----------
    scores : ndarray of shape (n_scores,)
        Distinct scores of training rows that were held out, ascending.
    at_least : ndarray of shape (n_scores,)
        Patients with at least this score.
    patients : int
        Training patients.
    """

    scores: Floats
    at_least: Floats
    patients: int

    @classmethod
    def of(cls, scores: Floats, weight: Floats) -> Self:
        """Collect held-out scores; a patient's rows weigh one together."""
        distinct, place = np.unique(scores, return_inverse=True)
        of_score = np.bincount(place, weights=weight).astype(np.float64)
        at_least: Floats = np.cumsum(of_score[::-1])[::-1]
        return cls(distinct, at_least, round(float(weight.sum())))

    def p_value(self, scores: Floats) -> Floats:
        """Return the share of patients at least as strange, the new one counted with them."""
        return (1.0 + self._at_least(scores)) / (self.patients + 1.0)

    def own_share(self, scores: Floats) -> Floats:
        """Return the share of training patients at least as strange as one of them.

        Never less than one patient, who may be one row of several.
        """
        return np.maximum(self._at_least(scores), 1.0) / self.patients

    def _at_least(self, scores: Floats) -> Floats:
        return np.append(self.at_least, 0.0)[np.searchsorted(self.scores, scores, "left")]

    def to_state(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "scores": self.scores.tolist(),
            "at_least": self.at_least.tolist(),
            "patients": self.patients,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Make what ``to_state`` wrote."""
        return cls(np.array(state["scores"]), np.array(state["at_least"]), state["patients"])


def weight_of_rows(patient: Positions) -> Floats:
    """Give each row one over the rows of its patient, shape (n_rows,)."""
    weight: Floats = 1.0 / np.bincount(patient)[patient]
    return weight


def held_out_folds(patient: Positions) -> list[tuple[Positions, Positions]]:
    """Partition rows by patient: positions to fit on and positions held out, ten times.

    Parameters
    ----------
    patient : ndarray of shape (n_rows,)
        Number of the patient of each row, from 0 and without a gap.
    """
    n_patients = int(patient.max()) + 1
    fold = np.random.default_rng(_SEED).permutation(n_patients)[patient] % _FOLDS
    return [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(_FOLDS)]

"""Is this a patient of the kind that the model was fitted on: one p-value for each row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from icans_risk.models.conformal import TailShare, held_out_folds, weight_of_rows
from icans_risk.models.missing_patterns import PatternDistance
from icans_risk.models.value_distance import ValueDistance

__all__ = ["Novelty"]

Floats = NDArray[np.float64]
Positions = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Novelty:
    """Two distances to the training patients, and one p-value for both.

    Each distance is ranked among the distances of training patients that were held out of
    ten folds [1]_, and the smaller of the two p-values again among those of the training
    patients: looking twice costs no false alarm. A new row is measured from all training
    patients, not from those of each fold, so that the error rate is measured, not proven:
    on synthetic patients of the same kind, 2.6 % had a p-value of at most 3 %.

    Attributes
    ----------
    values, pattern : ValueDistance, PatternDistance
        Measured from all training rows.
    value_tail, pattern_tail : TailShare
        Of the held-out distances.
    joint_tail : TailShare
        Of the smaller p-value, with its sign turned.

    References
    ----------
    .. [1] Vovk V. "Cross-conformal predictors." Ann Math Artif Intell 2015;74:9-28.
       doi:10.1007/s10472-013-9368-4
    """

    values: ValueDistance
    pattern: PatternDistance
    value_tail: TailShare
    pattern_tail: TailShare
    joint_tail: TailShare

    @classmethod
    def fit(
        cls,
        values: Floats,
        patient: Positions,
        *,
        preferred: Sequence[int],
        modalities: Sequence[Sequence[int]],
    ) -> Self:
        """Learn from training rows in an order of their own.

        Parameters
        ----------
        values : ndarray of shape (n_rows, n_columns)
            Missing is NaN.
        patient : ndarray of shape (n_rows,)
            Number of each row's patient, from 0.
        preferred : sequence of int
            Columns whose values are looked at, the most wanted first.
        modalities : sequence of sequence of int
            Columns of each modality, whose missing cells are looked at.
        """
        by_value, by_pattern = np.empty(len(values)), np.empty(len(values))
        for train, test in held_out_folds(patient):
            by_value[test] = ValueDistance.fit(values[train], preferred).distance(values[test])
            seen = PatternDistance.fit(values[train], modalities)
            by_pattern[test] = seen.distance(values[test])
        weight = weight_of_rows(patient)
        value_tail = TailShare.of(by_value, weight)
        pattern_tail = TailShare.of(by_pattern, weight)
        smaller = np.minimum(value_tail.own_share(by_value), pattern_tail.own_share(by_pattern))
        return cls(
            ValueDistance.fit(values, preferred),
            PatternDistance.fit(values, modalities),
            value_tail,
            pattern_tail,
            TailShare.of(-smaller, weight),
        )

    def p_value(self, values: Floats) -> Floats:
        """Return how likely a training patient is at least as strange, shape (n_rows,)."""
        by_value = self.value_tail.p_value(self.values.distance(values))
        by_pattern = self.pattern_tail.p_value(self.pattern.distance(values))
        return self.joint_tail.p_value(-np.minimum(by_value, by_pattern))

    def to_state(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {name: part.to_state() for name, part in vars(self).items()}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Make what ``to_state`` wrote."""
        return cls(
            ValueDistance.from_state(state["values"]),
            PatternDistance.from_state(state["pattern"]),
            TailShare.from_state(state["value_tail"]),
            TailShare.from_state(state["pattern_tail"]),
            TailShare.from_state(state["joint_tail"]),
        )

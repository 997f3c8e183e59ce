"""Training with modalities left out, so that a model does not lean on one of them."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone

from icans_risk.errors import IcansRiskError
from icans_risk.models.inputs import check_training_rows
from icans_risk.models.modalities import ALWAYS_KNOWN, modalities_of
from icans_risk.models.patient_rows import PatientRows, put_in_order, with_names
from icans_risk.models.wrapped import WrappedModel

__all__ = ["ModalityDropout"]


class ModalityDropout(WrappedModel):
    """Fit a model to the rows and to copies of them that lack whole modalities.

    Copies belong to their patient and share the row's weight with it. Which modalities a copy
    lacks is drawn without looking at the outcome, so that being absent says less than it did.

    Parameters
    ----------
    base : estimator
        A risk model, unfitted.
    rate : float
        Chance of a modality to be left out of a copy; ``static`` never is.
    copies : int
        Copies of each row.
    modality_of : mapping of str to str, optional
        As for ``LateFusion``.
    seed : int
        Seed of what is left out.

    Attributes
    ----------
    base_ : estimator
        The fitted model.
    """

    def __init__(
        self,
        base: Any,
        *,
        rate: float = 0.3,
        copies: int = 2,
        modality_of: Mapping[str, str] | None = None,
        seed: int = 0,
    ) -> None:
        self.base = base
        self.rate = rate
        self.copies = copies
        self.modality_of = modality_of
        self.seed = seed

    def fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Fit the model.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            Numbers; missing is NaN and zero is zero.
        y : array-like of shape (n_rows,)
            Two classes; the greater one is the event.
        sample_weight : array-like of shape (n_rows,), optional
            Weight of each row.
        groups : array-like of shape (n_rows,), optional
            The patient of each row; by default each row is one.

        Returns
        -------
        ModalityDropout
            Itself.
        """
        if not (0 <= self.rate < 1 and self.copies >= 1):
            raise IcansRiskError(
                f"expected a rate from 0 to below 1 and at least 1 copy, got {self.rate} and "
                f"{self.copies}."
            )
        values, event, weight = check_training_rows(self, X, y, sample_weight=sample_weight)
        rows, _ = put_in_order(values, event, weight, groups=groups, names=self._names())
        every = rows.take(np.tile(np.arange(len(rows.y)), 1 + self.copies))
        blanked = self._blank(every, n_whole=len(rows.y))
        share = every.weight / (1 + self.copies)
        self.base_ = clone(self.base)
        self.base_.fit(blanked, every.y, sample_weight=share, groups=every.patient)
        return self

    def _blank(self, rows: PatientRows, *, n_whole: int) -> Any:
        generator = np.random.default_rng(self.seed)
        values: NDArray[np.float32] = np.array(rows.X)
        for modality, columns in modalities_of(rows.X, self.modality_of).items():
            lacks = generator.random(len(values)) < self.rate
            lacks[:n_whole] = False
            if modality != ALWAYS_KNOWN:
                values[np.ix_(lacks, np.array(columns))] = np.nan
        return with_names(values, self._names())

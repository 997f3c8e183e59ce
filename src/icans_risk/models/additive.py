"""What models share whose log odds are a base and one term for each column."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from icans_risk.models.inputs import check_new_rows, check_training_rows, two_columns
from icans_risk.models.patient_rows import PatientRows, put_in_order
from icans_risk.models.states import restore_inputs, state_of_inputs

__all__ = ["AdditiveModel"]

Floats = NDArray[np.float64]


class AdditiveModel(ClassifierMixin, BaseEstimator, ABC):
    """Add one term for each column to a base, on the scale of log odds.

    The terms are the contributions, so that they explain the risk exactly, and the numbers
    behind them are the whole model, so that a stored one needs no other package.

    Attributes
    ----------
    base_ : float
        Log odds to which each column adds its term.
    """

    base_: float

    def __sklearn_tags__(self) -> Any:
        """Declare that missing values are welcome and that there are two classes."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.classifier_tags.multi_class = False
        return tags

    @abstractmethod
    def _terms(self, columns: Floats) -> Floats:
        """Return what each column adds, shape (n_rows, n_columns)."""

    @abstractmethod
    def _numbers(self) -> dict[str, Any]:
        """Return what ``_terms`` reads, as JSON values."""

    @abstractmethod
    def _restore(self, numbers: Mapping[str, Any]) -> None:
        """Take back what ``_numbers`` returned."""

    def contributions(self, X: Any) -> Floats:
        """Return what each column adds to the log odds, with the base in the last column.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            Rows to explain.

        Returns
        -------
        ndarray of shape (n_rows, n_columns + 1)
            Rows add up to ``margin(X)``.
        """
        check_is_fitted(self)
        columns = check_new_rows(self, X).astype(np.float64)
        return np.column_stack([self._terms(columns), np.full(len(columns), self.base_)])

    def margin(self, X: Any) -> Floats:
        """Return the log odds of the event, shape (n_rows,)."""
        log_odds: Floats = self.contributions(X).sum(axis=1)
        return log_odds

    def predict_proba(self, X: Any) -> Floats:
        """Return the probabilities of no event and of the event, shape (n_rows, 2)."""
        return two_columns(expit(self.margin(X)))

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the likelier class of each row; a risk says more."""
        is_likely = self.margin(X) > 0.0
        classes: NDArray[Any] = self.classes_[is_likely.astype(int)]
        return classes

    def to_state(self) -> dict[str, Any]:
        """Return the fitted model as plain JSON values, from which it predicts the same."""
        return {**state_of_inputs(self), "base": float(self.base_), **self._numbers()}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Make the fitted model that ``to_state`` described.

        Parameters
        ----------
        state : mapping
            As ``to_state`` returned it, or as JSON brought it back.

        Returns
        -------
        AdditiveModel
            Of this class; its predictions are those of the original, bit for bit.
        """
        model = restore_inputs(cls, state)
        model.base_ = state["base"]
        model._restore(state)
        return model

    def _training_rows(
        self, X: Any, y: ArrayLike, *, sample_weight: ArrayLike | None, groups: ArrayLike | None
    ) -> PatientRows:
        columns, event, weight = check_training_rows(self, X, y, sample_weight=sample_weight)
        rows, _ = put_in_order(columns, event, weight, groups=groups, names=None)
        # A row without weight says nothing, not even about medians and scales.
        rows = rows.take(np.flatnonzero(rows.weight > 0))
        patient = rows.patient if groups is not None else np.arange(len(rows.y))
        return replace(rows, X=rows.X.astype(np.float64), patient=patient)

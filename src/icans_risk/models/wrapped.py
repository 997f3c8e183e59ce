"""What models share that train another model in their own way, and then leave it the word."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils.validation import check_is_fitted

from icans_risk.models.inputs import check_new_rows, two_columns
from icans_risk.models.patient_rows import with_names
from icans_risk.models.states import pack, restore_inputs, state_of_inputs, unpack

__all__ = ["WrappedModel"]


class WrappedModel(MetaEstimatorMixin, ClassifierMixin, BaseEstimator, ABC):
    """Answer as the fitted model inside does.

    Attributes
    ----------
    base : estimator
        A risk model, unfitted.
    base_ : estimator
        A fitted copy.
    """

    base: Any
    base_: Any

    def __sklearn_tags__(self) -> Any:
        """Declare that missing values are welcome and that there are two classes."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.classifier_tags.multi_class = False
        return tags

    @abstractmethod
    def fit(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Fit the model inside, and keep it as ``base_``."""

    def margin(self, X: Any) -> NDArray[np.float64]:
        """Return the log odds of the event, shape (n_rows,)."""
        rows = self._new_rows(X)
        margin: NDArray[np.float64] = self.base_.margin(rows)
        return margin

    def contributions(self, X: Any) -> NDArray[np.float64]:
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
        rows = self._new_rows(X)
        parts: NDArray[np.float64] = self.base_.contributions(rows)
        return parts

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probabilities of no event and of the event, shape (n_rows, 2)."""
        return two_columns(expit(self.margin(X)))

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the likelier class of each row; a risk says more."""
        is_likelier = self.predict_proba(X)[:, 1] > 0.5
        classes: NDArray[Any] = self.classes_[is_likelier.astype(int)]
        return classes

    def to_state(self) -> dict[str, Any]:
        """Return the fitted model as plain JSON values."""
        return {**self._state_without_base(), "base": pack(self.base_)}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Make the model that ``to_state`` wrote."""
        base = unpack(state["base"])
        model = cls._with_base(state, base)
        model.base_ = base
        return model

    def _names(self) -> NDArray[Any] | None:
        return getattr(self, "feature_names_in_", None)

    def _new_rows(self, X: Any) -> Any:
        check_is_fitted(self)
        return with_names(check_new_rows(self, X), self._names())

    def _state_without_base(self) -> dict[str, Any]:
        state = state_of_inputs(self)
        del state["settings"]["base"]
        return state

    @classmethod
    def _with_base(cls, state: Mapping[str, Any], base: Any) -> Self:
        settings = {**state["settings"], "base": clone(base)}
        return restore_inputs(cls, {**state, "settings": settings})

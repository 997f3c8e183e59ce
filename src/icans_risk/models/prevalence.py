"""The model that knows nothing but how common the event is."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from icans_risk.models.inputs import check_new_rows, check_training_rows, two_columns
from icans_risk.models.states import restore_inputs, state_of_inputs

__all__ = ["Prevalence"]


class Prevalence(ClassifierMixin, BaseEstimator):
    """Predict the weighted share of events for everyone, whatever the columns.

    Attributes
    ----------
    prevalence_ : float
        Share of events among the rows it was fitted on.
    """

    def __sklearn_tags__(self) -> Any:
        """Declare that missing values are welcome, and that it learns from no column."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.classifier_tags.multi_class = False
        tags.classifier_tags.poor_score = True
        return tags

    def fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Take the prevalence; ``X`` may have no columns at all, ``groups`` change nothing."""
        del groups
        _, event, weight = check_training_rows(
            self, X, y, sample_weight=sample_weight, min_columns=0
        )
        # Sorted, because a sum of floats depends on their order.
        with_event, everyone = (np.sort(w).sum() for w in (weight[event == 1], weight))
        self.prevalence_ = float(with_event / everyone)
        return self

    def margin(self, X: Any) -> NDArray[np.float64]:
        """Return the log odds of the event, shape (n_rows,)."""
        return np.full(self._n_rows(X), logit(self.prevalence_))

    def contributions(self, X: Any) -> NDArray[np.float64]:
        """Return zero for each column and the log odds as the base, in the last column."""
        margin = self.margin(X)
        return np.column_stack([np.zeros((len(margin), self.n_features_in_)), margin])

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probabilities of no event and of the event, shape (n_rows, 2)."""
        return two_columns(np.full(self._n_rows(X), self.prevalence_))

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the commoner class for everyone."""
        commoner = int(self.predict_proba(X)[0, 1] > 0.5)
        classes: NDArray[Any] = self.classes_[np.full(self._n_rows(X), commoner)]
        return classes

    def to_state(self) -> dict[str, Any]:
        """Return the fitted model as plain JSON values."""
        return {**state_of_inputs(self), "prevalence": self.prevalence_}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Make the model that ``to_state`` wrote."""
        model = restore_inputs(cls, state)
        model.prevalence_ = float(state["prevalence"])
        return model

    def _n_rows(self, X: Any) -> int:
        check_is_fitted(self)
        return len(check_new_rows(self, X, min_columns=0))

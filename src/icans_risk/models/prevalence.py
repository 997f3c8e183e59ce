"""The model that knows nothing but how common the event is."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from icans_risk.models.inputs import two_columns

__all__ = ["Prevalence"]


class Prevalence(ClassifierMixin, BaseEstimator):
    """Predict the weighted share of events for everyone, whatever the columns.

    Attributes
    ----------
    prevalence_ : float
        Share of events among the rows it was fitted on.
    """

    def fit(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Take the prevalence; ``X`` may have no columns at all."""
        event = np.asarray(y, dtype=np.float64)
        self.classes_ = np.array([0, 1])
        self.n_features_in_ = np.shape(X)[1]
        weight = np.ones_like(event) if sample_weight is None else np.asarray(sample_weight)
        self.prevalence_ = float(np.average(event, weights=weight.astype(np.float64)))
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probabilities of no event and of the event, shape (n_rows, 2)."""
        check_is_fitted(self)
        return two_columns(np.full(len(X), self.prevalence_))

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the commoner class for everyone."""
        check_is_fitted(self)
        return np.full(len(X), int(self.prevalence_ > 0.5))

"""Penalised logistic regression: the plain model that a booster has to beat."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted

from icans_risk.models.inputs import check_new_rows, check_training_rows

__all__ = ["PenalisedLogistic"]


class PenalisedLogistic(ClassifierMixin, BaseEstimator):
    """Fit a logistic regression with ridge, lasso or a mix of both.

    Missing cells take the median of the rows that it is fitted on and columns are
    standardised, both inside ``fit``, so that nothing is learnt from a test row. Being
    missing is deliberately no column of its own: who was tested is nearly who was ill.

    Parameters
    ----------
    strength : float
        Strength of the penalty; 0 is none.
    l1_ratio : float
        0 is ridge, 1 is lasso, between them the elastic net.
    max_iter : int
        Most iterations of the solver.

    Attributes
    ----------
    pipeline_ : Pipeline
        Imputation, scaling and the regression.
    n_iter_ : int
        Iterations that the solver took.
    """

    def __init__(
        self, *, strength: float = 1.0, l1_ratio: float = 0.5, max_iter: int = 20_000
    ) -> None:
        self.strength = strength
        self.l1_ratio = l1_ratio
        self.max_iter = max_iter

    def __sklearn_tags__(self) -> Any:
        """Declare that missing values are welcome and that there are two classes."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.classifier_tags.multi_class = False
        return tags

    def fit(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Fit the regression; see ``BoostedTrees.fit`` for shapes and errors."""
        rows, event, weight = check_training_rows(self, X, y, sample_weight=sample_weight)
        self.pipeline_ = self._pipeline()
        self.pipeline_.fit(rows.astype(np.float64), event, logisticregression__sample_weight=weight)
        self.n_iter_ = int(self.pipeline_[-1].n_iter_[0])
        return self

    def _pipeline(self) -> Pipeline:
        regression = LogisticRegression(
            C=1.0 / self.strength if self.strength > 0 else np.inf,
            l1_ratio=self.l1_ratio,
            solver="saga" if self.l1_ratio > 0 else "lbfgs",
            max_iter=self.max_iter,
            random_state=0,
        )
        imputer = SimpleImputer(strategy="median", keep_empty_features=True)
        return make_pipeline(imputer, StandardScaler(), regression)

    def margin(self, X: Any) -> NDArray[np.float64]:
        """Return the log odds of the event, shape (n_rows,)."""
        check_is_fitted(self)
        rows = check_new_rows(self, X).astype(np.float64)
        log_odds: NDArray[np.float64] = self.pipeline_.decision_function(rows)
        return log_odds

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probabilities of no event and of the event, shape (n_rows, 2)."""
        check_is_fitted(self)
        rows = check_new_rows(self, X).astype(np.float64)
        probabilities: NDArray[np.float64] = self.pipeline_.predict_proba(rows)
        return probabilities

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the likelier class of each row; a risk says more."""
        check_is_fitted(self)
        classes: NDArray[Any] = self.classes_[(self.predict_proba(X)[:, 1] > 0.5).astype(int)]
        return classes

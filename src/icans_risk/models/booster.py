"""Gradient-boosted trees with exact contributions and a model file that is plain JSON."""

from typing import Any, Self

import numpy as np
import xgboost as xgb
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from icans_risk.models.inputs import check_new_rows, check_training_rows, two_columns

__all__ = ["BoostedTrees"]


class BoostedTrees(ClassifierMixin, BaseEstimator):
    """Boost shallow trees towards the log loss, with missing values as they are.

    The same rows give the same model in whatever order they come: they are put into a
    canonical order before training, which row sampling would otherwise make matter.

    Parameters
    ----------
    rounds : int
        Number of trees.
    max_depth : int
        Depth of a tree; 2 allows interactions of two columns.
    learning_rate : float
        Shrinkage of each tree.
    min_child_weight : float
        Least sum of Hessians in a leaf; at a prevalence of 0.14 one patient weighs 0.12.
    reg_lambda : float
        L2 penalty on the values of leaves.
    subsample : float
        Share of the rows that each tree sees.
    seed : int
        Seed of the row sampling.
    nthread : int
        Threads. One is the default because two are slower on cohorts of this size.

    Attributes
    ----------
    booster_ : xgboost.Booster
        The fitted trees.
    """

    def __init__(
        self,
        *,
        rounds: int = 60,
        max_depth: int = 2,
        learning_rate: float = 0.05,
        min_child_weight: float = 1.0,
        reg_lambda: float = 5.0,
        subsample: float = 0.8,
        seed: int = 0,
        nthread: int = 1,
    ) -> None:
        self.rounds = rounds
        self.max_depth = max_depth
        self.learning_rate = learning_rate
        self.min_child_weight = min_child_weight
        self.reg_lambda = reg_lambda
        self.subsample = subsample
        self.seed = seed
        self.nthread = nthread

    def __sklearn_tags__(self) -> Any:
        """Declare that missing values are welcome and that there are two classes."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.classifier_tags.multi_class = False
        return tags

    def fit(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Fit the trees.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            Numbers; missing is NaN and zero is zero.
        y : array-like of shape (n_rows,)
            Two classes; the greater one is the event.
        sample_weight : array-like of shape (n_rows,), optional
            Weight of each row.

        Returns
        -------
        BoostedTrees
            Itself.

        Raises
        ------
        NotEstimableError
            If the rows hold one class only.
        """
        rows, event, weight = check_training_rows(self, X, y, sample_weight=sample_weight)
        order = np.lexsort((weight, event, *rows.T[::-1]))
        rows, event, weight = rows[order], event[order], weight[order]
        data = xgb.QuantileDMatrix(
            rows, label=event, weight=weight, max_bin=64, nthread=self.nthread
        )
        parameters = {
            "objective": "binary:logistic",
            "tree_method": "hist",
            "max_bin": 64,
            # Boosting starts from the prevalence: the base of every explanation.
            "base_score": float(np.average(event, weights=weight)),
            "max_depth": self.max_depth,
            "learning_rate": self.learning_rate,
            "min_child_weight": self.min_child_weight,
            "reg_lambda": self.reg_lambda,
            "subsample": self.subsample,
            "seed": self.seed,
            "nthread": self.nthread,
        }
        self.booster_ = xgb.train(parameters, data, num_boost_round=self.rounds)
        if hasattr(self, "feature_names_in_"):
            self.booster_.feature_names = [str(name) for name in self.feature_names_in_]
        return self

    def margin(self, X: Any) -> NDArray[np.float64]:
        """Return the log odds of the event, shape (n_rows,)."""
        return self._predict(X, output_margin=True)

    def contributions(self, X: Any) -> NDArray[np.float64]:
        """Return what each column adds to the log odds, with the base in the last column.

        These are the exact path-dependent SHAP values of the trees [1]_.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            Rows to explain.

        Returns
        -------
        ndarray of shape (n_rows, n_columns + 1)
            Rows add up to ``margin(X)``.

        References
        ----------
        .. [1] Lundberg SM, et al. "From local explanations to global understanding with
           explainable AI for trees." Nat Mach Intell 2020;2:56-67.
           doi:10.1038/s42256-019-0138-9
        """
        return self._predict(X, pred_contribs=True)

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probabilities of no event and of the event, shape (n_rows, 2)."""
        return two_columns(self._predict(X))

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the likelier class of each row; a risk says more."""
        check_is_fitted(self)
        classes: NDArray[Any] = self.classes_[(self.predict_proba(X)[:, 1] > 0.5).astype(int)]
        return classes

    def _predict(self, X: Any, **what: bool) -> NDArray[np.float64]:
        check_is_fitted(self)
        rows = check_new_rows(self, X)
        data = xgb.DMatrix(rows, feature_names=self.booster_.feature_names, nthread=self.nthread)
        predicted: NDArray[np.float64] = self.booster_.predict(data, **what).astype(np.float64)
        return predicted

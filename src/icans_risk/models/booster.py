"""Gradient-boosted trees with exact contributions and a model file that is plain JSON."""

import json
from collections.abc import Mapping
from typing import Any, Literal, Self

import numpy as np
import xgboost as xgb
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from icans_risk.models.boosting import Boosting, TrainingRows
from icans_risk.models.inputs import check_new_rows, check_training_rows, two_columns
from icans_risk.models.states import restore_inputs, state_of_inputs
from icans_risk.models.trees import check_trees

__all__ = ["BoostedTrees"]


class BoostedTrees(ClassifierMixin, BaseEstimator):
    """Boost shallow trees towards the log loss, with missing values as they are.

    The same rows give the same model in whatever order they come: they are put into a
    canonical order before training, which row sampling would otherwise make matter. So are
    named columns where columns are sampled.

    Parameters
    ----------
    rounds : int
        Number of trees; with ``early_stopping_rounds`` the most there may be.
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
    colsample : float
        Share of the columns that each tree sees.
    max_bin : int
        Most bins of a column's values.
    monotone : mapping of str to int, optional
        1 for a column with which the risk may only rise, -1 where it may only fall.
    event_weight : float
        Weight of an event in training, on top of ``sample_weight``. Its logarithm is taken
        off the log odds again [1]_, so that risks stay those of the rows as they came.
    early_stopping_rounds : int, optional
        After so many trees without a better log loss on a fifth of the training patients no
        more are added; as many as were best are then boosted anew on all rows.
    seed : int
        Seed of the sampling, and of the patients that decide when to stop.
    nthread : int
        Threads. One is the default because two are slower on cohorts of this size.
    device : {"cpu", "cuda"}
        Where to train; predictions are made on the CPU. Equal bytes are promised for the
        CPU alone.

    Attributes
    ----------
    booster_ : xgboost.Booster
        The fitted trees.
    n_trees_ : int
        How many they are.
    column_order_ : ndarray of shape (n_columns,)
        Positions of the columns in the order of the trees.

    References
    ----------
    .. [1] King G, Zeng L. "Logistic regression in rare events data." Polit Anal
       2001;9(2):137-163. doi:10.1093/oxfordjournals.pan.a004868
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
        colsample: float = 1.0,
        max_bin: int = 64,
        monotone: Mapping[str, int] | None = None,
        event_weight: float = 1.0,
        early_stopping_rounds: int | None = None,
        seed: int = 0,
        nthread: int = 1,
        device: Literal["cpu", "cuda"] = "cpu",
    ) -> None:
        self.rounds = rounds
        self.max_depth = max_depth
        self.learning_rate = learning_rate
        self.min_child_weight = min_child_weight
        self.reg_lambda = reg_lambda
        self.subsample = subsample
        self.colsample = colsample
        self.max_bin = max_bin
        self.monotone = monotone
        self.event_weight = event_weight
        self.early_stopping_rounds = early_stopping_rounds
        self.seed = seed
        self.nthread = nthread
        self.device = device

    def __sklearn_tags__(self) -> Any:
        """Declare that missing values are welcome and that there are two classes."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.classifier_tags.multi_class = False
        return tags

    def fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Fit the trees.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            Numbers; missing is NaN and zero is zero.
        y : array-like of shape (n_rows,)
            Two classes; the greater one is the event.
        sample_weight : array-like of shape (n_rows,), optional
            Weight of each row.
        groups : array-like of shape (n_rows,), optional
            The patient of each row, who trains or decides when to stop, never both; by
            default each row is one.

        Returns
        -------
        BoostedTrees
            Itself.

        Raises
        ------
        NotEstimableError
            If the rows hold one class only, or too few patients of one to stop early.
        ValueError
            If a constraint is of no column, the weight of an event is not positive, or a
            number is infinite.
        """
        rows, event, weight = check_training_rows(self, X, y, sample_weight=sample_weight)
        check_consistent_length(rows, groups)
        self.column_order_ = self.canonical_columns()
        rows = rows[:, self.column_order_]
        order = np.lexsort((weight, event, *rows.T[::-1]))
        training = TrainingRows(rows[order], event[order], weight[order])
        if not self.event_weight > 0:
            raise ValueError(
                f"event_weight must be positive, got {self.event_weight}. Leave it at 1."
            )
        boosting = self.boosting()
        self.n_trees_ = self.rounds
        if self.early_stopping_rounds is not None:
            self.n_trees_ = boosting.best_number_of_trees(
                training,
                np.arange(len(event)) if groups is None else np.asarray(groups)[order],
                most=self.rounds,
                patience=self.early_stopping_rounds,
            )
        self.booster_ = boosting.train(training, n_trees=self.n_trees_)
        self._prepare_to_predict()
        return self

    def boosting(self) -> Boosting:
        """Return how its trees are trained; monotone constraints need the fitted columns."""
        return Boosting(self._parameters(), self.event_weight)

    def canonical_columns(self) -> NDArray[np.intp]:
        """Return the columns by name, so that their order in a frame changes no tree."""
        names = getattr(self, "feature_names_in_", None)
        if names is None:
            return np.arange(self.n_features_in_)
        return np.argsort(names.astype(str), kind="stable")

    def _names(self) -> list[str] | None:
        names = getattr(self, "feature_names_in_", None)
        return None if names is None else [str(name) for name in names[self.column_order_]]

    def _parameters(self) -> dict[str, Any]:
        parameters: dict[str, Any] = {
            "max_bin": self.max_bin,
            "max_depth": self.max_depth,
            "learning_rate": self.learning_rate,
            "min_child_weight": self.min_child_weight,
            "reg_lambda": self.reg_lambda,
            "subsample": self.subsample,
            "colsample_bytree": self.colsample,
            "seed": self.seed,
            "nthread": self.nthread,
            "device": self.device,
        }
        if self.monotone:
            parameters["monotone_constraints"] = self._directions(self.monotone)
        return parameters

    def _directions(self, monotone: Mapping[str, int]) -> tuple[int, ...]:
        names = self._names() or []
        unknown = sorted(set(monotone) - set(names))
        if unknown or not set(monotone.values()) <= {-1, 0, 1}:
            raise ValueError(
                f"monotone must give columns the direction 1, 0 or -1, got "
                f"{sorted(set(monotone.values()))} and {len(unknown)} names that are none of "
                f"{len(names)} named columns: {unknown[:3]}. Name columns that are fitted on."
            )
        return tuple(monotone.get(name, 0) for name in names)

    def _prepare_to_predict(self) -> None:
        self.booster_.set_param({"device": "cpu", "nthread": self.nthread})
        self.booster_.feature_names = self._names()

    def margin(self, X: Any) -> NDArray[np.float64]:
        """Return the log odds of the event, shape (n_rows,)."""
        return self._predict(X, output_margin=True)

    def margin_of_checked(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the margin of rows that ``check_new_rows`` let through."""
        return self._predict_checked(rows, output_margin=True)

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
        parts = self._predict(X, pred_contribs=True)
        ordered = parts.copy()
        ordered[:, self.column_order_] = parts[:, :-1]
        return ordered

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probabilities of no event and of the event, shape (n_rows, 2)."""
        return two_columns(self._predict(X))

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the likelier class of each row; a risk says more."""
        check_is_fitted(self)
        classes: NDArray[Any] = self.classes_[(self.predict_proba(X)[:, 1] > 0.5).astype(int)]
        return classes

    def to_state(self) -> dict[str, Any]:
        """Return the fitted model as plain JSON values; the trees in XGBoost's own."""
        return {
            **state_of_inputs(self),
            "column_order": self.column_order_.tolist(),
            "trees": json.loads(self.booster_.save_raw("json")),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Make the model that ``to_state`` wrote; its predictions are the same bit for bit.

        Raises
        ------
        ModelError
            If the trees do not hold together, or another version of XGBoost wrote them.
        """
        model = restore_inputs(cls, state)
        model.column_order_ = np.asarray(state["column_order"])
        check_trees(state["trees"], column_order=state["column_order"])
        model.booster_ = xgb.Booster()
        model.booster_.load_model(bytearray(json.dumps(state["trees"]).encode()))
        model.n_trees_ = model.booster_.num_boosted_rounds()
        model._prepare_to_predict()
        return model

    def _predict(self, X: Any, **what: bool) -> NDArray[np.float64]:
        check_is_fitted(self)
        return self._predict_checked(check_new_rows(self, X), **what)

    def _predict_checked(self, rows: NDArray[np.float32], **what: bool) -> NDArray[np.float64]:
        # Checked by name; XGBoost would read every name four times more.
        data = xgb.DMatrix(rows[:, self.column_order_], nthread=self.nthread)
        predicted = self.booster_.predict(data, validate_features=False, **what)
        return np.asarray(predicted, dtype=np.float64)

"""An explainable boosting machine: one curve for each column, and nothing between them."""

import warnings
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logit

from icans_risk.errors import IcansRiskError
from icans_risk.models.additive import AdditiveModel
from icans_risk.models.patient_rows import PatientRows
from icans_risk.splits import repeated_grouped_folds

__all__ = ["ExplainableBoosting", "require_interpret"]

Floats = NDArray[np.float64]

_FOLDS = 7
# The package's own patience (100) and smoothing (75) took fifteen times as long on 300
# synthetic patients and did no better.
_PATIENCE = 20
_SMOOTHING = 20


def require_interpret() -> None:
    """Refuse to go on without the package that fits the curves; stored ones do not need it.

    Raises
    ------
    IcansRiskError
        If it is not installed.
    """
    if find_spec("interpret") is None:
        raise IcansRiskError(
            "an explainable boosting machine needs the package interpret-core, which is not "
            "installed. Install icans_risk[interpret]."
        )


class ExplainableBoosting(AdditiveModel):
    """Boost one step curve for each column, in turns, and add the curves up [1]_.

    The package interpret fits the curves; from then on they are numbers, and a stored model
    needs the package no more. Pairs of columns are left out, so that each column's
    contribution is its own. A missing cell has a place of its own on each curve: what being
    missing adds is ``scores_[column][0]``, for everyone to see.

    Parameters
    ----------
    max_bins : int
        Most steps of a curve.
    learning_rate : float
        Shrinkage of each round.
    repeats : int
        Partitions of the patients into sevenths. Each seventh tells one bag when to stop;
        the curves are means over all bags.
    seed : int
        Seed of the partitions and of the boosting.

    Attributes
    ----------
    base_ : float
        Log odds to which the curves add.
    cuts_ : list of ndarray
        For each column, in ascending order, where its curve steps; a value on a cut belongs
        above it. Empty for a column without two values.
    scores_ : list of ndarray
        For each column what a missing cell adds, then what each step adds from the lowest.

    References
    ----------
    .. [1] Lou Y, Caruana R, Gehrke J. "Intelligible models for classification and
       regression." KDD 2012:150-158. doi:10.1145/2339530.2339556
    """

    def __init__(
        self,
        *,
        max_bins: int = 64,
        learning_rate: float = 0.015,
        repeats: int = 1,
        seed: int = 0,
    ) -> None:
        self.max_bins = max_bins
        self.learning_rate = learning_rate
        self.repeats = repeats
        self.seed = seed

    def fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Fit the curves.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            Numbers; missing is NaN and zero is zero.
        y : array-like of shape (n_rows,)
            Two classes; the greater one is the event.
        sample_weight : array-like of shape (n_rows,), optional
            Weight of each row.
        groups : array-like of shape (n_rows,), optional
            Patient of each row: no bag stops by a patient whom it was fitted on. Each row
            its own if not given.

        Returns
        -------
        ExplainableBoosting
            Itself.

        Raises
        ------
        IcansRiskError
            If the package is not installed.
        NotEstimableError
            If fewer than two patients have the event, or fewer than two have none.
        """
        require_interpret()
        rows = self._training_rows(X, y, sample_weight=sample_weight, groups=groups)
        self.base_ = float(logit(np.average(rows.y, weights=rows.weight)))
        self.cuts_ = [np.empty(0)] * self.n_features_in_
        self.scores_ = [np.zeros(2)] * self.n_features_in_
        if columns := self._informative(rows.X):
            self._learn_curves(rows, columns)
        return self

    def _informative(self, columns: Floats) -> list[int]:
        """List the columns with two values or more, by name: columns take turns in order."""
        has_two = [np.unique(column[~np.isnan(column)]).size > 1 for column in columns.T]
        names = getattr(self, "feature_names_in_", range(self.n_features_in_))
        return sorted(np.flatnonzero(has_two).tolist(), key=lambda place: names[place])

    def _learn_curves(self, rows: PatientRows, columns: list[int]) -> None:
        from interpret.glassbox import ExplainableBoostingClassifier

        bags = self._bags(rows)
        machine = ExplainableBoostingClassifier(
            feature_types=["continuous"] * len(columns),
            max_bins=self.max_bins,
            interactions=0,
            outer_bags=bags.shape[1],
            learning_rate=self.learning_rate,
            early_stopping_rounds=_PATIENCE,
            smoothing_rounds=_SMOOTHING,
            n_jobs=1,
            random_state=self.seed,
        )
        with warnings.catch_warnings():
            # Of its own charts, which are not drawn here.
            warnings.filterwarnings("ignore", "Missing values detected", UserWarning)
            machine.fit(rows.X[:, columns], rows.y, sample_weight=rows.weight, bags=bags)
        self.base_ = float(machine.intercept_[0])
        for place, (cuts,), scores in zip(
            columns, machine.bins_, machine.term_scores_, strict=True
        ):
            # The last score is for categories never seen, which numbers do not have.
            self.cuts_[place], self.scores_[place] = cuts, scores[:-1]

    def _bags(self, rows: PatientRows) -> NDArray[np.int8]:
        splits = repeated_grouped_folds(
            rows.y, rows.patient, folds=_FOLDS, repeats=self.repeats, seed=self.seed
        )
        bags = np.ones((len(rows.y), len(splits)), dtype=np.int8)
        for bag, split in enumerate(splits):
            bags[split.test, bag] = -1
        return bags

    def _terms(self, columns: Floats) -> Floats:
        terms = np.empty_like(columns)
        for place, values in enumerate(columns.T):
            step = 1 + np.searchsorted(self.cuts_[place], values, side="right")
            terms[:, place] = self.scores_[place][np.where(np.isnan(values), 0, step)]
        return terms

    def _numbers(self) -> dict[str, Any]:
        return {
            "cuts": [cuts.tolist() for cuts in self.cuts_],
            "scores": [scores.tolist() for scores in self.scores_],
        }

    def _restore(self, numbers: Mapping[str, Any]) -> None:
        self.cuts_ = [np.array(cuts, dtype=np.float64) for cuts in numbers["cuts"]]
        self.scores_ = [np.array(scores) for scores in numbers["scores"]]

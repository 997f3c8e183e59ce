"""The inner folds of a tuning: cut and binned once, boosted again in every trial."""

import copy
import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Event
from typing import Any, Self

import numpy as np
import xgboost as xgb
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone
from xgboost.callback import EarlyStopping, TrainingCallback

from icans_risk.models.booster import BoostedTrees
from icans_risk.models.boosting import Boosting, TrainingRows
from icans_risk.models.inputs import check_training_rows
from icans_risk.splits import repeated_grouped_folds

__all__ = ["Curve", "Fold", "InnerFolds", "best_round"]

MOST_ROUNDS = 300
LEAST_PATIENCE = 10
# A hundredth of what tuning usually gains, and far below what 300 patients can tell.
LEAST_GAIN = 0.0005

Curve = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Fold:
    """One fold, its columns binned once.

    Attributes
    ----------
    rows : TrainingRows
        Those that are boosted on.
    train : QuantileDMatrix
        The same, binned.
    test : DMatrix
        Those that are judged.
    weight : float
        Sum of the weights that are judged.
    """

    rows: TrainingRows
    train: xgb.QuantileDMatrix
    test: xgb.DMatrix
    weight: float

    def curve(self, boosting: Boosting, *, rounds: int | None, stop: Event) -> Curve:
        """Boost, and return the weighted log loss of the held-out rows after each round.

        Parameters
        ----------
        boosting : Boosting
            How.
        rounds : int or None
            How many; None goes on for as long as the loss still falls.
        stop : Event
            Once set, boosting ends with the round that it is in.

        Returns
        -------
        ndarray of shape (n_rounds,)
            Log loss after round 1, 2, ...
        """
        history: dict[str, dict[str, list[float]]] = {}
        # A slower learner is given more rounds to turn round.
        patience = max(LEAST_PATIENCE, math.ceil(1.0 / boosting.parameters["learning_rate"]))
        still_falling = [] if rounds else [EarlyStopping(rounds=patience, min_delta=LEAST_GAIN)]
        xgb.train(
            boosting.parameters_for(self.rows),
            self.train,
            num_boost_round=MOST_ROUNDS if rounds is None else rounds,
            evals=[(self.test, "held_out")],
            evals_result=history,
            callbacks=[_StopWhen(stop), *still_falling],
            verbose_eval=False,
        )
        return np.array(history["held_out"]["logloss"])


class _StopWhen(TrainingCallback):
    def __init__(self, stop: Event) -> None:
        self._stop = stop

    def after_iteration(self, *_: Any) -> bool:
        """End the boosting if nobody waits for it any more."""
        return self._stop.is_set()


@dataclass(frozen=True, eq=False)
class InnerFolds:
    """All folds of the rows that are tuned on.

    Attributes
    ----------
    folds : tuple of Fold
        Each row is judged in one of them.
    digest : str
        SHA-256 of the rows, their weights and their patients, whatever order they came in.
    """

    folds: tuple[Fold, ...]
    digest: str
    _model: BoostedTrees

    @classmethod
    def cut(
        cls,
        model: BoostedTrees,
        X: Any,
        y: ArrayLike,
        *,
        sample_weight: ArrayLike | None,
        groups: ArrayLike | None,
        folds: int,
        seed: int,
    ) -> Self:
        """Check the rows, put them in order, cut them by patient and bin their columns.

        Raises
        ------
        NotEstimableError
            If fewer than two patients have an event, or fewer than two have none.
        """
        model = clone(model).set_params(nthread=1)
        values, event, weight = check_training_rows(model, X, y, sample_weight=sample_weight)
        model.column_order_ = model.canonical_columns()
        values = values[:, model.column_order_]
        order = np.lexsort((weight, event, *values.T[::-1]))
        rows = TrainingRows(values[order], event[order], weight[order])
        patient = np.arange(len(event)) if groups is None else np.asarray(groups)[order]
        splits = repeated_grouped_folds(rows.event, patient, folds=folds, repeats=1, seed=seed)
        boosting = model.boosting()
        parts = [_fold(boosting, rows.take(s.train), rows.take(s.test)) for s in splits]
        return cls(tuple(parts), _digest(rows, patient), model)

    def boosting(self, settings: Mapping[str, Any]) -> Boosting:
        """Return how a model with these settings is boosted, as by its own ``fit``."""
        model = copy.copy(self._model).set_params(**settings)
        how: Boosting = model.boosting()
        return how


def _fold(boosting: Boosting, train: TrainingRows, test: TrainingRows) -> Fold:
    return Fold(
        rows=train,
        train=boosting.matrix(train, train.prevalence),
        test=xgb.DMatrix(test.columns, label=test.event, weight=test.weight, nthread=1),
        weight=float(test.weight.sum()),
    )


def _digest(rows: TrainingRows, patient: NDArray[Any]) -> str:
    content = hashlib.sha256()
    codes = np.unique(patient.astype(str), return_inverse=True)[1]
    for part in (rows.columns, rows.event, rows.weight, codes):
        content.update(str(part.shape).encode() + np.ascontiguousarray(part).tobytes())
    return content.hexdigest()


def best_round(curves: Sequence[Curve], weights: Sequence[float]) -> int:
    """Return the number of rounds with the least loss over all folds.

    A curve that ended early counts with its last value from there on, which is worse than
    its best.

    Examples
    --------
    >>> best_round([np.array([0.5, 0.3, 0.4]), np.array([0.5, 0.4, 0.2, 0.3])], [1.0, 1.0])
    3
    """
    longest = max(len(curve) for curve in curves)
    table = [np.pad(curve, (0, longest - len(curve)), mode="edge") for curve in curves]
    return int(np.argmin(np.average(table, axis=0, weights=weights))) + 1

"""The training of trees: from rows to a booster, and how many trees are enough."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray
from scipy.special import logit

from icans_risk.splits import repeated_grouped_folds

__all__ = ["Boosting", "TrainingRows"]

# One fold of the patients decides when to stop.
_FOLDS = 5


@dataclass(frozen=True, eq=False)
class TrainingRows:
    """Rows to boost on, in the order in which they are to be seen.

    Attributes
    ----------
    columns : ndarray of shape (n_rows, n_columns)
        Missing is NaN.
    event : ndarray of shape (n_rows,)
        1 for an event, 0 for none.
    weight : ndarray of shape (n_rows,)
        Not negative.
    """

    columns: NDArray[np.float32]
    event: NDArray[np.int64]
    weight: NDArray[np.float64]

    @property
    def prevalence(self) -> float:
        """Share of the weight that had the event."""
        return float(np.average(self.event, weights=self.weight))

    def take(self, index: NDArray[np.intp]) -> Self:
        """Return some of the rows, in the order asked for."""
        return type(self)(self.columns[index], self.event[index], self.weight[index])


@dataclass(frozen=True)
class Boosting:
    """How to boost towards the log loss of one event.

    Attributes
    ----------
    parameters : mapping
        XGBoost's own, with ``max_bin``, ``nthread`` and ``seed``.
    event_weight : float
        Weight of an event in training only.
    """

    parameters: Mapping[str, Any]
    event_weight: float

    def train(self, rows: TrainingRows, *, n_trees: int) -> xgb.Booster:
        """Boost that many trees on all rows."""
        data = self.matrix(rows, rows.prevalence)
        return xgb.train(self.parameters_for(rows), data, num_boost_round=n_trees)

    def best_number_of_trees(
        self, rows: TrainingRows, patient: NDArray[Any], *, most: int, patience: int
    ) -> int:
        """Return how many trees were best on a fifth of the patients, who did not train.

        Raises
        ------
        NotEstimableError
            If fewer than two patients have an event, or fewer than two have none.
        """
        split = repeated_grouped_folds(
            rows.event, patient, folds=_FOLDS, repeats=1, seed=self.parameters["seed"]
        )[0]
        boosted = rows.take(split.train)
        data = self.matrix(boosted, boosted.prevalence)
        held_out = self.matrix(rows.take(split.test), boosted.prevalence, ref=data)
        stopped = xgb.train(
            self.parameters_for(boosted),
            data,
            num_boost_round=most,
            evals=[(held_out, "held_out")],
            early_stopping_rounds=patience,
            verbose_eval=False,
        )
        return int(stopped.best_iteration) + 1

    def parameters_for(self, rows: TrainingRows) -> dict[str, Any]:
        """Return all parameters for training on some rows."""
        return {
            "objective": "binary:logistic",
            "tree_method": "hist",
            # Boosting starts from the prevalence: the base of every explanation.
            "base_score": rows.prevalence,
            **self.parameters,
        }

    def matrix(
        self, rows: TrainingRows, prevalence: float, *, ref: xgb.DMatrix | None = None
    ) -> xgb.QuantileDMatrix:
        """Bin rows, as those of ``ref`` if it is given; they start from a prevalence."""
        data = xgb.QuantileDMatrix(
            rows.columns,
            label=rows.event,
            weight=np.where(rows.event == 1, self.event_weight, 1.0) * rows.weight,
            max_bin=self.parameters["max_bin"],
            nthread=self.parameters["nthread"],
            ref=ref,
        )
        if self.event_weight != 1.0:
            # Trained from the log odds of weighted events, used from those of events: what
            # the weight added is taken off by where the two start.
            start = logit(prevalence) + np.log(self.event_weight)
            data.set_base_margin(np.full(len(rows.event), start))
        return data

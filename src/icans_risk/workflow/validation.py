"""Every model of a study through the same splits of the same patients."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icans_risk.evaluation import (
    METRICS,
    FoldAverage,
    Interval,
    bootstrap_interval,
    cross_validate,
    fold_average,
    patient_average,
)
from icans_risk.models import BoostedTrees, make_model
from icans_risk.splits import Split
from icans_risk.study import Study
from icans_risk.workflow.inputs import choose_columns

__all__ = ["ModelResult", "ModelRows", "fit_booster", "model_plans", "validate_model"]


# A model without columns gives everyone the same risk, but for which events were left out of
# its folds: what these metrics would show is the cross-validation, not the model.
SPREAD_METRICS = frozenset({"auroc", "average_precision", "calibration_slope"})


@dataclass(frozen=True)
class ModelRows:
    """The rows that models are fitted and judged on: at risk, with a known outcome.

    Attributes
    ----------
    vectors : DataFrame of shape (n_rows, n_columns)
        Indexed by episode and landmark.
    event, weight : ndarray of shape (n_rows,)
        Outcome and weight.
    patient : ndarray of shape (n_rows,)
        Who each row is: the unit of splits and resamples.
    """

    vectors: pd.DataFrame
    event: NDArray[np.int64]
    weight: NDArray[np.float64]
    patient: NDArray[np.object_]


@dataclass(frozen=True)
class ModelPlan:
    """One model to be validated: what it is and which columns it sees."""

    name: str
    label: str
    model: str
    columns: tuple[str, ...]
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class ModelResult:
    """How one model did on patients that it had not seen.

    Attributes
    ----------
    plan : ModelPlan
        The model.
    risk : ndarray of shape (n_rows,)
        Held-out risk of each row, repeats averaged on the logit scale.
    auroc_in_folds : FoldAverage
        AUROC inside each test fold, averaged.
    metrics : mapping of str to Interval
        Every metric on ``risk``, with its bootstrap interval over patients.
    fitted : tuple
        The models of the folds, in the order of the splits.
    """

    plan: ModelPlan
    risk: NDArray[np.float64]
    auroc_in_folds: FoldAverage
    metrics: Mapping[str, Interval]
    fitted: tuple[Any, ...]


def model_plans(study: Study, columns: Sequence[str]) -> list[ModelPlan]:
    """List the booster and its comparators, the booster first."""
    booster = ModelPlan(
        "booster",
        "Gradient-boosted trees",
        "booster",
        tuple(columns),
        study.models.booster.model_dump(),
    )
    comparators = [
        ModelPlan(c.name, c.label, c.model, tuple(choose_columns(c.columns, columns)), {})
        for c in study.models.comparators
    ]
    return [booster, *comparators]


def validate_model(
    plan: ModelPlan,
    rows: ModelRows,
    splits: Sequence[Split],
    *,
    study: Study,
    tick: Callable[[], None],
) -> ModelResult:
    """Cross-validate one model and judge its held-out risks.

    Parameters
    ----------
    plan : ModelPlan
        The model.
    rows : ModelRows
        The patients.
    splits : sequence of Split
        The same for every model.
    study : Study
        Gives the seed and the number of resamples.
    tick : callable
        Called after each fit and each interval.

    Returns
    -------
    ModelResult
        With the fitted models of the folds.
    """
    X, fitted = rows.vectors[list(plan.columns)], []

    def fit_predict(
        train: NDArray[np.intp], test: NDArray[np.intp], seed: int
    ) -> NDArray[np.float64]:
        model = _make(plan, seed)
        model.fit(X.iloc[train], rows.event[train], rows.weight[train])
        fitted.append(model)
        risks: NDArray[np.float64] = model.predict_proba(X.iloc[test])[:, 1]
        return risks

    probabilities = cross_validate(fit_predict, splits, n_rows=len(X), seed=study.seed, tick=tick)
    risk = patient_average(probabilities)
    metrics = {}
    for name in METRICS:
        metrics[name] = _judge(name, plan, rows, risk=risk, study=study)
        tick()
    auroc = METRICS["auroc"]
    in_folds = fold_average(auroc, rows.event, probabilities, splits=splits, weight=rows.weight)
    return ModelResult(plan, risk, in_folds, metrics, tuple(fitted))


def _judge(
    name: str, plan: ModelPlan, rows: ModelRows, *, risk: NDArray[np.float64], study: Study
) -> Interval:
    if name in SPREAD_METRICS and not plan.columns:
        return Interval(math.nan, math.nan, math.nan, 0, 0)
    return bootstrap_interval(
        METRICS[name],
        rows.event,
        risk,
        groups=rows.patient,
        weight=rows.weight,
        resamples=study.validation.resamples,
        seed=study.seed,
    )


def fit_booster(plan: ModelPlan, rows: ModelRows, *, seed: int) -> BoostedTrees:
    """Fit the booster on all rows: the model that is tracked and kept."""
    model: BoostedTrees = _make(plan, seed)
    return model.fit(rows.vectors[list(plan.columns)], rows.event, rows.weight)


def _make(plan: ModelPlan, seed: int) -> Any:
    seeded = {"seed": seed} if plan.model == "booster" else {}
    return make_model(plan.model, **plan.settings, **seeded)

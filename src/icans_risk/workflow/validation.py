"""Every model of a study through the same splits of the same patients."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from icans_risk.evaluation import (
    METRICS,
    FoldAverage,
    Interval,
    cross_validate,
    fold_average,
    fold_seed,
    metric_interval,
    patient_average,
)
from icans_risk.splits import Split
from icans_risk.study import Study
from icans_risk.workflow.plans import Fit, ModelPlan
from icans_risk.workflow.rows import ModelRows

__all__ = ["Effort", "ModelResult", "validate_model"]

# A model without columns gives everyone the same risk, but for which events were left out of
# its folds: what these metrics would show is the cross-validation, not the model.
SPREAD_METRICS = frozenset({"auroc", "average_precision", "calibration_slope"})


@dataclass(frozen=True)
class Effort:
    """How fits are run, whatever they are.

    Attributes
    ----------
    workers : int
        Threads; no result depends on their number.
    journals : Path or None
        Folder in which tunings are kept, to go on from after an interruption.
    settings : mapping or None
        What tunings of an earlier run chose, by the name of the fit; nothing is searched then.
    """

    workers: int = 1
    journals: Path | None = None
    settings: Mapping[str, Mapping[str, Any]] | None = None

    def journal(self, name: str) -> Path | None:
        """Name the file of one tuning."""
        return None if self.journals is None else self.journals / f"{name}.journal"

    def chosen(self, name: str) -> Mapping[str, Any] | None:
        """Give the settings of one fit, None where they are to be searched."""
        return None if self.settings is None else self.settings.get(name, {})


@dataclass(frozen=True)
class ModelResult:
    """How one model did on patients that it had not seen.

    Attributes
    ----------
    plan : ModelPlan
        The model.
    probabilities : ndarray of shape (n_repeats, n_rows)
        Held-out risks.
    risk : ndarray of shape (n_rows,)
        The same, repeats averaged on the logit scale.
    auroc_in_folds : FoldAverage
        AUROC inside each test fold, averaged.
    metrics : mapping of str to Interval
        Every metric on ``risk``, with its interval over patients.
    fits : tuple of Fit
        The models of the folds, in the order of the splits.
    splits : sequence of Split
        Who trained and who was tested.
    """

    plan: ModelPlan
    probabilities: NDArray[np.float64]
    risk: NDArray[np.float64]
    auroc_in_folds: FoldAverage
    metrics: Mapping[str, Interval]
    fits: tuple[Fit, ...]
    splits: Sequence[Split]

    @property
    def unreleased(self) -> int:
        """In how many folds no model could be released, and the prevalence stood in."""
        return sum(not fit.is_released for fit in self.fits)


def validate_model(
    plan: ModelPlan,
    rows: ModelRows,
    splits: Sequence[Split],
    *,
    study: Study,
    effort: Effort,
    tick: Callable[[], None],
) -> ModelResult:
    """Cross-validate one model and judge its held-out risks.

    Parameters
    ----------
    plan : ModelPlan
        The model, with all that is learnt on the way to it.
    rows : ModelRows
        The patients.
    splits : sequence of Split
        The same for every model.
    study : Study
        Gives the seed and the number of resamples.
    effort : Effort
        Threads and journals.
    tick : callable
        Called after each fit and each interval.

    Returns
    -------
    ModelResult
        With the fitted models of the folds.
    """
    fitted: dict[int, Fit] = {}

    def fit_predict(
        train: NDArray[np.intp], test: NDArray[np.intp], seed: int
    ) -> NDArray[np.float64]:
        landmark_h = rows.vectors.index.get_level_values("landmark_h")[0]
        learnt = rows.take(train)
        # A sensitivity analysis has the splits' seeds and other rows.
        name = f"{plan.name}-{landmark_h:g}h-{seed}-{learnt.fingerprint()}"
        fit = plan.fit(
            learnt,
            seed=seed,
            held_out=rows.patient[test],
            journal=effort.journal(name),
            chosen=effort.chosen(name),
        )
        fitted[seed] = replace(fit, name=name)
        risks: NDArray[np.float64]
        risks = fitted[seed].model.predict_proba(plan.table(rows.take(test)))[:, 1]
        return risks

    probabilities = cross_validate(
        fit_predict,
        splits,
        n_rows=len(rows.event),
        seed=study.seed,
        tick=tick,
        workers=effort.workers,
    )
    risk = patient_average(probabilities)
    metrics = {}
    for name in METRICS:
        metrics[name] = _judge(name, plan, rows, risk=risk, study=study)
        tick()
    in_folds = fold_average(
        METRICS["auroc"], rows.event, probabilities, splits=splits, weight=rows.weight
    )
    fits = tuple(fitted[fold_seed(split, study.seed)] for split in splits)
    return ModelResult(plan, probabilities, risk, in_folds, metrics, fits, splits)


def _judge(
    name: str, plan: ModelPlan, rows: ModelRows, *, risk: NDArray[np.float64], study: Study
) -> Interval:
    if name in SPREAD_METRICS and not plan.columns:
        return Interval(math.nan, math.nan, math.nan, 0, 0)
    return metric_interval(
        name,
        rows.event,
        risk,
        groups=rows.patient,
        weight=rows.weight,
        resamples=study.validation.resamples,
        seed=study.seed,
    )

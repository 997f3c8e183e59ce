"""Several cuts of the endpoint's grade at once, validated like any model."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from icans_risk.errors import NotEstimableError, NotReleasedError, StudyError
from icans_risk.evaluation import (
    METRICS,
    Interval,
    cross_validate,
    fold_seed,
    metric_interval,
    patient_average,
)
from icans_risk.models.cuts import OrderedCuts
from icans_risk.models.pipeline import Pipeline
from icans_risk.splits import Split
from icans_risk.study import Study
from icans_risk.workflow.plans import ModelPlan
from icans_risk.workflow.rows import ModelRows
from icans_risk.workflow.validation import Effort

__all__ = ["CutResult", "check_cuts", "validate_cuts"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class CutResult:
    """Held-out risks of one cut and what they are worth.

    Attributes
    ----------
    cut : int
        The grade, or more.
    events : int
        Patients who reached it after the landmark and by the horizon.
    risk : ndarray of shape (n_rows,)
        Held-out risks, repeats averaged on the logit scale.
    metrics : mapping of str to Interval
        Every metric, with its interval over patients.
    """

    cut: int
    events: int
    risk: Floats
    metrics: Mapping[str, Interval]


def check_cuts(study: Study) -> None:
    """Refuse cuts that do not rise, or lack the one that the study predicts.

    Raises
    ------
    StudyError
        If so.
    """
    cuts, primary = study.models.cuts, study.outcome.endpoints[0].at_least
    if cuts and (list(cuts) != sorted(set(cuts)) or primary not in cuts):
        raise StudyError(
            f"models.cuts must rise and hold the cut of the first endpoint, {primary}, got "
            f"{list(cuts)}. Correct the list, or leave it out."
        )


def validate_cuts(
    main: ModelPlan,
    rows: ModelRows,
    splits: Sequence[Split],
    *,
    grade: Floats,
    study: Study,
    effort: Effort,
    tick: Callable[[], None],
) -> list[CutResult]:
    """Cross-validate one model of several cuts.

    Parameters
    ----------
    main : ModelPlan
        The study's model; tuning is left out.
    rows : ModelRows
        The patients.
    splits : sequence of Split
        As for the other models.
    grade : ndarray of shape (n_rows,)
        The highest grade after the landmark and by the horizon.
    study : Study
        Its cuts, seed and number of resamples.
    effort : Effort
        Threads.
    tick : callable
        Called after each fit and each cut.

    Returns
    -------
    list of CutResult
        Cuts for which a cohort is too small are none of them; empty if the predicted one
        can have no model of its own in some fold.
    """
    primary = study.outcome.endpoints[0].at_least
    # The event and the grade are of one table, but for rows that an event excludes from it.
    grade = np.where(rows.event == 1, np.maximum(grade, primary), np.minimum(grade, primary - 1))
    cuts = [c for c in study.models.cuts if c == primary or _is_common(grade >= c, rows, splits)]
    X, base = main.table(rows), main.pipeline or Pipeline()
    risks = np.full((len(cuts), 1 + max(s.repeat for s in splits), len(X)), np.nan)
    repeat_of = {fold_seed(s, study.seed): s.repeat for s in splits}

    def fit_predict(
        train: NDArray[np.intp], test: NDArray[np.intp], seed: int
    ) -> NDArray[np.float64]:
        inner = base.unfitted(events=int(rows.event[train].sum()), seed=seed)
        model = OrderedCuts(inner, cuts=cuts, primary=primary)
        model.fit(X.iloc[train], grade[train], rows.weight[train], groups=rows.patient[train])
        found = model.risks(X.iloc[test])
        risks[:, repeat_of[seed], test] = found.T
        return np.asarray(found[:, cuts.index(primary)])

    try:
        cross_validate(
            fit_predict, splits, n_rows=len(X), seed=study.seed, tick=tick, workers=effort.workers
        )
    except (NotReleasedError, NotEstimableError):
        return []
    found = []
    for cut, risk in zip(cuts, risks, strict=True):
        found.append(_judge(cut, patient_average(risk), rows, grade=grade, study=study))
        tick()
    return found


def _is_common(event: NDArray[np.bool_], rows: ModelRows, splits: Sequence[Split]) -> bool:
    """Tell whether every training fold has ten patients with, and ten without, an event."""
    patient = rows.patient.astype(str)
    return all(
        np.unique(patient[s.train][event[s.train] == k]).size >= 10
        for s in splits
        for k in (True, False)
    )


def _judge(cut: int, risk: Floats, rows: ModelRows, *, grade: Floats, study: Study) -> CutResult:
    event = (grade >= cut).astype(np.int64)
    metrics = {
        name: metric_interval(
            name,
            event,
            risk,
            groups=rows.patient,
            weight=rows.weight,
            resamples=study.validation.resamples,
            seed=study.seed,
        )
        for name in METRICS
    }
    return CutResult(cut, int(event.sum()), risk, metrics)

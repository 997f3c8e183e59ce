"""What a sceptical reviewer asks of one landmark: assessment, stability, audit."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icans_risk.errors import NotReleasedError
from icans_risk.evaluation import FitPredict
from icans_risk.evaluation import Rebuilds as RebuiltRisks
from icans_risk.evaluation.audit import (
    Audit,
    AuditPlan,
    AuditRows,
    AuditTables,
    audit_model,
    audit_steps,
)
from icans_risk.report import Assessment, Stability
from icans_risk.study import Study
from icans_risk.workflow.assessment import HeldOutRisks, assess
from icans_risk.workflow.landmark import LandmarkResult
from icans_risk.workflow.plans import MAIN, ModelPlan
from icans_risk.workflow.progress import Progress
from icans_risk.workflow.rows import ModelRows
from icans_risk.workflow.stability import describe_stability
from icans_risk.workflow.validation import Effort

__all__ = ["Scrutiny", "fewest_shown", "scrutinise"]

# Inner folds of the audit's pipelines: it fits dozens, and only ranks and refusals count.
AUDIT_FOLDS = 3
# Categories that should say little about the outcome, and those that decide who is measured.
GROUPINGS, PROTOCOL = ("site", "era"), ("site", "product")

Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Scrutiny:
    """What was found at one landmark.

    Attributes
    ----------
    held : HeldOutRisks
        What was judged.
    assessment : Assessment
        How good the held-out risks are.
    stability : Stability or None
        How much they hang on who was in the cohort; None without rebuilds.
    audit : Audit or None
        Whether something leaked; None where the study leaves the audit out.
    """

    held: HeldOutRisks
    assessment: Assessment
    stability: Stability | None
    audit: Audit | None


def fewest_shown(study: Study) -> int:
    """Return the least count of patients that is printed: synthetic ones need no hiding."""
    return study.evaluation.smallest_cell if study.data_kind == "real" else 1


def scrutinise(
    study: Study, result: LandmarkResult, *, effort: Effort, progress: Progress
) -> Scrutiny:
    """Judge the models of one landmark.

    Parameters
    ----------
    study : Study
        Its block ``evaluation``.
    result : LandmarkResult
        The models.
    effort : Effort
        Threads.
    progress : Progress
        Told about stages and steps.
    """
    at = f"{result.data.landmark_h:g} h"
    progress.stage(f"{at}: assessing", steps=None)
    held = _held(result, result.rows, result.data.primary)
    return Scrutiny(
        held=held,
        assessment=_assess(study, result, held, tick=progress.step),
        stability=_stability(study, result),
        audit=_audit(study, result, effort=effort, progress=progress),
    )


def _held(result: LandmarkResult, rows: ModelRows, outcomes: pd.DataFrame) -> HeldOutRisks:
    probabilities = {name: model.probabilities for name, model in result.models.items()}
    return HeldOutRisks.align(
        rows, probabilities, result.splits, episodes=result.data.episodes, outcomes=outcomes
    )


def _assess(
    study: Study, result: LandmarkResult, held: HeldOutRisks, *, tick: Callable[[], None]
) -> Assessment:
    policies = {
        policy: HeldOutRisks.align(
            result.data.rows(policy),
            {MAIN: model.probabilities},
            model.splits,
            episodes=result.data.episodes,
            outcomes=result.data.outcomes[policy],
        )
        for policy, model in result.sensitivity.items()
    }
    simple = [name for name, m in result.models.items() if m.plan.pipeline is None]
    tried = {name: result.models[name].plan for name in (MAIN, *_best(result, simple))}
    return assess(
        held,
        study.evaluation,
        labels={name: model.plan.label for name, model in result.models.items()},
        policy=study.outcome.end_of_observation,
        resamples=study.validation.resamples,
        seed=study.seed,
        fewest=fewest_shown(study),
        simple=simple,
        other_policies=policies,
        refit={
            name: fit_rows(_untuned(plan), result.rows, may_refuse=True)
            for name, plan in tried.items()
        },
        tick=tick,
    )


def _best(result: LandmarkResult, simple: Sequence[str]) -> list[str]:
    """Name the simple comparison that ranks best, as a list of one or none."""
    auroc = {name: result.models[name].metrics["auroc"].estimate for name in simple}
    estimable = {name: area for name, area in auroc.items() if np.isfinite(area)}
    return [max(estimable, key=lambda name: estimable[name])] if estimable else []


def fit_rows(plan: ModelPlan, rows: ModelRows, *, may_refuse: bool = False) -> FitPredict:
    """Return what fits a plan to some rows and predicts others, or refuses to, if it may."""

    def fit_predict(train: Rows, test: Rows, seed: int) -> NDArray[np.float64]:
        fit = plan.fit(rows.take(train), seed=seed, held_out=rows.patient[test])
        if may_refuse and not fit.is_released:
            raise NotReleasedError("no model may be released on these rows. Use others.")
        risks: NDArray[np.float64]
        risks = fit.model.predict_proba(plan.table(rows.take(test)))[:, 1]
        return risks

    return fit_predict


def _untuned(plan: ModelPlan) -> ModelPlan:
    """Leave the search out where a model is fitted dozens of times, and say so in reports."""
    if plan.pipeline is None or plan.pipeline.tuning is None:
        return plan
    return replace(plan, pipeline=replace(plan.pipeline, tuning=None))


def _stability(study: Study, result: LandmarkResult) -> Stability | None:
    rebuilds = None if result.released is None else result.released.rebuilds
    if result.released is None or rebuilds is None or rebuilds.copies is None:
        return None
    table = result.main.plan.table(result.rows)
    rebuilt = RebuiltRisks(
        original=result.released.model.predict_proba(table)[:, 1],
        risks=rebuilds.risks(table),
        copies=rebuilds.copies,
    )
    found = describe_stability(
        result.rows.event,
        result.rows.weight,
        rebuilt,
        thresholds=study.evaluation.thresholds,
        span=study.evaluation.drawn_range,
    )
    return replace(found, failed=rebuilds.failed, rebuilds=found.rebuilds + rebuilds.failed)


def _audit(
    study: Study, result: LandmarkResult, *, effort: Effort, progress: Progress
) -> Audit | None:
    if not study.evaluation.audit:
        return None
    plan, wanted = result.main.plan, AuditPlan(permutations=study.evaluation.permutations)
    rows = AuditRows(
        plan.table(result.rows), result.rows.event, result.rows.weight, result.rows.patient
    )
    tables = _audit_tables(result)
    steps = audit_steps(rows, result.splits, tables=tables, plan=wanted)
    progress.stage(f"{result.data.landmark_h:g} h: audit", steps=steps)
    return audit_model(
        _refit(plan),
        rows,
        result.splits,
        tables=tables,
        plan=wanted,
        seed=study.seed,
        tick=progress.step,
        workers=effort.workers,
    )


def _audit_tables(result: LandmarkResult) -> AuditTables:
    index = result.rows.vectors.index
    named = index.get_level_values("episode_id")
    episodes = result.data.episodes.set_index("episode_id").loc[named]
    inputs = result.data.inputs
    counts = pd.crosstab(inputs["episode_id"], inputs["modality"] + "." + inputs["analyte"])
    return AuditTables(
        counts=counts.reindex(named, fill_value=0).set_axis(index),
        groupings=episodes[[name for name in GROUPINGS if name in episodes]].set_axis(index),
        protocol=episodes[[name for name in PROTOCOL if name in episodes]].set_axis(index),
        modality_of_column={
            str(name): str(name).partition(".")[0] for name in result.main.plan.columns
        },
    )


def _refit(plan: ModelPlan) -> Callable[[AuditRows], FitPredict]:
    """Return what makes the pipeline, untuned, for rows whatever their columns are."""

    def refit(rows: AuditRows) -> FitPredict:
        columns = tuple(map(str, rows.vectors.columns))
        fitted = replace(plan, columns=columns, pipeline=_for_columns(plan, set(columns)))
        known = rows.vectors.iloc[:, :0]
        asked = ModelRows(rows.vectors, known, rows.event, rows.weight, rows.patient)
        return fit_rows(fitted, asked, may_refuse=True)

    return refit


def _for_columns(plan: ModelPlan, columns: set[str]) -> Any:
    pipeline = plan.pipeline
    if pipeline is None:
        return None
    settings = dict(pipeline.settings)
    directions = settings.get("monotone") or {}
    settings["monotone"] = {n: sign for n, sign in directions.items() if n in columns} or None
    return replace(pipeline, settings=settings, tuning=None, folds=min(pipeline.folds, AUDIT_FOLDS))

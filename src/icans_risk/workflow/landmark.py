"""One landmark of a study: validated models, explained held-out risks, the model that is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from icans_risk.cohort import Cohort
from icans_risk.evaluation import METRICS
from icans_risk.explanation import HeldOut
from icans_risk.features import FeatureSpecification
from icans_risk.models.rebuilds import RiskInterval
from icans_risk.models.released import ReleasedModel
from icans_risk.splits import Split
from icans_risk.study import Study
from icans_risk.workflow.answering import Judge
from icans_risk.workflow.cuts import CutResult, validate_cuts
from icans_risk.workflow.explaining import Explaining, explain_held_out, training_rows
from icans_risk.workflow.grades_at import highest_grade_after
from icans_risk.workflow.landmark_data import LandmarkData, split_rows
from icans_risk.workflow.plans import MAIN, Fit, ModelPlan
from icans_risk.workflow.progress import Progress
from icans_risk.workflow.release import release_model
from icans_risk.workflow.release_facts import released_facts, with_reasons
from icans_risk.workflow.rows import ModelRows
from icans_risk.workflow.size import SizeFacts, describe_size
from icans_risk.workflow.validation import Effort, ModelResult, validate_model

__all__ = ["LandmarkResult", "develop_landmark"]


@dataclass(frozen=True)
class LandmarkResult:
    """All that was found at one landmark.

    Attributes
    ----------
    data : LandmarkData
        Outcomes and vectors of all episodes.
    rows : ModelRows
        The rows of the primary analysis.
    splits : list of Split
        How they were cut.
    models : mapping of str to ModelResult
        The booster first, then its comparators.
    sensitivity : mapping of str to ModelResult
        The booster under each other policy.
    by_grade : list of CutResult
        Several cuts of the grade, if the study asks for them.
    held_out : HeldOut
        Explained held-out risks of everyone at risk.
    explaining : Explaining
        What pages may say about their inputs.
    fit : Fit
        The booster, fitted on all rows.
    released : ReleasedModel or None
        The same with its rebuilds; None where it may not be let out.
    interval : RiskInterval or None
        Of everyone at risk, from rebuilds that had not seen them.
    answered : DataFrame
        ``status`` and ``reasons`` of everyone at risk.
    size : SizeFacts
        Whether the sample is large enough, and what it supports.
    """

    data: LandmarkData
    rows: ModelRows
    splits: list[Split]
    models: Mapping[str, ModelResult]
    sensitivity: Mapping[str, ModelResult]
    by_grade: list[CutResult]
    held_out: HeldOut
    explaining: Explaining
    fit: Fit
    released: ReleasedModel | None
    interval: RiskInterval | None
    answered: pd.DataFrame
    size: SizeFacts

    @property
    def main(self) -> ModelResult:
        """How the booster did."""
        return self.models[MAIN]


@dataclass(frozen=True)
class _Run:
    study: Study
    data: LandmarkData
    effort: Effort
    progress: Progress

    def say(self, what: str, *, steps: int) -> None:
        """Begin a stage of this landmark."""
        self.progress.stage(f"{self.data.landmark_h:g} h: {what}", steps=steps)

    def validate(self, plan: ModelPlan, rows: ModelRows, splits: Sequence[Split]) -> ModelResult:
        """Validate one model under a stage that was begun."""
        return validate_model(
            plan,
            rows,
            splits,
            study=self.study,
            effort=self.effort,
            tick=self.progress.step,
        )

    def fit(self, plan: ModelPlan, rows: ModelRows) -> Fit:
        """Fit the model that is kept; a tuning tells how it is getting on."""
        tuning = plan.pipeline and plan.pipeline.tuning
        self.say("fitting on everyone", steps=tuning.trials if tuning else 1)
        name = f"{plan.name}-{self.data.landmark_h:g}h-all"
        fit = plan.fit(
            rows,
            seed=self.study.seed,
            workers=self.effort.workers,
            journal=self.effort.journal(name),
            chosen=self.effort.chosen(name),
            on_trial=lambda told: self.progress.at(
                told.finished, "" if told.best_loss is None else f"best {told.best_loss:.4f}"
            ),
        )
        return replace(fit, name=name)


def develop_landmark(
    study: Study,
    cohort: Cohort,
    specification: FeatureSpecification,
    *,
    data: LandmarkData,
    plans: Sequence[ModelPlan],
    effort: Effort,
    progress: Progress,
) -> LandmarkResult:
    """Develop, validate, explain and release the models of one landmark.

    Parameters
    ----------
    study : Study
        What to do.
    cohort : Cohort
        With whom.
    specification : FeatureSpecification
        Fitted.
    data : LandmarkData
        What there is at the landmark.
    plans : sequence of ModelPlan
        The models, the booster first.
    effort : Effort
        Threads and journals.
    progress : Progress
        Told about stages and steps.

    Returns
    -------
    LandmarkResult
        Everything that reports and tracking need.

    Raises
    ------
    NotEstimableError
        If there are too few patients with or without the endpoint.
    """
    run = _Run(study, data, effort, progress)
    rows = data.rows(study.outcome.end_of_observation)
    splits = split_rows(study, rows)
    size = describe_size(rows, len(specification.columns))
    for sentence in size.sentences:
        progress.tell(sentence)
    models = {}
    for plan in plans:
        run.say(plan.label.lower(), steps=len(splits) + len(METRICS))
        models[plan.name] = run.validate(plan, rows, splits)
    sensitivity = _sensitivity(run, rows, models[MAIN])
    fit = run.fit(plans[0], rows)
    judge = Judge(study, data, specification, plans[0])
    run.say("rebuilding on bootstraps", steps=study.models.rebuilds)
    facts = released_facts(judge, rows, models, cohort=cohort, size=size)
    released = release_model(judge, fit, rows, facts=facts, effort=effort, tick=progress.step)
    held_out, explaining = _explain(run, models[MAIN], rows, released=released)
    released = released and with_reasons(released, explaining)
    interval = _interval(released, rows, held_out, data=data, plan=plans[0])
    return LandmarkResult(
        data=data,
        rows=rows,
        splits=splits,
        models=models,
        sensitivity=sensitivity,
        by_grade=_by_grade(run, cohort, models[MAIN], rows=rows, splits=splits),
        held_out=held_out,
        explaining=explaining,
        fit=fit,
        released=released,
        interval=interval,
        answered=judge.held_out_reasons(
            models[MAIN].fits,
            splits,
            rows,
            final=None if released is None else released.applicability,
            interval=interval,
        ),
        size=size,
    )


def _sensitivity(run: _Run, primary: ModelRows, main: ModelResult) -> dict[str, ModelResult]:
    found: dict[str, ModelResult] = {}
    for policy in list(run.data.outcomes)[1:]:
        rows = run.data.rows(policy)
        if rows.have_outcomes_of(primary):
            # Nobody's outcome hangs on the policy.
            found[policy] = main
            continue
        splits = split_rows(run.study, rows)
        run.say(f"sensitivity, {policy}", steps=len(splits) + len(METRICS))
        found[policy] = run.validate(main.plan, rows, splits)
    return found


def _by_grade(
    run: _Run, cohort: Cohort, main: ModelResult, *, rows: ModelRows, splits: Sequence[Split]
) -> list[CutResult]:
    wanted = run.study.models.cuts
    if not wanted:
        return []
    run.say("several cuts of the grade", steps=len(splits) + len(wanted))
    grade = highest_grade_after(
        cohort,
        run.study.outcome.endpoints[0].grade,
        landmark_h=run.data.landmark_h,
        until_h=run.data.horizon_h,
    )
    place = run.data.vectors.index.get_indexer(rows.vectors.index)
    return validate_cuts(
        main.plan,
        rows,
        splits,
        grade=grade[place],
        study=run.study,
        effort=run.effort,
        tick=run.progress.step,
    )


def _explain(
    run: _Run, main: ModelResult, rows: ModelRows, *, released: ReleasedModel | None
) -> tuple[HeldOut, Explaining]:
    run.say("explaining", steps=1)
    found = explain_held_out(main, run.data, rows, released=released)
    run.progress.step()
    return found


def _interval(
    released: ReleasedModel | None,
    rows: ModelRows,
    held_out: HeldOut,
    *,
    data: LandmarkData,
    plan: ModelPlan,
) -> RiskInterval | None:
    if released is None or released.rebuilds is None:
        return None
    at_risk = data.vectors.loc[held_out.margin.index, list(plan.columns)]
    return released.rebuilds.held_out_interval(
        at_risk,
        held_out.margin,
        training_row=training_rows(data, rows, at_risk.index),
    )

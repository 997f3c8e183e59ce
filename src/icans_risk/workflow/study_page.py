"""The study report of one landmark, from what was found there."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from icans_risk.errors import NotEstimableError
from icans_risk.evaluation import FitPredict, Rebuilds
from icans_risk.report import Assessment, RunContext, Stability, render_study, study_report
from icans_risk.study import Study
from icans_risk.workflow.assessment import HeldOutRisks, assess
from icans_risk.workflow.characteristics import describe_characteristics, describe_measured
from icans_risk.workflow.landmark import LandmarkResult
from icans_risk.workflow.landmark_data import split_rows
from icans_risk.workflow.plans import MAIN, ModelPlan
from icans_risk.workflow.rows import ModelRows
from icans_risk.workflow.stability import describe_stability

__all__ = ["CARRIED_OVER_NOTE", "assess_landmark", "landmark_stability", "study_page"]

# What a sceptic would try first: few columns, and nothing searched for.
_SIMPLE = frozenset({"logistic", "score", "log2_score"})
_NOTHING: Mapping[str, object] = MappingProxyType({})

CARRIED_OVER_NOTE = (
    "Held-out risks come from models fitted to other patients of the same cohort. What becomes of "
    "them in a site, product or period that a model never saw stands apart, under \u201cDoes it "
    "carry over\u201d; another cohort was never tried."
)


def assess_landmark(
    study: Study, result: LandmarkResult, *, tick: Callable[[], None] = lambda: None
) -> Assessment:
    """Assess the models of one landmark as a study wants it.

    The booster, and the simple comparison that ranks best, are fitted again without each
    level of the columns that are left out.

    Parameters
    ----------
    study : Study
        What to judge.
    result : LandmarkResult
        What was found.
    tick : callable
        Called after each model, column of subgroups, fit and policy.

    Returns
    -------
    Assessment
        In which small counts of real patients are hidden.

    Raises
    ------
    StudyError
        If the block ``evaluation`` names a column that no episodes have.
    """
    primary = study.outcome.end_of_observation
    simple = [c.name for c in study.models.comparators if c.model in _SIMPLE and c.columns != "all"]
    return assess(
        HeldOutRisks.align(
            result.rows,
            {name: model.probabilities for name, model in result.models.items()},
            result.splits,
            episodes=result.data.episodes,
            outcomes=result.data.outcomes[primary],
        ),
        study.evaluation,
        labels={name: model.plan.label for name, model in result.models.items()},
        policy=primary,
        resamples=study.validation.resamples,
        seed=study.seed,
        fewest=_fewest(study),
        simple=simple,
        other_policies=_other_policies(study, result),
        refit={
            name: _refit(result.models[name].plan, result.rows)
            for name in (MAIN, *_best(result, simple))
        },
        tick=tick,
    )


def _fewest(study: Study) -> int:
    # Synthetic patients have nothing to hide.
    return 1 if study.data_kind == "synthetic" else study.evaluation.smallest_cell


def _other_policies(study: Study, result: LandmarkResult) -> dict[str, HeldOutRisks]:
    found = {}
    for policy, model in result.sensitivity.items():
        rows = result.data.rows(policy)
        found[policy] = HeldOutRisks.align(
            rows,
            {MAIN: model.probabilities},
            split_rows(study, rows),
            episodes=result.data.episodes,
            outcomes=result.data.outcomes[policy],
        )
    return found


def _best(result: LandmarkResult, simple: Sequence[str]) -> list[str]:
    """Name the simple comparison that ranks best, as a list of one or none."""
    auroc = {name: result.models[name].metrics["auroc"].estimate for name in simple}
    estimable = {name: area for name, area in auroc.items() if np.isfinite(area)}
    return [max(estimable, key=lambda name: estimable[name])] if estimable else []


def _refit(plan: ModelPlan, rows: ModelRows) -> FitPredict:
    def fit_predict(
        train: NDArray[np.intp], test: NDArray[np.intp], seed: int
    ) -> NDArray[np.float64]:
        fit = plan.fit(rows.take(train), seed=seed, held_out=rows.patient[test])
        if not fit.is_released:
            raise NotEstimableError("no model may be released without this level.")
        risks: NDArray[np.float64] = fit.model.predict_proba(plan.table(rows.take(test)))[:, 1]
        return risks

    return fit_predict


def landmark_stability(study: Study, result: LandmarkResult) -> Stability | None:
    """Say what the rebuilds of the model that is kept have in common; None without any.

    Parameters
    ----------
    study : Study
        Declares thresholds and range.
    result : LandmarkResult
        Holds the rebuilds.

    Returns
    -------
    Stability or None
        Without optimism: the rebuilds draw patients of either outcome apart, so that they
        are no plain bootstrap of the cohort.
    """
    kept = None if result.released is None else result.released.rebuilds
    if kept is None or kept.in_bag is None:
        return None
    table = result.main.plan.table(result.rows)
    risks = np.stack([model.predict_proba(table)[:, 1] for model in kept.rebuilt])
    own = kept.model.predict_proba(table)[:, 1]
    found = describe_stability(
        result.rows.event,
        result.rows.weight,
        Rebuilds(own, risks, copies=kept.in_bag.astype(np.int64)),
        thresholds=study.evaluation.thresholds,
        span=study.evaluation.drawn_range,
        has_copies=False,
    )
    return replace(found, rebuilds=len(risks) + kept.failed, failed=kept.failed)


def study_page(
    study: Study,
    result: LandmarkResult,
    found: Assessment,
    *,
    run: RunContext,
    audit: Sequence[Mapping[str, Any]] = (),
    tripod: Sequence[Mapping[str, Any]] = (),
    made: Mapping[str, object] = _NOTHING,
) -> str:
    """Render the study report of a landmark.

    Parameters
    ----------
    study : Study
        What was studied.
    result : LandmarkResult
        What was found.
    found : Assessment
        How good it is.
    run : RunContext
        What all pages of the run have in common.
    audit, tripod : sequence of mappings
        Findings of the audit, and rows of the checklist, where there are any.
    made : mapping of str to object
        Hashes and versions.

    Returns
    -------
    str
        One HTML page, to be written as ``STUDY_PAGE``.
    """
    rows, data = result.rows, result.data
    is_judged = data.outcomes[found.policy]["event"].notna().to_numpy()
    notes = [CARRIED_OVER_NOTE] if len(found.internal_external) else run.notes
    report = study_report(
        replace(run, notes=notes),
        found,
        flow=data.flows,
        characteristics=describe_characteristics(
            data.episodes[is_judged], rows.event, fewest=found.fewest
        ),
        measured_inputs=describe_measured(rows.vectors, rows.event, fewest=found.fewest),
        stability=landmark_stability(study, result),
        audit=audit,
        candidate_parameters=rows.vectors.shape[1],
        tripod=tripod,
        made=made,
    )
    return render_study(report)

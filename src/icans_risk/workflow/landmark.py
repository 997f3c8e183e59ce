"""One landmark of a study: outcomes, validated models, explained held-out risks."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from icans_risk.cohort import Cohort
from icans_risk.errors import NotEstimableError
from icans_risk.evaluation import METRICS, verdict
from icans_risk.explanation import HeldOut, held_out_contributions
from icans_risk.features import FeatureSpecification, build_features, used_events
from icans_risk.models import BoostedTrees
from icans_risk.outcome import Policy, count_flow, derive_outcomes
from icans_risk.splits import Split, repeated_grouped_folds
from icans_risk.study import Study
from icans_risk.workflow.inputs import study_endpoints
from icans_risk.workflow.progress import Progress
from icans_risk.workflow.validation import (
    ModelResult,
    ModelRows,
    fit_booster,
    model_plans,
    validate_model,
)

__all__ = ["LandmarkResult", "develop_landmark"]


@dataclass(frozen=True)
class LandmarkResult:
    """All that was found at one landmark.

    Attributes
    ----------
    landmark_h, horizon_h : float
        Hours since infusion.
    outcomes : mapping of str to DataFrame
        The outcomes table under each policy, the primary one first.
    flows : mapping of str to dict
        Where every episode went, under each policy.
    vectors : DataFrame
        One row per episode, at risk or not.
    inputs : DataFrame
        The events that were used.
    analytes : tuple of str
        Full names of what the model reads; an input that is none of them only decided
        about others.
    rows : ModelRows
        The rows of the primary analysis.
    models : mapping of str to ModelResult
        The booster first, then its comparators.
    sensitivity : mapping of str to ModelResult
        The booster under each other policy.
    held_out : HeldOut
        Explained held-out risks of everyone at risk.
    booster : BoostedTrees
        Fitted on all rows.
    verdict : str
        Whether the sample is large enough, in words.
    """

    landmark_h: float
    horizon_h: float
    outcomes: Mapping[str, pd.DataFrame]
    flows: Mapping[str, Mapping[str, int]]
    vectors: pd.DataFrame
    inputs: pd.DataFrame
    analytes: tuple[str, ...]
    rows: ModelRows
    models: Mapping[str, ModelResult]
    sensitivity: Mapping[str, ModelResult]
    held_out: HeldOut
    booster: BoostedTrees
    verdict: str

    @property
    def primary(self) -> pd.DataFrame:
        """The outcomes table of the primary analysis."""
        return next(iter(self.outcomes.values()))


def develop_landmark(
    study: Study,
    cohort: Cohort,
    specification: FeatureSpecification,
    *,
    landmark_h: float,
    progress: Progress,
) -> LandmarkResult:
    """Develop, validate and explain the models of one landmark.

    Parameters
    ----------
    study : Study
        What to do.
    cohort : Cohort
        With whom.
    specification : FeatureSpecification
        Fitted.
    landmark_h : float
        Hours since infusion.
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
    horizon_h = study.outcome.horizon_h(landmark_h)
    policies = dict.fromkeys([study.outcome.end_of_observation, *study.outcome.sensitivity])
    outcomes = {policy: _outcomes(study, cohort, landmark_h, policy=policy) for policy in policies}
    vectors = build_features(cohort, specification, [landmark_h])
    plans = model_plans(study, specification.columns)
    models: dict[str, ModelResult] = {}
    sensitivity: dict[str, ModelResult] = {}
    primary = study.outcome.end_of_observation
    rows, splits = _rows_and_splits(study, cohort, outcomes[primary], vectors=vectors)
    for plan in plans:
        progress.stage(f"{landmark_h:g} h: {plan.label.lower()}", steps=len(splits) + len(METRICS))
        models[plan.name] = validate_model(plan, rows, splits, study=study, tick=progress.step)
    for policy in list(policies)[1:]:
        other = _rows_and_splits(study, cohort, outcomes[policy], vectors=vectors)
        steps = len(other[1]) + len(METRICS)
        progress.stage(f"{landmark_h:g} h: sensitivity, {policy}", steps=steps)
        sensitivity[policy] = validate_model(plans[0], *other, study=study, tick=progress.step)
    at_risk = vectors[outcomes[primary]["at_risk"].to_numpy()]
    return LandmarkResult(
        landmark_h=landmark_h,
        horizon_h=horizon_h,
        outcomes={str(policy): table for policy, table in outcomes.items()},
        flows={policy: count_flow(table) for policy, table in outcomes.items()},
        vectors=vectors,
        inputs=used_events(cohort, specification, [landmark_h]),
        analytes=specification.analytes,
        rows=rows,
        models=models,
        sensitivity=sensitivity,
        held_out=_explain(models[plans[0].name], splits, rows, at_risk=at_risk),
        booster=fit_booster(plans[0], rows, seed=study.seed),
        verdict=verdict(len(rows.event), int(rows.event.sum()), len(specification.columns)),
    )


def _outcomes(study: Study, cohort: Cohort, landmark_h: float, *, policy: Policy) -> pd.DataFrame:
    return derive_outcomes(
        cohort,
        (landmark_h,),
        endpoint=study_endpoints(study)[0],
        scale=study.outcome.scale,
        horizon_h=study.outcome.horizon_h,
        policy=policy,
    )


def _rows_and_splits(
    study: Study, cohort: Cohort, outcomes: pd.DataFrame, *, vectors: pd.DataFrame
) -> tuple[ModelRows, list[Split]]:
    known = outcomes["event"].notna().to_numpy()
    if not known.any():
        raise NotEstimableError(
            "no patient at risk has a known outcome, a model needs some with and some without "
            "the endpoint. Choose another landmark, horizon or end-of-observation policy."
        )
    rows = ModelRows(
        vectors=vectors[known],
        event=outcomes.loc[known, "event"].to_numpy().astype(np.int64),
        weight=outcomes.loc[known, "weight"].to_numpy(),
        patient=cohort.episodes.loc[known, "patient_id"].to_numpy(dtype=object),
    )
    splits = repeated_grouped_folds(
        rows.event,
        rows.patient,
        folds=study.validation.folds,
        repeats=study.validation.repeats,
        seed=study.seed,
    )
    return rows, splits


def _explain(
    result: ModelResult, splits: list[Split], rows: ModelRows, *, at_risk: pd.DataFrame
) -> HeldOut:
    # Who is at risk with an unknown outcome was in no training set: every model may speak.
    position = at_risk.index.get_indexer(rows.vectors.index)
    return held_out_contributions(
        result.fitted, [position[split.train] for split in splits], at_risk
    )

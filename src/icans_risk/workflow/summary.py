"""The result of a run as plain data: what ``--json`` writes and the terminal shows."""

import json
from collections.abc import Mapping
from typing import Any

import icans_risk
from icans_risk.cohort import Cohort
from icans_risk.evaluation import Interval
from icans_risk.features import FeatureSpecification, computable_share
from icans_risk.ingest import QualityReport
from icans_risk.report import Stability
from icans_risk.study import Study
from icans_risk.workflow.by_group import describe_answering, describe_patterns
from icans_risk.workflow.inputs import study_endpoints
from icans_risk.workflow.landmark import LandmarkResult
from icans_risk.workflow.plain import plain
from icans_risk.workflow.scrutiny import Scrutiny
from icans_risk.workflow.validation import ModelResult

__all__ = ["describe_landmark", "describe_study", "metrics_of"]


def describe_study(
    study: Study,
    cohort: Cohort,
    quality: QualityReport,
    *,
    specification: FeatureSpecification,
) -> dict[str, Any]:
    """Say what was studied and on whom, before any result."""
    endpoint = study_endpoints(study)[0]
    reached = cohort.grades[endpoint.grade] >= endpoint.at_least
    return {
        "icans_risk": icans_risk.__version__,
        "research_use_only": True,
        "study": study.study,
        "title": study.title,
        "data_kind": study.data_kind,
        "profile": study.profile,
        "treatment_policy": study.treatment_policy,
        "presence": study.features.presence,
        "study_hash": study.hash(),
        "cohort_hash": cohort.hash(),
        "feature_hash": specification.hash(),
        "features": json.loads(specification.to_json()),
        "cohort": {
            "patients": int(cohort.episodes["patient_id"].nunique()),
            "episodes": len(cohort.episodes),
            "at_endpoint_ever": int(cohort.grades.loc[reached, "episode_id"].nunique()),
            "events": len(cohort.events),
            "grades": len(cohort.grades),
        },
        "quality": quality.to_dict(),
    }


def describe_landmark(
    study: Study, result: LandmarkResult, scrutiny: Scrutiny | None = None
) -> dict[str, Any]:
    """Say what was found at one landmark."""
    rows, data = result.rows, result.data
    candidates = data.vectors.shape[1]
    return {
        "landmark_h": data.landmark_h,
        "horizon_h": data.horizon_h,
        "endpoint": study.outcome.endpoint_in_words,
        "primary_policy": study.outcome.end_of_observation,
        "flow": {policy: dict(flow) for policy, flow in data.flows.items()},
        "patients": len(rows.event),
        "events": int(rows.event.sum()),
        "candidate_parameters": candidates,
        "values": len(data.inputs),
        "values_after_treatment": int(data.inputs["after_treatment"].sum()),
        "scores": [
            {"column": str(row["column"]), "computable": int(row["computable"])}
            for row in computable_share(rows.vectors).to_dict("records")
        ],
        "kept_model": _describe_kept(result),
        **({} if scrutiny is None else _describe_scrutiny(scrutiny)),
        "answering": describe_answering(result),
        "by_modalities": describe_patterns(result),
        "sample_size": result.size.to_dict(),
        "models": {name: _describe_model(model) for name, model in result.models.items()},
        "cuts": [
            {"at_least": c.cut, "events": c.events, "metrics": _describe_metrics(c.metrics)}
            for c in result.by_grade
        ],
        "sensitivity": {
            policy: {
                "patients": len(model.risk),
                "outcome_unknown": data.flows[policy]["outcome_unknown"],
                **_describe_model(model),
            }
            for policy, model in result.sensitivity.items()
        },
    }


def _describe_kept(result: LandmarkResult) -> dict[str, Any]:
    released = result.released
    if released is None:
        return {"is_released": False}
    rebuilds, tuning = released.rebuilds, result.fit.tuning
    columns = released.model.feature_names_in_[list(released.model.columns_)]
    return {
        "is_released": True,
        "columns": len(columns),
        "trees": getattr(released.model.base_, "n_trees_", None),
        "calibration": released.model.calibration_.to_state(),
        "rebuilds": None if rebuilds is None else len(rebuilds.rebuilt),
        "rebuilds_failed": None if rebuilds is None else rebuilds.failed,
        "judges_applicability": released.applicability is not None,
        "tuning": tuning
        and {
            "trials": tuning.n_trials,
            "given_up": tuning.n_pruned,
            "chosen": tuning.best_parameters,
            "importance": tuning.importance,
        },
    }


def _describe_scrutiny(scrutiny: Scrutiny) -> dict[str, Any]:
    return {
        "assessment": scrutiny.assessment.to_dict(),
        "stability": _describe_stability(scrutiny.stability),
        "audit": scrutiny.audit and scrutiny.audit.to_dict(),
    }


def _describe_stability(stability: Stability | None) -> dict[str, Any] | None:
    """Say how much the risks hang on who was in the cohort, without a line for each patient."""
    if stability is None:
        return None
    told = stability.to_dict()
    errors = stability.predictions["mean_error"]
    return {
        **{name: told[name] for name in ("rebuilds", "failed", "classification", "optimism")},
        "mean_absolute_prediction_error": plain(float(errors.mean())),
    }


def _describe_model(model: ModelResult) -> dict[str, Any]:
    in_folds = model.auroc_in_folds
    return {
        "label": model.plan.label,
        "auroc_in_folds": plain(in_folds.mean),
        "estimable_folds": in_folds.estimable_folds,
        "folds": in_folds.folds,
        "unreleased_folds": model.unreleased,
        "metrics": _describe_metrics(model.metrics),
    }


def _describe_metrics(metrics: Mapping[str, Interval]) -> dict[str, dict[str, float | None]]:
    return {
        name: {
            "estimate": plain(interval.estimate),
            "low": plain(interval.low),
            "high": plain(interval.high),
        }
        for name, interval in metrics.items()
    }


def metrics_of(model: ModelResult) -> Mapping[str, float]:
    """Flatten a model's figures to names that a tracking store sorts by."""
    flat = {"auroc_in_folds": model.auroc_in_folds.mean}
    for name, interval in model.metrics.items():
        flat |= {
            name: interval.estimate,
            f"{name}_low": interval.low,
            f"{name}_high": interval.high,
        }
    return flat

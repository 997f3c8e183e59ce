"""The result of a run as plain data: what ``--json`` writes and the terminal shows."""

import math
from collections.abc import Mapping
from typing import Any

import icans_risk
from icans_risk.cohort import Cohort
from icans_risk.evaluation import required_sample_size
from icans_risk.features import FeatureSpecification, computable_share
from icans_risk.ingest import QualityReport
from icans_risk.study import Study
from icans_risk.workflow.inputs import study_endpoints
from icans_risk.workflow.landmark import LandmarkResult
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
        "cohort": {
            "patients": int(cohort.episodes["patient_id"].nunique()),
            "episodes": len(cohort.episodes),
            "at_endpoint_ever": int(cohort.grades.loc[reached, "episode_id"].nunique()),
            "events": len(cohort.events),
            "grades": len(cohort.grades),
        },
        "quality": quality.to_dict(),
    }


def describe_landmark(study: Study, result: LandmarkResult) -> dict[str, Any]:
    """Say what was found at one landmark."""
    rows = result.rows
    candidates = result.vectors.shape[1]
    wanted = required_sample_size(float(rows.event.mean()), candidates)
    return {
        "landmark_h": result.landmark_h,
        "horizon_h": result.horizon_h,
        "endpoint": study.outcome.endpoint_in_words,
        "primary_policy": study.outcome.end_of_observation,
        "flow": {policy: dict(flow) for policy, flow in result.flows.items()},
        "patients": len(rows.event),
        "events": int(rows.event.sum()),
        "candidate_parameters": candidates,
        "values": len(result.inputs),
        "values_after_treatment": int(result.inputs["after_treatment"].sum()),
        "scores": [
            {"column": str(row["column"]), "computable": int(row["computable"])}
            for row in computable_share(rows.vectors).to_dict("records")
        ],
        "sample_size": {"n_required": wanted.n_required, "verdict": result.verdict},
        "models": {name: _describe_model(model) for name, model in result.models.items()},
        "sensitivity": {
            policy: {
                "patients": len(model.risk),
                "outcome_unknown": result.flows[policy]["outcome_unknown"],
                **_describe_model(model),
            }
            for policy, model in result.sensitivity.items()
        },
    }


def _describe_model(model: ModelResult) -> dict[str, Any]:
    in_folds = model.auroc_in_folds
    return {
        "label": model.plan.label,
        "auroc_in_folds": _plain(in_folds.mean),
        "estimable_folds": in_folds.estimable_folds,
        "folds": in_folds.folds,
        "metrics": {
            name: {
                "estimate": _plain(interval.estimate),
                "low": _plain(interval.low),
                "high": _plain(interval.high),
            }
            for name, interval in model.metrics.items()
        },
    }


def _plain(value: float) -> float | None:
    # JSON has no NaN: what is not estimable is null.
    return float(value) if math.isfinite(value) else None


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

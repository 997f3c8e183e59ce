"""How many patients a study needs: by formula before anything is fitted, or by simulation."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from icans_risk.cohort import Cohort
from icans_risk.evaluation import (
    METRICS,
    log_odds_from_c_statistic,
    parameters_supported,
    required_sample_size,
    required_validation_size,
)
from icans_risk.features import FeatureSpecification
from icans_risk.study import Study, load_study
from icans_risk.synthetic import simulate
from icans_risk.workflow.inputs import specify_features
from icans_risk.workflow.landmark_data import prepare_landmark
from icans_risk.workflow.plain import plain
from icans_risk.workflow.plans import ModelPlan, model_plans
from icans_risk.workflow.progress import SILENT, Progress
from icans_risk.workflow.reading import read_cohort
from icans_risk.workflow.rows import ModelRows, pool_rows
from icans_risk.workflow.size import describe_size

__all__ = ["SIZES", "plan_sample_size"]

SIZES = (100, 200, 300, 500, 800, 1_200)
# As in the packaged table: near enough to 1, and not by errors on both sides.
LEAST_SLOPE, MOST_DEVIATION = 0.9, 0.15
FRESH, PIECE = 4_000, 2_000


def plan_sample_size(
    study_file: Path | str,
    *,
    auroc: float | None = None,
    cohorts: int | None = None,
    sizes: Sequence[int] = SIZES,
    progress: Progress = SILENT,
) -> list[dict[str, Any]]:
    """Hold the cohort of a study against the criteria of Riley and others, at each landmark.

    Parameters
    ----------
    study_file : path-like
        The study.
    auroc : float, optional
        Anticipated on patients elsewhere: for the size of an external validation.
    cohorts : int, optional
        Simulate so many synthetic cohorts of each size and fit the study's own pipeline to
        them; without it nothing is simulated.
    sizes : sequence of int
        Patients at risk in a simulated cohort, ascending.
    progress : Progress
        Told about each fit.

    Returns
    -------
    list of dict
        Plain data for each landmark: what the cohort has, what is required and why, what it
        supports, the size of a validation, and the slopes of the simulation.

    Raises
    ------
    StudyError, CohortError, NotEstimableError
        If the study or its data do not allow it.
    """
    study = load_study(study_file)
    cohort, _ = read_cohort(study, progress=progress)
    specification = specify_features(study, cohort)
    found = []
    for at in study.outcome.landmarks_h:
        rows = _rows(study, cohort, specification, landmark_h=at)
        told = _by_formula(rows, len(specification.columns), auroc)
        if cohorts is not None:
            told["simulation"] = _by_simulation(
                study, at, sizes=sizes, cohorts=cohorts, progress=progress
            )
        found.append({"landmark_h": at, **told})
    return found


def _rows(
    study: Study, cohort: Cohort, specification: FeatureSpecification, *, landmark_h: float
) -> ModelRows:
    data = prepare_landmark(study, cohort, specification, landmark_h=landmark_h)
    return data.rows(study.outcome.end_of_observation)


def _by_formula(rows: ModelRows, candidates: int, auroc: float | None) -> dict[str, Any]:
    patients, events = len(rows.event), int(rows.event.sum())
    wanted = required_sample_size(events / patients, candidates)
    validation = None
    if auroc is not None:
        spread = log_odds_from_c_statistic(auroc, events / patients)
        size = required_validation_size(events / patients, auroc, spread)
        validation = {
            "auroc": auroc,
            "patients": size.n_required,
            "events": size.events_required,
            "binding": size.binding,
        }
    return {
        "patients": patients,
        "events": events,
        "candidates": candidates,
        "supported": parameters_supported(patients, events / patients),
        "required": {
            "shrinkage": wanted.n_shrinkage,
            "optimism": wanted.n_optimism,
            "overall risk": wanted.n_overall_risk,
            "binding": wanted.binding,
            "patients": wanted.n_required,
            "events": wanted.events_required,
        },
        "sentences": describe_size(rows, candidates).sentences,
        "validation": validation,
    }


def _by_simulation(
    study: Study, landmark_h: float, *, sizes: Sequence[int], cohorts: int, progress: Progress
) -> dict[str, Any]:
    """Fit the study's pipeline, untuned, to synthetic cohorts and look at fresh patients."""
    progress.stage(f"{landmark_h:g} h: simulating patients", steps=None)
    plan, population = _population(study, landmark_h, FRESH + cohorts * max(sizes))
    fresh = population.take(np.arange(FRESH))
    progress.stage(f"{landmark_h:g} h: fitting", steps=cohorts * len(sizes))
    table = []
    for size in sizes:
        slopes = []
        for number in range(cohorts):
            start = FRESH + number * size
            slopes.append(_slope(plan, population.take(np.arange(start, start + size)), fresh))
            progress.step()
        known = np.array([slope for slope in slopes if np.isfinite(slope)])
        table.append(
            {
                "patients": size,
                "released": int(known.size),
                "slope": plain(float(known.mean())) if known.size else None,
                "deviation": plain(float(np.abs(known - 1).mean())) if known.size else None,
            }
        )
    return {"cohorts": cohorts, "sizes": table, "enough_from": _enough_from(table, cohorts)}


def _population(study: Study, landmark_h: float, patients: int) -> tuple[ModelPlan, ModelRows]:
    cohort = _piece(study, landmark_h, first_patient=0)
    specification = specify_features(study, cohort)
    parts = [_rows(study, cohort, specification, landmark_h=landmark_h)]
    while sum(len(part.event) for part in parts) < patients:
        cohort = _piece(study, landmark_h, first_patient=PIECE * len(parts))
        parts.append(_rows(study, cohort, specification, landmark_h=landmark_h))
    untuned = study.models.model_copy(update={"tuning": None, "comparators": ()})
    wanted = study.model_copy(update={"models": untuned})
    return model_plans(wanted, specification)[0], pool_rows(parts)


def _piece(study: Study, landmark_h: float, *, first_patient: int) -> Cohort:
    return simulate(
        PIECE,
        seed=study.seed,
        landmarks_h=(landmark_h,),
        horizon_h=study.outcome.horizon_h(landmark_h),
        first_patient=first_patient,
    ).cohort


def _slope(plan: ModelPlan, training: ModelRows, fresh: ModelRows) -> float:
    fit = plan.fit(training, seed=0)
    if not fit.is_released:
        return float("nan")
    risk = fit.model.predict_proba(plan.table(fresh))[:, 1]
    return float(METRICS["calibration_slope"](fresh.event, risk, None))


def _enough_from(table: Sequence[dict[str, Any]], cohorts: int) -> int | None:
    """Find the smallest size from which on every larger one is near enough to 1 too."""
    enough = None
    for row in reversed(table):
        is_near = row["released"] == cohorts and row["slope"] >= LEAST_SLOPE
        if not (is_near and row["deviation"] < MOST_DEVIATION):
            break
        enough = int(row["patients"])
    return enough

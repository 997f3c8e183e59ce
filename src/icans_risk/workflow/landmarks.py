"""All landmarks of a study, each with the same models."""

from icans_risk.cohort import Cohort
from icans_risk.features import FeatureSpecification
from icans_risk.study import Study
from icans_risk.workflow.cuts import check_cuts
from icans_risk.workflow.landmark import LandmarkResult, develop_landmark
from icans_risk.workflow.landmark_data import prepare_landmark
from icans_risk.workflow.plans import model_plans, stacked_plan
from icans_risk.workflow.progress import SILENT, Progress
from icans_risk.workflow.rows import pool_rows
from icans_risk.workflow.validation import Effort

__all__ = ["develop_landmarks"]


def develop_landmarks(
    study: Study,
    cohort: Cohort,
    specification: FeatureSpecification,
    *,
    effort: Effort | None = None,
    progress: Progress = SILENT,
) -> list[LandmarkResult]:
    """Develop, validate, explain and release the models of every landmark.

    Parameters
    ----------
    study : Study
        What to do.
    cohort : Cohort
        With whom.
    specification : FeatureSpecification
        Fitted.
    effort : Effort, optional
        Threads and journals; one thread by default.
    progress : Progress
        Told about stages and steps.

    Returns
    -------
    list of LandmarkResult
        In the order of the study's landmarks.

    Raises
    ------
    StudyError
        If the study contradicts itself.
    NotEstimableError
        If there are too few patients with or without the endpoint.
    """
    check_cuts(study)
    plans = model_plans(study, specification)
    prepared = [
        prepare_landmark(study, cohort, specification, landmark_h=at)
        for at in study.outcome.landmarks_h
    ]
    if study.models.stacked_landmarks:
        policy = study.outcome.end_of_observation
        plans.append(stacked_plan(plans[0], pool_rows([data.rows(policy) for data in prepared])))
    return [
        develop_landmark(
            study,
            cohort,
            specification,
            data=data,
            plans=plans,
            effort=effort or Effort(),
            progress=progress,
        )
        for data in prepared
    ]

"""A released model at a new site: its intercept and slope fitted anew on local patients."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from icans_risk.cohort import Cohort
from icans_risk.errors import ModelError, StudyError
from icans_risk.features import FeatureSpecification, build_features, unseen_levels
from icans_risk.models.released import ReleasedModel, load_released
from icans_risk.outcome import Endpoint, derive_outcomes
from icans_risk.study import Study, load_study
from icans_risk.workflow.plain import plain
from icans_risk.workflow.progress import SILENT, Progress
from icans_risk.workflow.reading import read_cohort

__all__ = ["check_same_question", "local_rows", "recalibrate_model"]


def recalibrate_model(
    model: Path, study_file: Path | str, *, out: Path, progress: Progress = SILENT
) -> dict[str, Any]:
    """Fit a released model's calibration anew on the patients of a study, into a new folder.

    Features, endpoint, landmark and horizon are the model's own; the study gives the patients
    and what the end of their observation means.

    Parameters
    ----------
    model : Path
        Folder of a released model; it is left as it is.
    study_file : path-like
        A study file of the new site.
    out : Path
        Must not exist.
    progress : Progress
        Told what the job is doing.

    Returns
    -------
    dict
        Plain data: patients, events, the step, and observed over expected events before it.

    Raises
    ------
    ModelError
        If the model is damaged, or was fitted on these very patients.
    StudyError
        If the study is of another scale or kind of data.
    NotReleasedError
        If higher predicted risks do not go with more events at the new site.
    NotEstimableError
        If its patients have one outcome only.
    """
    progress.stage("reading model and cohort", steps=2)
    released, study = load_released(model), load_study(study_file)
    progress.step()
    cohort, _ = read_cohort(study)
    progress.step()
    facts = released.facts
    check_same_question(facts, study, cohort)
    progress.stage("recalibrating", steps=2)
    specification = FeatureSpecification.from_json(json.dumps(facts["features"]))
    X, y, weight, patient = local_rows(released, study, cohort, specification=specification)
    known = np.isfinite(y)
    X, y, weight, patient = X[known], y[known].astype(np.int64), weight[known], patient[known]
    new, changed = released.recalibrated(X, y, sample_weight=weight, groups=patient)
    progress.step()
    new.save(out)
    progress.step()
    local = changed.facts()
    return {
        "model": str(out.resolve()),
        "landmark_h": facts["landmark_h"],
        "endpoint": facts["endpoint_in_words"],
        "patients": local["patients"],
        "events": local["events"],
        "step": local["step"],
        "observed_expected_before": plain(local["observed_expected_before"]),
        "unseen_levels": unseen_levels(cohort, specification).to_dict("records"),
    }


def check_same_question(facts: Any, study: Study, cohort: Cohort) -> None:
    """Refuse patients of another scale or kind, and those that the model was fitted on."""
    for name, own in (("scale", study.outcome.scale), ("data_kind", study.data_kind)):
        if facts[name] != own:
            raise StudyError(
                f"the model's {name} is {facts[name]}, the study's is {own}. Recalibrate it on "
                "patients of the same kind."
            )
    if facts["cohort_hash"] == cohort.hash():
        raise ModelError(
            "a model is recalibrated on patients that it was not fitted on, these are the ones "
            "that it was fitted on. Name the study of another site."
        )


def local_rows(
    released: ReleasedModel, study: Study, cohort: Cohort, *, specification: FeatureSpecification
) -> tuple[pd.DataFrame, Any, Any, Any]:
    """Return columns, outcome, weight and patient of those at risk at the model's landmark.

    The outcome is NaN where it is not known, such as of patients who are still observed.
    """
    facts = released.facts
    landmark_h, horizon_h = float(facts["landmark_h"]), float(facts["horizon_h"])
    outcomes = derive_outcomes(
        cohort,
        (landmark_h,),
        endpoint=Endpoint(**facts["endpoint"]),
        scale=facts["scale"],
        horizon_h=lambda _: horizon_h,
        policy=study.outcome.end_of_observation,
    )
    at_risk = outcomes["at_risk"].to_numpy(dtype=bool)
    vectors = build_features(cohort, specification, [landmark_h])[at_risk]
    return (
        vectors[list(released.model.feature_names_in_)],
        outcomes.loc[at_risk, "event"].to_numpy(dtype=np.float64),
        outcomes.loc[at_risk, "weight"].to_numpy(),
        cohort.episodes.loc[at_risk, "patient_id"].to_numpy(dtype=object),
    )

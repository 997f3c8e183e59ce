"""A released model at a new site: its intercept and slope fitted anew on local patients."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icans_risk.cohort import Cohort
from icans_risk.errors import ModelError, StudyError
from icans_risk.features import FeatureSpecification, build_features, unseen_levels
from icans_risk.models.released import ReleasedModel
from icans_risk.outcome import Endpoint, derive_outcomes
from icans_risk.study import Study, load_study
from icans_risk.tracking import TRACKING_URI
from icans_risk.workflow.model_sources import one_model
from icans_risk.workflow.plain import plain
from icans_risk.workflow.progress import SILENT, Progress
from icans_risk.workflow.reading import read_cohort

__all__ = [
    "LocalRows",
    "check_same_question",
    "local_rows",
    "recalibrate_model",
    "remember_cohort",
]


def recalibrate_model(
    model: Path | str,
    study_file: Path | str,
    *,
    out: Path,
    tracking_uri: str = TRACKING_URI,
    progress: Progress = SILENT,
) -> dict[str, Any]:
    """Fit a released model's calibration anew on the patients of a study, into a new folder.

    Features, endpoint, landmark and horizon are the model's own; the study gives the patients
    and what the end of their observation means.

    Parameters
    ----------
    model : Path or str
        A released model: its folder, ``models:/NAME@ALIAS`` or a run. It is left as it is.
    study_file : path-like
        A study file of the new site.
    out : Path
        Must not exist.
    tracking_uri : str
        The store of a model that is no folder; it is only read.
    progress : Progress
        Told what the job is doing.

    Returns
    -------
    dict
        Plain data: patients, events, the step, and observed over expected events before it.

    Raises
    ------
    ModelError
        If the model is damaged or was withdrawn, or was fitted on these very patients.
    StudyError
        If the study is of another scale or kind of data.
    NotReleasedError
        If higher predicted risks do not go with more events at the new site.
    NotEstimableError
        If its patients have one outcome only.
    """
    released = one_model(model, tracking_uri=tracking_uri).released
    study = load_study(study_file)
    cohort, _ = read_cohort(study, progress=progress)
    facts = released.facts
    check_same_question(facts, study, cohort)
    progress.stage("recalibrating", steps=2)
    specification = FeatureSpecification.from_json(json.dumps(facts["features"]))
    rows = local_rows(released, study, cohort, specification=specification)
    rows = rows.take(np.isfinite(rows.y))
    new, changed = released.recalibrated(
        rows.X, rows.y.astype(np.int64), sample_weight=rows.weight, groups=rows.patient
    )
    progress.step()
    remember_cohort(new, cohort).save(out)
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


def remember_cohort(released: ReleasedModel, cohort: Cohort) -> ReleasedModel:
    """Keep with a model on whose patients its calibration rests: they cannot judge it any more."""
    so_far = released.facts.get("recalibrated_on", ())
    return replace(released, facts={**released.facts, "recalibrated_on": [*so_far, cohort.hash()]})


@dataclass(frozen=True, eq=False)
class LocalRows:
    """Patients of a new site who are at risk at a model's landmark.

    Attributes
    ----------
    X : DataFrame
        The model's columns.
    y, weight : ndarray of shape (n_rows,)
        Outcome, NaN where it is not known, as of patients who are still observed; its weight.
    patient : ndarray of shape (n_rows,)
        Whose row it is.
    episodes : DataFrame
        Their rows of the cohort's table.
    """

    X: pd.DataFrame
    y: NDArray[np.float64]
    weight: NDArray[np.float64]
    patient: NDArray[Any]
    episodes: pd.DataFrame

    def take(self, kept: NDArray[np.bool_]) -> "LocalRows":
        """Return some of the rows."""
        return LocalRows(
            self.X[kept], self.y[kept], self.weight[kept], self.patient[kept], self.episodes[kept]
        )


def local_rows(
    released: ReleasedModel, study: Study, cohort: Cohort, *, specification: FeatureSpecification
) -> LocalRows:
    """Return those at risk at the model's landmark."""
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
    episodes = cohort.episodes.loc[at_risk]
    return LocalRows(
        X=vectors[list(released.model.feature_names_in_)],
        y=outcomes.loc[at_risk, "event"].to_numpy(dtype=np.float64),
        weight=outcomes.loc[at_risk, "weight"].to_numpy(dtype=np.float64),
        patient=episodes["patient_id"].to_numpy(dtype=object),
        episodes=episodes,
    )

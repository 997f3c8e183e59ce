"""A released model for another product, from what is published and who is here."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from icans_risk.errors import StudyError
from icans_risk.evidence import Incidence, find_incidence, load_evidence
from icans_risk.features import FeatureSpecification
from icans_risk.models.landmark_incidence import LandmarkIncidence, OnsetLaw, landmark_incidence
from icans_risk.models.transport import ASSUMPTION
from icans_risk.models.transported import check_product_is_new, transport_released
from icans_risk.study import load_study
from icans_risk.tracking import TRACKING_URI
from icans_risk.workflow.model_sources import one_model
from icans_risk.workflow.progress import SILENT, Progress
from icans_risk.workflow.reading import read_cohort
from icans_risk.workflow.recalibrate import (
    LocalRows,
    check_same_question,
    local_rows,
    remember_cohort,
)

__all__ = ["PublishedFigure", "published_incidence", "transport_model"]

# Where no source says when ICANS begins after a product.
USUAL_ONSET_D = 7.0


@dataclass(frozen=True, kw_only=True)
class PublishedFigure:
    """Which published incidence a model is moved by.

    Attributes
    ----------
    product, disease : str
        As in the evidence files; hyphens and case do not matter.
    scale : str, optional
        Of the figure, where it is not the model's.
    scale_factor : tuple of (factor, low, high), optional
        What to multiply it by then; required, and refused otherwise.
    """

    product: str
    disease: str
    scale: str | None = None
    scale_factor: tuple[float, float, float] | None = None


def transport_model(
    model: Path | str,
    study_file: Path | str,
    *,
    published: PublishedFigure,
    out: Path,
    tracking_uri: str = TRACKING_URI,
    progress: Progress = SILENT,
) -> dict[str, Any]:
    """Move a released model to another product by its published incidence and local patients.

    Parameters
    ----------
    model : Path or str
        A released model that does not know products: its folder, ``models:/NAME@ALIAS`` or a
        run. It is left as it is.
    study_file : path-like
        A study of local patients; those who had the product count, and their outcomes may be
        few or none.
    published : PublishedFigure
        Which figure.
    out : Path
        Must not exist.
    tracking_uri : str
        The store of a model that is no folder; it is only read.
    progress : Progress
        Told what the job is doing.

    Returns
    -------
    dict
        Plain data: the sentence that says what was used, the assumption, patients, events, the
        step, the published figure and its sources.

    Raises
    ------
    ModelError
        If the model knows the product, is damaged or withdrawn, or was fitted on these very
        patients.
    StudyError
        If the study is of another scale or kind of data, or the figure's scale is another one
        and no factor is stated.
    IcansRiskError
        If nothing is published on the product, or fewer than 20 local patients are at risk.
    """
    released = one_model(model, tracking_uri=tracking_uri).released
    study = load_study(study_file)
    cohort, _ = read_cohort(study, progress=progress)
    facts = released.facts
    check_same_question(facts, study, cohort)
    check_product_is_new(list(released.model.feature_names_in_))
    found, incidence = published_incidence(published, facts)
    progress.stage("moving the model", steps=2)
    specification = FeatureSpecification.from_json(json.dumps(facts["features"]))
    everyone = local_rows(released, study, cohort, specification=specification)
    rows = everyone.take(_had(everyone, published.product))
    new, done = transport_released(
        released, rows.X, rows.y, incidence=incidence, sample_weight=rows.weight
    )
    progress.step()
    remember_cohort(new, cohort).save(out)
    progress.step()
    return {
        "model": str(out.resolve()),
        "landmark_h": facts["landmark_h"],
        "endpoint": facts["endpoint_in_words"],
        "assumption": ASSUMPTION,
        "sentence": done.in_words,
        "patients": done.patients,
        "events": done.events,
        "at_risk": len(rows.X),
        "of_other_products": len(everyone.X) - len(rows.X),
        "step": done.step.to_state(),
        "shift_sd": float(np.sqrt(done.covariance[0, 0])),
        "published_share": done.published_share,
        "published": incidence.value,
        "published_logit_sd": incidence.logit_sd,
        "from_memory": found.assumed,
        "sources": list(found.sources),
        "has_interval": new.rebuilds is not None,
    }


def published_incidence(
    published: PublishedFigure, facts: Any
) -> tuple[Incidence, LandmarkIncidence]:
    """Find the figure and take it to the model's landmark and horizon.

    Parameters
    ----------
    published : PublishedFigure
        Which one.
    facts : mapping
        Of the released model: endpoint, scale, landmark and horizon.

    Returns
    -------
    Incidence
        As published.
    LandmarkIncidence
        Among those at risk at the landmark.

    Raises
    ------
    StudyError
        If the endpoint is not ICANS, or the scale differs and no factor is stated.
    """
    endpoint, scale = facts["endpoint"], published.scale or facts["scale"]
    if endpoint["grade"] != "icans_grade":
        raise StudyError(
            f"published incidences are of ICANS, the model's endpoint is {endpoint['grade']}. "
            "Recalibrate it on local patients."
        )
    if (scale != facts["scale"]) != (published.scale_factor is not None):
        raise StudyError(
            f"a factor between scales is stated where, and only where, they differ: the model's is "
            f"{facts['scale']}, the figure's {scale}, the factor {published.scale_factor}."
        )
    product, disease = (_word(name) for name in (published.product, published.disease))
    found = find_incidence(product, disease, at_least=endpoint["at_least"], scale=scale)
    return found, landmark_incidence(
        found.value,
        found.logit_sd,
        _onset(product, disease),
        landmark_h=float(facts["landmark_h"]),
        horizon_h=float(facts["horizon_h"]),
        about=f"{found.about} ({found.scale}, {found.words})",
        scale_factor=published.scale_factor,
    )


def _had(rows: LocalRows, product: str) -> NDArray[np.bool_]:
    """Say who had the product: a published incidence is of no other."""
    if "product" not in rows.episodes:
        raise StudyError(
            "the study must say which product each patient had, its table of infusions does not. "
            "Add the column product."
        )
    own = rows.episodes["product"].fillna("").astype(str).map(_word) == _word(product)
    return own.to_numpy(dtype=bool)


def _word(name: str) -> str:
    return name.strip().lower().replace("-", "_").replace(" ", "_")


def _onset(product: str, disease: str) -> OnsetLaw:
    figure = load_evidence().get(f"icans_onset.{product}.{disease}")
    return OnsetLaw(median_h=24.0 * (USUAL_ONSET_D if figure is None else figure.value))

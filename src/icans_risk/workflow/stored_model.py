"""What a kept run says of one of its models at one landmark."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from icans_risk.errors import ComparisonError, IcansRiskError, TrackingError
from icans_risk.strict_yaml import load_yaml
from icans_risk.tracking import StoredRun, list_documents, read_document, read_text

__all__ = ["StoredModel", "read_model"]

_MAIN = "booster"


@dataclass(frozen=True, eq=False)
class StoredModel:
    """A model of a run, with the risks that it gave patients whom it had not seen.

    Attributes
    ----------
    run_id, study, name, label : str
        Its run and that run's study; the model's short name, and the one on pages.
    cohort : str
        Hash of the cohort.
    question : mapping of str to object
        What it answers, and on what kind of data; None is not known.
    event, weight, patient, risk : ndarray of shape (n_rows,)
        Its rows.
    not_estimable : frozenset of str
        Metrics that the run itself called not estimable.
    audit : str or None
        Verdict of the run's audit.
    declared : mapping of str to Any
        The study's block ``evaluation``.
    notes : tuple of str
        What a reader has to know of it.
    """

    run_id: str
    study: str
    name: str
    label: str
    cohort: str
    question: Mapping[str, object]
    event: NDArray[np.int64]
    weight: NDArray[np.float64]
    patient: NDArray[np.int64]
    risk: NDArray[np.float64]
    not_estimable: frozenset[str]
    audit: str | None
    declared: Mapping[str, Any]
    notes: tuple[str, ...]


def read_model(run: StoredRun, name: str, *, landmark_h: float | None) -> StoredModel:
    """Read a model of a kept run.

    Parameters
    ----------
    run : StoredRun
        From ``find_run``.
    name : str
        Short name of the model: ``booster``, or a comparator's.
    landmark_h : float or None
        Landmark in hours since infusion; by default the first one of the run.

    Returns
    -------
    StoredModel
        With its held-out risks.

    Raises
    ------
    ComparisonError
        If the run has no such landmark or model.
    TrackingError
        If the run is of no study, or keeps no held-out risks.
    """
    summary = read_document(run, "study/summary.json")
    landmark = _landmark(run, summary, landmark_h)
    held_out = _held_out(run, float(landmark["landmark_h"]))
    if name not in held_out["risk"]:
        raise ComparisonError(
            f"run {run.run_id[:8]}: no model {name!r}; it has {', '.join(held_out['risk'])}."
        )
    described, study = landmark["models"][name], _study(run)
    return StoredModel(
        run_id=run.run_id,
        study=str(summary["study"]),
        name=name,
        label=str(described["label"]),
        cohort=str(summary["cohort_hash"]),
        question=_question(summary, landmark, study),
        event=np.array(held_out["event"], dtype=np.int64),
        weight=np.array(held_out["weight"], dtype=np.float64),
        patient=np.array(held_out["patient"], dtype=np.int64),
        risk=np.array(held_out["risk"][name], dtype=np.float64),
        not_estimable=frozenset(
            metric for metric, found in described["metrics"].items() if found["estimate"] is None
        ),
        audit=_audit(landmark) or _audit(summary),
        declared=_block(study, "evaluation"),
        notes=tuple(_notes(run, landmark, name)),
    )


def _landmark(run: StoredRun, summary: Mapping[str, Any], landmark_h: float | None) -> Any:
    landmarks = summary["landmarks"]
    if landmark_h is None:
        return landmarks[0]
    for landmark in landmarks:
        if landmark["landmark_h"] == landmark_h:
            return landmark
    known = ", ".join(f"{landmark['landmark_h']:g}" for landmark in landmarks)
    raise ComparisonError(
        f"run {run.run_id[:8]}: no landmark at {landmark_h:g} h; it has {known}. Name one that "
        "both runs have by --landmark."
    )


def _held_out(run: StoredRun, landmark_h: float) -> dict[str, Any]:
    file = f"held_out/{landmark_h:g}h.json"
    if file not in list_documents(run, "held_out"):
        raise TrackingError(
            f"run {run.run_id[:8]} keeps no {file}: an earlier version made it. Develop its study "
            "again."
        )
    return read_document(run, file)


def _study(run: StoredRun) -> Mapping[str, Any]:
    """Read the study file as it was kept; a version that wrote other keys is no reason to stop."""
    files = [
        name for name in list_documents(run, "study") if name.rpartition(".")[2] in ("yaml", "yml")
    ]
    try:
        content = load_yaml(read_text(run, files[0])) if files else None
    except (yaml.YAMLError, IcansRiskError):
        content = None
    return content if isinstance(content, dict) else {}


def _block(study: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    block = study.get(name)
    return block if isinstance(block, dict) else {}


def _question(
    summary: Mapping[str, Any], landmark: Mapping[str, Any], study: Mapping[str, Any]
) -> dict[str, object]:
    return {
        "endpoint": landmark["endpoint"],
        "scale": _block(study, "outcome").get("scale"),
        "landmark_h": landmark["landmark_h"],
        "horizon_h": landmark["horizon_h"],
        "end_of_observation": landmark["primary_policy"],
        "treatment_policy": summary["treatment_policy"],
        # A model that sees who was tested may look better for knowing nearly the label.
        "presence": summary["presence"],
        "data_kind": summary["data_kind"],
    }


def _audit(described: Mapping[str, Any]) -> str | None:
    audit = described.get("audit")
    verdict = audit.get("verdict") if isinstance(audit, dict) else None
    return None if verdict is None else str(verdict)


def _notes(run: StoredRun, landmark: Mapping[str, Any], name: str) -> list[str]:
    notes, described = [], landmark["models"][name]
    if name == _MAIN and not landmark["kept_model"]["is_released"]:
        notes.append(f"Run {run.run_id[:8]} let no model out at this landmark.")
    if described["unreleased_folds"]:
        notes.append(
            f"Run {run.run_id[:8]}, {described['label']}: in {described['unreleased_folds']} of "
            f"{described['folds']} folds no model could be let out, and the prevalence stood in."
        )
    return notes

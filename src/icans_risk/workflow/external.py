"""A released model held against the outcomes of patients whom it was not fitted on."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from icans_risk.cohort import Cohort, DataKind, read_cohort_folder, read_manifest
from icans_risk.errors import ModelError
from icans_risk.evaluation import calibration_curve, decision_curve, judge_ranking
from icans_risk.evaluation.decision import TREAT_ALL
from icans_risk.models.abstention import ANSWERED
from icans_risk.report.plots import calibration_figure
from icans_risk.serving import ServedModel
from icans_risk.tracking import TRACKING_URI
from icans_risk.workflow.answered_rows import answered_rows, describe_metrics
from icans_risk.workflow.files import check_folder, whole_file
from icans_risk.workflow.judged import HeldOutRisks
from icans_risk.workflow.model_sources import check_new_patients, load_models
from icans_risk.workflow.plain import plain
from icans_risk.workflow.progress import SILENT, Progress

__all__ = ["evaluate_model"]

_MODEL = "model"
_BY_HAND = "The thresholds were given by hand: they prove nothing if results were seen before."
_NONE_DECLARED = (
    "No threshold is kept with the model, so that no net benefit is shown: its study declared "
    "none, or an earlier version released it. Declare evaluation.thresholds before results are "
    "seen, or name some by --thresholds."
)
_CANNOT_SHOW = (
    "A released model keeps no patient: whether single ones of these were among those that it was "
    "fitted on shows only against that cohort (--trained-on)."
)


def evaluate_model(
    model: Path | str,
    cohort: Path,
    *,
    trained_on: Path | None = None,
    thresholds: Sequence[float] | None = None,
    figure: Path | None = None,
    resamples: int = 1000,
    seed: int = 0,
    tracking_uri: str = TRACKING_URI,
    progress: Progress = SILENT,
) -> dict[str, Any]:
    """Judge a released model by the outcomes of another cohort.

    Endpoint, landmark, horizon and the reading of the end of observation are the model's own.
    Whom it gives no answer is counted, with the outcome, and judges nothing.

    Parameters
    ----------
    model : Path or str
        Folder of a released model, a registered model, or a run, which stands for its models
        of all landmarks.
    cohort : Path
        Cohort folder with outcomes.
    trained_on : Path, optional
        Cohort folder that the model was fitted on: whoever is in it is left out.
    thresholds : sequence of float, optional
        At which net benefit is given; by default those that the model's study declared.
    figure : Path, optional
        PNG with the calibration curve; of one model only.
    resamples, seed : int
        Of the bootstrap over patients.
    tracking_uri : str
        The store of a model that is no folder.
    progress : Progress
        Told what the job is doing.

    Returns
    -------
    dict
        Plain data: for each model whom it was asked about, every metric with its interval
        beside the one of its development, ranking among those without a first grade, net
        benefit, and who got no answer. What is not estimable is None.

    Raises
    ------
    ModelError
        If the model is damaged or withdrawn, was fitted on these patients or on the other
        kind, or a run with several models is to be drawn.
    CohortError
        If a folder cannot be read.
    """
    if figure is not None:
        check_folder(figure)
    progress.stage("reading model and patients", steps=2)
    served = load_models([model], tracking_uri=tracking_uri)
    if figure is not None and len(served) > 1:
        raise ModelError(
            f"a figure is of one model, got {len(served)}, of several landmarks. Name one by its "
            "folder, or leave --figure out."
        )
    progress.step()
    kind, patients = read_manifest(cohort).data_kind, read_cohort_folder(cohort)
    check_new_patients(served, kind, patients.hash())
    new = patients if trained_on is None else _leave_out(patients, served, trained_on)
    progress.step()
    told = []
    for one in served:
        progress.stage(f"{one.landmark_h:g} h: scoring and judging", steps=None)
        rows = answered_rows(one, new, kind)
        settings = {"resamples": resamples, "seed": seed}
        told.append(_judge(one, rows, new, thresholds=thresholds, **settings))
        if figure is not None:
            _draw(figure, rows[rows["is_judged"]], kind)
    return {
        "data_kind": kind,
        "synthetic": kind == "synthetic",
        "episodes": len(new.episodes),
        "left_out_as_trained_on": len(patients.episodes) - len(new.episodes),
        "cannot_show": None if trained_on is not None else _CANNOT_SHOW,
        "models": told,
        "resamples": resamples,
        "seed": seed,
        "figure": None if figure is None else str(figure.resolve()),
        "research_use_only": True,
    }


def _leave_out(cohort: Cohort, served: Sequence[ServedModel], trained_on: Path) -> Cohort:
    """Drop the episodes of patients who were there when the model was fitted."""
    seen = read_cohort_folder(trained_on)
    identity = seen.hash()
    if any(model.facts.get("cohort_hash") != identity for model in served):
        raise ModelError(
            f"--trained-on: expected the cohort that the model was fitted on, {trained_on.name} is "
            "another or was changed since. Name the folder that its study read."
        )
    is_new = ~cohort.episodes["patient_id"].isin(seen.episodes["patient_id"])
    ids = cohort.episodes.loc[is_new, "episode_id"]
    if ids.empty:
        raise ModelError(
            f"expected patients whom the model was not fitted on, all {len(is_new)} episodes are "
            "of patients whom it was fitted on. Name a cohort with others."
        )
    tables = (cohort.episodes, cohort.events, cohort.grades)
    kept = (table[table["episode_id"].isin(ids)].reset_index(drop=True) for table in tables)
    return Cohort(*kept)


def _judge(
    served: ServedModel,
    rows: pd.DataFrame,
    cohort: Cohort,
    *,
    thresholds: Sequence[float] | None,
    resamples: int,
    seed: int,
) -> dict[str, Any]:
    judged, asked = rows[rows["is_judged"]], rows[rows["at_risk"]]
    silent = asked[(asked["status"] != ANSWERED) & asked["event"].notna()]
    is_answered = asked["status"] == ANSWERED
    declared = tuple(served.facts.get("thresholds", ()))
    at = declared if thresholds is None else tuple(sorted(set(thresholds)))
    return {
        "model": served.describe(),
        "landmark_h": served.landmark_h,
        "horizon_h": served.horizon_h,
        "endpoint": served.facts["endpoint_in_words"],
        "end_of_observation": served.facts["end_of_observation"],
        "at_risk": len(asked),
        "answered": int(is_answered.sum()),
        "answered_share": plain(float(is_answered.mean())) if len(asked) else None,
        "outcome_unknown": int(asked["event"].isna().sum()),
        "judged": len(judged),
        "patients": int(judged["patient_id"].nunique()),
        "events": int(judged["event"].sum()),
        "not_answered": {"judgeable": len(silent), "events": int(silent["event"].sum())},
        "statuses": {str(name): int(n) for name, n in rows["status"].value_counts().items()},
        "metrics": describe_metrics(judged, resamples=resamples, seed=seed),
        "in_development": _in_development(served.facts),
        "ranking": _ranking(judged, cohort),
        "thresholds": list(at),
        "thresholds_note": _thresholds_note(declared, thresholds),
        "net_benefit": _net_benefit(judged, at, resamples=resamples, seed=seed),
    }


def _in_development(facts: Mapping[str, Any]) -> dict[str, dict[str, float | None]]:
    """Return what held-out risks of the patients of its own study gave."""
    names = ("estimate", "low", "high")
    found = facts.get("performance", {})
    return {name: dict(zip(names, ends, strict=True)) for name, ends in found.items()}


def _ranking(judged: pd.DataFrame, cohort: Cohort) -> dict[str, Any]:
    """Judge ranking among everyone, and among those whose endpoint was still to be foreseen."""
    if judged.empty:
        return {}
    event, risk, weight = (judged[n].to_numpy(float) for n in ("event", "risk", "weight"))
    patient = judged["patient_id"].to_numpy(object)
    among = HeldOutRisks(
        event=event.astype(np.int64), weight=weight, patient=patient, probabilities={}, splits=(),
        episodes=cohort.episodes, outcomes=judged,
    ).among  # fmt: skip
    told = {}
    for name, mask in among.items():
        found = judge_ranking(event, risk, groups=patient, among=mask, weight=weight)
        told[name] = {
            "patients": found.patients,
            "patients_with_event": found.patients_with_event,
            "auroc": plain(found.auroc),
            "low": plain(found.low),
            "high": plain(found.high),
            "verdict": found.verdict,
        }
    return told


def _thresholds_note(declared: Sequence[float], given: Sequence[float] | None) -> str:
    if given is not None:
        return _BY_HAND
    if not declared:
        return _NONE_DECLARED
    words = ", ".join(f"{threshold:g}" for threshold in declared)
    return f"The model's study declared the thresholds {words}."


def _net_benefit(
    judged: pd.DataFrame, thresholds: Sequence[float], *, resamples: int, seed: int
) -> list[dict[str, float | None]]:
    if not thresholds or judged["event"].nunique() < 2:
        return []
    curve = decision_curve(
        judged["event"].to_numpy(float),
        {_MODEL: judged["risk"].to_numpy(float)},
        thresholds=list(thresholds),
        groups=judged["patient_id"].to_numpy(object),
        weight=judged["weight"].to_numpy(float),
        resamples=resamples,
        seed=seed,
    )
    everyone = curve[curve["model"] == TREAT_ALL].set_index("threshold")["net_benefit"]
    return [
        {name: plain(row[name]) for name in ("threshold", "net_benefit", "low", "high")}
        | {"treat_all": plain(everyone[row["threshold"]])}
        for row in curve[curve["model"] == _MODEL].to_dict("records")
    ]


def _draw(file: Path, judged: pd.DataFrame, kind: DataKind) -> None:
    risks = judged[["risk", "event", "weight"]].astype("float64")
    curve = (
        calibration_curve(*(risks[name].to_numpy() for name in ("event", "risk", "weight")))
        if risks["event"].nunique() == 2
        else None
    )
    drawn = calibration_figure(risks, curve, data_kind=kind)
    with whole_file(file) as draft:
        drawn.savefig(draft, format="png")

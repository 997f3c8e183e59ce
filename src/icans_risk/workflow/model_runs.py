"""The runs of single models: the same names at every landmark, so that they can be compared."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from icans_risk.evaluation import calibration_curve, decision_curve
from icans_risk.report.plots import calibration_figure, risk_distribution_figure
from icans_risk.report.study_plots import decision_curve_figure
from icans_risk.report.wording import clean
from icans_risk.study import Study
from icans_risk.tracking import RunRecord
from icans_risk.workflow.findings import LandmarkFindings
from icans_risk.workflow.run_notes import describe_model_run
from icans_risk.workflow.summary import metrics_of
from icans_risk.workflow.validation import ModelResult

__all__ = ["DIGITS", "GALLERY", "NOT_AUDITED", "TRIALS", "list_model_runs"]

# Figures that every model has under the same name.
GALLERY = ("calibration", "decision_curve", "risk_distribution")
NOT_AUDITED = "not audited"
# The best trials of a search that have a run of their own; all of them are in a table.
TRIALS = 5
# The interface prints as many digits as it finds, and no interval here is narrower than that.
DIGITS = 4
_AMONG = ("later", "no_syndrome")
# What a reader looks for first stands first.
_FIRST = ("auroc", "calibration_slope", "net_benefit", "observed_expected", "ici", "brier")


def list_model_runs(
    study: Study, found: LandmarkFindings, *, shared: RunRecord, folders: Mapping[str, Path]
) -> list[RunRecord]:
    """Describe every model of a landmark as a run.

    Parameters
    ----------
    study : Study
        What was done.
    found : LandmarkFindings
        At one landmark.
    shared : RunRecord
        Tags and dataset that all of them have.
    folders : mapping of str to Path
        Released models by the name of their artifact.

    Returns
    -------
    list of RunRecord
        The model that the study develops first; its best trials are its children.
    """
    benefits = _net_benefits(study, found)
    return [
        _model_run(study, found, model, benefits=benefits[name], shared=shared, folders=folders)
        for name, model in found.result.models.items()
    ]


def _model_run(
    study: Study,
    found: LandmarkFindings,
    model: ModelResult,
    *,
    benefits: Mapping[str, float],
    shared: RunRecord,
    folders: Mapping[str, Path],
) -> RunRecord:
    result, name = found.result, model.plan.name
    is_main = model is result.main
    metrics = _first_first({**metrics_of(model), **_judged(found, name), **benefits})
    rounded = {key: round(value, DIGITS) for key, value in metrics.items()}
    tags = {
        "run_kind": "model",
        "model": name,
        "label": model.plan.label,
        "landmark_h": f"{result.data.landmark_h:g}",
        **_audit_tags(found, is_main=is_main),
        **shared.tags,
    }
    run = replace(
        shared,
        name=f"{result.data.landmark_h:g} h {name}",
        note=describe_model_run(study, found, model, metrics=metrics),
        parameters=_parameters(found, model),
        tags=tags,
        metrics=rounded,
        gallery=_gallery(study, found, model),
        tables={"metrics.csv": _table(metrics), "decision_curve.csv": _curve(found, name)},
    )
    if not is_main:
        return run
    served = folders.get(f"models/{found.name}") if _can_score(found) else None
    return replace(run, scoring_model=served, children=_trials(found, run))


def _first_first(metrics: Mapping[str, float]) -> dict[str, float]:
    def place(name: str) -> int:
        stem = name.removesuffix("_low").removesuffix("_high")
        stem = "net_benefit" if stem.startswith("net_benefit") else stem
        return _FIRST.index(stem) if stem in _FIRST else len(_FIRST)

    return {name: metrics[name] for name in sorted(metrics, key=place)}


def _parameters(found: LandmarkFindings, model: ModelResult) -> dict[str, object]:
    result, plan = found.result, model.plan
    tuning = result.fit.tuning if model is result.main else None
    chosen = plan.settings if tuning is None else {**plan.settings, **tuning.best_parameters}
    return {
        "landmark_h": result.data.landmark_h,
        "horizon_h": result.data.horizon_h,
        "model": plan.name,
        "columns": len(plan.columns),
        "patients": len(result.rows.event),
        "events": int(result.rows.event.sum()),
        **{name: value for name, value in chosen.items() if value is not None},
    }


def _audit_tags(found: LandmarkFindings, *, is_main: bool) -> dict[str, str]:
    """Tag what the audit came to; it looks at the model that a study develops, and no other."""
    audit = found.scrutiny.audit
    if audit is None or not is_main:
        return {"audit": NOT_AUDITED}
    checks = {f"audit_{finding.check}": finding.verdict for finding in audit.findings}
    return {"audit": audit.verdict, **checks}


def _judged(found: LandmarkFindings, name: str) -> dict[str, float]:
    """Return what only the assessment knows: how far from the curve, and ranking foreseen."""
    judged = found.scrutiny.assessment
    told = {"ici": float(judged.performance["ici"].loc[name])}
    ranking = judged.ranking[judged.ranking["model"] == name].set_index("among")
    for among in _AMONG:
        for end in ("", "_low", "_high"):
            told[f"auroc_{among}{end}"] = float(ranking[f"auroc{end}"].loc[among])
    return told


def _net_benefits(study: Study, found: LandmarkFindings) -> dict[str, dict[str, float]]:
    """Return every model's net benefit at the declared thresholds, named by percent."""
    held = found.scrutiny.held
    told: dict[str, dict[str, float]] = {name: {} for name in held.risks}
    if not study.evaluation.thresholds:
        return told
    curve = decision_curve(
        held.event,
        held.risks,
        thresholds=list(study.evaluation.thresholds),
        resamples=study.validation.resamples,
        seed=study.seed,
        **held.columns(),
    )
    for row in curve[curve["model"].isin(list(told))].to_dict("records"):
        name = f"net_benefit_{100 * row['threshold']:g}"
        ends = {"": "net_benefit", "_low": "low", "_high": "high"}
        told[row["model"]] |= {f"{name}{end}": float(row[key]) for end, key in ends.items()}
    return told


def _gallery(study: Study, found: LandmarkFindings, model: ModelResult) -> dict[str, Any]:
    rows, judged, kind = found.result.rows, found.scrutiny.assessment, study.data_kind
    risks = pd.DataFrame({"risk": model.risk, "event": rows.event, "weight": rows.weight})
    # Over folds a model without columns has a spread that is of the cross-validation.
    is_flat = model.plan.name in judged.constant
    curve = None if is_flat else calibration_curve(rows.event, model.risk, rows.weight)
    # A dollar sign in a label is a dollar sign, not the start of a formula.
    label = clean(model.plan.label).replace("$", r"\$")
    of = f"{label} at {found.result.data.landmark_h:g} h"
    drawn = (
        calibration_figure(risks, curve, data_kind=kind, title=f"{of}\nCalibration"),
        decision_curve_figure(
            judged, model=model.plan.name, data_kind=kind, title=f"{of}\nDecision curve"
        ),
        risk_distribution_figure(risks, data_kind=kind, title=f"{of}\nPredicted risk by outcome"),
    )
    return dict(zip(GALLERY, drawn, strict=True))


def _table(metrics: Mapping[str, float]) -> pd.DataFrame:
    names = [name for name in metrics if not name.endswith(("_low", "_high"))]
    return pd.DataFrame(
        [
            {"metric": name}
            | {end: metrics.get(f"{name}_{end}", np.nan) for end in ("low", "high")}
            | {"estimate": metrics[name]}
            for name in names
        ],
        columns=["metric", "estimate", "low", "high"],
    )


def _curve(found: LandmarkFindings, name: str) -> pd.DataFrame:
    table = found.scrutiny.assessment.decision
    return table.loc[table["model"] == name, ["threshold", "net_benefit", "low", "high"]]


def _trials(found: LandmarkFindings, run: RunRecord) -> Sequence[RunRecord]:
    """Describe the best trials of the search on everyone, by the loss that chose among them."""
    tuning = found.result.fit.tuning
    if tuning is None:
        return ()
    complete = tuning.trials[tuning.trials["loss"].notna()]
    best = complete.sort_values("loss", kind="stable").head(TRIALS).to_dict("records")
    facts = ("number", "state", "loss", "folds", "seconds")
    return [
        RunRecord(
            name=f"{run.name} trial {row['number']}",
            note="Inner log loss of a search: it ranks trials, and says nothing of new patients.",
            parameters={str(key): value for key, value in row.items() if key not in facts},
            tags={**run.tags, "run_kind": "trial", "audit": NOT_AUDITED},
            metrics={"inner_log_loss": round(float(row["loss"]), DIGITS)},
            dataset=run.dataset,
        )
        for row in best
    ]


def _can_score(found: LandmarkFindings) -> bool:
    """Tell whether there is a model, and something is known of whom it may judge."""
    released = found.result.released
    return released is not None and released.applicability is not None

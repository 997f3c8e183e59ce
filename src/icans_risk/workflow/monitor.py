"""New data held against what a released model was made for, and its risks against outcomes."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from icans_risk.cohort import Cohort, DataKind, read_cohort_folder, read_manifest
from icans_risk.errors import LedgerError
from icans_risk.models.abstention import ANSWERED
from icans_risk.report.drift_plot import drift_figure
from icans_risk.serving import ServedModel
from icans_risk.serving.calibration_watch import FALSE_ALARM_RATE, watch_calibration
from icans_risk.serving.ledger_check import read_lines
from icans_risk.serving.monitoring import BREACH, check_contract, describe_drift
from icans_risk.tracking import TRACKING_URI
from icans_risk.workflow.answered_rows import answered_rows
from icans_risk.workflow.files import check_folder, whole_file
from icans_risk.workflow.model_sources import read_one
from icans_risk.workflow.plain import plain
from icans_risk.workflow.progress import SILENT, Progress
from icans_risk.workflow.prospective import first_predictions, join_outcomes

__all__ = ["monitor_model"]


def monitor_model(
    model: Path | str,
    cohort: Path,
    *,
    ledger: Path | None = None,
    figure: Path | None = None,
    false_alarm_rate: float = FALSE_ALARM_RATE,
    tracking_uri: str = TRACKING_URI,
    progress: Progress = SILENT,
) -> dict[str, Any]:
    """Look whether a model still meets the data that it was made for.

    Parameters
    ----------
    model : Path or str
        Folder of a released model, a registered model, or a run with one model.
    cohort : Path
        Cohort folder of new patients.
    ledger : Path, optional
        With it, calibration is watched on predictions that were written down before their
        outcome, year by year; otherwise on the cohort's patients in their order, by ``era``.
    figure : Path, optional
        PNG of how far the inputs have moved.
    false_alarm_rate : float
        Highest chance of a false alarm of the calibration watch in each period.
    tracking_uri : str
        The store of a model that is no folder.
    progress : Progress
        Told what the job is doing.

    Returns
    -------
    dict
        Plain data: ``contract`` and its ``breaches``, ``drift``, ``calibration``.

    Raises
    ------
    ModelError, CohortError, LedgerError
        If one of the three cannot be read, or does not belong to the others.
    """
    if figure is not None:
        check_folder(figure)
    progress.stage("reading model and patients", steps=2)
    served = read_one(model, tracking_uri=tracking_uri)
    progress.step()
    kind, patients = read_manifest(cohort).data_kind, read_cohort_folder(cohort)
    progress.step()
    progress.stage("comparing", steps=None)
    contract, drift = (
        look(
            patients,
            served.contract,
            specification=served.specification,
            landmark_h=served.landmark_h,
        )
        for look in (check_contract, describe_drift)
    )
    if figure is not None:
        _draw(figure, drift, patients=len(patients.episodes), data_kind=kind)
    return {
        "model": served.describe(),
        "data_kind": kind,
        "synthetic": served.is_synthetic or kind == "synthetic",
        "episodes": len(patients.episodes),
        "breaches": int((contract["verdict"] == BREACH).sum()),
        "contract": contract.to_dict("records"),
        "drift": [{**row, "shift": plain(row["shift"])} for row in drift.to_dict("records")],
        "calibration": _watch(served, patients, kind, ledger=ledger, rate=false_alarm_rate),
        "figure": None if figure is None else str(figure.resolve()),
        "research_use_only": True,
    }


def _watch(
    served: ServedModel, patients: Cohort, kind: DataKind, *, ledger: Path | None, rate: float
) -> dict[str, Any]:
    watched = (
        _from_cohort(served, patients, kind)
        if ledger is None
        else _from_ledger(served, patients, ledger)
    )
    periods = watch_calibration(
        watched["event"], watched["risk"], period=watched["period"], false_alarm_rate=rate
    )
    return {
        "watched": "cohort" if ledger is None else "ledger",
        "false_alarm_rate": rate,
        "periods": [period.to_dict() for period in periods],
        "alarms": sum(period.alarm_at is not None for period in periods),
    }


def _from_cohort(served: ServedModel, cohort: Cohort, kind: DataKind) -> pd.DataFrame:
    """Score patients whose outcomes are there already, in the order of the cohort."""
    rows = answered_rows(served, cohort, kind)
    era = cohort.episodes.get("era", pd.Series("all", index=cohort.episodes.index))
    rows["period"] = era.fillna("not recorded").to_numpy()
    return rows[rows["is_judged"]]


def _from_ledger(served: ServedModel, cohort: Cohort, ledger: Path) -> pd.DataFrame:
    """Take predictions that were written down before their outcome, in that order."""
    kept = first_predictions(read_lines(ledger))
    own = kept[kept["model"] == served.identity] if len(kept) else kept
    if own.empty:
        raise LedgerError(f"{ledger.name}: no prediction of this model. Name its ledger.")
    rows = join_outcomes(own, cohort, None)
    rows["period"] = [str(datetime.fromisoformat(moment).year) for moment in rows["written_at"]]
    return rows[(rows["status"] == ANSWERED) & rows["event"].notna() & ~rows["is_late"]]


def _draw(file: Path, drift: pd.DataFrame, *, patients: int, data_kind: DataKind) -> None:
    rows = [
        (str(row["column"]), float(row["shift"]), float(row["missing_now"] - row["missing_then"]))
        for row in drift.to_dict("records")
    ]
    with whole_file(file) as draft:
        drift_figure(rows, patients=patients, data_kind=data_kind).savefig(draft, format="png")

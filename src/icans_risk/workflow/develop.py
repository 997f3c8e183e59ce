"""The whole path: a study file in; a tracked, explained model and a page per patient out."""

import shlex
from pathlib import Path
from typing import Any

from icans_risk.report import write_pages
from icans_risk.study import load_study
from icans_risk.tracking import log_run, open_store
from icans_risk.workflow.inputs import specify_features
from icans_risk.workflow.landmark import develop_landmark
from icans_risk.workflow.pages import describe_run, render_pages
from icans_risk.workflow.progress import SILENT, Progress
from icans_risk.workflow.reading import read_cohort
from icans_risk.workflow.records import make_record
from icans_risk.workflow.summary import describe_landmark, describe_study

__all__ = ["TRACKING_URI", "develop"]

TRACKING_URI = "sqlite:///mlruns/mlflow.db"


def develop(
    study_file: Path | str,
    *,
    tracking_uri: str = TRACKING_URI,
    artifacts: Path | str = "mlruns/artifacts",
    reports: Path | str = "reports",
    progress: Progress = SILENT,
) -> dict[str, Any]:
    """Develop a study's models: validate, explain, track and report them.

    Parameters
    ----------
    study_file : path-like
        See ``configs/`` for examples.
    tracking_uri : str
        Where MLflow keeps runs; a SQLite file by default, made if it is not there.
    artifacts : path-like
        Where a SQLite store keeps figures and models.
    reports : path-like
        Folder in which this run's folder of pages is made.
    progress : Progress
        Told what the job is doing.

    Returns
    -------
    dict
        Plain data: counts, flow under each end-of-observation policy, every model's
        metrics with intervals, run identifier, paths. What is not estimable is None.

    Raises
    ------
    StudyError, CohortError, LeakageError, NotEstimableError, TrackingError
        If the study, its data or the store are not as they have to be. Nothing is
        written then.
    """
    progress.stage("reading the cohort", steps=2)
    study = load_study(study_file)
    cohort, quality = read_cohort(study)
    progress.step()
    specification = specify_features(study, cohort)
    progress.step()
    results = [
        develop_landmark(study, cohort, specification, landmark_h=at, progress=progress)
        for at in study.outcome.landmarks_h
    ]
    summary = describe_study(study, cohort, quality, specification=specification)
    summary["landmarks"] = [describe_landmark(study, result) for result in results]
    progress.stage("tracking in MLflow", steps=2)
    store = open_store(tracking_uri, artifacts=Path(artifacts), experiment=study.study)
    progress.step()
    record = make_record(
        study, Path(study_file), summary, specification=specification, results=results
    )
    run_id = log_run(store, record)
    progress.step()
    progress.stage("writing pages", steps=len(results))
    folders = []
    for result in results:
        run = describe_run(study, cohort, result, specification=specification, run_id=run_id)
        folder = Path(reports) / f"{study.study}-{run_id[:8]}-{result.landmark_h:g}h"
        write_pages(folder, render_pages(cohort, result, quality, run=run))
        folders.append(str(folder.resolve()))
        progress.step()
    return summary | {
        "run_id": run_id,
        "experiment_id": store.experiment_id,
        "paths": {"reports": folders, "tracking": store.uri},
        "mlflow_ui": f"mlflow ui --backend-store-uri {shlex.quote(store.uri)}",
    }

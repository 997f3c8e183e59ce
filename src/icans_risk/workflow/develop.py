"""The whole path: a study file in; a tracked, explained model and a page per patient out."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, get_args

from icans_risk.cohort import Cohort
from icans_risk.features import FeatureSpecification
from icans_risk.ingest import QualityReport
from icans_risk.models.stored import stored_hash
from icans_risk.report import PLAIN, STUDY_PAGE, PageStyle, write_pages
from icans_risk.report.context import DataKind
from icans_risk.study import Study, load_study
from icans_risk.tracking import (
    TRACKING_URI,
    RunRecord,
    artifact_folder,
    check_reachable,
    describe_experiment,
    log_run,
    name_place,
    open_store,
    shown,
    who_shows,
)
from icans_risk.workflow.findings import LandmarkFindings
from icans_risk.workflow.inputs import specify_features
from icans_risk.workflow.landmark import LandmarkResult
from icans_risk.workflow.landmarks import develop_landmarks
from icans_risk.workflow.pages import describe_run, render_pages
from icans_risk.workflow.progress import SILENT, Progress
from icans_risk.workflow.reading import read_cohort
from icans_risk.workflow.records import make_record
from icans_risk.workflow.reporting import describe_facts
from icans_risk.workflow.run_notes import describe_experiment_of
from icans_risk.workflow.run_pages import render_run
from icans_risk.workflow.run_views import list_views
from icans_risk.workflow.scrutiny import Scrutiny, scrutinise
from icans_risk.workflow.study_page import render_study_page
from icans_risk.workflow.summary import describe_landmark, describe_study
from icans_risk.workflow.validation import Effort

__all__ = ["TRACKING_URI", "PageStyle", "develop"]


def develop(
    study_file: Path | str,
    *,
    tracking_uri: str = TRACKING_URI,
    artifacts: Path | str = "mlruns/artifacts",
    reports: Path | str = "reports",
    journals: Path | str | None = None,
    workers: int = 1,
    style: PageStyle = PLAIN,
    progress: Progress = SILENT,
) -> dict[str, Any]:
    """Develop a study's models: validate, explain, scrutinise, track and report them.

    Parameters
    ----------
    study_file : path-like
        See ``configs/`` for examples.
    tracking_uri : str
        Where MLflow keeps runs; a SQLite file by default, made if it is not there.
    artifacts : path-like
        Where figures and models are kept, unless an MLflow server keeps them.
    reports : path-like
        Folder in which this run's folder of pages is made, with an index; of several
        landmarks, each has its own folder below it.
    journals : path-like, optional
        Folder in which tunings are kept until the run is finished: a run that was killed
        goes on from there, with the same result. By default they are kept in memory.
    workers : int
        Threads; no result depends on their number.
    style : PageStyle
        Language and units of patient pages, and whether the reader's own estimate comes
        first.
    progress : Progress
        Told what the job is doing.

    Returns
    -------
    dict
        Plain data: counts, flow under each end-of-observation policy, every model's
        metrics with intervals, assessment, audit, run identifier, paths. What is not
        estimable is None.

    Raises
    ------
    StudyError, CohortError, LeakageError, NotEstimableError, TrackingError
        If the study, its data or the store are not as they have to be. Nothing is
        written then.
    """
    study, cohort, quality, specification = _read(study_file, progress)
    # Before hours of work, not after them.
    check_reachable(tracking_uri)
    with _effort(study, journals, workers=workers) as effort:
        results = develop_landmarks(study, cohort, specification, effort=effort, progress=progress)
        judged = [scrutinise(study, r, effort=effort, progress=progress) for r in results]
    summary = describe_study(study, cohort, quality, specification=specification)
    summary["landmarks"] = [
        describe_landmark(study, result, scrutiny)
        for result, scrutiny in zip(results, judged, strict=True)
    ]
    with _stored_models(results) as folders:
        found = _find(study, summary, results, judged=judged, folders=folders)
        place = name_place(Path(study_file), tracking_uri)
        keep = partial(make_record, specification=specification, folders=folders, place=place)
        record = keep(study, study_file, summary, found=found)
        tracked = _track(study, record, tracking_uri, artifacts=artifacts, progress=progress)
    folder = Path(reports) / _folder_name(study, tracked["run_id"], found)
    describe = partial(
        describe_run, study, cohort, specification=specification, run_id=tracked["run_id"]
    )
    progress.stage("writing pages", steps=len(found))
    landmarks = []
    for one in found:
        run = describe(one.result, assessment=one.scrutiny.assessment)
        others = {STUDY_PAGE: render_study_page(one, run, summary)}
        pages = partial(render_pages, cohort, one.result, quality, earlier=results, style=style)
        landmarks.append(pages(run=run, others=others, age_bands=study.evaluation.age_bands))
        progress.step()
    write_pages(folder, render_run(landmarks))
    paths = {"reports": [str(folder.resolve())], **tracked["paths"]}
    return summary | tracked | {"paths": paths}


def _read(
    study_file: Path | str, progress: Progress
) -> tuple[Study, Cohort, QualityReport, FeatureSpecification]:
    study = load_study(study_file)
    cohort, quality = read_cohort(study, progress=progress)
    return study, cohort, quality, specify_features(study, cohort)


def _folder_name(study: Study, run_id: str, found: Sequence[LandmarkFindings]) -> str:
    """Name the folder of a run's pages; of several landmarks, each has its own below it."""
    only = f"-{found[0].name}" if len(found) == 1 else ""
    return f"{study.study}-{run_id[:8]}{only}"


def _find(
    study: Study,
    summary: Mapping[str, Any],
    results: Sequence[LandmarkResult],
    *,
    judged: Sequence[Scrutiny],
    folders: Mapping[str, Path],
) -> list[LandmarkFindings]:
    """Put together what was found at each landmark, and what the run says of it."""
    found = []
    for result, scrutiny in zip(results, judged, strict=True):
        folder = folders.get(_model_name(result))
        files = {} if folder is None else {"model.json": stored_hash(folder)}
        facts = describe_facts(study, summary, result, scrutiny=scrutiny, files=files)
        found.append(LandmarkFindings(result, scrutiny, facts))
    return found


def _track(
    study: Study, record: RunRecord, uri: str, *, artifacts: Path | str, progress: Progress
) -> dict[str, Any]:
    """Keep the run in MLflow and say where it is."""
    progress.stage("tracking in MLflow", steps=2)
    store = open_store(uri, artifacts=Path(artifacts), experiment=study.study)
    notes = {kind: describe_experiment_of(kind) for kind in get_args(DataKind)}
    describe_experiment(store, notes[study.data_kind], list_views(study), instead_of=notes.values())
    progress.step()
    run_id = log_run(store, record)
    progress.step()
    return {
        "run_id": run_id,
        "experiment_id": store.experiment_id,
        "paths": {
            "tracking": shown(store.uri),
            "models": {name: artifact_folder(store, run_id, name) for name in record.folders},
        },
        "mlflow_ui": who_shows(store.uri),
    }


def _model_name(result: LandmarkResult) -> str:
    return f"models/{result.data.landmark_h:g}h"


@contextmanager
def _effort(study: Study, journals: Path | str | None, *, workers: int) -> Iterator[Effort]:
    """Keep the journals of a study's tunings until all of it is done."""
    if journals is None or study.models.tuning is None:
        yield Effort(workers)
        return
    folder = Path(journals) / study.hash()[:16]
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    yield Effort(workers, folder)
    shutil.rmtree(folder)


@contextmanager
def _stored_models(results: Sequence[LandmarkResult]) -> Iterator[Mapping[str, Path]]:
    """Write the released models to folders that are there while the block runs."""
    with tempfile.TemporaryDirectory(prefix="icans-risk-") as draft:
        folders = {}
        for result in results:
            if result.released is not None:
                name = _model_name(result)
                folders[name] = Path(draft) / name.replace("/", "-")
                result.released.save(folders[name])
        yield folders

"""Read a study's sources, say what was found, and write the cohort folder."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import icans_risk
from icans_risk.catalogue import load_catalogue
from icans_risk.cohort import Cohort, CohortWriter, DataKind, read_cohort_folder, read_manifest
from icans_risk.ingest import QualityReport, Quarantine, look_at_cohort
from icans_risk.report import quality_report, render_quality
from icans_risk.study import Study, load_study
from icans_risk.workflow.files import new_folder, write_json, write_whole
from icans_risk.workflow.progress import SILENT, Progress
from icans_risk.workflow.raw import add_measured, measure_raw
from icans_risk.workflow.reading import has_raw_sources, read_cohort, read_sources
from icans_risk.workflow.words import PRESENCE_NOTES

__all__ = ["check_cohort", "check_study", "ingest_study"]

COHORT, PAGE, JSON, QUARANTINE = "cohort", "quality.html", "quality.json", "quarantine.csv"


class _About(NamedTuple):
    """What a report says of the data whose quality it is about."""

    study: str | None
    title: str
    data_kind: DataKind
    caveats: tuple[str, ...]


def check_study(
    study_file: Path | str,
    *,
    report: Path | None = None,
    lenient: bool = False,
    progress: Progress = SILENT,
) -> dict[str, Any]:
    """Read a study's sources without writing a cohort, and list all there is to mend.

    Parameters
    ----------
    study_file : path-like
        The study.
    report : Path, optional
        A new folder for the quality report, as a page and as JSON.
    lenient : bool
        Whether any share of rows may be set aside.
    progress : Progress
        Told what the job is doing.

    Returns
    -------
    dict
        The quality report as plain data; its errors stand between the study and a cohort.

    Raises
    ------
    StudyError, CohortError
        If the study or its infusions cannot be read at all.
    """
    study = _load(study_file, lenient=lenient)
    return _tell(_about(study), _open(study, progress)[1], report)


def check_cohort(
    folder: Path, *, report: Path | None = None, progress: Progress = SILENT
) -> dict[str, Any]:
    """Read a cohort folder to the last byte, without any study, and say what its data look like.

    Parameters
    ----------
    folder : Path
        Is not changed.
    report, progress
        As for ``check_study``.

    Returns
    -------
    dict
        The quality report as plain data; without tables by outcome, which a study defines.

    Raises
    ------
    CohortError
        If the folder is damaged, or a table breaks its contract.
    """
    progress.stage("reading and checking", steps=2)
    kind = read_manifest(folder).data_kind
    cohort = read_cohort_folder(folder)
    progress.step()
    quality = look_at_cohort(cohort, load_catalogue())
    progress.step()
    return _tell(_About(None, f"Cohort folder {folder.name}", kind, ()), quality, report)


def ingest_study(
    study_file: Path | str, out: Path, *, lenient: bool = False, progress: Progress = SILENT
) -> dict[str, Any]:
    """Write a study's cohort folder with its quality report and quarantine, or nothing.

    Parameters
    ----------
    study_file : path-like
        The study.
    out : Path
        A new folder: ``cohort/``, ``quality.html``, ``quality.json`` and, if rows were set
        aside, ``quarantine.csv``, which holds identifiers and values (mode 0600).
    lenient : bool
        Whether any share of rows may be set aside.
    progress : Progress
        Told what the job is doing.

    Returns
    -------
    dict
        The quality report as plain data, and where everything is.

    Raises
    ------
    StudyError, CohortError
        If anything has to be mended first. Nothing is written then.
    """
    study = _load(study_file, lenient=lenient)
    with new_folder(out) as draft:
        parts, quality, quarantine = _open(study, progress)
        quality.refuse_errors()
        progress.stage("writing the cohort", steps=None)
        quality.counts |= _write_cohort(draft / COHORT, parts, study, progress=progress)
        if len(quarantine.rows):
            quarantine.write(draft / QUARANTINE)
        _write_report(draft, quality.to_dict(), _about(study))
    return _summary(_about(study), quality.to_dict(), out) | {"cohort": str(out / COHORT)}


def _load(study_file: Path | str, *, lenient: bool) -> Study:
    study = load_study(study_file)
    if not lenient:
        return study
    handling = study.data.handling.model_copy(update={"quarantine_at_most": 1.0})
    data = study.data.model_copy(update={"handling": handling})
    return study.model_copy(update={"data": data})


def _open(study: Study, progress: Progress) -> tuple[Iterable[Cohort], QualityReport, Quarantine]:
    progress.stage("reading and checking", steps=None)
    if not has_raw_sources(study):
        cohort, quality = read_cohort(study, progress=progress)
        progress.step()
        return [cohort], quality, Quarantine()
    ingested = read_sources(study, on_rows=lambda _: progress.step())
    measured = measure_raw(study, ingested.quality, progress=progress)
    parts = add_measured(ingested.parts(), measured, ingested.quality)
    return parts, ingested.quality, ingested.quarantine


def _write_cohort(
    folder: Path, parts: Iterable[Cohort], study: Study, *, progress: Progress
) -> dict[str, int]:
    counts = dict.fromkeys(("episodes", "events", "grades"), 0)
    patients: set[str] = set()
    made_by = f"icans-risk ingest {study.study}"
    with CohortWriter(folder, made_by=made_by, data_kind=study.data_kind) as writer:
        for part in parts:
            writer.append(part)
            patients.update(part.episodes["patient_id"])
            for table in counts:
                counts[table] += len(getattr(part, table))
            progress.step()
    return {"patients": len(patients), **counts}


def _tell(about: _About, quality: QualityReport, report: Path | None) -> dict[str, Any]:
    found = quality.to_dict()
    if report is not None:
        with new_folder(report) as draft:
            _write_report(draft, found, about)
    return _summary(about, found, report)


def _write_report(folder: Path, found: Mapping[str, Any], about: _About) -> None:
    page = quality_report(
        found,
        study_title=about.title,
        data_kind=about.data_kind,
        package_version=icans_risk.__version__,
        caveats=about.caveats,
    )
    write_whole(folder / PAGE, render_quality(page, has_index=False))
    write_json(folder / JSON, found)


def _about(study: Study) -> _About:
    caveats = tuple(PRESENCE_NOTES[study.features.presence])
    return _About(study.study, study.title, study.data_kind, caveats)


def _summary(about: _About, found: dict[str, Any], folder: Path | None) -> dict[str, Any]:
    told = {"study": about.study, "title": about.title, "data_kind": about.data_kind}
    return told | found | {"report": None if folder is None else str(folder / PAGE)}

"""The cohort that a study describes, from a cohort folder or from source files."""

from collections.abc import Callable
from pathlib import Path

from icans_risk.catalogue import load_catalogue
from icans_risk.cohort import Cohort, read_cohort_folder, read_manifest
from icans_risk.errors import StudyError
from icans_risk.ingest import (
    Ingested,
    QualityReport,
    build_episodes,
    exported_data_kind,
    ingest,
    read_daily,
    read_exported_meds,
)
from icans_risk.study import Study
from icans_risk.study.daily import DailyTable
from icans_risk.workflow.progress import SILENT, Progress
from icans_risk.workflow.raw import add_measured, measure_raw

__all__ = ["has_raw_sources", "read_cohort", "read_sources"]


def read_cohort(study: Study, *, progress: Progress = SILENT) -> tuple[Cohort, QualityReport]:
    """Read the cohort that a study describes.

    Parameters
    ----------
    study : Study
        From ``load_study``.
    progress : Progress
        Told what is read, and about each raw file if the study lists any.

    Returns
    -------
    Cohort
        Episodes, events and grades.
    QualityReport
        What was noticed while reading.

    Raises
    ------
    CohortError
        If the files are not as the study says, or hold what cannot be true.
    """
    progress.stage("reading the cohort", steps=None)
    cohort, quality = _read_tables(study)
    measured = measure_raw(study, quality, progress=progress)
    (cohort,) = add_measured([cohort], measured, quality)
    if measured is not None:
        quality.counts |= _counts(cohort)
    return cohort, quality


def _read_tables(study: Study) -> tuple[Cohort, QualityReport]:
    data = study.data
    if data.cohort is not None:
        return _read_folder(study, data.cohort)
    if data.daily is not None:
        return _read_daily_table(study, data.daily)
    if data.meds is not None and not has_raw_sources(study):
        return _read_exported(study, data.meds.folder)
    ingested = read_sources(study)
    ingested.quality.refuse_errors()
    cohort = ingested.cohort()
    ingested.quality.counts |= _counts(cohort)
    return cohort, ingested.quality


def has_raw_sources(study: Study) -> bool:
    """Say whether the study names tables or an archive, which pass through quarantine."""
    data = study.data
    is_archive = data.omop is not None or (data.meds is not None and data.meds.infusion is not None)
    return is_archive or data.infusions is not None


def read_sources(study: Study, *, on_rows: Callable[[int], None] = lambda _: None) -> Ingested:
    """Read the tables or the archive of a study, with all that is wrong with them.

    Parameters
    ----------
    study : Study
        From ``load_study``.
    on_rows : callable
        Told how many rows each chunk had.

    Returns
    -------
    Ingested
        Before it is a cohort; its ``quality`` may hold errors.

    Raises
    ------
    CohortError
        If the infusions cannot be read.
    """
    first = study.outcome.endpoints[0]
    ingested = ingest(study.data, endpoint=(first.grade, first.at_least), on_rows=on_rows)
    ingested.quality.tables |= ingested.describe(load_catalogue())
    return ingested


def _read_folder(study: Study, folder: Path) -> tuple[Cohort, QualityReport]:
    _check_kind(study, folder, read_manifest(folder).data_kind)
    cohort = read_cohort_folder(folder)
    return cohort, QualityReport(counts=_counts(cohort))


def _read_exported(study: Study, folder: Path) -> tuple[Cohort, QualityReport]:
    _check_kind(study, folder, exported_data_kind(folder))
    cohort = read_exported_meds(folder)
    return cohort, QualityReport(counts=_counts(cohort))


def _check_kind(study: Study, folder: Path, found: str) -> None:
    if found != study.data_kind:
        raise StudyError(
            f"the study says data_kind: {study.data_kind}, the folder {folder.name!r} holds "
            f"{found} data. Correct the study file: reports depend on it."
        )


def _counts(cohort: Cohort) -> dict[str, int]:
    return {
        "patients": int(cohort.episodes["patient_id"].nunique()),
        "episodes": len(cohort.episodes),
        "events": len(cohort.events),
        "grades": len(cohort.grades),
    }


def _read_daily_table(study: Study, daily: DailyTable) -> tuple[Cohort, QualityReport]:
    quality, data = QualityReport(), study.data
    extra = tuple(s.column for s in data.episodes.values() if s.column is not None)
    reading = read_daily(daily, quality, extra_columns=extra)
    cohort = build_episodes(
        daily,
        reading,
        quality,
        columns=data.episodes,
        discharged=data.discharged or "not_recorded",
        roster=data.roster,
    )
    return cohort, quality

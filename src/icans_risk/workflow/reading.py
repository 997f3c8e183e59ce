"""The cohort that a study describes, from a cohort folder or from source files."""

from pathlib import Path

from icans_risk.cohort import Cohort, read_cohort_folder, read_manifest
from icans_risk.errors import StudyError
from icans_risk.ingest import QualityReport, build_episodes, read_daily
from icans_risk.study import Study

__all__ = ["read_cohort"]


def read_cohort(study: Study) -> tuple[Cohort, QualityReport]:
    """Read the cohort that a study describes.

    Parameters
    ----------
    study : Study
        From ``load_study``.

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
    if study.data.cohort is not None:
        return _read_folder(study, study.data.cohort)
    return _read_daily_table(study)


def _read_folder(study: Study, folder: Path) -> tuple[Cohort, QualityReport]:
    manifest = read_manifest(folder)
    if manifest.data_kind != study.data_kind:
        raise StudyError(
            f"the study says data_kind: {study.data_kind}, the cohort folder {folder.name!r} holds "
            f"{manifest.data_kind} data. Correct the study file: reports depend on it."
        )
    cohort = read_cohort_folder(folder)
    counts = {
        "patients": int(cohort.episodes["patient_id"].nunique()),
        "episodes": len(cohort.episodes),
        "events": len(cohort.events),
        "grades": len(cohort.grades),
    }
    return cohort, QualityReport(counts=counts)


def _read_daily_table(study: Study) -> tuple[Cohort, QualityReport]:
    quality, data = QualityReport(), study.data
    if data.daily is None:
        raise StudyError("the study names no daily table. Add data.daily.")
    extra = tuple(s.column for s in data.episodes.values() if s.column is not None)
    reading = read_daily(data.daily, quality, extra_columns=extra)
    cohort = build_episodes(
        data.daily,
        reading,
        quality,
        columns=data.episodes,
        discharged=data.discharged or "not_recorded",
        roster=data.roster,
    )
    return cohort, quality

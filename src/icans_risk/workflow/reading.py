"""The cohort that a study describes, from a cohort folder or from source files."""

from pathlib import Path

from icans_risk.cohort import Cohort, read_cohort_folder, read_manifest
from icans_risk.errors import StudyError
from icans_risk.ingest import (
    Correction,
    DailyTable,
    EpisodeColumn,
    EventColumn,
    QualityReport,
    Roster,
    build_episodes,
    read_daily,
)
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
    layout = _daily_layout(study)
    extra = tuple(s.column for s in data.episodes.values() if s.column is not None)
    reading = read_daily(layout, quality, extra_columns=extra)
    cohort = build_episodes(
        layout,
        reading,
        quality,
        columns={name: EpisodeColumn(**s.model_dump()) for name, s in data.episodes.items()},
        discharged=data.discharged or "not_recorded",
        roster=Roster(**data.roster.model_dump()) if data.roster else None,
    )
    return cohort, quality


def _daily_layout(study: Study) -> DailyTable:
    daily = study.data.daily
    if daily is None:
        raise StudyError("the study names no daily table. Add data.daily.")
    return DailyTable(
        file=daily.file,
        sheet=daily.sheet,
        patient=daily.patient,
        day=daily.day,
        scale=daily.scale if isinstance(daily.scale, str) else None,
        scale_column=None if isinstance(daily.scale, str) else daily.scale.column,
        half_grades=daily.half_grades,
        not_recorded=daily.not_recorded,
        grades={str(name): column for name, column in daily.grades.items()},
        events={name: EventColumn(**event.model_dump()) for name, event in daily.events.items()},
        duplicates=daily.duplicates,
        corrections=tuple(Correction(**fix.model_dump()) for fix in daily.corrections),
    )

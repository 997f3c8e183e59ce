"""From a study to the things that rooms take: a cohort, a feature specification."""

import difflib
from collections.abc import Sequence

from icans_risk.cohort import Cohort
from icans_risk.errors import StudyError
from icans_risk.features import FeatureSpecification, Measurement, Window
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
from icans_risk.outcome import Endpoint
from icans_risk.study import Study

__all__ = ["choose_columns", "read_cohort", "specify_features", "study_endpoints"]


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
    quality, daily = QualityReport(), study.data.daily
    layout = DailyTable(
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
    sources = study.data.episodes
    extra = tuple(source.column for source in sources.values() if source.column is not None)
    reading = read_daily(layout, quality, extra_columns=extra)
    cohort = build_episodes(
        layout,
        reading,
        quality,
        columns={name: EpisodeColumn(**source.model_dump()) for name, source in sources.items()},
        discharged=study.data.discharged,
        roster=Roster(**study.data.roster.model_dump()) if study.data.roster else None,
    )
    return cohort, quality


def specify_features(study: Study, cohort: Cohort) -> FeatureSpecification:
    """Build the feature specification of a study and fix its levels on the cohort.

    Parameters
    ----------
    study : Study
        Its windows, measurements and static columns.
    cohort : Cohort
        Fixes the levels of categorical static columns.

    Returns
    -------
    FeatureSpecification
        Fitted.
    """
    wanted = study.features
    specification = FeatureSpecification(
        windows=tuple(
            Window(name, span.anchor, span.start_h, span.end_h)
            for name, span in wanted.windows.items()
        ),
        measurements=tuple(
            Measurement(analyte, choice.windows, choice.statistics)
            for choice in wanted.measurements
            for analyte in choice.analytes
        ),
        static=wanted.static,
        presence=wanted.presence,
    )
    return specification.fit(cohort)


def study_endpoints(study: Study) -> list[Endpoint]:
    """List the endpoints of a study, the one that models predict first."""
    return [Endpoint(choice.grade, choice.at_least) for choice in study.outcome.endpoints]


def choose_columns(wanted: Sequence[str] | str, columns: Sequence[str]) -> list[str]:
    """Find the columns that a model names: itself, or all below a name.

    Parameters
    ----------
    wanted : sequence of str or "all"
        Names such as ``static.product``, which stands for all its levels.
    columns : sequence of str
        The columns of the vectors.

    Returns
    -------
    list of str
        In the order of ``columns``.

    Raises
    ------
    StudyError
        If a name finds no column.

    Examples
    --------
    >>> choose_columns(["static.product"], ["plasma.crp.max.early", "static.product.axi-cel"])
    ['static.product.axi-cel']
    """
    if isinstance(wanted, str):
        return list(columns)
    for name in wanted:
        if not any(_is_below(column, name) for column in columns):
            near = difflib.get_close_matches(name, columns, n=1, cutoff=0.0)
            raise StudyError(
                f"a comparator names the column {name!r}, the features have none such; the "
                f"nearest is {near[0] if near else 'none'!r}. Correct the name or the features."
            )
    return [column for column in columns if any(_is_below(column, name) for name in wanted)]


def _is_below(column: str, name: str) -> bool:
    return column == name or column.startswith(f"{name}.")

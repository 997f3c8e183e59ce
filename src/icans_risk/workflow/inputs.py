"""From a study to what rooms take: endpoints, a feature specification, columns."""

import difflib
from collections.abc import Sequence

from icans_risk.cohort import Cohort
from icans_risk.errors import StudyError
from icans_risk.features import (
    Change,
    FeatureSpecification,
    Measurement,
    ScoreChoice,
    Window,
)
from icans_risk.outcome import Endpoint
from icans_risk.study import Study

__all__ = ["choose_columns", "specify_features", "study_endpoints"]


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
            Measurement(
                analyte,
                choice.windows,
                choice.statistics,
                threshold=choice.threshold,
                minimum_count=choice.minimum_count,
                maximum_age_h=choice.maximum_age_h,
            )
            for choice in wanted.measurements
            for analyte in choice.analytes
        ),
        changes=tuple(
            Change(analyte, change.between, change.kinds, of=change.of)
            for change in wanted.changes
            for analyte in change.analytes
        ),
        static=wanted.static,
        presence=wanted.presence,
        treatment_policy=study.treatment_policy,
        scores=tuple(ScoreChoice(s.score, s.windows) for s in wanted.scores),
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

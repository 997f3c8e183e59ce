"""Say which events made one cell of a vector."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from icans_risk.catalogue import Analyte
from icans_risk.cohort import INPUTS, Cohort
from icans_risk.errors import StudyError
from icans_risk.features.build import build_features, used_events
from icans_risk.features.choices import Measurement, Window
from icans_risk.features.columns import Cell, FeatureColumn
from icans_risk.features.dictionary import describe_window
from icans_risk.features.naming import check_known
from icans_risk.features.onset import CRS_GRADE
from icans_risk.features.specification import FeatureSpecification

__all__ = ["events_behind"]

_TO_DATE = Window("to_date", "infusion", None, None)

# Statistics that are one of the values; where the time decides as well, the end that it takes.
_ONE_VALUE = {"max": None, "min": None, "first": "min", "last": "max"}


def events_behind(
    cohort: Cohort,
    specification: FeatureSpecification,
    *,
    episode_id: str,
    landmark_h: float,
    column: str,
    catalogue: Mapping[str, Analyte] | None = None,
) -> pd.DataFrame:
    """List the events that made one cell of a vector, and say in which part.

    From these events alone the cell is computed again, bit for bit, and without any other
    event it is the same; but that a result was withdrawn, because it turned out to be
    ordered for cause, is no event of the list.

    Parameters
    ----------
    cohort, specification, catalogue
        As for ``build_features``. Derived measurements stand among the cohort's events.
    episode_id : str
        One of the cohort's episodes.
    landmark_h : float
        Hours since infusion.
    column : str
        One of ``specification.columns``.

    Returns
    -------
    DataFrame
        In the layout ``INPUTS``, then ``window`` in words; ``role``: the ``"value"`` of a
        measurement, ``"before"`` or ``"after"`` of a change, the ``"input"`` of a score, or
        the ``"anchor"``, a CRS grade in which the onset was looked for; and ``decisive``,
        whether the row alone gives the number of its role (the last, first, highest or
        lowest value, the grade that is the onset). By role and time of collection. Empty
        where the cell is missing, and for a static column, which no event made.

    Raises
    ------
    StudyError, LeakageError
        As for ``build_features``, or if the episode or the column does not exist.

    Examples
    --------
    >>> episodes = pd.DataFrame(
    ...     {"episode_id": ["p"], "patient_id": ["P"], "followed_until_h": [500.0]}
    ... )
    >>> events = pd.DataFrame({
    ...     "episode_id": "p", "modality": "plasma", "analyte": "crp",
    ...     "collected_h": [6.0, 20.0, 30.0], "available_h": [8.0, 22.0, 32.0],
    ...     "value": [12.0, 90.0, 150.0], "censored": "", "ordered_as": "protocol",
    ...     "assay": "", "version": 1.0,
    ... })
    >>> from icans_risk.cohort import GRADES
    >>> cohort = Cohort(episodes, events, pd.DataFrame(columns=list(GRADES)))
    >>> specification = FeatureSpecification(
    ...     (Window("early", "infusion", 0, 48),),
    ...     (Measurement("plasma.crp", ("early",), ("max",)),),
    ... )
    >>> behind = events_behind(
    ...     cohort, specification, episode_id="p", landmark_h=24.0, column="plasma.crp.max.early"
    ... )
    >>> behind[["collected_h", "value", "role", "decisive"]]
       collected_h  value   role  decisive
    0          6.0   12.0  value     False
    1         20.0   90.0  value      True
    """
    columns = {known.name: known for known in specification.layout}
    check_known(column, columns, what="A column of the vector")
    question = _Question(_keep_episode(cohort, episode_id), landmark_h, specification, catalogue)
    parts: list[pd.DataFrame] = []
    if question.value(specification, column) is not None:
        parts = [part for part in question.parts(columns[column]) if len(part)]
    nothing = _empty()
    return pd.concat(parts or [nothing], ignore_index=True)[list(nothing.columns)]


class _Question(NamedTuple):
    """One episode at one landmark, of which specifications of one column are asked."""

    cohort: Cohort
    landmark_h: float
    specification: FeatureSpecification
    catalogue: Mapping[str, Analyte] | None

    def value(self, specification: FeatureSpecification, column: str) -> np.float32 | None:
        """Return the number in a column, None where it is missing."""
        vectors = build_features(
            self.cohort, specification, [self.landmark_h], catalogue=self.catalogue
        )
        number = vectors[column].to_numpy()[0]
        return None if np.isnan(number) else number

    def parts(self, column: FeatureColumn) -> Iterator[pd.DataFrame]:
        """List the rows of each part of a cell."""
        windows = {window.name: window for window in self.specification.all_windows}
        roles = _roles(column)
        is_anchored = any(windows[cell.window].anchor == "crs_onset" for _, cell in roles)
        grades = self._known_grades() if is_anchored else _empty()
        onset = float(grades["collected_h"][grades["decisive"]].min())
        for role, cell in roles:
            window = windows[cell.window]
            rows = self._rows(cell, _place(window, onset))
            yield rows.assign(window=describe_window(window), role=role)
        yield grades

    def _known_grades(self) -> pd.DataFrame:
        """List the CRS grades known at the landmark; the first of 1 or more is the onset."""
        grades = self._used(self._alone(Cell(CRS_GRADE, _TO_DATE.name, "max"), _TO_DATE))
        is_crs = grades["value"] >= 1.0
        is_onset = is_crs & (grades["collected_h"] == grades["collected_h"][is_crs].min())
        return grades.assign(window=describe_window(_TO_DATE), role="anchor", decisive=is_onset)

    def _rows(self, cell: Cell, window: Window) -> pd.DataFrame:
        alone = self._alone(cell, window)
        rows, number = self._used(alone), self.value(alone, alone.columns[0])
        is_decisive = pd.Series(cell.statistic in _ONE_VALUE, index=rows.index)
        if cell.statistic in _ONE_VALUE:
            is_decisive &= rows["value"].astype(np.float32) == number
            if end := _ONE_VALUE[cell.statistic]:
                is_decisive &= rows["collected_h"] == rows["collected_h"].agg(end)
        return rows.assign(decisive=is_decisive)

    def _used(self, specification: FeatureSpecification) -> pd.DataFrame:
        return used_events(self.cohort, specification, [self.landmark_h], catalogue=self.catalogue)

    def _alone(self, cell: Cell, window: Window) -> FeatureSpecification:
        """Write the specification that has one cell and nothing else."""
        measurement = Measurement(
            cell.analyte,
            (window.name,),
            (cell.statistic,),
            threshold=cell.threshold,
            minimum_count=cell.minimum_count,
            maximum_age_h=cell.maximum_age_h,
        )
        presence = self.specification.presence
        return FeatureSpecification((window,), (measurement,), presence=presence)


def _roles(column: FeatureColumn) -> list[tuple[str, Cell]]:
    if column.change:
        # The other two cells are the times of the last values in the same windows.
        return list(zip(("before", "after"), column.cells, strict=False))
    role = "input" if column.modality == "score" else "value"
    return [(role, cell) for cell in column.cells]


def _place(window: Window, onset: float) -> Window:
    """Put the hour of the onset in the place of its anchor: its grades are a part of their own."""
    if window.anchor != "crs_onset":
        return window
    start, end = (
        None if hours is None else onset + hours for hours in (window.start_h, window.end_h)
    )
    return Window(window.name, "infusion", start, end)


def _keep_episode(cohort: Cohort, episode_id: str) -> Cohort:
    episodes = cohort.episodes[cohort.episodes["episode_id"] == episode_id]
    if episodes.empty:
        raise StudyError(
            f"episode_id must be one of the {len(cohort.episodes)} episodes of the cohort, got one "
            "that is not among them. Correct the identifier."
        )
    events = cohort.events[cohort.events["episode_id"] == episode_id]
    return Cohort(episodes=episodes, events=events, grades=cohort.grades.iloc[:0])


def _empty() -> pd.DataFrame:
    kinds = {"number": "float64", "flag": "bool", "text": "str"}
    inputs = {name: pd.Series(dtype=kinds[column.kind]) for name, column in INPUTS.items()}
    words = {name: pd.Series(dtype="str") for name in ("window", "role")}
    return pd.DataFrame(inputs | words | {"decisive": pd.Series(dtype="bool")})

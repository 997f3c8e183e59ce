"""Build the vectors, and list the events that went into them."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icans_risk.catalogue import Analyte, load_catalogue
from icans_risk.cohort import INPUTS, Cohort
from icans_risk.features.admission import check_admissible
from icans_risk.features.arrays import Cells, Output, Plan
from icans_risk.features.changes import CHANGE_KINDS
from icans_risk.features.choices import Window
from icans_risk.features.columns import Cell, FeatureColumn
from icans_risk.features.kernel import KERNEL_STATISTICS, walk
from icans_risk.features.onset import CRS_GRADE, find_onsets
from icans_risk.features.rows import arrange_rows
from icans_risk.features.scores import SCORES
from icans_risk.features.selection import altering_analytes
from icans_risk.features.specification import FeatureSpecification
from icans_risk.features.static import encode_static, new_levels
from icans_risk.features.treatment import Doses, find_doses
from icans_risk.features.window import check_landmarks, resolve_windows

__all__ = ["build_features", "unseen_levels", "used_events"]

# What makes a row of events a result, whatever its version, at a landmark.
_RESULT = ["landmark_h", "episode_id", "modality", "analyte", "collected_h", "assay"]


def build_features(
    cohort: Cohort,
    specification: FeatureSpecification,
    landmarks: Sequence[float],
    *,
    catalogue: Mapping[str, Analyte] | None = None,
) -> pd.DataFrame:
    """Build one vector per episode and landmark from what was known at the landmark.

    An event counts in a window if it was collected inside ``(start, end]``, was available
    at or before the landmark, and is admitted. Of the versions of one result (same
    episode, analyte, time of collection and assay) the latest one available at that
    landmark stands for all. What a dose given in response to toxicity does to values after
    it is the specification's ``treatment_policy``.

    Parameters
    ----------
    cohort : Cohort
        Its episodes and events are read, nothing else.
    specification : FeatureSpecification
        Fitted, if it has categorical static columns.
    landmarks : sequence of float
        Hours since infusion.
    catalogue : mapping of str to Analyte, optional
        What can be measured; the package's own by default.

    Returns
    -------
    DataFrame of float32
        Indexed by ``(episode_id, landmark_h)``, episodes in the order of the cohort;
        columns are ``specification.columns``. Missing is NaN, a measured zero is zero.

    Raises
    ------
    StudyError
        If the specification is not fitted or names what does not exist.
    LeakageError
        If it would show the outcome.
    """
    check_admissible(specification, catalogue)
    hours = check_landmarks(landmarks)
    is_ignored = specification.treatment_policy == "ignore"
    treatments = () if is_ignored else _altering(specification, catalogue)
    doses = find_doses(cohort, hours, treatments)
    static = encode_static(cohort.episodes, specification.static, specification.levels)
    given = doses.given(specification.treatments or ())
    fixed = np.hstack([np.repeat(static, hours.size, axis=0), given])
    values, _ = _walk_events(cohort, specification, hours, doses=doses, with_used=False)
    table = np.empty((len(values), len(specification.columns)), dtype=np.float32)
    table[:, : fixed.shape[1]] = fixed
    measured = fixed.shape[1] + sum(_is_measured(column) for column in specification.layout)
    table[:, fixed.shape[1] : measured] = values[:, : measured - fixed.shape[1]]
    by_cell = dict(zip(_list_cells(specification), values.T, strict=True))
    for number, column in enumerate(specification.layout[measured:], start=measured):
        combined = _combine(column, [by_cell[cell] for cell in column.cells])
        is_open = _is_still_open(column, cohort.episodes, hours)
        table[:, number] = np.where(is_open, np.nan, combined)
    index = pd.MultiIndex.from_product(
        [cohort.episodes["episode_id"].to_numpy(), hours], names=["episode_id", "landmark_h"]
    )
    return pd.DataFrame(table, index=index, columns=list(specification.columns))


def used_events(
    cohort: Cohort,
    specification: FeatureSpecification,
    landmarks: Sequence[float],
    *,
    catalogue: Mapping[str, Analyte] | None = None,
) -> pd.DataFrame:
    """List the events that count in at least one cell of each vector.

    An event counts in a cell if it counts in the cell's window, also where the statistic
    then passes it over (a maximum looks at every value), and so do the CRS grades in which
    a window's anchor was looked for, and the doses from which the specification's
    ``treatment_policy`` follows.

    Parameters
    ----------
    cohort, specification, landmarks, catalogue
        As for ``build_features``.

    Returns
    -------
    DataFrame
        In the layout ``INPUTS``: by episode and landmark as in the vectors, then by
        analyte in the order of the specification and by time of collection.
        ``after_treatment`` is True where the value was collected after the first dose that
        was given in response to toxicity, as far as known at that landmark, whatever the
        policy.

    Raises
    ------
    StudyError, LeakageError
        As for ``build_features``.
    """
    check_admissible(specification, catalogue)
    hours = check_landmarks(landmarks)
    doses = find_doses(cohort, hours, _altering(specification, catalogue))
    _, counted = _walk_events(cohort, specification, hours, doses=doses, with_used=True)
    read = doses.read_by(specification, cohort)
    landmark, position = (np.concatenate(parts) for parts in zip(counted, read, strict=True))
    inputs = cohort.events.iloc[position].assign(landmark_h=hours[landmark])
    first_h = doses.first_h_at(cohort, landmark, position)
    inputs["after_treatment"] = inputs["collected_h"].to_numpy() > first_h
    episode = pd.Index(cohort.episodes["episode_id"]).get_indexer(pd.Index(inputs["episode_id"]))
    inputs = inputs.iloc[np.lexsort([np.arange(len(inputs)), landmark, episode])]
    # A dose may count in a window of its own besides.
    return inputs.drop_duplicates(_RESULT)[list(INPUTS)].reset_index(drop=True)


def unseen_levels(cohort: Cohort, specification: FeatureSpecification) -> pd.DataFrame:
    """Count the episodes whose static category was not there at the fit.

    Their indicators are all zero, as for no known category; a report must say so.

    Parameters
    ----------
    cohort : Cohort
        The cohort to be scored.
    specification : FeatureSpecification
        Fitted on another cohort; before the fit nothing is unseen.

    Returns
    -------
    DataFrame
        ``column, episodes, level``: one row per unseen level, empty if there is none.
    """
    found = new_levels(cohort.episodes, specification.levels or {})
    rows = [{"column": name, "episodes": count, "level": level} for name, level, count in found]
    return pd.DataFrame(rows, columns=["column", "episodes", "level"])


def _walk_events(
    cohort: Cohort,
    specification: FeatureSpecification,
    landmarks: NDArray[np.float64],
    *,
    doses: Doses,
    with_used: bool,
) -> tuple[NDArray[np.float64], tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Run the kernel: cells, and (landmark, row of cohort.events) of what counted."""
    rows, position = arrange_rows(cohort, specification)
    used = np.zeros((landmarks.size if with_used else 0, position.size), dtype=bool)
    windows, onsets = specification.all_windows, None
    last_hours = doses.last_hours(specification)
    if any(window.anchor == "crs_onset" for window in windows):
        analyte = specification.analytes.index(CRS_GRADE)
        onsets = find_onsets(rows, landmarks, analyte=analyte, until=last_hours, used=used)
    bounds = resolve_windows(windows, cohort.episodes, landmarks, onsets=onsets)
    np.minimum(bounds.upper, last_hours[:, :, np.newaxis], out=bounds.upper)
    cells = _list_cells(specification)
    values = np.full((*bounds.anchor.shape[:2], len(cells)), np.nan)
    names = [window.name for window in windows]
    for number, cell in enumerate(cells):
        if cell.statistic == "count":
            is_there = ~np.isnan(bounds.anchor[:, :, names.index(cell.window)])
            values[is_there, number] = 0.0
    start, arrays = _number_cells(cells, specification.analytes, names)
    plan = Plan(landmarks, bounds.lower, bounds.upper, bounds.anchor, start, arrays)
    walk(rows, plan, Output(values, used))
    landmark, row = np.nonzero(used)
    n_vectors = len(cohort.episodes) * landmarks.size
    return values.reshape(n_vectors, len(cells)), (landmark, position[row])


def _altering(
    specification: FeatureSpecification, catalogue: Mapping[str, Analyte] | None
) -> tuple[str, ...]:
    altering = altering_analytes(load_catalogue() if catalogue is None else catalogue)
    return tuple(dict.fromkeys((*altering, *(specification.treatments or ()))))


def _list_cells(specification: FeatureSpecification) -> list[Cell]:
    # Measured columns come first in the layout, so the first cells are theirs, in order.
    return list(dict.fromkeys(cell for column in specification.layout for cell in column.cells))


def _number_cells(
    cells: Sequence[Cell], analytes: Sequence[str], windows: Sequence[str]
) -> tuple[NDArray[np.int64], Cells]:
    """Order the cells by analyte and window, and say where those of each start."""
    analyte_number = {name: number for number, name in enumerate(analytes)}
    window_number = {name: number for number, name in enumerate(windows)}
    block = np.array(
        [analyte_number[c.analyte] * len(windows) + window_number[c.window] for c in cells],
        dtype=np.int64,
    )
    column = np.argsort(block, kind="stable")
    first = np.arange(len(analytes))[:, None] * len(windows) + np.arange(len(windows) + 1)
    ordered = [cells[number] for number in column]
    numbers = {name: number for number, name in enumerate(KERNEL_STATISTICS)}
    return np.searchsorted(block[column], first), Cells(
        column=column,
        statistic=np.array([numbers[c.statistic] for c in ordered], dtype=np.int64),
        threshold=np.array([_or(c.threshold, np.nan) for c in ordered], dtype=np.float64),
        minimum_count=np.array([c.minimum_count for c in ordered], dtype=np.int64),
        maximum_age=np.array([_or(c.maximum_age_h, np.inf) for c in ordered], dtype=np.float64),
    )


def _or(number: float | None, otherwise: float) -> float:
    return otherwise if number is None else number


def _is_measured(column: FeatureColumn) -> bool:
    is_cell = bool(column.cells) and column.modality != "score"
    return is_cell and not column.change


def _combine(column: FeatureColumn, cells: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    if column.change:
        before, after, last_before, last_after = cells
        return CHANGE_KINDS[column.change](before, after, last_after - last_before)
    return SCORES[column.analyte].compute(*cells)


def _is_still_open(
    column: FeatureColumn, episodes: pd.DataFrame, landmarks: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Say at which landmarks a score's own window had not ended: it is not defined there."""
    own = SCORES[column.analyte].window if column.modality == "score" else None
    if own is None:
        return np.zeros(len(episodes) * landmarks.size, dtype=bool)
    ends = resolve_windows([Window(*own)], episodes, landmarks).upper[:, :, 0]
    return (landmarks < ends).reshape(-1)

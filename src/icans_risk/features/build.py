"""Build the vectors, and list the events that went into them."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icans_risk.catalogue import Analyte
from icans_risk.cohort import INPUTS, Cohort
from icans_risk.features.admission import check_admissible
from icans_risk.features.kernel import STATISTICS, Output, Plan, walk
from icans_risk.features.rows import arrange_rows
from icans_risk.features.scores import SCORES
from icans_risk.features.specification import FeatureSpecification
from icans_risk.features.static import encode_static, new_levels
from icans_risk.features.window import check_landmarks, resolve_windows

__all__ = ["build_features", "unseen_levels", "used_events"]

_DERIVED = ("static", "score")
_Cell = tuple[str, str, str]


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
    landmark stands for all.

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
    static = encode_static(cohort.episodes, specification.static, specification.levels)
    values, _ = _walk_events(cohort, specification, hours, with_used=False)
    cells = _list_cells(specification)
    measured = values[:, : sum(column.modality not in _DERIVED for column in specification.layout)]
    scores = _compute_scores(specification, dict(zip(cells, values.T, strict=True)))
    table = np.hstack([np.repeat(static, hours.size, axis=0), measured, *scores])
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
    then passes it over (a maximum looks at every value).

    Parameters
    ----------
    cohort, specification, landmarks, catalogue
        As for ``build_features``.

    Returns
    -------
    DataFrame
        In the layout ``INPUTS``: by episode and landmark as in the vectors, then by
        analyte in the order of the specification and by time of collection.

    Raises
    ------
    StudyError, LeakageError
        As for ``build_features``.
    """
    check_admissible(specification, catalogue)
    hours = check_landmarks(landmarks)
    _, (landmark, position) = _walk_events(cohort, specification, hours, with_used=True)
    inputs = cohort.events.iloc[position].assign(landmark_h=hours[landmark])
    episode = pd.Index(cohort.episodes["episode_id"]).get_indexer(pd.Index(inputs["episode_id"]))
    inputs = inputs.iloc[np.lexsort([np.arange(len(inputs)), landmark, episode])]
    return inputs[list(INPUTS)].reset_index(drop=True)


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
    with_used: bool,
) -> tuple[NDArray[np.float32], tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Run the kernel: vectors, and (landmark, row of cohort.events) of what counted."""
    rows, position = arrange_rows(cohort, specification)
    bounds = resolve_windows(specification.windows, cohort.episodes, landmarks)
    cell = _number_cells(specification)
    shape = (len(cohort.episodes), landmarks.size, int(cell.max(initial=-1)) + 1)
    vectors = np.full(shape, np.nan, dtype=np.float32)
    used = np.zeros((landmarks.size if with_used else 0, position.size), dtype=bool)
    plan = Plan(landmarks, bounds.lower, bounds.upper, bounds.anchor, cell)
    walk(rows, plan, Output(vectors, used))
    landmark, row = np.nonzero(used)
    return vectors.reshape(shape[0] * shape[1], shape[2]), (landmark, position[row])


def _list_cells(specification: FeatureSpecification) -> list[_Cell]:
    """List (analyte, window, statistic) of each measured column, then of each further input."""
    measured = [
        (f"{column.modality}.{column.analyte}", column.window, column.statistic)
        for column in specification.layout
        if column.modality not in _DERIVED
    ]
    inputs = [
        (name, window, "last")
        for choice in specification.scores
        for window in choice.windows
        for name in SCORES[choice.score].inputs
    ]
    return list(dict.fromkeys(measured + inputs))


def _number_cells(specification: FeatureSpecification) -> NDArray[np.int64]:
    windows = [window.name for window in specification.windows]
    analytes = specification.analytes
    cell = np.full((len(analytes), len(windows), len(STATISTICS)), -1, dtype=np.int64)
    for number, (analyte, window, statistic) in enumerate(_list_cells(specification)):
        place = (analytes.index(analyte), windows.index(window), STATISTICS.index(statistic))
        cell[place] = number
    return cell


def _compute_scores(
    specification: FeatureSpecification, values: Mapping[_Cell, NDArray[np.float32]]
) -> list[NDArray[np.float32]]:
    columns = []
    for choice in specification.scores:
        score = SCORES[choice.score]
        for window in choice.windows:
            inputs = [values[name, window, "last"].astype(np.float64) for name in score.inputs]
            columns.append(score.compute(*inputs).astype(np.float32)[:, None])
    return columns

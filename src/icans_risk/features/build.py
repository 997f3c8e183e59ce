"""Build the vectors, and list the events that went into them."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
from numpy.typing import NDArray

from icans_risk.catalogue import Analyte
from icans_risk.cohort import INPUTS, Cohort
from icans_risk.features.changes import CHANGE_KINDS
from icans_risk.features.choices import Window
from icans_risk.features.columns import FeatureColumn
from icans_risk.features.derive import add_derived
from icans_risk.features.recipe import Recipe
from icans_risk.features.rows import as_arrow
from icans_risk.features.scores import SCORES
from icans_risk.features.specification import FeatureSpecification
from icans_risk.features.static import encode_static, new_levels
from icans_risk.features.treatment import find_doses
from icans_risk.features.walking import walk_events
from icans_risk.features.window import check_landmarks, resolve_windows

__all__ = ["build_features", "build_part", "build_with_inputs", "unseen_levels", "used_events"]

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
    landmark stands for all. Derived measurements are computed first, and are events like
    any other then. What a dose given in response to toxicity does to values after it is the
    specification's ``treatment_policy``.

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
    recipe = Recipe.of(specification, catalogue)
    return build_part(cohort.episodes, as_arrow(cohort.events), recipe, landmarks=landmarks)


def build_part(
    episodes: pd.DataFrame, events: pa.Table, recipe: Recipe, *, landmarks: Sequence[float]
) -> pd.DataFrame:
    """Build the vectors of some episodes from all of their events.

    Parameters
    ----------
    episodes : DataFrame
        In the layout ``EPISODES``.
    events : pyarrow.Table
        In the layout ``EVENTS``; text may be dictionary-coded.
    recipe : Recipe
        What to build.
    landmarks : sequence of float
        Hours since infusion.

    Returns
    -------
    DataFrame of float32
        As ``build_features`` gives it.
    """
    events = add_derived(events, episodes, recipe.specification.analytes)
    return _vectors(episodes, events, recipe, hours=check_landmarks(landmarks))


def _vectors(
    episodes: pd.DataFrame, events: pa.Table, recipe: Recipe, *, hours: NDArray[np.float64]
) -> pd.DataFrame:
    """Build the vectors of events to which the derived ones were added."""
    specification = recipe.specification
    treatments = () if specification.treatment_policy == "ignore" else recipe.altering
    doses = find_doses(episodes, events, hours, treatments=treatments)
    walked = walk_events(episodes, events, recipe, hours=hours, doses=doses)
    table = walked.output.table
    static = encode_static(episodes, specification.static, specification.levels)
    table[:, :, : recipe.n_static] = static[:, np.newaxis, :]
    given = doses.given(specification.treatments or ())
    table[:, :, recipe.n_static : recipe.n_static + given.shape[2]] = given
    for number, column, operands in recipe.combined:
        combined = _combine(column, [walked.output.operands[:, :, i] for i in operands])
        is_open = _is_still_open(column, episodes, hours)
        table[:, :, number] = np.where(is_open, np.nan, combined)
    index = pd.MultiIndex.from_product(
        [episodes["episode_id"].to_numpy(), hours], names=["episode_id", "landmark_h"]
    )
    # The matrix is nobody else's: pandas would copy it, column by column.
    return pd.DataFrame(
        table.reshape(len(index), len(recipe.columns)),
        index=index,
        columns=list(recipe.columns),
        copy=False,
    )


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
    recipe, hours = Recipe.of(specification, catalogue), check_landmarks(landmarks)
    events = add_derived(as_arrow(cohort.events), cohort.episodes, specification.analytes)
    return _inputs(cohort.episodes, events, recipe, hours=hours)


def build_with_inputs(
    cohort: Cohort,
    specification: FeatureSpecification,
    landmarks: Sequence[float],
    *,
    catalogue: Mapping[str, Analyte] | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Build the vectors and list the events that count in them, looking at the events once.

    Parameters
    ----------
    cohort, specification, landmarks, catalogue
        As for ``build_features``.

    Returns
    -------
    vectors : DataFrame
        As of ``build_features``.
    inputs : DataFrame
        As of ``used_events``.

    Raises
    ------
    StudyError, LeakageError
        As for ``build_features``.
    """
    recipe, hours = Recipe.of(specification, catalogue), check_landmarks(landmarks)
    episodes = cohort.episodes
    events = add_derived(as_arrow(cohort.events), episodes, specification.analytes)
    vectors = _vectors(episodes, events, recipe, hours=hours)
    return vectors, _inputs(episodes, events, recipe, hours=hours)


def _inputs(
    episodes: pd.DataFrame, events: pa.Table, recipe: Recipe, *, hours: NDArray[np.float64]
) -> pd.DataFrame:
    """List what counts of events to which the derived ones were added."""
    doses = find_doses(episodes, events, hours, treatments=recipe.altering)
    walked = walk_events(episodes, events, recipe, hours=hours, doses=doses, with_used=True)
    landmark, row = np.nonzero(walked.output.used)
    counted = landmark, walked.rows.position[row]
    read = doses.read_by(recipe.specification, episodes, events)
    landmark, position = (np.concatenate(parts) for parts in zip(counted, read, strict=True))
    inputs: pd.DataFrame = events.take(position).to_pandas().assign(landmark_h=hours[landmark])
    first_h = doses.first_h_at(episodes, inputs, landmark)
    inputs["after_treatment"] = inputs["collected_h"].to_numpy() > first_h
    episode = pd.Index(episodes["episode_id"]).get_indexer(pd.Index(inputs["episode_id"]))
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
        return np.zeros((len(episodes), landmarks.size), dtype=bool)
    ends = resolve_windows([Window(*own)], episodes, landmarks).upper[:, :, 0]
    is_open: NDArray[np.bool_] = landmarks < ends
    return is_open

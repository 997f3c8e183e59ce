"""Encode the columns of an episode that do not change: age, product, site."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icans_risk.errors import StudyError
from icans_risk.features.naming import check_known

__all__ = ["Levels", "encode_static", "find_levels", "new_levels"]

Levels = Mapping[str, tuple[str, ...]]

_NUMERIC = frozenset({"floating", "integer", "mixed-integer-float", "boolean", "decimal"})


def find_levels(episodes: pd.DataFrame, static: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """List the levels of the categorical columns among the static ones.

    Parameters
    ----------
    episodes : DataFrame
        One row per infusion.
    static : sequence of str
        Names of its columns.

    Returns
    -------
    dict of str to tuple of str
        Sorted levels per categorical column; columns of numbers and flags have no entry.

    Raises
    ------
    StudyError
        If a column is absent.
    """
    columns = {name: _column(episodes, name) for name in static}
    return {
        name: tuple(sorted(set(column.dropna().astype(str))))
        for name, column in columns.items()
        if _is_categorical(column)
    }


def encode_static(
    episodes: pd.DataFrame, static: Sequence[str], levels: Levels | None
) -> NDArray[np.float32]:
    """Encode static columns: numbers as they are, categories one column per level.

    Parameters
    ----------
    episodes : DataFrame
        One row per infusion.
    static : sequence of str
        Names of its columns.
    levels : mapping of str to tuple of str, or None
        The fitted levels; None before the fit.

    Returns
    -------
    ndarray of shape (n_episodes, n_columns)
        A missing number or category is NaN throughout; an unseen level is all zeros.

    Raises
    ------
    StudyError
        If a column is absent, is categorical before the fit, or was numeric at the fit
        and is categorical now (or the other way round).
    """
    blocks = [np.empty((len(episodes), 0))]
    for name in static:
        column = _column(episodes, name)
        _check_kind(name, column, levels)
        if levels is not None and name in levels:
            blocks.append(_one_hot(column, levels[name]))
        else:
            numbers = pd.to_numeric(column, errors="coerce")
            blocks.append(numbers.to_numpy(dtype=np.float64, na_value=np.nan)[:, np.newaxis])
    return np.hstack(blocks).astype(np.float32)


def new_levels(episodes: pd.DataFrame, levels: Levels) -> list[tuple[str, str, int]]:
    """Count the episodes of each level that was not there at the fit.

    Parameters
    ----------
    episodes : DataFrame
        One row per infusion.
    levels : mapping of str to tuple of str
        The fitted levels.

    Returns
    -------
    list of (column, level, episodes)
        Sorted within each column.
    """
    found = []
    for name, known in levels.items():
        counts = _column(episodes, name).dropna().astype(str).value_counts()
        found += [(name, str(k), int(n)) for k, n in counts.sort_index().items() if k not in known]
    return found


def _column(episodes: pd.DataFrame, name: str) -> pd.Series:
    check_known(name, [str(c) for c in episodes.columns], what="A static feature")
    return episodes[name]


def _is_categorical(column: pd.Series) -> bool:
    return pd.api.types.infer_dtype(column, skipna=True) not in _NUMERIC


def _check_kind(name: str, column: pd.Series, levels: Levels | None) -> None:
    is_categorical = _is_categorical(column)
    if levels is None and is_categorical:
        raise StudyError(
            f"The categorical static feature {name!r} needs levels, and the specification is "
            "not fitted. Call fit(cohort) on the training cohort first."
        )
    was_categorical = levels is not None and name in levels
    if bool(column.notna().any()) and is_categorical != was_categorical:
        words = {True: "text", False: "numbers"}
        raise StudyError(
            f"episodes.{name} must hold {words[was_categorical]} as at the fit, got "
            f"{words[is_categorical]}. Mend the column, or fit again."
        )


def _one_hot(column: pd.Series, levels: tuple[str, ...]) -> NDArray[np.float64]:
    text = column.astype(object).where(column.notna(), None)
    indicators = np.array([[str(cell) == level for level in levels] for cell in text], dtype=float)
    indicators = indicators.reshape(len(column), len(levels))
    indicators[column.isna().to_numpy()] = np.nan
    return indicators

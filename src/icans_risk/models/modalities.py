"""Which modality a column belongs to, and which modalities a row has."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icans_risk.models.subsets import columns_of

__all__ = ["ALWAYS_KNOWN", "has_any", "modalities_of", "modality_pattern"]

# Age and product are columns of the episode: nobody has to order them.
ALWAYS_KNOWN = "static"
# The published scores are made of blood tests; one of their own would count plasma twice.
_SAME_AS: Mapping[str, str] = MappingProxyType({"score": "plasma"})
_UNNAMED = "unnamed"


def modalities_of(
    X: Any, modality_of: Mapping[str, str] | None = None
) -> dict[str, tuple[int, ...]]:
    """Sort the columns into modalities.

    Parameters
    ----------
    X : DataFrame or array-like of shape (n_rows, n_columns)
        The modality of a column is the first part of its name. Columns without names are
        one modality.
    modality_of : mapping of str to str, optional
        First parts of names that belong to another modality; by default ``score`` belongs
        to ``plasma``.

    Returns
    -------
    dict of str to tuple of int
        Positions of the columns of each modality, modalities by name.

    Examples
    --------
    >>> names = ["static.age_years", "plasma.crp.max.early", "score.m_easix.early"]
    >>> modalities_of(pd.DataFrame(columns=names))
    {'plasma': (1, 2), 'static': (0,)}
    """
    if not isinstance(X, pd.DataFrame):
        return {_UNNAMED: tuple(range(np.shape(X)[1]))}
    same_as = _SAME_AS if modality_of is None else modality_of
    found: dict[str, list[int]] = {}
    for position, name in enumerate(X.columns):
        first = str(name).partition(".")[0]
        found.setdefault(same_as.get(first, first), []).append(position)
    return {modality: tuple(found[modality]) for modality in sorted(found)}


def has_any(X: Any, columns: Sequence[int]) -> NDArray[np.bool_]:
    """Return which rows have a value in any of some columns, shape (n_rows,)."""
    values = np.asarray(columns_of(X, columns), dtype=np.float64)
    return np.asarray(~np.isnan(values).all(axis=1))


def modality_pattern(X: Any, modality_of: Mapping[str, str] | None = None) -> NDArray[np.object_]:
    """Name the modalities that each row has a value of, to judge a model pattern by pattern.

    Parameters
    ----------
    X : DataFrame or array-like of shape (n_rows, n_columns)
        Rows; missing is NaN.
    modality_of : mapping of str to str, optional
        As for ``modalities_of``.

    Returns
    -------
    ndarray of shape (n_rows,)
        Modalities by name, joined by a plus; ``"none"`` where a row is empty.

    Examples
    --------
    >>> nan = np.nan
    >>> rows = [[40.0, 0.5], [9.0, nan], [nan, nan]]
    >>> modality_pattern(pd.DataFrame(rows, columns=["plasma.crp.max.early", "csf.protein"]))
    array(['csf+plasma', 'plasma', 'none'], dtype=object)
    """
    modalities = modalities_of(X, modality_of)
    names = np.array(list(modalities), dtype=object)
    present = np.column_stack([has_any(X, columns) for columns in modalities.values()])
    return np.array(["+".join(names[row]) or "none" for row in present], dtype=object)

"""Reading the columns of a table of findings: missing is "not assessed", wrong is an error.

Errors give row positions and counts, never a cell's content.
"""

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icans_risk.errors import GradingError
from icans_risk.grading.scales import GRADE_LIMITS, HalfRule, check_rule

__all__ = ["resolve_half_grades"]

Numbers = NDArray[np.float64]
Codes = NDArray[np.int8]
Mask = NDArray[np.bool_]

MISSING: Final = -1


def check_columns(frame: pd.DataFrame, known: Collection[str], needed: Collection[str]) -> None:
    """Refuse a table in which a misspelt column would pass as "not assessed".

    Parameters
    ----------
    frame : DataFrame
        The findings.
    known : collection of str
        Every column name that has a meaning here.
    needed : collection of str
        Columns of which at least one must be there.

    Raises
    ------
    GradingError
        If none of the needed columns is there, or another one is nearly a known name.
    """
    names = [str(column) for column in frame.columns]
    if len(set(names)) < len(names):
        raise GradingError("Each column must stand once, some stand twice. Drop or rename them.")
    if not set(needed) & set(names):
        raise GradingError(
            f"A table of findings must have at least one of {sorted(needed)}, found none of them "
            f"among {len(names)} columns. Rename the source's columns."
        )
    for name in names:
        near = get_close_matches(name, known, n=1, cutoff=0.85)
        if near and name not in known:
            raise GradingError(
                f"Column {name!r} has no meaning, but {near[0]!r} has. Rename it, so that a "
                "finding does not pass as not assessed."
            )


def read_numbers(
    frame: pd.DataFrame, name: str, *, limits: tuple[float, float], half: HalfRule | None
) -> Numbers:
    """Read a column of numbers; NaN where it is missing.

    Parameters
    ----------
    frame : DataFrame
        The findings.
    name : str
        The column, which may be absent.
    limits : tuple of float
        Lowest and highest value.
    half : {"ceil", "floor", "strict"} or None
        What to do with halves; None where any number may stand.

    Returns
    -------
    ndarray of shape (n_rows,)
        The numbers.

    Raises
    ------
    GradingError
        If a cell is not a number of the scale.
    """
    if name not in frame.columns:
        return np.full(len(frame), np.nan)
    column = frame[name]
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype="float64", na_value=np.nan)
    is_truth = np.full(len(frame), pd.api.types.is_bool_dtype(column.dtype))
    refuse((np.isnan(numbers) & column.notna().to_numpy()) | is_truth, name, "must be a number")
    with np.errstate(invalid="ignore"):
        outside = (numbers < limits[0]) | (numbers > limits[1])
    refuse(outside, name, f"must lie in {limits[0]:g}..{limits[1]:g}")
    return numbers if half is None else _round_halves(numbers, name, half)


def _round_halves(numbers: Numbers, name: str, half: HalfRule) -> Numbers:
    check_rule(half)
    is_given = ~np.isnan(numbers)
    is_broken = is_given & (numbers != np.floor(numbers))
    is_half = is_broken & (2 * numbers == np.floor(2 * numbers))
    refuse(is_broken & ~is_half, name, "must be a whole number or, with a stated rule, a half")
    if half == "strict":
        refuse(is_half, name, "must be a whole number; halves need the rule 'ceil' or 'floor'")
    return np.ceil(numbers) if half == "ceil" else np.floor(numbers)


def read_words(frame: pd.DataFrame, name: str, words: type[StrEnum]) -> Codes:
    """Read a column of words as positions in their vocabulary; -1 where it is missing.

    Parameters
    ----------
    frame : DataFrame
        The findings.
    name : str
        The column, which may be absent.
    words : type of StrEnum
        The vocabulary.

    Returns
    -------
    ndarray of shape (n_rows,)
        Positions.

    Raises
    ------
    GradingError
        If a cell is not in the vocabulary.
    """
    if name not in frame.columns:
        return np.full(len(frame), MISSING, dtype=np.int8)
    column = frame[name]
    vocabulary = [word.value for word in words]
    codes = _positions(column, vocabulary)
    refuse((codes < 0) & column.notna().to_numpy(), name, f"must be one of {vocabulary}")
    return codes


def read_flags(frame: pd.DataFrame, name: str) -> Codes:
    """Read a column of true and false as 1 and 0; -1 where it is missing.

    Parameters
    ----------
    frame : DataFrame
        The findings.
    name : str
        The column, which may be absent.

    Returns
    -------
    ndarray of shape (n_rows,)
        1, 0 or -1.

    Raises
    ------
    GradingError
        If a cell is neither true nor false.
    """
    if name not in frame.columns:
        return np.full(len(frame), MISSING, dtype=np.int8)
    column = frame[name]
    codes = _positions(column, [False, True])
    refuse((codes < 0) & column.notna().to_numpy(), name, "must be true or false")
    return codes


def _positions(column: pd.Series, values: list[Any]) -> Codes:
    # Each distinct cell is looked up once; cells of Arrow text are slow to visit one by one.
    codes, distinct = pd.factorize(column)
    found = pd.Index(values, dtype=object).get_indexer(pd.Index(distinct, dtype=object))
    positions: Codes = np.append(found, MISSING).astype(np.int8)[codes]
    return positions


def look_up(codes: Codes, table: Mapping[Any, int]) -> Codes:
    """Turn positions in a vocabulary into the grades that its words stand for.

    Parameters
    ----------
    codes : ndarray of shape (n_rows,)
        Positions; -1 becomes 0.
    table : mapping
        Grade of each word, in the order of the vocabulary.

    Returns
    -------
    ndarray of shape (n_rows,)
        Grades.
    """
    return np.array([*table.values(), 0], dtype=np.int8)[codes]


def join_words(members: NDArray[np.bool_], words: Collection[str]) -> NDArray[np.object_]:
    """Write, for each row, which of the words hold, joined by a semicolon.

    Parameters
    ----------
    members : ndarray of shape (n_words, n_rows)
        Whether each word holds in each row.
    words : collection of str
        The words.

    Returns
    -------
    ndarray of shape (n_rows,)
        Text; empty where none holds.
    """
    masks = np.zeros(members.shape[1], dtype=np.int64)
    for position, holds in enumerate(members):
        masks |= holds.astype(np.int64) << position
    # At most 2^9 combinations: a look-up is far cheaper than joining text row by row.
    texts = [
        "; ".join(str(word) for position, word in enumerate(words) if mask >> position & 1)
        for mask in range(1 << len(words))
    ]
    return np.array(texts, dtype=object)[masks]


def refuse(bad: Mask, name: str, expected: str) -> None:
    """Raise an error that counts the bad cells of a column.

    Parameters
    ----------
    bad : ndarray of shape (n_rows,)
        Which cells are wrong.
    name : str
        The column.
    expected : str
        What a cell must be.

    Raises
    ------
    GradingError
        If any cell is wrong.
    """
    rows = np.flatnonzero(bad)
    if rows.size:
        shown = ", ".join(map(str, rows[:5])) + (", ..." if rows.size > 5 else "")
        raise GradingError(
            f"Column {name!r} {expected}; {rows.size} of {len(bad)} cells do not fit (row "
            f"positions {shown}). Mend them, or leave them empty where nothing was assessed."
        )


def resolve_half_grades(
    grades: pd.Series,
    *,
    rule: HalfRule,
    name: str = "grade",
    limits: tuple[float, float] = GRADE_LIMITS,
) -> pd.Series:
    """Turn a column of whole and half grades into whole ones, see `resolve_half`.

    Parameters
    ----------
    grades : Series
        Grades; missing stays missing.
    rule : {"ceil", "floor", "strict"}
        Where a half goes.
    name : str
        What is resolved, for the error.
    limits : tuple of float
        Lowest and highest value of the scale.

    Returns
    -------
    Series
        Whole grades, float64, with the same index.

    Raises
    ------
    GradingError
        If a cell is not on the scale, or is a half under the rule "strict".

    Examples
    --------
    >>> resolve_half_grades(pd.Series([1.5, None, 3]), rule="ceil").tolist()
    [2.0, nan, 3.0]
    """
    frame = pd.DataFrame({name: grades})
    numbers = read_numbers(frame, name, limits=limits, half=rule)
    return pd.Series(numbers, index=grades.index, name=grades.name)

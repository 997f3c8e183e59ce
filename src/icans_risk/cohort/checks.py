"""Check a table against its contract, and hash its values."""

import hashlib
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icans_risk.cohort.tables import Column, Table
from icans_risk.errors import CohortError

__all__ = [
    "CellError",
    "check_table",
    "hash_table",
    "refuse_cells",
]


class CellError(CohortError):
    """Cells of a column cannot be true.

    Parameters
    ----------
    where : str
        Table and column.
    expected : str
        What a cell there must be.
    rows : sequence of int
        Positions of the bad ones.
    """

    def __init__(self, where: str, expected: str, rows: Sequence[int]) -> None:
        self.where, self.expected, self.rows = where, expected, list(rows)
        more = ", ..." if len(rows) > 5 else ""
        super().__init__(
            f"{where} {expected}, {len(rows)} cells do not (row positions "
            f"{', '.join(map(str, rows[:5]))}{more}). Mend them in the source or its mapping."
        )

    def __reduce__(self) -> tuple[type["CellError"], tuple[str, str, list[int]]]:
        # Processes send their errors to each other, by default with the message alone.
        return type(self), (self.where, self.expected, self.rows)

    @property
    def table(self) -> str:
        """Name of the table."""
        return self.where.partition(".")[0]


def check_table(frame: pd.DataFrame, table: Table, *, name: str) -> pd.DataFrame:
    """Return the table in its declared types, or say what is wrong with it.

    Parameters
    ----------
    frame : DataFrame
        The rows; extra columns are kept as they are.
    table : mapping of str to Column
        The contract, for example ``EVENTS``.
    name : str
        What the table is called in an error.

    Returns
    -------
    DataFrame
        A copy with a fresh index, declared columns first and in their order.

    Raises
    ------
    CohortError
        If a column is missing, a cell that must be filled is empty, or a cell has
        another type or a word outside the vocabulary.
    """
    absent = [c for c, spec in table.items() if spec.required and c not in frame.columns]
    if absent:
        raise CohortError(
            f"{name} needs the columns {absent}, found {sorted(map(str, frame.columns))}. "
            "Add them, or map other columns to these names."
        )
    present = [c for c in table if c in frame.columns]
    extra = [c for c in frame.columns if c not in table]
    frame = frame.reset_index(drop=True)
    checked = {c: _check_column(frame[c], table[c], where=f"{name}.{c}") for c in present}
    return pd.DataFrame(checked | {c: frame[c].to_numpy() for c in extra})


def _check_column(column: pd.Series, spec: Column, *, where: str) -> pd.Series:
    missing = column.isna().to_numpy()
    if not spec.nullable:
        refuse_cells(missing, where, "must be filled")
    if spec.kind == "number":
        return _numbers(column, missing, spec, where=where)
    if spec.kind == "flag":
        refuse_cells(~column.isin([True, False]), where, "must be true or false")
        return column.astype(bool)
    if spec.values:
        wrong = ~(column.isin(spec.values).to_numpy() | missing)
        refuse_cells(wrong, where, f"must be one of {spec.values}")
    words = column.astype("str")
    return words.where(~missing, None) if missing.any() else words


def _numbers(
    column: pd.Series, missing: NDArray[np.bool_], spec: Column, *, where: str
) -> pd.Series:
    if column.dtype != np.float64:
        # Pandas would count the nanoseconds of a date, and take True for one.
        if pd.api.types.is_datetime64_any_dtype(column) or column.dtype == bool:
            refuse_cells(~missing, where, "must be finite numbers")
        column = pd.to_numeric(column, errors="coerce").astype("float64")
    # Plain arrays: one patient's tables have as many columns as those of a thousand.
    numbers = column.to_numpy()
    refuse_cells(~(np.isfinite(numbers) | missing), where, "must be finite numbers")
    if spec.limits is not None:
        low, high = spec.limits
        words = f"from {low:g} to {high:g}" if np.isfinite(high) else f"of at least {low:g}"
        refuse_cells((numbers < low) | (numbers > high), where, f"must be numbers {words}")
    if spec.whole:
        refuse_cells((numbers % 1 != 0) & ~np.isnan(numbers), where, "must be whole numbers")
    return column


def refuse_cells(bad: pd.Series | NDArray[np.bool_], where: str, expected: str) -> None:
    """Raise if any cell is bad; say where and how many, never what stood there."""
    if bad.any():
        raise CellError(where, expected, np.flatnonzero(np.asarray(bad)).tolist())


def hash_table(frame: pd.DataFrame) -> str:
    """Hash the parsed values of a table, blind to the order of rows and columns.

    Parameters
    ----------
    frame : DataFrame
        Any table of text, numbers and flags.

    Returns
    -------
    str
        SHA-256 in hexadecimal.

    Examples
    --------
    >>> a = pd.DataFrame({"x": [1.0, 2.0], "y": ["p", "q"]})
    >>> hash_table(a) == hash_table(a.iloc[::-1][["y", "x"]])
    True
    """
    columns = sorted(map(str, frame.columns))
    rows = pd.util.hash_pandas_object(frame[columns], index=False, categorize=False)
    digest = hashlib.sha256("\x1f".join(columns).encode())
    digest.update(np.sort(rows.to_numpy(dtype="uint64")).tobytes())
    return digest.hexdigest()

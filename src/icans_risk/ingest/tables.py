"""Workbooks to raw tables: cells as they stand, rows numbered as the spreadsheet shows them."""

import re
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
from openpyxl.utils.exceptions import InvalidFileException

from icans_risk.errors import CohortError

__all__ = ["RawTable", "parse_integers", "parse_numbers", "read_workbook", "show_rows"]

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")


@dataclass(frozen=True)
class RawTable:
    """A sheet's cells as Python objects, indexed by spreadsheet row number."""

    file: str
    sheet: str
    cells: pd.DataFrame

    def at(self, column: str) -> tuple[str, str, str]:
        """Locate a column for a finding: file, sheet, column."""
        return self.file, self.sheet, column

    def refuse(self, column: str, rows: Iterable[int], *, expected: str, remedy: str) -> None:
        """Raise if any row is listed; say where and how many, never what stood there."""
        numbers = list(rows)
        if numbers:
            raise CohortError(
                f"{self.file}, sheet {self.sheet!r}, column {column!r}: expected {expected}, "
                f"{len(numbers)} cells hold something else ({show_rows(numbers)}). {remedy}"
            )


def show_rows(rows: Sequence[int]) -> str:
    """Write row numbers for a message, at most five of them.

    Examples
    --------
    >>> show_rows([3, 9])
    'rows 3, 9'
    >>> show_rows(range(2, 10))
    'rows 2, 3, 4, 5, 6 and 3 more'
    """
    shown = ", ".join(str(row) for row in rows[:5])
    more = f" and {len(rows) - 5} more" if len(rows) > 5 else ""
    return f"{'row' if len(rows) == 1 else 'rows'} {shown}{more}"


def read_workbook(file: Path, *, sheet: str | None, columns: Sequence[str]) -> RawTable:
    """Read one sheet of an XLSX workbook without interpreting any cell.

    Parameters
    ----------
    file : Path
        The workbook.
    sheet : str, optional
        Its sheet; the only one if there is one.
    columns : sequence of str
        Columns that must be there; others are left out.

    Returns
    -------
    RawTable
        Wholly empty rows are left out; the index is the spreadsheet's row number.

    Raises
    ------
    CohortError
        If the file, the sheet or a column is absent, a header stands twice, or there
        is no row.
    """
    name, header, rows = _read_rows(file, sheet)
    where = f"{file.name}, sheet {name!r}"
    _check_header(header, columns, where=where)
    frame = pd.DataFrame(rows, columns=header, dtype=object)
    frame.index = pd.RangeIndex(2, len(rows) + 2, name="row")
    frame = frame[list(dict.fromkeys(columns))].replace({"": None})
    frame = frame[frame.notna().any(axis=1)]
    if frame.empty:
        raise CohortError(f"{where}: expected rows under the header, found none. Check the export.")
    return RawTable(file.name, name, frame)


def _read_rows(file: Path, sheet: str | None) -> tuple[str, list[str], list[tuple[object, ...]]]:
    if not file.is_file():
        raise CohortError(f"{file}: no such file. Check the path in the study file.")
    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
    except (
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        InvalidFileException,
    ):
        raise CohortError(f"{file.name}: not a readable XLSX workbook. Export it again.") from None
    try:
        if sheet is None and len(book.sheetnames) > 1:
            raise CohortError(
                f"{file.name}: has the sheets {book.sheetnames}. Name one in 'sheet'."
            )
        name = sheet if sheet is not None else book.sheetnames[0]
        if name not in book.sheetnames:
            raise CohortError(
                f"{file.name}: expected sheet {name!r}, found {book.sheetnames}. Correct 'sheet'."
            )
        rows = [tuple(row) for row in book[name].iter_rows(values_only=True)]
    finally:
        book.close()
    if not rows or all(cell is None for cell in rows[0]):
        raise CohortError(
            f"{file.name}, sheet {name!r}: expected a header in row 1, found none. "
            "Check that the right sheet was exported."
        )
    header = ["" if cell is None else str(cell).strip() for cell in rows[0]]
    return name, header, [row + (None,) * (len(header) - len(row)) for row in rows[1:]]


def _check_header(header: list[str], columns: Sequence[str], *, where: str) -> None:
    absent = [column for column in columns if column not in header]
    if absent:
        raise CohortError(
            f"{where}: expected the columns {absent}, found {[h for h in header if h]}. "
            "Correct the mapping in the study file or the header."
        )
    doubled = sorted({column for column in columns if header.count(column) > 1})
    if doubled:
        raise CohortError(f"{where}: the header has {doubled} more than once. Rename one of them.")


def parse_numbers(
    table: RawTable, column: str, *, limits: tuple[float, float], expected: str
) -> pd.Series:
    """Parse a column of numbers; an empty cell is NaN, anything else is refused.

    Parameters
    ----------
    table : RawTable
        The sheet.
    column : str
        Its column.
    limits : tuple of float
        Lowest and highest value that can be true.
    expected : str
        What the column should hold, for the error.

    Returns
    -------
    Series of float64
        Indexed like the table.

    Raises
    ------
    CohortError
        If a cell is text that is no plain number, a truth value, a date, infinite, or
        outside the limits.
    """
    cells = table.cells[column]
    numbers = cells.map(_to_number).astype("float64")
    low, high = limits
    bad = (numbers.isna() & cells.notna()) | (numbers < low) | (numbers > high)
    remedy = "Correct them in the source; an empty cell means not recorded."
    table.refuse(column, cells.index[bad], expected=expected, remedy=remedy)
    return numbers


def parse_integers(
    table: RawTable, column: str, *, limits: tuple[float, float], expected: str
) -> pd.Series:
    """Parse like ``parse_numbers`` and refuse fractions as well."""
    numbers = parse_numbers(table, column, limits=limits, expected=expected)
    fractions = numbers.notna() & (numbers % 1 != 0)
    remedy = "Correct them in the source; an empty cell means not recorded."
    table.refuse(column, numbers.index[fractions], expected=expected, remedy=remedy)
    return numbers


def _to_number(cell: object) -> float:
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return float(cell)
    if isinstance(cell, str) and _NUMBER.fullmatch(cell.strip()):
        return float(cell)
    return np.nan

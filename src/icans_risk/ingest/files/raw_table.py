"""Workbooks to raw tables: cells as they stand, rows numbered as the spreadsheet shows them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from icans_risk.errors import CohortError
from icans_risk.ingest.files.header import check_header
from icans_risk.ingest.files.workbook import as_float, open_sheet
from icans_risk.study.tables import Decimal

__all__ = ["RawTable", "parse_integers", "parse_numbers", "read_workbook", "show_rows"]

# ASCII only: float() would read Arabic digits as well.
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")


@dataclass(frozen=True)
class RawTable:
    """A table's cells as Python objects, indexed by spreadsheet row number.

    ``sheet`` is empty where the file has no sheets.
    """

    file: str
    sheet: str
    cells: pd.DataFrame

    @property
    def where(self) -> str:
        """Name the file, and the sheet where there is one, for a message."""
        return f"{self.file}, sheet {self.sheet!r}" if self.sheet else self.file

    def at(self, column: str) -> tuple[str, str, str]:
        """Locate a column for a finding: file, sheet, column."""
        return self.file, self.sheet, column

    def refuse(self, column: str, rows: Iterable[int], *, expected: str, remedy: str) -> None:
        """Raise if any row is listed; say where and how many, never what stood there."""
        numbers = list(rows)
        if numbers:
            raise CohortError(
                f"{self.where}, column {column!r}: expected {expected}, "
                f"{len(numbers)} cells hold something else ({show_rows(numbers)}). {remedy}"
            )

    def refuse_no_rows(self) -> None:
        """Raise if the table has no row."""
        if self.cells.empty:
            raise CohortError(
                f"{self.where}: expected rows under the header, found none. Check the export."
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
    with open_sheet(file, sheet) as page:
        check_header(page.header, columns, where=f"{file.name}, sheet {page.name!r}")
        frame = pd.DataFrame(page.rows, columns=page.header, dtype=object)
    frame.index = pd.RangeIndex(2, len(frame) + 2, name="row")
    frame = frame[list(dict.fromkeys(columns))].replace({"": None})
    table = RawTable(file.name, page.name, frame[frame.notna().any(axis=1)])
    table.refuse_no_rows()
    return table


def parse_numbers(
    table: RawTable,
    column: str,
    *,
    limits: tuple[float, float],
    expected: str,
    decimal: Decimal = "point",
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
    decimal : {"point", "comma"}
        Decimal sign of numbers that are text.

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
    numbers = cells.map(lambda cell: _to_number(cell, decimal)).astype("float64")
    low, high = limits
    bad = (numbers.isna() & cells.notna()) | (numbers < low) | (numbers > high) | np.isinf(numbers)
    remedy = "Correct them in the source; an empty cell means not recorded."
    table.refuse(column, cells.index[bad], expected=expected, remedy=remedy)
    return numbers


def parse_integers(
    table: RawTable,
    column: str,
    *,
    limits: tuple[float, float],
    expected: str,
    decimal: Decimal = "point",
) -> pd.Series:
    """Parse like ``parse_numbers`` and refuse fractions as well."""
    numbers = parse_numbers(table, column, limits=limits, expected=expected, decimal=decimal)
    fractions = numbers.notna() & (numbers % 1 != 0)
    remedy = "Correct them in the source; an empty cell means not recorded."
    table.refuse(column, numbers.index[fractions], expected=expected, remedy=remedy)
    return numbers


def _to_number(cell: object, decimal: Decimal) -> float:
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return as_float(cell)
    if not isinstance(cell, str):
        return np.nan
    # The sign that is not declared becomes one that no number has.
    text = cell.strip()
    if decimal == "comma":
        text = text.translate({ord(","): ".", ord("."): ","})
    return float(text) if _NUMBER.fullmatch(text) else np.nan

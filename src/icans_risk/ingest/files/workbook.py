"""One sheet of an XLSX workbook: its header and its rows, cells as Python objects."""

import datetime as dt
import math
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TypeGuard

import openpyxl
import polars as pl

from icans_risk.errors import CohortError
from icans_risk.ingest.files.cells import EXACT_BELOW, Wanted, refuse_rounded
from icans_risk.ingest.files.header import check_header
from icans_risk.ingest.files.integrity import check_zip
from icans_risk.study.tables import TableFile

__all__ = ["Sheet", "as_float", "as_text", "identifier_cells", "open_sheet", "read_sheet"]

# What the format itself allows; a damaged row number would count up to it in vain.
ROWS_AT_MOST = 2**20
ROWS_PER_CHUNK = 100_000

Cells = tuple[object, ...]


class Sheet(NamedTuple):
    """A sheet's name, its header, and its rows from the second on, as wide as the header."""

    name: str
    header: list[str]
    rows: Iterator[Cells]


@contextmanager
def open_sheet(file: Path, sheet: str | None) -> Iterator[Sheet]:
    """Open one sheet of a workbook: the only one, or the one that is named.

    Raises
    ------
    CohortError
        If there is no such file or sheet, no header, or the workbook is damaged.
    """
    with closing(_open_book(file)) as book:
        name = _choose(book.sheetnames, sheet, file)
        # Closed before the book: rows that are not read to their end hold its file open.
        with closing(_rows(book, name, file)) as rows:
            first = next(rows, ())
            if all(cell is None for cell in first):
                raise CohortError(
                    f"{file.name}, sheet {name!r}: expected a header in row 1, found none. "
                    "Check that the right sheet was exported."
                )
            header = ["" if cell is None else str(cell).strip() for cell in first]
            width = len(header)
            yield Sheet(name, header, (row[:width] + (None,) * (width - len(row)) for row in rows))


def read_sheet(file: Path, source: TableFile, wanted: Wanted) -> Iterator[pl.DataFrame]:
    """Read a sheet in chunks: text as text, numbers among the results as numbers."""
    with open_sheet(file, source.sheet) as sheet:
        where = f"{file.name}, sheet {sheet.name!r}"
        check_header(sheet.header, wanted.names, where=where)
        places = {name: sheet.header.index(name) for name in wanted.names}
        first_row = 2
        while rows := list(islice(sheet.rows, ROWS_PER_CHUNK)):
            yield _chunk(rows, places, wanted, where=where, first_row=first_row)
            first_row += len(rows)


def as_text(cell: object) -> str | None:
    """Write a cell as a text file would hold it; midnight is how a workbook writes a date.

    Examples
    --------
    >>> as_text(123.0), as_text(True), as_text(dt.datetime(2026, 5, 1))
    ('123', 'true', '2026-05-01')
    """
    if cell is None or isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, dt.datetime | dt.date | dt.time):
        return cell.isoformat().removesuffix("T00:00:00")
    return str(cell)


def _open_book(file: Path) -> Any:
    if not file.is_file():
        raise CohortError(f"{file}: no such file. Check the path in the study file.")
    try:
        check_zip(file)
        return openpyxl.load_workbook(file, read_only=True, data_only=True)
    except CohortError:
        raise
    except Exception:
        raise _damaged(file) from None


def _choose(names: Sequence[str], sheet: str | None, file: Path) -> str:
    if sheet is None and len(names) > 1:
        raise CohortError(f"{file.name}: has the sheets {names}. Name one in 'sheet'.")
    name = sheet if sheet is not None else next(iter(names), None)
    if name is None or name not in names:
        raise CohortError(f"{file.name}: expected sheet {name!r}, found {names}. Correct 'sheet'.")
    return name


def _rows(book: Any, name: str, file: Path) -> Generator[Cells]:
    # openpyxl meets damaged XML with whatever its own code stumbles into.
    try:
        page = book[name]
        # Some programs write the wrong extent, and cells beyond it would be lost.
        page.reset_dimensions()
        for number, row in enumerate(page.iter_rows(values_only=True), start=1):
            if number > ROWS_AT_MOST:
                raise _damaged(file)
            yield tuple(row)
    except CohortError:
        raise
    except Exception:
        raise _damaged(file) from None


def _damaged(file: Path) -> CohortError:
    return CohortError(f"{file.name}: not a readable XLSX workbook. Export it again.")


def _chunk(
    rows: list[Cells], places: dict[str, int], wanted: Wanted, *, where: str, first_row: int
) -> pl.DataFrame:
    columns = {name: [row[place] for row in rows] for name, place in places.items()}
    series = [pl.int_range(first_row, first_row + len(rows), eager=True).alias("row")]
    for name in wanted.columns:
        cells: Sequence[object] = columns[name]
        if name in wanted.identifiers:
            cells = identifier_cells(cells, where=where, column=name)
        series.append(pl.Series(name, map(as_text, cells), pl.String))
    for name in wanted.results:
        numbers = [as_float(cell) if _is_number(cell) else None for cell in columns[name]]
        text = [None if _is_number(cell) else as_text(cell) for cell in columns[name]]
        series.append(pl.Series(f"{name}.text", text, pl.String))
        series.append(pl.Series(f"{name}.number", numbers, pl.Float64))
    return pl.DataFrame(series)


def identifier_cells(cells: Sequence[object], *, where: str, column: str) -> list[str | None]:
    """Write identifiers as text, and refuse numbers that have lost digits."""
    lost = sum(_is_number(cell) and abs(cell) >= EXACT_BELOW for cell in cells)
    refuse_rounded(lost, where=where, column=column)
    return [as_text(cell) for cell in cells]


def as_float(number: int | float) -> float:
    """Return a number as a float; a whole number beyond all floats is infinite."""
    try:
        return float(number)
    except OverflowError:
        return -math.inf if number < 0 else math.inf


def _is_number(cell: object) -> TypeGuard[int | float]:
    return isinstance(cell, int | float) and not isinstance(cell, bool)

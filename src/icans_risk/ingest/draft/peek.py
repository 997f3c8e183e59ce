"""Look at the beginning of a table leniently, to draft its description, never to use its data."""

import csv
import gzip
import io
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any, cast

import openpyxl
import polars as pl
from openpyxl.utils.exceptions import InvalidFileException

from icans_risk.errors import CohortError

__all__ = ["LOOKED_AT", "Peek", "peek"]

# Rows that are looked at.
LOOKED_AT = 20_000
_DELIMITERS = ",;\t|"
_SAMPLE = 50
_UNREADABLE = (
    OSError,
    EOFError,
    KeyError,
    ValueError,
    csv.Error,
    zipfile.BadZipFile,
    InvalidFileException,
    pl.exceptions.PolarsError,
)


@dataclass(frozen=True)
class Peek:
    """The first rows of a table as text.

    Attributes
    ----------
    file : Path
        Where it lies.
    cells : DataFrame of String
        Blanks removed, empty cells null.
    typed : mapping of str to bool
        Columns that the file itself holds as numbers (True) or times (False).
    encoding, delimiter, sheet : str, optional
        How the file is read.
    aware : frozenset of str
        Columns of typed times that state their zone.
    """

    file: Path
    cells: pl.DataFrame
    typed: dict[str, bool]
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    aware: frozenset[str] = frozenset()


def peek(file: Path) -> list[Peek]:
    """Read the header and the first rows of a CSV, TSV, XLSX or Parquet file.

    Parameters
    ----------
    file : Path
        Text files may be gzipped.

    Returns
    -------
    list of Peek
        At most ``LOOKED_AT`` rows each; a workbook has one for each sheet that is a table.

    Raises
    ------
    CohortError
        If the file cannot be read, or has no header or no row.
    """
    if not file.is_file():
        raise CohortError(f"{file}: no such file. Check its name.")
    reader = next((read for end, read in _READERS.items() if file.name.lower().endswith(end)), None)
    if reader is None:
        raise CohortError(f"{file.name}: expected a file ending in {sorted(_READERS)}.")
    try:
        found = reader(file)
    except CohortError:
        raise
    except _UNREADABLE:
        raise CohortError(
            f"{file.name}: not readable as what it is called. Export it again."
        ) from None
    tables = [table for table in found if not table.cells.is_empty()]
    if not tables:
        raise CohortError(f"{file.name}: expected rows under a header, found none.")
    return tables


def _peek_parquet(file: Path) -> list[Peek]:
    frame = pl.scan_parquet(file).head(LOOKED_AT).collect()
    times = {name for name, kind in frame.schema.items() if kind in (pl.Date, pl.Datetime)}
    typed = {name: name not in times for name in frame.columns if frame[name].dtype.is_numeric()}
    typed |= dict.fromkeys(times, False)
    zoned = (n for n in times if getattr(frame[n].dtype, "time_zone", None))
    cells = _as_text(frame.cast(pl.String))
    return [Peek(file, cells, typed, aware=frozenset(zoned))]


def _peek_workbook(file: Path) -> list[Peek]:
    with warnings.catch_warnings():
        # openpyxl warns of formats that it does not know; no cell depends on them.
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        try:
            several = len(book.sheetnames) > 1
            sheets = {
                name: list(islice(book[name].iter_rows(values_only=True), LOOKED_AT))
                for name in book.sheetnames
            }
        finally:
            book.close()
    tables = {name: rows for name, rows in sheets.items() if rows and len(rows[0]) > 1}
    return [
        _peek_sheet(file, rows, sheet=name if several else None) for name, rows in tables.items()
    ]


def _peek_sheet(file: Path, rows: Sequence[Sequence[Any]], *, sheet: str | None) -> Peek:
    header = ["" if cell is None else str(cell) for cell in rows[0]]
    kinds = {header[at].strip(): _kind_of(rows[1:], at) for at in range(len(header))}
    typed = {column: kind for column, kind in kinds.items() if kind is not None}
    text = [["" if cell is None else _cell(cell) for cell in row] for row in rows[1:]]
    return Peek(file, _table(header, text, file), typed, sheet=sheet)


def _kind_of(rows: Sequence[Sequence[Any]], at: int) -> bool | None:
    kinds = {type(row[at]) for row in rows if at < len(row) and row[at] is not None}
    if kinds and kinds <= {int, float}:
        return True
    return False if kinds and all(hasattr(kind, "isoformat") for kind in kinds) else None


def _cell(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return cell.isoformat(sep=" ") if hasattr(cell, "hour") and hasattr(cell, "day") else str(cell)


def _peek_text(file: Path) -> list[Peek]:
    last: UnicodeDecodeError | None = None
    for encoding in _encodings(file):
        try:
            lines, delimiter = _read_lines(file, encoding)
        except UnicodeDecodeError as error:
            last = error
            continue
        if not lines:
            raise CohortError(f"{file.name}: expected a header in line 1, found none.")
        shown = "utf-8" if encoding == "utf-8-sig" else encoding
        return [Peek(file, _table(lines[0], lines[1:], file), {}, shown, delimiter)]
    raise CohortError(f"{file.name}: not text in a known encoding. Save it as UTF-8.") from last


def _encodings(file: Path) -> tuple[str, ...]:
    with _open_bytes(file) as stream:
        mark = stream.read(2)
    utf_16 = mark in (b"\xff\xfe", b"\xfe\xff")
    return ("utf-16",) if utf_16 else ("utf-8-sig", "cp1252", "latin-1")


def _open_bytes(file: Path) -> IO[bytes]:
    is_packed = file.name.lower().endswith(".gz")
    return cast("IO[bytes]", gzip.open(file, "rb") if is_packed else file.open("rb"))


def _read_lines(file: Path, encoding: str) -> tuple[list[list[str]], str]:
    with io.TextIOWrapper(_open_bytes(file), encoding=encoding, newline="") as stream:
        sample = list(islice(stream, _SAMPLE))
        delimiter = max(_DELIMITERS, key=lambda sign: _usual_width(sample, sign))
        rows = csv.reader((*sample, *islice(stream, LOOKED_AT)), delimiter=delimiter)
        return [row for row in rows if row], delimiter


def _usual_width(lines: Sequence[str], delimiter: str) -> tuple[int, int]:
    """Say how many lines are as wide as the header, and how wide it is."""
    widths = [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
    header = widths[0] if widths else 0
    return (Counter(widths)[header] if header > 1 else 0), header


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], file: Path) -> pl.DataFrame:
    names = [name.strip() for name in header]
    named = [at for at, name in enumerate(names) if name]
    if len({names[at] for at in named}) < len(named):
        raise CohortError(f"{file.name}: a name stands twice in the header. Rename one of them.")
    columns = {names[at]: [row[at] if at < len(row) else "" for row in rows] for at in named}
    return _as_text(pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String)))


def _as_text(frame: pl.DataFrame) -> pl.DataFrame:
    stripped = pl.all().str.strip_chars()
    return frame.select(pl.when(stripped != "").then(stripped))


_READERS: Mapping[str, Callable[[Path], list[Peek]]] = MappingProxyType(
    {
        ".csv": _peek_text,
        ".csv.gz": _peek_text,
        ".tsv": _peek_text,
        ".tsv.gz": _peek_text,
        ".parquet": _peek_parquet,
        ".xlsx": _peek_workbook,
    }
)

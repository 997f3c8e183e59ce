"""Delimited text: every cell text, every line as wide as the header, nothing shifted or lost."""

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.csv as pc  # type: ignore[import-untyped]

from icans_risk.errors import CohortError
from icans_risk.ingest.files.header import check_header
from icans_risk.ingest.files.quotes import QuoteCheck
from icans_risk.ingest.files.raw_table import show_rows
from icans_risk.ingest.frames import CHUNK_ROWS
from icans_risk.study.tables import TableFile

__all__ = ["DELIMITERS", "read_text", "read_text_table"]

DELIMITERS = {".csv": ",", ".tsv": "\t"}
OTHER_DELIMITERS = (",", ";", "\t", "|")

SCAN_BYTES = 2**20
# Also the longest line; a chunk of text is parsed as a whole.
PARSE_BYTES = 2**25


class _Dialect(NamedTuple):
    delimiter: str
    encoding: str

    @property
    def codec(self) -> str:
        return "utf-8-sig" if self.encoding == "utf-8" else self.encoding


class _Scanned(NamedTuple):
    is_ended: bool
    bad_quote_in_line: int


def read_text_table(file: Path) -> pd.DataFrame:
    """Read a CSV or TSV file without interpreting any cell.

    Parameters
    ----------
    file : Path
        UTF-8, with a header in its first line.

    Returns
    -------
    DataFrame of str
        Empty cells are missing; identifiers such as ``00123`` stay as they are.

    Raises
    ------
    CohortError
        If the file cannot be read, a name stands twice in the header, or a line is not as
        wide as the header.
    """
    if file.suffix.lower() not in DELIMITERS:
        raise CohortError(f"{file.name}: expected a file ending in {sorted(DELIMITERS)}.")
    dialect = _Dialect(DELIMITERS[file.suffix.lower()], "utf-8")
    scanned = _scan(file, dialect)
    header = _read_header(file, dialect)
    check_header(header, header, where=file.name)
    _refuse_quotes(scanned, where=file.name)
    schema = dict.fromkeys(header, pl.String)
    chunks = [chunk.drop("row") for chunk in _parse(file, header, header, dialect=dialect)]
    cells = pl.concat([pl.DataFrame(schema=schema), *chunks])
    filled = cells.filter(pl.any_horizontal(pl.all() != ""))
    return pd.DataFrame(filled.to_dict(as_series=False), dtype="str").replace({"": None})


def read_text(
    file: Path, source: TableFile, columns: Sequence[str], *, vouched: bool
) -> Iterator[pl.DataFrame]:
    """Read columns of a delimited text file in chunks of at most ``CHUNK_ROWS`` rows.

    Parameters
    ----------
    file : Path
        The file; its ending says the delimiter unless ``source`` does.
    source : TableFile
        Its delimiter and encoding.
    columns : sequence of str
        Columns that must be there; others are left out.
    vouched : bool
        Whether a checksum or a number of rows will show if the end is missing. Without
        one the last line must be ended.

    Yields
    ------
    DataFrame of str
        ``row`` and the columns; an empty cell is an empty string.

    Raises
    ------
    CohortError
        If the file is not text in its encoding, quotes are not balanced, the header is not
        as expected, a line has another width, or the end is missing.
    """
    plain = file.with_suffix("") if file.suffix.lower() == ".gz" else file
    dialect = _Dialect(source.delimiter or DELIMITERS[plain.suffix.lower()], source.encoding)
    scanned = _scan(file, dialect)
    header = _read_header(file, dialect)
    _explain_delimiter(header, columns, dialect, where=file.name)
    _refuse_quotes(scanned, where=file.name)
    check_header(header, columns, where=file.name)
    if not scanned.is_ended and not vouched:
        raise CohortError(
            f"{file.name}: expected the last line to be ended, it is not: the file may have been "
            "cut. Export it again, or declare 'rows' or a checksum for it."
        )
    yield from _parse(file, header, columns, dialect=dialect)


def _open(file: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(file)) if file.suffix.lower() == ".gz" else file.open("rb")


def _blocks(file: Path, dialect: _Dialect) -> Iterator[str]:
    try:
        with _open(file) as stream:
            yield from codecs.iterdecode(iter(lambda: stream.read(SCAN_BYTES), b""), dialect.codec)
    except UnicodeError:
        raise CohortError(
            f"{file.name}: expected text in {dialect.encoding}, found bytes that are none. Set "
            "'encoding', or export the file as UTF-8."
        ) from None
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise CohortError(f"{file.name}: the gzip file is damaged. Fetch it again.") from None
    except OSError as error:
        raise CohortError(f"{file}: cannot read the file ({error.strerror}).") from None


def _scan(file: Path, dialect: _Dialect) -> _Scanned:
    """Look at every byte before any cell is used."""
    quotes, last = QuoteCheck(dialect.delimiter), ""
    for text in _blocks(file, dialect):
        if "\0" in text:
            raise CohortError(
                f"{file.name}: expected text in {dialect.encoding}, found NUL characters. Set "
                "'encoding', or export the file as UTF-8."
            )
        quotes.take(np.frombuffer(text.encode(), np.uint8))
        last = text[-1:] or last
    return _Scanned(last in ("\n", "\r"), quotes.first_bad_line())


def _refuse_quotes(scanned: _Scanned, *, where: str) -> None:
    if scanned.bad_quote_in_line:
        raise CohortError(
            f"{where}: expected quotes around whole cells, with quotes inside them doubled; line "
            f"{scanned.bad_quote_in_line} is the first where that fails. Export it again."
        )


def _read_header(file: Path, dialect: _Dialect) -> list[str]:
    try:
        with io.TextIOWrapper(_open(file), dialect.codec, newline="") as lines:
            header = next(csv.reader(lines, delimiter=dialect.delimiter), [])
    except csv.Error:
        header = []
    names = [name.strip() for name in header]
    if not any(names):
        raise CohortError(f"{file.name}: expected a header in line 1, found none.")
    doubled = sorted({name for name in names if name and names.count(name) > 1})
    if doubled:
        raise CohortError(f"{file.name}: the header has {doubled} more than once. Rename them.")
    return names


def _explain_delimiter(
    header: Sequence[str], columns: Sequence[str], dialect: _Dialect, *, where: str
) -> None:
    """Say so where the header would hold the columns if it were split by another sign."""
    if set(columns) <= set(header):
        return
    line = dialect.delimiter.join(header)
    for other in OTHER_DELIMITERS:
        if set(columns) <= {name.strip().strip('"') for name in line.split(other)}:
            raise CohortError(
                f"{where}: expected the columns to be divided by {dialect.delimiter!r}, found "
                f"them divided by {other!r}. Set 'delimiter' to {other!r}."
            )


def _parse(
    file: Path, header: Sequence[str], columns: Sequence[str], *, dialect: _Dialect
) -> Iterator[pl.DataFrame]:
    odd: list[int] = []
    first_row = 2
    # By place, because a header may hold several columns without a name.
    places = {name: f"{header.index(name)}" for name in columns}
    for batch in _batches(file, len(header), list(places.values()), dialect=dialect, odd=odd):
        # Once a line has another width, the rest is read only to count such lines.
        if odd:
            continue
        cells = {name: pl.Series(name, batch.column(place)) for name, place in places.items()}
        row = pl.int_range(first_row, first_row + batch.num_rows, eager=True).alias("row")
        first_row += batch.num_rows
        yield from pl.DataFrame([row, *cells.values()]).iter_slices(CHUNK_ROWS)
    if odd:
        raise CohortError(
            f"{file.name}: expected {len(header)} cells in each line, {len(odd)} lines have "
            f"another number ({show_rows(odd)}). Check the delimiter and quotes."
        )


def _batches(
    file: Path, width: int, places: list[str], *, dialect: _Dialect, odd: list[int]
) -> Iterator[pa.RecordBatch]:
    def note(line: pc.InvalidRow) -> str:
        odd.append(line.number)
        return "skip"

    try:
        with _open(file) as stream:
            yield from pc.open_csv(
                stream,
                # Lines have numbers only where one thread reads them.
                pc.ReadOptions(
                    use_threads=False,
                    block_size=PARSE_BYTES,
                    column_names=[str(place) for place in range(width)],
                    skip_rows_after_names=1,
                    encoding=dialect.encoding,
                ),
                pc.ParseOptions(
                    delimiter=dialect.delimiter,
                    newlines_in_values=True,
                    ignore_empty_lines=False,
                    invalid_row_handler=note,
                ),
                pc.ConvertOptions(
                    include_columns=places,
                    column_types=dict.fromkeys(places, pa.string()),
                    strings_can_be_null=False,
                ),
            )
    except (pa.ArrowException, OSError, ValueError, EOFError, zlib.error):
        raise CohortError(
            f"{file.name}: cannot be divided into lines and cells, or a line is longer than "
            f"{PARSE_BYTES:,} bytes. Export it again."
        ) from None

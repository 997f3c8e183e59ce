"""Tables in files of any kind: the one place where a study's files are opened."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import pandas as pd
import polars as pl

from icans_risk.errors import CohortError
from icans_risk.ingest.files.cells import Wanted, as_objects, by_type, drop_empty, tidy
from icans_risk.ingest.files.integrity import check_sums, find_files
from icans_risk.ingest.files.parquet import read_parquet
from icans_risk.ingest.files.raw_table import RawTable, read_workbook
from icans_risk.ingest.files.text import read_text
from icans_risk.ingest.files.workbook import identifier_cells, read_sheet
from icans_risk.study.tables import TableFile

__all__ = ["open_table", "read_small"]

Kind = Literal["text", "parquet", "workbook"]
KINDS: dict[str, Kind] = {
    ".csv": "text",
    ".tsv": "text",
    ".csv.gz": "text",
    ".tsv.gz": "text",
    ".parquet": "parquet",
    ".xlsx": "workbook",
}


def open_table(
    source: TableFile,
    *,
    columns: Sequence[str],
    results: Sequence[str] = (),
    identifiers: Sequence[str] = (),
) -> Iterator[pl.DataFrame]:
    """Read columns of all files of a table, in chunks that hold rows of one file each.

    A table is whole only when the last chunk was taken: what is wrong further down is
    raised there, and so is a wrong number of rows in text files and workbooks.

    Parameters
    ----------
    source : TableFile
        The files and how they are written.
    columns : sequence of str
        Columns that are read as they are. In Parquet numbers become Float64 and times
        Datetime; everything else is text, a workbook's times in ISO 8601.
    results : sequence of str
        Columns of results; each becomes ``NAME.text`` and ``NAME.number``, of which at most
        one is filled.
    identifiers : sequence of str
        Those of ``columns`` that name something. They are text whatever the file says, and
        no word in them stands for an empty cell.

    Yields
    ------
    DataFrame
        ``file``, ``row`` (the header is row 1), the columns and the results. Text is
        stripped of blanks; empty cells are null; wholly empty rows are left out.

    Raises
    ------
    CohortError
        If a file is absent, damaged, cut, not of a kind that is read, or not as declared.
    """
    wanted = Wanted(_once(columns), _once(results), _once(identifiers))
    found = 0
    for file, vouched in _checked_files(source):
        for frame in _read(file, source, wanted, vouched=vouched):
            kept = drop_empty(tidy(frame, words=source.not_recorded, keep=wanted.identifiers))
            found += len(kept)
            if len(kept):
                yield kept.insert_column(0, pl.lit(file.name).alias("file"))
    _check_rows(source, found)


def read_small(
    source: TableFile, *, columns: Sequence[str], identifiers: Sequence[str]
) -> RawTable:
    """Read a table that is one small file, its cells as Python objects.

    Parameters
    ----------
    source : TableFile
        The file and how it is written.
    columns : sequence of str
        Columns that must be there; others are left out.
    identifiers : sequence of str
        Those of them that name something: always text.

    Returns
    -------
    RawTable
        Numbers and times are typed where the file types them. Text is stripped of blanks;
        empty cells are None; wholly empty rows are left out.

    Raises
    ------
    CohortError
        If there are several files, no row, or whatever ``open_table`` refuses.
    """
    files = list(_checked_files(source))
    if len(files) > 1:
        raise CohortError(
            f"{', '.join(file.name for file, _ in files)}: expected one file, found {len(files)}. "
            "Put the rows into one."
        )
    (file, vouched), wanted = files[0], Wanted(_once(columns), (), _once(identifiers))
    if _kind(file) == "workbook":
        table = _small_workbook(file, source, wanted)
    else:
        table = _small_frames(file, source, wanted, vouched=vouched)
    table.refuse_no_rows()
    _check_rows(source, len(table.cells))
    return table


def _once(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _checked_files(source: TableFile) -> list[tuple[Path, bool]]:
    """List the files, and whether something will show if the end of one is missing."""
    files = find_files(source)
    for file in files:
        _kind(file)
    return [(file, check_sums(file, source) or source.rows is not None) for file in files]


def _kind(file: Path) -> Kind:
    name = file.name.lower()
    for ending, kind in KINDS.items():
        if name.endswith(ending):
            return kind
    raise CohortError(
        f"{file.name}: expected a name that ends in one of {', '.join(KINDS)}. Export the table as "
        "one of them."
    )


def _read(
    file: Path, source: TableFile, wanted: Wanted, *, vouched: bool
) -> Iterator[pl.DataFrame]:
    if _kind(file) == "workbook":
        yield from read_sheet(file, source, wanted)
        return
    for frame in _typed_frames(file, source, wanted, vouched=vouched):
        yield by_type(frame, wanted, where=file.name)


def _typed_frames(
    file: Path, source: TableFile, wanted: Wanted, *, vouched: bool
) -> Iterator[pl.DataFrame]:
    if _kind(file) == "parquet":
        return read_parquet(file, wanted.names)
    return read_text(file, source, wanted.names, vouched=vouched)


def _check_rows(source: TableFile, found: int) -> None:
    if source.rows is not None and found != source.rows:
        names = ", ".join(file.name for file in source.files)
        raise CohortError(
            f"{names}: expected {source.rows:,} rows as 'rows' declares, found {found:,}. The "
            "export is not complete, or the number is not up to date."
        )


def _small_workbook(file: Path, source: TableFile, wanted: Wanted) -> RawTable:
    table = read_workbook(file, sheet=source.sheet, columns=wanted.columns)
    blank = dict.fromkeys(source.not_recorded)
    cells = {}
    for name in wanted.columns:
        column = list(table.cells[name])
        if name in wanted.identifiers:
            column = identifier_cells(column, where=table.where, column=name)
        column = [cell.strip() or None if isinstance(cell, str) else cell for cell in column]
        if name not in wanted.identifiers:
            column = [None if isinstance(cell, str) and cell in blank else cell for cell in column]
        cells[name] = pd.Series(column, table.cells.index, dtype=object)
    return _without_empty(RawTable(table.file, table.sheet, pd.DataFrame(cells)))


def _small_frames(file: Path, source: TableFile, wanted: Wanted, *, vouched: bool) -> RawTable:
    frames = []
    for frame in _typed_frames(file, source, wanted, vouched=vouched):
        plain = as_objects(frame, wanted, where=file.name)
        frames.append(tidy(plain, words=source.not_recorded, keep=wanted.identifiers))
    columns = {
        name: [cell for frame in frames for cell in frame[name].to_list()]
        for name in ("row", *wanted.columns)
    }
    index = pd.Index(columns.pop("row"), name="row", dtype="int64")
    cells = {name: pd.Series(column, index, dtype=object) for name, column in columns.items()}
    return _without_empty(RawTable(file.name, "", pd.DataFrame(cells)))


def _without_empty(table: RawTable) -> RawTable:
    return RawTable(table.file, table.sheet, table.cells[table.cells.notna().any(axis=1)])

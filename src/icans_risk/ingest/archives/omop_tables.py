"""The tables of an OMOP archive, in a folder or a zip file, as chunks of text.

Nothing is ever unpacked to disk: members of a zip file are read as streams, so that their
names can lead nowhere and their sizes fill no memory.
"""

import csv
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.csv as pc  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from icans_risk.errors import CohortError
from icans_risk.ingest.files.header import check_header
from icans_risk.ingest.frames import CHUNK_ROWS

__all__ = ["OmopTables", "open_omop"]

# A table that shrinks to less than this part of itself is a trap, not a table.
RATIO_AT_MOST = 200
TEXT_AT_MOST = 2**36
# Parquet is read at random places, which a zip file does not allow: such members are held whole.
PARQUET_AT_MOST = 2**30

KINDS = (".csv", ".tsv", ".txt", ".parquet")
PARSE_BYTES = 2**25
LONGEST_HEADER = 2**16

# What damage looks like from below; their messages may hold cells and are not repeated.
_DAMAGE = (
    pa.ArrowException, zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError,
    ValueError, MemoryError, OverflowError, csv.Error,
)  # fmt: skip


@dataclass(frozen=True)
class OmopTables:
    """An OMOP archive of which the tables were found.

    Attributes
    ----------
    path : Path
        The folder or the zip file.
    members : mapping of str to str
        Names of tables in small letters, and where each is in the archive.
    ignored : int
        Files that an operating system left behind.
    """

    path: Path
    members: Mapping[str, str]
    ignored: int

    def __contains__(self, table: str) -> bool:
        return table in self.members

    def file(self, table: str) -> str:
        """Name the file of a table, without its folder.

        Raises
        ------
        CohortError
            If the archive has no such table.
        """
        if table not in self.members:
            raise CohortError(
                f"{self.path.name}: expected the table {table}, found {sorted(self.members)}. "
                "Export it as well."
            )
        return PurePosixPath(self.members[table]).name

    def read(
        self, table: str, columns: Sequence[str], *, optional: Sequence[str] = ()
    ) -> Iterator[pl.DataFrame]:
        """Read columns of a table in chunks.

        Parameters
        ----------
        table : str
            Its name in small letters.
        columns : sequence of str
            Columns that must be there, in small letters.
        optional : sequence of str
            Columns that are null where they are absent.

        Yields
        ------
        DataFrame of str
            ``row`` (the header is row 1) and the columns; blank cells are null.

        Raises
        ------
        CohortError
            If the table or a column is absent, or the file is damaged or too large.
        """
        file = self.file(table)
        chunks = self._parquet if file.lower().endswith(".parquet") else self._text
        wanted, first_row = (*columns, *optional), 2
        batches = chunks(table, columns, optional)
        while (frame := self._next(batches, file)) is not None:
            row = pl.int_range(first_row, first_row + len(frame), eager=True).alias("row")
            first_row += len(frame)
            yield frame.select(row, *(_as_text(frame, name) for name in wanted))

    def read_whole(
        self, table: str, columns: Sequence[str], *, optional: Sequence[str] = ()
    ) -> pl.DataFrame:
        """Read columns of a small table at once, as ``read`` does."""
        schema = {"row": pl.Int64} | dict.fromkeys((*columns, *optional), pl.String)
        return pl.concat(
            [pl.DataFrame(schema=schema), *self.read(table, columns, optional=optional)]
        )

    def _next(self, batches: Iterator[pl.DataFrame], file: str) -> pl.DataFrame | None:
        try:
            return next(batches, None)
        except CohortError:
            raise
        except _DAMAGE:
            raise CohortError(
                f"{file}: not a readable table of text or Parquet, or damaged. Export it again."
            ) from None

    def _text(
        self, table: str, columns: Sequence[str], optional: Sequence[str]
    ) -> Iterator[pl.DataFrame]:
        with self._open(table) as stream:
            line = stream.readline(LONGEST_HEADER).decode("utf-8-sig").rstrip("\r\n")
        delimiter = "\t" if "\t" in line else ","
        # Vocabularies are distributed with tabs, and quotes in their names mean nothing.
        is_quoted = delimiter == "," or '"' in line
        header = [name.strip().lower() for name in next(csv.reader([line], delimiter=delimiter))]
        check_header(header, columns, where=self.file(table))
        present = [name for name in (*columns, *optional) if name in header]
        with (
            self._open(table) as stream,
            pc.open_csv(
                stream,
                read_options=pc.ReadOptions(
                    column_names=header, skip_rows=1, block_size=PARSE_BYTES
                ),
                parse_options=pc.ParseOptions(
                    delimiter=delimiter,
                    quote_char='"' if is_quoted else False,
                    newlines_in_values=is_quoted,
                ),
                convert_options=pc.ConvertOptions(
                    include_columns=present, column_types=dict.fromkeys(present, pa.string())
                ),
            ) as reader,
        ):
            for batch in reader:
                yield pl.DataFrame(pl.from_arrow(batch))

    def _parquet(
        self, table: str, columns: Sequence[str], optional: Sequence[str]
    ) -> Iterator[pl.DataFrame]:
        with (
            self._open(table) as stream,
            pq.ParquetFile(
                pa.py_buffer(stream.read()) if self._is_zip else stream,
                page_checksum_verification=True,
            ) as parquet,
        ):
            names = {name.lower(): name for name in parquet.schema_arrow.names}
            header = [name.lower() for name in parquet.schema_arrow.names]
            check_header(header, columns, where=self.file(table))
            present = [names[name] for name in (*columns, *optional) if name in names]
            for batch in parquet.iter_batches(CHUNK_ROWS, columns=present):
                batch.validate(full=True)
                frame = pl.DataFrame(pl.from_arrow(batch))
                yield frame.rename(str.lower)

    @property
    def _is_zip(self) -> bool:
        return self.path.is_file()

    @contextmanager
    def _open(self, table: str) -> Iterator[IO[bytes]]:
        member = self.members[table]
        if not self._is_zip:
            with (self.path / member).open("rb") as stream:
                yield stream
            return
        with zipfile.ZipFile(self.path) as archive:
            _refuse_bomb(archive.getinfo(member), self.file(table))
            with archive.open(member) as stream:
                yield stream


def open_omop(path: Path) -> OmopTables:
    """Find the tables of an OMOP archive, without reading any.

    Parameters
    ----------
    path : Path
        A folder or a zip file; tables may be in subfolders, their names in any case.

    Returns
    -------
    OmopTables
        What was found.

    Raises
    ------
    CohortError
        If there is no such archive, it is damaged, or a table stands in it twice.
    """
    names = _names(path)
    kept = [name for name in names if not _is_left_behind(name)]
    members: dict[str, str] = {}
    for name in kept:
        file = PurePosixPath(name.replace("\\", "/"))
        if file.suffix.lower() not in KINDS:
            continue
        table = file.stem.lower()
        if table in members:
            raise CohortError(
                f"{path.name}: expected each table once, found {table} several times. Remove all "
                "but one."
            )
        members[table] = name
    return OmopTables(path, members, len(names) - len(kept))


def _names(path: Path) -> list[str]:
    if path.is_dir():
        found = (file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file())
        return sorted(found)
    try:
        with zipfile.ZipFile(path) as archive:
            return [member.filename for member in archive.infolist() if not member.is_dir()]
    except (zipfile.BadZipFile, OSError):
        raise CohortError(
            f"{path}: expected a folder or a zip file, found neither. Check the path in the study "
            "file, or fetch the archive again."
        ) from None


def _is_left_behind(name: str) -> bool:
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return "__MACOSX" in parts or parts[-1].startswith("._") or parts[-1] == ".DS_Store"


def _refuse_bomb(member: zipfile.ZipInfo, file: str) -> None:
    most = PARQUET_AT_MOST if file.lower().endswith(".parquet") else TEXT_AT_MOST
    if member.file_size > min(most, RATIO_AT_MOST * max(member.compress_size, 1)):
        raise CohortError(
            f"{file}: expected at most {most:,} bytes when unzipped and at most {RATIO_AT_MOST} "
            f"times the zipped size, found {member.file_size:,} from {member.compress_size:,}. "
            "Unzip it yourself if you trust it, and name the folder."
        )


def _as_text(frame: pl.DataFrame, name: str) -> pl.Expr:
    if name not in frame.columns:
        return pl.lit(None, pl.String).alias(name)
    cell, dtype = pl.col(name), frame.schema[name]
    if isinstance(dtype, pl.Datetime):
        zone: Any = dtype.time_zone
        local = cell if zone is None else cell.dt.convert_time_zone("UTC")
        text = local.dt.strftime("%Y-%m-%dT%H:%M:%S%.6f" + ("" if zone is None else "Z"))
    else:
        text = cell.cast(pl.String)
    text = text.str.strip_chars()
    if name.endswith("_id"):
        # Programs that know no whole number with gaps write 9529.0.
        text = text.str.strip_suffix(".0")
    return pl.when(text != "").then(text).alias(name)

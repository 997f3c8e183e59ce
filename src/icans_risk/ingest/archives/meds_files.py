"""The files of a folder in the Medical Event Data Standard, each checked against it."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
from flexible_schema import (  # type: ignore[import-untyped]
    SchemaValidationError,
    TableValidationError,
)
from meds import schema as standard

from icans_risk.errors import CohortError
from icans_risk.ingest.files.header import check_header
from icans_risk.ingest.frames import CHUNK_ROWS

__all__ = ["read_batches", "reading", "refuse_foreign"]

_WRONG = (SchemaValidationError, TableValidationError)
# Wider types of the same content, which programs write; text that looks like a number is none.
_ACCEPTED: dict[str, tuple[Callable[[pa.DataType], bool], ...]] = {
    "subject_id": (pa.types.is_integer,),
    "time": (pa.types.is_timestamp,),
    "code": (pa.types.is_string, pa.types.is_large_string),
    "numeric_value": (pa.types.is_floating, pa.types.is_integer, pa.types.is_null),
    "text_value": (pa.types.is_string, pa.types.is_large_string, pa.types.is_null),
}
_DAMAGE = (pa.ArrowException, OSError, ValueError, MemoryError, OverflowError, KeyError)


def refuse_foreign(folder: Path) -> None:
    """Refuse a folder that is not in the standard.

    Raises
    ------
    CohortError
        If it has no data, or its description is absent or not as the standard has it.
    """
    path = folder / standard.dataset_metadata_filepath
    try:
        description: Any = json.loads(path.read_bytes())
        standard.DatasetMetadataSchema.validate(description)
    except (OSError, ValueError, TypeError, RecursionError, *_WRONG):
        raise CohortError(
            f"{folder}: expected a folder in the Medical Event Data Standard, "
            f"{standard.dataset_metadata_filepath} is absent or no such description. Check the "
            "path, or write the folder again."
        ) from None
    if not _data_files(folder):
        raise CohortError(
            f"{folder}: expected Parquet files in {standard.data_subdirectory}/, found none. Check "
            "the path, or write the folder again."
        )


def read_batches(
    folder: Path, columns: Sequence[str], *, optional: Sequence[str] = ()
) -> Iterator[tuple[str, int, pa.Table]]:
    """Read columns of all data files in batches, each checked against the standard.

    Parameters
    ----------
    folder : Path
        The folder.
    columns, optional : sequence of str
        Columns that must be there, beside ``subject_id``, ``time`` and ``code``, and the
        standard's own that need not.

    Yields
    ------
    file : str
        The file's name below ``data/``.
    row : int
        The first row of the batch, as if the header were row 1.
    table : pyarrow.Table
        The batch in the standard's types.

    Raises
    ------
    CohortError
        If a file is damaged or not in the standard, or a column is absent.
    """
    for path in _data_files(folder):
        file = path.relative_to(folder / standard.data_subdirectory).as_posix()
        with reading(file):
            # Pages carry checksums; without this they are written and never looked at.
            parquet = pq.ParquetFile(path, page_checksum_verification=True)
        with parquet:
            header = parquet.schema_arrow.names
            check_header(header, ("subject_id", "time", "code", *columns), where=file)
            wanted = ["subject_id", "time", "code", *columns]
            wanted += [name for name in optional if name in header]
            first_row = 2
            batches = parquet.iter_batches(CHUNK_ROWS, columns=list(dict.fromkeys(wanted)))
            while (table := _next(batches, file)) is not None:
                yield file, first_row, table
                first_row += len(table)


@contextmanager
def reading(file: str) -> Iterator[None]:
    """Say in one line what is wrong with a data file, without repeating its cells."""
    try:
        yield
    except _WRONG:
        raise CohortError(
            f"{file}: expected the columns and types of the Medical Event Data Standard "
            "(subject_id int64 and code string without gaps, time in microseconds, numeric_value "
            "float32), found others. Write the file again."
        ) from None
    except _DAMAGE:
        raise CohortError(
            f"{file}: not a readable Parquet file, or damaged. Fetch or write it again."
        ) from None


def _data_files(folder: Path) -> list[Path]:
    return sorted((folder / standard.data_subdirectory).rglob("*.parquet"))


def _next(batches: Iterator[Any], file: str) -> pa.Table | None:
    with reading(file):
        batch = next(batches, None)
        if batch is None:
            return None
        batch.validate(full=True)
        return _in_standard(pa.Table.from_batches([batch]))


def _in_standard(table: pa.Table) -> pa.Table:
    for name, accepted in _ACCEPTED.items():
        if name in table.column_names:
            kind = table.schema.field(name).type
            if not any(is_kind(kind) for is_kind in accepted):
                raise SchemaValidationError
    aligned = standard.DataSchema.align(table)
    standard.DataSchema.validate(aligned)
    return aligned

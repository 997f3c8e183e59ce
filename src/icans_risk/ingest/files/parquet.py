"""Parquet files in chunks: only the wanted columns, every page checked as it is read."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from icans_risk.errors import CohortError
from icans_risk.ingest.files.header import check_header
from icans_risk.ingest.frames import CHUNK_ROWS

__all__ = ["read_parquet"]

# Damage that the checks of the format do not name: a size that no memory holds, for example.
_DAMAGE = (pa.ArrowException, OSError, ValueError, MemoryError, OverflowError)


def read_parquet(file: Path, columns: tuple[str, ...]) -> Iterator[pl.DataFrame]:
    """Read a Parquet file in chunks of at most ``CHUNK_ROWS`` rows.

    Parameters
    ----------
    file : Path
        The file.
    columns : tuple of str
        Columns that must be there; others are not read.

    Yields
    ------
    DataFrame
        ``row``, counted as if the header were row 1, and the columns as the file types
        them; times are microseconds, UTC where the file knows an instant.

    Raises
    ------
    CohortError
        If a column is absent, or the file is damaged or no Parquet file.
    """
    with _reading(file):
        # Pages carry checksums; without this they are written and never looked at.
        parquet = pq.ParquetFile(file, page_checksum_verification=True)
        header = parquet.schema_arrow.names
        contradicted = _contradicted(parquet)
    with parquet:
        check_header(header, columns, where=file.name)
        if contradicted & set(columns):
            raise _damaged(file)
        batches = parquet.iter_batches(CHUNK_ROWS, columns=list(columns))
        first_row = 2
        while True:
            with _reading(file):
                batch = next(batches, None)
                frame = None if batch is None else _to_polars(batch, columns)
            if frame is None:
                break
            row = pl.int_range(first_row, first_row + len(frame), eager=True).alias("row")
            first_row += len(frame)
            yield frame.insert_column(0, row)
    if first_row - 2 != parquet.metadata.num_rows:
        raise _damaged(file)


@contextmanager
def _reading(file: Path) -> Iterator[None]:
    try:
        yield
    except _DAMAGE:
        raise _damaged(file) from None


def _damaged(file: Path) -> CohortError:
    return CohortError(
        f"{file.name}: not a readable Parquet file, or damaged. Fetch or export it again."
    )


def _contradicted(parquet: pq.ParquetFile) -> set[str]:
    """Compare the two places in which most writers state the types; name what differs.

    Checksums cover the pages and not the footer, where one flipped bit can make a local time
    one of UTC.
    """
    stored = (parquet.metadata.metadata or {}).get(b"ARROW:schema")
    if stored is None:
        return set()
    declared = pa.ipc.read_schema(pa.py_buffer(base64.b64decode(stored)))
    leaves = [parquet.schema.column(place) for place in range(len(parquet.schema))]
    old_times = {leaf.name for leaf in leaves if leaf.physical_type == "INT96"}
    return {
        name
        for one, other in zip(declared, parquet.schema_arrow, strict=True)
        if one.name != other.name
        or _family(one.type) != _family(other.type)
        or (one.name not in old_times and _units_differ(one.type, other.type))
        for name in (one.name, other.name)
    }


def _family(kind: pa.DataType) -> str:
    """Name a type as far as Parquet keeps it."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_timestamp(kind):
        return "local time" if kind.tz is None else "known time"
    families = ("nested", "integer", "decimal", "date", "time")
    texts = ("string", "large_string", "string_view")
    for family in (*families, *texts):
        if getattr(pa.types, f"is_{family}")(kind):
            return "text" if family in texts else family
    return str(kind)


def _units_differ(declared: pa.DataType, actual: pa.DataType) -> bool:
    if not pa.types.is_timestamp(declared):
        return False
    # Parquet has no seconds, and its first version no nanoseconds.
    possible = {"s": ("ms",), "ns": ("ns", "us")}.get(declared.unit, (declared.unit,))
    return actual.unit not in possible


def _to_polars(batch: pa.RecordBatch, columns: tuple[str, ...]) -> pl.DataFrame:
    # Text that is not UTF-8 must not reach code that trusts it.
    batch.validate(full=True)
    arrays = {name: _plain_times(batch.column(name)) for name in columns}
    return pl.DataFrame({name: pl.Series(name, array) for name, array in arrays.items()})


def _plain_times(array: pa.Array) -> pa.Array:
    kind = array.type
    if pa.types.is_timestamp(kind):
        zone = None if kind.tz is None else "UTC"
        return array.cast(pa.timestamp("us", tz=zone), safe=False)
    return array.cast(pa.date32(), safe=False) if pa.types.is_date64(kind) else array

"""Events in plain Parquet files, in any order."""

import math
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
from numpy.typing import NDArray

from icans_risk.cohort.parts import CohortPart
from icans_risk.cohort.tables import EVENTS
from icans_risk.errors import CohortError

__all__ = ["partition_events", "partitioned_parts", "read_plain_part"]

# What stands in a column that a file may lack.
_OPTIONAL = {"censored": "", "ordered_as": "unknown", "assay": "", "version": 1.0}
_POLARS = {"text": pl.String, "number": pl.Float64}
_CODED = pa.dictionary(pa.int32(), pa.string())
_ROWS_AT_ONCE = 1_000_000


def read_plain_part(
    files: Path | Sequence[Path], episodes: pd.DataFrame, *, available_until: float = math.inf
) -> CohortPart:
    """Read events in any order from Parquet files into memory.

    Parameters
    ----------
    files : path-like or sequence of path-like
        Columns as in ``EVENTS``. ``modality`` may be absent where ``analyte`` holds full
        names (``plasma.crp``); ``censored``, ``ordered_as`` (then unknown), ``assay`` and
        ``version`` may be.
    episodes : DataFrame
        In the layout ``EPISODES``.
    available_until : float
        Hours since infusion; what is available later is left in the files.

    Returns
    -------
    CohortPart
        One, of all episodes.

    Raises
    ------
    CohortError
        If a column is absent, or holds another kind of value.
    """
    rows = _scan(files)
    is_late = pl.col("available_h") > available_until
    # An event without a time is kept, to be refused.
    wanted = rows.filter(~is_late | pl.col("available_h").is_nan() | is_late.is_null())
    ids = pl.Enum(episodes["episode_id"].tolist())
    coded = wanted.with_columns(
        pl.col("episode_id").cast(ids, strict=False),
        pl.col(pl.String).exclude("episode_id").cast(pl.Categorical),
    )
    return CohortPart(episodes, _complete(coded.collect().to_arrow()))


def partition_events(
    files: Path | Sequence[Path],
    episodes: pd.DataFrame,
    folder: Path,
    *,
    rows_per_part: int = 4_000_000,
) -> None:
    """Write events in any order as files that each hold some whole episodes.

    Parameters
    ----------
    files : path-like or sequence of path-like
        As for ``read_plain_part``.
    episodes : DataFrame
        In the layout ``EPISODES``.
    folder : Path
        An empty folder.
    rows_per_part : int
        About how many rows a file gets; memory will hold as many.

    Raises
    ------
    CohortError
        If a column is absent or holds another kind of value, or an event names no episode.
    """
    rows = _scan(files)
    n_rows = rows.select(pl.len()).collect().item()
    n_parts = max(1, math.ceil(n_rows / rows_per_part))
    part_of = pl.DataFrame(
        {"episode_id": episodes["episode_id"], "part": _parts_of(len(episodes), n_parts)}
    )
    with ExitStack() as stack:
        schema = rows.head(0).collect().to_arrow().schema
        writers = [
            stack.enter_context(pq.ParquetWriter(_file(folder, number), schema))
            for number in range(n_parts)
        ]
        for begin in range(0, n_rows, _ROWS_AT_ONCE):
            batch = rows.slice(begin, _ROWS_AT_ONCE).collect()
            placed = batch.join(part_of, on="episode_id", how="left", maintain_order="left")
            _refuse_strangers(placed["part"])
            for (number,), chosen in placed.partition_by(
                "part", as_dict=True, include_key=False
            ).items():  # fmt: skip
                writers[number].write_table(chosen.to_arrow())


def partitioned_parts(folder: Path, episodes: pd.DataFrame) -> Iterator[CohortPart]:
    """Read what ``partition_events`` wrote, a file at a time.

    Parameters
    ----------
    folder : Path
        Where it wrote.
    episodes : DataFrame
        The same as then.

    Yields
    ------
    CohortPart
        Consecutive episodes; together they are all.
    """
    n_parts = len(list(folder.glob("*.parquet")))
    part = _parts_of(len(episodes), n_parts)
    for number in range(n_parts):
        yield read_plain_part(_file(folder, number), episodes[part == number])


def _scan(files: Path | Sequence[Path]) -> pl.LazyFrame:
    """Open the files; check that the columns are there and hold what they should."""
    rows = pl.scan_parquet([files] if isinstance(files, Path) else list(files))
    schema = rows.collect_schema()
    has_modality = "modality" in schema
    wanted = [n for n in EVENTS if n != "modality" or has_modality]
    lacking = [n for n in wanted if n not in schema and n not in _OPTIONAL]
    wrong = [n for n in wanted if n in schema and not _is_kind(schema[n], EVENTS[n].kind)]
    if lacking or wrong:
        raise CohortError(
            f"events must have the columns {[n for n in wanted if n not in _OPTIONAL]} of text "
            f"and numbers, lacking {lacking}, of another type {wrong}. Convert the files."
        )
    return rows.select(
        pl.col(n).cast(_POLARS[EVENTS[n].kind]) if n in schema else pl.lit(_OPTIONAL[n]).alias(n)
        for n in wanted
    )


def _is_kind(dtype: pl.DataType, kind: str) -> bool:
    if kind == "number":
        return dtype.is_numeric()
    return dtype == pl.String or isinstance(dtype, pl.Categorical | pl.Enum)


def _complete(events: pa.Table) -> pa.Table:
    """Take the modality out of the full names, where it has no column."""
    if "modality" in events.column_names:
        return events
    names = events["analyte"]
    chunks = [_split(chunk) for chunk in names.chunks]
    for column, values in (("modality", 0), ("analyte", 1)):
        array = pa.chunked_array([chunk[values] for chunk in chunks], _CODED)
        if column in events.column_names:
            events = events.set_column(events.column_names.index(column), column, array)
        else:
            events = events.append_column(column, array)
    return events


def _split(names: pa.DictionaryArray) -> list[pa.DictionaryArray]:
    # The names are few: only they are split, not the rows.
    parts = [str(name).partition(".") for name in names.dictionary.to_pylist()]
    indices = names.indices.cast(pa.int32())
    return [
        pa.DictionaryArray.from_arrays(indices, pa.array([part[i] for part in parts], pa.string()))
        for i in (0, 2)
    ]


def _parts_of(n_episodes: int, n_parts: int) -> NDArray[np.int64]:
    return np.arange(n_episodes) * n_parts // max(n_episodes, 1)


def _file(folder: Path, number: int) -> Path:
    return folder / f"{number:05d}.parquet"


def _refuse_strangers(part: pl.Series) -> None:
    if part.null_count():
        raise CohortError(
            f"events.episode_id must name a known episode, {part.null_count()} of {len(part)} rows "
            "do not. Add the episodes, or drop the rows."
        )

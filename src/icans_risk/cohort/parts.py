"""A cohort on disk, part by part: whole episodes with all of their events."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from icans_risk.cohort.checks import check_table
from icans_risk.cohort.manifest import check_file, read_manifest
from icans_risk.cohort.tables import EPISODES, EVENTS

__all__ = ["CohortPart", "stored_parts"]

_TEXT = [name for name, column in EVENTS.items() if column.kind == "text"]
_OFTEN_ONE_WORD = ("censored", "ordered_as", "assay")


class CohortPart(NamedTuple):
    """Some whole episodes.

    Attributes
    ----------
    episodes : DataFrame
        In the layout ``EPISODES``.
    events : pyarrow.Table
        All of their events, in the layout ``EVENTS``; text may be dictionary-coded.
    """

    episodes: pd.DataFrame
    events: pa.Table


def stored_parts(folder: Path | str) -> Iterator[CohortPart]:
    """Read the episodes and events of a cohort folder, a row group at a time.

    Size and checksum of the files are compared with the manifest before anything is parsed.

    Parameters
    ----------
    folder : path-like
        A folder written by ``write_cohort`` or ``CohortWriter``.

    Yields
    ------
    CohortPart
        Consecutive episodes, in the order of the folder; together they are all of it.

    Raises
    ------
    CohortError
        If the folder is incomplete, has another layout version, or a file is damaged.
    """
    manifest = read_manifest(folder)
    first, second = (check_file(Path(folder), n, manifest) for n in ("episodes", "events"))
    episodes = pq.read_table(first, page_checksum_verification=True)
    checked = check_table(episodes.to_pandas(), EPISODES, name="episodes")
    yield from _cut(checked, second)


def _cut(episodes: pd.DataFrame, path: Path) -> Iterator[CohortPart]:
    number_of = {name: number for number, name in enumerate(episodes["episode_id"])}
    begin, rest = 0, None
    with pq.ParquetFile(path, read_dictionary=_TEXT, page_checksum_verification=True) as file:
        for group in range(file.num_row_groups - 1):
            table = _read_group(file, group)
            table = table if rest is None else pa.concat_tables([rest, table])
            # The last episode may go on in the next row group.
            last, first_row = _last_episode(table["episode_id"])
            rest = table.slice(first_row)
            yield CohortPart(episodes.iloc[begin : number_of[last]], table.slice(0, first_row))
            begin = number_of[last]
        is_empty = file.num_row_groups == 0
        table = file.read() if is_empty else _read_group(file, file.num_row_groups - 1)
    table = table if rest is None else pa.concat_tables([rest, table])
    yield CohortPart(episodes.iloc[begin:], table)


def _read_group(file: pq.ParquetFile, group: int) -> pa.Table:
    """Read a row group; what its footer says to be one word throughout is not decoded."""
    about = file.metadata.row_group(group)
    columns = [about.column(number) for number in range(about.num_columns)]
    constant = {
        column.path_in_schema: column.statistics.min
        for column in columns
        if column.path_in_schema in _OFTEN_ONE_WORD and _is_constant(column.statistics)
    }
    table = file.read_row_group(group, columns=[n for n in EVENTS if n not in constant])
    for name, word in constant.items():
        indices = pa.array(np.zeros(about.num_rows, dtype=np.int32))
        column = pa.DictionaryArray.from_arrays(indices, pa.array([word], pa.string()))
        table = table.append_column(name, column)
    return table.select(list(EVENTS))


def _is_constant(statistics: pq.Statistics | None) -> bool:
    if statistics is None or not statistics.has_min_max or statistics.null_count:
        return False
    return bool(statistics.min == statistics.max)


def _last_episode(column: pa.ChunkedArray) -> tuple[str, int]:
    """Name the episode of the last row, and the first row of it."""
    last: str = column[-1].as_py()
    row = len(column)
    for chunk in reversed(column.chunks):
        codes = chunk.indices.to_numpy()
        is_other = codes != chunk.dictionary.index(last).as_py()
        row -= len(chunk)
        if is_other.any():
            return last, row + int(np.flatnonzero(is_other)[-1]) + 1
    return last, 0

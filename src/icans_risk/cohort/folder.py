"""A cohort on disk: three Parquet files and a manifest, written whole or not at all.

The folder holds ``episodes.parquet``, ``events.parquet``, ``grades.parquet`` and
``manifest.json``. Episodes keep their order; events and grades follow it, so that all rows
of an episode stand together: events by modality, analyte, ``collected_h`` and
``available_h``, grades by ``assessed_h`` and ``available_h``. Text is dictionary-coded and
every page has a checksum. Anything else in the folder, such as the truth of a synthetic
cohort, is never opened by a reader.
"""

from pathlib import Path
from types import TracebackType
from typing import Any, Self, get_args

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
from numpy.typing import NDArray

import icans_risk
from icans_risk.cohort.cohort import Cohort
from icans_risk.cohort.manifest import (
    SCHEMA_VERSION,
    CohortManifest,
    DataKind,
    check_file,
    damaged,
    fingerprint,
    read_manifest,
    write_manifest,
)
from icans_risk.cohort.new_folder import new_folder
from icans_risk.cohort.tables import EPISODES, EVENTS, GRADES
from icans_risk.errors import CohortError

__all__ = ["CohortWriter", "read_cohort_folder", "write_cohort"]

_TABLES = {"episodes": EPISODES, "events": EVENTS, "grades": GRADES}
_SORTED_BY = {
    "episodes": (),
    "events": ("modality", "analyte", "collected_h", "available_h"),
    "grades": ("assessed_h", "available_h"),
}
_ARROW_TYPES = {"text": pa.string(), "number": pa.float64(), "flag": pa.bool_()}


class CohortWriter:
    """Write a cohort folder in pieces, so that memory holds one piece at a time.

    Used in a ``with`` block. The folder appears when the block ends without an error;
    otherwise everything written is removed. Give parts of some thousand episodes: each
    part becomes row groups of its own, of at most a million rows.

    Parameters
    ----------
    folder : path-like
        The new folder; its parent must exist.
    made_by : str
        How the cohort is made; free text without identifiers.
    data_kind : {"real", "synthetic"}
        Whether patients stand behind the rows.

    Attributes
    ----------
    building : Path
        The folder under construction, inside the block: what is put there (a truth
        folder, a data card) appears with the rest or not at all.

    Raises
    ------
    CohortError
        If the folder exists, its parent does not, or no part was given.

    Examples
    --------
    >>> with CohortWriter(folder, made_by="simulate", data_kind="synthetic") as writer:
    ...     writer.append(part)  # doctest: +SKIP
    """

    building: Path

    def __init__(self, folder: Path | str, *, made_by: str, data_kind: DataKind) -> None:
        if data_kind not in get_args(DataKind):
            raise CohortError(f"data_kind must be one of {get_args(DataKind)}, got {data_kind!r}.")
        self._folder = Path(folder)
        self._building = new_folder(self._folder)
        self._made_by, self._data_kind = made_by, data_kind
        self._writers: dict[str, Any] = {}
        self._rows = dict.fromkeys(_TABLES, 0)
        self._ids: set[str] = set()
        self._is_whole = True

    def __enter__(self) -> Self:
        """Make the folder under construction beside the new one."""
        self.building = self._building.__enter__()
        return self

    def append(self, part: Cohort) -> None:
        """Write whole episodes after those already written.

        Parameters
        ----------
        part : Cohort
            Episodes that no earlier part held, with the same extra columns. Extra
            columns hold text, numbers, flags or dates, one kind each; whole numbers
            with gaps come back as floats, a column without any value as empty text.

        Raises
        ------
        CohortError
            If an episode was written before, or a column's type differs from the first
            part's.
        """
        ids = set(part.episodes["episode_id"])
        if not ids.isdisjoint(self._ids):
            raise CohortError(
                f"{len(ids & self._ids)} episodes of this part stand in an earlier one. Give each "
                "episode whole, in one part."
            )
        tables = {name: self._as_arrow(name, part) for name in _TABLES}
        self._is_whole = False
        for name, table in tables.items():
            self._write(name, table)
        self._ids |= ids
        self._is_whole = True

    def _as_arrow(self, name: str, part: Cohort) -> pa.Table:
        frame = _in_order(getattr(part, name), part.episodes, _SORTED_BY[name])
        first = self._writers[name].schema if name in self._writers else None
        if first is not None and set(first.names) != set(frame.columns):
            raise CohortError(
                f"{name} must have the columns of the first part, {sorted(first.names)}, found "
                f"{sorted(map(str, frame.columns))}. Give all parts the same columns."
            )
        columns = list(frame.columns) if first is None else first.names
        types = {c: _ARROW_TYPES[s.kind] for c, s in _TABLES[name].items()}
        types |= {} if first is None else dict(zip(first.names, first.types, strict=True))
        arrays = [_column(frame[c], types.get(c), where=f"{name}.{c}") for c in columns]
        return pa.Table.from_arrays(arrays, names=columns)

    def _write(self, name: str, table: pa.Table) -> None:
        if name not in self._writers:
            self._writers[name] = pq.ParquetWriter(
                self.building / f"{name}.parquet",
                table.schema,
                compression="zstd",
                use_dictionary=True,
                write_page_checksum=True,
            )
        if table.num_rows:
            self._writers[name].write_table(table)
        self._rows[name] += table.num_rows

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Finish the folder and give it its name, or remove all of it."""
        try:
            for writer in self._writers.values():
                writer.close()
            if kind is None:
                self._finish()
        except BaseException as failure:
            self._building.__exit__(type(failure), failure, failure.__traceback__)
            raise
        self._building.__exit__(kind, error, trace)

    def _finish(self) -> None:
        if not self._writers or not self._is_whole:
            raise CohortError(
                f"{self._folder}: no episode was given, or a part was not written to its end. "
                "Nothing was kept; write the cohort again."
            )
        tables = {
            name: fingerprint(self.building / f"{name}.parquet", rows=rows)
            for name, rows in self._rows.items()
        }
        manifest = CohortManifest(
            SCHEMA_VERSION, self._data_kind, self._made_by, icans_risk.__version__, tables
        )
        write_manifest(manifest, self.building)


def write_cohort(cohort: Cohort, folder: Path | str, *, made_by: str, data_kind: DataKind) -> None:
    """Write a cohort to a new folder, whole or not at all.

    Parameters
    ----------
    cohort : Cohort
        What to write.
    folder : path-like
        The new folder; its parent must exist. It gets mode 0700, its files 0600.
    made_by : str
        How the cohort was made; free text without identifiers.
    data_kind : {"real", "synthetic"}
        Whether patients stand behind the rows.

    Raises
    ------
    CohortError
        If the folder exists, its parent does not, or a column mixes kinds of values.
    """
    with CohortWriter(folder, made_by=made_by, data_kind=data_kind) as writer:
        writer.append(cohort)


def read_cohort_folder(folder: Path | str) -> Cohort:
    """Read a cohort folder, if it is as it was written.

    Size and checksum of each file are compared with the manifest before it is parsed.

    Parameters
    ----------
    folder : path-like
        A folder written by ``write_cohort`` or ``CohortWriter``.

    Returns
    -------
    Cohort
        In the order stored: see the top of this module.

    Raises
    ------
    CohortError
        If the folder is incomplete, has another layout version, or a file is damaged.
    """
    manifest, frames = read_manifest(folder), {}
    for name in _TABLES:
        path = check_file(Path(folder), name, manifest)
        try:
            with pq.ParquetFile(path, page_checksum_verification=True) as file:
                frames[name] = file.read().to_pandas(self_destruct=True, split_blocks=True)
        except (OSError, pa.ArrowException):
            raise damaged(path) from None
    return Cohort(**frames)


def _in_order(frame: pd.DataFrame, episodes: pd.DataFrame, by: tuple[str, ...]) -> pd.DataFrame:
    if not by:
        return frame
    position = pd.Index(episodes["episode_id"]).get_indexer(frame["episode_id"])
    # The last key counts first, and ties keep their order.
    return frame.iloc[np.lexsort([*(_sort_key(frame[c]) for c in reversed(by)), position])]


def _sort_key(column: pd.Series) -> NDArray[Any]:
    if pd.api.types.is_numeric_dtype(column):
        return column.to_numpy()
    return pd.factorize(column, sort=True)[0]


def _column(column: pd.Series, kind: pa.DataType | None, *, where: str) -> pa.Array:
    try:
        array = pa.Array.from_pandas(column)
        # A column without any value has no type of its own.
        wanted = pa.string() if kind is None and pa.types.is_null(array.type) else kind
        array = array if wanted is None else array.cast(wanted)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        raise CohortError(
            f"{where} must hold one kind of value, the same in all parts, and holds several. "
            "Convert it, or drop it."
        ) from None
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array

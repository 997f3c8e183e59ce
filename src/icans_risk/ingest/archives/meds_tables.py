"""The tables of a cohort as columns of a folder in the Medical Event Data Standard, and back."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

from icans_risk.cohort import EPISODES, EVENTS, GRADES, Cohort
from icans_risk.errors import CohortError

__all__ = ["TABLES", "as_cohort", "as_tables", "take_table"]

TABLES = {"episodes": EPISODES, "events": EVENTS, "grades": GRADES}
_TYPES = {"text": pa.string(), "number": pa.float64(), "flag": pa.bool_()}


def as_tables(cohort: Cohort) -> dict[str, pa.Table]:
    """Write each table of a cohort as Arrow, with its name and the position of each row.

    Raises
    ------
    CohortError
        If a column holds something other than text, numbers or flags, or several of them.
    """
    return {name: _as_table(getattr(cohort, name), name) for name in TABLES}


def as_cohort(tables: Mapping[str, pa.Table]) -> Cohort:
    """Form a cohort from what ``as_tables`` wrote."""
    frames = {}
    for name, table in tables.items():
        plain = table.drop_columns(["table", "position"])
        names = [column.removeprefix(f"{name}.") for column in plain.column_names]
        frames[name] = plain.rename_columns(names).to_pandas()
    return Cohort(**frames)


def take_table(rows: pa.Table, name: str) -> pa.Table:
    """Take one table of the cohort out of the rows of a folder, in its order.

    Raises
    ------
    ValueError
        If rows are lost.
    """
    known = TABLES[name]
    wanted = [c for c in rows.column_names if c in known or c.startswith(f"{name}.")]
    part = rows.filter(pc.equal(rows["table"], name)).select(["table", "position", *wanted])
    part = part.take(pc.sort_indices(part["position"]))
    if not np.array_equal(part["position"].to_numpy(), np.arange(len(part))):
        raise ValueError("rows are lost")
    return part


def _as_table(frame: pd.DataFrame, name: str) -> pa.Table:
    known = TABLES[name]
    columns: dict[str, Any] = {
        "table": pa.array([name] * len(frame), pa.string()),
        "position": pa.array(np.arange(len(frame)), pa.int64()),
    }
    for column in frame.columns:
        where = f"{name}.{column}"
        kind = _TYPES[known[column].kind] if column in known else None
        columns[column if column in known else where] = _array(frame[column], kind, where)
    return pa.table(columns)


def _array(column: pd.Series, kind: pa.DataType | None, where: str) -> pa.Array:
    try:
        array = pa.array(column, from_pandas=True)
        array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
        array = array.cast(_plain(array.type) if kind is None else kind)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        raise CohortError(
            f"{where} must hold text, numbers or flags, one kind of them, and does not. Convert "
            "it, or drop it."
        ) from None
    return array


def _plain(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_null(kind) or pa.types.is_large_string(kind) or pa.types.is_string(kind):
        # A column without any value has no type of its own.
        return pa.string()
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return kind
    raise TypeError

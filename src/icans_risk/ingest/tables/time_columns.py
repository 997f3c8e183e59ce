"""Time columns of small tables: infusions, discharges, deaths, assessments."""

from typing import Any

import pandas as pd
import polars as pl

from icans_risk.ingest.files.raw_table import RawTable, parse_integers, parse_numbers
from icans_risk.ingest.stages.times import read_moments
from icans_risk.study.tables import TableFile

__all__ = ["hours_since", "moments_of"]

HOURS_PER_DAY = 24.0
# Characters of 2026-05-01.
DATE = 10
REACH_H = 24.0 * 36_525


def moments_of(
    table: RawTable,
    column: str,
    source: TableFile,
    *,
    at: str | None = None,
    tolerates_gap: bool = False,
) -> pd.DataFrame:
    """Read a column of calendar times.

    Parameters
    ----------
    table, column : RawTable, str
        Where they stand.
    source : TableFile
        Its time zone is that of times without an offset.
    at : str, optional
        ``HH:MM``: the time of day of cells that hold a date alone.
    tolerates_gap : bool
        Whether a local time that the clock skipped has no moment, instead of being refused.

    Returns
    -------
    DataFrame
        ``moment`` (UTC, unlabelled), ``is_date_only`` and ``local_date``, indexed by row; an
        empty cell has no moment.

    Raises
    ------
    CohortError
        If a cell is not a time as declared.
    """
    cells = table.cells[column].map(_as_text, na_action="ignore")
    if at is not None:
        cells = cells.map(
            lambda text: f"{text}T{at}" if len(text) == DATE else text, na_action="ignore"
        )
    texts = cells.astype("object").where(cells.notna(), None).tolist()
    read = read_moments(
        pl.Series(column, texts, dtype=pl.String),
        time_zone=source.time_zone,
        where=f"{table.file}, column {column!r}",
    )
    # Pandas holds universal time without naming it: its zoned columns go nowhere quietly.
    moments = read.with_columns(pl.col("moment").dt.replace_time_zone(None)).to_pandas()
    moments.index = cells.index
    is_gap = (moments["problem"] == "time_in_gap") & tolerates_gap
    table.refuse(
        column,
        cells.index[moments["problem"].notna() & cells.notna() & ~is_gap],
        expected="ISO 8601 times that exist on the local clock",
        remedy="Write them as 2026-05-01T14:30, with the offset where clocks change.",
    )
    return moments


def hours_since(
    table: RawTable, column: str, source: TableFile, *, infused: pd.Series
) -> "pd.Series[float]":
    """Read a time column of any clock into hours since infusion.

    A day stands for its end: the last moment at which what is recorded may have been true.

    Parameters
    ----------
    table, column : RawTable, str
        Where it stands.
    source : TableFile
        Its clock and time zone.
    infused : Series of datetime
        Time of the infusion of each row.

    Returns
    -------
    Series of float64
        NaN where the cell is empty.
    """
    if source.clock == "calendar":
        moments = moments_of(table, column, source)
        return (moments["moment"] - infused).dt.total_seconds() / 3600
    limits = (-REACH_H, REACH_H)
    if source.clock == "day_number":
        days = parse_integers(
            table, column, limits=limits, expected="whole days", decimal=source.decimal
        )
        return (days + 1) * HOURS_PER_DAY
    numbers = parse_numbers(
        table,
        column,
        limits=limits,
        expected=f"{source.clock} since infusion",
        decimal=source.decimal,
    )
    return numbers / 60 if source.clock == "minutes" else numbers


def _as_text(cell: Any) -> str:
    # A workbook gives dates as dates; midnight is how it writes a date without a time.
    if isinstance(cell, pd.Timestamp) or hasattr(cell, "isoformat"):
        text = str(cell.isoformat())
        return text[:DATE] if text.endswith("T00:00:00") else text
    return str(cell).strip()

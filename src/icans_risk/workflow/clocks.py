"""Calendar times in a table of recordings become hours since infusion."""

import pandas as pd
import polars as pl

from icans_risk.errors import SignalError
from icans_risk.ingest.stages.moments import read_moments

__all__ = ["hours_since_infusion"]

INFUSED = "infused"
# Columns of times, and what they are called in hours.
CLOCKS = {
    "started": "started_h", "scanned": "scanned_h", "collected": "collected_h",
    "available": "available_h",
}  # fmt: skip


def hours_since_infusion(table: pd.DataFrame, time_zone: str | None, *, where: str) -> pd.DataFrame:
    """Turn calendar times into hours since the infusion that stands in the same row.

    Parameters
    ----------
    table : DataFrame of str
        With ``infused`` beside ``started``, ``scanned``, ``collected`` or ``available``;
        without these it is returned as it is.
    time_zone : str or None
        IANA name, for times that state no offset.
    where : str
        The file, for messages.

    Returns
    -------
    DataFrame of str
        ``started_h`` and so on in the place of the calendar.

    Raises
    ------
    SignalError
        If a time cannot be read, an infusion has no hour, or a column is there in hours too.
    CohortError
        If the time zone is unknown or missing, or a column holds no times.
    """
    present = {name: hours for name, hours in CLOCKS.items() if name in table}
    if not present:
        return table
    twice = [name for name, hours in present.items() if hours in table]
    if INFUSED not in table or twice:
        raise SignalError(
            f"{where}: calendar times need the column {INFUSED!r} beside them and no column of the "
            f"same in hours, got {sorted(present)} and {twice}. Mend the columns."
        )
    infused = _read(table[INFUSED], time_zone, where=f"{where}, {INFUSED}")
    _refuse(infused["moment"].is_null() | infused["is_date_only"], where, INFUSED)
    hours = {
        present[name]: _hours(table[name], infused["moment"], time_zone, where=f"{where}, {name}")
        for name in present
    }
    others = table.drop(columns=[INFUSED, *present])
    return pd.concat([others, pd.DataFrame(hours, index=table.index)], axis=1)


def _read(cells: pd.Series, time_zone: str | None, *, where: str) -> pl.DataFrame:
    texts = pl.Series([None if pd.isna(cell) else str(cell) for cell in cells], dtype=pl.String)
    return read_moments(texts, time_zone=time_zone, where=where)


def _hours(
    cells: pd.Series, infused: pl.Series, time_zone: str | None, *, where: str
) -> list[str | None]:
    read = _read(cells, time_zone, where=where)
    _refuse(read["problem"].is_not_null(), where, "")
    seconds = (read["moment"] - infused).dt.total_microseconds() / 3.6e9
    return [None if value is None else f"{value:.6f}" for value in seconds]


def _refuse(bad: pl.Series, where: str, what: str) -> None:
    rows = [position + 2 for position, is_bad in enumerate(bad) if is_bad]
    if rows:
        named = f"{where}, {what}" if what else where
        raise SignalError(
            f"{named}: expected dates with a time of day, {len(rows)} cells are not (rows "
            f"{rows[:10]}). Correct them."
        )

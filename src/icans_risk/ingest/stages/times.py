"""Both clocks of a result in hours since infusion."""

from datetime import UTC, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

import polars as pl

from icans_risk.errors import CohortError
from icans_risk.ingest.frames import usable
from icans_risk.ingest.stages.moments import read_moments
from icans_risk.study.tables import Clock

__all__ = ["HasClock", "read_moments", "read_times"]

# Clocks of an analyser and of a ward differ by so much without either being wrong.
CLAMP_SECONDS = 300
CLOCK_CELLS = ("collected", "available")
_NUMBER = r"^[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$"


class HasClock(Protocol):
    """A source that says what its time columns hold."""

    @property
    def clock(self) -> Clock:
        """What time columns hold."""

    @property
    def time_zone(self) -> str | None:
        """IANA name, for times without an offset."""


def read_times(
    frame: pl.DataFrame, source: HasClock, *, exported_at: datetime | None
) -> pl.DataFrame:
    """Read when each result was collected and when it could be read.

    A date or the number of a day stands for the end of that day, on both clocks; but a
    collection known by its date alone is no later than a result that has a time on that day.
    A row without a result gets no reason from its times: nobody collected what was not done.

    Parameters
    ----------
    frame : DataFrame
        Matched results after ``parse_values``.
    source : HasClock
        The table that they come from.
    exported_at : datetime or None
        No time can be later; None stands for now.

    Returns
    -------
    DataFrame
        With ``collected_h`` and ``available_h`` in hours since infusion, the latter null
        where none was written; ``dst_ambiguous``, where a local time stands for two
        moments; ``clamped``, where a result up to five minutes earlier than its collection
        was dated at it.

    Raises
    ------
    CohortError
        If a column is not what ``clock`` says, or needs a time zone.
    """
    cells = frame.select(
        *("file", "row", "infused", "reason", "missing"),
        *(pl.when(usable()).then(name).alias(name) for name in CLOCK_CELLS),
    )
    if source.clock == "calendar":
        times = _read_calendar(cells, source, exported_at=exported_at or datetime.now(UTC))
    else:
        times = _read_counts(cells, source.clock)
    times = times.with_columns(cells["reason"], cells["missing"])
    # Rounded to the millisecond: hours are floats, and five minutes are five minutes.
    early = ((pl.col("collected_h") - pl.col("available_h")) * 3600).round(3).fill_null(0.0)
    clamped = (early > 0) & (early <= CLAMP_SECONDS)
    late = pl.when(early > CLAMP_SECONDS).then(pl.lit("result_before_collection"))
    problem = pl.when(pl.col("missing").is_null()).then(pl.coalesce("problem", late))
    times = times.select(
        "collected_h",
        "dst_ambiguous",
        available_h=pl.when(clamped).then("collected_h").otherwise("available_h"),
        clamped=clamped,
        reason=pl.coalesce("reason", problem),
    )
    return frame.with_columns(times)


def _where(cells: pl.DataFrame, name: str) -> str:
    what = {"collected": "times of collection", "available": "times of availability"}[name]
    return f"{cells.get_column('file').first()!s}, {what}"


def _read_calendar(cells: pl.DataFrame, source: HasClock, *, exported_at: datetime) -> pl.DataFrame:
    moments = [
        read_moments(
            cells[name],
            time_zone=source.time_zone,
            where=_where(cells, name),
            rows=cells["row"],
        ).select(pl.all().name.prefix(f"{name}_"))
        for name in CLOCK_CELLS
    ]
    read = pl.concat([cells, *moments], how="horizontal")
    same_day = pl.col("collected_local_date") == pl.col("available_local_date")
    within_day = pl.col("collected_is_date_only") & same_day
    earlier = pl.min_horizontal("collected_moment", "available_moment")
    collected = pl.when(within_day).then(earlier).otherwise("collected_moment")
    later = _is_later("collected", exported_at, source) | _is_later(
        "available", exported_at, source
    )
    return read.select(
        collected_h=_hours(collected),
        available_h=_hours(pl.col("available_moment")),
        dst_ambiguous=pl.col("collected_dst_ambiguous") | pl.col("available_dst_ambiguous"),
        problem=pl.coalesce(
            pl.when(pl.col("infused").is_null()).then(pl.lit("no_infusion_time")),
            "collected_problem",
            pl.when(pl.col("collected_moment").is_null()).then(pl.lit("no_collection_time")),
            "available_problem",
            pl.when(later).then(pl.lit("later_than_export")),
        ),
    )


def _hours(moment: pl.Expr) -> pl.Expr:
    return (moment - pl.col("infused")).dt.total_microseconds() / 3.6e9


def _is_later(name: str, exported_at: datetime, source: HasClock) -> pl.Expr:
    # A day ends after an export that was made on it, and yet may be in the export.
    today = exported_at.astimezone(ZoneInfo(source.time_zone or "UTC")).date()
    is_date, moment = pl.col(f"{name}_is_date_only"), pl.col(f"{name}_moment")
    later = pl.when(is_date).then(pl.col(f"{name}_local_date") > today)
    return later.otherwise(moment > exported_at.astimezone(UTC)).fill_null(False)


def _read_counts(cells: pl.DataFrame, clock: Clock) -> pl.DataFrame:
    numbers = cells.select(*(_number(cells, name) for name in CLOCK_CELLS))
    hours = numbers.select(_as_hours(pl.col(name), clock) for name in CLOCK_CELLS)
    collected, available = (
        pl.when(numbers[name].is_not_null() & hours[name].is_null()).then(pl.lit("unreadable_time"))
        for name in CLOCK_CELLS
    )
    return hours.select(
        collected_h="collected",
        available_h="available",
        dst_ambiguous=pl.lit(False),
        problem=pl.coalesce(
            collected,
            pl.when(pl.col("collected").is_null()).then(pl.lit("no_collection_time")),
            available,
        ),
    )


def _number(cells: pl.DataFrame, name: str) -> pl.Expr:
    """Read a cell as a number: null where it is empty, NaN where it is something else."""
    cell, dtype = pl.col(name), cells.schema[name]
    if dtype.is_temporal():
        raise CohortError(
            f"{_where(cells, name)}: expected numbers, the column holds dates. "
            "Set 'clock' to calendar."
        )
    if dtype.is_numeric():
        return cell.cast(pl.Float64).fill_nan(None)
    text = cell.cast(pl.String).str.strip_chars()
    number = pl.when(text.str.contains(_NUMBER)).then(text.cast(pl.Float64, strict=False))
    return pl.when(text != "").then(number.otherwise(float("nan"))).alias(name)


def _as_hours(number: pl.Expr, clock: Clock) -> pl.Expr:
    if clock == "day_number":
        # What was recorded for a day may be from its last minute, and is known after it.
        whole = number.is_finite() & (number == number.round())
        return pl.when(whole).then((number + 1) * 24).name.keep()
    hours = number / 60 if clock == "minutes" else number
    return pl.when(number.is_finite()).then(hours).name.keep()

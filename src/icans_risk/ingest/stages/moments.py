"""Calendar times become moments in UTC: ISO 8601 or a typed column, and nothing else.

A local time that stands for two moments is taken as the later one, and one that clocks
skipped is no moment. A date without a time stands for the end of its local day.
"""

import difflib
from datetime import date
from zoneinfo import available_timezones

import polars as pl

from icans_risk.errors import CohortError
from icans_risk.ingest.files.raw_table import show_rows

__all__ = ["read_moments"]

# A number that was read as a date lands here.
EPOCH = date(1970, 1, 1)
# What is older is an old result: nobody had been infused with CAR T-cells.
FIRST_YEAR = 2000
# Of the cells of a column that hold no time, so many say that it is not a column of times.
MOST = 0.5

_ISO = (
    r"^(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[T ](?P<hour>[01][0-9]|2[0-3]):(?P<minute>[0-5][0-9])"
    r"(?::(?P<second>[0-5][0-9](?:\.[0-9]{1,9})?))?"
    r"(?: ?(?P<offset>Z|[+-](?:0[0-9]|1[0-4])(?::?[0-5][0-9])?))?)?$"
)
_BARE_NUMBER = r"^[+-]?[0-9]+(?:[.,][0-9]+)?$"
_NAIVE = pl.Datetime("us")


def read_moments(
    cells: pl.Series, *, time_zone: str | None, where: str, rows: pl.Series | None = None
) -> pl.DataFrame:
    """Read a column of calendar times.

    Parameters
    ----------
    cells : Series of String, Datetime or Date
        As they stand in the source; null or blank where nothing is written.
    time_zone : str or None
        IANA name, for times that state no offset.
    where : str
        File and column, for messages.
    rows : Series of Int64, optional
        Row numbers as the source shows them; without it the first cell is in row 2.

    Returns
    -------
    DataFrame
        One row per cell: ``moment`` (UTC), ``is_date_only``, ``local_date``,
        ``dst_ambiguous`` and ``problem``, the code of a reason or null.

    Raises
    ------
    CohortError
        If the time zone is unknown, or missing where it is needed, or more than half of
        the cells are bare numbers or otherwise not ISO 8601.

    Examples
    --------
    >>> times = pl.Series(["2026-05-01T14:30+02:00", "2026-05-01"])
    >>> read_moments(times, time_zone="Europe/Berlin", where="labs.csv")["moment"].to_list()
    ... # doctest: +ELLIPSIS
    [datetime.datetime(2026, 5, 1, 12, 30, ...), datetime.datetime(2026, 5, 1, 22, 0, ...)]
    """
    _refuse_unknown_zone(time_zone, where)
    cell = cells.alias("cell")
    distinct = pl.DataFrame([cell.unique()])
    zone = time_zone or getattr(cells.dtype, "time_zone", None)
    read = _place(
        _split_typed(distinct) if cells.dtype.is_temporal() else _split_text(distinct), zone
    )
    found = pl.DataFrame([cell]).join(
        read, on="cell", how="left", nulls_equal=True, maintain_order="left"
    )
    numbers = pl.int_range(2, len(cells) + 2, eager=True) if rows is None else rows
    _refuse_column(found.with_columns(row=numbers), zone, where)
    return found.select("moment", "is_date_only", "local_date", "dst_ambiguous", "problem")


def _refuse_unknown_zone(time_zone: str | None, where: str) -> None:
    # The two names that stand for no place.
    known = available_timezones() - {"Factory", "localtime"}
    if time_zone is not None and time_zone not in known:
        near = difflib.get_close_matches(time_zone, sorted(known), n=1, cutoff=0.0)[0]
        raise CohortError(
            f"{where}: expected an IANA name as time_zone, got {time_zone!r}; the nearest is "
            f"{near!r}. Correct it in the study file."
        )


def _split_text(distinct: pl.DataFrame) -> pl.DataFrame:
    """Take each text apart into local time and offset, and say what kind of text it is."""
    text = pl.col("cell").cast(pl.String).str.strip_chars()
    parts = distinct.with_columns(text.str.extract_groups(_ISO).alias("parts")).unnest("parts")
    day = pl.col("date").str.to_date("%Y-%m-%d", strict=False).cast(_NAIVE)
    hours, minutes = (pl.col(part).cast(pl.Int64).fill_null(0) for part in ("hour", "minute"))
    seconds = pl.col("second").cast(pl.Float64).fill_null(0.0)
    clock = pl.duration(hours=hours, minutes=minutes, microseconds=(seconds * 1e6).round())
    digits = pl.col("offset").str.replace_all("[Z:+-]", "").str.pad_end(4, "0").cast(pl.Int64)
    ahead = digits // 100 * 60 + digits % 100
    backwards = pl.col("offset").str.starts_with("-")
    return parts.select(
        "cell",
        local=day + clock,
        offset=pl.duration(minutes=pl.when(backwards).then(-ahead).otherwise(ahead)),
        is_date_only=pl.col("date").is_not_null() & pl.col("hour").is_null(),
        kind=pl.when(text.fill_null("") == "")
        .then(pl.lit("empty"))
        .when(text.str.contains(_BARE_NUMBER))
        .then(pl.lit("number"))
        .when(pl.col("date").is_null())
        .then(pl.lit("other"))
        .otherwise(pl.lit("iso")),
    )


def _split_typed(distinct: pl.DataFrame) -> pl.DataFrame:
    cell, dtype = pl.col("cell"), distinct.schema["cell"]
    aware = getattr(dtype, "time_zone", None) is not None
    local = cell.dt.convert_time_zone("UTC").dt.replace_time_zone(None) if aware else cell
    return distinct.select(
        "cell",
        local=local.cast(_NAIVE),
        offset=pl.lit(0 if aware else None, pl.Duration("us")),
        is_date_only=pl.lit(dtype == pl.Date) & cell.is_not_null(),
        kind=pl.when(cell.is_null()).then(pl.lit("empty")).otherwise(pl.lit("iso")),
    )


def _place(parts: pl.DataFrame, zone: str | None) -> pl.DataFrame:
    """Find the moment of each local time, the end of the day for a date."""
    # Where a zone is needed and missing the whole column is refused afterwards.
    place = zone or "UTC"
    local = pl.col("local")
    end = pl.when("is_date_only").then(local.dt.offset_by("1d")).otherwise(local)
    # Where clocks skip midnight itself, the day ends as they do.
    skipped = _in_zone(end.dt.offset_by("-1h"), place).dt.offset_by("1h")
    naive = pl.coalesce(_in_zone(end, place), pl.when("is_date_only").then(skipped))
    aware = (local - pl.col("offset")).dt.replace_time_zone("UTC")
    is_naive = pl.col("offset").is_null()
    twice = _in_zone(local, place) != _in_zone(local, place, first=True)
    parts = parts.with_columns(moment=pl.when(is_naive).then(naive).otherwise(aware))
    there = pl.col("moment").dt.convert_time_zone(place).dt.date()
    written = pl.when(is_naive | pl.lit(zone is None)).then(local.dt.date()).otherwise(there)
    problem = (
        pl.when(pl.col("kind") == "empty")
        .then(None)
        .when(local.is_null() | (local.dt.date() == EPOCH))
        .then(pl.lit("unreadable_time"))
        .when(local.dt.year() < FIRST_YEAR)
        .then(pl.lit("out_of_reach"))
        .when(pl.col("moment").is_null())
        .then(pl.lit("time_in_gap"))
    )
    parts = parts.with_columns(
        local_date=written,
        dst_ambiguous=(is_naive & ~pl.col("is_date_only") & twice).fill_null(False),
        is_naive=is_naive & local.is_not_null(),
        problem=problem,
    )
    return parts.with_columns(moment=pl.when(pl.col("problem").is_null()).then("moment"))


def _in_zone(local: pl.Expr, zone: str, *, first: bool = False) -> pl.Expr:
    chosen = "earliest" if first else "latest"
    aware = local.dt.replace_time_zone(zone, ambiguous=pl.lit(chosen), non_existent="null")
    return aware.dt.convert_time_zone("UTC")


def _refuse_column(found: pl.DataFrame, zone: str | None, where: str) -> None:
    written = found.filter(pl.col("kind") != "empty")
    numbers = written.filter(pl.col("kind") == "number")
    if numbers.height > MOST * written.height:
        raise CohortError(
            f"{where}: expected calendar times, {numbers.height} of {written.height} cells are "
            f"bare numbers ({show_rows(numbers['row'].to_list())}). If a spreadsheet wrote them "
            "(45000 is its 15 March 2023), export them as dates; if they count from the infusion, "
            "set 'clock' to hours, minutes or day_number."
        )
    unread = written.filter(pl.col("kind") != "iso")
    if unread.height > MOST * written.height:
        raise CohortError(
            f"{where}: expected ISO 8601 times such as 2026-05-01T14:30, {unread.height} of "
            f"{written.height} cells are not ({show_rows(unread['row'].to_list())}). Export them "
            "so: 03/04/2024 is a day in March or in April, and which is never guessed."
        )
    naive = written.filter("is_naive") if zone is None else written.clear()
    if naive.height:
        raise CohortError(
            f"{where}: expected a time zone, {naive.height} times state no offset "
            f"({show_rows(naive['row'].to_list())}). Set 'time_zone' to an IANA name such as "
            "Europe/Berlin, or export times with their offset."
        )

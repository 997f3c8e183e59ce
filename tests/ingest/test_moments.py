"""Calendar times: ISO 8601 only, local clocks with their gaps and overlaps, ends of days."""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from icans_risk.errors import CohortError
from icans_risk.ingest.stages.moments import read_moments

BERLIN = "Europe/Berlin"
ZONES = (BERLIN, "America/New_York")


def moments(cells: list[Any], time_zone: str | None = BERLIN) -> pl.DataFrame:
    # Enough good times beside them that single bad ones do not condemn the column.
    good = ["2026-01-01T00:00Z"] * (len(cells) + 1)
    read = read_moments(pl.Series(cells + good), time_zone=time_zone, where="labs.csv")
    return read.head(len(cells))


def moment(cell: str, time_zone: str | None = BERLIN) -> datetime | None:
    return moments([cell], time_zone)["moment"].item()


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


@cache
def transitions(zone: str) -> list[datetime]:
    """Every hour of 2015 to 2030 in UTC at which the local clock changes."""
    place, start = ZoneInfo(zone), utc(2015, 1, 1)
    hours = [start + timedelta(hours=h) for h in range(16 * 366 * 24)]
    offsets = [hour.astimezone(place).utcoffset() for hour in hours]
    changed = zip(hours[1:], offsets[1:], offsets, strict=False)
    return [hour for hour, now, before in changed if now != before and hour.year <= 2030]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2026-05-01 14:30", utc(2026, 5, 1, 12, 30)),
        ("2026-05-01T14:30", utc(2026, 5, 1, 12, 30)),
        (" 2026-05-01T14:30:15 ", utc(2026, 5, 1, 12, 30, 15)),
        ("2026-05-01T14:30:15.5", utc(2026, 5, 1, 12, 30, 15, 500_000)),
        ("2026-05-01T14:30:15.57", utc(2026, 5, 1, 12, 30, 15, 570_000)),
        ("2026-05-01T14:30:01.001", utc(2026, 5, 1, 12, 30, 1, 1_000)),
        ("2026-05-01T14:30Z", utc(2026, 5, 1, 14, 30)),
        ("2026-05-01T14:30:15+02:00", utc(2026, 5, 1, 12, 30, 15)),
        ("2026-05-01 14:30-0530", utc(2026, 5, 1, 20, 0)),
        ("2026-05-01 14:30:00 -05", utc(2026, 5, 1, 19, 30)),
        ("2026-01-01", utc(2026, 1, 1, 23, 0)),
        ("2024-03-31", utc(2024, 3, 31, 22, 0)),
        ("2024-10-27", utc(2024, 10, 27, 23, 0)),
    ],
)
def test_iso_times_are_read(cell: str, expected: datetime) -> None:
    assert moment(cell) == expected


@pytest.mark.parametrize(
    "cell",
    [
        "03/04/2024",
        "1.5.2026",
        "2026-5-1",
        "20260501",
        "45000",
        "45000.5",
        "2026-02-30",
        "2026-13-01",
        "2026-05-01T24:00",
        "2026-05-01T14:60",
        "2026-05-01T14:30:60",
        "2026-05-01T14",
        "2026-05-01T14:30+20:00",
        "2026-05-01 14:30 CET",
        "1970-01-01T00:00:00.000045",
        "yesterday",
    ],
)
def test_anything_else_is_unreadable(cell: str) -> None:
    read = moments([cell])
    assert read["problem"].to_list() == ["unreadable_time"]
    assert read["moment"].to_list() == [None]


def test_what_is_older_than_any_infusion_is_out_of_reach() -> None:
    read = moments(["1999-12-31", "1970-01-02", "2000-01-01"])
    assert read["problem"].to_list() == ["out_of_reach", "out_of_reach", None]


def test_empty_cells_have_neither_moment_nor_problem() -> None:
    read = moments([None, "", "  "])
    assert read["moment"].null_count() == read["problem"].null_count() == 3
    assert read["is_date_only"].to_list() == [False] * 3


@pytest.mark.parametrize("zone", ZONES)
def test_every_gap_and_overlap_is_that_of_the_time_zone(zone: str) -> None:
    changes = transitions(zone)
    assert len(changes) == 32
    place = ZoneInfo(zone)
    for change in changes:
        before, after = (change - timedelta(seconds=1)).astimezone(place), change.astimezone(place)
        goes_forward = after.utcoffset() > before.utcoffset()  # type: ignore[operator]
        skipped_or_twice = min(before, after, key=lambda t: t.replace(tzinfo=None))
        start = skipped_or_twice.replace(tzinfo=None) + timedelta(seconds=1 if goes_forward else 0)
        local = [start + timedelta(minutes=m) for m in (-1, 0, 30, 59, 60)]
        read = moments([time.isoformat() for time in local], zone)
        inside = [False, True, True, True, False]
        if goes_forward:
            assert read["problem"].to_list() == ["time_in_gap" if gap else None for gap in inside]
            assert not read["dst_ambiguous"].any()
        else:
            assert read["dst_ambiguous"].to_list() == inside
            later = [time.replace(tzinfo=place, fold=1).astimezone(UTC) for time in local]
            assert read["moment"].to_list() == later


@pytest.mark.parametrize("zone", ZONES)
def test_a_date_ends_at_the_next_local_midnight_on_days_of_23_and_25_hours(zone: str) -> None:
    place = ZoneInfo(zone)
    days = [change.astimezone(place).date() + timedelta(days=d)
            for change in transitions(zone) for d in (-1, 0, 1)]  # fmt: skip
    read = moments([day.isoformat() for day in days], zone)
    midnights = [
        datetime(day.year, day.month, day.day, tzinfo=place) + timedelta(days=1) for day in days
    ]
    assert read["moment"].to_list() == [midnight.astimezone(UTC) for midnight in midnights]
    assert read["is_date_only"].all()
    assert read["local_date"].to_list() == days


def test_a_day_whose_midnight_is_skipped_ends_when_clocks_go_forward() -> None:
    assert moment("2018-11-03", "America/Sao_Paulo") == utc(2018, 11, 4, 3)


@given(
    st.lists(
        st.datetimes(min_value=datetime(2000, 1, 2), max_value=datetime(2090, 1, 1)),  # noqa: DTZ001
        min_size=1,
    ),
    st.sampled_from(ZONES),
)
def test_a_time_with_its_offset_is_read_back(times: list[datetime], zone: str) -> None:
    aware = [time.replace(tzinfo=ZoneInfo(zone)) for time in times]
    read = moments([time.isoformat() for time in aware], zone)
    # An offset is the same for both moments of an overlap and for none of a gap.
    assert read["moment"].to_list() == [time.astimezone(UTC) for time in aware]
    assert not read["dst_ambiguous"].any()


def test_only_a_local_time_is_ambiguous() -> None:
    cells = ["2024-10-27 02:30", "2024-10-27T02:30+02:00", "2024-10-27T02:30+01:00"]
    assert moments(cells)["dst_ambiguous"].to_list() == [True, False, False]
    # Midnight itself comes twice in Havana on that day, but the date is one day.
    assert moments(["2024-11-03"], "America/Havana")["dst_ambiguous"].to_list() == [False]


def test_the_local_date_is_that_of_the_time_zone() -> None:
    read = moments(["2026-05-01T23:30Z", "2026-05-01T23:30", "2026-05-01"])
    assert read["local_date"].to_list() == [date(2026, 5, 2), date(2026, 5, 1), date(2026, 5, 1)]
    aware = pl.Series([utc(2026, 5, 1, 23, 30)]).dt.convert_time_zone(BERLIN)
    typed = read_moments(aware, time_zone=None, where="labs.parquet")
    assert typed["local_date"].to_list() == [date(2026, 5, 2)]
    assert moments(["2026-05-01T23:30-05:00"], None)["local_date"].to_list() == [date(2026, 5, 1)]


def test_typed_columns_are_read_by_their_type() -> None:
    naive = datetime(2026, 5, 1, 14, 30)  # noqa: DTZ001
    for cells, expected in [
        (pl.Series([naive, None]), utc(2026, 5, 1, 12, 30)),
        (pl.Series([naive, None], dtype=pl.Datetime("ns")), utc(2026, 5, 1, 12, 30)),
        (pl.Series([naive.replace(tzinfo=UTC), None]), utc(2026, 5, 1, 14, 30)),
        (pl.Series([naive.replace(tzinfo=ZoneInfo(BERLIN)), None]), utc(2026, 5, 1, 12, 30)),
        (pl.Series([date(2026, 5, 1), None]), utc(2026, 5, 1, 22)),
    ]:
        read = read_moments(cells, time_zone=BERLIN, where="labs.parquet")
        assert read["moment"].to_list() == [expected, None]
        assert read["problem"].to_list() == [None, None]
        assert read["is_date_only"].to_list() == [cells.dtype == pl.Date, False]
        assert read.schema["moment"] == pl.Datetime("us", "UTC")


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (["45000", "45001", "2026-05-01", None], r"2 of 3 cells are bare numbers \(rows 2, 3\)"),
        ([45000.0, 45001.5, None], "2 of 2 cells are bare numbers"),
        (["03/04/2024", "45000", "2026-05-01"], r"2 of 3 cells are not \(rows 2, 3\).*March"),
        (["2026-05-01T10:00", "2026-05-01T10:00Z"], r"1 times state no offset \(row 2\)"),
        (["2026-05-01"], "1 times state no offset"),
    ],
)
def test_a_column_that_is_not_one_of_times_is_refused_as_a_whole(
    cells: list[Any], message: str
) -> None:
    with pytest.raises(CohortError, match=f"labs.csv, column 'x': .*{message}"):
        read_moments(pl.Series(cells), time_zone=None, where="labs.csv, column 'x'")


def test_half_a_column_of_numbers_is_a_matter_of_rows() -> None:
    cells = pl.Series(["45000", "03/04/2024", "2026-05-01", "2026-05-02"])
    read = read_moments(cells, time_zone=BERLIN, where="labs.csv")
    assert read["problem"].to_list() == ["unreadable_time", "unreadable_time", None, None]


def test_refusals_name_the_rows_that_are_given() -> None:
    rows = pl.Series([7])
    with pytest.raises(CohortError, match="row 7"):
        read_moments(pl.Series(["1"]), time_zone=None, where="labs.csv", rows=rows)


@pytest.mark.parametrize("zone", ["Europe/Berln", "CEST", "localtime", ""])
def test_an_unknown_time_zone_is_refused_with_the_nearest(zone: str) -> None:
    with pytest.raises(CohortError, match=r"the nearest is '(Europe/Berlin|[A-Z])"):
        read_moments(pl.Series(["2026-05-01"]), time_zone=zone, where="labs.csv")


def test_every_time_zone_that_passes_the_check_is_known_to_polars() -> None:
    noon = pl.Series([datetime(2026, 5, 1, 12)])  # noqa: DTZ001
    for zone in sorted(available_timezones() - {"Factory", "localtime"}):
        placed = noon.dt.replace_time_zone(zone).dt.convert_time_zone("UTC").item()
        assert placed == datetime(2026, 5, 1, 12, tzinfo=ZoneInfo(zone))


def test_an_empty_column_is_no_problem() -> None:
    empty = read_moments(pl.Series([], dtype=pl.String), time_zone=None, where="labs.csv")
    assert empty.height == 0
    nothing = read_moments(pl.Series([None, None]), time_zone=None, where="labs.csv")
    assert nothing["moment"].null_count() == 2

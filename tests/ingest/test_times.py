"""Both clocks of a result in hours since infusion."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from icans_risk.errors import CohortError
from icans_risk.ingest.stages.times import read_times
from icans_risk.study.tables import Clock

INFUSED = datetime(2024, 3, 25, 10, tzinfo=UTC)
EXPORTED = datetime(2026, 5, 1, 10, tzinfo=UTC)


@dataclass(frozen=True)
class Source:
    clock: Clock = "calendar"
    time_zone: str | None = "Europe/Berlin"


CALENDAR = Source()


def matched(
    collected: list[Any], available: list[Any] | None = None, **columns: Any
) -> pl.DataFrame:
    kind: Any = (
        None if any(c is not None and not isinstance(c, str) for c in collected) else pl.String
    )
    given = {"file": "labs.csv", "reason": None, "missing": None, "infused": INFUSED} | columns
    types = {"reason": pl.String, "missing": pl.String, "infused": pl.Datetime("us", "UTC")}
    return pl.DataFrame(
        {
            "collected": pl.Series(collected, dtype=kind),
            "available": pl.Series(available or [None] * len(collected), dtype=kind),
        }
    ).with_columns(
        pl.int_range(pl.len()).alias("row") + 2,
        *(pl.lit(value, types.get(name)).alias(name) for name, value in given.items()),
    )


def read(
    collected: Any, available: Any = None, *, source: Source = CALENDAR, **columns: Any
) -> dict[str, Any]:
    # The second row only keeps one bad cell from being more than half of its column.
    good = {"calendar": "2024-03-26T00:00Z"}.get(source.clock, "1")
    frame = matched([collected, *[good] * 2], [available, *[good] * 2], **columns)
    found = read_times(frame, source, exported_at=EXPORTED)
    return found.select("collected_h", "available_h", "dst_ambiguous", "clamped", "reason").row(
        0, named=True
    )


def hours_since_infusion(*parts: int) -> float:
    return (datetime(*parts, tzinfo=UTC) - INFUSED) / timedelta(hours=1)  # type: ignore[misc,arg-type]


def test_calendar_times_are_hours_since_infusion() -> None:
    found = read("2024-03-26 12:00", "2024-03-26T13:30:00+01:00")
    assert (found["collected_h"], found["available_h"]) == (25.0, 26.5)
    assert found["reason"] is None
    assert read("2024-03-25T09:59:24Z")["collected_h"] == pytest.approx(-0.01)


def test_availability_stays_empty_where_none_is_written() -> None:
    assert read("2024-03-26 12:00")["available_h"] is None
    assert read("2024-03-26 12:00", " ")["available_h"] is None


@pytest.mark.parametrize(
    ("clock", "cell", "hours"),
    [
        ("hours", "-2.5", -2.5),
        ("hours", " 3e1 ", 30.0),
        ("minutes", "90", 1.5),
        ("day_number", "0", 24.0),
        ("day_number", "-1", 0.0),
        ("day_number", "2.0", 72.0),
    ],
)
def test_counts_since_infusion_are_read_as_text_and_as_numbers(
    clock: Clock, cell: str, hours: float
) -> None:
    for written in (cell, float(cell)):
        frame = matched([written], [written], infused=None)
        found = read_times(frame, Source(clock, None), exported_at=None)
        assert found["collected_h"].to_list() == found["available_h"].to_list() == [hours]
        assert found["reason"].to_list() == [None]


@pytest.mark.parametrize(
    ("clock", "cell"),
    [
        ("hours", "1,5"),
        ("hours", "2024-03-26"),
        ("hours", "1e999"),
        ("hours", "inf"),
        ("hours", "3 h"),
        ("day_number", "1.5"),
        ("day_number", "D1"),
    ],
)
def test_other_counts_are_unreadable(clock: Clock, cell: str) -> None:
    found = read(cell, source=Source(clock))
    assert (found["collected_h"], found["reason"]) == (None, "unreadable_time")
    assert read("1", cell, source=Source(clock))["reason"] == "unreadable_time"


def test_an_infinite_or_missing_typed_count_is_no_time() -> None:
    frame = matched([float("inf"), float("nan"), 1.0])
    found = read_times(frame, Source("hours"), exported_at=None)
    assert found["reason"].to_list() == ["unreadable_time", "no_collection_time", None]


def test_dates_under_a_clock_of_counts_are_refused() -> None:
    with pytest.raises(CohortError, match="times of collection: expected numbers"):
        read_times(matched([INFUSED]), Source("hours"), exported_at=None)


def test_typed_times_are_read() -> None:
    frame = matched([INFUSED + timedelta(hours=5)], [INFUSED + timedelta(hours=6)])
    found = read_times(frame, Source("calendar", None), exported_at=EXPORTED)
    assert found.select("collected_h", "available_h").row(0) == (5.0, 6.0)


@pytest.mark.parametrize(
    ("collected", "available", "reason"),
    [
        (None, "2024-03-26 12:00", "no_collection_time"),
        (" ", None, "no_collection_time"),
        ("03/04/2024", None, "unreadable_time"),
        ("2024-03-26 12:00", "soon", "unreadable_time"),
        ("1999-12-31", None, "out_of_reach"),
        ("2024-03-31 02:30", None, "time_in_gap"),
        ("2024-03-31 01:30", "2024-03-31 02:30", "time_in_gap"),
        ("2026-05-01T10:00:01Z", None, "later_than_export"),
        ("2026-05-01T10:00Z", "2026-05-01T10:00:01Z", "later_than_export"),
        ("2026-05-02", None, "later_than_export"),
        ("2024-03-27", "2024-03-26 23:00", "result_before_collection"),
        ("2024-03-26 12:00", "2024-03-25", "result_before_collection"),
    ],
)
def test_what_cannot_be_dated_is_set_aside(
    collected: str | None, available: str | None, reason: str
) -> None:
    assert read(collected, available)["reason"] == reason


def test_the_day_of_the_export_is_not_later_than_the_export() -> None:
    assert read("2026-05-01", "2026-05-01")["reason"] is None
    assert read("2026-05-01T10:00Z")["reason"] is None


def test_without_a_time_of_export_nothing_is_later_than_now() -> None:
    now = datetime.now(UTC)
    frame = matched([now - timedelta(minutes=1), now + timedelta(hours=1)])
    found = read_times(frame, CALENDAR, exported_at=None)
    assert found["reason"].to_list() == [None, "later_than_export"]


@pytest.mark.parametrize(
    ("seconds", "clamped", "reason"),
    [
        (0, False, None),
        (1, True, None),
        (299, True, None),
        (300, True, None),
        (301, False, "result_before_collection"),
    ],
)
@pytest.mark.parametrize("source", [CALENDAR, Source("hours"), Source("minutes")])
def test_a_result_may_be_five_minutes_early_and_no_second_more(
    seconds: int, clamped: bool, reason: str | None, source: Source
) -> None:
    if source.clock == "calendar":
        time = datetime(2024, 3, 26, 12, 0, tzinfo=UTC)
        cells = [t.isoformat() for t in (time, time - timedelta(seconds=seconds))]
    else:
        per_second = 3600 if source.clock == "hours" else 60
        cells = [repr(t / per_second) for t in (100_000, 100_000 - seconds)]
    found = read(*cells, source=source)
    assert (found["clamped"], found["reason"]) == (clamped, reason)
    if reason is None:
        assert found["available_h"] == found["collected_h"]


def test_a_date_is_the_end_of_its_local_day_on_both_clocks() -> None:
    found = read("2024-03-26", "2024-03-27")
    assert found["collected_h"] == hours_since_infusion(2024, 3, 26, 23)
    assert found["available_h"] == hours_since_infusion(2024, 3, 27, 23)
    # The clocks went forward on 31 March: a day of 23 hours.
    assert read("2024-03-31")["collected_h"] - read("2024-03-30")["collected_h"] == 23.0
    assert read("2024-10-27")["collected_h"] - read("2024-10-26")["collected_h"] == 25.0


def test_a_collection_known_by_its_date_is_no_later_than_its_result_of_that_day() -> None:
    found = read("2024-03-26", "2024-03-26 15:00")
    assert found["collected_h"] == found["available_h"] == hours_since_infusion(2024, 3, 26, 14)
    assert found["reason"] is None
    # 23:30 in UTC is the next day in Berlin.
    other_day = read("2024-03-26", "2024-03-26T23:30Z")
    assert other_day["collected_h"] == hours_since_infusion(2024, 3, 26, 23)
    same_day = read("2024-03-27", "2024-03-26T23:30Z")
    assert same_day["collected_h"] == same_day["available_h"]


def test_an_ambiguous_time_is_the_later_one_and_flagged_on_either_clock() -> None:
    found = read("2024-10-27 02:30")
    assert found["collected_h"] == hours_since_infusion(2024, 10, 27, 1, 30)
    assert found["dst_ambiguous"]
    assert read("2024-10-27 01:00", "2024-10-27 02:30")["dst_ambiguous"]
    assert not read("2024-10-27 01:00", "2024-10-27 03:00")["dst_ambiguous"]


def test_calendar_times_need_the_time_of_the_infusion() -> None:
    assert read("2024-03-26 12:00", infused=None)["reason"] == "no_infusion_time"


def test_rows_that_are_set_aside_are_left_alone() -> None:
    frame = matched(["45000", "03/04/2024"], reason="unknown_patient")
    found = read_times(frame, CALENDAR, exported_at=EXPORTED)
    assert found["reason"].to_list() == ["unknown_patient"] * 2
    assert found["collected_h"].null_count() == 2


def test_what_was_not_done_needs_no_time() -> None:
    assert read(None, missing="not_done")["reason"] is None
    assert read("2024-03-26 12:00", "2024-03-26 11:00", missing="pending")["reason"] is None


def test_a_column_that_is_not_one_of_times_is_refused_by_its_name() -> None:
    with pytest.raises(CohortError, match=r"labs\.csv, times of availability: .*row 2\)"):
        read_times(matched(["2024-03-26"], ["45000"]), CALENDAR, exported_at=EXPORTED)
    with pytest.raises(CohortError, match=r"labs\.csv, times of collection: .*time zone"):
        read_times(matched(["2024-03-26"]), Source("calendar", None), exported_at=EXPORTED)

"""What readers of archives share."""

from datetime import UTC, date, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from icans_risk.errors import CohortError
from icans_risk.ingest.archives.archive import completed_years, hours_after, number_episodes
from icans_risk.ingest.quality import QualityReport

DAYS = st.dates(date(1900, 1, 1), date(2100, 12, 31))
WHERE = ("drugs.csv", "", "time")


@given(born=DAYS, on=DAYS)
def test_an_age_grows_on_the_birthday(born: date, on: date) -> None:
    frame = pl.DataFrame({"born": [born], "on": [on]})
    age = frame.select(age=completed_years("born", "on"))["age"][0]
    birthdays = sum((year, born.month, born.day) <= (on.year, on.month, on.day)
                    for year in range(born.year + 1, on.year + 1))  # fmt: skip
    assert age == (birthdays if born <= on else None)


def test_hours_are_exact_to_the_microsecond() -> None:
    frame = pl.DataFrame(
        {"infused": [datetime(2026, 5, 1, tzinfo=UTC)],
         "at": [datetime(2026, 5, 2, 1, 30, 0, 1, tzinfo=UTC)]}
    )  # fmt: skip
    assert frame.select(hours_after("at")).item() == 25.5 + 1 / 3.6e9


def test_a_patients_only_episode_bears_the_patients_name() -> None:
    times = [datetime(2026, 1, day, tzinfo=UTC) for day in (20, 1, 1)]
    found = pl.DataFrame(
        {"patient_id": ["A", "A", "B"], "infused": times, "assumed": [False] * 3,
         "local_date": [time.date() for time in times]}
    )  # fmt: skip
    episodes = number_episodes(found, QualityReport(), where=WHERE)
    assert episodes["episode_id"].to_list() == ["A-1", "A-2", "B"]
    assert episodes["infused"].to_list() == [times[1], times[0], times[2]]
    with pytest.raises(CohortError, match=r"drugs\.csv: expected infusions, found no row"):
        number_episodes(found.clear(), QualityReport(), where=WHERE)

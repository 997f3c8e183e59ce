"""Which infusion a result belongs to."""

from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from icans_risk.errors import CohortError
from icans_risk.ingest.match import Habits, keep_reachable, match_episodes
from icans_risk.ingest.tables.infusions import order_infusions
from icans_risk.study.handling import Handling

DAY = 24.0


def infusions(**columns: Any) -> pl.DataFrame:
    base = {
        "patient_id": ["A", "A", "B"],
        "episode_id": ["A1", "A2", "B1"],
        "infused": [datetime(2026, 1, day, tzinfo=UTC) for day in (1, 31, 1)],
        "reason": [None, None, None],
        "site": ["x", "x", "y"],
    }
    return order_infusions(pl.DataFrame(base | columns))


def results(*keys: str | None) -> pl.DataFrame:
    rows = range(2, 2 + len(keys))
    return pl.DataFrame(
        {"file": "labs.csv", "row": list(rows), "column": "value", "key": list(keys)},
        schema_overrides={"key": pl.String},
    )


def test_a_result_finds_its_episode_and_site() -> None:
    frame = match_episodes(results("B1", "A2"), infusions(), Habits("episode_id", "hours"))
    assert frame["site"].to_list() == ["y", "x"]
    assert frame["position"].to_list() == [2, 1]
    assert frame["reason"].to_list() == [None, None]


def test_rows_of_nobody_are_set_aside() -> None:
    frame = match_episodes(results(None, "Z"), infusions(), Habits("episode_id", "hours"))
    assert frame["reason"].to_list() == ["no_identifier", "unknown_patient"]


def test_results_of_an_unusable_infusion_carry_its_reason() -> None:
    known = infusions(reason=[None, None, "no_infusion_time"])
    frame = match_episodes(results("B1"), known, Habits("episode_id", "hours"))
    assert frame["reason"].to_list() == ["no_infusion_time"]


def test_relative_times_of_a_patient_with_two_infusions_are_ambiguous() -> None:
    with pytest.raises(CohortError, match="1 patients have several"):
        match_episodes(results("B"), infusions(), Habits("patient_id", "hours"))


def reached(*days: float) -> list[tuple[int, str]]:
    """Match results of patient A, so many days after the first infusion."""
    habits = Habits("patient_id", "calendar", "UTC")
    frame = match_episodes(results(*["A"] * len(days)), infusions(), habits)
    offset = {"A1": 0.0, "A2": 30.0}
    hours = [
        (days[row - 2] - offset[episode]) * DAY
        for row, episode in frame.select("row", "episode_id").iter_rows()
    ]
    frame = frame.with_columns(collected_h=pl.Series(hours))
    kept = keep_reachable(frame, Handling(baseline_days=20, follow_days=100))
    assert kept.columns == frame.columns
    return [
        (row, reason or episode)
        for row, episode, reason in kept.select("row", "episode_id", "reason").iter_rows()
    ]


def test_what_precedes_the_second_infusion_is_its_baseline_and_follows_the_first() -> None:
    assert reached(5, 15, 29.9) == [(2, "A1"), (3, "A1"), (3, "A2"), (4, "A1"), (4, "A2")]


def test_what_follows_the_second_infusion_belongs_to_it_alone() -> None:
    assert reached(30, 60) == [(2, "A2"), (3, "A2")]


def test_what_is_far_from_every_infusion_is_set_aside_once() -> None:
    assert reached(-21, 131) == [(2, "out_of_reach"), (3, "out_of_reach")]


def test_the_reach_includes_its_ends() -> None:
    assert reached(-20, 130) == [(2, "A1"), (3, "A2")]

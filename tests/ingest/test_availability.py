"""When a result could be read, where the source does not say."""

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from icans_risk.catalogue import load_catalogue
from icans_risk.errors import CohortError
from icans_risk.ingest.stages.availability import fill_availability
from icans_risk.study.handling import Availability, Handling

CATALOGUE = load_catalogue()
CRP, NFL = "plasma.crp", "plasma.nfl"


def timed(available: list[float | None], **columns: Any) -> pl.DataFrame:
    given = {
        "file": "labs.csv",
        "analyte": CRP,
        "site": "A",
        "value": 1.0,
        "collected_h": 10.0,
        "reason": pl.lit(None, pl.String),
    } | columns
    frame = pl.DataFrame({"available_h": available}, schema={"available_h": pl.Float64})
    literal = {n: pl.lit(v) if isinstance(v, str) else v for n, v in given.items()}
    return frame.with_row_index("row", 2).with_columns(**literal)


def fill(frame: pl.DataFrame, policy: str | None = None, **details: Any) -> pl.DataFrame:
    rule = None if policy is None else Availability.model_validate({"policy": policy} | details)
    return fill_availability(frame, Handling(availability=rule), CATALOGUE)


def test_what_is_given_stays_and_needs_no_policy() -> None:
    for policy in (None, "bedside", "catalogue_turnaround"):
        filled = fill(timed([12.0, 10.0]), policy)
        assert filled["available_h"].to_list() == [12.0, 10.0]
        assert filled["availability"].to_list() == ["given", "given"]


@pytest.mark.parametrize(
    ("policy", "details", "hours"),
    [
        ("catalogue_turnaround", {}, CATALOGUE[NFL].turnaround_hours),
        ("site_turnaround", {"site_hours": {"A": 3.0}}, 3.0),
        ("constant", {"hours": {NFL: 5.0}}, 5.0),
        ("bedside", {}, 0.0),
    ],
)
def test_each_policy_adds_its_turnaround_and_leaves_its_name(
    policy: str, details: dict[str, Any], hours: float
) -> None:
    filled = fill(timed([None, 11.0], analyte=NFL), policy, **details)
    assert filled["available_h"].to_list() == [10.0 + hours, 11.0]
    assert filled["availability"].to_list() == [policy, "given"]


@pytest.mark.parametrize("policy", ["catalogue_turnaround", "site_turnaround", "bedside"])
def test_hours_of_an_analyte_come_first_under_any_policy(policy: str) -> None:
    frame = timed([None, None], analyte=pl.Series([CRP, NFL]))
    filled = fill(frame, policy, hours={NFL: 72.0}, site_hours={"A": 0.5})
    assert filled["available_h"][1] == 82.0
    assert filled["available_h"][0] < 20.0
    assert filled["availability"].to_list() == [policy, "constant"]


def test_without_a_policy_open_values_are_counted_and_the_policies_named() -> None:
    with pytest.raises(CohortError) as raised:
        fill(timed([None, 12.0, None]))
    message = str(raised.value)
    assert "labs.csv" in message
    assert "2 have none (rows 2, 4)" in message
    for policy in ("catalogue_turnaround", "site_turnaround", "constant", "bedside"):
        assert policy in message


@pytest.mark.parametrize(
    ("columns", "policy", "details", "remedy"),
    [
        ({"site": pl.Series(["A", "B"])}, "site_turnaround", {"site_hours": {"A": 1.0}}, "site_h"),
        ({"site": pl.Series(["A", None])}, "site_turnaround", {"site_hours": {"A": 1.0}}, "site_h"),
        ({"analyte": pl.Series([CRP, NFL])}, "constant", {"hours": {CRP: 1.0}}, r"plasma\.nfl"),
    ],
)
def test_what_the_policy_does_not_reach_is_refused_with_counts(
    columns: dict[str, Any], policy: str, details: dict[str, Any], remedy: str
) -> None:
    with pytest.raises(CohortError, match=rf"1 have none \(row 3\)\. .*{remedy}"):
        fill(timed([None, None], **columns), policy, **details)
    assert fill(timed([None, 11.0], **columns), policy, **details)["available_h"][1] == 11.0


def test_a_row_without_a_value_or_with_a_reason_needs_no_time() -> None:
    frame = timed(
        [None, None], value=pl.Series([None, 1.0]), reason=pl.Series([None, "no_collection_time"])
    )
    filled = fill(frame)
    assert filled["available_h"].to_list() == [None, None]
    assert filled["availability"].to_list() == [None, None]


@given(
    st.lists(st.tuples(st.floats(-1e4, 1e4), st.sampled_from(sorted(CATALOGUE))), min_size=1),
    st.sampled_from(["catalogue_turnaround", "bedside"]),
)
def test_nothing_is_available_before_it_was_collected(
    rows: list[tuple[float, str]], policy: str
) -> None:
    hours, names = zip(*rows, strict=True)
    frame = timed([None] * len(rows), collected_h=pl.Series(hours), analyte=pl.Series(names))
    filled = fill(frame, policy)
    assert (filled["available_h"] >= filled["collected_h"]).all()

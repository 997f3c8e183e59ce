"""The tables of the quality report, against counts made in plain Python."""

import json
import statistics
from collections import Counter
from typing import Any

import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from icans_risk.catalogue import load_catalogue
from icans_risk.ingest.profile import profile
from icans_risk.report import quality_report, render_quality

Row = dict[str, Any]

SCHEMA = pl.Schema(
    {
        "file": pl.String, "row": pl.Int64, "episode_id": pl.String, "site": pl.String,
        "analyte": pl.String, "value": pl.Float64, "censored": pl.String, "missing": pl.String,
        "reason": pl.String, "duplicate": pl.Boolean, "superseded": pl.Boolean,
        "unusual": pl.Boolean, "unit_read": pl.String, "assay": pl.String,
        "availability": pl.String, "collected_h": pl.Float64, "available_h": pl.Float64,
        "ordered_as": pl.String, "version": pl.Float64, "era": pl.String,
    }
)  # fmt: skip
PLAIN: Row = {
    "file": "labs.csv", "row": 2, "episode_id": "E0", "site": "A", "analyte": "plasma.crp",
    "value": 5.0, "censored": "", "missing": None, "reason": None, "duplicate": False,
    "superseded": False, "unusual": False, "unit_read": "mg/L", "assay": "lab",
    "availability": "given", "collected_h": 30.0, "available_h": 32.0, "ordered_as": "protocol",
    "version": 0.0, "era": "2025-Q1",
}  # fmt: skip


def made(*rows: Row) -> pl.DataFrame:
    return pl.DataFrame([PLAIN | row for row in rows], schema=SCHEMA)


def people(count: int = 6, **columns: Any) -> pd.DataFrame:
    table = {"episode_id": [f"E{i}" for i in range(count)], "followed_until_h": 720.0}
    return pd.DataFrame(table | {"site": ["A"] * count} | columns)


def of(count: int = 6, **row: Any) -> list[Row]:
    """Make one row for each of some episodes."""
    return [{"episode_id": f"E{i}", **row} for i in range(count)]


def profiled(rows: pl.DataFrame, episodes: pd.DataFrame | None = None, **options: Any) -> Any:
    episodes = people() if episodes is None else episodes
    return profile(rows, episodes, catalogue=load_catalogue(), **options)


def outcome(*severe: bool | None) -> pd.Series:
    return pd.Series(list(severe), index=[f"E{i}" for i in range(len(severe))], dtype="object")


WORDS = st.sampled_from([None, None, None, "x"])
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "episode_id": st.sampled_from([*(f"E{i}" for i in range(7)), None]),
            "site": st.sampled_from(["A", "B", None]),
            "analyte": st.sampled_from(["plasma.crp", "csf.il6", "eeg.seizure"]),
            "value": st.sampled_from([1.0, 2.0, 40.0]),
            "censored": st.sampled_from(["", "", "<"]),
            "missing": WORDS,
            "reason": st.sampled_from([None, None, "impossible_value", "unknown_unit"]),
            "duplicate": st.sampled_from([False, True, None]),
            "superseded": st.sampled_from([False, True, None]),
            "collected_h": st.sampled_from([-30.0, 0.0, 0.5, 23.0, 48.0, 900.0]),
            "version": st.sampled_from([0.0, 1.0, None]),
        }
    ).map(lambda row: row | ({"reason": "no_identifier"} if row["episode_id"] is None else {})),
    max_size=60,
)


def state(row: Row) -> str:
    if row["reason"]:
        return "quarantined"
    if row["missing"]:
        return "missing"
    return "duplicate" if row["duplicate"] else "superseded" if row["superseded"] else "kept"


@settings(max_examples=60, deadline=None)
@given(ROWS)
def test_every_row_is_counted_once_and_as_a_plain_loop_counts_it(rows: list[Row]) -> None:
    tables = profiled(made(*rows), people(7))
    json.dumps(tables, allow_nan=False)
    steps: Counter[str] = Counter()
    for step in tables["flow"]:
        steps[step["step"]] += step["rows"]
    assert steps.pop("in") == sum(steps.values()) == len(rows)
    assert +steps == Counter(state(row) for row in rows)
    for found in tables["analytes"]:
        mine = [row for row in rows if row["analyte"] == found["analyte"]]
        kept = [row for row in mine if state(row) == "kept"]
        episodes = len({row["episode_id"] for row in kept})
        counts = Counter(state(row) for row in mine)
        named = {"duplicates": "duplicate", "superseded": "superseded", "kept": "kept"}
        for column, name in (named | {"missing": "missing", "quarantined": "quarantined"}).items():
            assert found[column] == counts[name]
        assert found["impossible"] == sum(row["reason"] == "impossible_value" for row in mine)
        assert found["corrected"] == sum((row["version"] or 0) > 0 for row in kept)
        assert found["episodes"] == episodes
        if episodes < 5:
            assert found["median"] is found["censored_share"] is found["first_h"] is None
        else:
            assert found["median"] == statistics.median(row["value"] for row in kept)
            assert found["censored_share"] == sum(r["censored"] != "" for r in kept) / len(kept)
            assert found["last_h"] == max(row["collected_h"] for row in kept)


@settings(max_examples=30, deadline=None)
@given(ROWS, st.randoms())
def test_no_episode_is_named_and_the_order_of_rows_is_of_no_matter(
    rows: list[Row], random: Any
) -> None:
    severe = outcome(True, True, False, False, None, True, False)
    tables = profiled(made(*rows), people(7), severe=severe)
    random.shuffle(rows)
    text = json.dumps(tables)
    assert text == json.dumps(profiled(made(*rows), people(7), severe=severe))
    assert not any(f'"E{i}"' in text for i in range(7))


def test_coded_text_makes_the_same_tables() -> None:
    rows = made(*of(6), *of(5, analyte="csf.il6", reason="no_unit", site=None))
    coded = rows.with_columns(pl.col(pl.String).cast(pl.Categorical))
    assert profiled(coded) == profiled(rows)


def test_a_reason_comes_with_its_remedy_and_an_unknown_one_without() -> None:
    rows = [{"reason": "unknown_unit"}, {"reason": "unknown_unit"}, {"reason": "another_planet"}]
    flow = profiled(made(*rows))["flow"]
    units, planet = (row for row in flow if row["step"] == "quarantined")
    assert (units["detail"], units["rows"]) == ("unknown_unit", 2)
    assert "handling.units" in units["remedy"]
    assert (planet["detail"], planet["message"]) == ("another_planet", None)


def test_units_and_platforms_are_those_of_used_values_and_a_rare_platform_stays_unnamed() -> None:
    rows = [
        *of(unit_read="mg/L", assay="lab"),
        *of(2, unit_read="mg/dL", assay="phoned by Dr X"),
        {"unit_read": "furlong", "reason": "unknown_unit"},
    ]
    (crp,) = profiled(made(*rows))["analytes"]
    assert crp["units_seen"] == ["mg/L", "mg/dL"]
    assert crp["assays_seen"] == ["lab"]
    assert (crp["label"], crp["unit"]) == ("C-reactive protein", "mg/L")


def test_analytes_stand_in_the_order_of_the_catalogue_with_their_platforms_behind() -> None:
    names = ["csf.il6", "plasma.ferritin", "plasma.nfl@ella", "plasma.crp"]
    found = profiled(made(*({"analyte": name} for name in names)))["analytes"]
    assert [row["analyte"] for row in found] == [
        "plasma.crp", "plasma.ferritin", "plasma.nfl@ella", "csf.il6",
    ]  # fmt: skip
    assert found[2]["label"] == load_catalogue()["plasma.nfl"].label


@pytest.mark.parametrize(("count", "is_shown"), [(4, False), (5, True)])
def test_values_of_fewer_than_five_episodes_are_not_summarised(count: int, is_shown: bool) -> None:
    rows = [{"episode_id": f"E{i}", "value": 10.0 + i} for i in range(count)]
    (crp,) = profiled(made(*rows, *rows))["analytes"]
    shown = (crp["p5"], crp["median"], crp["p95"])
    assert shown == ((10.0, 12.0, 14.0) if is_shown else (None, None, None))


def test_no_unit_and_no_platform_are_none_that_was_seen() -> None:
    (crp,) = profiled(made(*of(unit_read="", assay=""), *of(unit_read=None, assay=None)))[
        "analytes"
    ]
    assert crp["units_seen"] == crp["assays_seen"] == []


def test_a_site_without_any_row_is_not_forgotten() -> None:
    episodes = people(6, site=["A", "A", "B", "B", "B", None])
    rows = [{"episode_id": "E0"}, {"episode_id": "E1", "reason": "unknown_unit"}]
    a, b, unknown = profiled(made(*rows), episodes)["sites"]
    assert (a["site"], a["episodes"], a["without_values"], a["rows"]) == ("A", 2, 1, 2)
    assert a["quarantined_share"] == 0.5
    assert (b["site"], b["episodes"], b["without_values"], b["rows"]) == ("B", 3, 3, 0)
    assert (unknown["site"], unknown["episodes"]) == (None, 1)
    assert profiled(made(*rows), episodes.drop(columns="site"))["sites"][-1]["episodes"] == 6


def test_rows_of_no_site_and_of_a_site_without_episodes_are_not_forgotten() -> None:
    rows = [{"site": "C", "reason": "unknown_patient"}, *of(3, site=None)]
    episodes = people(6, site=["A"] * 3 + [None] * 3)
    found = profiled(made(*rows), episodes)["sites"]
    assert [(row["site"], row["episodes"], row["rows"]) for row in found] == [
        ("A", 3, 0), ("C", 0, 1), (None, 3, 3),
    ]  # fmt: skip


def test_blocks_of_the_calendar_are_in_order_and_undated_rows_last() -> None:
    eras = ["2025-Q2", "2024-Q4", None, "2025-Q1", "2025-Q1"]
    found = profiled(made(*({"era": era} for era in eras)))["eras"]
    assert [(row["era"], row["rows"]) for row in found] == [
        ("2024-Q4", 1), ("2025-Q1", 2), ("2025-Q2", 1), (None, 1),
    ]  # fmt: skip


def test_availability_says_for_how_many_values_which_policy_was_used() -> None:
    rows = [
        *of(availability="given", available_h=33.0),
        *of(3, availability="bedside", available_h=30.0),
        {"analyte": "csf.il6", "availability": "catalogue_turnaround", "reason": "no_unit"},
    ]
    given_, bedside = profiled(made(*rows))["availability"]
    assert (given_["availability"], given_["values"], given_["median_hours"]) == ("given", 6, 3.0)
    assert (bedside["values"], bedside["median_hours"]) == (3, None)


def test_the_moment_of_infusion_counts_as_before_it() -> None:
    rows = [
        {"collected_h": 0.0, "ordered_as": "clinical"},
        {"collected_h": 0.1, "ordered_as": "unknown"},
    ]
    before, after = profiled(made(*rows))["ordered_as"]
    assert (before["infusion"], before["clinical"], before["unknown"]) == ("before", 1, 0)
    assert (after["infusion"], after["clinical"], after["unknown"]) == ("after", 0, 1)


def test_rare_patterns_of_modalities_are_one_and_episodes_without_any_are_told() -> None:
    rows = [*of(6), *of(1, analyte="csf.il6"), {"episode_id": "E9", "analyte": "eeg.seizure"}]
    first, second, others = profiled(made(*rows), people(16))["modalities"]
    assert (first["plasma"], first["episodes"]) == (False, 9)
    assert (second["plasma"], second["csf"], second["episodes"]) == (True, False, 5)
    assert (others["plasma"], others["episodes"]) == (None, 2)


def test_a_day_begins_with_its_first_hour() -> None:
    rows = [{"collected_h": hours} for hours in (-24.0, -1.0, 0.0, 23.9, 24.0, 47.9)]
    timeline = profiled(made(*rows))["timeline"]
    assert [(row["day"], row["values"]) for row in timeline] == [(-1, 2), (0, 2), (1, 2)]


def test_only_episodes_still_observed_are_the_denominator_of_a_day() -> None:
    episodes = people(12, followed_until_h=[720.0] * 6 + [48.0] * 6)
    rows = [*of(12, collected_h=30.0), *of(6, collected_h=50.0)]
    severe = outcome(*[False] * 12)
    density = profiled(made(*rows), episodes, severe=severe)["density"]
    by_day = {row["day"]: row for row in density}
    assert (by_day[1]["episodes"], by_day[1]["per_episode_day"]) == (12, 1.0)
    assert (by_day[2]["episodes"], by_day[2]["per_episode_day"]) == (6, 1.0)
    assert by_day[3]["per_episode_day"] == 0.0
    assert sorted(by_day) == list(range(-7, 15))


def test_the_outcome_of_few_or_of_nobody_makes_no_table() -> None:
    rows = made(*of(10, analyte="csf.il6"))
    assert profiled(rows, people(10))["density"] == []
    severe = outcome(*[True] * 4, *[False] * 5, None)
    tables = profiled(rows, people(10), severe=severe)
    assert {row["severe"] for row in tables["density"]} == {False}
    assert [row["severe"] for row in tables["tested_after"]] == [False]


def test_tested_after_infusion_counts_episodes_not_values() -> None:
    rows = [*of(2, analyte="csf.il6"), *of(2, analyte="csf.protein")]
    rows += of(2, analyte="csf.il6", collected_h=80.0)
    rows += of(10, analyte="csf.il6", collected_h=-5.0) + of(10)
    severe = outcome(*[True] * 5, *[False] * 5, *[None] * 5)
    others, reached = profiled(made(*rows), people(15), severe=severe)["tested_after"]
    assert others["episodes"] == reached["episodes"] == 5
    assert (reached["modality"], reached["severe"], reached["tested"]) == ("csf", True, 2)
    assert (reached["share"], others["share"]) == (0.4, 0.0)


@pytest.mark.parametrize("rows", [[], [{"reason": "no_identifier", "episode_id": None}]])
def test_without_a_usable_row_there_are_tables_all_the_same(rows: list[Row]) -> None:
    tables = profiled(made(*rows))
    assert tables["flow"][-1] == tables["flow"][0] | {"step": "kept", "rows": 0}
    assert tables["density"] == tables["timeline"] == tables["availability"] == []
    assert tables["modalities"][0]["episodes"] == 6


def test_the_page_of_data_quality_takes_whatever_the_profile_makes() -> None:
    rows = made(*of(12), *of(6, analyte="csf.il6", collected_h=90.0), {"reason": "unknown_unit"})
    tables = profiled(rows, people(12), severe=outcome(*[True] * 6, *[False] * 6))
    assert all(tables.values())
    found = {"headlines": [], "counts": {}, "findings": [], "tables": tables}
    report = quality_report(found, study_title="", data_kind="real", package_version="")
    assert "<svg" in render_quality(report)
    panels = ("flow", "reasons", "analytes", "sites", "eras", "availability", "orders")
    assert all(report[name] for name in (*panels, "modalities", "timeline", "density", "tested"))

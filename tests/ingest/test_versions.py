"""Copies go, corrected results keep their history, contradictions are settled or refused."""

import random
from itertools import groupby
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from icans_risk.ingest.stages.versions import resolve_versions
from icans_risk.study.handling import Handling

COLUMNS = {
    "file": pl.String, "row": pl.Int64, "column": pl.String, "episode_id": pl.String,
    "analyte": pl.String, "assay": pl.String, "collected_h": pl.Float64,
    "available_h": pl.Float64, "value": pl.Float64, "censored": pl.String, "reason": pl.String,
}  # fmt: skip
RULES = ("refuse", "first", "last")
# Answers to one row: a version, or why it has none.
Answers = dict[tuple[str, int, str], float | str]

FAST = settings(
    deadline=None, max_examples=150, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip


def table(*reports: tuple[float, float], **columns: Any) -> pl.DataFrame:
    """Make one sample's reports of (available_h, value), on rows 2, 3 and so on."""
    fixed = {
        "file": "a.csv", "column": "value", "episode_id": "1", "analyte": "plasma.crp",
        "assay": "", "collected_h": 8.0, "censored": "", "reason": None,
    }  # fmt: skip
    rows = [
        fixed | {"row": number, "available_h": available, "value": value}
        for number, (available, value) in enumerate(reports, start=2)
    ]
    for name, values in columns.items():
        for row, value in zip(rows, values, strict=True):
            row[name] = value
    return pl.DataFrame(rows, schema=COLUMNS)


def answers(rows: pl.DataFrame, same_sample: str = "refuse") -> list[float | str]:
    result = resolve_versions(rows, Handling(same_sample=same_sample))
    return [answer(row) for row in result.iter_rows(named=True)]


def answer(row: dict[str, Any]) -> float | str:
    marks = [name for name in ("duplicate", "superseded") if row[name]]
    marks += [] if row["reason"] is None else [row["reason"]]
    # A row has a version or exactly one mark.
    assert len(marks) == (row["version"] is None)
    return marks[0] if marks else row["version"]


def test_a_result_alone_is_version_zero() -> None:
    assert answers(table((10, 5.0))) == [0.0]
    assert answers(table()) == []


def test_an_exact_copy_is_a_duplicate_of_the_first_row() -> None:
    assert answers(table((10, 5.0), (10, 5.0), (10, 5.0))) == [0.0, "duplicate", "duplicate"]


@pytest.mark.parametrize("same_sample", RULES)
def test_of_copies_the_first_row_stays_whatever_the_rule(same_sample: str) -> None:
    assert answers(table((10, 5.0), (10, 5.0)), same_sample) == [0.0, "duplicate"]


def test_corrected_results_are_versions_by_availability_not_by_row() -> None:
    assert answers(table((30, 7.0), (10, 5.0), (20, 6.0))) == [2.0, 0.0, 1.0]


def test_a_later_report_of_the_same_result_is_a_duplicate() -> None:
    assert answers(table((10, 5.0), (20, 5.0), (30, 7.0), (40, 7.0))) == [
        0.0, "duplicate", 1.0, "duplicate",
    ]  # fmt: skip


def test_a_correction_that_is_taken_back_is_a_version_of_its_own() -> None:
    assert answers(table((10, 5.0), (20, 7.0), (30, 5.0))) == [0.0, 1.0, 2.0]


def test_a_limit_is_another_result_than_the_value() -> None:
    assert answers(table((10, 5.0), (20, 5.0), censored=["<", ""])) == [0.0, 1.0]
    together = table((10, 5.0), (10, 5.0), censored=["<", ""])
    assert answers(together) == ["conflicting_results"] * 2


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("episode_id", ["1", "2"]),
        ("analyte", ["plasma.crp", "plasma.ldh"]),
        ("assay", ["", "ella"]),
        ("collected_h", [8.0, 9.0]),
    ],
)
def test_other_samples_do_not_meet(column: str, values: list[Any]) -> None:
    assert answers(table((10, 5.0), (10, 6.0), **{column: values})) == [0.0, 0.0]


def test_results_that_contradict_each_other_are_refused_with_their_copies() -> None:
    rows = table((10, 5.0), (20, 6.0), (20, 7.0), (20, 6.0), (30, 8.0))
    refused = ["conflicting_results"] * 3
    assert answers(rows) == [0.0, *refused, 1.0]


def test_of_results_that_contradict_each_other_the_first_or_the_last_is_used() -> None:
    rows = table((10, 5.0), (10, 6.0), (10, 5.0))
    assert answers(rows, "first") == [0.0, "superseded", "duplicate"]
    assert answers(rows, "last") == [0.0, "superseded", "duplicate"]
    assert answers(rows.head(2), "last") == ["superseded", 0.0]


def test_first_and_last_go_by_file_then_row_then_column() -> None:
    by_file = table((10, 5.0), (10, 6.0), file=["b.csv", "a.csv"])
    assert answers(by_file, "first") == ["superseded", 0.0]
    by_row = table((10, 5.0), (10, 6.0), row=[10, 9])
    assert answers(by_row, "first") == ["superseded", 0.0]
    by_column = table((10, 5.0), (10, 6.0), row=[2, 2], column=["crp_2", "crp_1"])
    assert answers(by_column, "first") == ["superseded", 0.0]


def test_rows_that_were_set_aside_keep_their_reason_and_change_nothing() -> None:
    reasons = ["impossible_value", None, "unknown_unit", None]
    rows = table((10, 9.0), (10, 5.0), (15, 8.0), (20, 6.0), reason=reasons)
    assert answers(rows) == ["impossible_value", 0.0, "unknown_unit", 1.0]


def test_two_samples_of_one_day_contradict_each_other_where_only_the_day_is_known() -> None:
    day = table((24, 5.0), (24, 6.0), collected_h=[24.0, 24.0])
    assert answers(day) == ["conflicting_results"] * 2


def test_zero_hours_and_minus_zero_hours_are_one_time() -> None:
    assert answers(table((10, 5.0), (10, 5.0), collected_h=[0.0, -0.0])) == [0.0, "duplicate"]


def expected(rows: list[dict[str, Any]], same_sample: str) -> Answers:
    """Answer for each row by plain loops over its sample."""
    found: Answers = {place(row): row["reason"] for row in rows if row["reason"]}
    usable = sorted((row for row in rows if not row["reason"]), key=order)
    for _, sample in groupby(usable, key=lambda row: order(row)[:4]):
        latest, version = None, 0.0
        for _, together in groupby(sample, key=lambda row: row["available_h"]):
            report = list(together)
            results = [(row["value"], row["censored"]) for row in report]
            chosen = results[-1 if same_sample == "last" else 0]
            if same_sample == "refuse" and len(set(results)) > 1:
                found |= {place(row): "conflicting_results" for row in report}
                continue
            for row, result in zip(report, results, strict=True):
                if result != chosen:
                    found[place(row)] = "superseded"
                elif result == latest:
                    found[place(row)] = "duplicate"
                else:
                    found[place(row)], latest = version, result
                    version += 1
    return found


def order(row: dict[str, Any]) -> tuple[Any, ...]:
    sample = (row["episode_id"], row["analyte"], row["assay"], row["collected_h"])
    return (*sample, row["available_h"], *place(row))


def place(row: dict[str, Any]) -> tuple[str, int, str]:
    return row["file"], row["row"], row["column"]


def as_answers(result: pl.DataFrame) -> Answers:
    return {place(row): answer(row) for row in result.iter_rows(named=True)}


@st.composite
def tables(draw: st.DrawFn) -> list[dict[str, Any]]:
    row = st.fixed_dictionaries(
        {
            "file": st.sampled_from(["b.csv", "a.csv"]),
            "row": st.integers(2, 12),
            "column": st.sampled_from(["value", "crp"]),
            "episode_id": st.sampled_from(["1", "2"]),
            "analyte": st.just("plasma.nfl"),
            "assay": st.sampled_from(["", "ella"]),
            "collected_h": st.sampled_from([-1.0, 8.0]),
            "available_h": st.sampled_from([10.0, 20.0, 30.0]),
            "value": st.sampled_from([5.0, 6.0]),
            "censored": st.sampled_from(["", "", "<"]),
            "reason": st.sampled_from([None, None, None, "impossible_value"]),
        }
    )
    return draw(st.lists(row, max_size=20, unique_by=place))


@FAST
@given(rows=tables(), same_sample=st.sampled_from(RULES), seed=st.randoms())
def test_the_answers_are_those_of_plain_loops_in_every_order_of_the_rows(
    rows: list[dict[str, Any]], same_sample: str, seed: random.Random
) -> None:
    wanted = expected(rows, same_sample)
    for _ in range(2):
        frame = pl.DataFrame(rows, schema=COLUMNS)
        result = resolve_versions(frame, Handling(same_sample=same_sample))
        assert result.select(frame.columns).drop("reason").equals(frame.drop("reason"))
        assert as_answers(result) == wanted
        seed.shuffle(rows)


@FAST
@given(rows=tables(), same_sample=st.sampled_from(RULES))
def test_a_second_pass_changes_nothing(rows: list[dict[str, Any]], same_sample: str) -> None:
    handling = Handling(same_sample=same_sample)
    once = resolve_versions(pl.DataFrame(rows, schema=COLUMNS), handling)
    used = once.filter(pl.col("version").is_not_null())

    assert resolve_versions(once, handling).equals(once)
    assert resolve_versions(used, handling).equals(used)


@FAST
@given(rows=tables(), same_sample=st.sampled_from(RULES))
def test_versions_count_from_zero_and_rise_with_availability(
    rows: list[dict[str, Any]], same_sample: str
) -> None:
    frame = pl.DataFrame(rows, schema=COLUMNS)
    result = resolve_versions(frame, Handling(same_sample=same_sample))
    used = result.filter(pl.col("version").is_not_null()).sort("available_h")
    for _, sample in used.group_by("episode_id", "analyte", "assay", "collected_h"):
        assert sample["version"].to_list() == [float(n) for n in range(sample.height)]
        assert sample["available_h"].is_unique().all()

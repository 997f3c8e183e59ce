"""Patients as JSON text, one row each: what cannot be read costs its own answer only."""

import json
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from icans_risk.errors import CohortError
from icans_risk.models.withdrawal import Withdrawal
from icans_risk.serving import ServedModel, score
from icans_risk.serving.records import SCHEMA, to_arrow
from icans_risk.serving.wire import example_row, score_rows, wire_rows
from serving.example import Example


@pytest.fixture(scope="module")
def served(example: Example) -> ServedModel:
    return example.served


@pytest.fixture(scope="module")
def rows(example: Example) -> pd.DataFrame:
    return wire_rows(example.cohort)


@pytest.fixture(scope="module")
def answers(example: Example, served: ServedModel) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = to_arrow(
        score(example.cohort, [served], data_kind="synthetic")
    ).to_pylist()
    return records


def test_text_gives_the_bits_of_the_tables(
    served: ServedModel, rows: pd.DataFrame, answers: list[dict[str, Any]]
) -> None:
    told = score_rows(rows, [served], data_kind="synthetic")
    assert told == answers
    json.dumps(told, allow_nan=False)


def test_what_a_row_says_of_others_does_not_count(
    served: ServedModel, rows: pd.DataFrame, answers: list[dict[str, Any]]
) -> None:
    """Events belong to the episode beside them, whatever identifier they carry."""
    spoilt = rows.iloc[:2].copy()
    other = json.loads(rows["episode"].iloc[1])["episode_id"]
    events = [row | {"episode_id": other} for row in json.loads(rows["events"].iloc[0])]
    spoilt.loc[0, "events"] = json.dumps(events)
    assert score_rows(spoilt, [served], data_kind="synthetic") == answers[:2]


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("episode", "{"),
        ("episode", "[]"),
        ("episode", None),
        ("episode", '{"episode_id": "MRN-123456"}'),
        ("events", '[{"value": NaN}]'),
        ("events", "[1]"),
        ("events", '[{"modality": "plasma", "analyte": "crp", "value": {"MRN-123456": 1}}]'),
        ("events", "[" * 100_000),
        ("grades", '"MRN-123456"'),
    ],
)
def test_a_row_that_cannot_be_read_stops_nobody_and_is_not_repeated(
    served: ServedModel,
    rows: pd.DataFrame,
    answers: list[dict[str, Any]],
    column: str,
    text: str | None,
) -> None:
    spoilt = rows.iloc[:4].astype(object)
    spoilt.loc[1, column] = text
    told = score_rows(spoilt, [served], data_kind="synthetic")
    bad = [row for row in told if row["status"] == "unreadable"]
    assert len(bad) == 1
    assert bad[0]["risk"] is None
    assert "MRN" not in bad[0]["reason"]
    good = [row for row in told if row["status"] != "unreadable"]
    assert good == [answers[place] for place in (0, 2, 3)]


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    text=st.one_of(
        st.text(max_size=30),
        st.recursive(
            st.none() | st.floats() | st.text(),
            lambda x: st.lists(x) | st.dictionaries(st.text(), x),
            max_leaves=5,
        ).map(json.dumps),
    )
)
def test_no_text_at_all_makes_scoring_fail(
    served: ServedModel, rows: pd.DataFrame, text: str
) -> None:
    spoilt = rows.iloc[:2].astype(object)
    spoilt.loc[0, "events"] = text
    told = score_rows(spoilt, [served], data_kind="synthetic")
    assert len(told) == 2
    assert all(set(row) == set(SCHEMA.names) for row in told)


def test_the_example_is_nobody_and_gets_an_answer(served: ServedModel) -> None:
    (told,) = score_rows(example_row(served), [served], data_kind="synthetic")
    assert told["episode_id"] == "SYNTHETIC-EXAMPLE"
    assert told["status"] not in {"unreadable", "answered"}


def test_too_many_rows_or_other_columns_are_refused_without_a_cell(
    served: ServedModel, rows: pd.DataFrame
) -> None:
    with pytest.raises(CohortError, match=r"got 60 rows without \['grades'\]"):
        score_rows(rows.drop(columns="grades"), [served], data_kind="synthetic")
    with pytest.raises(CohortError, match="got 0 rows"):
        score_rows(rows.iloc[:0], [served], data_kind="synthetic")
    many = pd.concat([rows] * 200)
    with pytest.raises(CohortError, match="got 12000 rows"):
        score_rows(many, [served], data_kind="synthetic")


def test_a_model_of_synthetic_patients_is_silent_about_real_ones(
    served: ServedModel, rows: pd.DataFrame
) -> None:
    told = score_rows(rows.iloc[:5], [served], data_kind="real")
    assert {row["risk"] for row in told} == {None}
    assert {row["trained_on"] for row in told} == {"synthetic"}
    withdrawn = replace(served, withdrawn=Withdrawal("the assay changed", "today", served.identity))
    told = score_rows(rows.iloc[:5], [withdrawn], data_kind="synthetic")
    assert {row["risk"] for row in told} == {None}

"""Patients as JSON text, one row each: what cannot be read costs its own answer only."""

import json
import re
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from icans_risk.errors import CohortError
from icans_risk.models.withdrawal import Withdrawal
from icans_risk.serving import RawTables, ServedModel, score
from icans_risk.serving.records import SCHEMA, to_arrow, unreadable_record
from icans_risk.serving.wire import example_row, score_rows, wire_rows
from serving.example import Example, raw


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


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({"value": True}, r"events\[0\].value must be a finite number"),
        ({"value": "1.5"}, r"events\[0\].value must be a finite number"),
        ({"value": 10**400}, r"events\[0\].value must be a finite number"),
        ({"value": ["MRN-123456"]}, r"events\[0\].value must be a finite number"),
        ({"analyte": 1.5}, r"events\[0\].analyte must be text"),
        ({"analyte": "\ud800"}, r"events\[0\].analyte must be text"),
        ({"unit": "furlong"}, r"events\[0\].unit is not taken"),
    ],
)
def test_a_cell_of_another_type_is_its_own_patient_s_affair(
    served: ServedModel,
    rows: pd.DataFrame,
    answers: list[dict[str, Any]],
    event: dict[str, Any],
    reason: str,
) -> None:
    """Beside numbers a flag would have become one, and nobody the wiser."""
    first, *others = json.loads(rows["events"].iloc[1])
    spoilt = rows.iloc[:3].copy()
    spoilt.loc[1, "events"] = json.dumps([first | event, *others])
    before, told, after = score_rows(spoilt, [served], data_kind="synthetic")
    assert (told["episode_id"], told["status"]) == (answers[1]["episode_id"], "unreadable")
    assert re.search(reason, told["reason"])
    assert "MRN" not in told["reason"]
    assert [before, after] == [answers[0], answers[2]]


@pytest.mark.parametrize("text", ["1e400", '1, "value": 2'])
def test_json_is_read_strictly(served: ServedModel, rows: pd.DataFrame, text: str) -> None:
    spoilt = rows.iloc[:1].copy()
    spoilt.loc[0, "events"] = f'[{{"modality": "plasma", "value": {text}}}]'
    (told,) = score_rows(spoilt, [served], data_kind="synthetic")
    assert told["status"] == "unreadable"


@pytest.mark.parametrize(
    "name",
    ["", "MRN-123456\n", "MRN-123456\x00", "\u202eMRN-123456", "\ud800", "x" * 201, 1.5, None],
)
def test_an_identifier_that_cannot_be_printed_is_not_repeated(
    served: ServedModel, rows: pd.DataFrame, answers: list[dict[str, Any]], name: Any
) -> None:
    spoilt = rows.iloc[:2].copy()
    spoilt.loc[0, "episode"] = json.dumps(
        json.loads(rows["episode"].iloc[0]) | {"episode_id": name}
    )
    told, other = score_rows(spoilt, [served], data_kind="synthetic")
    assert (told["episode_id"], told["status"]) == ("row 0 of episodes", "unreadable")
    assert "MRN" not in json.dumps(told)
    assert other == answers[1]


def test_each_row_has_its_record_in_its_place(
    served: ServedModel, rows: pd.DataFrame, answers: list[dict[str, Any]]
) -> None:
    spoilt = rows.iloc[[0, 1, 2, 1, 3]].reset_index(drop=True)
    spoilt.loc[2, "grades"] = "no JSON"
    told = score_rows(spoilt, [served], data_kind="synthetic")
    assert [row["episode_id"] for row in told] == [
        answers[i]["episode_id"] for i in (0, 1, 2, 1, 3)
    ]
    assert [row["status"] == "unreadable" for row in told] == [False, True, True, True, False]
    assert "must be unique" in told[1]["reason"]
    assert [told[0], told[4]] == [answers[0], answers[3]]


def test_a_flag_of_one_patient_leaves_the_others_readable(
    served: ServedModel, rows: pd.DataFrame, answers: list[dict[str, Any]]
) -> None:
    """A column that only some have is empty for the others."""
    spoilt = rows.iloc[:3].copy()
    for place in (0, 2):
        episode = json.loads(rows["episode"].iloc[place])
        episode.pop("cns_tumour", None)
        spoilt.loc[place, "episode"] = json.dumps(episode)
    spoilt.loc[1, "episode"] = json.dumps(json.loads(rows["episode"].iloc[1]) | {"cns_tumour": 1})
    told = score_rows(spoilt, [served], data_kind="synthetic")
    assert [told[0], told[2]] == [answers[0], answers[2]]
    assert told[1]["status"] == "cns_tumour"


def test_keys_that_nobody_knows_are_no_columns(
    served: ServedModel, rows: pd.DataFrame, answers: list[dict[str, Any]]
) -> None:
    spoilt = rows.iloc[:2].copy()
    episode = json.loads(rows["episode"].iloc[0]) | {f"key {i}": [i] for i in range(20_000)}
    spoilt.loc[0, "episode"] = json.dumps(episode)
    assert score_rows(spoilt, [served], data_kind="synthetic") == answers[:2]


def test_a_record_without_a_number_is_that_of_the_tables(
    served: ServedModel, example: Example
) -> None:
    tables = raw(example.cohort)
    first = tables.episodes.iloc[:1].assign(followed_until_h="MRN-123456")
    name = str(first["episode_id"].iloc[0])
    (told,) = to_arrow(
        score(RawTables(first, tables.events, tables.grades), [served], data_kind="synthetic")
    ).to_pylist()
    reason = told["reason"].partition("as they stand. ")[2]
    assert unreadable_record(served, name, reason) == told

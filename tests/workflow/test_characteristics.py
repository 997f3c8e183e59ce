"""Table 1 and what was measured, with small counts hidden."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from icans_risk.workflow.characteristics import describe_characteristics, describe_measured

EVENT = np.array([1, 1, 1, 0, 0, 0, 0, 0])
EPISODES = pd.DataFrame(
    {
        "episode_id": list("abcdefgh"),
        "patient_id": list("abcdefgh"),
        "followed_until_h": 720.0,
        "discharged_h": 300.0,
        "age_years": [70.0, 60.0, 50.0, 40.0, 41.0, 42.0, 43.0, np.nan],
        "sex": ["male", "male", "female", "male", "female", None, "female", "male"],
        "cns_tumour": [True, False, False, False, False, False, False, False],
        "ecog": [0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0],
        "nickname": list("stuvwxyz"),
    }
)


def lines(fewest: int = 1, episodes: pd.DataFrame = EPISODES) -> dict[tuple[str, str], Any]:
    table = describe_characteristics(episodes, EVENT, fewest=fewest)
    rows = table.to_dict("records")
    return {(row["characteristic"], row["level"] or row["kind"]): row for row in rows}


def test_a_number_is_described_by_median_and_quartiles_of_each_group() -> None:
    age = lines()["age_years", "number"]
    assert age["kind"] == "number"
    assert (age["all_q1"], age["all_median"], age["all_q3"]) == (41.5, 43.0, 55.0)
    assert (age["events_median"], age["others_median"]) == (60.0, 41.5)


def test_words_flags_and_numbers_of_few_values_are_counted_with_the_missing_beside() -> None:
    found = lines()
    male = found["sex", "male"]
    assert (male["all"], male["events"], male["others"]) == (4, 2, 2)
    assert (male["all_of"], male["events_of"], male["others_of"]) == (8, 3, 5)
    assert found["cns_tumour", "yes"]["events"] == 1
    assert found["ecog", "1"]["others"] == 2
    missing = {name: row["others"] for (name, _), row in found.items() if row["kind"] == "missing"}
    assert missing == {"age_years": 1, "sex": 1}


def test_identifiers_times_and_columns_that_nobody_knows_are_no_traits() -> None:
    names = {name for name, _ in lines()}
    assert names == {"age_years", "sex", "cns_tumour", "ecog"}


def test_a_column_without_any_value_is_left_out() -> None:
    assert ("prior_lines", "") not in lines(episodes=EPISODES.assign(prior_lines=np.nan))


def test_small_counts_are_hidden_with_those_that_would_tell_them() -> None:
    found = lines(fewest=3)
    yes, no = found["cns_tumour", "yes"], found["cns_tumour", "no"]
    for row in (yes, no):
        assert np.isnan([row["events"], row["others"], row["all"]]).all()


@pytest.mark.parametrize(("fewest", "median"), [(3, 60.0), (4, np.nan)])
def test_quartiles_of_too_few_are_hidden(fewest: int, median: float) -> None:
    age = lines(fewest=fewest)["age_years", "number"]
    assert age["events_median"] == pytest.approx(median, nan_ok=True)
    assert age["others_median"] == 41.5


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), min_size=2, max_size=60))
def test_no_hidden_count_follows_from_those_that_are_shown(
    patients: list[tuple[str, bool]],
) -> None:
    levels, reached = zip(*patients, strict=True)
    event = np.array(reached, dtype=np.int64)
    table = describe_characteristics(
        pd.DataFrame({"product": levels, "episode_id": ""}), event, fewest=5
    )
    cells = table[["events", "others"]].to_numpy()
    assert not ((cells > 0) & (cells < 5)).any()
    hidden = np.isnan(cells)
    # Whoever knows the totals of lines and columns still has two unknowns in each.
    assert (hidden.sum(axis=1) != 1).all()
    if len(table) > 1:
        assert (hidden.sum(axis=0) != 1).all()
    shown = table["all"].to_numpy()
    assert not (hidden.any(axis=1) & (shown < 5)).any()


VECTORS = pd.DataFrame(
    {
        "plasma.crp.last.early": [1.0, 2, 3, np.nan, 5, 6, 7, 8],
        "plasma.crp.max.early": [1.0, 2, 3, 4, 5, 6, 7, 8],
        "plasma.crp.last.baseline": [np.nan] * 8,
        "csf.il6.last.early": [1.0, 2, 3, np.nan, np.nan, np.nan, np.nan, np.nan],
        "plasma.ldh.last.early": [1.0, np.nan, np.nan, 4, np.nan, np.nan, np.nan, np.nan],
        "score.m_easix.early": [1.0] * 8,
        "static.sex.male": [1.0] * 8,
        "treatment.tocilizumab.given.to_landmark": [0.0] * 8,
    }
)


def test_an_input_is_measured_where_one_of_its_columns_has_a_value() -> None:
    table = describe_measured(VECTORS, EVENT, fewest=1).set_index(["input", "window"])
    assert table["all"].to_dict() == {
        ("plasma.crp", "early"): 8,
        ("plasma.crp", "baseline"): 0,
        ("csf.il6", "early"): 3,
        ("plasma.ldh", "early"): 2,
        ("score.m_easix", "early"): 8,
    }
    lumbar = table.loc[("csf.il6", "early")]
    assert (lumbar["events"], lumbar["events_of"]) == (3, 3)
    assert (lumbar["others"], lumbar["others_of"]) == (0, 5)
    assert table["label"].tolist()[0] == "C-reactive protein"
    assert table.loc[("score.m_easix", "early"), "label"] == "m-EASIX"


def test_who_was_measured_is_hidden_where_few_were_or_were_not() -> None:
    table = describe_measured(VECTORS, EVENT, fewest=3).set_index(["input", "window"])
    assert table.loc[("plasma.ldh", "early"), ["all", "events", "others"]].isna().all()
    assert table.loc[("csf.il6", "early"), ["all", "events", "others"]].tolist() == [3, 3, 0]


@pytest.mark.parametrize("fewest", [1, 3])
def test_nobody_at_all_is_no_secret(fewest: int) -> None:
    table = describe_measured(VECTORS, EVENT, fewest=fewest).set_index(["input", "window"])
    nobody = table.loc[("plasma.crp", "baseline")]
    assert (nobody["all"], nobody["events"], nobody["others"]) == (0, 0, 0)

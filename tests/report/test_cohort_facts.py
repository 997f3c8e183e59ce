"""Counts of patients for the tables, none of which points at one."""

import numpy as np
import pandas as pd
import pytest

from icans_risk.report import tripod_table
from icans_risk.report.cohort_facts import cohort_facts, merge_facts, missing_shares
from icans_risk.report.tripod import FILLED
from icans_risk.synthetic import simulate


def episodes(**columns: list) -> pd.DataFrame:
    rows = len(next(iter(columns.values())))
    return pd.DataFrame({"patient_id": [f"P{i}" for i in range(rows)], **columns})


def test_sites_and_products_are_counted_the_most_frequent_first():
    table = episodes(site=["b"] * 5 + ["a"] * 7, product=["axi-cel"] * 12)
    data = cohort_facts(table, fewest=5)["data"]
    assert list(data["site_counts"].items()) == [("a", 7), ("b", 5)]
    assert data["sites"] == 2
    assert data["products"] == {"axi-cel": 12}


def test_a_small_count_is_hidden_with_the_one_that_would_give_it_away():
    table = episodes(site=["a"] * 30 + ["b"] * 9 + ["c"] * 2)
    assert cohort_facts(table, fewest=5)["data"]["site_counts"] == {"a": 30, "b": None, "c": None}


def test_who_has_no_site_is_counted_but_is_no_site():
    data = cohort_facts(episodes(site=["a"] * 6 + [None] * 6), fewest=5)["data"]
    assert data["site_counts"] == {"a": 6, "not recorded": 6}
    assert data["sites"] == 1


def test_a_disease_that_too_few_have_is_not_named():
    facts = cohort_facts(episodes(disease=["LBCL"] * 20 + ["MCL"] * 8 + ["rare"] * 1), fewest=5)
    assert facts["study"]["diseases"] == ["LBCL"]


def test_patients_with_several_infusions_are_counted_once():
    table = pd.DataFrame({"patient_id": ["P1", "P1", "P2"]})
    assert cohort_facts(table, fewest=1)["data"] == {"patients": 2, "episodes": 3}


def test_age_has_median_and_quartiles_of_those_who_have_one():
    table = episodes(age_years=[50.0, 60.0, 60.0, 70.0] * 5 + [np.nan])
    characteristics = cohort_facts(table, fewest=5)["data"]["characteristics"]
    assert characteristics == {"age": "median 60 years, quartiles 57.5 and 62.5 (of 20)"}


def test_quartiles_of_few_patients_would_be_their_values_and_are_left_out():
    assert "characteristics" not in cohort_facts(episodes(age_years=[50.0] * 19), fewest=5)["data"]


def test_grades_of_a_scale_are_levels():
    table = episodes(ecog=[0.0] * 6 + [1.0] * 8)
    assert cohort_facts(table, fewest=5)["data"]["characteristics"] == {"ECOG": "1 8, 0 6"}


def test_eras_run_from_the_first_to_the_last():
    data = cohort_facts(episodes(era=["2022", "2020", None, "2021"]), fewest=1)["data"]
    assert (data["first_era"], data["last_era"]) == ("2020", "2022")


def test_missing_cells_are_shared_by_modality():
    vectors = pd.DataFrame({"csf.a.last.x": [None, None], "plasma.b.last.x": [1.0, None]})
    assert missing_shares(vectors) == {"csf": 1.0, "plasma": 0.5}


def test_facts_are_merged_by_group_and_the_later_one_counts():
    one, two = {"data": {"sites": 1, "patients": 3}}, {"data": {"sites": 2}, "flow": {"events": 1}}
    assert merge_facts(one, two) == {"data": {"sites": 2, "patients": 3}, "flow": {"events": 1}}
    assert one == {"data": {"sites": 1, "patients": 3}}


@pytest.mark.parametrize("number", ["6a", "20b"])
def test_a_synthetic_cohort_fills_what_its_episodes_know(number):
    cohort = simulate(120, seed=3, landmarks_h=(72.0,), horizon_h=336.0).cohort
    facts = merge_facts(
        cohort_facts(cohort.episodes, fewest=5), {"missing": {"shares": {"plasma": 0.1}}}
    )
    row = {row["item"]: row for row in tripod_table(facts)}[number]
    assert row["status"] == FILLED
    assert "site_a" in row["text"]

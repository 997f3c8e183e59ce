import pandas as pd
import pytest

from icans_risk.errors import IcansRiskError
from icans_risk.synthetic import simulate
from icans_risk.synthetic.mess import FAULTS, Export, make_export


@pytest.fixture(scope="module")
def messy() -> Export:
    return make_export(simulate(120, seed=2).cohort, level=3, seed=4)


def lines(export: Export, fault: str) -> pd.DataFrame:
    planted = export.faults[export.faults["fault"] == fault]
    return export.results.set_index("line").loc[planted["line"]]


def test_a_clean_export_has_no_faults_and_every_event() -> None:
    cohort = simulate(20, seed=2).cohort
    export = make_export(cohort, level=0, seed=4)
    assert export.faults.empty
    assert len(export.results) == len(cohort.events)


def test_every_kind_of_fault_is_planted_and_listed(messy: Export) -> None:
    assert set(messy.faults["fault"]) == {*FAULTS, "no_results"}


def test_same_seed_same_mess() -> None:
    cohort = simulate(20, seed=2).cohort
    a, b = (make_export(cohort, level=2, seed=4) for _ in range(2))
    pd.testing.assert_frame_equal(a.results, b.results)
    pd.testing.assert_frame_equal(a.faults, b.faults)


def test_no_line_has_two_faults(messy: Export) -> None:
    planted = messy.faults["line"].dropna()
    assert planted.is_unique


def test_faults_are_where_the_list_says(messy: Export) -> None:
    assert (lines(messy, "impossible_value")["result"] == "-99").all()
    assert lines(messy, "below_limit")["result"].isin(["<0.5", "<0,5"]).all()
    early = lines(messy, "result_before_collection")
    assert (early["resulted_h"] < early["collected_h"]).all()
    assert (lines(messy, "mixed_unit")["unit"] == "").all()


def test_a_duplicate_equals_an_earlier_line(messy: Export) -> None:
    columns = [c for c in messy.results.columns if c != "line"]
    copies = lines(messy, "duplicate")[columns]
    counts = messy.results[columns].value_counts()
    assert (counts.loc[pd.MultiIndex.from_frame(copies.drop_duplicates())] >= 2).all()


def test_a_corrected_result_comes_later_for_the_same_sample(messy: Export) -> None:
    keys = ["episode_id", "analyte", "collected_h"]
    later = lines(messy, "corrected_result").reset_index()
    both = later.merge(messy.results, on=keys, suffixes=("", "_first"))
    both = both[both["line"] > both["line_first"]]
    assert set(both["line"]) == set(later["line"])
    assert (both["resulted_h"] > both["resulted_h_first"] - 10).all()


def test_silent_patients_have_no_results(messy: Export) -> None:
    silent = messy.faults.query("fault == 'no_results'")["episode_id"]
    assert len(silent) > 0
    assert not messy.results["episode_id"].isin(silent).any()


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(IcansRiskError, match="level"):
        make_export(simulate(5, seed=1).cohort, level=9, seed=1)

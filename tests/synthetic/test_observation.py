"""How the truth is observed: by protocol, because somebody is ill, with delays and limits."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import fisher_exact

from icans_risk.catalogue import load_catalogue
from icans_risk.cohort import Cohort
from icans_risk.synthetic import Simulated, load, simulate
from icans_risk.synthetic.tallies import select, summarise

RESTRICTED = ("csf", "eeg", "imaging")


def presence(cohort: Cohort, modality: str) -> pd.DataFrame:
    """Count, by outcome, who has a value of the modality after infusion, among survivors."""
    events = cohort.events
    after = events[(events["modality"] == modality) & (events["collected_h"] > 0)]
    table = summarise(cohort)
    # Death and loss end protocol draws; they are not what is asked here.
    table = table[table["followed_until_h"] >= 336]
    has = table["episode_id"].isin(after["episode_id"])
    return pd.crosstab(has, table["icans"] >= 3).reindex([False, True], fill_value=0)


@pytest.fixture(scope="module")
def by_protocol() -> Simulated:
    return simulate(2_000, seed=7, informative_ordering=False)


@pytest.mark.parametrize("modality", ["csf", "eeg"])
def test_without_informative_ordering_presence_is_independent_of_the_outcome(
    by_protocol: Simulated, modality: str
) -> None:
    assert fisher_exact(presence(by_protocol.cohort, modality)).pvalue > 0.01


@pytest.mark.parametrize("modality", RESTRICTED)
def test_with_informative_ordering_presence_tells_the_outcome(
    lbcl: Simulated, modality: str
) -> None:
    counts = presence(lbcl.cohort, modality).to_numpy()
    odds = (counts[1, 1] + 0.5) * (counts[0, 0] + 0.5) / (counts[1, 0] + 0.5) / (counts[0, 1] + 0.5)
    assert odds > 3


@pytest.mark.parametrize("modality", RESTRICTED)
def test_without_informative_ordering_nothing_is_ordered_for_cause(
    by_protocol: Simulated, modality: str
) -> None:
    events = by_protocol.cohort.events
    events = events[events["modality"] == modality]
    assert set(events["ordered_as"]) <= {"protocol"}


def test_ordering_changes_no_latent_course(lbcl: Simulated, by_protocol: Simulated) -> None:
    pd.testing.assert_frame_equal(lbcl.truth.risks, by_protocol.truth.risks)
    pd.testing.assert_frame_equal(lbcl.truth.onsets, by_protocol.truth.onsets)
    pd.testing.assert_frame_equal(lbcl.cohort.grades, by_protocol.cohort.grades)


def test_a_protocol_draw_reads_the_same_whatever_else_is_ordered(
    lbcl: Simulated, by_protocol: Simulated
) -> None:
    keys = ["episode_id", "collected_h"]
    with_orders, without = (select(s.cohort, "plasma.crp") for s in (lbcl, by_protocol))
    both = with_orders[with_orders["ordered_as"] == "protocol"].merge(without, on=keys)
    assert len(both) == len(without)
    assert (both["value_x"] == both["value_y"]).all()


def test_extra_draws_follow_illness(lbcl: Simulated) -> None:
    crp = select(lbcl.cohort, "plasma.crp")
    extra = crp[(crp["ordered_as"] == "clinical") & (crp["collected_h"] < 24 * 14)]
    table = summarise(lbcl.cohort)
    well = table[(table["crs"] <= 1) & (table["icans"] == 0)]
    share = extra["episode_id"].isin(well["episode_id"]).mean()
    assert len(extra) > 500
    # Who was never recorded ill may have been so on a day that nobody recorded.
    assert share < 0.03


def test_both_clocks_and_the_reason_are_filled(mixed: Simulated) -> None:
    events = mixed.cohort.events
    assert (events["available_h"] >= events["collected_h"]).all()
    assert events[["collected_h", "available_h", "value"]].notna().all().all()
    assert set(events["ordered_as"]) == {"protocol", "prophylaxis", "clinical", "unknown"}


def test_nothing_is_observed_after_the_end_of_observation(mixed: Simulated) -> None:
    end = mixed.cohort.episodes.set_index("episode_id")["followed_until_h"]
    for table, column in (
        (mixed.cohort.events, "collected_h"),
        (mixed.cohort.grades, "assessed_h"),
    ):
        assert (table[column] <= table["episode_id"].map(end) + 0.01).all()


def test_values_are_possible_and_limits_are_kept(mixed: Simulated) -> None:
    events = mixed.cohort.events
    name = events["modality"].astype(str) + "." + events["analyte"].astype(str)
    known = load_catalogue()
    assert set(name.unique()) <= set(known)
    for analyte, part in events.groupby(name):
        entry = known[str(analyte)]
        assert part["value"].between(*entry.hard_limits).all()
        assert (part.loc[part["censored"] == "<", "value"] == entry.lloq).all()
        assert (part.loc[part["censored"] == ">", "value"] == entry.uloq).all()
    assert {"<", ">"} <= set(events["censored"])


def test_fast_assays_are_fast_and_slow_ones_slow(lbcl: Simulated) -> None:
    def hours(analyte: str) -> float:
        events = select(lbcl.cohort, analyte)
        return float((events["available_h"] - events["collected_h"]).median())

    assert 1 < hours("plasma.crp") < 8
    assert 24 < hours("plasma.ifn_gamma") < 24 * 7
    assert hours("plasma.gfap") > 24 * 7


def test_sites_differ_in_habits_and_turnaround(lbcl: Simulated) -> None:
    site = lbcl.cohort.episodes.set_index("episode_id")["site"]
    assert site.nunique() == len(load().sites)
    crp = select(lbcl.cohort, "plasma.crp")
    took = (crp["available_h"] - crp["collected_h"]).groupby(crp["episode_id"].map(site)).median()
    assert took.max() > 1.5 * took.min()
    fluid = select(lbcl.cohort, "csf.protein")
    fluid = fluid[fluid["ordered_as"] == "protocol"]
    assert set(fluid["episode_id"].map(site)) == {s.name for s in load().sites if s.csf_days}


def test_steroids_and_tocilizumab_follow_toxicity(mixed: Simulated) -> None:
    table = summarise(mixed.cohort)
    well = table[(table["icans"] == 0) & (table["crs"] == 0)]
    assert well["either"].mean() < 0.01
    assert table[table["icans"] >= 3]["steroid"].mean() > 0.6


def test_prophylaxis_is_told_apart_from_treatment(mixed: Simulated) -> None:
    given = mixed.cohort.episodes.set_index("episode_id")["prophylaxis"]
    steroid = select(mixed.cohort, "treatment.corticosteroid")
    planned = steroid[steroid["ordered_as"] == "prophylaxis"]
    assert set(planned["episode_id"].map(given)) == {"corticosteroid"}
    assert planned["collected_h"].between(0, 72).all()


def test_ice_and_grades_agree(mixed: Simulated) -> None:
    grades = mixed.cohort.grades
    by_ice = grades[grades["deciding_domain"] == "ice"]
    low = by_ice["ice_total"].groupby(by_ice["icans_grade"]).agg(["min", "max"])
    assert low.loc[1].tolist() == [7, 9]
    assert low.loc[2].tolist() == [3, 6]
    assert low.loc[3, "max"] <= 2
    children = mixed.cohort.episodes.query("age_years < 12")["episode_id"]
    young = grades[grades["episode_id"].isin(children)]
    assert young["ice_total"].isna().all()
    assert young["capd_total"].notna().all()


def test_crs_grades_are_events_as_well(lbcl: Simulated) -> None:
    events = select(lbcl.cohort, "clinical.crs_grade")
    grades = lbcl.cohort.grades
    assert len(events) == len(grades)
    assert (events["available_h"] >= 24).all()
    merged = grades.merge(
        events, left_on=["episode_id", "assessed_h"], right_on=["episode_id", "collected_h"]
    )
    assert (merged["crs_grade"] == merged["value"]).all()


def test_recorded_days_are_dated_at_their_end(lbcl: Simulated) -> None:
    grades = lbcl.cohort.grades
    assert np.allclose(grades["assessed_h"] - grades["covers_from_h"], 24)
    assert (grades["available_h"] == grades["assessed_h"]).all()
    vitals = select(lbcl.cohort, "clinical.temperature")
    assert (vitals["collected_h"] % 24 == 0).all()


def test_death_of_icans_follows_its_onset(mixed: Simulated) -> None:
    dead = mixed.cohort.episodes.query("death_cause == 'icans'").merge(
        mixed.truth.onsets, on="episode_id"
    )
    assert len(dead) > 5
    assert (dead["died_h_x"] >= dead["onset_h"]).all()
    assert (dead["followed_until_h"] - dead["died_h_x"]).abs().max() < 0.02


def test_tumours_of_the_nervous_system_have_infusions_routes_and_tian(cns: Simulated) -> None:
    episodes = cns.cohort.episodes
    assert episodes.groupby("patient_id")["infusion_number"].max().between(1, 3).all()
    assert (episodes["infusion_number"] >= 2).any()
    assert set(episodes["delivery_route"]) == {
        "intravenous", "intracerebroventricular", "intratumoral",
    }  # fmt: skip
    assert set(episodes["target_antigen"]) == {"GD2", "HER2", "B7-H3", "IL-13Ra2", "EGFRvIII"}
    assert episodes["cns_tumour"].all()
    same = episodes.groupby("patient_id")[["age_years", "sex", "site"]].nunique()
    assert (same == 1).all().all()
    assert cns.cohort.grades["tian_grade"].max() >= 2
    assert cns.cohort.grades[["icans_grade", "tian_grade"]].notna().all().all()


def test_reservoirs_are_sampled_serially_by_protocol(cns: Simulated) -> None:
    fluid = select(cns.cohort, "csf.il6")
    serial = fluid[fluid["ordered_as"] == "protocol"].groupby("episode_id").size()
    assert serial.median() == 7


def test_ventricular_infusion_causes_no_icans_and_vein_does() -> None:
    table = summarise(simulate(600, seed=5, product_mix="cns").cohort)
    by_route = (table["icans"] >= 1).groupby(table["delivery_route"]).mean()
    assert by_route["intravenous"] > 0.2
    assert by_route["intracerebroventricular"] < 0.03

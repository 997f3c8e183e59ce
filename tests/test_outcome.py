"""Who is at risk at a landmark, and who reached the endpoint."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from icans_risk.cohort import EVENTS, GRADES, Cohort
from icans_risk.errors import CohortError, GradingError
from icans_risk.outcome import Endpoint, Policy, count_flow, derive_outcomes, flow_table

NONE = float("nan")
SEVERE = Endpoint("icans_grade", 3)


def cohort(
    daily: Sequence[Sequence[float]], *, scale: str = "ASTCT", **episode_columns: Sequence[object]
) -> Cohort:
    """One episode per list of daily ICANS grades, from day 0."""
    rows = [
        {
            "episode_id": f"e{i}", "covers_from_h": 24.0 * day, "assessed_h": 24.0 * (day + 1),
            "available_h": 24.0 * (day + 1), "scale": scale, "icans_grade": grade,
        }
        for i, course in enumerate(daily)
        for day, grade in enumerate(course)
        if not np.isnan(grade)
    ]  # fmt: skip
    followed = [24.0 * (np.flatnonzero(~np.isnan(course)).max() + 1) for course in daily]
    names = [f"e{i}" for i in range(len(daily))]
    episodes = {"episode_id": names, "patient_id": names, "followed_until_h": followed}
    return Cohort(
        episodes=pd.DataFrame(episodes | episode_columns),
        events=pd.DataFrame(columns=list(EVENTS)),
        grades=pd.DataFrame(rows).reindex(columns=list(GRADES)),
    )


def outcomes(
    subjects: Cohort,
    *,
    landmark_h: float = 72.0,
    until_h: float = 168.0,
    policy: Policy = "discharged_well",
    endpoint: Endpoint = SEVERE,
) -> pd.DataFrame:
    return derive_outcomes(
        subjects,
        (landmark_h,),
        endpoint=endpoint,
        scale="ASTCT",
        horizon_h=lambda _: until_h,
        policy=policy,
    ).set_index("episode_id")


def test_a_grade_after_the_landmark_is_an_event_dated_at_its_earliest_moment() -> None:
    found = outcomes(cohort([[0, 0, 0, 1, 3, 0, 0]])).loc["e0"]
    assert (found["at_risk"], found["event"], found["onset_h"]) == (True, 1.0, 96.0)


def test_a_grade_of_the_day_that_ends_at_the_landmark_excludes() -> None:
    found = outcomes(cohort([[0, 0, 3, 0, 0, 0, 0]])).loc["e0"]
    assert not found["at_risk"]
    assert found["excluded_because"] == "endpoint_before_landmark"
    assert np.isnan(found["event"])


def test_a_day_that_straddles_the_landmark_excludes_because_it_may_have_been_before() -> None:
    subjects = cohort([[0, 0, 3, 0, 0, 0, 0]])
    assert not outcomes(subjects, landmark_h=60.0).loc["e0", "at_risk"]
    assert outcomes(subjects, landmark_h=48.0).loc["e0", "event"] == 1.0


def test_a_missing_grade_is_not_grade_zero() -> None:
    subjects = cohort([[0, 0, 0, 0, NONE, NONE, NONE]])
    assert np.isnan(outcomes(subjects).loc["e0", "event"])
    assert outcomes(subjects).loc["e0", "weight"] == 0.0


def test_who_was_discharged_well_is_free_of_the_endpoint_by_that_policy_only() -> None:
    subjects = cohort([[0, 0, 0, 0, NONE, NONE, NONE], [0] * 7], discharged_h=[96.0, NONE])
    assert outcomes(subjects).loc["e0", "event"] == 0.0
    assert np.isnan(outcomes(subjects, policy="observed_only").loc["e0", "event"])
    assert np.isnan(outcomes(subjects, policy="complete_case").loc["e0", "event"])


def test_an_event_after_the_horizon_is_none() -> None:
    assert outcomes(cohort([[0] * 7 + [4]])).loc["e0", "event"] == 0.0


def test_who_left_before_the_landmark_is_not_at_risk() -> None:
    found = outcomes(cohort([[0, 0, NONE]])).loc["e0"]
    assert found["excluded_because"] == "not_under_observation"


def test_death_of_icans_is_an_event_and_other_death_competes() -> None:
    subjects = cohort(
        [[0, 0, 0, 1, 1], [0, 0, 0, 1, 1], [0, 0]],
        died_h=[110.0, 110.0, 40.0],
        death_cause=["icans", "other", "other"],
    )
    found = outcomes(subjects)
    assert found["event"].tolist()[:2] == [1.0, 0.0]
    assert found["competing"].tolist() == [False, True, False]
    assert found.loc["e1", "weight"] == 1.0, "a competing death stays in the denominator"
    assert found.loc["e2", "excluded_because"] == "died_before_landmark"


def test_weights_stand_for_those_who_are_no_longer_observed() -> None:
    # Four at risk; one leaves at 96 h without an event. Of the three seen after it, each
    # stands for 4/3 patients; the event before it stands for itself.
    subjects = cohort([[0, 0, 0, 3, 0, 0, 0], [0, 0, 0, 0], [0] * 7, [0] * 5 + [3, 0]])
    weights = outcomes(subjects, policy="observed_only")["weight"]
    assert weights.tolist() == pytest.approx([1.0, 0.0, 1.5, 1.5])
    assert weights.sum() == pytest.approx(4.0)


def test_without_losses_the_weights_are_one() -> None:
    assert outcomes(cohort([[0] * 7, [0] * 7]), policy="observed_only")["weight"].eq(1.0).all()


def test_another_scale_is_refused_with_its_count() -> None:
    with pytest.raises(CohortError, match="defined on ASTCT, 7 grades are on CTCAE"):
        outcomes(cohort([[0] * 7], scale="CTCAE"))


def test_the_flow_accounts_for_every_episode() -> None:
    subjects = cohort([[0, 3, 0], [0, 0], [0] * 7, [0, 0, 0, 3], [0, 0, 0, 0]])
    flow = count_flow(outcomes(subjects).reset_index())
    assert flow == {
        "episodes": 5,
        "excluded_endpoint_before_landmark": 1,
        "excluded_not_under_observation": 1,
        "at_risk": 3,
        "events": 1,
        "events_after_onset": 0,
        "competing_deaths": 0,
        "free_of_endpoint": 1,
        "outcome_unknown": 1,
    }


def test_several_endpoints_and_landmarks_are_counted_beside_each_other() -> None:
    subjects = cohort([[0, 1, 0, 2, 3, 0, 0], [0, 0, 0, 2, 0, 0, 0], [0] * 7])
    tables = [
        derive_outcomes(
            subjects, (48.0, 96.0), endpoint=Endpoint("icans_grade", cut), scale="ASTCT",
            horizon_h=lambda _: 168.0, policy="discharged_well",
        )
        for cut in (2, 3)
    ]  # fmt: skip
    flow = flow_table(pd.concat(tables)).set_index(["endpoint", "landmark_h"])
    assert flow["events"].to_dict() == {
        ("icans_grade>=2", 48.0): 2,
        ("icans_grade>=2", 96.0): 0,
        ("icans_grade>=3", 48.0): 1,
        ("icans_grade>=3", 96.0): 1,
    }
    assert flow.loc[("icans_grade>=2", 96.0), "excluded_endpoint_before_landmark"] == 2
    assert flow.loc[("icans_grade>=3", 48.0), "events_after_onset"] == 1
    assert flow.loc[("icans_grade>=3", 48.0), "median_lead_h"] == 48.0
    assert flow.loc[("icans_grade>=3", 48.0), "incidence"] == pytest.approx(1 / 3)


def test_an_episode_is_an_infusion_and_a_patient_may_have_several() -> None:
    daily = [[0, 3, 0, 0], [0, 0, 0, 0], [0, 0, 0, 3]]
    subjects = cohort(daily, patient_id=["p1", "p1", "p2"], infusion_number=[1, 2, 1])
    found = outcomes(subjects, landmark_h=48.0, until_h=96.0)
    assert found["at_risk"].tolist() == [False, True, True]
    assert found["event"].tolist()[1:] == [0.0, 1.0]


def test_tian_is_an_endpoint_of_its_own_and_blind_to_icans() -> None:
    subjects = cohort([[0, 0, 4, 0, 0]])
    grades = subjects.grades.assign(tian_grade=[0, 0, 0, 3, 0])
    subjects = Cohort(subjects.episodes, subjects.events, grades)
    found = outcomes(subjects, until_h=120.0, endpoint=Endpoint("tian_grade", 3)).loc["e0"]
    assert (found["at_risk"], found["event"], found["onset_h"]) == (True, 1.0, 72.0)
    # Severe ICANS before the landmark is no TIAN.
    assert not found["had_syndrome"]


def test_any_tian_by_the_landmark_has_begun_and_icans_beside_it_does_not_count() -> None:
    subjects = cohort([[0, 0, 1, 0, 0], [0, 0, 0, 0, 0]])
    tian = [0, 0, 0, 3, 0, 0, 1, 0, 0, 3]
    subjects = Cohort(subjects.episodes, subjects.events, subjects.grades.assign(tian_grade=tian))
    found = outcomes(subjects, until_h=120.0, endpoint=Endpoint("tian_grade", 3))
    assert found["had_syndrome"].tolist() == [False, True]
    assert count_flow(found)["events_after_onset"] == 1
    assert outcomes(subjects, until_h=120.0)["had_syndrome"].tolist() == [True, False]


def test_death_of_tian_is_an_event_of_tian_and_competes_with_icans() -> None:
    subjects = cohort([[0, 0, 0, 1, 1], [0, 0, 0, 1, 1]], died_h=[100.0, 100.0],
                      death_cause=["tian", "icans"])  # fmt: skip
    tian = outcomes(subjects, until_h=120.0, endpoint=Endpoint("tian_grade", 3))
    icans = outcomes(subjects, until_h=120.0)
    assert tian["event"].tolist() == [1.0, 0.0]
    assert tian["competing"].tolist() == [False, True]
    assert icans["event"].tolist() == [0.0, 1.0]
    assert icans["competing"].tolist() == [True, False]


def test_scales_that_are_mixed_are_refused_with_their_counts() -> None:
    subjects = cohort([[0, 1, 0], [0, 2, 0]])
    scales = ["ASTCT"] * 3 + ["CTCAE"] * 3
    mixed = Cohort(subjects.episodes, subjects.events, subjects.grades.assign(scale=scales))
    with pytest.raises(GradingError, match=r"'ASTCT': 3, 'CTCAE': 3"):
        outcomes(mixed)


def simulated_with_death(n: int, seed: int) -> tuple[Cohort, pd.DataFrame]:
    """Constant hazards of the endpoint, of other death, and of leaving observation."""
    generator = np.random.default_rng(seed)
    hazard = {"endpoint": 0.004, "death": 0.006, "leaving": 0.003}
    times = pd.DataFrame({name: generator.exponential(1 / h, n) for name, h in hazard.items()})
    names = [f"e{i}" for i in range(n)]
    end = times.min(axis=1)
    reached = times["endpoint"] == end
    died = times["death"] == end
    episodes = pd.DataFrame(
        {
            "episode_id": names,
            "patient_id": names,
            "followed_until_h": end,
            "died_h": times["death"].where(died),
            "death_cause": pd.Series("other", index=times.index).where(died),
        }
    )
    at = times["endpoint"][reached]
    grades = pd.DataFrame(
        {"episode_id": np.array(names)[reached], "covers_from_h": at, "assessed_h": at,
         "available_h": at, "scale": "ASTCT", "icans_grade": 3}
    ).reindex(columns=list(GRADES))  # fmt: skip
    return Cohort(episodes, pd.DataFrame(columns=list(EVENTS)), grades), times


def test_the_cumulative_incidence_is_recovered_where_death_competes() -> None:
    subjects, _ = simulated_with_death(20_000, seed=8)
    landmark_h, until_h = 24.0, 168.0
    found = outcomes(subjects, landmark_h=landmark_h, until_h=until_h, policy="observed_only")
    estimate = flow_table(found.reset_index()).loc[0, "incidence"]
    # Two constant hazards: the endpoint's share of what happens, times that anything does.
    total = 0.004 + 0.006
    truth = 0.004 / total * (1 - np.exp(-total * (until_h - landmark_h)))
    assert estimate == pytest.approx(truth, abs=0.012)
    assert found["weight"].sum() == pytest.approx(found["at_risk"].sum(), rel=1e-6)


def test_the_wrong_way_with_death_censored_is_wrong() -> None:
    subjects, _ = simulated_with_death(20_000, seed=8)
    # Taking the dead for lost: their deaths become ends of observation like any other.
    censored = subjects.episodes.drop(columns=["died_h", "death_cause"])
    wrong = outcomes(
        Cohort(censored, subjects.events, subjects.grades),
        landmark_h=24.0,
        until_h=168.0,
        policy="observed_only",
    )
    estimate = flow_table(wrong.reset_index()).loc[0, "incidence"]
    truth = 0.4 * (1 - np.exp(-0.01 * 144))
    assert estimate == pytest.approx(1 - np.exp(-0.004 * 144), abs=0.015), "that of no death at all"
    assert estimate - truth > 0.1

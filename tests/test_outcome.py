"""Who is at risk at a landmark, and who reached the endpoint."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from icans_risk.cohort import EVENTS, GRADES, Cohort
from icans_risk.errors import CohortError
from icans_risk.outcome import Policy, count_flow, derive_outcomes

NONE = float("nan")


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
) -> pd.DataFrame:
    return derive_outcomes(
        subjects,
        (landmark_h,),
        icans_grade_at_least=3,
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
    with pytest.raises(CohortError, match=r"\{'CTCAE': 7\}"):
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
        "competing_deaths": 0,
        "free_of_endpoint": 1,
        "outcome_unknown": 1,
    }

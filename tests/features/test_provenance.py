import numpy as np
import pandas as pd
import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from features.cohorts import CRS, event, make_cohort
from features.worlds import (
    CATALOGUE,
    CHANGES,
    DERIVING,
    MEASURED,
    SCORES,
    are_refused,
    cases,
    cohort_of,
)
from icans_risk.cohort import EVENTS, INPUTS
from icans_risk.errors import LeakageError, StudyError
from icans_risk.features import (
    Change,
    FeatureSpecification,
    Measurement,
    ScoreChoice,
    Window,
    build_features,
    build_with_inputs,
    used_events,
)
from icans_risk.features.provenance import events_behind

CRP = "plasma.crp"
BASELINE = Window("baseline", "infusion", None, 0)
EARLY = Window("early", "infusion", 0, 48)
AROUND_CRS = Window("around_crs", "crs_onset", -12, 12)
SPECIFICATION = FeatureSpecification(
    (BASELINE, EARLY, AROUND_CRS),
    (
        Measurement(CRP, ("early",), ("last", "first", "max", "min", "mean", "sd")),
        Measurement(CRP, ("around_crs",), ("max",)),
        Measurement(CRS, ("around_crs",), ("last",)),
    ),
    static=("age_years",),
    changes=(
        Change(CRP, ("baseline", "early"), ("difference",)),
        Change(CRP, ("baseline", "early"), ("ratio",), of="mean"),
    ),
    scores=(ScoreChoice("s_easix", ("early",)), ScoreChoice("gust_36h")),
)
ROWS = [
    event(CRP, -24, 5.0),
    event(CRP, 6, 30.0),
    event(CRP, 20, 90.0, available_h=22),
    event(CRP, 22, 90.0),
    event(CRP, 23, 999.0, available_h=30),
    event(CRS, 4, 0.0),
    event(CRS, 10, 2.0),
    event(CRS, 12, 1.0),
    event("plasma.ldh", 8, 400.0),
    event("plasma.platelets", 8, 80.0),
    event(CRP, 6, 500.0, episode_id="q"),
]
ONSET_WORDS = "later than 12 h before the onset of CRS, up to 12 h after the onset of CRS"


def behind(column, *, rows=ROWS, landmark=24.0, episode_id="p", specification=SPECIFICATION):
    return events_behind(
        make_cohort(rows), specification, episode_id=episode_id, landmark_h=landmark, column=column
    )


def hours(table, **wanted):
    """Hours of collection of the rows that are so."""
    for name, value in wanted.items():
        table = table[table[name] == value]
    return table["collected_h"].tolist()


@pytest.mark.parametrize(
    ("statistic", "decisive"),
    [("last", [22]), ("first", [6]), ("max", [20, 22]), ("min", [6]), ("mean", []), ("sd", [])],
)
def test_every_value_that_counted_is_listed_and_the_one_that_gives_the_number_is_marked(
    statistic, decisive
):
    table = behind(f"{CRP}.{statistic}.early")

    assert hours(table) == [6, 20, 22]
    assert hours(table, decisive=True) == decisive
    assert set(table["role"]) == {"value"}
    assert set(table["window"]) == {"later than infusion, up to 48 h after infusion"}
    assert set(table["episode_id"]) == {"p"}
    assert set(table["landmark_h"]) == {24.0}


def test_a_change_has_a_part_before_and_a_part_after():
    table = behind(f"{CRP}.difference.baseline-to-early")

    assert hours(table, role="before", decisive=True) == [-24]
    assert hours(table, role="after") == [6, 20, 22]
    assert hours(table, role="after", decisive=True) == [22]
    assert hours(behind(f"{CRP}.ratio_of_mean.baseline-to-early"), decisive=True) == []


def test_a_score_has_its_inputs():
    table = behind("score.s_easix.early")

    assert table[["analyte", "role"]].to_numpy().tolist() == [
        ["ldh", "input"],
        ["platelets", "input"],
    ]
    assert table["decisive"].all()


def test_the_grades_in_which_the_onset_was_looked_for_are_its_anchor():
    table = behind(f"{CRP}.max.around_crs")

    assert hours(table, role="anchor") == [4, 10, 12]
    assert hours(table, role="anchor", decisive=True) == [10]
    assert hours(table, role="value", decisive=True) == [20, 22]
    assert set(table["window"][table["role"] == "value"]) == {ONSET_WORDS}
    assert set(table["window"][table["role"] == "anchor"]) == {"any time up to the landmark"}


def test_a_grade_may_be_value_and_anchor_at_once():
    table = behind(f"{CRS}.last.around_crs")

    assert hours(table, role="value") == [4, 10, 12]
    assert hours(table, role="value", decisive=True) == [12]
    assert hours(table, role="anchor") == [4, 10, 12]


@pytest.mark.parametrize(
    ("column", "landmark"),
    [
        ("static.age_years", 24.0),
        (f"{CRP}.max.early", 0.0),
        (f"{CRP}.max.around_crs", 8.0),
        (f"{CRP}.difference.baseline-to-early", 1.0),
        ("score.gust_36h.first_36_h", 24.0),
    ],
)
def test_no_event_made_a_static_column_or_a_missing_cell(column, landmark):
    table = behind(column, landmark=landmark)

    assert table.empty
    assert list(table.columns) == [*INPUTS, "window", "role", "decisive"]
    assert table.dtypes.equals(behind(f"{CRP}.max.early").dtypes)


def test_an_unknown_column_is_refused_with_the_nearest_name():
    with pytest.raises(StudyError, match=r"'plasma\.crp\.maxi\.early'.*'plasma\.crp\.max\.early'"):
        behind(f"{CRP}.maxi.early")


def test_an_unknown_episode_is_refused_without_its_name():
    with pytest.raises(StudyError, match="one of the 3 episodes") as error:
        behind(f"{CRP}.max.early", episode_id="Jane Doe")
    assert "Jane" not in str(error.value)


def test_a_specification_that_shows_the_outcome_is_refused():
    drug = "treatment.tocilizumab"
    specification = FeatureSpecification((EARLY,), (Measurement(drug, ("early",), ("last",)),))
    with pytest.raises(LeakageError, match="response to the outcome"):
        behind(f"{drug}.last.early", specification=specification)


# What a row of the list shares with the event that it is.
_NAMES = [name for name in INPUTS if name in EVENTS]


def _keys(rows):
    return set(rows[_NAMES].itertuples(index=False, name=None))


def _behind(case, column, landmark):
    return events_behind(
        case.cohort(case.events),
        case.world.specification,
        episode_id="p",
        landmark_h=landmark,
        column=column,
        catalogue=CATALOGUE,
    )


def _is_listed(events, listed):
    return np.array([key in listed for key in events[_NAMES].itertuples(index=False, name=None)])


@pytest.mark.parametrize("world", [*MEASURED, DERIVING[0]], ids=lambda world: world.name)
def test_the_listed_events_make_the_cell_and_no_other_event_bears_on_it(world):
    @seed(1)
    @settings(deadline=None, max_examples=12, database=None)
    @given(case=cases(world), which=st.integers(0, 10**6))
    def check(case, which):
        specification = world.specification
        cohort, landmark = case.cohort(case.events), max(case.landmarks)

        def vector(events):
            made = cohort_of(events, episodes=case.episodes)
            vectors = build_features(made, specification, [landmark], catalogue=CATALOGUE)
            return vectors.loc[("p", landmark)]

        vector_of_all = vector(cohort.events)
        filled = vector_of_all.index[vector_of_all.notna()].difference(["static.age_years"])
        if filled.empty:
            return
        column = filled[which % len(filled)]
        table = _behind(case, column, landmark)
        is_listed = _is_listed(cohort.events, _keys(table))
        alone = vector(cohort.events[is_listed])[column]
        assert alone.tobytes() == vector_of_all[column].tobytes()
        # What is refused may withdraw a result, and is no part of the cell.
        may_go = ~is_listed & ~are_refused(cohort.events, specification.presence)
        for row in np.flatnonzero(may_go)[:3]:
            without = vector(cohort.events.drop(index=row))[column]
            assert without.tobytes() == vector_of_all[column].tobytes()

    check()


@pytest.mark.parametrize("world", [CHANGES, SCORES], ids=lambda world: world.name)
def test_all_cells_together_list_no_more_than_the_vector_used(world):
    @seed(2)
    @settings(deadline=None, max_examples=2, database=None)
    @given(case=cases(world))
    def check(case):
        cohort, landmark = case.cohort(case.events), max(case.landmarks)
        used = used_events(cohort, world.specification, [landmark], catalogue=CATALOGUE)
        for column in world.specification.columns:
            table = _behind(case, column, landmark)
            assert _keys(table) <= _keys(used[used["episode_id"] == "p"])

    check()


@pytest.mark.parametrize("world", [*MEASURED, *DERIVING, CHANGES], ids=lambda world: world.name)
def test_both_at_once_are_what_each_is_alone(world):
    @seed(3)
    @settings(deadline=None, max_examples=4, database=None)
    @given(case=cases(world))
    def check(case):
        cohort, asked = case.cohort(case.events), (world.specification, sorted(case.landmarks))
        vectors, inputs = build_with_inputs(cohort, *asked, catalogue=CATALOGUE)
        pd.testing.assert_frame_equal(
            vectors, build_features(cohort, *asked, catalogue=CATALOGUE), check_exact=True
        )
        pd.testing.assert_frame_equal(inputs, used_events(cohort, *asked, catalogue=CATALOGUE))

    check()

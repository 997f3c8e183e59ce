import inspect

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.cohorts import (
    CATALOGUE,
    CRS,
    FAST,
    INFORMATIVE,
    LANDMARKS,
    PROTEIN,
    QUIET,
    SPECIFICATION,
    WINDOWS,
    event,
    event_lists,
    events,
    make_cohort,
)
from features.comparison import assert_identical
from icans_risk.cohort import GRADES, Cohort
from icans_risk.errors import LeakageError, StudyError
from icans_risk.features import (
    Change,
    FeatureSpecification,
    Measurement,
    Window,
    build_features,
    check_admissible,
    unseen_levels,
    used_events,
)

NOW = 24.0


def vectors_of(rows, landmarks=(NOW,), specification=SPECIFICATION):
    return build_features(make_cohort(rows), specification, landmarks, catalogue=CATALOGUE)


@FAST
@given(rows=event_lists(), later=st.lists(events(), max_size=10))
def test_events_of_the_future_change_nothing(rows, later):
    future = [
        row | {"available_h": max(row["available_h"], NOW + 1e-9, row["collected_h"])}
        for row in later
    ]

    for specification in (SPECIFICATION, INFORMATIVE):
        found = vectors_of(rows + future, specification=specification)
        assert_identical(found, vectors_of(rows, specification=specification))


@FAST
@given(rows=event_lists(), chosen=st.integers(0, 100))
def test_a_result_that_comes_late_is_as_good_as_deleted(rows, chosen):
    rows = rows or [event(CRS, 6, 1.0)]
    chosen %= len(rows)
    deleted = rows[:chosen] + rows[chosen + 1 :]
    late = [*deleted, rows[chosen] | {"available_h": 1000.0}]

    for specification in (SPECIFICATION, INFORMATIVE):
        found = vectors_of(late, specification=specification)
        assert_identical(found, vectors_of(deleted, specification=specification))


@FAST
@given(rows=event_lists())
def test_a_cohort_cut_at_the_landmark_gives_the_same_vectors(rows):
    cut = [row for row in rows if row["available_h"] <= NOW]

    assert_identical(vectors_of(rows), vectors_of(cut))


@pytest.mark.parametrize("function", [build_features, used_events, unseen_levels])
def test_no_argument_carries_an_outcome(function):
    allowed = {"cohort", "specification", "landmarks", "catalogue"}

    assert set(inspect.signature(function).parameters) <= allowed


def test_other_grades_change_nothing():
    rows = [event(CRS, 6, 1.0), event(PROTEIN, -24, 40.0)]
    episodes = make_cohort(rows).episodes
    grades = pd.DataFrame(
        [["q", 0.0, 24.0, 24.0, "ASTCT", 4.0, 1.0, None, 0.0, None, "ice"]], columns=list(GRADES)
    )
    without, with_grades = make_cohort(rows), make_cohort(rows, grades=grades)
    permuted = make_cohort(rows, grades=grades.assign(episode_id="p", assessed_h=2.0))

    died = Cohort(episodes.assign(died_h=30.0, death_cause="icans"), without.events, grades)

    expected = vectors_of(rows)

    for cohort in (without, with_grades, permuted, died):
        found = build_features(cohort, SPECIFICATION, [NOW], catalogue=CATALOGUE)
        assert_identical(found, expected)


@FAST
@given(rows=event_lists())
def test_other_patients_change_nothing(rows):
    cohort = make_cohort(rows)
    alone = Cohort(
        cohort.episodes[cohort.episodes["episode_id"] == "q"],
        cohort.events[cohort.events["episode_id"] == "q"],
        cohort.grades,
    )

    found = build_features(alone, SPECIFICATION, LANDMARKS, catalogue=CATALOGUE)

    assert_identical(found, vectors_of(rows, LANDMARKS).loc[["q"]])


@FAST
@given(rows=event_lists(), random=st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(rows, random):
    shuffled = random.sample(rows, len(rows))
    cohort = make_cohort(shuffled)
    reversed_cohort = Cohort(cohort.episodes.iloc[::-1], cohort.events, cohort.grades)

    assert_identical(vectors_of(shuffled, LANDMARKS), vectors_of(rows, LANDMARKS))
    found = build_features(reversed_cohort, SPECIFICATION, LANDMARKS, catalogue=CATALOGUE)
    assert_identical(found.loc[["p", "q", "r"]], vectors_of(rows, LANDMARKS))


@FAST
@given(rows=event_lists(analytes=(CRS,)), shift=st.sampled_from([-240.0, -0.5, 24.0, 1000.0]))
def test_a_window_before_the_landmark_moves_with_time(rows, shift):
    recent = FeatureSpecification(
        (Window("recent", "landmark", -48, -6), Window("around_crs", "crs_onset", -24, 24)),
        (Measurement(CRS, ("recent", "around_crs"), QUIET, threshold=1.0, maximum_age_h=24),),
        changes=(Change(CRS, ("around_crs", "recent"), ("difference", "slope_per_day")),),
    )
    moved = [
        row
        | {
            "collected_h": row["collected_h"] + shift,
            "available_h": row["available_h"] + shift,
        }
        for row in rows
    ]

    found = vectors_of(moved, [NOW + shift], recent)

    np.testing.assert_array_equal(found, vectors_of(rows, [NOW], recent))


@FAST
@given(rows=event_lists(), copies=st.integers(1, 3))
def test_exact_copies_change_nothing(rows, copies):
    assert_identical(vectors_of(rows * (copies + 1), LANDMARKS), vectors_of(rows, LANDMARKS))


@FAST
@given(rows=event_lists(analytes=(CRS,)))
def test_a_later_landmark_only_adds_results(rows):
    fixed = FeatureSpecification(
        tuple(window for window in WINDOWS if window.anchor != "landmark"),
        (Measurement(CRS, ("early", "to_date"), ("last",)),),
    )
    used = used_events(make_cohort(rows), fixed, LANDMARKS, catalogue=CATALOGUE)

    results = [
        set(zip(part["episode_id"], part["collected_h"], strict=True))
        for part in (used[used["landmark_h"] == landmark] for landmark in LANDMARKS)
    ]

    assert results[0] <= results[1] <= results[2]


@pytest.mark.parametrize(("available_h", "expected"), [(24.0, 2.0), (np.nextafter(24, 25), np.nan)])
def test_a_value_known_at_the_landmark_counts_and_one_a_moment_later_does_not(
    available_h, expected
):
    vectors = vectors_of([event(CRS, 6, 2.0, available_h=available_h)])

    np.testing.assert_array_equal(vectors.loc[("p", NOW), f"{CRS}.last.to_date"], expected)


def test_each_landmark_sees_the_version_that_was_known_then():
    rows = [
        event(CRS, 6, 1.0, available_h=20),
        event(CRS, 6, 2.0, available_h=30, version=2.0),
        event(CRS, 6, 3.0, available_h=90, version=3.0),
    ]

    vectors = vectors_of(rows, [10, 24, 72, 100])

    found = vectors.loc["p", f"{CRS}.mean.to_date"]
    np.testing.assert_array_equal(found, [np.nan, 1.0, 2.0, 3.0])


@pytest.mark.parametrize(
    ("collected_h", "ordered_as", "counts"),
    [
        (-1.0, "clinical", True),
        (0.0, "unknown", True),
        (0.5, "protocol", True),
        (0.5, "prophylaxis", True),
        (0.5, "clinical", False),
        (0.5, "unknown", False),
    ],
)
def test_a_lumbar_puncture_counts_only_if_its_existence_says_nothing(
    collected_h, ordered_as, counts
):
    rows = [event(PROTEIN, collected_h, 40.0, ordered_as=ordered_as)]

    value = vectors_of(rows).loc[("p", NOW), f"{PROTEIN}.last.to_date"]

    np.testing.assert_equal(value, 40.0 if counts else np.nan)


def test_a_result_found_to_be_ordered_for_cause_is_withdrawn_with_its_first_version():
    rows = [
        event(PROTEIN, 6, 40.0, available_h=10),
        event(PROTEIN, 6, 41.0, available_h=30, version=2.0, ordered_as="clinical"),
    ]

    found = vectors_of(rows, [24, 72]).loc["p", f"{PROTEIN}.last.to_date"]

    np.testing.assert_array_equal(found, [40.0, np.nan])


def test_inputs_are_listed_with_both_clocks_per_landmark():
    rows = [
        event(PROTEIN, -24, 40.0, available_h=0),
        event(CRS, 6, 1.0, available_h=24),
        event(CRS, 48, 2.0),
        event("plasma.il6", 6, 9.0),
        event(PROTEIN, 6, 80.0, ordered_as="clinical"),
    ]

    used = used_events(make_cohort(rows), SPECIFICATION, [0, 24], catalogue=CATALOGUE)

    assert used.to_dict("split")["data"] == [
        ["p", 0.0, "csf", "protein", -24.0, 0.0, 40.0, False],
        ["p", 24.0, "clinical", "crs_grade", 6.0, 24.0, 1.0, False],
        ["p", 24.0, "csf", "protein", -24.0, 0.0, 40.0, False],
    ]


def specification_of(analyte, **other):
    return FeatureSpecification(
        (Window("to_date", "infusion", None, None),),
        (Measurement(analyte, ("to_date",), ("max",)),),
        **other,
    )


def test_a_component_of_the_outcome_is_always_refused():
    for presence in ("protocol_only", "informative"):
        with pytest.raises(LeakageError, match=r"clinical\.ice"):
            check_admissible(specification_of("clinical.ice", presence=presence), CATALOGUE)


def test_a_drug_given_for_toxicity_needs_informative_presence():
    drug = "treatment.tocilizumab"

    with pytest.raises(LeakageError, match="presence: informative"):
        build_features(make_cohort([]), specification_of(drug), [24], catalogue=CATALOGUE)
    check_admissible(specification_of(drug, presence="informative"), CATALOGUE)


def test_the_packages_own_catalogue_is_the_default():
    check_admissible(specification_of(CRS))
    with pytest.raises(LeakageError, match="response to the outcome"):
        check_admissible(specification_of("treatment.tocilizumab"))


def test_an_unknown_analyte_is_refused_with_the_nearest_names():
    with pytest.raises(StudyError, match=r"'clinical\.crs_grad'.*nearest.*'clinical\.crs_grade'"):
        check_admissible(specification_of("clinical.crs_grad"), CATALOGUE)


@pytest.mark.parametrize(
    "column", ["died_h", "death_cause", "discharged_h", "followed_until_h", "onset_h", "patient_id"]
)
def test_a_static_column_that_tells_the_outcome_or_the_patient_is_refused(column):
    with pytest.raises(LeakageError, match=column):
        check_admissible(specification_of(CRS, static=(column,)), CATALOGUE)


def test_a_body_weight_is_not_taken_for_the_weight_of_an_outcome():
    check_admissible(specification_of(CRS, static=("weight",)), CATALOGUE)

import inspect
from collections import Counter

import numpy as np
import pandas as pd
import pytest

from features.cohorts import CATALOGUE, CRS, PROTEIN, SPECIFICATION, event, make_cohort
from features.comparison import assert_identical
from features.properties import RELATIONS, hold_in_small_cases
from features.worlds import (
    DERIVING,
    LANDMARKS,
    MEASURED,
    MOVING,
    MOVING_DERIVING,
    NO_GRADES,
    ward,
)
from icans_risk.cohort import GRADES, Cohort
from icans_risk.errors import LeakageError, StudyError
from icans_risk.features import (
    Change,
    FeatureSpecification,
    Measurement,
    Window,
    build_features,
    check_admissible,
    computable_share,
    derive_events,
    describe_columns,
    unseen_levels,
    used_events,
)
from icans_risk.features.provenance import events_behind

NOW = 24.0
# Small cases, of up to three patients, in each world; derived measurements cost more.
MEASURED_CASES, DERIVED_CASES = 11, 3


@pytest.fixture(scope="module")
def held():
    """For how many patients each relation held."""
    return Counter()


@pytest.mark.parametrize("relation", RELATIONS, ids=lambda relation: relation.__name__)
def test_a_relation_holds(relation, held):
    measured, derived = RELATIONS[relation]

    for world in measured:
        held[relation] += hold_in_small_cases(relation, world, MEASURED_CASES)
    for world in derived:
        held[relation] += hold_in_small_cases(relation, world, DERIVED_CASES)

    assert held[relation] >= MEASURED_CASES * len(measured) + DERIVED_CASES * len(derived)


def test_more_than_five_hundred_cases_were_generated(held):
    if set(held) != set(RELATIONS):
        pytest.skip("some relations were not asked for")

    assert sum(held.values()) >= 500


def some_case(world):
    return ward(world, np.random.default_rng(1), 300)._replace(landmarks=LANDMARKS[1])


@pytest.mark.parametrize(
    "world", [*MEASURED, MOVING, *DERIVING, *MOVING_DERIVING], ids=lambda world: world.name
)
def test_the_generated_cases_are_sound_and_reach_every_column(world):
    case = some_case(world)
    checked = Cohort(case.episodes, case.events, NO_GRADES)

    pd.testing.assert_frame_equal(checked.events, case.events, check_exact=True)
    assert case.vectors().notna().any().all()


def test_the_generated_cases_have_ties_on_both_sides_of_a_landmark():
    events = some_case(MEASURED[0]).events
    result = ["episode_id", "analyte", "collected_h", "assay"]

    for landmark in (24.0, 72.0):
        assert (events["available_h"] == landmark).any()
        assert events["available_h"].between(landmark, landmark + 1e-6, "neither").any()
    assert events.duplicated(result).any()


def vectors_of(rows, landmarks=(NOW,), specification=SPECIFICATION):
    return build_features(make_cohort(rows), specification, landmarks, catalogue=CATALOGUE)


@pytest.mark.parametrize(
    "function",
    [
        FeatureSpecification.fit,
        build_features,
        check_admissible,
        computable_share,
        derive_events,
        describe_columns,
        events_behind,
        unseen_levels,
        used_events,
    ],
    ids=lambda function: function.__name__,
)
def test_no_argument_carries_an_outcome(function):
    """MT4: what cannot be handed over cannot be looked at."""
    allowed = {
        "self", "cohort", "specification", "landmarks", "catalogue", "events", "episodes", "wanted",
        "vectors", "episode_id", "landmark_h", "column",
    }  # fmt: skip

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


def test_a_component_of_the_outcome_is_refused_whatever_the_presence():
    for presence in ("protocol_only", "informative"):
        with pytest.raises(LeakageError, match=r"clinical\.ice"):
            check_admissible(specification_of("clinical.ice", presence=presence), CATALOGUE)


def read_in(window, **other):
    return FeatureSpecification(
        (window, Window("before", "infusion", None, 0)),
        (Measurement("csf.intracranial_pressure", (window.name,), ("last",)),),
        **other,
    )


def test_a_component_of_the_outcome_may_be_read_before_the_infusion():
    check_admissible(read_in(Window("baseline", "infusion", -240, 0)))


@pytest.mark.parametrize(
    "window",
    [
        Window("early", "infusion", 0, 24),
        Window("to_date", "infusion", None, None),
        Window("recent", "landmark", -24, 0),
        Window("conditioning", "lymphodepletion", None, 0),
    ],
)
def test_a_component_of_the_outcome_is_refused_where_a_window_may_hold_a_later_value(window):
    with pytest.raises(LeakageError, match=r"intracranial_pressure.*end_h: 0"):
        check_admissible(read_in(window))


def test_a_change_of_a_component_of_the_outcome_is_refused_if_either_window_is_later():
    change = Change("csf.intracranial_pressure", ("before", "early"), ("difference",))
    with pytest.raises(LeakageError, match="intracranial_pressure"):
        check_admissible(
            FeatureSpecification(
                (Window("before", "infusion", None, 0), Window("early", "infusion", 0, 24)),
                (),
                changes=(change,),
            )
        )


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

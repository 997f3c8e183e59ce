import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.cohorts import (
    ANALYTES,
    CATALOGUE,
    CENSORED,
    CRS,
    DOSES,
    FAST,
    INCLUDED,
    INFORMATIVE_CENSORED,
    LANDMARKS,
    SPECIFICATION,
    event,
    event_lists,
    events,
    make_cohort,
)
from features.comparison import agrees, assert_identical
from icans_risk import features
from icans_risk.errors import LeakageError, StudyError
from icans_risk.features import (
    FeatureSpecification,
    Measurement,
    Window,
    build_features,
    describe_columns,
    used_events,
)

FEW = settings(FAST, max_examples=25)
CRP, TOCILIZUMAB, STEROID = "plasma.crp", *DOSES
NOW = 72.0
TO_DATE = Window("to_date", "infusion", None, None)
LAST = FeatureSpecification((TO_DATE,), (Measurement(CRP, ("to_date",), ("last",)),))
CUT = dataclasses.replace(LAST, treatment_policy="censor")
EXAMPLE = [event(CRP, 20, 5.0), event(CRP, 30, 7.0), event(CRP, 30.5, 9.0), event(CRP, 60, 1.0)]


def dose(collected_h=30.0, value=1.0, analyte=TOCILIZUMAB, **other):
    return event(analyte, collected_h, value, **{"ordered_as": "clinical"} | other)


def last_crp(rows, specification=CUT, landmark=NOW):
    vectors = build_features(make_cohort(rows), specification, [landmark], catalogue=CATALOGUE)
    return float(vectors.loc[("p", landmark), "plasma.crp.last.to_date"])


def inputs_of(rows, specification, landmark=NOW):
    return used_events(make_cohort(rows), specification, [landmark], catalogue=CATALOGUE)


@pytest.mark.parametrize(
    "specification",
    [SPECIFICATION, CENSORED, INCLUDED],
    ids=["ignore", "censor", "include"],
)
def test_every_policy_is_that_of_the_plain_reference(specification):
    @FEW
    @given(rows=event_lists(analytes=(*ANALYTES, *DOSES)))
    def check(rows):
        assert agrees(features, make_cohort(rows), specification, LANDMARKS)

    check()


@pytest.mark.parametrize(
    ("policy", "expected"), [("ignore", 1.0), ("censor", 7.0), ("include_before_landmark", 1.0)]
)
def test_values_after_a_dose_count_unless_they_are_censored(policy, expected):
    treatments = (TOCILIZUMAB,) if policy == "include_before_landmark" else None
    specification = dataclasses.replace(
        LAST, presence="informative", treatment_policy=policy, treatments=treatments
    )

    assert last_crp([*EXAMPLE, dose()], specification) == expected
    assert last_crp(EXAMPLE, specification) == 1.0


@pytest.mark.parametrize(
    ("collected_h", "counts"),
    [(np.nextafter(30, 0), True), (30.0, True), (np.nextafter(30, 60), False)],
)
def test_a_value_at_the_hour_of_the_dose_counts_and_one_a_moment_later_does_not(
    collected_h, counts
):
    found = last_crp([event(CRP, collected_h, 7.0), dose(30.0)])

    np.testing.assert_equal(found, 7.0 if counts else np.nan)
    (flag,) = inputs_of([event(CRP, collected_h, 7.0), dose(30.0)], LAST)["after_treatment"]
    assert flag is not counts


@pytest.mark.parametrize(("landmark", "expected"), [(59.5, 9.0), (60.0, 7.0), (NOW, 7.0)])
def test_a_dose_counts_from_when_it_was_given_once_it_is_known(landmark, expected):
    assert last_crp([*EXAMPLE, dose(available_h=60.0)], landmark=landmark) == expected


@pytest.mark.parametrize(
    "no_response",
    [
        dose(ordered_as="prophylaxis"),
        dose(ordered_as="protocol"),
        dose(value=0.0),
        dose(collected_h=0.0),
        dose(collected_h=-5.0),
        dose(available_h=73.0),
        dose(episode_id="q"),
        dose(analyte="treatment.levetiracetam"),
        dose(analyte="plasma.tocilizumab"),
    ],
    ids=[
        "prophylaxis", "protocol", "nothing given", "at infusion", "before it", "not yet known",
        "another patient", "a drug that alters nothing", "a level of the drug",
    ],
)  # fmt: skip
def test_what_is_no_response_dose_cuts_nothing_and_is_no_treatment(no_response):
    rows = [*EXAMPLE, no_response]

    assert last_crp(rows) == 1.0
    assert not inputs_of(rows, LAST)["after_treatment"].any()
    given_columns = build_features(make_cohort(rows), INCLUDED, [NOW], catalogue=CATALOGUE)
    assert given_columns.loc["p", f"{TOCILIZUMAB}.given.to_landmark"].tolist() == [0.0]


def test_an_unknown_reason_of_a_dose_is_taken_for_a_response():
    assert last_crp([*EXAMPLE, dose(ordered_as="unknown")]) == 7.0


def test_of_several_doses_the_first_cuts():
    rows = [*EXAMPLE, dose(50.0), dose(20.0, analyte=STEROID), dose(61.0)]

    assert last_crp(rows) == 5.0


@pytest.mark.parametrize(
    ("second", "expected"),
    [({"value": 0.0}, 1.0), ({"ordered_as": "prophylaxis"}, 1.0), ({"value": 2.0}, 7.0)],
)
def test_the_latest_known_version_of_a_dose_stands_for_all(second, expected):
    rows = [*EXAMPLE, dose(), dose(available_h=65.0, version=2.0, **second)]

    assert last_crp(rows, landmark=64.0) == 7.0
    assert last_crp(rows) == expected


@FEW
@given(
    rows=event_lists(analytes=(*ANALYTES, *DOSES)),
    first=st.sampled_from([0.5, 6.0, 23.5, 24.0]),
    later=st.lists(events(analytes=(*ANALYTES, *DOSES)), max_size=10),
)
def test_under_censor_no_value_from_after_the_known_dose_changes_anything(rows, first, later):
    known = [dose(first, episode_id=episode) for episode in "pqr"]
    # A dose of another version may withdraw the known one: that is no later value.
    rows = [r for r in rows if f"{r['modality']}.{r['analyte']}" not in DOSES]
    after = [
        row | {"collected_h": hour, "available_h": max(hour, row["available_h"])}
        for row in later
        for hour in [max(row["collected_h"], np.nextafter(first, 99))]
    ]
    changed = [row | {"value": row["value"] + 3.0 * (row["collected_h"] > first)} for row in rows]

    for specification in (CENSORED, INFORMATIVE_CENSORED):
        expected = vectors_at(rows + known, specification, NOW)
        assert_identical(vectors_at(rows + known + after, specification, NOW), expected)
        assert_identical(vectors_at(changed + known, specification, NOW), expected)
    listed = inputs_of(rows + known, CENSORED)
    assert inputs_of(changed + known + after, CENSORED).equals(listed)


def vectors_at(rows, specification, landmark):
    return build_features(make_cohort(rows), specification, [landmark], catalogue=CATALOGUE)


@FEW
@given(
    rows=event_lists(analytes=(*ANALYTES, *DOSES)),
    later=st.lists(events(analytes=DOSES), max_size=5),
)
def test_a_dose_that_is_known_later_changes_nothing_now(rows, later):
    unknown = [row | {"available_h": max(24.5, row["collected_h"])} for row in later]

    for specification in (CENSORED, INCLUDED):
        expected = vectors_at(rows, specification, 24.0)
        assert_identical(vectors_at(rows + unknown, specification, 24.0), expected)
    listed = inputs_of(rows, SPECIFICATION, 24.0)
    assert inputs_of(rows + unknown, SPECIFICATION, 24.0).equals(listed)


@FEW
@given(rows=event_lists(analytes=(*ANALYTES, *DOSES)), random=st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(rows, random):
    shuffled = random.sample(rows, len(rows))

    for specification in (CENSORED, INCLUDED):
        expected = vectors_at(rows, specification, NOW)
        assert_identical(vectors_at(shuffled, specification, NOW), expected)


def test_crs_that_begins_after_the_dose_is_no_anchor():
    around = Window("around_crs", "crs_onset", -24, 24)
    wanted = Measurement(CRP, ("around_crs",), ("last",))
    specification = FeatureSpecification((around,), (wanted,), treatment_policy="censor")
    rows = [*EXAMPLE, event(CRS, 20, 0.0), event(CRS, 36, 2.0), dose()]

    vectors = vectors_at(rows, specification, NOW)

    assert np.isnan(vectors.loc[("p", NOW)].item())
    assert vectors_at(rows[:-1], specification, NOW).loc[("p", NOW)].item() == 1.0
    assert inputs_of(rows, specification)["collected_h"].tolist() == [20.0, 30.0]


def test_the_dose_that_cut_is_listed_among_the_inputs_and_later_ones_are_not():
    used = inputs_of([*EXAMPLE, dose(), dose(40.0), dose(30.0, analyte=STEROID)], CUT)

    assert used[["analyte", "collected_h", "after_treatment"]].to_numpy().tolist() == [
        ["crp", 20.0, False],
        ["crp", 30.0, False],
        ["tocilizumab", 30.0, False],
        ["steroid", 30.0, False],
    ]


def test_under_ignore_what_was_collected_after_a_dose_is_marked_and_no_dose_is_an_input():
    used = inputs_of([*EXAMPLE, dose()], LAST)

    assert used["after_treatment"].dtype == np.dtype(bool)
    assert used[["analyte", "collected_h", "after_treatment"]].to_numpy().tolist() == [
        ["crp", 20.0, False],
        ["crp", 30.0, False],
        ["crp", 30.5, True],
        ["crp", 60.0, True],
    ]


def test_which_values_are_marked_depends_on_what_was_known():
    used = used_events(
        make_cohort([*EXAMPLE, dose(available_h=65.0)]), LAST, [64.0, 72.0], catalogue=CATALOGUE
    )

    assert used.groupby("landmark_h")["after_treatment"].sum().to_dict() == {64.0: 0, 72.0: 2}


def including(rows, **other):
    wanted = {"presence": "informative", "treatment_policy": "include_before_landmark"} | other
    return dataclasses.replace(LAST, **wanted).fit(make_cohort(rows), CATALOGUE)


def test_what_was_given_is_a_column_of_zeros_and_ones():
    rows = [*EXAMPLE, dose(available_h=40.0), dose(episode_id="q", ordered_as="prophylaxis")]
    specification = including(rows)

    vectors = build_features(make_cohort(rows), specification, [24, 72], catalogue=CATALOGUE)

    assert specification.columns == (f"{TOCILIZUMAB}.given.to_landmark", "plasma.crp.last.to_date")
    assert vectors.iloc[:, 0].tolist() == [0.0, 1.0, 0.0, 0.0, 0.0, 0.0]
    assert vectors.iloc[:, 1].tolist()[:2] == [5.0, 1.0]


def test_the_doses_of_a_column_are_among_the_inputs():
    rows = [*EXAMPLE, dose(), dose(40.0), dose(41.0, analyte=STEROID)]

    used = inputs_of(rows, including(rows[:-1]))

    doses = used[used["modality"] == "treatment"]
    assert doses[["analyte", "collected_h", "after_treatment"]].to_numpy().tolist() == [
        ["tocilizumab", 30.0, False],
        ["tocilizumab", 40.0, True],
    ]


def test_a_treatment_that_only_another_cohort_has_gets_no_column():
    specification = including([*EXAMPLE, dose()])

    vectors = vectors_at([*EXAMPLE, dose(analyte=STEROID)], specification, NOW)

    assert list(vectors.columns) == list(specification.columns)
    assert vectors.loc["p", f"{TOCILIZUMAB}.given.to_landmark"].tolist() == [0.0]


def test_a_treatment_as_a_feature_needs_informative_presence():
    with pytest.raises(LeakageError, match=r"presence: informative, which .* or choose ignore"):
        including([*EXAMPLE, dose()], presence="protocol_only")


def test_a_cohort_without_treatments_has_none_to_include():
    with pytest.raises(StudyError, match=r"got none of \['treatment.tocilizumab', 'treat"):
        including(EXAMPLE)


def test_columns_of_treatments_are_not_there_before_the_fit():
    unfitted = dataclasses.replace(
        LAST, presence="informative", treatment_policy="include_before_landmark"
    )
    with pytest.raises(StudyError, match=r"Call fit\(cohort\)"):
        _ = unfitted.columns


def test_a_policy_survives_the_file_and_changes_the_hash():
    specifications = [LAST, CUT, including([*EXAMPLE, dose()])]

    for specification in specifications:
        assert FeatureSpecification.from_json(specification.to_json()) == specification
    hashes = [specification.hash() for specification in specifications]
    assert all(a != b for a, b in itertools.combinations(hashes, 2))


@pytest.mark.parametrize("policy", ["ignore", "censor"])
def test_treatments_have_columns_under_one_policy_only(policy):
    with pytest.raises(StudyError, match=f"got treatment_policy: {policy}"):
        dataclasses.replace(LAST, treatment_policy=policy, treatments=DOSES)


def test_an_unknown_policy_is_refused_with_the_nearest():
    with pytest.raises(StudyError, match=r"treatment_policy .*'censor'"):
        dataclasses.replace(LAST, treatment_policy="censored")


def test_a_column_of_a_treatment_is_described():
    table = describe_columns(including([*EXAMPLE, dose()]), CATALOGUE).set_index("column")

    row = table.loc[f"{TOCILIZUMAB}.given.to_landmark"]
    assert row[["label", "unit", "statistic"]].tolist() == ["Tocilizumab", "1", "given"]
    assert row["window_in_words"].endswith("up to the landmark")
    assert row["statistic_in_words"].startswith("1 if a dose is known")


def test_how_often_somebody_was_tested_is_refused_like_a_count():
    wanted = (Measurement("plasma.draws_per_day", ("to_date",), ("max",)),)
    for presence, is_refused in (("protocol_only", True), ("informative", False)):
        specification = FeatureSpecification((TO_DATE,), wanted, presence=presence)
        if is_refused:
            with pytest.raises(LeakageError, match=r"how often somebody was tested.*informative"):
                build_features(make_cohort([]), specification, [NOW], catalogue=CATALOGUE)
        else:
            build_features(make_cohort([]), specification, [NOW], catalogue=CATALOGUE)


def test_how_often_somebody_was_tested_is_none_of_all_analytes():
    everything = FeatureSpecification((TO_DATE,), (Measurement("*", ("to_date",), ("last",)),))
    rows = [event("plasma.draws_per_day", 6, 3.0), event(CRP, 6, 5.0)]

    for presence, expected in (
        ("protocol_only", [CRP]),
        ("informative", [CRP, "plasma.draws_per_day"]),
    ):
        chosen = dataclasses.replace(everything, presence=presence)
        fitted = chosen.fit(make_cohort(rows), CATALOGUE)
        assert [m.analyte for m in fitted.measurements] == expected

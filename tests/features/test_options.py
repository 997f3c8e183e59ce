"""Options of measurements, choices of all analytes, the anchor at CRS onset."""

import json
import math

import numpy as np
import pytest

from features.cohorts import CATALOGUE, CRS, INFORMATIVE, PROTEIN, event, make_cohort
from icans_risk.errors import LeakageError, StudyError
from icans_risk.features import (
    Change,
    FeatureSpecification,
    Measurement,
    ScoreChoice,
    Window,
    build_features,
    used_events,
)

TO_DATE = Window("to_date", "infusion", None, None)
BASELINE = Window("baseline", "infusion", None, 0)
EARLY = Window("early", "infusion", 0, 72)
AROUND_CRS = Window("around_crs", "crs_onset", -6, 24)


def found(rows, *measurements, changes=(), landmark=72.0, presence="protocol_only"):
    specification = FeatureSpecification(
        (TO_DATE, BASELINE, EARLY, AROUND_CRS), measurements, changes=changes, presence=presence
    )
    cohort = make_cohort(rows)
    vectors = build_features(cohort, specification, [landmark], catalogue=CATALOGUE)
    return vectors.loc[("p", landmark)].tolist()


def measure(*statistics, window="to_date", **options):
    return Measurement(CRS, (window,), statistics, **options)


@pytest.mark.parametrize(
    ("values", "statistic", "expected"),
    [
        ([3.0], "sd", math.nan),
        ([3.0, 3.0], "sd", 0.0),
        ([0.1] * 7, "sd", 0.0),
        ([1.0, 3.0], "sd", math.sqrt(2)),
        ([3.0], "range", 0.0),
        ([-4.0, 0.0, 3.0], "range", 7.0),
        ([5.0, 1.0, 2.0], "median", 2.0),
        ([5.0, 1.0, 2.0, 4.0], "median", 3.0),
        ([-1.0, -3.0], "min", -3.0),
        ([0.0, 0.0], "min", 0.0),
        ([0.0, 2.0, 2.5, 4.0], "above_fraction", 0.5),
        ([2.0], "above_fraction", 0.0),
        ([3.0], "hours_above", math.nan),
        ([2.0, 2.0], "hours_above", 0.0),
        ([3.0, 3.0], "hours_above", 10.0),
        # Up across the threshold after a quarter of the way, and down after three.
        ([1.0, 5.0, 1.0], "hours_above", 15.0),
        ([5.0, 1.0], "hours_to_first_above", 0.0),
        ([2.0, 3.0, 9.0], "hours_to_first_above", 10.0),
        ([0.0, 2.0], "hours_to_first_above", math.nan),
    ],
)
def test_a_statistic_of_values_ten_hours_apart(values, statistic, expected):
    rows = [event(CRS, 10 * number, value) for number, value in enumerate(values)]
    options = {"threshold": 2.0} if "above" in statistic else {}

    value = found(rows, measure(statistic, **options))

    assert value == pytest.approx([expected], nan_ok=True)


def test_a_count_needs_a_window_and_not_a_value():
    measurements = [measure("count", window=name) for name in ("to_date", "around_crs")]

    counts = found([event(CRS, 6, 0.0)], *measurements, presence="informative")

    np.testing.assert_array_equal(counts, [1.0, np.nan])
    assert found([], measurements[0], presence="informative") == [0.0]


@pytest.mark.parametrize("statistic", ["count", "hours_since_last"])
def test_how_often_people_measured_needs_informative_presence(statistic):
    rows = [event(CRS, 6, 1.0)]

    with pytest.raises(LeakageError, match=f"'{statistic}'.*presence: informative"):
        found(rows, measure(statistic))
    found(rows, measure(statistic), presence="informative")


def test_the_threshold_stands_in_the_name_of_the_column():
    specification = FeatureSpecification(
        (EARLY,),
        tuple(
            Measurement("plasma.crp", ("early",), ("hours_above", "max")[:length], threshold)
            for threshold, length in ((38.5, 2), (-1, 1), (0.0, 1), (500, 1))
        ),
    )

    assert [name.split(".")[2] for name in specification.columns] == [
        "hours_above_38_5", "max", "hours_above_m1", "hours_above_0", "hours_above_500",
    ]  # fmt: skip
    table = specification.dictionary(CATALOGUE)
    assert table.loc[0, "unit"] == "h"
    assert "threshold 38.5 mg/L" in table.loc[0, "statistic_in_words"]
    assert FeatureSpecification.from_json(specification.to_json()) == specification


def test_fewer_values_than_the_minimum_are_none_but_for_the_count():
    rows = [event(CRS, 6, 1.0), event(CRS, 7, 3.0)]
    statistics = ("last", "mean", "count")

    for minimum, expected in ((2, [3.0, 2.0, 2.0]), (3, [np.nan, np.nan, 2.0])):
        measured = measure(*statistics, minimum_count=minimum)
        np.testing.assert_array_equal(found(rows, measured, presence="informative"), expected)


@pytest.mark.parametrize(("collected_h", "expected"), [(48, 2.0), (47.5, np.nan)])
def test_a_last_value_ages_from_its_collection_to_the_landmark(collected_h, expected):
    rows = [event(CRS, 0, 4.0), event(CRS, collected_h, 2.0, available_h=71)]

    values = found(rows, measure("last", "max", maximum_age_h=24))

    np.testing.assert_array_equal(values, [expected, 4.0])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"statistics": ("hours_above",)}, "need a threshold"),
        ({"threshold": 1.0}, "The threshold .* bears on"),
        ({"statistics": ("max",), "maximum_age_h": 3}, "The maximum_age_h .* bears on"),
        ({"statistics": ("hours_above",), "threshold": math.nan}, "finite number"),
        ({"minimum_count": 0}, "whole number from 1, got 0"),
        ({"minimum_count": 1.5}, "whole number from 1, got 1.5"),
        ({"maximum_age_h": -1}, "finite hours from 0"),
        ({"maximum_age_h": math.inf}, "finite hours from 0"),
    ],
)
def test_options_that_make_no_sense_are_refused(options, message):
    with pytest.raises(StudyError, match=message):
        Measurement(**({"analyte": CRS, "windows": ("early",), "statistics": ("last",)} | options))


def test_crs_onset_is_the_first_grade_of_one_that_is_known_at_each_landmark():
    rows = [
        event(CRS, 5, 0.0),
        event(CRS, 20, 2.0, available_h=60),
        event(CRS, 40, 1.0),
        event("plasma.crp", 15, 7.0),
        event("plasma.crp", 50, 9.0),
    ]
    measured = Measurement("plasma.crp", ("around_crs",), ("first", "hours_to_peak"))
    values = {hour: found(rows, measured, landmark=float(hour)) for hour in (30, 50, 72)}

    np.testing.assert_array_equal(values[30], [np.nan, np.nan])
    assert values[50] == [9.0, 10.0]
    assert values[72] == [7.0, -5.0]


def test_a_withdrawn_grade_is_no_onset_and_the_grades_are_listed_as_used():
    rows = [
        event(CRS, 20, 1.0, available_h=24),
        event(CRS, 20, 0.0, available_h=60, version=2.0),
        event("plasma.crp", 21, 7.0),
    ]
    measured = Measurement("plasma.crp", ("around_crs",), ("last",))
    specification = FeatureSpecification((AROUND_CRS,), (measured,))

    used = used_events(make_cohort(rows), specification, [24, 72], catalogue=CATALOGUE)

    assert found(rows, measured, landmark=24.0) == [7.0]
    assert math.isnan(found(rows, measured)[0])
    assert used[["landmark_h", "analyte", "value"]].to_numpy().tolist() == [
        [24.0, "crp", 7.0],
        [24.0, "crs_grade", 1.0],
        [72.0, "crs_grade", 0.0],
    ]


ALL_KINDS = ("difference", "ratio", "log2_ratio", "slope_per_day")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (2.0, 8.0, [6.0, 4.0, 2.0, 3.0]),
        (8.0, 2.0, [-6.0, 0.25, -2.0, -3.0]),
        (2.0, 0.0, [-2.0, 0.0, np.nan, -1.0]),
        (0.0, 2.0, [2.0, np.nan, np.nan, 1.0]),
        (-2.0, 2.0, [4.0, np.nan, np.nan, 2.0]),
        (2.0, -2.0, [-4.0, -1.0, np.nan, -2.0]),
    ],
)
def test_changes_from_24_h_before_to_24_h_after_infusion(before, after, expected):
    rows = [event(CRS, -24, before), event(CRS, 24, after)]

    values = found(rows, changes=[Change(CRS, ("baseline", "early"), ALL_KINDS)])

    np.testing.assert_array_equal(values, expected)


def test_a_change_is_missing_where_a_window_is_empty_or_time_stands_still():
    change = [Change(CRS, ("baseline", "early"), ALL_KINDS)]
    assert np.isnan(found([event(CRS, 24, 2.0)], changes=change)).all()
    assert np.isnan(found([event(CRS, -24, 2.0)], changes=change)).all()

    to_date = [Change(CRS, ("baseline", "to_date"), ALL_KINDS)]
    assert found([event(CRS, -24, 2.0)], changes=to_date)[:3] == [0.0, 1.0, 0.0]
    assert math.isnan(found([event(CRS, -24, 2.0)], changes=to_date)[3])


def test_a_change_of_maxima_is_named_after_them_described_and_traced():
    change = Change("plasma.crp", ("baseline", "early"), ("log2_ratio", "slope_per_day"), of="max")
    specification = FeatureSpecification((BASELINE, EARLY), (), changes=(change,))
    rows = [event("plasma.crp", hour, value) for hour, value in ((-9, 4.0), (-2, 1.0), (9, 2.0))]

    table = specification.dictionary(CATALOGUE).set_index("column")
    used = used_events(make_cohort(rows), specification, [72], catalogue=CATALOGUE)

    assert table["unit"].to_dict() == {
        "plasma.crp.log2_ratio_of_max.baseline-to-early": "1",
        "plasma.crp.slope_per_day_of_max.baseline-to-early": "mg/L/d",
    }
    assert table["window_in_words"].iloc[0] == (
        "any time up to infusion; then later than infusion, up to 72 h after infusion"
    )
    assert table["statistic_in_words"].iloc[0].endswith("in each window the highest value")
    assert found(rows, changes=[change])[0] == -1.0
    assert used["value"].tolist() == [4.0, 1.0, 2.0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"between": ("early", "early")}, "two different windows"),
        ({"between": ("early",)}, "two different windows"),
        ({"kinds": ()}, "one or more kinds"),
        ({"kinds": ("rato",)}, "'ratio'"),
        ({"of": "hours_to_peak"}, "must be a known name, got 'hours_to_peak'"),
    ],
)
def test_a_change_that_makes_no_sense_is_refused(options, message):
    with pytest.raises(StudyError, match=message):
        Change(
            **({"analyte": CRS, "between": ("baseline", "early"), "kinds": ("ratio",)} | options)
        )


def test_a_change_of_an_unknown_window_is_refused():
    with pytest.raises(StudyError, match="got 'earl'; the nearest are"):
        FeatureSpecification(
            (EARLY, BASELINE), (), changes=(Change(CRS, ("earl", "baseline"), ("ratio",)),)
        )


ORDERED = [
    event("plasma.il6", 1, 1.0),
    event("plasma.crp", 1, 1.0),
    event("clinical.ice", 1, 9.0),
    event("treatment.tocilizumab", 1, 8.0),
    event("plasma.invented", 1, 1.0),
    event(PROTEIN, 6, 1.0, ordered_as="clinical"),
    event(CRS, 1, 1.0),
]


def choose(*measurements, **other):
    return FeatureSpecification((EARLY, BASELINE), measurements, **other)


def test_all_analytes_are_those_of_the_training_cohort_that_are_admissible():
    everything = choose(Measurement("*", ("early",), ("max",)))

    for rows in (ORDERED, ORDERED[::-1]):
        fitted = everything.fit(make_cohort(rows), CATALOGUE)
        assert fitted.analytes == (CRS, "plasma.crp", "plasma.il6")
        assert FeatureSpecification.from_json(fitted.to_json()) == fitted
    informative = choose(*everything.measurements, presence="informative")
    assert informative.fit(make_cohort(ORDERED), CATALOGUE).analytes == (
        CRS, PROTEIN, "plasma.crp", "plasma.il6", "treatment.tocilizumab",
    )  # fmt: skip


def test_another_cohort_gets_the_columns_of_the_training_cohort():
    fitted = choose(Measurement("plasma.*", ("early",), ("max",))).fit(
        make_cohort(ORDERED[:1]), CATALOGUE
    )

    vectors = build_features(make_cohort(ORDERED[1:]), fitted, [72], catalogue=CATALOGUE)

    assert list(vectors.columns) == ["plasma.il6.max.early"]
    assert vectors.isna().all(axis=None)


def test_the_narrowest_choice_takes_an_analyte():
    fitted = choose(
        Measurement("*", ("early",), ("max",)),
        Measurement("plasma.*", ("early",), ("min",)),
        Measurement("plasma.crp", ("early",), ("last",)),
        changes=(Change("plasma.*", ("baseline", "early"), ("ratio",)),),
    ).fit(make_cohort(ORDERED), CATALOGUE)

    assert fitted.columns == (
        f"{CRS}.max.early", "plasma.il6.min.early", "plasma.crp.last.early",
        "plasma.crp.ratio.baseline-to-early", "plasma.il6.ratio.baseline-to-early",
    )  # fmt: skip


def test_all_analytes_before_the_fit_or_of_nothing_are_refused():
    everything = choose(Measurement("csf.*", ("early",), ("max",)))

    with pytest.raises(StudyError, match=r"'csf\.\*'.*Call fit\(cohort\)"):
        build_features(make_cohort([]), everything, [72], catalogue=CATALOGUE)
    with pytest.raises(StudyError, match=r"'csf\.\*' must find an admissible analyte"):
        everything.fit(make_cohort(ORDERED), CATALOGUE)


def test_a_score_with_its_own_window_needs_no_window_of_the_study():
    specification = FeatureSpecification((), (), scores=(ScoreChoice("gust_36h"),))
    rows = [
        event("clinical.temperature", 10, 39.5),
        event("plasma.il6", 12, 900.0),
        event("plasma.mcp1", 12, 9000.0),
        event("plasma.mcp1", 40, 1.0),
    ]

    vectors = build_features(make_cohort(rows), specification, [72])

    assert vectors["score.gust_36h.first_36_h"].tolist()[0] == 1.0
    table = specification.dictionary().set_index("column")
    assert "36 h after infusion" in table.loc["score.gust_36h.first_36_h", "window_in_words"]
    with pytest.raises(StudyError, match="takes no other"):
        ScoreChoice("gust_36h", ("early",))


def test_a_specification_of_an_older_layout_is_refused():
    fields = json.loads(INFORMATIVE.to_json())
    assert FeatureSpecification.from_json(json.dumps(fields)) == INFORMATIVE

    for layout in (2, 4):
        with pytest.raises(StudyError, match=f"of layout 3, .*got layout {layout}"):
            FeatureSpecification.from_json(json.dumps(fields | {"layout": layout}))
    del fields["layout"]
    with pytest.raises(StudyError, match="before layout 2 none was written"):
        FeatureSpecification.from_json(json.dumps(fields))

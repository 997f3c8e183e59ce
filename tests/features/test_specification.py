import json
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from features.cohorts import CATALOGUE, CRS, SPECIFICATION, event, make_cohort
from icans_risk.errors import StudyError
from icans_risk.features import (
    FeatureSpecification,
    Measurement,
    Window,
    build_features,
    describe_columns,
)

TO_DATE = Window("to_date", "infusion", None, None)
MAXIMUM = Measurement(CRS, ("to_date",), ("max",))


def test_columns_carry_their_provenance_static_ones_first():
    specification = FeatureSpecification(
        (TO_DATE, Window("early", "infusion", 0, 72)),
        (Measurement(CRS, ("early", "to_date"), ("max", "last")),),
        ("age_years", "product"),
        levels={"product": ("axi-cel", "tisa.cel")},
    )

    assert specification.columns == (
        "static.age_years",
        "static.product.axi-cel",
        "static.product.tisa_cel",
        "clinical.crs_grade.max.early",
        "clinical.crs_grade.last.early",
        "clinical.crs_grade.max.to_date",
        "clinical.crs_grade.last.to_date",
    )


def test_a_specification_comes_back_from_json_as_it_was():
    fitted = replace(SPECIFICATION, static=("sex",), levels={"sex": ("f", "m")})

    for specification in (SPECIFICATION, fitted):
        returned = FeatureSpecification.from_json(specification.to_json())
        assert returned == specification
        assert returned.to_json() == specification.to_json()
        assert returned.columns == specification.columns


def test_the_hash_is_stable_and_tells_specifications_apart():
    specification = FeatureSpecification((TO_DATE,), (MAXIMUM,))

    assert specification.hash() == (
        "9b69e5c4d8a1ce68c9332cb7337ed3016e1f59e74d4627fb0a6eb48d4e656706"
    )
    assert FeatureSpecification([TO_DATE], [MAXIMUM]).hash() == specification.hash()
    assert replace(specification, presence="informative").hash() != specification.hash()
    other = replace(specification, windows=(Window("to_date", "infusion", None, 1000),))
    assert other.hash() != specification.hash()


def test_hours_given_as_whole_numbers_make_the_same_window():
    whole, decimal = Window("early", "infusion", 0, 72), Window("early", "infusion", 0.0, 72.0)

    assert whole == decimal
    specifications = [FeatureSpecification((w,), ()) for w in (whole, decimal)]
    assert specifications[0].hash() == specifications[1].hash()


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        "[]",
        "{}",
        '{"windows": [{"name": "a"}], "measurements": []}',
        '{"windows": [], "measurements": [], "surprise": 1}',
        '{"windows": 3, "measurements": []}',
    ],
)
def test_text_that_is_no_specification_is_refused(text):
    with pytest.raises(StudyError, match="as to_json writes it"):
        FeatureSpecification.from_json(text)


def test_json_has_no_word_for_infinity():
    text = SPECIFICATION.to_json()

    assert json.loads(text)["windows"][0]["start_h"] is None
    assert "Infinity" not in text


def test_a_specification_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        SPECIFICATION.presence = "informative"


def test_an_unknown_window_is_refused_with_the_nearest():
    with pytest.raises(StudyError, match=r"got 'todate'; the nearest are \['to_date'\]"):
        FeatureSpecification((TO_DATE,), (Measurement(CRS, ("todate",), ("max",)),))


def test_an_unknown_statistic_is_refused_with_the_nearest():
    with pytest.raises(StudyError, match=r"got 'slope'; the nearest are \['slope_per_day'\]"):
        Measurement(CRS, ("to_date",), ("slope",))


def test_a_name_far_from_all_is_refused_with_the_list():
    with pytest.raises(StudyError, match="'above_fraction', 'auc_per_day', 'count', 'first'"):
        Measurement(CRS, ("to_date",), ("zzz",))


def test_an_unknown_modality_is_refused():
    with pytest.raises(StudyError, match=r"got 'plasm'; the nearest are \['plasma'\]"):
        Measurement("plasm.crp", ("to_date",), ("max",))


@pytest.mark.parametrize(
    ("measurements", "static", "repeated"),
    [
        ((MAXIMUM, MAXIMUM), (), "clinical.crs_grade.max.to_date"),
        ((), ("age_years", "age_years"), "static.age_years"),
    ],
)
def test_a_column_that_stands_twice_is_refused(measurements, static, repeated):
    with pytest.raises(StudyError, match=f"distinct, got .'{repeated}'"):
        FeatureSpecification((TO_DATE,), measurements, static)


def test_two_windows_of_one_name_are_refused():
    with pytest.raises(StudyError, match="Names of windows must be distinct"):
        FeatureSpecification((TO_DATE, Window("to_date", "landmark", -24, 0)), ())


def test_levels_that_become_one_column_are_refused():
    with pytest.raises(StudyError, match=r"static\.product\.a_b"):
        FeatureSpecification((), (), ("product",), levels={"product": ("a.b", "a_b")})


@pytest.mark.parametrize("name", ["to.date", "To_date", "", "1st", "to date"])
def test_a_window_has_a_lowercase_identifier_for_a_name(name):
    with pytest.raises(StudyError, match="lowercase letters"):
        Window(name, "infusion", None, None)


@pytest.mark.parametrize(
    ("start_h", "end_h"), [(24, 24), (24, 0), (0, float("inf")), (float("nan"), 0)]
)
def test_a_window_starts_before_it_ends_in_finite_hours(start_h, end_h):
    with pytest.raises(StudyError, match="start before it ends"):
        Window("early", "infusion", start_h, end_h)


def test_an_unknown_anchor_is_refused():
    with pytest.raises(StudyError, match=r"'onset'; the nearest are \['crs_onset'\]"):
        Window("early", "onset", 0, 24)


@pytest.mark.parametrize("field", ["windows", "statistics"])
def test_a_measurement_needs_windows_and_statistics(field):
    with pytest.raises(StudyError, match=f"one or more {field}"):
        replace(MAXIMUM, **{field: ()})


@pytest.mark.parametrize(
    ("window", "words"),
    [
        (TO_DATE, "any time up to the landmark"),
        (Window("w", "infusion", None, 0), "any time up to infusion"),
        (Window("w", "infusion", 0, None), "later than infusion, up to the landmark"),
        (
            Window("w", "infusion", -24, 72),
            "later than 24 h before infusion, up to 72 h after infusion",
        ),
        (
            Window("w", "landmark", -24, 0),
            "later than 24 h before the landmark, up to the landmark",
        ),
        (
            Window("w", "lymphodepletion", -168, 0),
            "later than 168 h before the start of lymphodepletion, "
            "up to the start of lymphodepletion",
        ),
    ],
)
def test_a_window_is_put_into_words(window, words):
    measurement = Measurement(CRS, (window.name,), ("max",))

    table = FeatureSpecification((window,), (measurement,)).dictionary(CATALOGUE)

    assert table["window_in_words"].tolist() == [words]


def test_the_dictionary_has_one_row_per_column_with_its_unit():
    specification = FeatureSpecification(
        (TO_DATE,),
        (Measurement("plasma.crp", ("to_date",), ("max", "slope_per_day", "hours_to_peak")),),
        ("age_years", "product"),
        levels={"product": ("axi.cel",)},
    )

    table = specification.dictionary(CATALOGUE)

    assert table["column"].tolist() == list(specification.columns)
    assert table[["label", "unit", "modality", "analyte", "statistic"]].to_numpy().tolist() == [
        ["age years", "a", "static", "age_years", ""],
        ["product: axi.cel", "1", "static", "product", ""],
        ["C-reactive protein", "mg/L", "plasma", "crp", "max"],
        ["C-reactive protein", "mg/L/d", "plasma", "crp", "slope_per_day"],
        ["C-reactive protein", "h", "plasma", "crp", "hours_to_peak"],
    ]


def test_the_packages_own_catalogue_describes_the_crs_grade():
    table = describe_columns(FeatureSpecification((TO_DATE,), (MAXIMUM,)))

    assert "CRS" in table.loc[0, "label"]


@pytest.mark.parametrize("landmarks", [[], [24, 24], [np.nan], [np.inf], 24])
def test_landmarks_are_distinct_finite_hours(landmarks):
    with pytest.raises(StudyError, match="landmarks must be"):
        build_features(make_cohort([]), SPECIFICATION, landmarks, catalogue=CATALOGUE)


def test_a_window_from_lymphodepletion_needs_its_column_but_not_every_cell():
    window = Window("since_chemo", "lymphodepletion", 0, None)
    specification = FeatureSpecification((window,), (replace(MAXIMUM, windows=("since_chemo",)),))
    cohort = make_cohort([event(CRS, -30, 1.0), event(CRS, -30, 1.0, episode_id="q")])

    vectors = build_features(cohort, specification, [24], catalogue=CATALOGUE)

    np.testing.assert_array_equal(vectors.iloc[:, 0], [1.0, np.nan, np.nan])
    bare = cohort.episodes.drop(columns="lymphodepletion_start_h")
    with pytest.raises(StudyError, match=r"episodes\.lymphodepletion_start_h, which is absent"):
        build_features(replace(cohort, episodes=bare), specification, [24], catalogue=CATALOGUE)

import numpy as np
import pandas as pd
import pytest

from features.cohorts import CATALOGUE, make_cohort
from icans_risk.errors import StudyError
from icans_risk.features import FeatureSpecification, build_features, unseen_levels


def cohort_with(**columns):
    n = len(next(iter(columns.values())))
    episodes = pd.DataFrame(
        {
            "episode_id": [f"e{i}" for i in range(n)],
            "patient_id": [f"P{i}" for i in range(n)],
            "followed_until_h": 500.0,
            **columns,
        }
    )
    return make_cohort([], episodes=episodes)


def static(*names):
    return FeatureSpecification((), (), names)


def build(cohort, specification):
    return build_features(cohort, specification, [24.0], catalogue=CATALOGUE)


def test_numbers_and_flags_stand_as_they_are_and_need_no_fit():
    cohort = cohort_with(
        age_years=[61.0, np.nan],
        cns_tumour=[True, False],
        volume=pd.array([3, None], dtype="Int64"),
    )

    vectors = build(cohort, static("age_years", "cns_tumour", "volume"))

    np.testing.assert_array_equal(vectors, np.float32([[61, 1, 3], [np.nan, 0, np.nan]]))


def test_each_landmark_repeats_the_static_columns():
    cohort = cohort_with(age_years=[61.0, 45.0])

    vectors = build_features(cohort, static("age_years"), [0, 24], catalogue=CATALOGUE)

    assert vectors["static.age_years"].tolist() == [61, 61, 45, 45]


def test_a_category_has_one_column_per_level_and_a_missing_one_is_missing_in_all():
    cohort = cohort_with(product=["tisa-cel", "axi-cel", None])
    specification = static("product").fit(cohort)

    vectors = build(cohort, specification)

    assert list(vectors.columns) == ["static.product.axi-cel", "static.product.tisa-cel"]
    np.testing.assert_array_equal(vectors, [[0, 1], [1, 0], [np.nan, np.nan]])


def test_an_unseen_level_is_all_zeros_and_is_reported():
    specification = static("product", "age_years").fit(
        cohort_with(product=["axi-cel", "tisa-cel"], age_years=[1.0, 2.0])
    )
    later = cohort_with(product=["new", "new", "axi-cel", None], age_years=[3.0] * 4)

    vectors = build(later, specification)

    products = vectors[["static.product.axi-cel", "static.product.tisa-cel"]]
    np.testing.assert_array_equal(products, [[0, 0], [0, 0], [1, 0], [np.nan, np.nan]])
    assert unseen_levels(later, specification).to_dict("records") == [
        {"column": "product", "episodes": 2, "level": "new"}
    ]


def test_nothing_is_unseen_in_the_training_cohort_or_before_the_fit():
    cohort = cohort_with(product=["axi-cel", None])

    assert unseen_levels(cohort, static("product")).empty
    fitted = unseen_levels(cohort, static("product").fit(cohort))
    assert fitted.empty
    assert list(fitted.columns) == ["column", "episodes", "level"]


@pytest.mark.parametrize("products", [["axi-cel"], [None]])
def test_categories_before_the_fit_are_refused(products):
    with pytest.raises(StudyError, match=r"'product' needs levels.*Call fit\(cohort\)"):
        build(cohort_with(product=products), static("product"))


def test_a_cohort_of_missing_categories_can_be_scored():
    specification = static("product").fit(cohort_with(product=["axi-cel"]))

    assert build(cohort_with(product=[None]), specification).isna().all(axis=None)


def test_a_column_that_changes_its_kind_is_refused():
    numbers, text = cohort_with(volume=[1.0, 2.0]), cohort_with(volume=["high", "low"])

    with pytest.raises(StudyError, match=r"episodes\.volume must hold numbers .* got text"):
        build(text, static("volume").fit(numbers))
    with pytest.raises(StudyError, match=r"episodes\.volume must hold text .* got numbers"):
        build(numbers, static("volume").fit(text))


def test_an_absent_column_is_refused_with_the_nearest():
    cohort = cohort_with(age_years=[61.0])

    with pytest.raises(StudyError, match=r"'age'; the nearest are \['age_years'\]"):
        build(cohort, static("age"))
    with pytest.raises(StudyError, match=r"'age'; the nearest are \['age_years'\]"):
        static("age").fit(cohort)

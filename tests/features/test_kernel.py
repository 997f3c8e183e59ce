import math

import numpy as np
import pytest
from hypothesis import given

from features.cohorts import (
    CATALOGUE,
    CRS,
    FAST,
    INFORMATIVE,
    LANDMARKS,
    SPECIFICATION,
    event,
    event_lists,
    make_cohort,
)
from features.comparison import agrees
from icans_risk import features
from icans_risk.features import STATISTICS, FeatureSpecification, Measurement, Window

ALL = Window("to_date", "infusion", None, None)


def cells(events, *, landmark=72.0, window=ALL, analyte=CRS, threshold=1.0, **options):
    specification = FeatureSpecification(
        (window,),
        (Measurement(analyte, (window.name,), STATISTICS, threshold, **options),),
        presence="informative",
    )
    vectors = features.build_features(
        make_cohort(events), specification, [landmark], catalogue=CATALOGUE
    )
    return dict(zip(STATISTICS, vectors.loc[("p", landmark)].tolist(), strict=True))


@FAST
@given(rows=event_lists())
def test_vectors_and_inputs_are_those_of_the_plain_reference(rows):
    assert agrees(features, make_cohort(rows), SPECIFICATION, LANDMARKS)


@pytest.mark.parametrize("seed", range(3))
def test_a_long_group_in_any_order_is_that_of_the_plain_reference(seed):
    random = np.random.default_rng(seed)
    rows = [
        event(CRS, hour, float(value), available_h=hour + float(lag), version=float(version))
        for hour, value, lag, version in zip(
            random.integers(-80, 80, 120).astype(float),
            random.integers(0, 9, 120),
            random.choice([0, 0, 24], 120),
            random.integers(1, 3, 120),
            strict=True,
        )
    ]

    assert agrees(features, make_cohort(rows), SPECIFICATION, LANDMARKS)


@FAST
@given(rows=event_lists())
def test_informative_presence_is_that_of_the_plain_reference(rows):
    assert agrees(features, make_cohort(rows), INFORMATIVE, LANDMARKS)


def test_every_statistic_of_three_values_is_as_computed_by_hand():
    rows = [event(CRS, 0, 1.0), event(CRS, 24, 4.0), event(CRS, 72, 2.0)]

    found = cells(rows)

    # Days 0, 1, 3 lie -4/3, -1/3, 5/3 from their mean: squares 42/9 in all, times the
    # values 2/3 in all, so the slope is (2/3) / (42/9).
    assert found["last"] == 2.0
    assert found["max"] == 4.0
    assert found["mean"] == pytest.approx(7 / 3)
    assert found["slope_per_day"] == pytest.approx(1 / 7)
    # (1 + 4) / 2 over one day and (4 + 2) / 2 over two days, spread over three days.
    assert found["auc_per_day"] == pytest.approx(8.5 / 3)
    assert found["first"] == 1.0
    assert found["hours_to_peak"] == 24.0


def test_one_value_has_no_slope_and_no_area():
    found = cells([event(CRS, 24, 3.0)])

    assert math.isnan(found["slope_per_day"])
    assert math.isnan(found["auc_per_day"])
    assert found["mean"] == 3.0


def test_two_assays_at_one_time_both_count_and_have_no_slope():
    rows = [event(CRS, 24, 3.0, assay="b"), event(CRS, 24, 1.0, assay="a")]

    found = cells(rows)

    assert found["mean"] == 2.0
    assert found["first"] == 1.0
    assert found["last"] == 3.0
    assert math.isnan(found["slope_per_day"])


def test_no_value_is_missing_in_every_statistic_but_the_count():
    found = cells([])

    assert found.pop("count") == 0.0
    assert all(math.isnan(value) for value in found.values())


def test_an_unchanging_value_has_a_slope_of_exactly_zero():
    found = cells([event(CRS, hour, 0.1) for hour in (1, 7, 30, 31, 55)])

    assert found["slope_per_day"] == 0.0


def test_slope_keeps_its_digits_far_from_infusion():
    rows = [event(CRS, 876_000 + hour, 1e6 + hour / 24) for hour in (0, 24, 48)]

    assert cells(rows, landmark=876_100.0)["slope_per_day"] == pytest.approx(1.0, rel=1e-6)


def test_the_peak_is_the_first_of_equal_maxima_counted_from_the_anchor():
    rows = [event(CRS, 50, 2.0), event(CRS, 60, 5.0), event(CRS, 70, 5.0)]

    found = cells(rows, window=Window("recent", "landmark", -24, 0))

    assert found["hours_to_peak"] == -12.0


def test_vectors_are_float32_in_the_order_of_the_cohort():
    vectors = features.build_features(make_cohort([]), SPECIFICATION, [72, 24], catalogue=CATALOGUE)

    assert set(vectors.dtypes) == {np.dtype("float32")}
    assert list(vectors.index) == [
        (episode, landmark) for episode in "pqr" for landmark in (72.0, 24.0)
    ]
    assert vectors.index.names == ["episode_id", "landmark_h"]
    assert tuple(vectors.columns) == SPECIFICATION.columns

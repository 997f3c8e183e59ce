"""Mistakes that were reproduced in peers' aggregations; each passes here."""

import math

import numpy as np
import pytest

from features.cohorts import CATALOGUE, CRS, INTENSITY, QUIET, event, make_cohort
from icans_risk.features import FeatureSpecification, Measurement, Window, build_features

TO_DATE = Window("to_date", "infusion", None, None)
LAST_DAY = Window("last_day", "landmark", -24, 0)
LEVELS = ("last", "first", "max", "min", "mean", "median")


def vectors(rows, *measurements, landmarks=(72.0,), window=TO_DATE, presence="protocol_only"):
    specification = FeatureSpecification((window,), measurements, presence=presence)
    return build_features(make_cohort(rows), specification, landmarks, catalogue=CATALOGUE)


def of(analyte, statistics=LEVELS, *, window=TO_DATE, threshold=None):
    return Measurement(analyte, (window.name,), statistics, threshold)


def test_a_time_with_a_single_row_keeps_its_value():
    rows = [
        event("plasma.il6", 1, 50.0),
        event("plasma.crp", 2, 30.0),
        event("plasma.il6", 3, 80.0),
    ]

    found = vectors(rows, of("plasma.il6"), of("plasma.crp")).loc[("p", 72.0)].tolist()

    assert found == [80.0, 50.0, 80.0, 50.0, 65.0, 65.0] + [30.0] * 6


def test_of_many_rows_at_one_time_the_last_is_not_lost():
    rows = [event(CRS, 2, value, assay=assay) for assay, value in (("a", 1.0), ("b", 4.0))]

    assert vectors(rows, of(CRS)).loc[("p", 72.0)].tolist() == [4.0, 1.0, 4.0, 1.0, 2.5, 2.5]


def test_extremes_stand_in_the_row_of_their_own_episode_and_landmark():
    rows = [
        event(CRS, 10, 1.0),
        event(CRS, 30, 3.0),
        event(CRS, 20, 2.0, episode_id="r"),
    ]

    found = vectors(rows, of(CRS, ("max", "min")), landmarks=(24, 72))

    np.testing.assert_array_equal(found[f"{CRS}.max.to_date"], [1, 3, np.nan, np.nan, 2, 2])
    np.testing.assert_array_equal(found[f"{CRS}.min.to_date"], [1, 1, np.nan, np.nan, 2, 2])


@pytest.mark.parametrize("value", [0.0, -0.0])
def test_a_measured_zero_is_a_value(value):
    found = vectors([event(CRS, 5, value)], of(CRS)).loc[("p", 72.0)]

    assert found.tolist() == [0.0] * len(LEVELS)


def test_what_was_not_measured_is_no_zero():
    rows = [event(CRS, 5, 5.0), event(CRS, 6, 7.0, episode_id="r")]

    minima = vectors(rows, of(CRS, ("min",)))[f"{CRS}.min.to_date"]

    np.testing.assert_array_equal(minima, [5.0, np.nan, 7.0])


def test_the_maximum_of_negative_values_is_negative():
    rows = [event(CRS, 5, -3.0), event(CRS, 6, -2.0)]

    assert vectors(rows, of(CRS, ("max",))).loc[("p", 72.0)].tolist() == [-2.0]


def test_a_value_of_19_days_ago_is_not_in_a_window_of_one_day():
    now = 19 * 24.0
    measured = of(CRS, (*QUIET, *INTENSITY), window=LAST_DAY, threshold=1.0)

    found = vectors(
        [event(CRS, 0, 4.0)], measured, landmarks=[now], window=LAST_DAY, presence="informative"
    ).loc[("p", now)]

    assert found.pop(f"{CRS}.count.last_day") == 0.0
    assert all(math.isnan(value) for value in found)

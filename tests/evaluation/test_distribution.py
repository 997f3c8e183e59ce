import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from icans_risk.errors import IcansRiskError
from icans_risk.evaluation.bootstrap import bootstrap_interval
from icans_risk.evaluation.distribution import discrimination_slope, risk_distribution


def test_the_slope_is_the_difference_of_mean_risks():
    assert discrimination_slope([1, 1, 0, 0], [0.8, 0.5, 0.4, 0.1]) == pytest.approx(0.4)
    weighted = discrimination_slope([1, 1, 0, 0], [0.8, 0.5, 0.4, 0.1], [2, 1, 0, 1])
    assert weighted == pytest.approx(0.7 - 0.1)


@pytest.mark.parametrize("y", [[0, 0], [1, 1], []])
def test_the_slope_needs_both_outcomes(y):
    assert math.isnan(discrimination_slope(y, [0.1, 0.9][: len(y)]))


def test_the_slope_is_a_metric_like_the_others():
    y, p = [1, 0, 1, 0, 0], [0.9, 0.2, 0.6, 0.5, 0.1]
    interval = bootstrap_interval(discrimination_slope, y, p, groups=range(5), seed=0)
    assert interval.low <= interval.estimate <= interval.high


def test_a_risk_on_an_edge_belongs_to_the_bin_above_and_1_to_the_last():
    table = risk_distribution(
        [0] * 5, [0, 0.25, 0.3, 0.75, 1], groups=range(5), fewest=1, bins=4
    )  # fmt: skip
    assert table["others"].tolist() == [1, 2, 0, 2]
    assert table["low"].tolist() == [0, 0.25, 0.5, 0.75]
    assert table["high"].tolist() == [0.25, 0.5, 0.75, 1]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 1), st.floats(0, 1), st.integers(0, 3))), st.integers(1, 30)
)
def test_every_weighted_row_is_in_one_bin(rows, bins):
    y, p, w = ([row[i] for row in rows] for i in range(3))
    table = risk_distribution(y, p, groups=range(len(rows)), fewest=1, bins=bins, weight=w)
    assert table["events"].sum() == sum(b for a, _, b in rows if a)
    assert table["others"].sum() == sum(b for a, _, b in rows if not a)
    assert (table["low"] < table["high"]).all()


def test_bins_with_few_patients_are_hidden_however_many_rows_they_have():
    y = [0] * 26
    p = [0.1] * 10 + [0.5] * 10 + [0.9] * 6
    groups = ["a"] * 10 + list(range(16))
    shown = risk_distribution(y, p, groups=groups, fewest=5, bins=3)["others"]
    np.testing.assert_array_equal(shown, [np.nan, 10, np.nan])


def test_a_histogram_without_bins_is_refused():
    with pytest.raises(IcansRiskError, match="got 0"):
        risk_distribution([0], [0.1], groups=[1], fewest=1, bins=0)

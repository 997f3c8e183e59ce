import math

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit
from sklearn.metrics import brier_score_loss

from icans_risk.evaluation.calibration import (
    brier,
    calibration_curve,
    calibration_intercept,
    calibration_slope,
    observed_expected,
)


def cohort(seed: int, rows: int = 120, slope: float = 0.7):
    draw = np.random.default_rng(seed)
    linear = draw.normal(-1.2, 1.3, rows)
    y = (draw.random(rows) < expit(0.3 + slope * linear)).astype(int)
    return y, expit(linear), draw.uniform(0.2, 3, rows)


def by_statsmodels(y, design, w, offset=None):
    model = sm.GLM(y, design, family=sm.families.Binomial(), freq_weights=w, offset=offset)
    return model.fit(tol=1e-15, maxiter=200).params


def test_brier_is_the_mean_squared_error():
    assert brier([1, 0], [0.8, 0.4]) == pytest.approx((0.04 + 0.16) / 2)
    assert brier([1, 0], [0.8, 0.4], [3, 1]) == pytest.approx((3 * 0.04 + 0.16) / 4)


def test_brier_is_a_number_with_one_outcome_and_nan_without_rows():
    assert brier([0, 0], [0.5, 0.5]) == 0.25
    assert math.isnan(brier([], []))


def test_brier_agrees_with_scikit_learn():
    y, p, w = cohort(1)
    assert brier(y, p, w) == pytest.approx(brier_score_loss(y, p, sample_weight=w), abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1), st.floats(0, 1)), min_size=1))
def test_brier_lies_between_0_and_1(pairs):
    y, p = zip(*pairs, strict=True)
    assert 0 <= brier(y, p) <= 1


def test_observed_over_expected_weighs_both_sides():
    # Observed 2, expected 2 * 0.5 + 1 * 0.2 + 1 * 0.3.
    assert observed_expected([1, 0, 0], [0.5, 0.2, 0.3], [2, 1, 1]) == pytest.approx(2 / 1.5)


@pytest.mark.parametrize(("y", "p"), [([0, 0], [0.1, 0.2]), ([1, 0], [0, 0]), ([], [])])
def test_observed_over_expected_needs_events_on_both_sides(y, p):
    assert math.isnan(observed_expected(y, p))


def test_intercept_is_the_log_of_the_odds_ratio_for_a_constant_prediction():
    # 3 of 4 happened, odds 3; one half was said, odds 1.
    assert calibration_intercept([1, 1, 1, 0], [0.5] * 4) == pytest.approx(math.log(3))


def test_slope_is_the_ratio_of_log_odds_ratios_for_two_risks():
    # Seen 1/4 and 3/4, odds ratio 9; said 0.1 and 0.9, odds ratio 81.
    y, p = [1, 0, 0, 0, 1, 1, 1, 0], [0.1] * 4 + [0.9] * 4
    assert calibration_slope(y, p) == pytest.approx(math.log(9) / math.log(81))


@pytest.mark.parametrize("seed", range(10))
def test_intercept_and_slope_agree_with_statsmodels(seed):
    y, p, w = cohort(seed)
    ones, x = np.ones((y.size, 1)), logit(p)
    for weight in (w, np.ones(y.size)):
        intercept = by_statsmodels(y, ones, weight, offset=x)[0]
        assert calibration_intercept(y, p, weight) == pytest.approx(intercept, abs=1e-8)
        slope = by_statsmodels(y, np.c_[ones, x], weight)[1]
        assert calibration_slope(y, p, weight) == pytest.approx(slope, abs=1e-8)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_risks_recalibrated_by_their_own_line_have_slope_1_and_intercept_0(seed):
    y, p, w = cohort(seed, 80)
    slope = calibration_slope(y, p, w)
    stretched = expit(slope * logit(p))
    mended = expit(logit(stretched) + calibration_intercept(y, stretched, w))
    assert calibration_slope(y, mended, w) == pytest.approx(1, abs=1e-6)
    assert calibration_intercept(y, mended, w) == pytest.approx(0, abs=1e-6)
    assert observed_expected(y, mended, w) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("metric", [calibration_intercept, calibration_slope])
@pytest.mark.parametrize("y", [[0, 0, 0], [1, 1, 1], []])
def test_one_outcome_only_is_not_estimable(metric, y):
    assert math.isnan(metric(y, [0.1, 0.5, 0.9][: len(y)]))


def test_a_constant_prediction_has_an_intercept_but_no_slope():
    assert math.isnan(calibration_slope([0, 1, 0, 1], [0.3] * 4))
    assert math.isfinite(calibration_intercept([0, 1, 0, 1], [0.3] * 4))


def test_a_prediction_that_is_constant_but_for_rounding_has_no_slope():
    assert math.isnan(calibration_slope([0, 1, 0, 1], [0.3, 0.1 + 0.2, 0.1 + 0.2, 0.3]))


@pytest.mark.parametrize(
    "p",
    [
        pytest.param([0.1, 0.2, 0.6, 0.9], id="complete"),
        pytest.param([0.9, 0.6, 0.2, 0.1], id="complete, reversed"),
        pytest.param([0.1, 0.5, 0.5, 0.9], id="quasi, touching at one risk"),
    ],
)
def test_a_threshold_that_parts_the_outcomes_leaves_the_slope_unestimable(p):
    assert math.isnan(calibration_slope([0, 0, 1, 1], p))


def test_the_slope_survives_overlap_by_a_single_patient():
    y, p = [0] * 30 + [1] * 30, np.r_[np.linspace(0.01, 0.5, 30), np.linspace(0.49, 0.99, 30)]
    expected = by_statsmodels(np.array(y), np.c_[np.ones(60), logit(p)], np.ones(60))[1]
    assert calibration_slope(y, p) == pytest.approx(expected, rel=1e-6)


def test_risks_of_exactly_0_and_1_stay_finite():
    assert math.isfinite(calibration_intercept([0, 1, 1, 0], [0, 1, 0.5, 0.5]))
    assert math.isfinite(calibration_slope([0, 1, 0, 1, 0], [0, 1, 0.6, 0.5, 1]))


def test_rare_risks_far_from_one_half_keep_a_precise_slope():
    draw = np.random.default_rng(4)
    linear = draw.normal(-6, 0.01, 4000)
    y = (draw.random(4000) < 0.05).astype(int)
    expected = by_statsmodels(y, np.c_[np.ones(4000), linear + 6], np.ones(4000))[1]
    assert calibration_slope(y, expit(linear)) == pytest.approx(expected, rel=1e-6)


def test_the_curve_of_a_large_calibrated_cohort_follows_the_diagonal():
    draw = np.random.default_rng(7)
    p = draw.uniform(0.05, 0.95, 20_000)
    curve = calibration_curve((draw.random(p.size) < p).astype(int), p, points=21)
    assert set(curve["method"]) == {"spline"}
    assert np.abs(curve["observed"] - curve["predicted"]).max() < 0.03
    assert ((curve["low"] <= curve["observed"]) & (curve["observed"] <= curve["high"])).all()


def test_the_curve_bends_where_a_line_on_the_logit_cannot():
    draw = np.random.default_rng(8)
    p = draw.uniform(0.02, 0.98, 20_000)
    truth = 0.15 + 0.5 * np.abs(p - 0.5)
    curve = calibration_curve((draw.random(p.size) < truth).astype(int), p, points=11)
    middle = curve["observed"].iloc[5]
    assert curve["observed"].iloc[0] > middle + 0.1
    assert curve["observed"].iloc[-1] > middle + 0.1


def test_the_spline_agrees_with_statsmodels_on_a_natural_spline_basis():
    y, p, w = cohort(3, 400)
    curve = calibration_curve(y, p, w, points=9)
    x, at = logit(p), logit(curve["predicted"].to_numpy())
    knots = np.quantile(x, [0.1, 0.5, 0.9])

    def basis(v):
        # Another basis of the same space: the truncated form of the textbook.
        def d(k):
            cubes = np.maximum(v - knots[k], 0) ** 3 - np.maximum(v - knots[2], 0) ** 3
            return cubes / (knots[2] - knots[k])

        return np.c_[np.ones(v.size), v, d(0) - d(1)]

    expected = expit(basis(at) @ by_statsmodels(y, basis(x), w))
    assert curve["observed"].to_numpy() == pytest.approx(expected, abs=1e-7)


def test_with_few_events_the_curve_is_the_recalibration_line_and_says_so():
    y, p, w = cohort(5, 40)
    assert y.sum() < 20
    curve = calibration_curve(y, p, w, points=5)
    assert set(curve["method"]) == {"line"}
    between = np.diff(logit(curve["observed"])) / np.diff(logit(curve["predicted"]))
    assert between == pytest.approx(np.full(4, calibration_slope(y, p, w)))


def test_the_band_of_the_line_is_the_robust_one_of_statsmodels():
    y, p, _ = cohort(6, 45)
    curve = calibration_curve(y, p, points=4)
    fit = sm.GLM(y, np.c_[np.ones(45), logit(p)], family=sm.families.Binomial()).fit(
        cov_type="HC0", tol=1e-15
    )
    at = np.c_[np.ones(4), logit(curve["predicted"])]
    deviation = np.sqrt(np.einsum("ij,jk,ik->i", at, fit.cov_params(), at))
    expected = expit(at @ fit.params + 1.959963984540054 * deviation)
    assert curve["high"].to_numpy() == pytest.approx(expected, abs=1e-7)


def test_the_curve_falls_back_to_the_line_where_knots_coincide():
    draw = np.random.default_rng(2)
    p = np.r_[np.full(180, 0.2), np.full(20, 0.6)]
    curve = calibration_curve((draw.random(200) < 0.4).astype(int), p, points=3)
    assert set(curve["method"]) == {"line"}


@pytest.mark.parametrize(
    ("y", "p"), [([0, 0], [0.1, 0.2]), ([0, 1], [0.3, 0.3]), ([0, 0, 1, 1], [0.1, 0.2, 0.6, 0.7])]
)
def test_a_curve_without_a_finite_fit_is_empty_and_says_so(y, p):
    curve = calibration_curve(y, p, points=3)
    assert set(curve["method"]) == {"not estimable"}
    assert curve["observed"].isna().all()
    assert list(curve) == ["predicted", "observed", "low", "high", "method"]

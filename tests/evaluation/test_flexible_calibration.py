import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit, ndtri
from sklearn.metrics import brier_score_loss

from icans_risk.errors import IcansRiskError
from icans_risk.evaluation import bootstrap_interval
from icans_risk.evaluation.calibration import (
    calibration_curve,
    calibration_intercept,
    calibration_slope,
)
from icans_risk.evaluation.calibration_errors import (
    CALIBRATION_ERRORS,
    calibration_band,
    calibration_errors,
)
from icans_risk.evaluation.discrimination import auroc
from icans_risk.evaluation.flexible_calibration import fit_calibration


class RandomOfR:
    """R's default generator, so that published R examples can be rebuilt: Mersenne twister
    with R's scrambling of the seed, normals by inversion, one Bernoulli draw as ``rbinom``."""

    def __init__(self, seed: int) -> None:
        words = []
        for turn in range(50 + 625):
            seed = (69069 * seed + 1) & 0xFFFFFFFF
            if turn > 50:
                words.append(seed)
        self.words = np.random.RandomState()
        self.words.set_state(("MT19937", np.array(words, dtype=np.uint32), 624))

    def uniform(self) -> float:
        return int(self.words.randint(0, 2**32, dtype=np.uint32)) * 2.3283064365386963e-10

    def normal(self, size: int) -> np.ndarray:
        big = 2**27
        draws = [int(big * self.uniform()) + self.uniform() for _ in range(size)]
        return ndtri(np.array(draws) / big)

    def bernoulli(self, p: np.ndarray) -> np.ndarray:
        small = np.minimum(p, 1 - p)
        hit = np.array([self.uniform() >= 1 - q for q in small])
        return np.where(p > 0.5, ~hit, hit).astype(int)


def pmcalibration_readme():
    """The cohort of the README of the R package pmcalibration 0.2.0:
    set.seed(2345); sim_dat(1000, a1 = -1, a3 = 1); p <- plogis(-1 + x1 + x2)."""
    r = RandomOfR(2345)
    x1, x2 = r.normal(1000), r.normal(1000)
    y = r.bernoulli(expit(-1 + x1 + x2 + x1 * x2))
    return y, expit(-1 + x1 + x2)


def cohort(seed: int, rows: int = 300):
    draw = np.random.default_rng(seed)
    linear = draw.normal(-0.5, 1.3, rows)
    y = (draw.random(rows) < expit(0.3 + 0.7 * linear)).astype(int)
    return y, expit(linear), draw.integers(1, 4, rows)


def test_the_rebuilt_cohort_is_that_of_the_r_readme():
    y, p = pmcalibration_readme()
    # x1 and x2 of the first row as printed, and figures of rms::val.prob on the whole.
    assert logit(p[0]) == pytest.approx(-1 - 1.19142464 - 0.9245914, abs=1e-7)
    assert y[:6].tolist() == [0, 0, 1, 1, 0, 0]
    assert round(auroc(y, p), 3) == 0.813
    assert round(brier_score_loss(y, p), 3) == 0.148


def test_intercept_and_slope_are_those_that_r_prints():
    y, p = pmcalibration_readme()
    assert round(calibration_intercept(y, p), 2) == -0.11
    assert round(calibration_slope(y, p), 3) == 1.062
    # The package's vignette: sim_dat(1000, a1 = -3, a3 = .3).
    r = RandomOfR(2345)
    x1, x2 = r.normal(1000), r.normal(1000)
    y = r.bernoulli(expit(-3 + x1 + x2 + 0.3 * x1 * x2))
    assert round(calibration_intercept(y, expit(-3 + x1 + x2)), 3) == -0.044
    assert round(calibration_slope(y, expit(-3 + x1 + x2)), 3) == 1.336


def test_the_curve_is_that_of_rms_rcs_to_every_printed_digit():
    fit = fit_calibration(*pmcalibration_readme(), knots=5)
    # get_curve(pmcalibration(y, p, smooth = "rcs", nk = 5)), columns p and p_c.
    at = [0.005804309, 0.015274021, 0.024743733, 0.034213445, 0.043683157, 0.053152869]
    of_r = [0.14402182, 0.11541021, 0.10296340, 0.09521032, 0.08985188, 0.08642764]
    assert fit.method == "spline"
    np.testing.assert_allclose(fit.observed(at), of_r, atol=1e-7)


def test_the_errors_are_those_that_pmcalibration_prints():
    errors = calibration_errors(*pmcalibration_readme(), knots=5)
    printed = [round(e, 3) for e in (errors.ici, errors.e50, errors.e90, errors.emax)]
    assert printed == [0.054, 0.059, 0.083, 0.138]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([60, 400]))
def test_with_three_knots_it_is_the_curve_of_the_report(seed, rows):
    y, p, w = cohort(seed, rows)
    curve, fit = calibration_curve(y, p, w), fit_calibration(y, p, w)
    assert curve["method"].unique().tolist() == [fit.method]
    np.testing.assert_allclose(fit.observed(curve["predicted"]), curve["observed"], atol=1e-9)


def test_errors_of_a_line_have_a_closed_form():
    # Seen 2/5 and 3/5, said 1/10 and 4/5: the line goes through both.
    y, p = [1, 1, 0, 0, 0, 1, 1, 1, 0, 0], [0.1] * 5 + [0.8] * 5
    errors = calibration_errors(y, p)
    assert errors.method == "line"
    expected = [0.25, 0.2, 0.3, 0.3]
    assert [errors.ici, errors.e50, errors.e90, errors.emax] == pytest.approx(expected, abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_weights_count_as_copies_where_the_curve_is_a_line(seed):
    y, p, w = cohort(seed, 40)
    y, p, w = y[:25], p[:25], w[:25]
    copies = [np.repeat(column, w) for column in (y, p)]
    weighted, copied = calibration_errors(y, p, w), calibration_errors(*copies)
    if weighted.method == copied.method == "line":
        for name in CALIBRATION_ERRORS:
            assert getattr(weighted, name) == pytest.approx(getattr(copied, name), abs=1e-8)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_the_errors_are_ordered(seed):
    y, p, w = cohort(seed)
    errors = calibration_errors(y, p, w)
    assert 0 <= errors.e50 <= errors.e90 <= errors.emax <= 1
    assert errors.ici <= errors.emax


@pytest.mark.parametrize("y", [[0, 0, 0, 0], [0, 0, 1, 1]], ids=["one outcome", "separated"])
def test_what_has_no_curve_has_no_errors(y):
    errors = calibration_errors(y, [0.1, 0.2, 0.6, 0.9])
    assert errors.method == "not estimable"
    assert all(math.isnan(e) for e in (errors.ici, errors.e50, errors.e90, errors.emax))


def test_a_prediction_that_is_constant_but_for_rounding_has_no_curve():
    near = [0.3, 0.1 + 0.2, 0.1 + 0.2, 0.3]
    assert fit_calibration([0, 1, 0, 1], near).method == "not estimable"


def test_other_numbers_of_knots_are_refused():
    with pytest.raises(IcansRiskError, match="knots=6"):
        fit_calibration([0, 1], [0.1, 0.2], knots=6)


def test_an_error_gets_its_interval_like_any_metric():
    y, p, _ = cohort(3)
    interval = bootstrap_interval(
        CALIBRATION_ERRORS["ici"], y, p, groups=np.arange(y.size), resamples=50, seed=1
    )
    assert interval.estimate == calibration_errors(y, p).ici
    assert 0 <= interval.low < interval.high


def test_the_band_holds_the_curve_and_narrows_with_more_patients():
    widths = []
    for rows in (150, 1500):
        y, p, _ = cohort(5, rows)
        band = calibration_band(y, p, groups=np.arange(rows), points=9, resamples=80, seed=2)
        assert (band["estimable"] == 80).all()
        assert ((band["low"] <= band["observed"]) & (band["observed"] <= band["high"])).all()
        widths.append((band["high"] - band["low"]).mean())
    assert widths[1] < widths[0] / 2


def test_the_band_draws_patients_and_not_rows():
    y, p, _ = cohort(6, 150)
    once = calibration_band(y, p, groups=np.arange(150), points=5, resamples=40, seed=3)
    copied = [np.repeat(column, 4) for column in (y, p, np.arange(150))]
    four = calibration_band(copied[0], copied[1], groups=copied[2], points=5, resamples=40, seed=3)
    np.testing.assert_allclose(four["low"], once["low"], atol=0.02)


def test_weights_of_a_band_count_as_copies_of_the_patient():
    y, p, w = (column[:15] for column in cohort(8, 40))
    weighted = calibration_band(
        y, p, groups=np.arange(15), weight=w, points=5, resamples=40, seed=3
    )
    copied = [np.repeat(column, w) for column in (y, p, np.arange(15))]
    rows = calibration_band(copied[0], copied[1], groups=copied[2], points=5, resamples=40, seed=3)
    shared = ["observed", "low", "high", "estimable"]
    np.testing.assert_allclose(weighted[shared], rows[shared], atol=1e-7)


def test_a_band_without_a_curve_is_empty():
    band = calibration_band([0, 0], [0.1, 0.2], groups=[1, 2], points=3, resamples=5, seed=1)
    assert band["low"].isna().all()
    assert (band["estimable"] == 0).all()

import json

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import expit

from icans_risk.errors import IcansRiskError, NotEstimableError, NotReleasedError
from icans_risk.models.calibration import (
    LogitCalibration,
    choose_method,
    fit_logit_calibration,
)

BOTH = "intercept_and_slope"


def patients(seed, rows=300, slope=1.0, intercept=0.0):
    """Draw margins, outcomes that follow them by a line on the logit, and weights."""
    draw = np.random.default_rng(seed)
    margin = draw.normal(-1.0, 1.2, rows)
    y = (draw.random(rows) < expit(intercept + slope * margin)).astype(int)
    return margin, y, draw.uniform(0.2, 3.0, rows)


def by_statsmodels(y, design, w, offset=None):
    model = sm.GLM(y, design, family=sm.families.Binomial(), freq_weights=w, offset=offset)
    return model.fit(tol=1e-15, maxiter=200).params


@pytest.mark.parametrize("seed", range(3))
def test_an_intercept_alone_is_that_of_statsmodels(seed):
    margin, y, w = patients(seed, slope=0.6, intercept=0.5)
    step = fit_logit_calibration(margin, y, w, method="intercept")
    (expected,) = by_statsmodels(y, np.ones((len(y), 1)), w, offset=margin)
    assert step.intercept == pytest.approx(expected, abs=1e-8)
    assert step.slope == 1.0


def test_with_many_patients_intercept_and_slope_are_those_of_statsmodels():
    margin, y, _ = patients(4, rows=50_000, slope=0.6, intercept=0.5)
    step = fit_logit_calibration(margin, y)
    intercept, slope = sm.Logit(y, sm.add_constant(margin)).fit(disp=False).params
    # Firth's penalty weighs as much as one patient.
    assert step.intercept == pytest.approx(intercept, abs=1e-3)
    assert step.slope == pytest.approx(slope, abs=1e-3)


@pytest.mark.parametrize("seed", range(3))
def test_the_slope_maximises_the_penalised_likelihood(seed):
    margin, y, w = patients(seed, rows=110, slope=0.7)
    design = sm.add_constant(margin)

    def loss(beta):
        eta = design @ beta
        information = design.T @ (design * (w * expit(eta) * expit(-eta))[:, None])
        penalty = 0.5 * np.log(np.linalg.det(information))
        return -(w @ (y * eta - np.logaddexp(0, eta)) + penalty)

    searched = minimize(loss, [0.0, 1.0], method="Nelder-Mead", options={"xatol": 1e-9})
    step = fit_logit_calibration(margin, y, w, method=BOTH)
    assert step.slope == pytest.approx(searched.x[1], abs=1e-5)


@pytest.mark.parametrize("cells", [(60, 20, 25, 45), (59, 1, 1, 59), (60, 0, 0, 60)])
def test_a_fourfold_table_has_half_a_patient_more_in_each_cell(cells):
    # Firth's estimate of a saturated model has this closed form, parted outcomes or not.
    low_well, low_ill, high_well, high_ill = cells
    margin = np.repeat([-1.0, -1.0, 1.0, 1.0], cells)
    step = fit_logit_calibration(margin, np.repeat([0, 1, 0, 1], cells))
    odds_ratio = (high_ill + 0.5) * (low_well + 0.5) / ((high_well + 0.5) * (low_ill + 0.5))
    assert step.slope == pytest.approx(np.log(odds_ratio) / 2, rel=1e-6)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), slope=st.floats(0.3, 3.0), intercept=st.floats(-2.0, 2.0))
def test_calibrated_margins_need_no_calibration(seed, slope, intercept):
    margin, y, w = patients(seed, slope=slope, intercept=intercept)
    once = fit_logit_calibration(margin, y, w, method=BOTH)
    again = fit_logit_calibration(once.apply(margin), y, w, method=BOTH)
    assert again.intercept == pytest.approx(0.0, abs=1e-6)
    assert again.slope == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("method", ["intercept", BOTH])
def test_as_many_events_are_expected_as_were_observed(method):
    margin, y, w = patients(7, slope=0.5, intercept=-1.0)
    step = fit_logit_calibration(margin, y, w, method=method)
    assert w @ expit(step.apply(margin)) == pytest.approx(w @ y, rel=1e-9)


@pytest.mark.parametrize("spread", [0.5, 1.0, 2.0])
def test_a_spread_of_margins_that_is_too_wide_or_narrow_is_recovered(spread):
    slopes = []
    for seed in range(20):
        margin, y, _ = patients(seed, rows=1_000)
        slopes.append(fit_logit_calibration(margin / spread, y).slope)
    assert np.mean(slopes) == pytest.approx(spread, rel=0.05)


@settings(max_examples=60, deadline=None)
@given(
    numbers=st.tuples(*[st.floats(-5, 5), st.floats(0.1, 5)] * 2),
    margins=st.lists(st.floats(-30, 30), min_size=1),
)
def test_one_after_the_other_is_one_calibration(numbers, margins):
    first, later = LogitCalibration(*numbers[:2], BOTH), LogitCalibration(*numbers[2:], BOTH)
    together = first.then(later).apply(margins)
    np.testing.assert_allclose(together, later.apply(first.apply(margins)), atol=1e-9)


@pytest.mark.parametrize(
    ("events", "others", "method"),
    [
        (9, 500, "none"),
        (10, 500, "intercept"),
        (19, 500, "intercept"),
        (20, 79, "intercept"),
        (20, 80, BOTH),
        (80, 20, BOTH),
        (500, 9, "none"),
    ],
)
def test_the_size_of_the_cohort_decides_what_is_fitted(events, others, method):
    y = np.repeat([1, 0], [events, others])
    assert choose_method(y) == method
    margin = np.random.default_rng(1).normal(size=y.size) + y
    assert fit_logit_calibration(margin, y).method == method


def test_patients_are_counted_and_not_their_rows():
    margin, y, _ = patients(3, rows=400)
    patient = np.arange(400) // 5
    assert fit_logit_calibration(margin, y).method == BOTH
    assert fit_logit_calibration(margin, y, groups=patient).method == "intercept"


def test_nothing_is_fitted_to_too_few_events():
    step = fit_logit_calibration([0.3, -1.0, 2.0, 0.1], [0, 1, 0, 1])
    assert (step.intercept, step.slope) == (0.0, 1.0)


def test_a_weight_of_two_is_a_copy_and_of_zero_is_nobody():
    margin, y, _ = patients(5)
    weight = np.repeat([2.0, 1.0, 0.0], 100)
    kept = np.concatenate([np.arange(100), np.arange(200)])
    weighted = fit_logit_calibration(margin, y, weight, method=BOTH)
    copied = fit_logit_calibration(margin[kept], y[kept], method=BOTH)
    assert weighted.slope == pytest.approx(copied.slope, abs=1e-8)
    assert weighted.intercept == pytest.approx(copied.intercept, abs=1e-8)
    few = np.repeat([1.0, 0.0], [90, 210])
    assert fit_logit_calibration(margin, y, few).method != BOTH


def test_the_order_of_rows_does_not_matter():
    margin, y, w = patients(6)
    order = np.random.default_rng(0).permutation(len(y))
    one = fit_logit_calibration(margin, y, w)
    other = fit_logit_calibration(margin[order], y[order], w[order])
    assert other.slope == pytest.approx(one.slope, abs=1e-9)
    assert other.intercept == pytest.approx(one.intercept, abs=1e-9)


def test_margins_of_any_scale_and_place_are_fitted():
    margin, y, _ = patients(8)
    plain = fit_logit_calibration(margin, y)
    moved = fit_logit_calibration(1e4 * margin + 1e5, y)
    assert 1e4 * moved.slope == pytest.approx(plain.slope, rel=1e-6)


def test_a_model_that_points_the_wrong_way_is_not_released():
    margin, y, _ = patients(2)
    with pytest.raises(NotReleasedError, match=r"slope on held-out patients is -\d.*300 rows"):
        fit_logit_calibration(-margin, y)


def test_one_margin_for_all_takes_an_intercept_only():
    _, y, _ = patients(2)
    step = fit_logit_calibration(np.full(len(y), 0.7), y)
    assert step.method == "intercept"
    assert expit(step.apply(0.7)) == pytest.approx(y.mean())


@pytest.mark.parametrize(
    ("margin", "y", "weight", "error", "words"),
    [
        ([0.0, 1.0], [0, 1, 1], None, IcansRiskError, "shapes"),
        ([0.0, np.nan], [0, 1], None, IcansRiskError, "1 of 2 rows"),
        ([0.0, 1.0], [0, 2], None, IcansRiskError, "1 of 2 rows"),
        ([0.0, 1.0], [0, 1], [1, -1], IcansRiskError, "1 of 2 rows"),
        ([0.0, 1.0], [0, 1], [1, 0], NotEstimableError, "1 rows with weight"),
    ],
)
def test_unsound_rows_are_refused(margin, y, weight, error, words):
    with pytest.raises(error, match=words):
        fit_logit_calibration(margin, y, weight)


@pytest.mark.parametrize("numbers", [(np.nan, 1.0), (0.0, 0.0), (0.0, -1.0), (0.0, np.inf)])
def test_a_calibration_rises(numbers):
    with pytest.raises(IcansRiskError, match="slope above 0"):
        LogitCalibration(*numbers, BOTH)


def test_an_unknown_method_is_refused():
    with pytest.raises(IcansRiskError, match="isotonic"):
        LogitCalibration(0.0, 1.0, "isotonic")


def test_it_survives_json():
    step = fit_logit_calibration(*patients(9))
    assert LogitCalibration.from_state(json.loads(json.dumps(step.to_state()))) == step

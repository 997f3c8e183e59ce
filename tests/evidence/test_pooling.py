"""Pooling, held against what the R package metafor prints for published examples.

Data: the BCG vaccine trials (Colditz et al., JAMA 1994;271:698; metafor's `dat.bcg`) and the
catheter trials of Niel-Weise et al. 2007 and 2008 (`dat.nielweise2007`, `dat.nielweise2008`).
Figures: metafor's documentation (`rma.uni`, `predict.rma`) and its own test of Stijnen et al. 2010
(`test_analysis_example_stijnen2010.r`), which prints them to four decimals
(its mixed models with seven nodes, rounded and so to 1e-4).
"""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.meta_analysis import combine_effects

from icans_risk.errors import IcansRiskError, NotEstimableError
from icans_risk.evaluation.random_effects import random_effects
from icans_risk.evidence.pooling import (
    effects_of,
    fit_mixed,
    leave_one_out,
    log_odds,
    log_odds_ratio,
    log_rate,
    log_rate_ratio,
    log_risk_ratio,
    pool,
    rate_ratio_by_group,
    tau2_interval,
)

# Tuberculosis and none among the vaccinated, then among the controls.
BCG = np.array(
    [
        [4, 119, 11, 128], [6, 300, 29, 274], [3, 228, 11, 209], [62, 13536, 248, 12619],
        [33, 5036, 47, 5761], [180, 1361, 372, 1079], [8, 2537, 10, 619], [505, 87886, 499, 87892],
        [29, 7470, 45, 7232], [17, 1699, 65, 1600], [186, 50448, 141, 27197], [5, 2493, 3, 2338],
        [27, 16886, 29, 17825],
    ]
)  # fmt: skip
# Infections and patients: standard catheter, then treated.
CATHETERS_2007 = np.array(
    [
        [3, 117, 0, 116], [3, 35, 1, 44], [9, 195, 2, 208], [7, 136, 0, 130], [6, 157, 5, 151],
        [4, 139, 1, 98], [3, 177, 1, 174], [2, 39, 1, 74], [19, 103, 1, 97], [2, 122, 1, 113],
        [7, 64, 0, 66], [1, 58, 0, 70], [5, 175, 3, 188], [11, 180, 6, 187], [0, 105, 0, 118],
        [1, 262, 0, 252], [3, 362, 1, 345], [1, 69, 4, 64],
    ]
)  # fmt: skip
# Infections and catheter days: treated, then standard.
CATHETERS_2008 = np.array(
    [
        [7, 1344, 11, 1988], [8, 1600, 8, 1461], [3, 12012, 14, 10962], [6, 1536, 10, 1503],
        [1, 370, 1, 483], [1, 729, 8, 913], [17, 6760, 15, 6840], [3, 1107, 7, 1015],
        [2, 320, 3, 440],
    ]
)  # fmt: skip


def bcg():
    a, b, c, d = BCG.T
    return log_risk_ratio((a, a + b), (c, c + d))


def test_restricted_likelihood_on_the_bcg_trials() -> None:
    found = pool(bcg(), method="REML", interval="normal", prediction="as_mean")
    assert found.estimate == pytest.approx(-0.7145323, abs=1e-6)
    assert found.tau2 == pytest.approx(0.3132433, abs=1e-6)
    assert found.standard_error == pytest.approx(0.1798, abs=1e-4)
    assert (found.low, found.high) == pytest.approx((-1.0669, -0.3622), abs=1e-4)
    assert found.i2 == pytest.approx(0.9222, abs=1e-4)
    assert found.q == pytest.approx(152.2330, abs=1e-4)
    told = found.natural
    assert (told.value, told.low, told.high) == pytest.approx((0.4894, 0.3441, 0.6962), abs=1e-4)
    assert (told.prediction_low, told.prediction_high) == pytest.approx((0.1546, 1.5490), abs=1e-4)


def test_der_simonian_and_laird_on_the_bcg_trials() -> None:
    found = pool(bcg(), method="DL", interval="normal")
    assert (found.estimate, found.tau2) == pytest.approx((-0.7141, 0.3088), abs=1e-4)
    assert (found.low, found.high) == pytest.approx((-1.0644, -0.3638), abs=1e-4)
    assert found.i2 == pytest.approx(0.9212, abs=1e-4)


def test_knapp_and_hartung_on_the_bcg_trials() -> None:
    found = pool(bcg(), method="REML", interval="knapp_hartung")
    assert (found.low, found.high) == pytest.approx((-1.1084437, -0.3206210), abs=1e-5)
    assert found.standard_error == pytest.approx(0.1808, abs=1e-4)


def test_a_fixed_effect_on_the_bcg_trials() -> None:
    found = pool(bcg(), method="fixed")
    assert found.estimate == pytest.approx(-0.4303, abs=1e-4)
    assert (found.low, found.high) == pytest.approx((-0.5097, -0.3509), abs=1e-4)
    assert (found.tau2, found.i2, found.prediction_low) == (0.0, 0.0, found.low)


def test_the_prediction_interval_by_t_has_two_degrees_less_than_studies() -> None:
    found = pool(bcg(), interval="normal")
    reach = 2.20098516009164 * math.sqrt(found.tau2 + found.standard_error**2)
    assert found.prediction_high - found.estimate == pytest.approx(reach, abs=1e-9)


@pytest.mark.parametrize(
    ("column", "estimate", "error", "tau2"),
    [(0, -3.3018, 0.2378, 0.6629), (2, -4.2604, 0.2589, 0.3928)],
)
def test_proportions_on_the_logit(column: int, estimate: float, error: float, tau2: float) -> None:
    table = CATHETERS_2007
    found = pool(log_odds(table[:, column], table[:, column + 1]), interval="normal")
    assert found.estimate == pytest.approx(estimate, abs=1e-4)
    assert found.standard_error == pytest.approx(error, abs=1e-4)
    assert found.tau2 == pytest.approx(tau2, abs=2e-4)


def test_odds_ratios_without_the_trial_that_has_no_event() -> None:
    kept = CATHETERS_2007[CATHETERS_2007[:, [0, 2]].sum(axis=1) > 0]
    found = pool(log_odds_ratio(kept[:, 2:].T, kept[:, :2].T), interval="normal")
    assert found.estimate == pytest.approx(-0.9804, abs=1e-4)
    assert found.standard_error == pytest.approx(0.2435, abs=1e-4)
    assert math.sqrt(found.tau2) == pytest.approx(0.1886, abs=2e-4)


def test_rates_and_their_ratio() -> None:
    treated, days, standard, other = CATHETERS_2008.T
    rate = pool(log_rate(standard, other / 1000), interval="normal")
    assert (rate.estimate, rate.standard_error) == pytest.approx((1.4676, 0.2425), abs=1e-4)
    assert rate.tau2 == pytest.approx(0.3699, abs=2e-4)
    ratio = pool(log_rate_ratio((treated, days), (standard, other)), interval="normal")
    assert (ratio.estimate, ratio.standard_error) == pytest.approx((-0.3963, 0.2268), abs=1e-4)
    assert ratio.natural.low == pytest.approx(0.4314, abs=1e-4)


@pytest.mark.parametrize(
    ("column", "estimate", "error", "tau2"),
    [(2, 1.4007, 0.2310, 0.3165), (0, 0.8494, 0.3303, 0.6543)],
)
def test_the_mixed_poisson_model(column: int, estimate: float, error: float, tau2: float) -> None:
    table = CATHETERS_2008
    fit = fit_mixed(table[:, column], table[:, column + 1] / 1000, np.arange(9), points=7)
    assert fit.coefficients[0] == pytest.approx(estimate, abs=1e-4)
    assert fit.standard_errors[0] == pytest.approx(error, abs=1e-4)
    assert fit.tau2 == pytest.approx(tau2, abs=1e-4)


@pytest.mark.parametrize(
    ("column", "estimate", "error", "tau2"),
    [(0, -3.4964, 0.2570, 0.8124), (2, -4.8121, 0.3555, 0.8265)],
)
def test_the_mixed_logistic_model(column: int, estimate: float, error: float, tau2: float) -> None:
    table = CATHETERS_2007
    counts, patients = table[:, column], table[:, column + 1]
    fit = fit_mixed(counts, patients, np.arange(18), family="binomial", points=7)
    assert fit.coefficients[0] == pytest.approx(estimate, abs=1e-4)
    assert fit.standard_errors[0] == pytest.approx(error, abs=1e-4)
    assert fit.tau2 == pytest.approx(tau2, abs=1e-4)


def test_the_mixed_model_without_a_spread_between_groups_is_the_plain_one() -> None:
    fit = fit_mixed([20, 10, 40, 30], [20, 10, 40, 30], list("abcd"))
    assert fit.coefficients[0] == pytest.approx(0.0, abs=1e-6)
    assert fit.tau2 == 0.0
    assert fit.standard_errors[0] == pytest.approx(0.1, abs=1e-4)


def test_the_mixed_model_finds_a_column_s_effect_and_the_spread() -> None:
    draw = np.random.default_rng(5)
    group = np.repeat(np.arange(400), 3)
    column = draw.integers(0, 2, size=group.size)
    exposure = draw.uniform(2, 8, size=group.size)
    rate = np.exp(-0.5 + 0.7 * column + draw.normal(scale=0.8, size=400)[group])
    X = np.column_stack([np.ones(group.size), column])
    fit = fit_mixed(draw.poisson(rate * exposure), exposure, group, X=X)
    assert fit.coefficients == pytest.approx([-0.5, 0.7], abs=0.15)
    assert math.sqrt(fit.tau2) == pytest.approx(0.8, abs=0.08)
    low, high = fit.interval(1)
    assert low < 0.7 < high
    assert fit.interval(1, with_t=True)[0] < low


def test_laplace_is_near_the_quadrature() -> None:
    table = CATHETERS_2008
    one, many = (
        fit_mixed(table[:, 2], table[:, 3] / 1000, np.arange(9), points=p) for p in (1, 25)
    )
    assert one.coefficients[0] == pytest.approx(many.coefficients[0], abs=0.02)
    assert one.log_likelihood != pytest.approx(many.log_likelihood, abs=1e-6)


def test_paule_and_mandel_agree_with_statsmodels_and_with_the_summary_over_sites() -> None:
    effects = bcg()
    ours = pool(effects, method="PM")
    theirs = combine_effects(effects.estimate, effects.variance, method_re="pm", atol=1e-12)
    assert ours.tau2 == pytest.approx(theirs.tau2, abs=1e-6)
    over_sites = random_effects(effects.estimate, np.sqrt(effects.variance))
    assert ours.tau2 == pytest.approx(over_sites.tau**2, abs=1e-10)
    assert (ours.estimate, ours.low, ours.high) == pytest.approx(
        (over_sites.mean, over_sites.low, over_sites.high), abs=1e-10
    )
    assert ours.prediction_low == pytest.approx(over_sites.prediction_low, abs=1e-10)


def test_the_q_profile_holds_the_variance_between_studies() -> None:
    effects = bcg()
    low, high = tau2_interval(effects.estimate, effects.variance)
    assert (low, high) == pytest.approx((0.1197, 1.1115), abs=1e-4)


def test_leaving_one_out_names_the_study_that_carries_the_result() -> None:
    effects = log_rate([1, 2, 3, 200], [10, 20, 30, 20], labels=["a", "b", "c", "d"])
    table = leave_one_out(effects).set_index("left_out")
    assert table.loc["d", "value"] == pytest.approx(0.1, abs=1e-6)
    assert table.loc["d", "tau2"] == 0.0
    assert table["value"].drop("d").min() > 0.3


def test_counts_that_spread_more_than_chance_get_a_wider_interval() -> None:
    found = rate_ratio_by_group(
        [86, 9, 11, 10, 1, 6, 21, 0, 23], [18, 10, 7, 17, 11, 3, 6, 1, 65],
        [False] * 5 + [True] * 4,
    )  # fmt: skip
    assert found.factor > 5
    assert found.p_chance < 1e-6
    assert found.poisson.value == found.quasi_poisson.value == pytest.approx(50 / 75 / (117 / 63))
    width = math.log(found.poisson.high / found.poisson.low)
    assert math.log(found.quasi_poisson.high / found.quasi_poisson.low) > 2 * width
    assert math.log(found.negative_binomial.high / found.negative_binomial.low) > 2 * width


def test_counts_that_spread_as_chance_has_it_keep_their_interval() -> None:
    draw = np.random.default_rng(3)
    first = np.repeat([True, False], 200)
    found = rate_ratio_by_group(draw.poisson(np.where(first, 4, 8)), np.ones(400), first)
    assert found.poisson.value == pytest.approx(0.5, abs=0.05)
    assert found.factor == pytest.approx(1.0, abs=0.15)
    assert found.alpha == pytest.approx(0.0, abs=0.03)


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.floats(-3, 3), st.floats(0.01, 2)), min_size=2, max_size=9),
    st.floats(-2, 2),
)
def test_a_shift_of_all_studies_shifts_the_mean_and_nothing_else(studies, shift) -> None:
    values, variance = np.array(studies).T
    one, other = (pool(effects_of(values + by, variance)) for by in (0.0, shift))
    assert other.estimate == pytest.approx(one.estimate + shift, abs=1e-5)
    assert other.tau2 == pytest.approx(one.tau2, abs=1e-5)
    assert 0 <= one.i2 < 1
    assert one.low <= one.estimate <= one.high
    assert min(values) - 1e-9 <= one.estimate <= max(values) + 1e-9


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: pool(log_odds([3], [9])), "at least two studies"),
        (lambda: pool(bcg(), method="ML"), "Choose from these"),
        (lambda: pool(bcg(), interval="z"), "Choose from these"),
        (lambda: log_odds([10], [9]), "Several events per patient are a rate"),
        (lambda: log_rate([1, 2], [3]), "Check the table"),
        (lambda: effects_of([1.0], [0.0]), "a variance above 0"),
        (lambda: leave_one_out(log_odds([1, 2], [9, 9])), "at least three studies"),
        (lambda: fit_mixed([1, 2], [3], [1, 2]), "one size above 0"),
    ],
)
def test_what_cannot_be_pooled_is_refused(call, match: str) -> None:
    with pytest.raises(IcansRiskError, match=match):
        call()


@pytest.mark.parametrize(
    ("y", "size", "groups", "family"),
    [
        ([0, 0, 0], [3, 4, 5], "abc", "poisson"),
        ([3, 4, 5], [3, 4, 5], "abc", "binomial"),
        ([3, 4, 5], [3, 4, 5], "aaa", "poisson"),
    ],
)
def test_a_mixed_model_of_nothing_is_not_estimable(y, size, groups, family) -> None:
    with pytest.raises(NotEstimableError, match="Print the counts"):
        fit_mixed(y, size, list(groups), family=family)


def test_a_ratio_needs_events_in_both_groups() -> None:
    with pytest.raises(NotEstimableError, match="events in both"):
        rate_ratio_by_group([1, 2, 0], [3, 4, 5], [True, True, False])

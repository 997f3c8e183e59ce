import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit
from scipy.stats import beta, norm
from sklearn.metrics import roc_auc_score

from icans_risk.errors import IcansRiskError
from icans_risk.evaluation import (
    AtThreshold,
    Widths,
    log_odds_from_c_statistic,
    required_validation_size,
)

MANY = 1_000_000
# The example of doi:10.1002/sim.9025: failure of mechanical heart valves.
VALVES = {"prevalence": 0.018, "c_statistic": 0.8, "widths": Widths(observed_expected=1.0)}


def quantiles(count=200_001):
    return (np.arange(count) + 0.5) / count


def test_the_worked_example_of_pmvalsampsize_comes_out_to_the_patient():
    # pmvalsampsize for Python, docs/example.ipynb, with its seed: normal log odds. The R
    # package (CRAN 0.1.0, tests/testthat/test_bin.R) has the same 905 and 4252.
    log_odds = np.random.RandomState(123456).normal(-5, 2.5, MANY)
    size = required_validation_size(log_odds=log_odds, **VALVES)
    assert (size.n_observed_expected, size.n_slope, size.n_c_statistic) == (905, 4544, 4252)
    assert (size.n_required, size.events_required, size.binding) == (4544, 82, "slope")
    assert size.n_net_benefit is None


def test_the_same_example_with_risks_that_follow_a_beta_distribution():
    log_odds = logit(np.random.RandomState(123456).beta(0.5, 0.5, MANY))
    size = required_validation_size(log_odds=log_odds, **VALVES)
    assert (size.n_observed_expected, size.n_slope, size.n_c_statistic) == (905, 1644, 4252)
    assert (size.n_required, size.events_required, size.binding) == (4252, 77, "C statistic")


def test_slope_and_c_statistic_of_the_covid_example():
    # ISARIC 4C Deterioration in doi:10.1136/bmj-2023-074821: 949 and 347 patients; risks
    # like beta(1.33, 1.75), an interval of the slope of 0.3.
    log_odds = logit(beta.ppf(quantiles(), 1.33, 1.75))
    size = required_validation_size(0.43, 0.77, log_odds, widths=Widths(slope=0.3))
    assert (size.n_slope, size.n_c_statistic) == (949, 347)


@pytest.mark.parametrize(
    ("prevalence", "width", "patients"),
    [
        # Section 3.1.1 of doi:10.1002/sim.9025: 384.5, 3460.2 and 293.9, rounded up.
        (0.5, 0.2, 385),
        (0.1, 0.2, 3461),
        (0.1, 0.7, 294),
        # pmvalsampsize 0.1.0 (R).
        (0.2, 0.2, 1538),
    ],
)
def test_published_sizes_for_observed_over_expected(prevalence, width, patients):
    log_odds = log_odds_from_c_statistic(0.75, prevalence)
    widths = Widths(observed_expected=width)
    size = required_validation_size(prevalence, 0.75, log_odds, widths=widths)
    assert size.n_observed_expected == patients


@pytest.mark.parametrize(
    ("prevalence", "c", "patients"),
    [
        # Sections 3.3.1 and 4 of doi:10.1002/sim.9025.
        (0.1, 0.7, 1154),
        (0.5, 0.8, 302),
        (0.018, 0.8, 4252),
        (0.018, 0.75, 5125),
        # pmvalsampsize 0.1.0 (R).
        (0.2, 0.78, 511),
    ],
)
def test_published_sizes_for_the_c_statistic(prevalence, c, patients):
    log_odds = log_odds_from_c_statistic(c, prevalence)
    assert required_validation_size(prevalence, c, log_odds).n_c_statistic == patients


@pytest.mark.parametrize(
    ("mean", "spread", "widths", "simulated"),
    [
        # Simulated in R with a million patients: pmvalsampsize 0.1.0, and section 3.2.4 of
        # doi:10.1002/sim.9025 with its standard error of 0.051.
        (-1.75, 1.22, Widths(), 2958),
        (-1.75, 1.47, Widths(slope=2 * 1.96 * 0.051), 2407),
    ],
)
def test_slopes_stand_within_the_noise_of_published_simulations(mean, spread, widths, simulated):
    log_odds = norm.ppf(quantiles(), mean, spread)
    size = required_validation_size(0.2, 0.78, log_odds, widths=widths)
    assert size.n_slope == pytest.approx(simulated, abs=2)


def test_the_published_size_for_net_benefit():
    # 6443 patients at a risk threshold of 8 % in the abstract of doi:10.1002/sim.9025, which does
    # not say for which sensitivity and specificity. Of all pairs above a half with two digits
    # this one alone gives it.
    at = AtThreshold(0.08, sensitivity=0.53, specificity=0.96)
    log_odds = log_odds_from_c_statistic(0.8, 0.018)
    size = required_validation_size(log_odds=log_odds, decision=at, **VALVES)
    assert size.n_net_benefit == 6443


def test_net_benefit_by_hand():
    # Treating at 50 % with prevalence a half: harm counts 1. 0.25 / 0.5 + 0.25 / 0.5 +
    # 0.25 / 0.25 = 2 is the variance; over 0.051 squared 768.9.
    at = AtThreshold(0.5, sensitivity=0.5, specificity=0.5)
    log_odds = log_odds_from_c_statistic(0.8, 0.5)
    assert required_validation_size(0.5, 0.8, log_odds, decision=at).n_net_benefit == 769


def test_the_slope_of_so_many_patients_has_the_interval_that_was_asked_for():
    draw = np.random.default_rng(5)
    log_odds = log_odds_from_c_statistic(0.8, 0.2)
    size = required_validation_size(0.2, 0.8, log_odds)
    value = draw.choice(log_odds, size.n_slope)
    event = draw.random(size.n_slope) < expit(value)
    fitted = sm.GLM(event.astype(float), sm.add_constant(value), sm.families.Binomial()).fit()
    assert 2 * 1.96 * fitted.bse[1] == pytest.approx(0.2, rel=0.05)


def test_a_slope_that_is_anticipated_too_flat_changes_the_size():
    log_odds = log_odds_from_c_statistic(0.8, 0.2)
    flat = required_validation_size(0.2, 0.8, log_odds, calibration=(0.0, 0.5))
    assert flat.n_slope < required_validation_size(0.2, 0.8, log_odds).n_slope


def test_more_events_than_expected_ask_for_more_patients():
    log_odds = log_odds_from_c_statistic(0.8, 0.2)
    more = required_validation_size(0.2, 0.8, log_odds, observed_expected=1.3)
    assert more.n_observed_expected > 1538


@given(st.floats(0.55, 0.95), st.floats(0.02, 0.98))
def test_implied_log_odds_have_the_c_statistic_and_mean_what_they_say(c, share):
    log_odds = log_odds_from_c_statistic(c, share)
    risk = expit(log_odds)
    assert risk.mean() == pytest.approx(share, abs=2e-4)
    twice = np.repeat([1, 0], log_odds.size)
    weight = np.concatenate([risk, 1 - risk])
    ranked = roc_auc_score(twice, np.tile(log_odds, 2), sample_weight=weight)
    assert ranked == pytest.approx(c, abs=1e-3)


@given(st.floats(0.05, 0.9), st.floats(0.55, 0.95), st.floats(0.05, 0.4))
def test_narrower_intervals_never_need_fewer_patients(share, c, width):
    log_odds = log_odds_from_c_statistic(c, share)
    sizes = [
        required_validation_size(share, c, log_odds, widths=Widths(w, w, w, w))
        for w in (width, width * 0.8)
    ]
    assert sizes[0].n_required <= sizes[1].n_required
    assert sizes[0].n_slope <= sizes[1].n_slope


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"prevalence": 0.0}, "between 0 and 1, got 0.0"),
        ({"prevalence": 20}, "not a percentage"),
        ({"c_statistic": 0.5}, "got 0.5"),
        ({"log_odds": [1.0, 1.0]}, "not all the same, got 2"),
        ({"log_odds": []}, "got 0 values"),
        ({"log_odds": [0.0, np.inf]}, "must be finite"),
        ({"widths": Widths(slope=0.0)}, "'slope': 0.0"),
        ({"observed_expected": 0.0}, "got 0.0"),
        ({"decision": AtThreshold(0.0, 0.5, 0.5)}, "A threshold must lie between 0 and 1"),
        ({"decision": AtThreshold(0.1, 50, 0.5)}, "not percentages"),
        (
            {"decision": AtThreshold(0.1, 0.5, 0.5), "widths": Widths(net_benefit=0.001)},
            "too narrow",
        ),
    ],
)
def test_numbers_outside_their_range_are_refused(changes, message):
    arguments = {"prevalence": 0.2, "c_statistic": 0.8, "log_odds": [-1.0, 0.0, 1.0]} | changes
    with pytest.raises(IcansRiskError, match=message):
        required_validation_size(**arguments)

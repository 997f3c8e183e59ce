import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from icans_risk.errors import IcansRiskError
from icans_risk.evaluation.cox_snell import max_r2_cox_snell, r2_from_c_statistic
from icans_risk.evaluation.sample_size import (
    parameters_supported,
    required_sample_size,
    verdict,
)


@pytest.mark.parametrize(
    ("prevalence", "r2", "parameters", "shrinkage", "optimism", "risk", "final"),
    [
        # The four binary cases in the tests of R's pmsampsize (tests/testthat/test_bin.R,
        # CRAN 1.1.x); the first is the Chagas example of doi:10.1002/sim.7992, EPP 4.8.
        (0.174, 0.288, 24, 623, 662, 221, 662),
        (0.174, 0.55, 24, 255, 532, 221, 532),
        (0.174, 0.288, 36, 934, 992, 221, 992),
        (0.25, 0.288, 24, 623, 590, 289, 623),
    ],
)
def test_published_cases_come_out_to_the_patient(
    prevalence, r2, parameters, shrinkage, optimism, risk, final
):
    size = required_sample_size(prevalence, parameters, r2_cs=r2)
    assert (size.n_shrinkage, size.n_optimism, size.n_overall_risk) == (shrinkage, optimism, risk)
    assert size.n_required == final


def test_events_per_parameter_of_the_chagas_example():
    size = required_sample_size(0.174, 24, r2_cs=0.288)
    assert size.events_required == 116
    assert size.n_required * 0.174 / 24 == pytest.approx(4.8, abs=0.005)


@pytest.mark.parametrize(("parameters", "patients"), [(10, 898), (20, 1796)])
def test_fifteen_percent_of_the_maximum_is_the_default(parameters, patients):
    # By hand: R2 = 0.15 * 0.63242, and n = parameters / (-0.1 * log(1 - R2 / 0.9)).
    size = required_sample_size(0.20, parameters)
    assert (size.n_required, size.binding) == (patients, "shrinkage")
    assert size.r2_cs == pytest.approx(0.15 * size.max_r2_cs)


@pytest.mark.parametrize(
    ("prevalence", "parameters", "simulated"),
    [
        (0.20, 5, (246, 246)),
        (0.20, 10, (439, 439)),
        (0.20, 20, (877, 878)),
        (0.20, 40, (1763, 1763)),
        (0.30, 5, (323, 323)),
        (0.30, 10, (343, 343)),
        (0.30, 20, (690, 686)),
        (0.30, 50, (1714, 1714)),
        (0.10, 10, (759, 746)),
    ],
)
def test_from_a_c_statistic_of_080_we_stand_within_the_noise_of_two_simulations(
    prevalence, parameters, simulated
):
    # Two independent simulations of the paper's approach; they differ by up to 2 % themselves.
    ours = required_sample_size(prevalence, parameters, c_statistic=0.80).n_required
    assert all(ours == pytest.approx(n, rel=0.016) for n in simulated)


@pytest.mark.parametrize(
    ("c_statistic", "prevalence", "parameters", "criteria"),
    [
        # The Python port of pmsampsize, tests/test_pmsampsize.py, simulated with its seed.
        (0.89, 0.174, 24, (615, 660, 221)),
    ],
)
def test_from_a_c_statistic_we_stand_within_one_percent_of_pmsampsize(
    c_statistic, prevalence, parameters, criteria
):
    size = required_sample_size(prevalence, parameters, c_statistic=c_statistic)
    ours = (size.n_shrinkage, size.n_optimism, size.n_overall_risk)
    assert ours == pytest.approx(criteria, rel=0.01)


def test_r2_from_c_is_the_example_of_the_paper_up_to_its_simulation():
    # approximate_R2(auc = 0.81, prev = 0.77, n = 1000000) of doi:10.1002/sim.8806 prints
    # Nagelkerke 0.3184 and Cox-Snell 0.2101.
    ours = r2_from_c_statistic(0.81, 0.77)
    assert ours == pytest.approx(0.2101, abs=0.003)
    assert ours / max_r2_cox_snell(0.77) == pytest.approx(0.3184, abs=0.004)


def test_r2_from_c_is_the_limit_of_a_simulation():
    draw, n, prevalence, c = np.random.default_rng(0), 400_000, 0.2, 0.8
    y = np.arange(n) < n * prevalence
    apart = 1.190232  # sqrt(2) * probit(0.8)
    linear = draw.standard_normal(n) + apart * y
    assert roc_auc_score(y, linear) == pytest.approx(c, abs=0.003)
    risk = 1 / (1 + np.exp(-(math.log(0.25) - apart**2 / 2 + apart * linear)))
    gain = np.where(y, np.log(risk / 0.2), np.log((1 - risk) / 0.8)).mean()
    assert r2_from_c_statistic(c, prevalence) == pytest.approx(1 - math.exp(-2 * gain), abs=0.003)


@given(st.floats(0.51, 0.99), st.floats(0.01, 0.99))
def test_r2_from_c_stays_below_its_maximum_and_does_not_know_which_outcome_is_the_event(c, share):
    r2 = r2_from_c_statistic(c, share)
    assert 0 < r2 < max_r2_cox_snell(share)
    assert r2 == pytest.approx(r2_from_c_statistic(c, 1 - share), rel=1e-6)


@given(st.floats(0.52, 0.98), st.floats(0.02, 0.98))
def test_r2_grows_with_c(c, share):
    assert r2_from_c_statistic(c + 0.01, share) > r2_from_c_statistic(c, share)


def test_the_maximum_of_r2_by_hand():
    # 0.2^0.2 * 0.8^0.8 = 0.606287; squared 0.367583.
    assert max_r2_cox_snell(0.2) == pytest.approx(1 - 0.367583, abs=1e-6)


@given(st.integers(20, 20_000), st.floats(0.02, 0.98), st.floats(0.05, 0.9))
def test_supported_parameters_suffice_and_one_more_does_not(n, prevalence, share):
    supported = parameters_supported(n, prevalence, r2_share=share)
    if supported:
        assert required_sample_size(prevalence, supported, r2_share=share).n_required <= n
    assert required_sample_size(prevalence, supported + 1, r2_share=share).n_required > n


def test_the_criterion_that_binds_is_named():
    assert required_sample_size(0.2, 1).binding == "overall risk"
    assert required_sample_size(0.2, 20).binding == "shrinkage"
    assert required_sample_size(0.174, 24, r2_cs=0.288).binding == "optimism"


def test_events_are_not_rounded_up_by_the_error_of_a_fraction():
    size = required_sample_size(0.1, 10)
    assert size.events_required == math.ceil(size.n_required / 10)


def test_a_sample_that_is_too_small_gets_a_plain_verdict():
    assert verdict(79, 11, 12) == (
        "The sample is too small: 79 patients with 11 events stand against the 1,239 patients "
        "(173 events) that Riley's criteria ask for with 12 candidate parameters; they would "
        "support 0 parameters. Treat every figure here as a rehearsal of the method, not as "
        "evidence."
    )


def test_a_sample_that_suffices_is_told_what_the_criteria_do_not_cover():
    assert verdict(900, 180, 10) == (
        "The sample suffices: 900 patients with 180 events stand against the 898 patients (180 "
        "events) that Riley's criteria ask for with 10 candidate parameters. The criteria are a "
        "minimum and were derived for regression; boosted trees generally need more."
    )


def test_one_of_a_thing_is_not_plural():
    text = verdict(40, 1, 1)
    assert "40 patients with 1 event stand" in text
    assert "1 candidate parameter;" in text


@pytest.mark.parametrize("events", [0, 30])
def test_one_outcome_only_is_too_small_without_arithmetic(events):
    text = verdict(30, events, 4)
    assert text.startswith(f"The sample is too small: 30 patients with {events} events show one")


def test_the_verdict_passes_the_assumption_on():
    assert "ask for with 10" in verdict(500, 100, 10, c_statistic=0.8)
    assert verdict(500, 100, 10, c_statistic=0.8).startswith("The sample suffices")
    assert verdict(500, 100, 10).startswith("The sample is too small")


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((0.0, 5), {}, "between 0 and 1, got 0.0"),
        ((20, 5), {}, "not a percentage"),
        ((0.2, 0), {}, "at least 1 candidate parameter, got 0"),
        ((0.2, 5), {"r2_cs": 0.7}, "0.6324, its maximum"),
        ((0.2, 5), {"r2_cs": 0.0}, "got 0.0000"),
        ((0.2, 5), {"r2_share": 1.5}, "maximum at a prevalence"),
        ((0.2, 5), {"c_statistic": 0.5}, "between 0.5 and 1, got 0.5"),
        ((0.2, 5), {"c_statistic": 0.8, "r2_cs": 0.1}, "given twice"),
    ],
)
def test_numbers_outside_their_range_are_refused(arguments, options, message):
    with pytest.raises(IcansRiskError, match=message):
        required_sample_size(*arguments, **options)


def test_more_events_than_patients_are_refused():
    with pytest.raises(IcansRiskError, match="got 12 of 10"):
        verdict(10, 12, 2)

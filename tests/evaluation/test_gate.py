import math
from dataclasses import replace

import numpy as np
import pytest

from icans_risk.errors import IcansRiskError
from icans_risk.evaluation import (
    Comparison,
    Interval,
    Margins,
    MetricComparison,
    compare_risks,
    judge_replacement,
)

QUESTION = {"endpoint": "ICANS grade 3 or higher (ASTCT)", "landmark_h": 72.0, "horizon_h": 336.0}


def expit(x):
    return 1 / (1 + np.exp(-x))


def patients(rows, seed=0):
    draw = np.random.default_rng(seed)
    x = draw.normal(size=rows)
    return (draw.random(rows) < expit(1.4 * x - 1.8)).astype(int), x, draw


def compare(y, new, old):
    return compare_risks(
        y, new, old=old, groups=range(len(y)), decision_range=(0.1, 0.3), fewest=1,
        resamples=200, seed=1,
    )  # fmt: skip


def judge(comparison, *, audit="pass", old=QUESTION, new=QUESTION, margins=None):
    return judge_replacement(comparison, old=old, new=new, audit=audit, margins=margins)


def verdicts(gate):
    return {criterion.name: criterion.verdict for criterion in gate.criteria}


@pytest.fixture(scope="module")
def equal():
    """An old model on 600 patients, and a new one that is the same."""
    y, x, draw = patients(600)
    risk = expit(1.1 * (x + draw.normal(0, 0.4, 600)) - 1.8)
    return compare(y, risk.copy(), risk)


def changed(comparison, name, *, estimate, low, high, estimable=200):
    """The comparison with another difference of one metric."""
    difference = Interval(estimate, low, high, estimable, 200)
    if name == "slope_distance":
        return replace(
            comparison, slope_distance=replace(comparison.slope_distance, difference=difference)
        )
    metric = replace(comparison.metrics[name], difference=difference)
    return replace(comparison, metrics=dict(comparison.metrics) | {name: metric})


def with_ratios(comparison, *, old, new, low, high):
    before, after = (Interval(old, 0.5, 2, 200, 200), Interval(new, low, high, 200, 200))
    metric = MetricComparison(before, after, Interval(new - old, -0.1, 0.1, 200, 200))
    return replace(comparison, metrics=dict(comparison.metrics) | {"observed_expected": metric})


def test_the_same_model_is_accepted(equal: Comparison):
    gate = judge(equal)
    assert gate.verdict == "accept"
    assert set(verdicts(gate)) == {
        "same_question", "patients", "loss", "auroc", "observed_expected", "calibration_slope",
        "audit",
    }  # fmt: skip
    assert gate.of("loss").sentence == (
        "Log loss changed by +0.000 (95 % interval +0.000 to +0.000; margin +0.01): not worse by "
        "more than the margin."
    )


def test_a_worse_model_is_rejected():
    y, x, draw = patients(800)
    old = expit(1.1 * (x + draw.normal(0, 0.4, 800)) - 1.8)
    new = expit(1.1 * (x + draw.normal(0, 1.5, 800)) - 1.8)
    gate = judge(compare(y, new, old))
    assert gate.verdict == "reject"
    assert gate.of("loss").verdict == "reject"
    assert gate.of("auroc").verdict == "reject"
    assert "worse, and not shown to stay within the margin" in gate.of("auroc").sentence


def test_a_better_model_is_accepted():
    y, x, draw = patients(800)
    old = expit(0.5 * (x + draw.normal(0, 1.5, 800)) - 1.7)
    new = expit(1.2 * (x + draw.normal(0, 0.3, 800)) - 1.8)
    assert judge(compare(y, new, old)).verdict == "accept"


def test_a_model_that_ranks_alike_and_is_twice_too_high_is_rejected():
    y, x, draw = patients(800)
    old = expit(1.1 * (x + draw.normal(0, 0.4, 800)) - 1.8)
    odds = 2.5 * old / (1 - old)
    gate = judge(compare(y, odds / (1 + odds), old))
    assert gate.of("auroc").verdict == "accept"
    assert gate.of("observed_expected").verdict == "reject"
    assert "which the interval leaves out" in gate.of("observed_expected").sentence
    assert gate.verdict == "reject"


@pytest.mark.parametrize("seed", range(4))
def test_eleven_events_decide_nothing_about_a_model_of_another_kind(seed):
    draw = np.random.default_rng(seed)
    y = np.repeat([1, 0], [11, 68])
    old, new = (
        expit(-2 + 0.8 * y + draw.normal(0, 0.7, 79)), expit(-2 + 0.7 * y + draw.normal(0, 0.8, 79))
    )  # fmt: skip
    gate = judge(compare(y, new, old))
    assert gate.of("loss").verdict == "not assessable"
    assert "too wide to tell; more events are needed" in gate.of("loss").sentence
    assert gate.verdict != "accept"


def test_nine_events_are_too_few_even_for_the_same_model():
    y = np.repeat([1, 0], [9, 90])
    risk = expit(-2 + y + np.random.default_rng(0).normal(0, 1, 99))
    gate = judge(compare(y, risk, risk))
    assert gate.verdict == "not assessable"
    assert gate.of("patients").sentence.startswith("9 patients had the event and 90 did not")


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (-0.03, -0.01, "accept"),  # better
        (-0.004, 0.009, "accept"),  # perhaps worse, within the margin
        (0.002, 0.009, "accept"),  # worse, within the margin
        (-0.004, 0.011, "not assessable"),  # both no change and too much of it
        (0.002, 0.011, "reject"),  # worse, perhaps by too much
        (0.02, 0.03, "reject"),  # worse by too much
        (-0.03, 0.01, "not assessable"),  # the margin itself is not inside
    ],
)
def test_where_the_interval_lies_decides(equal: Comparison, low, high, verdict):
    middle = (low + high) / 2
    loss = judge(changed(equal, "log_loss", estimate=middle, low=low, high=high))
    assert (loss.of("loss").verdict, loss.verdict) == (verdict, verdict)
    # The AUROC is better where it is higher, and its margin is twice as wide.
    area = changed(equal, "auroc", estimate=-2 * middle, low=-2 * high, high=-2 * low)
    assert judge(area).of("auroc").verdict == verdict
    slope = changed(equal, "slope_distance", estimate=10 * middle, low=10 * low, high=10 * high)
    assert judge(slope).of("calibration_slope").verdict == verdict


@pytest.mark.parametrize(
    ("old", "new", "low", "high", "verdict"),
    [
        (1.4, 1.3, 1.1, 1.5, "accept"),  # off, but less than before
        (0.7, 1.4, 1.2, 1.6, "accept"),  # a ratio of 1.4 is as far as one of 0.7
        (1.0, 1.2, 0.9, 1.5, "accept"),  # the interval holds 1 and tells something
        (1.0, 1.2, 0.6, 2.4, "not assessable"),
        (1.0, 0.9, 0.4, 1.6, "not assessable"),
        (1.0, 0.7, 0.5, 0.9, "reject"),
        (1.1, 1.5, 1.2, 1.9, "reject"),
    ],
)
def test_observed_over_expected_holds_one_or_comes_nearer(
    equal: Comparison, old, new, low, high, verdict
):
    gate = judge(with_ratios(equal, old=old, new=new, low=low, high=high))
    assert gate.of("observed_expected").verdict == verdict
    assert f"from {old:.2f} to {new:.2f} ({low:.2f} to {high:.2f})" in (
        gate.of("observed_expected").sentence
    )


@pytest.mark.parametrize(
    ("audit", "verdict"),
    [
        ("pass", "accept"),
        ("warn", "accept"),
        ("fail", "reject"),
        ("not_assessable", "not assessable"),
        ("something else", "not assessable"),
        (None, "not assessable"),
    ],
)
def test_an_audit_that_failed_rejects_and_none_does_not_pass_silently(
    equal: Comparison, audit, verdict
):
    gate = judge(equal, audit=audit)
    assert (gate.of("audit").verdict, gate.verdict) == (verdict, verdict)


def test_another_question_is_rejected_and_named(equal: Comparison):
    gate = judge(equal, new=QUESTION | {"horizon_h": 168.0})
    assert gate.verdict == "reject"
    assert gate.of("same_question").sentence == "Old and new differ in horizon_h (336.0, 168.0)."


def test_a_fact_that_is_not_known_of_both_is_not_taken_for_equal(equal: Comparison):
    for old, new in ((QUESTION | {"scale": None}, QUESTION | {"scale": "ASTCT"}), ({}, {})):
        gate = judge(equal, old=old, new=new)
        assert gate.of("same_question").verdict == "not assessable"


def test_one_rejection_outweighs_what_cannot_be_told(equal: Comparison):
    unclear = changed(equal, "log_loss", estimate=0.0, low=-1, high=1)
    assert judge(unclear, audit="fail").verdict == "reject"
    assert judge(unclear, audit="pass").verdict == "not assessable"


@pytest.mark.parametrize("estimable", [0, 189])
def test_a_metric_that_many_resamples_lack_is_not_judged(equal: Comparison, estimable):
    lost = changed(equal, "slope_distance", estimate=0, low=0, high=0, estimable=estimable)
    gate = judge(lost)
    assert gate.of("calibration_slope").verdict == "not assessable"
    assert f"{estimable} of 200 resamples" in gate.of("calibration_slope").sentence


def test_what_is_not_a_number_is_not_judged(equal: Comparison):
    nothing = {"estimate": math.nan, "low": math.nan, "high": math.nan}
    gate = judge(changed(equal, "auroc", **nothing))
    assert gate.of("auroc").verdict == "not assessable"


def test_the_brier_score_may_take_the_place_of_the_log_loss(equal: Comparison):
    worse = changed(equal, "brier", estimate=0.01, low=0.005, high=0.015)
    assert judge(worse).verdict == "accept"
    gate = judge(worse, margins=Margins(loss=0.003, loss_metric="brier"))
    assert gate.of("loss").verdict == "reject"
    assert gate.of("loss").sentence.startswith("The Brier score changed by +0.010")


@pytest.mark.parametrize(
    "wrong", [{"loss": 0.0}, {"auroc": 1.0}, {"slope": -0.1}, {"observed_expected": 1.0}]
)
def test_margins_that_decide_nothing_are_refused(wrong):
    with pytest.raises(IcansRiskError, match=r"margin of|ratio above 1"):
        Margins(**wrong)

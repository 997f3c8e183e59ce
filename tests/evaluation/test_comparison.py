import math
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from icans_risk.errors import IcansRiskError
from icans_risk.evaluation import (
    METRICS,
    bootstrap_interval,
    compare_risks,
    delong_test,
    net_benefit_difference,
    paired_difference,
)

SETTINGS = {"decision_range": (0.05, 0.5), "fewest": 1, "resamples": 60, "seed": 5}


def cohort(seed, rows=120):
    draw = np.random.default_rng(seed)
    x = draw.normal(size=rows)
    y = (draw.random(rows) < 1 / (1 + np.exp(1.5 - x))).astype(int)
    old, new = (1 / (1 + np.exp(1.5 - x + draw.normal(0, s, rows))) for s in (0.5, 0.8))
    return y, old, new, draw.integers(0, 90, rows), draw.uniform(0.5, 2, rows)


def same(found, expected):
    assert asdict(found) == pytest.approx(asdict(expected), nan_ok=True)


@pytest.mark.parametrize("seed", range(3))
def test_intervals_are_those_of_the_single_functions_with_the_same_seed(seed):
    y, old, new, groups, w = cohort(seed)
    found = compare_risks(y, new, old=old, groups=groups, weight=w, **SETTINGS)
    drawn = {"groups": groups, "weight": w, "resamples": 60, "seed": 5}
    assert list(found.metrics) == list(METRICS)
    for name, metric in METRICS.items():
        same(found.metrics[name].old, bootstrap_interval(metric, y, old, **drawn))
        same(found.metrics[name].new, bootstrap_interval(metric, y, new, **drawn))
        same(found.metrics[name].difference, paired_difference(metric, y, new, minus=old, **drawn))
    same(found.auroc_test, delong_test(y, new, minus=old, groups=groups, weight=w))


def test_the_distance_of_the_slope_is_blind_to_the_side():
    y, old, _, groups, _ = cohort(1)

    def distance(truth, p, w):
        return abs(METRICS["calibration_slope"](truth, p, w) - 1)

    # The spread of the logits doubled: the slope is halved.
    odds = (old / (1 - old)) ** 2
    found = compare_risks(y, odds / (1 + odds), old=old, groups=groups, **SETTINGS)
    drawn = {"groups": groups, "resamples": 60, "seed": 5}
    same(found.slope_distance.old, bootstrap_interval(distance, y, old, **drawn))
    slope = found.metrics["calibration_slope"]
    assert slope.new.estimate == pytest.approx(slope.old.estimate / 2)
    assert found.slope_distance.difference.estimate == pytest.approx(
        abs(slope.new.estimate - 1) - abs(slope.old.estimate - 1)
    )


def test_equal_risks_differ_by_exactly_zero():
    y, old, _, groups, w = cohort(2)
    found = compare_risks(y, old.copy(), old=old, groups=groups, weight=w, **SETTINGS)
    for metric in (*found.metrics.values(), found.slope_distance):
        difference = metric.difference
        assert (difference.estimate, difference.low, difference.high) == (0.0, 0.0, 0.0)
    assert (found.auroc_test.estimate, found.auroc_test.z, found.auroc_test.p_value) == (0, 0, 1)
    assert {(p.difference, p.low, p.high) for p in found.net_benefit} == {(0.0, 0.0, 0.0)}


def test_four_patients_by_hand():
    found = compare_risks(
        [0, 0, 1, 1], [0.1, 0.3, 0.35, 0.8], old=[0.1, 0.4, 0.35, 0.8], groups=range(4),
        thresholds=(0.32,), **SETTINGS,
    )  # fmt: skip
    assert (found.rows, found.events, found.patients) == (4, 2, 4)
    assert (found.patients_with_event, found.patients_without_event) == (2, 2)
    assert found.metrics["auroc"].old.estimate == 0.75
    assert found.metrics["auroc"].new.estimate == 1.0
    assert found.metrics["brier"].difference.estimate == pytest.approx((0.09 - 0.16) / 4)
    assert found.metrics["log_loss"].difference.estimate == pytest.approx(
        (math.log(0.6) - math.log(0.7)) / 4
    )
    assert found.metrics["observed_expected"].new.estimate == pytest.approx(2 / 1.55)
    events, others = found.reclassification
    assert (events.outcome, events.stay_below, events.move_up) == (1, 0, 0)
    assert (events.move_down, events.stay_above) == (0, 2)
    assert (others.outcome, others.stay_below, others.move_up) == (0, 1, 0)
    assert (others.move_down, others.stay_above) == (1, 0)


def test_net_benefit_is_compared_at_every_per_cent_of_the_range():
    y, old, new, groups, w = cohort(3)
    settings = SETTINGS | {"decision_range": (0.1, 0.2)}
    found = compare_risks(y, new, old=old, groups=groups, weight=w, **settings)
    at = [point.threshold for point in found.net_benefit]
    np.testing.assert_allclose(at, np.arange(10, 21) / 100)
    expected = net_benefit_difference(
        y, new, minus=old, thresholds=at, groups=groups, weight=w, resamples=60, seed=5
    )
    for point, row in zip(found.net_benefit, expected.itertuples(), strict=True):
        assert (point.difference, point.low, point.high) == pytest.approx(
            (row.difference, row.difference_low, row.difference_high)
        )


def test_small_moves_are_hidden_and_what_would_give_them_away():
    # Among 60 others, 2 move up and 20 down; 18 stay below and 20 above.
    old = np.repeat([0.1, 0.9, 0.1, 0.9], [2, 20, 18, 20])
    new = np.repeat([0.9, 0.1, 0.1, 0.9], [2, 20, 18, 20])
    found = compare_risks(
        np.zeros(60), new, old=old, groups=range(60), thresholds=(0.5,),
        **SETTINGS | {"fewest": 5},
    )  # fmt: skip
    _, others = found.reclassification
    moves = (others.stay_below, others.move_up, others.move_down, others.stay_above)
    assert all(math.isnan(move) for move in moves)


def test_patients_with_several_rows_are_counted_once_and_rows_of_weight_zero_not_at_all():
    found = compare_risks(
        [1, 0, 0, 0, 1], [0.5, 0.2, 0.1, 0.3, 0.4], old=[0.4, 0.2, 0.2, 0.2, 0.4],
        groups=["a", "a", "b", "c", "d"], weight=[1, 1, 1, 1, 0], **SETTINGS,
    )  # fmt: skip
    assert (found.rows, found.events, found.patients) == (4, 1, 3)
    assert (found.patients_with_event, found.patients_without_event) == (1, 3)


def test_a_metric_that_says_nothing_is_not_judged():
    y, old, new, groups, _ = cohort(4)
    found = compare_risks(
        y, new, old=old, groups=groups, not_judged={"auroc", "calibration_slope"}, **SETTINGS
    )
    assert math.isnan(found.metrics["auroc"].difference.estimate)
    assert found.metrics["auroc"].difference.estimable == 0
    assert math.isnan(found.auroc_test.p_value)
    assert math.isnan(found.slope_distance.difference.low)
    assert math.isfinite(found.metrics["brier"].difference.low)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_exchanging_the_models_changes_the_sign_of_every_difference(seed):
    y, old, new, groups, w = cohort(seed)
    options = SETTINGS | {"resamples": 20}
    one = compare_risks(y, new, old=old, groups=groups, weight=w, **options)
    other = compare_risks(y, old, old=new, groups=groups, weight=w, **options)
    for name in METRICS:
        a, b = one.metrics[name].difference, other.metrics[name].difference
        assert (a.estimate, a.low, a.high) == pytest.approx((-b.estimate, -b.high, -b.low))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"thresholds": (0.2, 0.1)}, "ascending"),
        ({"thresholds": (0.0,)}, "strictly between 0 and 1"),
        ({"decision_range": (0.5, 0.1)}, "ascending"),
        ({"level": 95}, "level between 0 and 1"),
        ({"resamples": 0}, "at least 1 resample"),
        ({"old": [0.1, 0.2, 1.3, 0.4]}, r"in \[0, 1\], got 1.3 at row 2"),
        ({"groups": [1, 2]}, "one patient|its patient"),
        ({"fewest": 0}, "at least 1, got 0"),
    ],
)
def test_what_is_no_comparison_is_refused(change, message):
    arguments = SETTINGS | {
        "old": [0.1, 0.2, 0.3, 0.4], "groups": range(4), "thresholds": (0.1, 0.2),
    }  # fmt: skip
    with pytest.raises(IcansRiskError, match=message):
        compare_risks([0, 1, 0, 1], [0.1, 0.2, 0.3, 0.4], **arguments | change)

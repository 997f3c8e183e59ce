import math
import time

import numpy as np
import pytest

from icans_risk.errors import IcansRiskError, NotEstimableError
from icans_risk.evaluation.bootstrap import bootstrap_interval, paired_difference
from icans_risk.evaluation.calibration import brier
from icans_risk.evaluation.discrimination import auroc
from icans_risk.evaluation.metrics import METRICS


def cohort(seed: int = 0, rows: int = 80):
    draw = np.random.default_rng(seed)
    y = (draw.random(rows) < 0.25).astype(int)
    return y, np.clip(0.25 + 0.2 * y + draw.normal(0, 0.2, rows), 0.01, 0.99), draw


def mean_risk(_y, p, w):
    return float(np.average(p, weights=w))


def test_one_seed_gives_one_interval_and_another_gives_another():
    y, p, _ = cohort()
    patients = np.arange(y.size)
    first, again, other = (
        bootstrap_interval(auroc, y, p, groups=patients, resamples=200, seed=s) for s in (1, 1, 2)
    )
    assert first == again
    assert (first.low, first.high) != (other.low, other.high)
    assert first.low < first.estimate == auroc(y, p) < first.high


def test_the_interval_of_a_mean_has_the_width_of_the_textbook():
    y, p, _ = cohort(rows=200)
    interval = bootstrap_interval(
        mean_risk, y, p, groups=np.arange(200), resamples=4000, seed=3, level=0.9
    )
    half = 1.645 * p.std() / math.sqrt(200)
    assert (interval.high - interval.low) / 2 == pytest.approx(half, rel=0.08)
    assert (interval.estimable, interval.resamples) == (4000, 4000)


def test_all_rows_of_a_patient_come_along():
    groups = np.array(["b", "a", "b", "c", "a", "b"])
    p = np.array([0.2, 0.1, 0.2, 0.3, 0.1, 0.2])
    rows_of = {0.1: 2, 0.2: 3, 0.3: 1}
    drawn = []

    def spy(_, risks, __):
        values, counts = np.unique(risks, return_counts=True)
        drawn.append({float(v): int(c) for v, c in zip(values, counts, strict=True)})
        return 0.0

    bootstrap_interval(spy, np.zeros(6), p, groups=groups, resamples=50, seed=0)
    assert drawn[0] == rows_of
    for resample in drawn[1:]:
        assert all(count % rows_of[value] == 0 for value, count in resample.items())
        assert sum(count // rows_of[value] for value, count in resample.items()) == 3


def test_rows_of_one_patient_widen_the_interval():
    y, p, _ = cohort(rows=50)
    y, p = np.tile(y, 4), np.tile(p, 4)
    as_patients = bootstrap_interval(brier, y, p, groups=np.tile(np.arange(50), 4), seed=0)
    as_strangers = bootstrap_interval(brier, y, p, groups=np.arange(200), seed=0)
    wide, narrow = (i.high - i.low for i in (as_patients, as_strangers))
    assert wide == pytest.approx(2 * narrow, rel=0.2)


def test_the_order_of_rows_does_not_change_the_interval():
    y, p, draw = cohort()
    order, patients = draw.permutation(y.size), np.arange(y.size)
    there = bootstrap_interval(auroc, y, p, groups=patients, resamples=100, seed=5)
    here = bootstrap_interval(
        auroc, y[order], p[order], groups=patients[order], resamples=100, seed=5
    )
    assert (there.low, there.high) == pytest.approx((here.low, here.high))


def test_weights_travel_with_their_rows():
    p = np.array([0.1, 0.1, 0.9, 0.9])
    interval = bootstrap_interval(
        mean_risk, np.zeros(4), p, groups=[1, 2, 3, 4], weight=[1, 1, 0.001, 0.001], seed=0
    )
    assert interval.estimate == pytest.approx(0.1, abs=0.001)


def test_resamples_without_an_estimate_are_counted_and_left_out():
    # One event in four patients: a resample misses it with probability (3/4)^4 = 0.316.
    interval = bootstrap_interval(
        auroc, [1, 0, 0, 0], [0.9, 0.1, 0.2, 0.3], groups=[1, 2, 3, 4], resamples=2000, seed=0
    )
    # And it is all events with probability 1/256.
    assert interval.estimable / interval.resamples == pytest.approx(1 - 0.316 - 0.004, abs=0.03)
    assert (interval.low, interval.high) == (1.0, 1.0)


def test_without_any_estimate_the_interval_is_nan():
    interval = bootstrap_interval(auroc, [0, 0], [0.1, 0.2], groups=[1, 2], seed=0, resamples=10)
    assert all(math.isnan(v) for v in (interval.estimate, interval.low, interval.high))
    assert (interval.estimable, interval.resamples) == (0, 10)


def test_a_model_does_not_differ_from_itself():
    y, p, _ = cohort()
    same = paired_difference(auroc, y, p, minus=p, groups=np.arange(80), resamples=100, seed=0)
    assert (same.estimate, same.low, same.high) == (0, 0, 0)


def test_the_difference_is_the_first_minus_the_second_and_pairs_narrow_it():
    y, p, draw = cohort(rows=150)
    worse = np.clip(p + draw.normal(0, 0.05, 150), 0.01, 0.99)
    patients = np.arange(150)
    both = paired_difference(auroc, y, p, minus=worse, groups=patients, resamples=400, seed=0)
    back = paired_difference(auroc, y, worse, minus=p, groups=patients, resamples=400, seed=0)
    alone = bootstrap_interval(auroc, y, p, groups=patients, resamples=400, seed=0)
    assert both.estimate == pytest.approx(auroc(y, p) - auroc(y, worse))
    assert (back.estimate, back.low) == pytest.approx((-both.estimate, -both.high))
    assert both.high - both.low < 0.7 * (alone.high - alone.low)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"groups": [1]}, IcansRiskError, r"one patient for each row, got \(1,\)"),
        ({"groups": [1, None]}, IcansRiskError, "1 rows have none"),
        ({"weight": [1.0]}, IcansRiskError, r"\(1,\)"),
        ({"level": 95}, IcansRiskError, "level=95"),
        ({"resamples": 0}, IcansRiskError, "resamples=0"),
    ],
)
def test_what_cannot_be_resampled_is_refused(change, error, message):
    arguments = {"groups": [1, 2], "seed": 0} | change
    with pytest.raises(error, match=message):
        bootstrap_interval(brier, [0, 1], [0.2, 0.7], **arguments)


def test_an_error_in_the_input_names_its_own_row():
    with pytest.raises(IcansRiskError, match=r"got 7.0 at row 2"):
        bootstrap_interval(brier, [0, 1, 0], [0.1, 0.2, 7], groups=[3, 2, 1], seed=0)


def test_no_row_is_refused():
    with pytest.raises(NotEstimableError, match="got no rows"):
        bootstrap_interval(brier, [], [], groups=[], seed=0)


def test_a_thousand_resamples_of_all_metrics_take_seconds():
    y, p, draw = cohort()
    weight = draw.uniform(0.5, 2, 80)
    start = time.perf_counter()
    for metric in METRICS.values():
        bootstrap_interval(metric, y, p, groups=np.arange(80), weight=weight, seed=0)
    assert time.perf_counter() - start < 3

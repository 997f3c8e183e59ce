import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from icans_risk.errors import IcansRiskError
from icans_risk.evaluation import (
    METRICS,
    average_precision_interval,
    bootstrap_interval,
    delong_interval,
    metric_interval,
)

Y, P = [0, 1, 0, 1, 1, 1], [0.1, 0.3, 0.4, 0.2, 0.7, 0.9]


def test_each_metric_has_the_interval_of_its_method():
    draw = np.random.default_rng(3)
    p = draw.uniform(0.05, 0.9, 80)
    y = (draw.random(80) < p).astype(int)
    kept = {"groups": np.arange(80) // 2, "weight": draw.uniform(0.5, 2, 80)}
    area = delong_interval(y, p, **kept)
    found = {n: metric_interval(n, y, p, resamples=50, seed=1, **kept) for n in METRICS}
    assert (found["auroc"].low, found["auroc"].high) == (area.low, area.high)
    assert found["average_precision"] == average_precision_interval(y, p, **kept)
    for name in set(METRICS) - {"auroc", "average_precision"}:
        assert found[name] == bootstrap_interval(METRICS[name], y, p, resamples=50, seed=1, **kept)
    for name, metric in METRICS.items():
        assert found[name].estimate == metric(y, p, kept["weight"])


def test_boyds_interval_is_that_of_a_share_of_the_patients_with_an_event():
    # By hand: precision 1, 1, 3/4 and 4/5 at the four events.
    found = average_precision_interval(Y, P, groups=range(6))
    estimate = (1 + 1 + 3 / 4 + 4 / 5) / 4
    half = 1.959963984540054 / math.sqrt(4 * estimate * (1 - estimate))
    middle = math.log(estimate / (1 - estimate))
    assert found.estimate == pytest.approx(estimate, rel=1e-12)
    assert found.low == pytest.approx(1 / (1 + math.exp(half - middle)), rel=1e-9)
    assert found.high == pytest.approx(1 / (1 + math.exp(-half - middle)), rel=1e-9)


def test_a_patients_second_row_makes_no_interval_narrower():
    once = average_precision_interval(Y, P, groups=range(6))
    twice = average_precision_interval([*Y, *Y], [*P, *P], groups=[*range(6), *range(6)])
    assert (twice.low, twice.high) == pytest.approx((once.low, once.high), rel=1e-9)
    copies = average_precision_interval(Y, P, groups=range(6), weight=[3] * 6)
    assert (copies.low, copies.high) == pytest.approx((once.low, once.high), rel=1e-9)


def test_few_heavy_patients_count_for_few():
    light = average_precision_interval(Y, P, groups=range(6))
    heavy = average_precision_interval(Y, P, groups=range(6), weight=[1, 9, 1, 1, 1, 1])
    assert heavy.high - heavy.low > light.high - light.low


@pytest.mark.parametrize(
    ("y", "p"), [([0, 0, 1], [0.1, 0.2, 0.15]), ([0, 1, 1], [0.1, 0.8, 0.9]), ([0, 0], [0.1, 0.2])]
)
def test_without_spread_there_are_no_ends(y, p):
    found = average_precision_interval(y, p, groups=range(len(y)))
    assert math.isnan(found.low)
    assert math.isnan(found.high)


@given(st.integers(0, 2**32 - 1), st.floats(0.5, 0.999))
@settings(max_examples=50, deadline=None)
def test_an_interval_lies_within_the_scale_and_holds_its_estimate(seed, level):
    draw = np.random.default_rng(seed)
    y, p = draw.integers(0, 2, 30), draw.random(30).round(1)
    found = average_precision_interval(y, p, groups=np.arange(30), level=level)
    if not math.isnan(found.low):
        assert 0 < found.low < found.estimate < found.high < 1


def test_a_level_that_is_none_is_refused():
    with pytest.raises(IcansRiskError, match="between 0 and 1"):
        average_precision_interval(Y, P, groups=range(6), level=1.0)

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from icans_risk.errors import IcansRiskError
from icans_risk.evaluation.metrics import METRICS

EVERY_METRIC = pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS.keys())


def same(a: float, b: float) -> bool:
    return (math.isnan(a) and math.isnan(b)) or a == pytest.approx(b, rel=1e-7, abs=1e-9)


@st.composite
def cohorts(draw):
    rows = draw(st.integers(2, 25))
    y = draw(st.lists(st.integers(0, 1), min_size=rows, max_size=rows))
    risk = st.integers(0, 20).map(lambda k: k / 20)
    p = draw(st.lists(risk, min_size=rows, max_size=rows))
    w = draw(st.lists(st.integers(0, 3), min_size=rows, max_size=rows))
    return np.array(y), np.array(p), np.array(w)


def test_the_table_names_seven_metrics():
    assert sorted(METRICS) == [
        "auroc",
        "average_precision",
        "brier",
        "calibration_intercept",
        "calibration_slope",
        "log_loss",
        "observed_expected",
    ]


@EVERY_METRIC
@settings(max_examples=60, deadline=None)
@given(cohorts())
def test_whole_weights_equal_copies_of_the_row(metric, cohort):
    y, p, w = cohort
    assert same(metric(y, p, w), metric(np.repeat(y, w), np.repeat(p, w), None))


@EVERY_METRIC
@settings(max_examples=40, deadline=None)
@given(cohorts())
def test_only_the_ratio_of_weights_matters(metric, cohort):
    y, p, w = cohort
    assert same(metric(y, p, w), metric(y, p, w * 7.5))


@EVERY_METRIC
@settings(max_examples=40, deadline=None)
@given(cohorts(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(metric, cohort, random):
    y, p, w = cohort
    order = list(range(y.size))
    random.shuffle(order)
    assert same(metric(y, p, w), metric(y[order], p[order], w[order]))


@EVERY_METRIC
@settings(max_examples=60, deadline=None)
@given(cohorts())
def test_every_metric_gives_a_number_or_nan_and_never_warns(metric, cohort):
    value = metric(*cohort)
    assert isinstance(value, float)
    assert not math.isinf(value)


@EVERY_METRIC
@pytest.mark.parametrize(
    ("y", "p", "w", "message"),
    [
        ([0, 1], [0.5, 1.2], None, r"in \[0, 1\], got 1.2 at row 1"),
        ([0, 1], [0.5, math.nan], None, r"in \[0, 1\], got nan at row 1"),
        ([0, 2], [0.5, 0.5], None, "must be 0 or 1, got 2.0 at row 1"),
        ([0, math.nan], [0.5, 0.5], None, "must be 0 or 1, got nan at row 1"),
        ([0, 1], [0.5, 0.5], [1, -1], ">= 0, got -1.0 at row 1"),
        ([0, 1], [0.5, 0.5], [math.inf, 1], "finite and >= 0, got inf at row 0"),
        ([0, 1], [0.5], None, r"shapes \(2,\), \(1,\) and \(2,\)"),
        ([0, 1], [0.5, 0.5], [1], r"shapes \(2,\), \(2,\) and \(1,\)"),
        ([[0, 1]], [[0.5, 0.5]], None, r"shapes \(1, 2\)"),
    ],
)
def test_what_is_no_outcome_probability_or_weight_is_refused(metric, y, p, w, message):
    with pytest.raises(IcansRiskError, match=message):
        metric(y, p, w)

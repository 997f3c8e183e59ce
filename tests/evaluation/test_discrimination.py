import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from icans_risk.evaluation.discrimination import auroc, average_precision


def cohort(seed: int, rows: int = 60):
    draw = np.random.default_rng(seed)
    y = np.r_[1, 0, (draw.random(rows - 2) < 0.25)].astype(int)
    # One decimal, so that risks are tied between and within the outcomes.
    return y, draw.random(rows).round(1), draw.uniform(0.1, 3, rows)


def test_auroc_counts_pairs_and_ties_one_half():
    # Events at 0.8 and 0.4, others at 0.4 and 0.1: three pairs right, one tied.
    assert auroc([1, 1, 0, 0], [0.8, 0.4, 0.4, 0.1]) == (3 + 0.5) / 4


def test_auroc_weighs_a_pair_with_the_product_of_its_weights():
    # Right pairs: 2*1 + 2*3; wrong pair: 1*3; right: 1*1.
    assert auroc([1, 1, 0, 0], [0.8, 0.2, 0.4, 0.1], [2, 1, 3, 1]) == (6 + 2 + 1) / (3 * 4)


def test_average_precision_is_the_precision_at_each_event():
    # Ranked event, other, event: precision 1 at the first, 2/3 at the second.
    assert average_precision([1, 0, 1], [0.9, 0.5, 0.3]) == pytest.approx((1 + 2 / 3) / 2)


def test_average_precision_takes_ties_together():
    assert average_precision([1, 0, 0, 0], [0.5, 0.5, 0.5, 0.5]) == 0.25


@pytest.mark.parametrize("seed", range(20))
def test_both_agree_with_scikit_learn_with_ties_and_weights(seed):
    y, p, w = cohort(seed)
    assert auroc(y, p) == pytest.approx(roc_auc_score(y, p), abs=1e-12)
    assert auroc(y, p, w) == pytest.approx(roc_auc_score(y, p, sample_weight=w), abs=1e-12)
    expected = average_precision_score(y, p, sample_weight=w)
    assert average_precision(y, p, w) == pytest.approx(expected, abs=1e-12)
    assert average_precision(y, p) == pytest.approx(average_precision_score(y, p), abs=1e-12)


@pytest.mark.parametrize("metric", [auroc, average_precision])
@pytest.mark.parametrize("y", [[0, 0, 0], [1, 1, 1]])
def test_one_outcome_only_is_not_estimable(metric, y):
    assert math.isnan(metric(y, [0.1, 0.5, 0.9]))


@pytest.mark.parametrize("metric", [auroc, average_precision])
def test_no_row_is_not_estimable(metric):
    assert math.isnan(metric([], []))


@pytest.mark.parametrize("metric", [auroc, average_precision])
def test_an_outcome_whose_rows_weigh_nothing_does_not_occur(metric):
    assert math.isnan(metric([1, 0, 0], [0.9, 0.2, 0.1], [0, 1, 1]))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.2, 5))
def test_auroc_is_the_same_after_a_monotone_transform(seed, power):
    y, p, w = cohort(seed, 30)
    assert auroc(y, p**power, w) == pytest.approx(auroc(y, p, w), abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000))
def test_auroc_of_the_opposite_prediction_is_the_complement(seed):
    y, p, w = cohort(seed, 30)
    assert auroc(y, 1 - p, w) == pytest.approx(1 - auroc(y, p, w), abs=1e-12)

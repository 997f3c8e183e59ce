import math

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st

from icans_risk.evaluation.log_loss import log_loss


@pytest.mark.parametrize("seed", range(5))
def test_it_is_that_of_scikit_learn(seed):
    draw = np.random.default_rng(seed)
    y, p, w = draw.integers(0, 2, 60), draw.random(60), draw.uniform(0, 3, 60)
    expected = sklearn.metrics.log_loss(y, p, sample_weight=w)
    assert log_loss(y, p, w) == pytest.approx(expected, rel=1e-12)


def test_a_model_that_knows_only_the_prevalence_scores_its_entropy():
    entropy = -(0.2 * math.log(0.2) + 0.8 * math.log(0.8))
    assert log_loss([1, 0, 0, 0, 0], [0.2] * 5) == pytest.approx(entropy)


def test_certainty_is_finite_and_as_wrong_on_either_side():
    wrong = -math.log(1e-9)
    assert log_loss([1, 0], [0.0, 0.0]) == pytest.approx(wrong / 2)
    assert log_loss([0], [1.0]) == pytest.approx(wrong)
    assert log_loss([0, 1], [0.0, 1.0]) == pytest.approx(0, abs=1e-8)


@given(st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_nobody_does_better_on_average_than_by_saying_the_true_risk(truth, said):
    weights = [truth, 1 - truth]
    assert log_loss([1, 0], [truth] * 2, weights) <= log_loss([1, 0], [said] * 2, weights) + 1e-12


def test_without_rows_it_is_not_estimable():
    assert math.isnan(log_loss([], []))

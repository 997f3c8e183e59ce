"""The weights of several models."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from icans_risk.models.stacking import fit_stacking_weights


def test_weights_are_not_negative_and_shrink():
    draw = np.random.default_rng(5)
    signals, present = draw.normal(size=(300, 3)), np.ones((300, 3), dtype=bool)
    y = (draw.random(300) < expit(signals @ [1.0, -1.0, 0.0])).astype(int)
    weak, strong = (
        fit_stacking_weights(signals, present, y=y, weight=np.ones(300), shrinkage=s)
        for s in (1e-6, 100.0)
    )
    assert weak[0] == pytest.approx(1.0, abs=0.25)
    assert weak[1] == 0.0
    assert 0 < strong[0] < 0.5 * weak[0]


def test_weights_are_those_of_a_plain_regression_where_that_has_no_negative_one():
    draw = np.random.default_rng(6)
    signals, present = draw.normal(size=(500, 2)), np.ones((500, 2), dtype=bool)
    y = (draw.random(500) < expit(signals.sum(axis=1) - 0.5)).astype(int)
    weight = draw.uniform(0.5, 2.0, size=500)
    fitted = fit_stacking_weights(signals, present, y=y, weight=weight, shrinkage=2.0)
    expected = LogisticRegression(C=0.5, tol=1e-10).fit(signals, y, sample_weight=weight).coef_[0]
    np.testing.assert_allclose(fitted, expected, rtol=1e-4)

import numpy as np
import pytest

from icans_risk.evaluation.logistic import finite_logit, fit_logistic, overlaps


def test_the_logit_keeps_nan_and_is_odd_around_one_half():
    logits = finite_logit([np.nan, 0.0, 0.25, 0.75, 1.0])
    assert np.isnan(logits[0])
    assert logits[1:3] == pytest.approx(-logits[:2:-1], rel=1e-9)


def test_overlap_is_strict():
    y = np.array([0.0, 0.0, 1.0, 1.0])
    assert overlaps(y, np.array([1.0, 3.0, 2.0, 4.0]))
    assert not overlaps(y, np.array([1.0, 2.0, 2.0, 4.0]))
    assert not overlaps(y, np.array([5.0, 5.0, 5.0, 5.0]))
    assert not overlaps(np.ones(4), np.array([1.0, 3.0, 2.0, 4.0]))


def test_separated_data_give_no_fit_and_no_warning():
    x = np.array([-2.0, -1.0, 1.0, 2.0])
    y = np.array([0.0, 0.0, 1.0, 1.0])
    design = np.c_[np.ones(4), x]
    assert fit_logistic(design, y, w=np.ones(4), offset=np.zeros(4)) is None


def test_two_columns_that_say_the_same_give_no_fit():
    x = np.array([-2.0, 1.0, -1.0, 2.0])
    y = np.array([0.0, 0.0, 1.0, 1.0])
    assert fit_logistic(np.c_[x, 2 * x], y, w=np.ones(4), offset=np.zeros(4)) is None


def test_a_far_offset_does_not_throw_newton_off():
    # From 0, where every risk is 1 to rounding, a full step would fly to minus infinity.
    y = np.array([1.0, 0.0, 0.0, 0.0])
    fit = fit_logistic(np.ones((4, 1)), y, w=np.ones(4), offset=np.full(4, 12.0))
    assert fit is not None
    assert fit.coefficients[0] == pytest.approx(np.log(1 / 3) - 12)

import json

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from icans_risk.errors import NotEstimableError, NotReleasedError
from icans_risk.models import BoostedTrees, PenalisedLogistic
from icans_risk.models.calibrated import CalibratedModel
from icans_risk.models.calibration import fit_logit_calibration
from icans_risk.models.recalibration import recalibrate


def patients(seed: int, rows: int, *, shift: float = 0.0, stretch: float = 1.0):
    """Draw patients of a site where the same columns mean a shifted and stretched risk."""
    draw = np.random.default_rng(seed)
    values = draw.normal(size=(rows, 4))
    logit = shift + stretch * (values[:, 0] - values[:, 1] - 0.8)
    y = (draw.random(rows) < expit(logit)).astype(int)
    names = [f"plasma.analyte_{i}.last.early" for i in range(4)]
    return pd.DataFrame(values.astype("float32"), columns=names), y


@pytest.fixture(scope="module")
def released() -> CalibratedModel:
    return CalibratedModel(PenalisedLogistic(l1_ratio=0.0)).fit(*patients(1, 1_500))


def test_a_site_with_other_risks_is_met_on_its_next_patients(released: CalibratedModel):
    site, next_ones = (patients(s, 8_000, shift=-1.2, stretch=0.6) for s in (2, 3))
    assert fit_logit_calibration(released.margin(next_ones[0]), next_ones[1]).slope < 0.7
    done = recalibrate(released, *site)
    left = fit_logit_calibration(done.model.margin(next_ones[0]), next_ones[1])
    assert left.slope == pytest.approx(1.0, abs=0.15)
    assert left.intercept == pytest.approx(0.0, abs=0.15)
    assert done.step.method == "intercept_and_slope"


def test_a_site_like_the_old_one_changes_little(released: CalibratedModel):
    step = recalibrate(released, *patients(4, 5_000)).step
    assert step.slope == pytest.approx(1.0, abs=0.1)
    assert step.intercept == pytest.approx(0.0, abs=0.1)


def test_a_small_site_shifts_the_risk_and_keeps_its_spread(released: CalibratedModel):
    X, y = patients(5, 60, shift=-0.5)
    done = recalibrate(released, X, y)
    assert (done.step.method, done.step.slope) == ("intercept", 1.0)
    shift = done.model.margin(X) - released.margin(X)
    np.testing.assert_allclose(shift, done.step.intercept, atol=1e-12)


def test_the_rule_by_size_counts_patients(released: CalibratedModel):
    X, y = patients(12, 400)
    assert recalibrate(released, X, y).step.method == "intercept_and_slope"
    fewer = recalibrate(released, X, y, groups=np.arange(400) // 8)
    assert fewer.step.method == "intercept"


def test_the_facts_count_patients_and_compare_observed_with_expected(released: CalibratedModel):
    X, y = patients(6, 400, shift=1.0)
    weight, patient = np.linspace(0.5, 1.5, 400), np.arange(400) // 2
    done = recalibrate(released, X, y, sample_weight=weight, groups=patient)
    facts = json.loads(json.dumps(done.facts(), allow_nan=False))
    assert (facts["patients"], facts["rows"], facts["events"]) == (200, 400, y.sum())
    risk = released.predict_proba(X)[:, 1]
    expected = np.sum(weight * y) / np.sum(weight * risk)
    assert facts["observed_expected_before"] == pytest.approx(expected)
    assert facts["observed_expected_before"] > 1.2
    assert facts["observed_expected_after"] == pytest.approx(1.0)
    assert facts["step"] == done.step.to_state()


def test_the_released_model_stays_as_it_was_and_contributions_add_up():
    X, y = patients(7, 300)
    model = BoostedTrees(rounds=15).fit(X, y)
    before = model.margin(X)
    new = recalibrate(model, *patients(8, 300, shift=1.0)).model
    assert np.array_equal(model.margin(X), before)
    assert not np.allclose(new.margin(X), before)
    np.testing.assert_allclose(new.contributions(X).sum(axis=1), new.margin(X), atol=1e-5)
    back = CalibratedModel.from_state(json.loads(json.dumps(new.to_state())))
    assert np.array_equal(back.margin(X), new.margin(X))


def test_a_second_recalibration_finds_nothing_left(released: CalibratedModel):
    X, y = patients(9, 500, shift=-1.0, stretch=0.5)
    once = recalibrate(released, X, y)
    again = recalibrate(once.model, X, y)
    assert again.step.slope == pytest.approx(1.0, abs=1e-6)
    assert again.step.intercept == pytest.approx(0.0, abs=1e-6)


def test_a_site_where_the_model_points_the_wrong_way_gets_no_model(released: CalibratedModel):
    with pytest.raises(NotReleasedError, match="slope"):
        recalibrate(released, *patients(10, 400, stretch=-1.0))


def test_a_site_without_events_is_refused(released: CalibratedModel):
    X, y = patients(11, 50)
    with pytest.raises(NotEstimableError, match="one outcome"):
        recalibrate(released, X, np.zeros_like(y))

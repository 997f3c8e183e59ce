import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin

from icans_risk.errors import IcansRiskError, NotEstimableError, NotReleasedError
from icans_risk.models import BoostedTrees, PenalisedLogistic
from icans_risk.models.calibrated import CalibratedModel
from icans_risk.models.calibration import LogitCalibration
from icans_risk.models.rebuilds import Rebuilds, fit_rebuilds

LOGISTIC = PenalisedLogistic(l1_ratio=0.0)


def patients(seed: int, rows: int = 150, strength: float = 1.0):
    """Draw rows with holes, of which the first two columns move the risk."""
    draw = np.random.default_rng(seed)
    values = draw.normal(size=(rows, 6))
    risk = expit(strength * (values[:, 0] - values[:, 1]) - 0.8)
    y = (draw.random(rows) < risk).astype(int)
    values[draw.random(values.shape) < 0.1] = np.nan
    names = [f"plasma.analyte_{i}.last.early" for i in range(6)]
    return pd.DataFrame(values.astype("float32"), columns=names), y


def text(rebuilds: Rebuilds) -> str:
    return json.dumps(rebuilds.to_state(), allow_nan=False)


@pytest.fixture(scope="module")
def rebuilds() -> Rebuilds:
    X, y = patients(1)
    model = CalibratedModel(BoostedTrees(rounds=15), folds=2).fit(X, y)
    return fit_rebuilds(model, X, y, n_rebuilds=20)


class Watched(ClassifierMixin, BaseEstimator):
    """Keeps what it was fitted on, to be looked at, or fails as it is told to."""

    def __init__(self, error=None):
        self.error = error

    def fit(self, X, y, sample_weight=None, *, groups=None):
        if self.error is not None:
            raise self.error
        self.rows_, self.event_, self.weight_, self.patient_ = X, y, sample_weight, groups
        return self


def test_a_bootstrap_has_whole_patients_and_as_many_with_the_event_as_the_cohort():
    X, y = patients(2, rows=90)
    X["row"], y = np.arange(90, dtype="float32"), y.astype(np.int64)
    patient, weight = np.array([f"p{i // 3}" for i in range(90)]), np.linspace(1, 2, 90)
    ill = {p for p, event in zip(patient, y, strict=True) if event}
    rebuilt = fit_rebuilds(
        Watched(), X, y, sample_weight=weight, groups=patient, n_rebuilds=5
    ).rebuilt
    for one in rebuilt:
        rows = one.rows_["row"].to_numpy().astype(int)
        assert np.array_equal(one.event_, y[rows])
        assert np.array_equal(one.weight_, weight[rows])
        named = pd.Series(patient[rows]).groupby(one.patient_).unique()
        assert (named.str.len() == 1).all(), "copies of a patient share a group"
        assert named.str[0].is_unique
        copies = pd.Series(rows).value_counts().to_dict()
        per_patient = {p: [copies.get(r, 0) for r in range(90) if patient[r] == p] for p in patient}
        assert all(len(set(times)) == 1 for times in per_patient.values())
        assert sum(per_patient[p][0] for p in ill) == len(ill)
        assert sum(times[0] for times in per_patient.values()) == 30
    drawn = [sorted(one.rows_["row"]) for one in rebuilt]
    assert all(one != other for one, other in pairwise(drawn))


def test_the_interval_holds_the_printed_risk(rebuilds: Rebuilds):
    X, _ = patients(3, rows=400)
    risk = rebuilds.model.predict_proba(X)[:, 1]
    interval = rebuilds.interval(X)
    assert ((interval.low <= risk) & (risk <= interval.high)).all()
    assert (interval.low < interval.high).all()


def test_the_interval_is_the_5th_to_95th_percentile_and_says_where_it_was_widened():
    X, y = patients(1)
    model = CalibratedModel(LOGISTIC).fit(X, y)
    shifts = np.linspace(-1, 1, 41)
    rebuilt = tuple(
        Rebuilds(model, (model,), 0).add_calibration(LogitCalibration(s, 1.0, "intercept")).model
        for s in shifts
    )
    margin = model.margin(X)
    inside = Rebuilds(model, rebuilt, 0).interval(X)
    np.testing.assert_allclose(inside.low, expit(margin - 0.9))
    np.testing.assert_allclose(inside.high, expit(margin + 0.9))
    assert not inside.is_widened.any()
    above = Rebuilds(model, rebuilt[30:], 0).interval(X)
    np.testing.assert_allclose(above.low, expit(margin))
    np.testing.assert_allclose(above.high, expit(margin + 0.975))
    assert above.is_widened.all()


def test_rows_in_another_order_and_more_threads_change_no_byte():
    X, y = patients(4)
    patient = np.arange(150) // 2
    order = np.random.default_rng(1).permutation(150)
    model = CalibratedModel(LOGISTIC, folds=3).fit(X, y, groups=patient)
    one = fit_rebuilds(model, X, y, groups=patient, n_rebuilds=6, workers=1)
    other = fit_rebuilds(
        model, X.iloc[order], y[order], groups=patient[order], n_rebuilds=6, workers=3
    )
    assert text(one) == text(other)
    assert text(fit_rebuilds(model, X, y, groups=patient, n_rebuilds=6, seed=1)) != text(one)


def test_more_rebuilds_leave_the_earlier_ones_as_they_were():
    X, y = patients(5)
    model = CalibratedModel(LOGISTIC, folds=2).fit(X, y)
    few, more = (fit_rebuilds(model, X, y, n_rebuilds=n) for n in (3, 5))
    assert more.to_state()["rebuilt"][:3] == few.to_state()["rebuilt"]


def test_a_rebuild_is_calibrated_the_way_the_model_was():
    X, y = patients(6, rows=130)
    model = CalibratedModel(LOGISTIC, folds=2).fit(X, y)
    assert model.calibration_.method == "intercept_and_slope"
    # A bootstrap of 130 patients has about 82 of them, for whom the rule would fit no slope.
    rebuilt = fit_rebuilds(model, X, y, n_rebuilds=4).rebuilt
    assert {one.calibration_.method for one in rebuilt} == {"intercept_and_slope"}
    assert len({one.calibration_.slope for one in rebuilt}) == 4


def test_a_draw_that_gives_no_model_is_counted_and_drawn_again():
    X, y = patients(9, strength=0.2)
    model = CalibratedModel(LOGISTIC, folds=2, calibration="intercept_and_slope").fit(X, y)
    ticks = []
    rebuilds = fit_rebuilds(model, X, y, n_rebuilds=20, tick=lambda: ticks.append(1))
    assert len(rebuilds.rebuilt) == len(ticks) == 20
    assert rebuilds.failed > 0
    assert all(one.calibration_.slope > 0 for one in rebuilds.rebuilt)


def test_a_model_whose_rebuilds_fail_is_not_released():
    X, y = patients(8)
    with pytest.raises(NotReleasedError, match=r"0 of 12 bootstraps .* 4 are needed"):
        fit_rebuilds(Watched(NotEstimableError), X, y, n_rebuilds=4)


def test_an_error_that_is_no_verdict_on_the_model_is_not_swallowed():
    X, y = patients(8)
    with pytest.raises(ZeroDivisionError):
        fit_rebuilds(Watched(ZeroDivisionError), X, y, n_rebuilds=4, workers=2)


def test_signs_agree_where_the_columns_carry_the_event(rebuilds: Rebuilds):
    X, _ = patients(9, rows=300)
    agreement = rebuilds.sign_agreement(X)
    assert agreement.shape == X.shape
    assert ((agreement >= 0) & (agreement <= 1)).all()
    assert agreement[:, :2].mean() > 0.85
    assert agreement[:, 2:].mean() < 0.75


def test_sign_agreement_is_counted_column_by_column_and_zero_agrees_with_nothing():
    X, y = patients(10)
    models = [PenalisedLogistic(l1_ratio=1.0, strength=s).fit(X, y) for s in (1.0, 3.0, 20.0)]
    signs = [np.sign(model.contributions(X)[:, :-1]) for model in models]
    agreement = Rebuilds(models[0], tuple(models), 0).sign_agreement(X)
    expected = np.mean([(sign == signs[0]) & (sign != 0) for sign in signs], axis=0)
    np.testing.assert_allclose(agreement, expected)
    assert (signs[2] == 0).any()


def test_the_state_is_strict_json_and_comes_back_bit_for_bit(rebuilds: Rebuilds):
    X, _ = patients(11)
    back = Rebuilds.from_state(json.loads(text(rebuilds)), model=rebuilds.model)
    one, other = rebuilds.interval(X), back.interval(X)
    assert np.array_equal(one.low, other.low)
    assert np.array_equal(one.high, other.high)
    assert np.array_equal(rebuilds.sign_agreement(X), back.sign_agreement(X))
    assert text(back) == text(rebuilds)


def test_a_recalibrated_interval_moves_with_the_risk(rebuilds: Rebuilds):
    X, _ = patients(12)
    moved = rebuilds.add_calibration(LogitCalibration(-0.5, 0.8, "intercept_and_slope"))
    before, after = rebuilds.interval(X), moved.interval(X)
    low, high = (np.log(p / (1 - p)) for p in (before.low, before.high))
    np.testing.assert_allclose(after.low, expit(0.8 * low - 0.5))
    np.testing.assert_allclose(after.high, expit(0.8 * high - 0.5))
    assert np.array_equal(after.is_widened, before.is_widened)


@pytest.mark.parametrize("settings", [{"n_rebuilds": 1}, {"workers": 0}])
def test_too_few_rebuilds_or_workers_are_refused(settings):
    X, y = patients(13)
    with pytest.raises(IcansRiskError, match="at least 2 rebuilds and 1 worker"):
        fit_rebuilds(LOGISTIC, X, y, **settings)


def test_a_held_out_interval_comes_from_rebuilds_without_the_patient():
    X, y = patients(7, rows=60)
    patient = np.array([f"p{i // 2}" for i in range(60)])
    model = CalibratedModel(LOGISTIC, folds=2).fit(X, y, groups=patient)
    rebuilds = fit_rebuilds(model, X, y, groups=patient, n_rebuilds=30, seed=3)
    assert rebuilds.copies is not None
    assert (rebuilds.copies[:, ::2] == rebuilds.copies[:, 1::2]).all(), "rows of a patient together"
    own = model.margin(X)
    found = rebuilds.held_out_interval(X, own)
    row = 11
    margins = [
        one.margin(X.iloc[[row]])[0]
        for one, seen in zip(rebuilds.rebuilt, rebuilds.copies[:, row], strict=True)
        if not seen
    ]
    assert 5 <= len(margins) < 30
    low, high = np.percentile(margins, [5, 95])
    assert found.low[row] == pytest.approx(expit(min(low, own[row])), abs=1e-12)
    assert found.high[row] == pytest.approx(expit(max(high, own[row])), abs=1e-12)


def test_whoever_was_in_no_training_row_is_spoken_of_by_all_rebuilds(rebuilds: Rebuilds):
    X, _ = patients(9, rows=12)
    margin = rebuilds.model.margin(X)
    held_out = rebuilds.held_out_interval(X, margin, training_row=np.full(12, -1))
    for end in ("low", "high"):
        np.testing.assert_allclose(getattr(held_out, end), getattr(rebuilds.interval(X), end))


def test_a_patient_whom_nearly_all_rebuilds_saw_has_no_interval(rebuilds: Rebuilds):
    X, _ = patients(1)
    assert rebuilds.copies is not None
    seen = rebuilds.copies.copy()
    seen[:, 0], seen[:4, 0] = 1, 0
    told = replace(rebuilds, copies=seen).held_out_interval(X, rebuilds.model.margin(X))
    assert np.isnan([told.low[0], told.high[0]]).all()
    assert not told.is_widened[0]
    assert np.isfinite(told.low[1:]).mean() > 0.8


def test_rebuilds_from_a_file_do_not_know_whom_they_saw(rebuilds: Rebuilds):
    X, _ = patients(1)
    stored = Rebuilds.from_state(rebuilds.to_state(), model=rebuilds.model)
    assert "copies" not in rebuilds.to_state()
    with pytest.raises(IcansRiskError, match="no longer know"):
        stored.held_out_interval(X, rebuilds.model.margin(X))


def test_rows_are_looked_at_once_and_each_rebuild_says_what_it_says_alone(
    rebuilds: Rebuilds,
) -> None:
    X, _ = patients(2)
    alone = np.stack([model.predict_proba(X)[:, 1] for model in rebuilds.rebuilt])
    assert np.array_equal(rebuilds.risks(X), alone)
    assert np.array_equal(rebuilds.risks(X[X.columns[::-1]]), alone)
    with pytest.raises(ValueError, match="feature names"):
        rebuilds.risks(X.rename(columns={X.columns[0]: "other"}))

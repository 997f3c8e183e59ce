"""Several cuts of a grade from one model."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit

from icans_risk.errors import IcansRiskError, NotEstimableError, NotReleasedError
from icans_risk.models import BoostedTrees, PenalisedLogistic
from icans_risk.models.calibrated import CalibratedModel
from icans_risk.models.calibration import fit_logit_calibration
from icans_risk.models.cuts import OrderedCuts
from icans_risk.models.stored import load_model, save_model
from models.test_contract import MakeModel, RiskModelContract, Rows, example_rows

RIDGE = CalibratedModel(PenalisedLogistic(l1_ratio=0.0))
CUTS = (2, 3, 4)


class TestOrderedCuts(RiskModelContract):
    @pytest.fixture(scope="class")
    @classmethod
    def make(cls) -> MakeModel:
        return lambda: OrderedCuts(CalibratedModel(BoostedTrees(rounds=15), budget=3))

    @pytest.fixture(scope="class")
    @classmethod
    def rows(cls) -> Rows:
        rows = example_rows(300)
        grade = np.where(rows.y == 1, np.random.default_rng(1).integers(2, 5, 300), 0)
        return rows._replace(y=grade)

    @pytest.fixture(scope="class")
    @classmethod
    def no_copies(cls) -> str:
        return "folds balance the rows of patients, not their weights"


def patients(seed: int, rows: int = 400) -> tuple[pd.DataFrame, np.ndarray]:
    """Draw grades from proportional odds of the first two columns."""
    draw = np.random.default_rng(seed)
    X = draw.normal(size=(rows, 6)).astype("float32")
    latent = X[:, 0] - X[:, 1] + draw.logistic(size=rows)
    grade = np.searchsorted([0.0, 0.8, 1.8, 2.8], latent)
    return pd.DataFrame(X, columns=[f"plasma.analyte_{k}.last.early" for k in range(6)]), grade


@pytest.fixture(scope="module")
def fitted() -> OrderedCuts:
    return OrderedCuts(RIDGE, cuts=CUTS).fit(*patients(0))


@given(st.lists(st.floats(-1000, 1000, width=32) | st.none(), min_size=6, max_size=6))
@settings(deadline=None)
def test_the_risk_of_a_higher_grade_is_never_the_greater(
    fitted: OrderedCuts, values: list[float | None]
):
    X = pd.DataFrame([values], columns=fitted.feature_names_in_).astype("float32")
    risks = fitted.risks(X)[0]
    assert (np.diff(risks) <= 0).all()
    assert ((risks >= 0) & (risks <= 1)).all()


@pytest.mark.parametrize("seed", range(5))
def test_cuts_stay_in_order_where_calibration_left_the_frequency_alone(seed: int):
    X, grade = patients(seed, 150)
    base = CalibratedModel(BoostedTrees(rounds=60), calibration="none")
    model = OrderedCuts(base, cuts=CUTS).fit(X, grade)
    assert model.shifts_[0] > model.shifts_[1] == 0.0 > model.shifts_[2]


def test_the_primary_cut_is_the_calibrated_model_itself(fitted: OrderedCuts):
    X, grade = patients(0)
    alone = CalibratedModel(PenalisedLogistic(l1_ratio=0.0)).fit(X, (grade >= 3).astype(int))
    assert fitted.shifts_[1] == 0.0
    assert np.array_equal(fitted.margin(X), alone.margin(X))
    assert np.array_equal(fitted.contributions(X), alone.contributions(X))
    np.testing.assert_allclose(fitted.risks(X)[:, 1], alone.predict_proba(X)[:, 1], rtol=1e-12)


def test_another_cut_is_a_risk_model_whose_contributions_differ_in_the_base(fitted: OrderedCuts):
    X, _ = patients(1)
    for k, cut in enumerate(CUTS):
        model = fitted.model_of(cut)
        np.testing.assert_allclose(model.predict_proba(X)[:, 1], fitted.risks(X)[:, k], rtol=1e-12)
        parts, primary = model.contributions(X), fitted.contributions(X)
        np.testing.assert_allclose(parts.sum(axis=1), model.margin(X), atol=1e-9)
        assert np.array_equal(parts[:, :-1], primary[:, :-1])
        np.testing.assert_allclose(parts[:, -1] - primary[:, -1], fitted.shifts_[k], atol=1e-12)
    with pytest.raises(IcansRiskError, match=r"a cut of \[2, 3, 4\], got 1"):
        fitted.model_of(1)


def test_as_many_held_out_events_are_expected_as_there_were_at_each_cut():
    X, grade = patients(2)
    weight, patient = np.linspace(0.5, 2.0, 400), np.arange(400) // 2
    base = CalibratedModel(PenalisedLogistic(l1_ratio=0.0), repeats=2)
    model = OrderedCuts(base, cuts=(1, 2, 3, 4)).fit(X, grade, weight, groups=patient)
    direct = base.fit(X, (grade >= 3).astype(int), weight, groups=patient)
    assert np.array_equal(model.margin(X), direct.margin(X))
    held_out = model.base_.calibration_.apply(model.base_.out_of_fold_margin_)
    for cut, shift in zip(model.cuts, model.shifts_, strict=True):
        expected = weight @ expit(held_out + shift).mean(axis=1)
        assert expected == pytest.approx(weight @ (grade >= cut), rel=1e-9)


def test_every_cut_is_calibrated_on_fresh_patients_where_odds_are_proportional():
    fresh, grade = patients(99, 10_000)
    slopes, ratios = [], []
    for seed in range(8):
        risks = OrderedCuts(RIDGE, cuts=CUTS).fit(*patients(seed)).risks(fresh)
        for k, cut in enumerate(CUTS):
            event = (grade >= cut).astype(int)
            step = fit_logit_calibration(logit(risks[:, k]), event, method="intercept_and_slope")
            slopes.append(step.slope)
            ratios.append(risks[:, k].sum() / event.sum())
    assert np.reshape(slopes, (8, 3)).mean(axis=0) == pytest.approx([1.0] * 3, abs=0.1)
    assert np.reshape(ratios, (8, 3)).mean(axis=0) == pytest.approx([1.0] * 3, abs=0.1)


def test_a_cut_that_few_reached_is_refused_by_name():
    X, grade = patients(3)
    patient = np.arange(400)
    highest = np.flatnonzero(grade == 4)
    grade[highest[9:]] = 3
    with pytest.raises(NotEstimableError, match=r"cuts \[4\] \[9\] of 400 patients"):
        OrderedCuts(RIDGE, cuts=CUTS).fit(X, grade)
    grade[highest[9]] = 4
    assert len(OrderedCuts(RIDGE, cuts=CUTS).fit(X, grade).shifts_) == 3
    # Patients are counted, not rows, and only those with weight.
    patient[highest[9]] = patient[highest[8]]
    with pytest.raises(NotEstimableError, match=r"cuts \[4\] \[9\] of 399 patients"):
        OrderedCuts(RIDGE, cuts=CUTS).fit(X, grade, groups=patient)
    with pytest.raises(NotEstimableError, match=r"cuts \[4\] \[9\] of 399 patients"):
        OrderedCuts(RIDGE, cuts=CUTS).fit(X, grade, np.arange(400) != highest[0])


def test_no_cut_is_released_where_the_columns_say_nothing():
    X, grade = patients(4)
    shuffled = np.random.default_rng(1).permutation(grade)
    with pytest.raises(NotReleasedError):
        OrderedCuts(CalibratedModel(BoostedTrees())).fit(X, shuffled)


@pytest.mark.parametrize(("cuts", "primary"), [((3, 2), 3), ((2, 2, 3), 3), ((2, 4), 3), ((), 3)])
def test_cuts_ascend_and_hold_the_primary_one(cuts: tuple[int, ...], primary: int):
    with pytest.raises(IcansRiskError, match="ascending cuts"):
        OrderedCuts(RIDGE, cuts=cuts, primary=primary).fit(*patients(5))


def test_a_model_without_held_out_margins_is_refused():
    with pytest.raises(IcansRiskError, match="need a CalibratedModel"):
        OrderedCuts(BoostedTrees()).fit(*patients(5))


def test_rows_without_a_grade_are_refused_and_counted():
    X, grade = patients(6)
    unknown = np.where(np.arange(400) < 3, np.nan, grade)
    with pytest.raises(IcansRiskError, match="3 of 400 have none"):
        OrderedCuts(RIDGE).fit(X, unknown)


def test_all_cuts_come_back_from_a_folder(fitted: OrderedCuts, tmp_path: Any):
    X, _ = patients(7)
    save_model(fitted, tmp_path / "model")
    back = load_model(tmp_path / "model").model
    assert np.array_equal(back.risks(X), fitted.risks(X))
    assert back.model_of(2).calibration_ == fitted.model_of(2).calibration_

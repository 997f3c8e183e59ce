from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import roc_auc_score
from sklearn.utils.estimator_checks import parametrize_with_checks

from icans_risk.errors import NotEstimableError, NotReleasedError
from icans_risk.models import BoostedTrees, PenalisedLogistic
from icans_risk.models.calibrated import CalibratedModel, add_calibration
from icans_risk.models.calibration import LogitCalibration, fit_logit_calibration
from models.test_contract import MakeModel, RiskModelContract

OVERFITTING = {"rounds": 20, "max_depth": 4, "learning_rate": 0.6, "reg_lambda": 0.1}


def patients(seed: int, rows: int = 200, columns: int = 12):
    """Draw rows with holes, of which the first two columns move the risk."""
    draw = np.random.default_rng(seed)
    values = draw.normal(size=(rows, columns))
    y = (draw.random(rows) < expit(values[:, 0] - values[:, 1] - 0.8)).astype(int)
    values[draw.random(values.shape) < 0.1] = np.nan
    names = [f"plasma.analyte_{i}.last.early" for i in range(columns)]
    return pd.DataFrame(values.astype("float32"), columns=names), y


class TestCalibratedBooster(RiskModelContract):
    @pytest.fixture(scope="class")
    @classmethod
    def make(cls) -> MakeModel:
        return lambda: CalibratedModel(BoostedTrees(rounds=15), budget=3)

    @pytest.fixture(scope="class")
    @classmethod
    def no_copies(cls) -> str:
        return "folds balance the rows of patients, not their weights"


class TestCalibratedLogistic(RiskModelContract):
    @pytest.fixture(scope="class")
    @classmethod
    def make(cls) -> MakeModel:
        return lambda: CalibratedModel(PenalisedLogistic(l1_ratio=0.0), repeats=2)

    @pytest.fixture(scope="class")
    @classmethod
    def no_copies(cls) -> str:
        return "folds balance the rows of patients, not their weights"


class Memory(ClassifierMixin, BaseEstimator):
    """Knows the event of rows that it has seen, and nothing else."""

    def fit(self, X: Any, y: Any, sample_weight: Any = None, *, groups: Any = None) -> "Memory":
        self.weight_, self.patients_ = sample_weight, len(set(groups))
        self.seen_ = dict(zip(X[:, 0], y, strict=True))
        return self

    def margin(self, X: Any) -> np.ndarray:
        return np.array([{None: 0.0, 0: -3.0, 1: 3.0}[self.seen_.get(x)] for x in X[:, 0]])


def test_the_calibration_is_of_patients_that_the_model_did_not_see():
    draw = np.random.default_rng(0)
    X = np.repeat(draw.normal(size=(150, 1)), 2, axis=0)
    y = np.repeat((draw.random(150) < 0.3).astype(int), 2)
    model = CalibratedModel(Memory()).fit(X, y, groups=np.repeat(np.arange(150), 2))
    assert (model.out_of_fold_margin_ == 0).all()
    assert model.calibration_.method == "intercept"
    # Were the two rows of a patient parted, the model would seem to know.
    parted = CalibratedModel(Memory()).fit(X, y)
    assert roc_auc_score(y, parted.out_of_fold_margin_[:, 0]) > 0.8


def test_the_model_itself_is_fitted_on_all_rows_with_weights_and_patients():
    X, y = patients(8)
    weight, patient = np.linspace(0.5, 2.0, 200), np.arange(200) // 2
    trees = BoostedTrees(rounds=10, subsample=1.0)
    model = CalibratedModel(trees).fit(X, y, weight, groups=patient)
    assert np.array_equal(model.base_.margin(X), trees.fit(X, y, weight).margin(X))
    memory = CalibratedModel(Memory()).fit(X.to_numpy(), y, weight, groups=patient).base_
    assert memory.patients_ == 100
    assert sorted(memory.weight_) == list(weight)


def test_columns_are_selected_without_the_patients_who_judge():
    aurocs = []
    for seed in range(4):
        draw = np.random.default_rng(seed)
        X, y = draw.normal(size=(120, 300)), (draw.random(120) < 0.35).astype(int)
        base = PenalisedLogistic(l1_ratio=0.0)
        model = CalibratedModel(base, budget=8, calibration="none").fit(X, y)
        aurocs.append(roc_auc_score(y, model.out_of_fold_margin_[:, 0]))
        assert roc_auc_score(y, model.margin(X)) > 0.75
    assert 0.4 < np.mean(aurocs) < 0.6


def test_a_column_is_not_selected_for_being_the_same_in_all_rows_of_a_patient():
    draw = np.random.default_rng(3)
    patient = np.repeat(np.arange(40), 10)
    of_rows, of_patients = draw.normal(size=400), draw.normal(size=(40, 30))[patient]
    proneness = draw.normal(scale=3.0, size=40)[patient]
    y = (draw.random(400) < expit(proneness + 1.2 * of_rows)).astype(int)
    X = np.column_stack([of_patients, of_rows])
    base = PenalisedLogistic(l1_ratio=0.0)
    model = CalibratedModel(base, budget=1, folds=3, calibration="none")
    assert model.fit(X, y, groups=patient).columns_ == (30,)
    assert model.fit(X, y).columns_ != (30,)


def test_risks_that_are_spread_too_far_are_pulled_together():
    fresh, event = patients(99, 5_000)
    slopes = []
    for seed in range(8):
        model = CalibratedModel(BoostedTrees(**OVERFITTING)).fit(*patients(seed, 250))
        margins = model.base_.margin(fresh), model.margin(fresh)
        slopes.append([fit_logit_calibration(margin, event).slope for margin in margins])
    before, after = np.exp(np.log(slopes).mean(axis=0))
    assert before < 0.4
    assert after == pytest.approx(1.0, abs=0.15)


def test_contributions_are_those_of_the_base_times_the_slope():
    X, y = patients(1)
    model = CalibratedModel(BoostedTrees(rounds=20)).fit(X, y)
    step, parts = model.calibration_, model.base_.contributions(X)
    assert step.method == "intercept_and_slope"
    np.testing.assert_allclose(model.contributions(X)[:, :-1], step.slope * parts[:, :-1])
    base = step.intercept + step.slope * parts[:, -1]
    np.testing.assert_allclose(model.contributions(X)[:, -1], base)
    np.testing.assert_allclose(model.margin(X), step.apply(model.base_.margin(X)))


def test_a_column_that_was_not_selected_adds_nothing():
    X, y = patients(2, 300)
    model = CalibratedModel(PenalisedLogistic(l1_ratio=0.0), budget=2).fit(X, y)
    assert model.columns_ == (0, 1)
    parts = model.contributions(X)
    assert (parts[:, 2:-1] == 0).all()
    assert (parts[:, :2] != 0).any(axis=0).all()
    others = X.copy()
    others.iloc[:, 2:] = 9.0
    assert np.array_equal(model.margin(others), model.margin(X))


def test_the_first_repeat_does_not_hang_on_how_many_there_are():
    X, y = patients(3)
    one, three = (
        CalibratedModel(PenalisedLogistic(l1_ratio=0.0), repeats=n).fit(X, y) for n in (1, 3)
    )
    assert three.out_of_fold_margin_.shape == (200, 3)
    assert np.array_equal(three.out_of_fold_margin_[:, :1], one.out_of_fold_margin_)
    assert np.isfinite(three.out_of_fold_margin_).all()
    # All repeats are fitted together and weigh as much as one.
    stacked, weight = three.out_of_fold_margin_.T.ravel(), np.full(600, 1 / 3)
    expected = fit_logit_calibration(stacked, np.tile(y, 3), weight)
    assert three.calibration_.slope == pytest.approx(expected.slope, rel=1e-9)


def test_out_of_fold_margins_stand_in_the_order_of_the_rows():
    X, y = patients(4)
    order = np.random.default_rng(1).permutation(len(y))
    base = PenalisedLogistic(l1_ratio=0.0)
    one = CalibratedModel(base).fit(X, y)
    other = CalibratedModel(base).fit(X.iloc[order], y[order])
    assert np.array_equal(other.out_of_fold_margin_, one.out_of_fold_margin_[order])


def test_a_small_cohort_keeps_the_slope_of_its_model():
    X, y = patients(5, 80)
    model = CalibratedModel(PenalisedLogistic(l1_ratio=0.0)).fit(X, y)
    assert (model.calibration_.method, model.calibration_.slope) == ("intercept", 1.0)


def test_the_rule_by_size_counts_patients():
    X, y = patients(5, 300)
    model = CalibratedModel(PenalisedLogistic(l1_ratio=0.0)).fit(X, y, groups=np.arange(300) // 4)
    assert model.calibration_.method == "intercept"


def test_no_model_is_released_where_the_columns_say_nothing():
    X, y = patients(6, 300)
    shuffled = np.random.default_rng(6).permutation(y)
    with pytest.raises(NotReleasedError, match="report the prevalence"):
        CalibratedModel(BoostedTrees(rounds=15)).fit(X, shuffled)


def test_columns_that_do_not_vary_are_refused_by_number():
    y = np.arange(100) % 3 == 0
    with pytest.raises(NotEstimableError, match="none of 4 columns does in 90 rows"):
        CalibratedModel(BoostedTrees(), budget=2).fit(np.zeros((100, 4)), y)


def test_a_constraint_of_a_column_that_was_not_selected_falls_away():
    X, y = patients(2, 300)
    first, third = X.columns[[0, 2]]
    trees = BoostedTrees(rounds=15, monotone={first: -1, third: 1})
    model = CalibratedModel(trees, budget=2, calibration="none").fit(X, y)
    assert model.columns_ == (0, 1)
    assert model.base_.monotone == {first: -1}
    assert trees.monotone == {first: -1, third: 1}
    assert CalibratedModel.from_state(model.to_state()).base.monotone == trees.monotone
    # The risk rises with the first column, which the constraint forbids.
    rising = pd.DataFrame(0.0, index=range(30), columns=X.columns).astype("float32")
    rising[first] = np.linspace(-2, 2, 30, dtype="float32")
    assert (np.diff(model.margin(rising)) <= 0).all()
    unknown = BoostedTrees(monotone={"plasma.absent": 1})
    with pytest.raises(ValueError, match="1 names that are none of"):
        CalibratedModel(unknown, budget=2).fit(X, y)


@pytest.mark.parametrize("calibrated", [True, False])
def test_a_calibration_is_added_after_the_own_one(calibrated: bool):
    X, y = patients(7)
    base = BoostedTrees(rounds=15)
    model = (CalibratedModel(base) if calibrated else base).fit(X, y)
    before = model.margin(X)
    added = add_calibration(model, LogitCalibration(0.4, 0.7, "intercept_and_slope"))
    np.testing.assert_allclose(added.margin(X), 0.4 + 0.7 * before, atol=1e-12)
    np.testing.assert_allclose(added.contributions(X).sum(axis=1), added.margin(X), atol=1e-5)
    back = CalibratedModel.from_state(added.to_state())
    assert np.array_equal(back.margin(X), added.margin(X))
    assert np.array_equal(model.margin(X), before), "the model itself is left as it was"
    assert np.array_equal(added.margin(X[X.columns[::-1]]), added.margin(X))


EXPECTED_TO_FAIL: dict[str, str] = {
    "check_sample_weight_equivalence_on_dense_data": (
        "folds balance the rows of patients, not their weights"
    ),
}


@parametrize_with_checks(
    [CalibratedModel(PenalisedLogistic(l1_ratio=0.0), folds=2)],
    expected_failed_checks=lambda _: EXPECTED_TO_FAIL,
)
def test_scikit_learn_takes_it_for_a_classifier(estimator: Any, check: Any):
    check(estimator)

"""Modalities fused early or late, left out in training, or absent."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.estimator_checks import parametrize_with_checks

from icans_risk.errors import IcansRiskError, NotEstimableError
from icans_risk.models import BoostedTrees, PenalisedLogistic
from icans_risk.models.calibrated import CalibratedModel
from icans_risk.models.fusion import LateFusion, fuse
from icans_risk.models.stored import load_model, save_model
from models.test_contract import MakeModel, RiskModelContract

RIDGE = PenalisedLogistic(l1_ratio=0.0)
FOLDS_COUNT_ROWS = "folds balance the rows of patients, not their weights"
NAMES = ("plasma.crp.max.early", "plasma.ferritin.max.early", "csf.protein.last.early")


class TestLateFusionOfTrees(RiskModelContract):
    @pytest.fixture(scope="class")
    @classmethod
    def make(cls) -> MakeModel:
        return lambda: LateFusion(BoostedTrees(rounds=15))

    @pytest.fixture(scope="class")
    @classmethod
    def no_copies(cls) -> str:
        return FOLDS_COUNT_ROWS


class TestCalibratedLateFusion(RiskModelContract):
    @pytest.fixture(scope="class")
    @classmethod
    def make(cls) -> MakeModel:
        return lambda: CalibratedModel(LateFusion(RIDGE, folds=3), folds=3, budget=4)

    @pytest.fixture(scope="class")
    @classmethod
    def no_copies(cls) -> str:
        return FOLDS_COUNT_ROWS


def patients(seed: int, rows: int = 400, *, csf_effect: float = 1.0) -> tuple[pd.DataFrame, Any]:
    """Draw plasma that moves the risk, and cerebrospinal fluid that may."""
    draw = np.random.default_rng(seed)
    values = draw.normal(size=(rows, 3)).astype("float32")
    margin = values[:, 0] + csf_effect * values[:, 2] - 1.0
    return pd.DataFrame(values, columns=list(NAMES)), (draw.random(rows) < expit(margin)).astype(
        int
    )


def without(X: pd.DataFrame, modality: str, rows: Any = slice(None)) -> pd.DataFrame:
    X = X.copy()
    X.loc[rows, [name for name in X if name.startswith(modality)]] = np.nan
    return X


def test_an_absent_modality_adds_nothing_and_changes_nothing_else():
    X, y = patients(1)
    model = LateFusion(BoostedTrees(rounds=20)).fit(without(X, "csf", slice(0, 100)), y)
    whole, lacking = model.contributions(X), model.contributions(without(X, "csf"))
    assert (whole[:, 2] != 0).all()
    assert (lacking[:, 2] == 0).all()
    assert np.array_equal(np.delete(lacking, 2, axis=1), np.delete(whole, 2, axis=1))
    nothing = model.margin(X * np.nan)
    assert (nothing == model.intercept_).all()


def test_contributions_are_those_of_each_model_times_its_weight():
    X, y = patients(2)
    model = LateFusion(RIDGE).fit(X, y)
    csf, plasma = model.parts_
    assert (csf.modality, plasma.modality) == ("csf", "plasma")
    assert min(csf.weight, plasma.weight) > 0.5
    alone = RIDGE.fit(X[list(NAMES[:2])], y)
    said = alone.contributions(X[list(NAMES[:2])])[:, :-1]
    np.testing.assert_allclose(model.contributions(X)[:, :2], plasma.weight * said, atol=1e-12)


def test_a_model_is_fitted_on_the_rows_that_have_its_modality():
    X, y = patients(2)
    done = np.arange(400) % 3 == 0
    csf, _ = LateFusion(BoostedTrees(rounds=20)).fit(without(X, "csf", ~done), y).parts_
    protein = X[[NAMES[2]]]
    alone = BoostedTrees(rounds=20).fit(protein[done], y[done])
    assert np.array_equal(csf.model.margin(protein), alone.margin(protein))
    assert csf.base == alone.contributions(protein)[0, -1]


def test_as_many_events_are_expected_as_there_were():
    X, y = patients(3)
    X, weight = without(X, "csf", slice(0, 250)), np.where(y == 1, 3.0, 1.0)
    risk = LateFusion(RIDGE).fit(X, y, weight).predict_proba(X)[:, 1]
    assert weight @ risk == pytest.approx(weight @ y, rel=0.02)


@pytest.mark.parametrize(
    ("csf_effect", "of_ill", "of_well"),
    [(0.0, 0.98, 0.03), pytest.param(1.0, 0.9, 0.15, marks=pytest.mark.slow)],
)
def test_that_a_test_was_done_is_not_taken_for_what_it_said(
    csf_effect: float, of_ill: float, of_well: float
):
    weights: dict[str, list[float]] = {"by lot": [], "for cause": []}
    for seed in range(5):
        X, y = patients(seed, 1_200, csf_effect=csf_effect)
        draw = np.random.default_rng(seed).random(len(y))
        done = {"by lot": draw < 0.4, "for cause": draw < np.where(y == 1, of_ill, of_well)}
        for why, was_done in done.items():
            model = LateFusion(BoostedTrees()).fit(without(X, "csf", ~was_done), y)
            weights[why].append(model.weights_["csf"])
    by_lot, for_cause = (np.mean(weights[why]) for why in weights)
    assert for_cause < by_lot + 0.15
    # Nor is the risk of those who were punctured another, as long as it says nothing.
    if csf_effect == 0.0:
        fresh, _ = patients(99, 2_000)
        risks = [model.predict_proba(f)[:, 1].mean() for f in (fresh, without(fresh, "csf"))]
        assert risks[0] == pytest.approx(risks[1], abs=0.02)


def test_early_fusion_does_take_it_so():
    X, y = patients(0, 1_200, csf_effect=0.0)
    done = np.random.default_rng(0).random(len(y)) < np.where(y == 1, 0.9, 0.15)
    early = fuse(BoostedTrees(), "early").fit(without(X, "csf", ~done), y)
    fresh, _ = patients(99, 2_000, csf_effect=0.0)
    measured, lacking = (
        early.predict_proba(f)[:, 1].mean() for f in (fresh, without(fresh, "csf"))
    )
    assert measured > lacking + 0.2


class Memory(ClassifierMixin, BaseEstimator):
    """Knows the event of rows that it has seen, and nothing else."""

    def fit(self, X: Any, y: Any, sample_weight: Any = None, *, groups: Any = None) -> "Memory":
        self.weight_, self.patients_ = sample_weight, set(groups)
        self.seen_ = dict(zip(X.iloc[:, 0], y, strict=True))
        return self

    def margin(self, X: Any) -> np.ndarray:
        return np.array([{None: 0.0, 0: -3.0, 1: 3.0}[self.seen_.get(x)] for x in X.iloc[:, 0]])

    def contributions(self, X: Any) -> np.ndarray:
        return np.column_stack([self.margin(X), np.zeros(len(X))])


def test_weights_are_of_patients_that_no_model_had_seen():
    X, y = patients(7, 150)
    X, y, patient = (
        X.iloc[np.repeat(np.arange(150), 2), [0, 2]],
        y.repeat(2),
        np.repeat(np.arange(150), 2),
    )
    assert LateFusion(Memory()).fit(X, y, groups=patient).weights_ == {"csf": 0.0, "plasma": 0.0}
    weight = np.linspace(0.5, 2.0, 300)
    for part in LateFusion(Memory()).fit(X, y, weight, groups=patient).parts_:
        assert len(part.model.patients_) == 150
        assert sorted(part.model.weight_) == list(weight)
    # Were the two rows of a patient parted, each model would seem to know.
    assert min(LateFusion(Memory()).fit(X, y).weights_.values()) > 0.3


def test_a_modality_that_few_have_gets_no_model_and_weighs_nothing():
    X, y = patients(8)
    some = np.concatenate([np.flatnonzero(y == 1)[:4], np.flatnonzero(y == 0)[:60]])
    rare = ~np.isin(np.arange(len(y)), some)
    model = LateFusion(RIDGE).fit(without(X, "csf", rare), y)
    assert [part.modality for part in model.parts_] == ["plasma"]
    assert model.weights_["csf"] == 0.0
    assert (model.contributions(X)[:, 2] == 0).all()
    # A patient of weight zero is not there.
    weight = (np.arange(len(y)) != np.flatnonzero(y == 1)[4]).astype(float)
    five = ~np.isin(np.arange(len(y)), [*some, np.flatnonzero(y == 1)[4]])
    assert len(LateFusion(RIDGE).fit(without(X, "csf", five), y).parts_) == 2
    assert len(LateFusion(RIDGE).fit(without(X, "csf", five), y, weight).parts_) == 1
    with pytest.raises(NotEstimableError, match="none of 2 is such in 400 rows"):
        LateFusion(RIDGE).fit(without(without(X, "csf"), "plasma", rare), y)


def test_a_constraint_goes_to_the_model_of_its_column():
    X, y = patients(9)
    trees = BoostedTrees(rounds=30, monotone={NAMES[2]: -1, NAMES[0]: 1})
    model = LateFusion(trees).fit(X, y)
    csf, plasma = model.parts_
    assert (csf.model.monotone, plasma.model.monotone) == ({NAMES[2]: -1}, {NAMES[0]: 1})
    # The risk rises with the protein, which the constraint forbids.
    assert np.ptp(csf.model.margin(X[["csf.protein.last.early"]])) < 0.1
    back = LateFusion.from_state(model.to_state())
    assert back.base.monotone == trees.monotone
    with pytest.raises(ValueError, match="1 names that are none of"):
        LateFusion(BoostedTrees(monotone={"plasma.absent": 1})).fit(X, y)


def test_fusion_is_one_switch():
    trees = BoostedTrees()
    assert fuse(trees, "early") is trees
    assert fuse(trees, "late", folds=3).get_params(deep=False)["folds"] == 3
    with pytest.raises(IcansRiskError, match="'early', 'late'"):
        fuse(trees, "middle")  # type: ignore[arg-type]


def test_it_comes_back_from_its_folder(tmp_path: Any):
    X, y = patients(12)
    model = LateFusion(RIDGE).fit(X, y)
    save_model(model, tmp_path / "model")
    assert np.array_equal(load_model(tmp_path / "model").model.margin(X), model.margin(X))


EXPECTED_TO_FAIL: dict[str, str] = {
    "check_sample_weight_equivalence_on_dense_data": FOLDS_COUNT_ROWS,
}


@parametrize_with_checks(
    [LateFusion(RIDGE, folds=2)], expected_failed_checks=lambda _: EXPECTED_TO_FAIL
)
def test_scikit_learn_takes_it_for_a_classifier(estimator: Any, check: Any):
    check(estimator)

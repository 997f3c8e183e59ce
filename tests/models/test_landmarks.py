"""One model over several landmarks, and no patient on both sides of anything."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin

from icans_risk.errors import IcansRiskError
from icans_risk.models import BoostedTrees, PenalisedLogistic
from icans_risk.models.calibrated import CalibratedModel
from icans_risk.models.fusion import LateFusion
from icans_risk.models.landmarks import LANDMARK, StackedLandmarks
from icans_risk.models.rebuilds import fit_rebuilds
from icans_risk.models.stored import load_model, save_model
from models.test_contract import MakeModel, RiskModelContract, Rows, assert_same_predictions

HOURS = (24.0, 72.0, 120.0)
RIDGE = CalibratedModel(PenalisedLogistic(l1_ratio=0.0))


def stacked(seed: int, n: int = 150) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Draw a marker that says more at later landmarks, and a trait that names the patient.

    A patient whose event comes early has fewer rows, as in a cohort.
    """
    draw = np.random.default_rng(seed)
    trait, rows = draw.normal(size=n), []
    for k, hour in enumerate(HOURS):
        marker = draw.normal(size=n)
        event = (draw.random(n) < expit(0.6 * k * marker - 1.5)).astype(int)
        rows.append(
            pd.DataFrame(
                {
                    "plasma.crp.last.early": marker,
                    "static.trait": trait,
                    LANDMARK: hour,
                    "event": event,
                    "patient": np.arange(n),
                }
            )
        )
    table = pd.concat(rows, ignore_index=True)
    gone = table.groupby("patient")["event"].transform(lambda e: e.cumsum().shift(fill_value=0))
    table = table[gone == 0]
    X = table[["plasma.crp.last.early", "static.trait", LANDMARK]].astype("float32")
    return X, table["event"].to_numpy(), table["patient"].to_numpy()


class TestStackedLandmarks(RiskModelContract):
    @pytest.fixture(scope="class")
    @classmethod
    def make(cls) -> MakeModel:
        return lambda: StackedLandmarks(CalibratedModel(BoostedTrees(rounds=15), folds=4))

    @pytest.fixture(scope="class")
    @classmethod
    def rows(cls) -> Rows:
        X, y, patient = stacked(0)
        draw = np.random.default_rng(1)
        X = X[[LANDMARK, "plasma.crp.last.early", "static.trait"]]
        X["plasma.crp.last.early"] = X["plasma.crp.last.early"].round(1) + y
        return Rows(X, y, draw.uniform(0.5, 2.0, len(y)), patient)

    @pytest.fixture(scope="class")
    @classmethod
    def no_copies(cls) -> str:
        return "folds balance the rows of patients, not their weights"

    def test_a_patient_of_whom_nothing_is_known_gets_a_number(
        self, fitted: Any, rows: Rows
    ) -> None:
        """The landmark is known of everyone: it is when one asks."""
        empty = rows.X.iloc[:1] * np.float32(np.nan)
        empty[LANDMARK] = 72.0
        assert 0 < fitted.predict_proba(empty)[0, 1] < 1
        assert np.isfinite(fitted.contributions(empty)).all()

    def test_infinite_numbers_are_refused_and_counted(
        self, make: MakeModel, fitted: Any, rows: Rows
    ) -> None:
        moved = rows._replace(X=rows.X[["plasma.crp.last.early", LANDMARK, "static.trait"]])
        super().test_infinite_numbers_are_refused_and_counted(make, fitted, moved)


class Memory(ClassifierMixin, BaseEstimator):
    """Knows the last event of patients, by their trait, whom it has seen, and no one else's."""

    def fit(self, X: Any, y: Any, sample_weight: Any = None, *, groups: Any = None) -> "Memory":
        self.weight_, self.traits_, self.patients_ = sample_weight, X["static.trait"], set(groups)
        self.ill_: dict[float, int] = {}
        for trait, event in zip(X["static.trait"], y, strict=True):
            self.ill_[trait] = max(int(event), self.ill_.get(trait, 0))
        return self

    def margin(self, X: Any) -> np.ndarray:
        known = {None: 0.0, 0: -3.0, 1: 3.0}
        return np.array([known[self.ill_.get(trait)] for trait in X["static.trait"]])

    def contributions(self, X: Any) -> np.ndarray:
        return np.column_stack([self.margin(X), np.zeros((len(X), X.shape[1]))])


def test_no_patient_is_judged_by_a_model_that_saw_another_landmark_of_theirs():
    X, y, patient = stacked(2)
    model = StackedLandmarks(CalibratedModel(Memory())).fit(X, y, groups=patient)
    assert (model.base_.out_of_fold_margin_ == 0).all()


def test_that_would_show_if_rows_were_taken_for_patients():
    X, y, _ = stacked(2)
    parted = CalibratedModel(Memory(), calibration="none").fit(X, y)
    assert (parted.out_of_fold_margin_ != 0).mean() > 0.5


def test_no_modality_is_weighed_by_a_model_that_saw_another_landmark():
    X, y, patient = stacked(3)
    X = X.drop(columns="plasma.crp.last.early")
    # Nothing is left to calibrate.
    base = CalibratedModel(LateFusion(Memory()), calibration="none")
    model = StackedLandmarks(base).fit(X, y, groups=patient)
    assert model.base_.base_.weights_ == {"static": 0.0}


def test_bootstraps_draw_patients_with_all_their_rows():
    X, y, patient = stacked(4, 60)
    model = StackedLandmarks(CalibratedModel(Memory())).fit(X, y, groups=patient)
    rebuilds = fit_rebuilds(model, X, y, groups=patient, n_rebuilds=5)
    rows_of = X["static.trait"].value_counts()
    for rebuilt in rebuilds.rebuilt:
        drawn = rebuilt.base_.base_.traits_.value_counts()
        assert len(drawn) < 60
        assert (drawn % rows_of[drawn.index] == 0).all()


def test_rows_keep_their_weight_however_many_a_patient_has():
    X, y, patient = stacked(5)
    weight = np.linspace(0.5, 2.0, len(y))
    model = StackedLandmarks(CalibratedModel(Memory()))
    assert sorted(model.fit(X, y, weight, groups=patient).base_.base_.weight_) == list(weight)
    assert set(model.fit(X, y, groups=patient).base_.base_.weight_) == {1.0}


def test_a_share_of_a_patients_weight_would_overstate_the_early_risk():
    """Why rows keep theirs: who has the event early has fewer rows to share it among."""
    X, y, patient = stacked(6, 3_000)
    share = 1.0 / np.bincount(patient)[patient]
    plain, shared = (
        StackedLandmarks(CalibratedModel(BoostedTrees())).fit(X, y, w, groups=patient)
        for w in (None, share)
    )
    early = (X[LANDMARK] == 24).to_numpy()
    observed = y[early].mean()
    assert plain.predict_proba(X[early])[:, 1].mean() == pytest.approx(observed, rel=0.05)
    assert shared.predict_proba(X[early])[:, 1].mean() > 1.3 * observed


def test_what_a_value_says_changes_with_the_landmark():
    X, y, patient = stacked(7, 1_500)
    model = StackedLandmarks(CalibratedModel(BoostedTrees())).fit(X, y, groups=patient)
    assert model.landmarks_h_ == HOURS
    spreads = [
        np.std(model.contributions(X.assign(**{LANDMARK: np.float32(h)}))[:, 0]) for h in HOURS
    ]
    assert spreads[2] > 2 * spreads[0]


def test_as_many_held_out_events_are_expected_at_each_landmark_as_there_were():
    X, y, patient = stacked(11, 400)
    y = np.where((X[LANDMARK] == 72) & (y == 1) & (np.arange(len(y)) % 3 > 0), 0, y)
    weight = np.linspace(0.5, 2.0, len(y))
    base = CalibratedModel(PenalisedLogistic(l1_ratio=0.0), repeats=2)
    model = StackedLandmarks(base).fit(X, y, weight, groups=patient)
    held_out = model.base_.calibration_.apply(model.base_.out_of_fold_margin_)
    for hour, shift in zip(HOURS, model.shifts_, strict=True):
        at = (X[LANDMARK] == hour).to_numpy()
        expected = weight[at] @ expit(held_out[at] + shift).mean(axis=1)
        assert expected == pytest.approx(weight[at] @ y[at], rel=1e-9)
    assert model.shifts_[1] < -0.3
    # It is part of what the landmark contributes, and of nothing else.
    parts, own = model.contributions(X), model.base_.contributions(X)
    place = np.searchsorted(HOURS, X[LANDMARK])
    np.testing.assert_allclose(parts[:, 2] - own[:, 2], np.array(model.shifts_)[place], atol=1e-12)
    assert np.array_equal(np.delete(parts, 2, axis=1), np.delete(own, 2, axis=1))


def test_a_landmark_with_few_events_has_the_intercept_of_all():
    X, y, patient = stacked(12, 300)
    y, late = y.copy(), np.flatnonzero((X[LANDMARK] == 120) & (y == 1))
    y[late[10:]] = 0
    model = StackedLandmarks(CalibratedModel(BoostedTrees(rounds=20)))
    assert model.fit(X, y, groups=patient).shifts_[2] != 0.0
    # Nine patients are too few; one of weight zero is none, and two infusions are of one.
    weight = (np.arange(len(y)) != late[0]).astype(float)
    assert model.fit(X, y, weight, groups=patient).shifts_[2] == 0.0
    patient = np.where(patient == patient[late[0]], patient[late[1]], patient)
    assert model.fit(X, y, groups=patient).shifts_[2] == 0.0
    assert model.shifts_[0] != 0.0


def test_other_landmarks_are_refused_and_counted():
    X, y, patient = stacked(8)
    model = StackedLandmarks(CalibratedModel(PenalisedLogistic(l1_ratio=0.0))).fit(
        X, y, groups=patient
    )
    elsewhere = X.iloc[:3].assign(**{LANDMARK: np.float32([72, 48, 96])})
    for method in (model.margin, model.predict_proba, model.contributions, model.predict):
        with pytest.raises(IcansRiskError, match=r"2 of 3 rows are of others"):
            method(elsewhere)
    with pytest.raises(IcansRiskError, match="1 of 3 have none"):
        model.margin(X.iloc[:3].assign(**{LANDMARK: np.float32([72, np.nan, 24])}))


def test_a_model_without_held_out_margins_is_refused():
    X, y, patient = stacked(9)
    with pytest.raises(IcansRiskError, match="need a CalibratedModel"):
        StackedLandmarks(BoostedTrees()).fit(X, y, groups=patient)


def test_rows_without_patients_or_a_landmark_are_refused():
    X, y, patient = stacked(9)
    model = StackedLandmarks(RIDGE)
    with pytest.raises(IcansRiskError, match="Pass groups"):
        model.fit(X, y)
    with pytest.raises(IcansRiskError, match="needs the column"):
        model.fit(X.drop(columns=LANDMARK), y, groups=patient)
    with pytest.raises(IcansRiskError, match="needs the column"):
        model.fit(X.to_numpy(), y, groups=patient)


def test_it_comes_back_from_its_folder_with_its_landmarks(tmp_path: Any):
    X, y, patient = stacked(10)
    model = StackedLandmarks(CalibratedModel(BoostedTrees(rounds=10))).fit(X, y, groups=patient)
    save_model(model, tmp_path / "model")
    back = load_model(tmp_path / "model").model
    assert_same_predictions(back, model, X)
    with pytest.raises(IcansRiskError, match="rows are of others"):
        back.margin(X.assign(**{LANDMARK: np.float32(48)}))

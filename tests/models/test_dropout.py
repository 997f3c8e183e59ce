"""Training with whole modalities left out."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import log_loss
from sklearn.utils.estimator_checks import parametrize_with_checks

from icans_risk.errors import IcansRiskError
from icans_risk.models import BoostedTrees, PenalisedLogistic
from icans_risk.models.dropout import ModalityDropout
from icans_risk.models.stored import load_model, save_model
from models.test_contract import MakeModel, RiskModelContract
from models.test_fusion import NAMES, patients, without

RIDGE = PenalisedLogistic(l1_ratio=0.0)
DRAWN = "each row draws what its copies lack"


class TestModalityDropout(RiskModelContract):
    @pytest.fixture(scope="class")
    @classmethod
    def make(cls) -> MakeModel:
        return lambda: ModalityDropout(BoostedTrees(rounds=15))

    @pytest.fixture(scope="class")
    @classmethod
    def no_copies(cls) -> str:
        return DRAWN


def test_a_model_that_was_trained_without_a_modality_now_and_then_misses_it_less():
    """Plasma and cerebrospinal fluid both read one cause; the latter reads it better."""

    def draw_rows(seed: int, rows: int) -> tuple[pd.DataFrame, Any]:
        draw = np.random.default_rng(seed)
        cause = draw.normal(size=(rows, 1))
        X = cause + draw.normal(size=(rows, 3)) * [0.8, 0.8, 0.3]
        y = (draw.random(rows) < expit(2.0 * cause[:, 0] - 1.0)).astype(int)
        return pd.DataFrame(X.astype("float32"), columns=list(NAMES)), y

    fresh, event = draw_rows(99, 4_000)
    loss = np.zeros((2, 2))
    for seed in range(3):
        trees = BoostedTrees()
        for k, model in enumerate([trees, ModalityDropout(trees)]):
            fitted = model.fit(*draw_rows(seed, 500))
            for j, rows in enumerate([fresh, without(fresh, "csf")]):
                loss[k, j] += log_loss(event, fitted.predict_proba(rows)[:, 1]) / 3
    plain, dropped = loss
    assert dropped[1] < plain[1] - 0.05
    assert dropped[0] < plain[0] + 0.01


def test_what_is_left_out_are_whole_modalities_of_copies_and_never_static_columns():
    X, y = patients(10)
    X["static.age_years"] = np.float32(60)
    seen: dict[str, Any] = {}

    class Witness(ClassifierMixin, BaseEstimator):
        def fit(self, X: Any, y: Any, sample_weight: Any = None, *, groups: Any = None) -> Any:
            seen.update(X=X, y=y, weight=sample_weight, groups=groups)
            return self

    patient = np.arange(400) // 2
    ModalityDropout(Witness(), rate=0.25, copies=3).fit(X, y, np.full(400, 2.0), groups=patient)
    lacks = seen["X"].isna().to_numpy()
    assert not lacks[:400].any()
    assert not lacks[:, 3].any()
    assert np.array_equal(lacks[:, 0], lacks[:, 1])
    assert lacks[400:, [0, 2]].mean(axis=0) == pytest.approx([0.25, 0.25], abs=0.05)
    assert seen["weight"].sum() == pytest.approx(800.0)
    whole = seen["X"].iloc[:400].to_numpy()
    values = seen["X"].to_numpy().reshape(4, 400, 4)
    assert np.array_equal(np.where(np.isnan(values), whole, values), np.stack([whole] * 4))
    assert np.array_equal(seen["groups"].reshape(4, 400), np.stack([seen["groups"][:400]] * 4))
    assert np.array_equal(seen["y"].reshape(4, 400), np.stack([seen["y"][:400]] * 4))


@pytest.mark.parametrize("settings", [{"rate": 1.0}, {"rate": -0.1}, {"copies": 0}])
def test_leaving_out_everything_or_nothing_is_refused(settings: dict[str, Any]):
    with pytest.raises(IcansRiskError, match="at least 1 copy"):
        ModalityDropout(RIDGE, **settings).fit(*patients(11))


def test_it_comes_back_from_its_folder(tmp_path: Any):
    X, y = patients(12)
    model = ModalityDropout(RIDGE).fit(X, y)
    save_model(model, tmp_path / "model")
    assert np.array_equal(load_model(tmp_path / "model").model.margin(X), model.margin(X))


EXPECTED_TO_FAIL: dict[str, str] = {
    "check_sample_weight_equivalence_on_dense_data": DRAWN,
}


@parametrize_with_checks(
    [ModalityDropout(RIDGE)], expected_failed_checks=lambda _: EXPECTED_TO_FAIL
)
def test_scikit_learn_takes_it_for_a_classifier(estimator: Any, check: Any):
    check(estimator)

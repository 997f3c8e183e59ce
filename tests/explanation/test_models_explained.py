"""Every kind of model is explained, and each of its predictions adds up."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from icans_risk.errors import ExplanationError
from icans_risk.explanation import (
    explain,
    fold_by_analyte,
    fold_interactions,
    interactions,
)
from icans_risk.models import MODELS, BoostedTrees, make_model
from icans_risk.models.calibrated import CalibratedModel, add_calibration
from icans_risk.models.calibration import LogitCalibration
from icans_risk.models.dropout import ModalityDropout
from icans_risk.models.fusion import LateFusion
from icans_risk.models.landmarks import LANDMARK, StackedLandmarks

SMALL = {"rounds": 15}


def example(n: int = 160) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(3)
    names = ["plasma.crp.max.early", "plasma.crp.last.early", "plasma.ldh.last.early",
             "csf.protein.last.to_date", "score.m_easix.early", LANDMARK]  # fmt: skip
    X = pd.DataFrame(np.exp(generator.normal(size=(n, 6))), columns=names).astype("float32")
    X[LANDMARK] = np.float32(24.0) * (1 + np.arange(n) % 2)
    X.iloc[::5, 3] = np.nan
    risk = 1 / (1 + np.exp(1.0 - 1.2 * np.log(X.iloc[:, 0] * X.iloc[:, 2])))
    y = (generator.random(n) < risk).astype(int)
    return X, y, np.array([f"p{i // 2}" for i in range(n)])


def booster() -> Any:
    return BoostedTrees(**SMALL)


WRAPPED = {
    "calibrated booster": lambda: CalibratedModel(booster(), folds=3),
    "calibrated within a budget": lambda: CalibratedModel(booster(), folds=3, budget=2),
    "calibrated elastic net": lambda: CalibratedModel(make_model("elastic_net"), folds=3),
    "late fusion": lambda: LateFusion(booster(), folds=3),
    "calibrated late fusion": lambda: CalibratedModel(LateFusion(booster(), folds=3), folds=3),
    "modalities left out": lambda: ModalityDropout(booster()),
    "all landmarks": lambda: StackedLandmarks(CalibratedModel(booster(), folds=3)),
}
ONE_COLUMN = {"score", "log2_score"}


@pytest.fixture(scope="module")
def data() -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    return example()


def fitted(name: str, data: tuple[pd.DataFrame, np.ndarray, np.ndarray]) -> tuple[Any, Any]:
    X, y, patient = data
    if name in WRAPPED:
        return WRAPPED[name]().fit(X, y, groups=patient), X
    if name == "explainable":
        pytest.importorskip("interpret")
    X = X.iloc[:, [0]] if name in ONE_COLUMN else X
    return make_model(name).fit(X, y, groups=patient) if name != "prevalence" else (
        make_model(name).fit(X, y)
    ), X  # fmt: skip


@pytest.mark.parametrize("name", [*MODELS, *WRAPPED])
def test_contributions_of_each_prediction_add_up_to_its_log_odds(name: str, data: Any) -> None:
    model, X = fitted(name, data)
    parts = explain(model, X)
    assert parts.columns.tolist() == [*X.columns, "base"]
    np.testing.assert_allclose(parts.sum(axis=1), model.margin(X), rtol=0, atol=1e-5)
    folded = fold_by_analyte(parts).sum(axis=1)
    risk = model.predict_proba(X)[:, 1]
    np.testing.assert_allclose(folded, np.log(risk / (1 - risk)), rtol=0, atol=1e-5)


def test_an_explanation_of_another_model_is_refused(data: Any) -> None:
    X, y, patient = data

    class Mixed:
        calibrated = CalibratedModel(booster(), folds=3).fit(X, y, groups=patient)
        margin = calibrated.margin
        # The common mistake: the uncalibrated model is explained, the calibrated risk printed.
        contributions = BoostedTrees(**SMALL).fit(X, y).contributions

    with pytest.raises(ExplanationError, match="160 rows are off"):
        explain(Mixed(), X)


@pytest.mark.parametrize(
    "name", ["booster", "calibrated booster", "calibrated within a budget", "modalities left out"]
)
def test_interactions_add_up_to_contributions_and_log_odds(name: str, data: Any) -> None:
    model, X = fitted(name, data)
    parts = interactions(model, X.iloc[:20])
    assert parts.shape == (20, 7, 7)
    np.testing.assert_allclose(parts, parts.transpose(0, 2, 1), rtol=0, atol=1e-5)
    np.testing.assert_allclose(
        parts.sum(axis=2), model.contributions(X.iloc[:20]), rtol=0, atol=1e-5
    )
    folded, names = fold_interactions(parts, list(X.columns))
    assert names == ["plasma.crp", "plasma.ldh", "csf.protein", "score.m_easix",
                     "static.landmark_h", "base"]  # fmt: skip
    np.testing.assert_allclose(folded.sum(axis=(1, 2)), model.margin(X.iloc[:20]), atol=1e-5)
    np.testing.assert_allclose(
        folded.sum(axis=2), fold_by_analyte(explain(model, X.iloc[:20])), rtol=0, atol=1e-5
    )


def test_interactions_are_those_of_the_columns_whatever_their_order(data: Any) -> None:
    X, y, _ = data
    backwards = X.iloc[:, ::-1]
    one, other = BoostedTrees(**SMALL).fit(X, y), BoostedTrees(**SMALL).fit(backwards, y)
    turned = interactions(other, backwards)[:, :-1, :-1][:, ::-1, ::-1]
    np.testing.assert_allclose(interactions(one, X)[:, :-1, :-1], turned, rtol=0, atol=1e-6)


def test_the_slope_of_a_calibration_scales_interactions(data: Any) -> None:
    X, y, _ = data
    model = BoostedTrees(**SMALL).fit(X, y)
    step = LogitCalibration(intercept=-0.5, slope=0.7, method="intercept_and_slope")
    before = interactions(model, X)
    after = interactions(add_calibration(model, step), X)
    np.testing.assert_allclose(after[:, :-1], 0.7 * before[:, :-1], rtol=0, atol=1e-12)
    np.testing.assert_allclose(after[:, -1, -1], 0.7 * before[:, -1, -1] - 0.5, atol=1e-12)


@pytest.mark.parametrize("name", ["elastic_net", "late fusion"])
def test_a_model_without_interaction_values_says_so(name: str, data: Any) -> None:
    model, X = fitted(name, data)
    with pytest.raises(ExplanationError, match="interactions are known of boosted trees, got"):
        interactions(model, X)

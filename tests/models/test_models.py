"""The contract that every model of the package keeps."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shap
from sklearn.utils.estimator_checks import parametrize_with_checks

from icans_risk.errors import NotEstimableError
from icans_risk.models import MODELS, BoostedTrees, PenalisedLogistic, make_model

Rows = tuple[pd.DataFrame, np.ndarray, np.ndarray]


@pytest.fixture
def rows() -> Rows:
    """120 rows with holes, one empty column and one that carries the event."""
    generator = np.random.default_rng(11)
    X = pd.DataFrame(
        generator.normal(size=(120, 5)),
        columns=[f"plasma.crp.{s}.early" for s in ("last", "max", "mean", "first")]
        + ["static.age_years"],
    ).astype("float32")
    X.iloc[::7, 0] = np.nan
    X["plasma.crp.first.early"] = np.nan
    risk = 1 / (1 + np.exp(-1.5 * X["plasma.crp.max.early"].to_numpy()))
    y = (generator.random(120) < risk).astype(int)
    return X, y, generator.uniform(0.5, 2.0, size=120)


every_model = pytest.mark.parametrize("name", MODELS)


@every_model
def test_risks_are_probabilities_and_the_same_every_time(name: str, rows: Rows) -> None:
    X, y, w = rows
    first = make_model(name).fit(X, y, w).predict_proba(X)
    again = make_model(name).fit(X, y, w).predict_proba(X)
    assert np.array_equal(first, again)
    assert ((first >= 0) & (first <= 1)).all()
    np.testing.assert_allclose(first.sum(axis=1), 1.0)


@every_model
def test_a_patient_of_whom_nothing_is_known_gets_a_number(name: str, rows: Rows) -> None:
    X, y, w = rows
    empty = X.iloc[:1] * np.nan
    risk = make_model(name).fit(X, y, w).predict_proba(empty)[0, 1]
    assert 0 < risk < 1


@every_model
def test_a_weight_of_two_counts_a_row_twice(name: str, rows: Rows) -> None:
    X, y, _ = rows
    X = X.fillna(0.0)  # medians and scales are of rows, whatever their weight
    weight = np.where(np.arange(len(y)) < 30, 2.0, 1.0)
    doubled = np.concatenate([np.arange(30), np.arange(len(y))])
    settings = {"subsample": 1.0} if name == "booster" else {}
    by_weight = make_model(name, **settings).fit(X, y, weight).predict_proba(X)[:, 1]
    by_copy = make_model(name, **settings).fit(X.iloc[doubled], y[doubled]).predict_proba(X)[:, 1]
    np.testing.assert_allclose(by_weight, by_copy, atol=0.06)


@pytest.mark.parametrize("name", ["booster", "logistic", "elastic_net"])
def test_columns_are_matched_by_name(name: str, rows: Rows) -> None:
    X, y, w = rows
    model = make_model(name).fit(X, y, w)
    swapped = X[X.columns[::-1]]
    assert np.array_equal(model.predict_proba(swapped), model.predict_proba(X))
    with pytest.raises(ValueError, match="feature names"):
        model.predict_proba(X.rename(columns={"static.age_years": "static.sex"}))
    with pytest.raises(ValueError, match="feature"):
        model.predict_proba(X.iloc[:, :4])


@pytest.mark.parametrize("name", ["booster", "logistic", "elastic_net"])
def test_one_class_is_refused_with_the_reason(name: str, rows: Rows) -> None:
    X, _, _ = rows
    with pytest.raises(NotEstimableError, match="120 rows hold one class only"):
        make_model(name).fit(X, np.zeros(len(X)))


def test_the_order_of_rows_changes_no_byte_of_the_trees(rows: Rows) -> None:
    X, y, w = rows
    order = np.random.default_rng(3).permutation(len(y))
    model = BoostedTrees(subsample=0.7).fit(X, y, w)
    shuffled = BoostedTrees(subsample=0.7).fit(X.iloc[order], y[order], w[order])
    assert model.booster_.save_raw("json") == shuffled.booster_.save_raw("json")


def test_the_seed_moves_the_trees(rows: Rows) -> None:
    X, y, w = rows
    one, two = (BoostedTrees(subsample=0.7, seed=seed).fit(X, y, w) for seed in (1, 2))
    assert one.booster_.save_raw("json") != two.booster_.save_raw("json")


def test_measured_zero_is_not_missing() -> None:
    X = np.array([[0.0], [0.0], [0.0], [np.nan], [np.nan], [np.nan]] * 20)
    y = np.array([1, 1, 1, 0, 0, 0] * 20)
    risk = BoostedTrees().fit(X, y).predict_proba([[0.0], [np.nan]])[:, 1]
    assert risk[0] > 0.7 > 0.3 > risk[1]


def test_contributions_add_up_and_equal_those_of_shap(rows: Rows) -> None:
    X, y, w = rows
    model = BoostedTrees(max_depth=3).fit(X, y, w)
    parts = model.contributions(X)
    np.testing.assert_allclose(parts.sum(axis=1), model.margin(X), atol=1e-5)
    explainer = shap.TreeExplainer(model.booster_)
    np.testing.assert_allclose(parts[:, :-1], explainer.shap_values(X), atol=1e-6)


def test_the_base_is_what_the_model_expects_of_its_training_rows(rows: Rows) -> None:
    X, y, w = rows
    model = BoostedTrees(subsample=1.0).fit(X, y, w)
    base = model.contributions(X)[:, -1]
    assert np.ptp(base) == 0.0
    # The trees' cover weighs rows by their Hessian, so that equality is only near.
    assert base[0] == pytest.approx(np.average(model.margin(X), weights=w), abs=0.25)


def test_the_trees_survive_their_file(rows: Rows, tmp_path: Any) -> None:
    import xgboost

    X, y, w = rows
    model = BoostedTrees().fit(X, y, w)
    model.booster_.save_model(tmp_path / "model.json")
    loaded = xgboost.Booster(model_file=tmp_path / "model.json")
    data = xgboost.DMatrix(X.to_numpy(), feature_names=list(X.columns))
    assert np.array_equal(loaded.predict(data), model.predict_proba(X)[:, 1].astype("float32"))


def test_a_lasso_leaves_columns_out_and_missing_takes_the_median(rows: Rows) -> None:
    X, y, w = rows
    model = PenalisedLogistic(strength=10.0, l1_ratio=1.0).fit(X, y, w)
    assert (model.pipeline_[-1].coef_ == 0).any()
    medians = model.pipeline_[0].statistics_
    filled = X.fillna(pd.Series(medians, index=X.columns)).astype("float32")
    np.testing.assert_allclose(model.margin(X), model.margin(filled), atol=1e-6)


EXPECTED_TO_FAIL: dict[str, str] = {
    "check_sample_weight_equivalence_on_dense_data": (
        "the median that fills a hole, the scale of a column and the rows that a tree sees are "
        "of rows, not of weights"
    ),
}


def allowed_failures(estimator: object) -> dict[str, str]:
    del estimator
    return EXPECTED_TO_FAIL


@parametrize_with_checks(
    [make_model(name) for name in ("booster", "logistic", "elastic_net")],
    expected_failed_checks=allowed_failures,
)
def test_scikit_learn_takes_it_for_a_classifier(
    estimator: Any, check: Callable[[Any], None]
) -> None:
    check(estimator)

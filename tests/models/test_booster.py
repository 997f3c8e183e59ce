"""Boosted trees: what they promise beyond the contract of every model."""

import json
import shutil
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shap
import xgboost
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logit

from icans_risk.errors import NotEstimableError
from icans_risk.models import BoostedTrees
from models.test_contract import Rows, example_rows, text


@pytest.fixture(scope="module")
def rows() -> Rows:
    return example_rows()


def raw(model: BoostedTrees) -> bytes:
    return bytes(model.booster_.save_raw("json"))


@given(seed=st.integers(0, 10**6), early=st.sampled_from([None, 3]))
@settings(max_examples=15, deadline=None)
def test_the_order_of_rows_changes_no_byte_of_the_trees(seed: int, early: int | None) -> None:
    rows = example_rows()
    order = np.random.default_rng(seed).permutation(len(rows.y))
    one, other = (
        BoostedTrees(rounds=10, subsample=0.7, early_stopping_rounds=early).fit(
            part.X, part.y, part.weight, groups=part.patient
        )
        for part in (rows, rows.take(order))
    )
    assert raw(one) == raw(other)


def test_the_order_of_columns_changes_nothing_where_columns_are_sampled(rows: Rows) -> None:
    X, y, w, _ = rows
    one, other = (BoostedTrees(colsample=0.4).fit(frame, y, w) for frame in (X, X[X.columns[::-1]]))
    assert raw(one) == raw(other)
    parts, swapped = (
        pd.DataFrame(
            m.contributions(X[list(m.feature_names_in_)])[:, :-1], columns=m.feature_names_in_
        )
        for m in (one, other)
    )
    pd.testing.assert_frame_equal(parts, swapped[list(X.columns)])
    assert (parts["plasma.crp.first.early"] == 0).all(), "nothing is known of an empty column"
    assert np.array_equal(one.margin(X), other.margin(X))


def test_sampled_columns_come_back_with_their_order(rows: Rows) -> None:
    X, y, w, _ = rows
    X = X[X.columns[[4, 1, 0, 3, 2]]]
    model = BoostedTrees(colsample=0.4).fit(X, y, w)
    assert not np.array_equal(model.column_order_, np.arange(5))
    back = BoostedTrees.from_state(json.loads(text(model.to_state())))
    assert np.array_equal(back.contributions(X), model.contributions(X))
    assert back.n_trees_ == model.n_trees_ == 60


@pytest.mark.parametrize("setting", [{"seed": 1}, {"colsample": 0.4}, {"max_bin": 4}])
def test_each_setting_moves_the_trees(rows: Rows, setting: dict[str, Any]) -> None:
    X, y, w, _ = rows
    assert raw(BoostedTrees().fit(X, y, w)) != raw(BoostedTrees(**setting).fit(X, y, w))


def test_with_all_rows_drawn_a_weight_of_two_is_that_row_twice(rows: Rows) -> None:
    X, y, _, _ = rows
    weight = np.where(np.arange(len(y)) < 30, 2.0, 1.0)
    doubled = np.concatenate([np.arange(30), np.arange(len(y))])
    by_weight = BoostedTrees(subsample=1.0).fit(X, y, weight)
    by_copy = BoostedTrees(subsample=1.0).fit(X.iloc[doubled], y[doubled])
    np.testing.assert_allclose(by_weight.margin(X), by_copy.margin(X), atol=1e-5)


@pytest.mark.parametrize("direction", [1, -1])
def test_a_constrained_risk_moves_one_way(direction: int) -> None:
    generator = np.random.default_rng(6)
    X = pd.DataFrame(
        {"ferritin": generator.uniform(0, 9.4, 600), "age": generator.normal(size=600)}
    )
    y = (np.sin(X["ferritin"]) + 0.3 * generator.normal(size=600) > 0).astype(int)
    steps = pd.DataFrame({"ferritin": np.linspace(0, 9.4, 200), "age": 0.0})
    free = np.diff(BoostedTrees(rounds=200).fit(X, y).margin(steps))
    held = np.diff(
        BoostedTrees(rounds=200, monotone={"ferritin": direction}).fit(X, y).margin(steps)
    )
    assert free.min() < -0.1 < 0.1 < free.max()
    assert (held * direction >= 0).all()
    assert (held * direction).sum() > 0.1


def test_a_constraint_finds_its_column_where_columns_are_sampled(rows: Rows) -> None:
    X, y, w, _ = rows
    name = "plasma.crp.max.early"
    model = BoostedTrees(colsample=0.4, monotone={name: -1}).fit(X, y, w)
    assert np.abs(model.contributions(X)[:, list(X.columns).index(name)]).max() < 0.05
    assert model.contributions(X).std(axis=0).max() > 0.05


@pytest.mark.parametrize(
    ("monotone", "message"),
    [
        ({"plasma.crp.peak.early": 1}, "1 names that are none of 5 named columns"),
        ({"plasma.crp.max.early": 2}, r"direction 1, 0 or -1, got \[2\]"),
    ],
)
def test_a_constraint_that_cannot_hold_is_refused(
    rows: Rows, monotone: dict[str, int], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        BoostedTrees(monotone=monotone).fit(rows.X, rows.y)


def test_constraints_need_named_columns(rows: Rows) -> None:
    with pytest.raises(ValueError, match="none of 0 named columns"):
        BoostedTrees(monotone={"plasma.crp.max.early": 1}).fit(rows.X.to_numpy(), rows.y)


def test_weighted_events_leave_the_risks_those_of_the_rows() -> None:
    known = np.repeat([0.0, 1.0], [200, 100])
    event = np.concatenate([np.arange(200) < 20, np.arange(100) < 40]).astype(int)
    free = {"reg_lambda": 0.0, "learning_rate": 0.5, "subsample": 1.0, "min_child_weight": 0.0}
    for weight in (1.0, 8.0):
        model = BoostedTrees(event_weight=weight, **free).fit(known[:, None], event)
        risk = model.predict_proba([[0.0], [1.0]])[:, 1]
        np.testing.assert_allclose(risk, [0.1, 0.4], atol=1e-3)


def test_the_weight_of_events_is_that_of_rows_less_its_logarithm(rows: Rows) -> None:
    X, y, w, _ = rows
    asked = BoostedTrees(event_weight=5.0).fit(X, y, w)
    plain = BoostedTrees().fit(X, y, w * np.where(y == 1, 5.0, 1.0))
    np.testing.assert_allclose(asked.margin(X), plain.margin(X) - np.log(5.0), atol=1e-5)
    parts = asked.contributions(X)
    np.testing.assert_allclose(parts.sum(axis=1), asked.margin(X), atol=1e-5)


@pytest.mark.parametrize("weight", [0.0, -1.0, float("nan")])
def test_an_event_cannot_weigh_nothing(rows: Rows, weight: float) -> None:
    with pytest.raises(ValueError, match="event_weight must be positive"):
        BoostedTrees(event_weight=weight).fit(rows.X, rows.y)


def test_stopping_early_finds_a_number_of_trees_for_all_rows(rows: Rows) -> None:
    X, y, w, patient = rows
    stopped = BoostedTrees(rounds=500, early_stopping_rounds=10).fit(X, y, w, groups=patient)
    assert 1 <= stopped.n_trees_ < 500
    assert stopped.booster_.num_boosted_rounds() == stopped.n_trees_
    assert raw(stopped) == raw(BoostedTrees(rounds=stopped.n_trees_).fit(X, y, w))


@pytest.mark.parametrize("seed", range(3))
def test_a_patient_does_not_decide_when_to_stop_and_train(seed: int) -> None:
    generator = np.random.default_rng(seed)
    X = np.repeat(generator.normal(size=(60, 8)), 6, axis=0)
    y = np.repeat(generator.random(60) < 0.4, 6).astype(int)  # noise
    model = BoostedTrees(rounds=100, max_depth=4, early_stopping_rounds=10)
    by_row = model.fit(X, y).n_trees_
    by_patient = model.fit(X, y, groups=np.repeat(np.arange(60), 6)).n_trees_
    assert by_patient < 50 < by_row == 100


def test_stopping_early_needs_two_patients_of_each_kind(rows: Rows) -> None:
    X, _, _, patient = rows
    y = (patient == patient[0]).astype(int)
    with pytest.raises(NotEstimableError, match="at least 2 patients"):
        BoostedTrees(early_stopping_rounds=5).fit(X, y, groups=patient)


def test_a_patient_for_each_row_or_none(rows: Rows) -> None:
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        BoostedTrees(early_stopping_rounds=5).fit(rows.X, rows.y, groups=rows.patient[:-1])


def test_numbers_beyond_single_precision_are_infinite(rows: Rows) -> None:
    X = rows.X.astype("float64")
    X.iloc[0, :2] = 1e300
    with pytest.raises(ValueError, match="infinity in 2 cells of 1 rows and 2 columns"):
        BoostedTrees().fit(X, rows.y)


def test_events_of_weight_zero_are_none(rows: Rows) -> None:
    with pytest.raises(NotEstimableError, match="one class only"):
        BoostedTrees().fit(rows.X, rows.y, np.where(rows.y == 1, 0.0, 1.0))


@pytest.mark.skipif(shutil.which("nvidia-smi") is not None, reason="there is a GPU")
def test_without_a_gpu_the_trees_are_those_of_the_cpu(rows: Rows) -> None:
    X, y, w, _ = rows
    with pytest.warns(UserWarning, match="(?i)gpu|cuda"):
        asked = BoostedTrees(device="cuda").fit(X, y, w)
    assert raw(asked) == raw(BoostedTrees().fit(X, y, w))


def test_measured_zero_is_not_missing() -> None:
    X = np.array([[0.0], [0.0], [0.0], [np.nan], [np.nan], [np.nan]] * 20)
    y = np.array([1, 1, 1, 0, 0, 0] * 20)
    risk = BoostedTrees().fit(X, y).predict_proba([[0.0], [np.nan]])[:, 1]
    assert risk[0] > 0.7 > 0.3 > risk[1]


def test_contributions_equal_those_of_shap(rows: Rows) -> None:
    X, y, w, _ = rows
    model = BoostedTrees(max_depth=3).fit(X, y, w)
    found = pd.DataFrame(model.contributions(X)[:, :-1], columns=X.columns)
    # The trees see the columns by name.
    by_name = sorted(X.columns)
    expected = shap.TreeExplainer(model.booster_).shap_values(X[by_name])
    np.testing.assert_allclose(found[by_name], expected, atol=1e-6)


def test_the_base_is_what_the_model_expects_of_its_training_rows(rows: Rows) -> None:
    X, y, w, _ = rows
    model = BoostedTrees(subsample=1.0).fit(X, y, w)
    base = model.contributions(X)[0, -1]
    # The trees' cover weighs rows by their Hessian, so that equality is only near.
    assert base == pytest.approx(np.average(model.margin(X), weights=w), abs=0.25)
    assert base == pytest.approx(logit(np.average(y, weights=w)), abs=0.25)


def test_xgboost_alone_reads_the_trees(rows: Rows) -> None:
    X, y, w, _ = rows
    model = BoostedTrees().fit(X, y, w)
    trees = json.dumps(model.to_state()["trees"]).encode()
    loaded = xgboost.Booster(model_file=bytearray(trees))
    # The trees see the columns by name.
    data = xgboost.DMatrix(X[sorted(X.columns)].to_numpy(), feature_names=sorted(X.columns))
    assert np.array_equal(loaded.predict(data), model.predict_proba(X)[:, 1].astype("float32"))

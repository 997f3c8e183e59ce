"""Penalised logistic regression: reference fits, exact contributions, a state of numbers."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.base import clone
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from icans_risk.errors import NotEstimableError
from icans_risk.models import make_model
from icans_risk.models.linear import PenalisedLogistic, Preparation

Rows = tuple[pd.DataFrame, np.ndarray, np.ndarray]

KINDS = {
    "ridge": PenalisedLogistic(l1_ratio=0.0),
    "elastic_net": PenalisedLogistic(strength=3.0, signed_log=True),
    "chosen_strength": PenalisedLogistic(strength="cv", signed_log=True),
}
every_kind = pytest.mark.parametrize("kind", KINDS)


def make(kind: str) -> PenalisedLogistic:
    return clone(KINDS[kind])


@pytest.fixture
def rows() -> Rows:
    """151 skewed rows with holes, an empty column and a constant one."""
    generator = np.random.default_rng(3)
    X = pd.DataFrame(
        np.exp(1.5 * generator.normal(size=(151, 4))), columns=["crp", "ferritin", "ldh", "il6"]
    )
    y = (generator.random(151) < expit(np.log(X["crp"]) - 0.5)).astype(int)
    X.iloc[::5, 1] = np.nan
    X["empty"], X["constant"] = np.nan, 0.1
    return X.astype("float32"), y, generator.uniform(0.5, 2.0, 151)


def test_without_penalty_it_is_the_fit_of_statsmodels(rows: Rows) -> None:
    X, y, w = rows
    X = X[["crp", "ldh", "il6"]]
    model = PenalisedLogistic(strength=0.0, l1_ratio=0.0).fit(X, y, w)
    design = sm.add_constant(X.to_numpy(float))
    reference = sm.GLM(y, design, family=sm.families.Binomial(), freq_weights=w).fit()
    np.testing.assert_allclose(model.margin(X), design @ reference.params, atol=1e-3)


def test_it_is_scikit_learns_pipeline_with_its_solver_left_running(rows: Rows) -> None:
    X, y, _ = rows
    X = X.drop(columns=["empty", "constant"])
    regression = LogisticRegression(
        C=0.2, l1_ratio=0.5, solver="saga", tol=1e-8, max_iter=100_000, random_state=0
    )
    reference = make_pipeline(SimpleImputer(strategy="median"), StandardScaler(), regression)
    reference.fit(X.to_numpy(float), y)
    model = PenalisedLogistic(strength=5.0).fit(X, y)
    np.testing.assert_allclose(
        model.margin(X), reference.decision_function(X.to_numpy(float)), atol=1e-3
    )


@every_kind
def test_contributions_add_up_and_start_from_the_mean_of_the_training_rows(
    kind: str, rows: Rows
) -> None:
    X, y, w = rows
    model = make(kind).fit(X, y, w)
    parts = model.contributions(X)
    np.testing.assert_allclose(parts.sum(axis=1), model.margin(X), rtol=0, atol=1e-12)
    np.testing.assert_allclose(np.average(parts[:, :-1], axis=0, weights=w), 0.0, atol=1e-9)
    assert (parts[:, [4, 5]] == 0).all()
    assert np.abs(parts[:, 0]).max() > 0.1


@every_kind
def test_a_missing_cell_counts_as_the_weighted_median(kind: str, rows: Rows) -> None:
    X, y, w = rows
    model = make(kind).fit(X, y, w)
    filled = X.fillna(dict(zip(X.columns, model.preparation_.medians, strict=True)))
    np.testing.assert_allclose(model.margin(filled), model.margin(X), atol=1e-6)
    known = X["ferritin"].notna()
    median = model.preparation_.medians[1]
    below = w[known & (X["ferritin"] < median)].sum() / w[known].sum()
    assert below == pytest.approx(0.5, abs=0.02)


@every_kind
def test_a_state_of_json_predicts_the_same_bit_for_bit(kind: str, rows: Rows) -> None:
    X, y, w = rows
    model = make(kind).fit(X, y, w)
    text = json.dumps(model.to_state(), allow_nan=False)
    stored = PenalisedLogistic.from_state(json.loads(text))
    assert np.array_equal(stored.predict_proba(X), model.predict_proba(X))
    assert np.array_equal(stored.contributions(X[X.columns[::-1]]), model.contributions(X))
    assert json.dumps(stored.to_state(), allow_nan=False) == text
    assert list(stored.predict(X)) == list(model.predict(X))


@every_kind
def test_the_order_of_rows_changes_no_byte(kind: str, rows: Rows) -> None:
    X, y, w = rows
    order = np.random.default_rng(1).permutation(len(y))
    one = make(kind).fit(X, y, w, groups=np.arange(len(y)) // 2)
    two = make(kind).fit(X.iloc[order], y[order], w[order], groups=(np.arange(len(y)) // 2)[order])
    assert json.dumps(one.to_state()) == json.dumps(two.to_state())


@pytest.mark.parametrize("signed_log", [False, True])
def test_a_weight_of_two_is_two_rows_and_a_weight_of_zero_none(
    rows: Rows, signed_log: bool
) -> None:
    X, y, _ = rows
    weight = np.repeat([2.0, 1.0, 0.0], [40, 100, 11])
    copies = np.repeat(np.arange(151), weight.astype(int))
    by_weight = PenalisedLogistic(strength=2.0, signed_log=signed_log).fit(X, y, weight)
    by_copy = PenalisedLogistic(strength=2.0, signed_log=signed_log).fit(X.iloc[copies], y[copies])
    np.testing.assert_allclose(by_weight.margin(X), by_copy.margin(X), atol=1e-4)


def test_a_wrong_unit_in_two_rows_flattens_the_raw_column_and_not_its_logarithm() -> None:
    generator = np.random.default_rng(2)
    X = np.exp(generator.normal(size=(300, 1)))
    y = (generator.random(300) < expit(2 * np.log(X[:, 0]) - 1)).astype(int)
    wrong = X.copy()
    wrong[:2] *= 1e4
    kept = {}
    for signed_log in (False, True):
        model = PenalisedLogistic(signed_log=signed_log)
        spread = [model.fit(training, y).margin(X[2:]).std() for training in (X, wrong)]
        kept[signed_log] = spread[1] / spread[0]
    assert kept[False] < 0.1
    assert kept[True] > 0.4


@given(
    st.lists(st.floats(-(2.0**100), 2.0**100, width=32), min_size=2, max_size=30),
    st.lists(st.floats(-(2.0**100), 2.0**100, width=32), min_size=2, max_size=30),
)
def test_preparation_keeps_the_order_of_values(training: list[float], new: list[float]) -> None:
    columns = np.array(training)[:, None]
    prepared = Preparation.learn(columns, np.ones(len(training)), signed_log=True)
    values = np.sort(np.array(new))
    out = prepared.apply(values[:, None])[:, 0]
    assert np.isfinite(out).all()
    assert (np.diff(out) >= 0).all()


def test_two_values_stay_two_values_under_the_logarithm() -> None:
    generator = np.random.default_rng(4)
    X = generator.integers(0, 2, size=(100, 3)).astype(float)
    y = (generator.random(100) < expit(X[:, 0] - 1)).astype(int)
    plain, bent = (PenalisedLogistic(signed_log=on).fit(X, y) for on in (False, True))
    np.testing.assert_allclose(bent.margin(X), plain.margin(X), atol=1e-6)


def test_cross_validation_keeps_a_patients_rows_together() -> None:
    # Nothing but noise, eight rows of each patient: whoever splits rows learns to remember.
    generator = np.random.default_rng(8)
    patient = np.repeat(np.arange(40), 8)
    X = generator.normal(size=(40, 30))[patient]
    y = generator.integers(0, 2, size=40)[patient]
    by_patient = PenalisedLogistic(strength="cv").fit(X, y, groups=patient)
    by_row = PenalisedLogistic(strength="cv").fit(X, y)
    assert by_patient.strength_ > 20 * by_row.strength_
    assert np.ptp(by_patient.margin(X)) < 1.0


def test_cross_validation_finds_a_strength_near_the_best_for_new_patients() -> None:
    generator = np.random.default_rng(6)
    X = generator.normal(size=(4150, 40))
    y = (generator.random(4150) < expit(X[:, 0] + 0.5 * X[:, 1] - 1)).astype(int)

    def loss(strength: Any) -> float:
        margin = PenalisedLogistic(strength=strength).fit(X[:150], y[:150]).margin(X[150:])
        return float(np.mean(np.logaddexp(0, margin) - y[150:] * margin))

    best = min(loss(strength) for strength in (1.0, 3.0, 10.0, 30.0))
    assert loss("cv") < best + 0.01
    assert loss(0.1) > best + 0.1


def test_too_few_patients_with_the_event_is_said() -> None:
    y = np.r_[1, np.zeros(19, int)]
    with pytest.raises(NotEstimableError, match="at least 2 patients"):
        PenalisedLogistic(strength="cv").fit(np.arange(20.0)[:, None], y)


@pytest.mark.parametrize("strength", ["CV", -1.0, None])
def test_a_strength_that_cannot_be_is_refused(strength: Any, rows: Rows) -> None:
    X, y, _ = rows
    with pytest.raises(ValueError, match="strength must be 'cv' or a number from 0"):
        PenalisedLogistic(strength=strength).fit(X, y)


def test_events_without_weight_are_no_events(rows: Rows) -> None:
    X, y, _ = rows
    with pytest.raises(NotEstimableError, match="one class only"):
        PenalisedLogistic().fit(X, y, np.where(y == 1, 0.0, 1.0))


def test_columns_that_say_nothing_leave_the_prevalence() -> None:
    y = np.r_[np.ones(5, int), np.zeros(15, int)]
    X = np.full((20, 2), [np.nan, 3.0])
    for model in (PenalisedLogistic(l1_ratio=0.0), PenalisedLogistic(strength="cv")):
        risk = model.fit(X, y).predict_proba(np.array([[1.0, 9.0], [np.nan, np.nan]]))[:, 1]
        np.testing.assert_allclose(risk, 0.25, atol=1e-4)


@parametrize_with_checks([PenalisedLogistic(l1_ratio=0.0), PenalisedLogistic(signed_log=True)])
def test_scikit_learn_takes_it_for_a_classifier(
    estimator: Any, check: Callable[[Any], None]
) -> None:
    check(estimator)


def test_a_column_that_hardly_anybody_has_cannot_decide_alone() -> None:
    random = np.random.default_rng(3)
    X = pd.DataFrame(random.normal(size=(600, 3)), columns=["a", "b", "rare"])
    y = (random.random(600) < 1 / (1 + np.exp(1.5 - X["a"]))).astype(int)
    known = np.flatnonzero(y)[:2]
    X["rare"] = np.nan
    X.loc[known, "rare"] = [1.0, 1.02]
    for name in ("logistic", "elastic_net"):
        model = make_model(name).fit(X, y)
        ordinary = X.iloc[[5]].assign(rare=np.nan)
        for value in (1.01, 5.0, 1e6):
            moved = model.margin(ordinary.assign(rare=value)) - model.margin(ordinary)
            assert abs(moved[0]) < 2.5, f"{name}: {value} moves the log odds by {moved[0]:.3g}"

"""The explainable boosting machine: the package's own figures, from numbers alone."""

import json
import sys
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.utils.estimator_checks import parametrize_with_checks

from icans_risk.errors import IcansRiskError
from icans_risk.models import explainable
from icans_risk.models.explainable import ExplainableBoosting

IS_INSTALLED = find_spec("interpret") is not None
needs_interpret = pytest.mark.skipif(not IS_INSTALLED, reason="icans_risk[interpret] is absent")

Rows = tuple[pd.DataFrame, np.ndarray, np.ndarray]


@pytest.fixture(scope="module")
def rows() -> Rows:
    """160 rows with holes; an empty and a constant column among them."""
    generator = np.random.default_rng(21)
    X = pd.DataFrame(generator.normal(size=(160, 4)), columns=["crp", "ldh", "age", "il6"])
    y = (generator.random(160) < expit(2 * X["crp"] - 0.5)).astype(int)
    X.iloc[::4, 1] = np.nan
    X["age"] = X["age"].round()
    X["empty"], X["constant"] = np.nan, 2.0
    return X.astype("float32"), y, generator.uniform(0.5, 2.0, 160)


@pytest.fixture(scope="module")
def fitted(rows: Rows) -> ExplainableBoosting:
    X, y, w = rows
    return ExplainableBoosting().fit(X, y, w)


@needs_interpret
def test_it_predicts_what_the_package_predicts(
    rows: Rows, fitted: ExplainableBoosting, monkeypatch: pytest.MonkeyPatch
) -> None:
    from interpret import glassbox

    machines = []

    class Kept(glassbox.ExplainableBoostingClassifier):
        def fit(self, *arguments: Any, **named: Any) -> Any:
            machines.append(super().fit(*arguments, **named))
            return self

    monkeypatch.setattr(glassbox, "ExplainableBoostingClassifier", Kept)
    X, y, w = rows
    model = ExplainableBoosting().fit(X, y, w)
    assert model.to_state() == fitted.to_state()
    new = pd.DataFrame(
        np.random.default_rng(0).normal(scale=2.0, size=(500, 6)), columns=X.columns
    ).astype("float32")
    new.iloc[::3, 0] = np.nan
    new["age"] = new["age"].round()
    cuts = model.cuts_[2]
    new.loc[: len(cuts) - 1, "age"] = cuts  # halves, which single precision keeps
    (machine,) = machines
    # The package saw the four informative columns in the order of their names.
    expected = machine.decision_function(new[["age", "crp", "il6", "ldh"]].to_numpy(float))
    np.testing.assert_allclose(model.margin(new), expected, atol=1e-12)


@needs_interpret
def test_contributions_add_up_and_dead_columns_add_nothing(
    rows: Rows, fitted: ExplainableBoosting
) -> None:
    X, _, _ = rows
    parts = fitted.contributions(X)
    np.testing.assert_allclose(parts.sum(axis=1), fitted.margin(X), atol=1e-12)
    assert (parts[:, [4, 5]] == 0).all()
    assert np.corrcoef(parts[:, 0], X["crp"])[0, 1] > 0.7
    missing = X["ldh"].isna().to_numpy()
    assert set(parts[missing, 1]) == {fitted.scores_[1][0]}


@needs_interpret
def test_the_state_is_json_and_needs_the_package_no_more(
    rows: Rows, fitted: ExplainableBoosting, monkeypatch: pytest.MonkeyPatch
) -> None:
    X, _, _ = rows
    text = json.dumps(fitted.to_state(), allow_nan=False)
    expected = fitted.predict_proba(X)
    for name in [name for name in sys.modules if name.split(".")[0] == "interpret"]:
        monkeypatch.setitem(sys.modules, name, None)
    stored = ExplainableBoosting.from_state(json.loads(text))
    assert np.array_equal(stored.predict_proba(X), expected)
    assert np.array_equal(stored.contributions(X[X.columns[::-1]]), fitted.contributions(X))


@needs_interpret
def test_no_order_of_rows_or_columns_changes_the_curves(
    rows: Rows, fitted: ExplainableBoosting
) -> None:
    X, y, w = rows
    order = np.random.default_rng(1).permutation(160)
    by_row = ExplainableBoosting().fit(X.iloc[order], y[order], w[order])
    assert json.dumps(by_row.to_state()) == json.dumps(fitted.to_state())
    turned = X[["il6", "age", "ldh", "crp"]]
    by_column = ExplainableBoosting().fit(turned, y, w)
    again = ExplainableBoosting().fit(turned[["age", "crp", "il6", "ldh"]], y, w)
    np.testing.assert_allclose(by_column.margin(turned), again.margin(turned), atol=1e-12)


@needs_interpret
def test_no_bag_stops_by_a_patient_whom_it_was_fitted_on(rows: Rows) -> None:
    X, y, _ = rows
    patient = np.arange(160) // 4
    model = ExplainableBoosting()
    ordered = model._training_rows(X, y, sample_weight=None, groups=patient)
    bags = model._bags(ordered)
    assert bags.shape == (160, 7)
    assert ((bags == -1).sum(axis=1) == 1).all()
    for bag in bags.T:
        assert not set(ordered.patient[bag == 1]) & set(ordered.patient[bag == -1])


@needs_interpret
def test_a_row_of_weight_zero_is_no_row(rows: Rows) -> None:
    X, y, w = rows
    kept = np.arange(160) >= 30
    without = ExplainableBoosting().fit(X[kept], y[kept], w[kept])
    weightless = ExplainableBoosting().fit(X, y, np.where(kept, w, 0.0))
    assert np.array_equal(weightless.margin(X), without.margin(X))


@needs_interpret
def test_columns_that_say_nothing_leave_the_prevalence() -> None:
    y = np.repeat([1, 0], [5, 15])
    X = np.full((20, 2), [np.nan, 3.0])
    risk = ExplainableBoosting().fit(X, y).predict_proba([[1.0, 9.0], [np.nan, np.nan]])
    np.testing.assert_allclose(risk[:, 1], 0.25)


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explainable, "find_spec", lambda _: None)
    with pytest.raises(IcansRiskError, match=r"Install icans_risk\[interpret\]"):
        ExplainableBoosting().fit(np.arange(20.0)[:, None], [0, 1] * 10)


EXPECTED_TO_FAIL = {
    "check_sample_weight_equivalence_on_dense_data": (
        "bags are of rows, and a row of weight 2 lies in one bag where two copies may not"
    ),
}

# Most data of the checks can be parted without error, where boosting goes on for minutes at
# the usual rate.
if IS_INSTALLED:

    @pytest.mark.slow
    @parametrize_with_checks(
        [ExplainableBoosting(learning_rate=1.0)],
        expected_failed_checks=lambda _: EXPECTED_TO_FAIL,
    )
    def test_scikit_learn_takes_it_for_a_classifier(
        estimator: Any, check: Callable[[Any], None]
    ) -> None:
        check(estimator)

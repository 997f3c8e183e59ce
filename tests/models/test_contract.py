"""The contract that every risk model keeps, as tests that any of them can be put through.

A model outside ``MODELS`` keeps it by a class of its own::

    from models.test_contract import RiskModelContract

    class TestLateFusion(RiskModelContract):
        @pytest.fixture(scope="class")
        @classmethod
        def make(cls) -> MakeModel:
            return lambda: LateFusion(make_model("logistic"))
"""

import json
import time
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from icans_risk.errors import NotEstimableError
from icans_risk.models import MODELS, make_model

MakeModel = Callable[[], Any]


class Rows(NamedTuple):
    """What a model is fitted on."""

    X: pd.DataFrame
    y: np.ndarray
    weight: np.ndarray
    patient: np.ndarray

    def take(self, index: np.ndarray) -> "Rows":
        return Rows(self.X.iloc[index], self.y[index], self.weight[index], self.patient[index])


def example_rows(n: int = 120) -> Rows:
    """Rows of fewer patients, with holes, an empty column and one that carries the event."""
    generator = np.random.default_rng(11)
    names = [f"plasma.crp.{s}.early" for s in ("last", "max", "mean", "first")]
    X = pd.DataFrame(generator.normal(size=(n, 5)), columns=[*names, "static.age_years"])
    # Fewer values than bins of the trees; positive, as results are.
    X = (np.exp(X).round(1) + 0.1).astype("float32")
    X.iloc[::7, 0] = np.nan
    X["plasma.crp.first.early"] = np.float32(np.nan)
    risk = expit(1.5 * np.log(X["plasma.crp.max.early"].to_numpy(np.float64)) - 0.5)
    event = (generator.random(n) < risk).astype(int)
    patient = np.array([f"p{i % (n - n // 6):03d}" for i in generator.permutation(n)])
    return Rows(X, event, generator.uniform(0.5, 2.0, size=n), patient)


def fit(model: Any, rows: Rows) -> Any:
    return model.fit(rows.X, rows.y, rows.weight, groups=rows.patient)


def text(state: Mapping[str, Any]) -> str:
    return json.dumps(state, allow_nan=False)


def assert_same_predictions(one: Any, other: Any, X: Any) -> None:
    for method in ("margin", "predict_proba", "predict", "contributions"):
        assert np.array_equal(getattr(one, method)(X), getattr(other, method)(X)), method


class RiskModelContract:
    """Everything that is true of a risk model, whatever it is made of."""

    @pytest.fixture(scope="class")
    @classmethod
    def make(cls) -> MakeModel:
        """Give the model to test, unfitted; each call gives a new one."""
        raise NotImplementedError

    @pytest.fixture(scope="class")
    @classmethod
    def rows(cls) -> Rows:
        """Give the rows to fit on; a model that needs certain columns gives its own."""
        return example_rows()

    @pytest.fixture(scope="class")
    @classmethod
    def no_copies(cls) -> str | None:
        """Say why a row of weight two is not that row twice, where it is not."""
        return None

    @pytest.fixture(scope="class")
    @classmethod
    def fitted(cls, make: MakeModel, rows: Rows) -> Any:
        return fit(make(), rows)

    def test_fitting_takes_seconds_at_most(
        self, make: MakeModel, rows: Rows, record_property: Callable[[str, object], None]
    ) -> None:
        started = time.perf_counter()
        fit(make(), rows)
        seconds = time.perf_counter() - started
        record_property("fit_seconds", round(seconds, 4))
        assert seconds < 20.0

    def test_the_same_seed_gives_the_same_model(
        self, make: MakeModel, fitted: Any, rows: Rows
    ) -> None:
        again = fit(make(), rows)
        assert text(again.to_state()) == text(fitted.to_state())
        assert_same_predictions(again, fitted, rows.X)

    def test_rows_in_another_order_give_the_same_model(
        self, make: MakeModel, fitted: Any, rows: Rows
    ) -> None:
        order = np.random.default_rng(3).permutation(len(rows.y))
        shuffled = fit(make(), rows.take(order))
        assert text(shuffled.to_state()) == text(fitted.to_state())

    def test_risks_are_probabilities_and_the_margin_is_their_log_odds(
        self, fitted: Any, rows: Rows
    ) -> None:
        risk = fitted.predict_proba(rows.X)
        assert risk.shape == (len(rows.y), 2)
        assert ((risk >= 0) & (risk <= 1)).all()
        np.testing.assert_allclose(risk.sum(axis=1), 1.0)
        np.testing.assert_allclose(expit(fitted.margin(rows.X)), risk[:, 1], atol=1e-6)
        np.testing.assert_array_equal(fitted.predict(rows.X), risk[:, 1] > 0.5)

    def test_a_patient_of_whom_nothing_is_known_gets_a_number(
        self, fitted: Any, rows: Rows
    ) -> None:
        empty = rows.X.iloc[:1] * np.float32(np.nan)
        assert 0 < fitted.predict_proba(empty)[0, 1] < 1
        assert np.isfinite(fitted.contributions(empty)).all()

    def test_rows_are_judged_one_by_one(self, fitted: Any, rows: Rows) -> None:
        together = fitted.margin(rows.X.iloc[:5])
        alone = [fitted.margin(rows.X.iloc[[i]])[0] for i in range(5)]
        np.testing.assert_allclose(together, alone, rtol=0, atol=1e-12)

    def test_contributions_add_up_to_the_margin(self, fitted: Any, rows: Rows) -> None:
        parts = fitted.contributions(rows.X)
        assert parts.shape == (len(rows.y), rows.X.shape[1] + 1)
        np.testing.assert_allclose(parts.sum(axis=1), fitted.margin(rows.X), rtol=0, atol=1e-5)
        assert np.ptp(parts[:, -1]) == 0.0, "the base is of the model, not of a row"

    def test_the_state_is_strict_json_and_comes_back_bit_for_bit(
        self, fitted: Any, rows: Rows
    ) -> None:
        written = text(fitted.to_state())
        back = type(fitted).from_state(json.loads(written))
        assert_same_predictions(back, fitted, rows.X)
        assert text(back.to_state()) == written
        assert back.n_features_in_ == fitted.n_features_in_
        assert list(back.feature_names_in_) == list(rows.X.columns)
        assert list(back.classes_) == [0, 1]

    def test_a_model_that_came_back_refuses_what_it_refused(self, fitted: Any, rows: Rows) -> None:
        back = type(fitted).from_state(fitted.to_state())
        self.test_columns_are_matched_by_name(back, rows)

    def test_columns_are_matched_by_name(self, fitted: Any, rows: Rows) -> None:
        X = rows.X
        assert_same_predictions_of_columns(fitted, X, X[X.columns[::-1]])
        other = X.rename(columns={X.columns[-1]: "static.sex"})
        for wrong in (other, X.iloc[:, :-1], X.assign(more=np.float32(0))):
            for method in (fitted.margin, fitted.predict_proba, fitted.contributions):
                with pytest.raises(ValueError, match=r"feature names|columns by name"):
                    method(wrong)
        with pytest.raises(ValueError, match="columns by name"):
            fitted.margin(X.to_numpy())

    def test_infinite_numbers_are_refused_and_counted(
        self, make: MakeModel, fitted: Any, rows: Rows
    ) -> None:
        X = rows.X.copy()
        X.iloc[[1, 4], 0] = np.inf, -np.inf
        with pytest.raises(ValueError, match="infinity in 2 cells"):
            fitted.margin(X)
        with pytest.raises(ValueError, match="infinity in 2 cells"):
            fit(make(), rows._replace(X=X))

    def test_one_class_is_refused_with_the_reason(self, make: MakeModel, rows: Rows) -> None:
        for only in (0, 1):
            with pytest.raises(NotEstimableError, match="one class only"):
                fit(make(), rows._replace(y=np.full(len(rows.y), only)))

    def test_fitting_changes_nothing_that_it_was_given(self, make: MakeModel, rows: Rows) -> None:
        copy = Rows(rows.X.copy(), *(part.copy() for part in rows[1:]))
        model = make()
        before = repr(model)
        fit(model, rows)
        pd.testing.assert_frame_equal(rows.X, copy.X)
        assert all(np.array_equal(a, b) for a, b in zip(rows[1:], copy[1:], strict=True))
        assert repr(model) == before

    def test_a_weight_of_two_counts_a_row_twice(
        self, make: MakeModel, rows: Rows, no_copies: str | None
    ) -> None:
        twice = np.arange(len(rows.y)) < 30
        weighted = rows._replace(weight=np.where(twice, 2.0, 1.0))
        copied = rows._replace(weight=np.ones(len(rows.y))).take(
            np.concatenate([np.flatnonzero(twice), np.arange(len(rows.y))])
        )
        one, other = (fit(make(), r).predict_proba(rows.X)[:, 1] for r in (weighted, copied))
        largest = np.abs(one - other).max()
        # A reason that has become untrue is to be taken out.
        assert (largest <= 1e-3) == (no_copies is None), f"{largest:.2g}: {no_copies}"


def assert_same_predictions_of_columns(model: Any, X: pd.DataFrame, permuted: pd.DataFrame) -> None:
    assert np.array_equal(model.margin(X), model.margin(permuted))
    assert np.array_equal(model.contributions(X), model.contributions(permuted))


# Why, in these, a row of weight two is not that row twice.
NO_COPIES = {
    "booster": "a tree draws rows, not weights",
    "explainable": "a curve has its steps at quantiles of rows, not of weights",
}
ONE_COLUMN = {"score", "log2_score"}
NEEDS = {"explainable": "interpret"}


def needs_its_package(name: str) -> pytest.MarkDecorator:
    package = NEEDS.get(name)
    absent = package is not None and find_spec(package) is None
    return pytest.mark.skipif(absent, reason=f"{package} is not installed")


every_model = [pytest.param(name, marks=needs_its_package(name)) for name in MODELS]


class TestEveryModel(RiskModelContract):
    @pytest.fixture(scope="class", params=every_model)
    @classmethod
    def name(cls, request: pytest.FixtureRequest) -> str:
        return str(request.param)

    @pytest.fixture(scope="class")
    @classmethod
    def make(cls, name: str) -> MakeModel:
        return lambda: make_model(name)

    @pytest.fixture(scope="class")
    @classmethod
    def rows(cls, name: str) -> Rows:
        rows = example_rows()
        return rows._replace(X=rows.X.iloc[:, [1]]) if name in ONE_COLUMN else rows

    @pytest.fixture(scope="class")
    @classmethod
    def no_copies(cls, name: str) -> str | None:
        return NO_COPIES.get(name)

"""A published score with a logistic link: reference values, separation, missing scores."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.feature_selection import SelectKBest
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from icans_risk.errors import IcansRiskError, NotEstimableError
from icans_risk.models.published import ScoreLink, fit_firth

# Endometrial cancer, 79 patients, as in Heinze & Schemper, Stat Med 2002;21:2409-2419,
# doi:10.1002/sim.1047: neovasculation, pulsatility index and endometrium height of those with
# histology grade 0-II, then of those with grade III-IV. All with neovasculation are of high
# grade, so that maximum likelihood has no finite answer.
LOW_GRADE = """
0 13 1.64 0 16 2.26 0 8 3.14 0 34 2.68 0 20 1.28 0 5 2.31 0 17 1.8 0 10 1.68 0 26 1.56
0 17 2.31 0 8 2.01 0 7 1.89 0 20 3.15 0 10 1.23 0 18 1.27 0 16 1.76 0 18 2 0 28 1.5 0 11 1.33
0 19 2.37 0 10 1.82 0 10 3.13 0 18 1.31 0 14 1.92 0 21 1.64 0 11 2.01 0 17 1.88 0 25 1.93
0 16 2.11 0 19 1.29 0 15 1.72 0 33 0.75 0 24 1.92 0 29 2.02 0 15 2.29 0 12 2.33 0 3 2.9 0 20 1.7
0 23 1.41 0 12 2.25 0 22 1.54 0 42 1.97 0 15 1.75 0 13 2.16 0 14 2.57 0 19 1.37 0 12 3.61
0 13 2.04 0 10 2.17"""
HIGH_GRADE = """
0 8 2.64 0 29 0.88 0 12 1.27 0 20 1.37 1 38 0.97 1 22 1.14 1 7 0.88 1 25 0.91 1 15 0.58
0 7 0.97 0 48 1.84 0 12 1.11 0 19 1.61 0 2 1.18 1 22 1.44 1 40 1.18 1 5 0.93 1 0 1.17 0 21 1.19
0 15 1.06 0 12 1.69 1 49 0.27 0 6 1.84 0 5 1.3 0 17 0.96 1 11 1.01 1 21 0.98 0 5 0.35 1 19 1.02
0 33 0.85"""


def test_firth_gives_the_figures_of_logistf() -> None:
    # R package logistf, as the tests of the Python package firthlogist 0.5 quote it; the paper
    # prints 3.77, 2.93, -0.03 and -2.60.
    low, high = (np.array(text.split(), float).reshape(-1, 3) for text in (LOW_GRADE, HIGH_GRADE))
    assert (len(low), len(high)) == (49, 30)
    design = np.column_stack([np.ones(79), np.vstack([low, high])])
    coefficients = fit_firth(design, np.repeat([0, 1], [49, 30]), np.ones(79))
    np.testing.assert_allclose(
        coefficients, [3.77455951, 2.92927330, -0.03475175, -2.60416387], rtol=1e-5
    )


@given(st.tuples(*[st.integers(0, 30)] * 4).filter(lambda n: n[0] + n[1] > 0 < n[2] + n[3]))
def test_firth_adds_a_half_to_each_cell_of_a_two_by_two_table(
    counts: tuple[int, int, int, int],
) -> None:
    design = np.repeat([[1.0, 0.0], [1.0, 0.0], [1.0, 1.0], [1.0, 1.0]], counts, axis=0)
    event = np.repeat([0, 1, 0, 1], counts)
    none, some, other_none, other_some = np.array(counts) + 0.5
    intercept, slope = fit_firth(design, event, np.ones(len(event)))
    assert intercept == pytest.approx(np.log(some / none), abs=1e-7)
    assert intercept + slope == pytest.approx(np.log(other_some / other_none), abs=1e-7)


def test_firth_is_at_the_top_of_the_penalised_likelihood_with_weights_too() -> None:
    generator = np.random.default_rng(9)
    design = np.column_stack([np.ones(60), generator.normal(size=60)])
    event = (generator.random(60) < expit(design[:, 1] - 1)).astype(int)
    weight = generator.uniform(0.3, 3.0, 60)

    def loss(beta: np.ndarray) -> float:
        eta = design @ beta
        curvature = weight * expit(eta) * expit(-eta)
        information = design.T @ (design * curvature[:, None])
        likelihood = weight @ (event * eta - np.logaddexp(0, eta))
        return -float(likelihood + 0.5 * np.log(np.linalg.det(information)))

    best = minimize(
        loss, np.zeros(2), method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12}
    )
    np.testing.assert_allclose(fit_firth(design, event, weight), best.x, atol=1e-6)


def skewed(n: int = 200) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(12)
    score = np.exp(2 * generator.normal(size=n))
    y = (generator.random(n) < expit(np.log(score) - 2)).astype(int)
    return pd.DataFrame({"score.m_easix.early": score}), y, generator.uniform(0.5, 2.0, n)


@pytest.mark.parametrize("log2", [False, True])
def test_the_mean_risk_is_the_share_of_events(log2: bool) -> None:
    X, y, w = skewed()
    risk = ScoreLink(log2=log2).fit(X, y, w).predict_proba(X)[:, 1]
    assert np.average(risk, weights=w) == pytest.approx(np.average(y, weights=w), abs=1e-6)


@pytest.mark.parametrize("log2", [False, True])
def test_a_score_that_parts_the_classes_has_a_finite_slope(log2: bool) -> None:
    X = np.arange(1.0, 21.0)[:, None]
    y = (X[:, 0] > 15).astype(int)
    model = ScoreLink(log2=log2).fit(X, y)
    risk = model.predict_proba(X)[:, 1]
    assert 0.5 < risk[-1] < 1.0
    assert 0.0 < risk[0] < 0.1
    assert risk.mean() == pytest.approx(0.25, abs=1e-6)


def test_a_patient_without_a_score_gets_the_share_of_events_and_no_contribution() -> None:
    X, y, w = skewed()
    # All whose score is not known have the event: that must not be learnt.
    X = pd.concat([X, X.iloc[:20] * np.nan], ignore_index=True)
    y, w = np.r_[y, np.ones(20, int)], np.r_[w, np.ones(20)]
    model = ScoreLink(log2=True).fit(X, y, w)
    parts = model.contributions(X)
    assert (parts[200:, 0] == 0).all()
    np.testing.assert_allclose(expit(parts[:, 1]), np.average(y, weights=w))
    np.testing.assert_allclose(parts.sum(axis=1), model.margin(X), atol=1e-12)
    scored = model.predict_proba(X.iloc[:200])[:, 1]
    assert np.average(scored, weights=w[:200]) == pytest.approx(
        np.average(y[:200], weights=w[:200])
    )


def test_zero_and_less_count_as_the_smallest_positive_score_and_order_is_kept() -> None:
    X, y, _ = skewed()
    X.iloc[:3, 0] = [0.0, -5.0, 0.0]
    model = ScoreLink(log2=True).fit(X, y)
    smallest = X[X > 0].min().item()
    assert model.floor_ == pytest.approx(smallest)
    new = pd.DataFrame({X.columns[0]: [-1e9, 0.0, 1e-12, smallest, 2 * smallest, 1e12]})
    margin = model.margin(new)
    assert np.ptp(margin[:4]) < 1e-6
    assert margin[4] - margin[3] == pytest.approx(model.slope_, rel=1e-4)
    assert (np.diff(margin) >= -1e-9).all()


def test_the_logarithm_survives_a_wrong_unit_that_turns_the_raw_score_round() -> None:
    X, y, _ = skewed()
    wrong = X.copy()
    wrong.iloc[np.flatnonzero(y == 0)[:2], 0] = 1e7
    raw, doubled = (ScoreLink(log2=on).fit(wrong, y) for on in (False, True))
    assert roc_auc_score(y, raw.margin(X)) < 0.5
    assert roc_auc_score(y, doubled.margin(X)) > 0.8


@pytest.mark.parametrize(
    "score",
    [
        np.full(20, 7.0),
        np.full(20, np.nan),
        np.r_[np.full(15, np.nan), np.arange(5.0)],
    ],
    ids=["constant", "never measured", "known in one class only"],
)
@pytest.mark.parametrize("log2", [False, True])
def test_a_score_that_tells_nothing_gives_everyone_the_share(score: np.ndarray, log2: bool) -> None:
    y = np.repeat([1, 0], [5, 15])
    model = ScoreLink(log2=log2).fit(score[:, None], y)
    np.testing.assert_allclose(model.predict_proba([[1.0], [100.0], [np.nan]])[:, 1], 0.25)


def test_more_columns_than_the_score_are_refused() -> None:
    with pytest.raises(IcansRiskError, match="expected 1 column, got 3"):
        ScoreLink().fit(np.zeros((10, 3)), [0, 1] * 5)


def test_one_class_is_refused() -> None:
    with pytest.raises(NotEstimableError, match="10 rows hold one class only"):
        ScoreLink().fit(np.arange(10.0)[:, None], np.zeros(10))


def test_a_weight_of_two_is_two_rows() -> None:
    X, y, _ = skewed()
    copies = np.r_[np.arange(200), np.arange(50)]
    by_weight = ScoreLink(log2=True).fit(X, y, np.repeat([2.0, 1.0], [50, 150]))
    by_copy = ScoreLink(log2=True).fit(X.iloc[copies], y[copies])
    np.testing.assert_allclose(by_weight.margin(X), by_copy.margin(X), atol=1e-7)


@pytest.mark.parametrize("log2", [False, True])
def test_the_state_is_numbers_and_no_order_of_rows_changes_it(log2: bool) -> None:
    X, y, w = skewed()
    X.iloc[::9] = np.nan
    order = np.random.default_rng(0).permutation(200)
    model = ScoreLink(log2=log2).fit(X, y, w)
    text = json.dumps(model.to_state(), allow_nan=False)
    other = ScoreLink(log2=log2).fit(X.iloc[order], y[order], w[order])
    assert json.dumps(other.to_state(), allow_nan=False) == text
    stored = ScoreLink.from_state(json.loads(text))
    assert np.array_equal(stored.predict_proba(X), model.predict_proba(X))
    assert np.array_equal(stored.predict(X), model.predict(X))


# The checks bring several columns, so that the best of them is taken for the score.
OF_THE_PIPELINE = {
    "check_estimators_overwrite_params": "fitting a pipeline fits the steps it was given",
    "check_dont_overwrite_parameters": "fitting a pipeline fits the steps it was given",
    "check_classifiers_one_label": "the message of SelectKBest, which looks at the classes first",
    "check_classifiers_regression_target": "SelectKBest takes a continuous target",
}


@parametrize_with_checks(
    [make_pipeline(SelectKBest(k=1), ScoreLink())],
    expected_failed_checks=lambda _: OF_THE_PIPELINE,
)
def test_scikit_learn_takes_it_for_a_classifier(
    estimator: Any, check: Callable[[Any], None]
) -> None:
    check(estimator)

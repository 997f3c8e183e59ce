"""The solver of the elastic net: it stands at the optimum, and steps there without losing."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from icans_risk.models.elastic_net import Path, PenalisedFit, strengths_to_try


def make_path(l1_ratio: float = 0.5, *, rows: int = 80, columns: int = 12) -> Path:
    generator = np.random.default_rng(5)
    X = generator.normal(size=(rows, columns))
    X[:, 1] = X[:, 0] + 0.1 * X[:, 1]
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    event = (generator.random(rows) < expit(1.5 * X[:, 0] - 1)).astype(np.int64)
    return Path(X, event, generator.uniform(0.5, 2.0, rows), l1_ratio, 20_000)


def fit_one(path: Path, strength: float) -> PenalisedFit:
    (fitted,) = path.fit(np.array([strength]))
    return fitted


@pytest.mark.parametrize("strength", [0.1, 1.0, 10.0])
@pytest.mark.parametrize("l1_ratio", [0.0, 0.3, 1.0])
def test_no_coefficient_can_be_bettered(strength: float, l1_ratio: float) -> None:
    path = make_path(l1_ratio)
    fitted = fit_one(path, strength)
    b = fitted.coefficients
    residual = path.weight * (path.event - expit(path.columns @ b + fitted.intercept))
    assert residual.sum() == pytest.approx(0.0, abs=1e-3)
    # The pull of the loss is the push of the penalty; on a coefficient of zero, at most that.
    pull = path.columns.T @ residual - strength * (1 - l1_ratio) * b
    push = strength * l1_ratio
    np.testing.assert_allclose(pull[b != 0], push * np.sign(b[b != 0]), atol=2e-3)
    assert (np.abs(pull[b == 0]) <= push + 2e-3).all()
    if l1_ratio == 1.0 and strength == 10.0:
        assert (b == 0).sum() > 5


def test_saga_left_running_comes_to_the_same() -> None:
    path = make_path()
    fitted = fit_one(path, 2.0)
    saga = LogisticRegression(
        C=0.5, l1_ratio=0.5, solver="saga", tol=1e-9, max_iter=100_000, random_state=0
    ).fit(path.columns, path.event, sample_weight=path.weight)
    np.testing.assert_allclose(fitted.coefficients, saga.coef_[0], atol=1e-4)
    assert fitted.intercept == pytest.approx(saga.intercept_[0], abs=1e-4)


def test_rare_outcomes_in_wide_tables_do_not_throw_newton_off() -> None:
    # Undamped, a step from the prevalence of 24 in 27 goes too far, and the next as far back.
    generator = np.random.default_rng(0)
    X = generator.random((27, 30))
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    event = np.r_[np.zeros(3, np.int64), np.ones(24, np.int64)]
    for strength in (0.05, 0.3, 1.0):
        fitted = fit_one(Path(X, event, np.ones(27), 0.5, 20_000), strength)
        assert fitted.steps < 30


def test_a_path_arrives_where_single_fits_do() -> None:
    path = make_path()
    strengths = strengths_to_try(path)
    for fitted, strength in zip(path.fit(strengths), strengths, strict=True):
        alone = fit_one(path, strength)
        np.testing.assert_allclose(fitted.coefficients, alone.coefficients, atol=1e-3)


@pytest.mark.parametrize("l1_ratio", [0.5, 1.0])
def test_the_strongest_strength_leaves_every_column_out_and_the_next_does_not(
    l1_ratio: float,
) -> None:
    path = make_path(l1_ratio)
    strengths = strengths_to_try(path)
    first, second = list(path.fit(strengths[:2] * 1.001))
    assert (first.coefficients == 0).all()
    assert expit(first.intercept) == pytest.approx(np.average(path.event, weights=path.weight))
    assert (second.coefficients != 0).any()
    assert strengths[0] / strengths[-1] == pytest.approx(100.0)

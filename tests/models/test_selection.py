"""A feature budget holds what carries the event, and never who was tested."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from icans_risk.errors import NotEstimableError
from icans_risk.models.selection import budget_for, select_columns

Floats = np.ndarray


def cohort(seed: int, *, patients: int = 150, columns: int = 40) -> tuple[pd.DataFrame, Floats]:
    """Columns 0 to 3 carry the event, the others nothing; a third of the cells is missing."""
    generator = np.random.default_rng(seed)
    X = generator.normal(size=(patients, columns))
    y = (X[:, :4].sum(axis=1) + generator.normal(size=patients) > 2.0).astype(int)
    X[generator.random(X.shape) < 1 / 3] = np.nan
    return pd.DataFrame(X, columns=[f"c{k:02d}" for k in range(columns)]), y


def names(X: pd.DataFrame, y: Any, *args: Any, **options: Any) -> set[str]:
    options = {"budget": 6, "seed": 0} | options
    return set(X.columns[list(select_columns(X, y, *args, **options))])


@pytest.mark.parametrize("seed", range(5))
def test_the_columns_that_carry_the_event_are_found(seed: int) -> None:
    X, y = cohort(seed)
    assert {"c00", "c01", "c02", "c03"} <= names(X, y)


def test_being_measured_in_the_ill_wins_a_column_nothing() -> None:
    generator = np.random.default_rng(5)
    chosen = np.zeros(30)
    rounds = 120
    for seed in range(rounds):
        X = generator.normal(size=(150, 30))
        y = (generator.random(150) < 0.2).astype(int)
        for column, (ill, well) in {0: (0.7, 0.05), 1: (0.9, 0.25), 2: (0.1, 0.1)}.items():
            X[generator.random(150) > np.where(y == 1, ill, well), column] = np.nan
        chosen[list(select_columns(X, y, budget=3, seed=seed))] += 1
    assert chosen.sum() == 3 * rounds
    # 3 of 30 are chosen each time: 12 of 120 by chance, and 22 is three deviations above.
    assert (chosen[:3] <= 22).all(), chosen[:3]


@given(seed=st.integers(0, 50), shuffle=st.integers(0, 50))
@settings(max_examples=10, deadline=None)
def test_neither_the_order_of_rows_nor_of_columns_matters(seed: int, shuffle: int) -> None:
    X, y = cohort(seed, patients=80, columns=20)
    generator = np.random.default_rng(shuffle)
    rows, columns = generator.permutation(80), generator.permutation(20)
    patient, weight = np.arange(80) // 2, generator.uniform(0.5, 2.0, 80)
    asked = names(X, y, weight, groups=patient)
    turned = X.iloc[rows, columns]
    assert names(turned, y[rows], weight[rows], groups=patient[rows]) == asked
    bare = select_columns(X.to_numpy()[rows], y[rows], weight[rows], budget=6, seed=0)
    assert bare == select_columns(X.to_numpy(), y, weight, budget=6, seed=0)


def test_columns_that_are_alike_are_told_apart_by_name() -> None:
    X, _ = cohort(1)
    X["c00b"] = X["c00a"] = X["c00"]
    y = (X["c00"] > 0.5).to_numpy(dtype=int)
    assert names(X, y, budget=2) == names(X[X.columns[::-1]], y, budget=2) == {"c00", "c00a"}


def test_many_rows_of_few_patients_are_little_evidence() -> None:
    generator = np.random.default_rng(2)
    patient = np.concatenate([np.arange(100), np.repeat(np.arange(100, 112), 40)])
    ill = np.arange(112) % 4 == 0
    values = generator.normal(size=(112, 8))
    values[:100, 0] += 1.5 * ill[:100]
    # Three of twelve patients are ill, and each of them is there forty times.
    values[100:, 1] += 3.0 * ill[100:]
    X = values[patient] + 0.01 * generator.normal(size=(len(patient), 8))
    assert select_columns(X, ill[patient], groups=patient, budget=1, seed=0) == (0,)


def test_every_patient_twice_changes_nothing() -> None:
    X, y = cohort(2)
    patient = np.array([f"p{k:03d}" for k in range(len(y))])
    twice = np.tile(np.arange(len(y)), 2)
    once = names(X, y, groups=patient)
    assert names(X.iloc[twice], y[twice], groups=patient[twice]) == once


def test_only_the_ranks_of_values_and_the_ratios_of_weights_count() -> None:
    X, y = cohort(3)
    weight = np.random.default_rng(0).uniform(0.5, 2.0, len(y))
    assert names(np.exp(X), y, weight * 8.0) == names(X, y, weight)


def test_a_weight_moves_the_choice() -> None:
    generator = np.random.default_rng(4)
    X = pd.DataFrame(generator.normal(size=(200, 30)))
    first = np.arange(200) < 100
    y = (np.where(first, X[0], X[1]) > 0.8).astype(int)
    assert names(X, y, np.where(first, 1.0, 0.01), budget=1) == {0}
    assert names(X, y, np.where(first, 0.01, 1.0), budget=1) == {1}


def test_a_column_that_does_not_vary_is_left_out_though_there_is_room() -> None:
    X, y = cohort(0, columns=8)
    X["c05"], X["c06"], X["c07"] = 1.0, np.nan, np.where(y == 1, 3.0, np.nan)
    assert names(X, y, budget=7) == {"c00", "c01", "c02", "c03", "c04"}


def test_a_budget_for_all_columns_keeps_all() -> None:
    X, y = cohort(0, columns=5)
    assert select_columns(X, y, budget=5, seed=0) == (0, 1, 2, 3, 4)


def test_the_seed_draws_other_halves() -> None:
    X, y = cohort(6)
    assert len({select_columns(X, y, budget=12, seed=seed) for seed in range(5)}) > 1


def test_one_patient_with_the_event_is_too_few() -> None:
    X, _ = cohort(0)
    with pytest.raises(NotEstimableError, match="at least 2 patients with and 2 without"):
        select_columns(X, np.arange(150) == 7, budget=3, seed=0)


def test_the_budget_grows_with_the_events() -> None:
    assert [budget_for(n) for n in (0, 14, 15, 99, 100)] == [3, 3, 3, 19, 20]
    assert budget_for(100, per_event=0.1) == 10

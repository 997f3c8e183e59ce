import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from icans_risk.errors import IcansRiskError
from icans_risk.evaluation.comparable import comparable_auroc, comparable_difference
from icans_risk.evaluation.delong import delong_interval, delong_test
from icans_risk.evaluation.discrimination import auroc
from icans_risk.evaluation.resampling import cross_validate, fold_average
from icans_risk.splits import repeated_grouped_folds


def cohort(seed, rows=80, patients=50):
    draw = np.random.default_rng(seed)
    groups = np.r_[np.arange(patients), draw.integers(0, patients, rows - patients)]
    y = (draw.random(rows) < 0.4).astype(int)
    p = np.clip(0.3 + 0.2 * y + draw.normal(0, 0.2, rows), 0, 1).round(1)
    other = np.clip(p + draw.normal(0, 0.2, rows), 0, 1).round(1)
    return y, p, other, groups, draw.integers(0, 3, rows)


@given(st.integers(0, 50), st.booleans())
def test_with_one_cell_it_is_delong(seed, is_weighted):
    y, p, other, groups, weight = cohort(seed)
    one = {"cells": np.zeros(y.size, int), "groups": groups, "weight": weight * is_weighted + 1}
    whole = {"groups": groups, "weight": one["weight"]}
    found, expected = comparable_auroc(y, p, **one), delong_interval(y, p, **whole)
    assert found.estimate == pytest.approx(expected.estimate, abs=1e-12)
    assert found.variance == pytest.approx(expected.variance, abs=1e-12)
    assert found.low == pytest.approx(expected.low, abs=1e-10)
    difference = comparable_difference(y, p, minus=other, **one)
    tested = delong_test(y, p, minus=other, **whole)
    assert difference.estimate == pytest.approx(tested.estimate, abs=1e-12)
    assert difference.p_value == pytest.approx(tested.p_value, abs=1e-10)


@given(st.integers(0, 50))
def test_it_is_the_average_over_cells_by_their_pairs(seed):
    y, p, _, groups, weight = cohort(seed)
    cells = np.random.default_rng(seed).integers(0, 6, y.size)
    areas, sizes = [], []
    for cell in range(6):
        inside = cells == cell
        events, others = weight[inside] @ y[inside], weight[inside] @ (1 - y[inside])
        if events and others:
            areas.append(auroc(y[inside], p[inside], weight[inside]))
            sizes.append(events * others / (events + others))
    found = comparable_auroc(y, p, cells=cells, groups=groups, weight=weight)
    assert found.estimate == pytest.approx(np.average(areas, weights=sizes), abs=1e-12)


def test_a_shift_between_cells_changes_nothing():
    y, p, _, groups, _ = cohort(3)
    cells = np.arange(y.size) % 4
    plain = comparable_auroc(y, p / 2, cells=cells, groups=groups)
    shifted = comparable_auroc(y, p / 2 + 0.1 * cells, cells=cells, groups=groups)
    assert shifted.estimate == pytest.approx(plain.estimate, abs=1e-12)
    assert shifted.low == pytest.approx(plain.low, abs=1e-12)


def test_repeats_of_the_same_risks_make_nothing_surer():
    y, p, _, groups, _ = cohort(4, rows=50)
    once = comparable_auroc(y, p, cells=np.zeros(50, int), groups=groups)
    three = comparable_auroc(
        np.tile(y, 3), np.tile(p, 3), cells=np.repeat([0, 1, 2], 50), groups=np.tile(groups, 3)
    )
    assert three.estimate == pytest.approx(once.estimate, abs=1e-12)
    assert three.variance == pytest.approx(once.variance, abs=1e-12)


def prevalence(y):
    def fit_predict(train, test, seed):
        return np.full(test.size, y[train].mean())

    return fit_predict


def test_pooled_risks_of_a_model_that_knows_nothing_rank_below_chance_and_folds_do_not():
    # The prevalence in training, which is all that it knows, is lower where more are tested.
    pooled, inside, averaged = [], [], []
    for seed in range(40):
        draw = np.random.default_rng(seed)
        y = (draw.random(60) < 0.3).astype(int)
        splits = repeated_grouped_folds(y, np.arange(60), folds=7, repeats=1, seed=seed)
        p = cross_validate(prevalence(y), splits, n_rows=60, seed=1)
        place = np.concatenate([s.test for s in splits])
        cell = np.repeat(range(len(splits)), [s.test.size for s in splits])
        pooled.append(auroc(y, p[0]))
        inside.append(comparable_auroc(y[place], p[0][place], cells=cell, groups=place).estimate)
        averaged.append(fold_average(auroc, y, p, splits=splits).mean)
    assert np.mean(pooled) < 0.48
    assert np.allclose(inside, 0.5)
    assert np.allclose(averaged, 0.5)


def test_a_perfect_ranking_has_a_bound_that_more_patients_raise():
    bounds = []
    for events in (3, 10, 40):
        y = np.r_[np.ones(events, int), np.zeros(4 * events, int)]
        found = comparable_auroc(y, y, cells=np.zeros(y.size, int), groups=range(y.size))
        assert (found.estimate, found.high) == (1, 1)
        mirrored = comparable_auroc(y, 1 - y, cells=np.zeros(y.size, int), groups=range(y.size))
        assert mirrored.high == pytest.approx(1 - found.low, abs=1e-12)
        bounds.append(found.low)
    assert 0.5 < bounds[0] < bounds[1] < bounds[2] < 1


def test_the_bound_of_a_perfect_ranking_keeps_its_level_under_a_lehmann_alternative():
    # Distribution of events the k-th power of the others': AUROC k / (k + 1).
    draw = np.random.default_rng(8)
    y = np.r_[np.ones(4, int), np.zeros(6, int)]
    cells = np.zeros(10, int)
    low = comparable_auroc(y, y, cells=cells, groups=range(10)).low
    k = low / (1 - low)
    scores = draw.random((20_000, 10)) ** np.where(y == 1, 1 / k, 1.0)
    perfect = scores[:, :4].min(axis=1) > scores[:, 4:].max(axis=1)
    assert perfect.mean() < 0.03
    # The other family is the less favourable one here or the same bound would be reached.
    mirrored = 1 - draw.random((20_000, 10)) ** np.where(y == 0, 1 / k, 1.0)
    reached = mirrored[:, :4].min(axis=1) > mirrored[:, 4:].max(axis=1)
    assert max(perfect.mean(), reached.mean()) == pytest.approx(0.025, abs=0.005)


def test_without_pairs_nothing_is_estimable():
    found = comparable_auroc([0, 1], [0.1, 0.9], cells=[0, 1], groups=["a", "b"])
    assert math.isnan(found.estimate)
    assert math.isnan(comparable_auroc([], [], cells=np.zeros(0, int), groups=[]).low)


@pytest.mark.parametrize("cells", [[0.0, 1.0], [0, 1, 2], ["x", "y"]])
def test_cells_are_whole_numbers_one_for_each_row(cells):
    with pytest.raises(IcansRiskError, match="number of its cell"):
        comparable_auroc([0, 1], [0.1, 0.9], cells=cells, groups=["a", "b"])


@pytest.mark.slow
def test_the_interval_covers_the_truth_with_small_cells():
    covered = 0
    for seed in range(1_000):
        draw = np.random.default_rng(seed)
        y = (draw.random(150) < 0.3).astype(int)
        cells = draw.integers(0, 20, 150)
        # Two normal scores a standard deviation of one apart: AUROC Phi(1 / sqrt(2)) = 0.7602.
        p = 1 / (1 + np.exp(-(draw.normal(size=150) + y + cells)))
        found = comparable_auroc(y, p, cells=cells, groups=range(150))
        covered += found.low <= 0.7602 <= found.high
    assert 0.93 <= covered / 1_000 <= 0.99

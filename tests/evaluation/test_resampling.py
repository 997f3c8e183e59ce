import math

import numpy as np
import pytest
from scipy.special import expit, logit

from icans_risk.errors import IcansRiskError, LeakageError, NotEstimableError
from icans_risk.evaluation.discrimination import auroc
from icans_risk.evaluation.resampling import (
    FoldAverage,
    cross_validate,
    fold_average,
    patient_average,
)
from icans_risk.splits import Split, repeated_grouped_folds


def cohort(seed: int = 0, rows: int = 50):
    draw = np.random.default_rng(seed)
    y = (np.arange(rows) % 4 == 0).astype(int)
    splits = repeated_grouped_folds(y, np.arange(rows) // 2, folds=5, repeats=3, seed=seed)
    return y, draw.random(rows), splits


def split(train, test, *, repeat=0, fold=0):
    return Split(repeat, fold, np.array(train, dtype=int), np.array(test, dtype=int))


def test_no_test_row_is_ever_handed_to_training():
    y, _, splits = cohort()
    calls = []

    def spy(train, test, seed):
        calls.append((set(train), set(test), seed))
        return np.full(len(test), 0.5)

    cross_validate(spy, splits, n_rows=y.size, seed=1)
    assert len(calls) == 15
    assert all(not train & test for train, test, _ in calls)
    assert all(train | test == set(range(y.size)) for train, test, _ in calls)


def test_each_risk_lands_at_its_row_and_its_repeat():
    _, p, splits = cohort()
    out = cross_validate(lambda _, test, __: p[test], splits, n_rows=50, seed=1)
    assert out.shape == (3, 50)
    assert (out == p).all()


def test_rows_that_are_never_tested_are_nan():
    out = cross_validate(lambda *_: [0.2], [split([0, 1], [2])], n_rows=4, seed=0)
    assert np.isnan(out[0]).tolist() == [True, True, False, True]


def test_seeds_belong_to_their_fold_whatever_the_order_of_splits():
    _, _, splits = cohort()

    def seeds(order, seed):
        seen = {}

        def spy(_, test, fit_seed):
            seen[tuple(test)] = fit_seed
            return np.zeros(len(test))

        cross_validate(spy, order, n_rows=50, seed=seed)
        return seen

    there = seeds(splits, 1)
    assert there == seeds(splits[::-1], 1)
    assert there != seeds(splits, 2)
    assert len(set(there.values())) == 15
    assert all(isinstance(s, int) and 0 <= s < 2**31 for s in there.values())


def test_tick_is_called_after_each_fit():
    _, p, splits = cohort()
    ticks = []
    cross_validate(
        lambda _, test, __: p[test], splits, n_rows=50, seed=1, tick=lambda: ticks.append(1)
    )
    assert len(ticks) == 15


@pytest.mark.parametrize(
    "splits",
    [
        pytest.param([split([0, 1, 2], [2])], id="trained and tested"),
        pytest.param([split([0], [1, 2]), split([0], [2], fold=1)], id="tested by two folds"),
        pytest.param([split([0], [2, 2])], id="tested twice by one fold"),
    ],
)
def test_splits_that_leak_are_refused(splits):
    with pytest.raises(LeakageError, match=r"fold [01] of repeat 0"):
        cross_validate(lambda _, test, __: np.zeros(len(test)), splits, n_rows=3, seed=0)


@pytest.mark.parametrize("risks", [[0.5], [0.5, 1.5], [0.5, np.nan], [[0.5, 0.5]]])
def test_what_comes_back_must_be_one_probability_for_each_test_row(risks):
    with pytest.raises(IcansRiskError, match="each of 2 test rows"):
        cross_validate(lambda *_: risks, [split([0], [1, 2])], n_rows=3, seed=0)


def test_no_split_is_refused():
    with pytest.raises(NotEstimableError, match="got none"):
        cross_validate(lambda *_: [], [], n_rows=3, seed=0)


def test_the_fold_average_ignores_and_counts_folds_without_an_estimate():
    y = np.array([1, 0, 1, 0, 0, 0])
    p = [[0.9, 0.1, 0.2, 0.8, 0.5, 0.5]]
    splits = [
        split([2, 3, 4, 5], [0, 1], fold=0),  # in the right order: 1
        split([0, 1, 4, 5], [2, 3], fold=1),  # in the wrong order: 0
        split([0, 1, 2, 3], [4, 5], fold=2),  # no event
    ]
    assert fold_average(auroc, y, p, splits=splits) == FoldAverage(0.5, 2, 3)


def test_the_fold_average_hands_over_the_weights_of_the_fold():
    y, p = np.array([1, 0, 0]), [[0.5, 0.9, 0.1]]
    fold = split([], [0, 1, 2])
    average = fold_average(auroc, y, p, splits=[fold], weight=[1, 3, 1])
    assert average.mean == 0.25


def test_the_fold_average_takes_each_repeat_from_its_own_row():
    y, p = np.array([1, 0]), [[0.9, 0.1], [0.1, 0.9]]
    splits = [split([], [0, 1]), split([], [0, 1], repeat=1)]
    assert fold_average(auroc, y, p, splits=splits) == FoldAverage(0.5, 2, 2)


def test_without_an_estimable_fold_the_average_is_nan():
    average = fold_average(auroc, [0, 0], [[0.1, 0.2]], splits=[split([], [0, 1])])
    assert math.isnan(average.mean)
    assert (average.estimable_folds, average.folds) == (0, 1)


def test_repeats_are_averaged_on_the_logit_scale_so_that_contributions_add_up():
    contributions = np.random.default_rng(0).normal(0, 1, (4, 6, 10))  # repeat, column, row
    risks = expit(contributions.sum(axis=1))
    averaged = logit(patient_average(risks))
    assert averaged == pytest.approx(contributions.mean(axis=0).sum(axis=0))


def test_a_row_that_every_repeat_agrees_on_keeps_its_risk():
    p = np.array([1e-12, 0.01, 0.3, 0.999999])
    assert patient_average([p, p, p]) == pytest.approx(p, rel=1e-9)


def test_0_and_1_pull_alike():
    assert patient_average([[0.0], [1.0]]) == pytest.approx([0.5])
    assert np.isfinite(logit(patient_average([[0.0]]))).all()


def test_untested_repeats_are_left_out_of_the_average():
    average = patient_average([[0.2, np.nan], [np.nan, np.nan]])
    assert average[0] == pytest.approx(0.2)
    assert np.isnan(average[1])

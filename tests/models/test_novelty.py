"""The parts of a p-value: scores of columns, two distances, and what held-out patients had."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import jaccard
from scipy.stats import norm

from icans_risk.models.conformal import TailShare, held_out_folds, weight_of_rows
from icans_risk.models.missing_patterns import PatternDistance
from icans_risk.models.normal_scores import NormalScores
from icans_risk.models.novelty import Novelty
from icans_risk.models.value_distance import ValueDistance, varying_columns

Floats = np.ndarray


def correlated(seed: int, *, rows: int, columns: int = 12) -> Floats:
    generator = np.random.default_rng(seed)
    values = generator.normal(size=(rows, 1)) + generator.normal(size=(rows, columns))
    skewed: Floats = np.exp(values)
    return skewed


def novelty(values: Floats, patient: Floats | None = None, **options: Any) -> Novelty:
    patients = np.arange(len(values)) if patient is None else patient
    chosen = {"preferred": range(values.shape[1]), "modalities": [range(values.shape[1])]}
    return Novelty.fit(values, patients, **{**chosen, **options})


def test_a_p_value_counts_the_new_patient_among_the_others() -> None:
    tail = TailShare.of(np.array([1.0, 2.0, 2.0, 5.0]), np.ones(4))
    asked = np.array([0.0, 1.0, 1.5, 2.0, 5.0, 5.1])
    np.testing.assert_allclose(tail.p_value(asked), [1.0, 1.0, 0.8, 0.8, 0.4, 0.2])
    np.testing.assert_allclose(tail.own_share(asked[1:5]), [1.0, 0.75, 0.75, 0.25])


def test_a_patient_of_many_rows_counts_once() -> None:
    patient = np.array([0, 0, 0, 0, 1, 2])
    weight = weight_of_rows(patient)
    np.testing.assert_allclose(weight, [0.25, 0.25, 0.25, 0.25, 1.0, 1.0])
    tail = TailShare.of(np.array([9.0, 9.0, 9.0, 1.0, 2.0, 3.0]), weight)
    assert tail.patients == 3
    np.testing.assert_allclose(tail.p_value(np.array([5.0])), (1 + 0.75) / 4)


def test_the_folds_hold_out_every_patient_once_and_whole() -> None:
    patient = np.repeat(np.arange(57), 3)
    folds = held_out_folds(patient)
    held_out = np.concatenate([test for _, test in folds])
    assert sorted(held_out) == list(range(len(patient)))
    for train, test in folds:
        assert not set(patient[train]) & set(patient[test])
        assert len(train) + len(test) == len(patient)
        assert 5 <= len(set(patient[test])) <= 6


def test_scores_follow_the_normal_distribution_whatever_the_unit_and_skew() -> None:
    values = np.exp(np.random.default_rng(0).normal(size=2_000) * 1.5)
    for factor in (1.0, 0.001):
        scores = NormalScores.fit(values * factor).apply(values * factor)
        middle = np.argsort(values)[500:1_500]
        expected = norm.ppf((np.argsort(np.argsort(values)) + 0.5) / 2_000)
        np.testing.assert_allclose(scores[middle], expected[middle], atol=0.02)
        assert abs(scores.mean()) < 0.02


def test_beyond_the_range_scores_grow_by_standard_deviations_up_to_eight() -> None:
    positive = np.exp(np.linspace(0.0, 2.0, 101))
    scale = NormalScores.fit(positive)
    ends = scale.apply(np.array([1.0, np.e**2]))
    np.testing.assert_allclose(ends, norm.ppf([0.5 / 101, 1 - 0.5 / 101]))
    spread = np.linspace(0.0, 2.0, 101).std()
    beyond = scale.apply(np.exp([-spread, 2.0 + 2 * spread]))
    np.testing.assert_allclose(beyond, [ends[0] - 1.0, ends[1] + 2.0])
    assert scale.apply(np.array([0.0, -5.0, 1e30])).tolist() == [-8.0, -8.0, 8.0]
    signed = NormalScores.fit(np.linspace(-1.0, 1.0, 101))
    assert signed.floor is None
    np.testing.assert_allclose(signed.apply(np.array([0.0])), 0.0, atol=1e-12)


def test_a_value_that_most_have_lies_near_the_middle_of_its_scores() -> None:
    mostly_none = np.r_[np.zeros(80), np.ones(15), np.full(5, 2.0)]
    low, mid, high = NormalScores.fit(mostly_none).apply(np.array([0.0, 1.0, 2.0]))
    assert -1.0 < low < 0.0 < mid < high < 3.0


def test_missing_values_never_add_to_the_distance_of_independent_columns() -> None:
    values = np.random.default_rng(0).normal(size=(300, 6))
    distance = ValueDistance.fit(values, range(6))
    fresh = np.full((1, 6), 2.5)
    by_missing = []
    for k in range(7):
        row = fresh.copy()
        row[0, :k] = np.nan
        by_missing.append(distance.distance(row)[0])
    assert by_missing == sorted(by_missing, reverse=True)
    assert by_missing[-1] == 0.0


def test_distance_is_mahalanobis_where_the_sample_is_large() -> None:
    generator = np.random.default_rng(1)
    covariance = np.array([[1.0, 0.8], [0.8, 1.0]])
    values = generator.multivariate_normal([0.0, 0.0], covariance, size=20_000)
    distance = ValueDistance.fit(values, range(2))
    rows = np.array([[1.0, 1.0], [1.0, -1.0], [0.5, 0.2]])
    expected = np.einsum("ij,jk,ik->i", rows, np.linalg.inv(covariance), rows)
    np.testing.assert_allclose(distance.distance(rows), expected, rtol=0.1)


def test_who_had_a_rare_test_is_no_stranger_for_it() -> None:
    generator = np.random.default_rng(2)
    values = generator.normal(size=(1_000, 8))
    values[generator.random(1_000) > 0.04, 6:] = np.nan
    had_it = np.isfinite(values[:, 7])
    distance = ValueDistance.fit(values, range(8)).distance(values)
    # Of chi-squared distributions with eight and six degrees of freedom.
    assert distance[had_it].mean() < 1.5 * distance[~had_it].mean()


def test_only_columns_that_tell_a_distribution_are_looked_at() -> None:
    values = correlated(0, rows=60, columns=5)
    values[:41, 1] = np.nan
    values[:40, 2] = np.nan
    values[:, 3] = np.arange(60) % 2
    assert varying_columns(values) == [0, 2, 4]
    assert ValueDistance.fit(values, [4, 3, 0]).columns == (0, 4)


def test_of_too_many_columns_the_preferred_ones_are_taken() -> None:
    values = correlated(0, rows=40, columns=510)
    taken = ValueDistance.fit(values, [509, *range(509)]).columns
    assert taken == (*range(499), 509)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_the_distance_of_patterns_is_jaccards_in_the_worst_modality(seed: int) -> None:
    generator = np.random.default_rng(seed)
    values = np.where(generator.random((6, 9)) < 0.5, np.nan, 1.0)
    modalities = [(0, 2, 4), (1, 3, 5, 7)]
    found = PatternDistance.fit(values[1:], modalities).distance(values[:1])[0]
    known = np.isfinite(values)
    apart = [max(jaccard(known[0, m], row[list(m)]) for m in modalities) for row in known[1:]]
    nearest = min(apart)
    assert found == pytest.approx(nearest if nearest >= 0.5 else 0.0)


def test_columns_without_a_modality_have_no_pattern() -> None:
    values = np.ones((30, 3))
    pattern = PatternDistance.fit(values, [(0, 1)])
    assert pattern.distance(np.array([[1.0, 1.0, np.nan]])).tolist() == [0.0]
    assert pattern.distance(np.array([[np.nan, 1.0, 1.0]])).tolist() == [0.5]
    values[::2, 2] = np.nan
    assert len(PatternDistance.fit(values, [(0, 1)]).patterns) == 1
    assert PatternDistance.fit(values, []).distance(np.full((1, 3), np.nan)).tolist() == [0.0]


@pytest.mark.parametrize("rows_of_patient", [1, 3])
def test_false_alarms_are_as_rare_as_asked_for(rows_of_patient: int) -> None:
    rate, n = 0.04, 150
    alarms = []
    for seed in range(12):
        values = correlated(seed, rows=n + 1_000)
        values[np.random.default_rng(seed).random(values.shape) < 0.2] = np.nan
        training = np.repeat(values[:n], rows_of_patient, axis=0)
        patient = np.repeat(np.arange(n), rows_of_patient)
        alarms.append((novelty(training, patient).p_value(values[n:]) <= rate).mean())
    # On average over training cohorts; the standard error of the mean is about 0.005.
    assert 0.02 < np.mean(alarms) < rate + 0.01, alarms


def test_another_population_is_noticed() -> None:
    judged = novelty(correlated(0, rows=200))
    shifted = correlated(1, rows=300)
    shifted[:, :4] *= 10.0
    shifted[:, 4:8] /= 10.0
    assert (judged.p_value(shifted) <= 0.03).mean() > 0.95


def test_the_smallest_p_value_is_one_among_all_patients() -> None:
    values = correlated(0, rows=99)
    strange = np.full((1, 12), 1e9)
    for patient, n in ((np.arange(99), 99), (np.arange(99) // 3, 33)):
        p_value = novelty(values, patient).p_value(strange)[0]
        assert p_value == pytest.approx(1 / (n + 1))


def test_looking_at_patterns_costs_no_alarm_where_all_are_alike() -> None:
    values = correlated(0, rows=120)
    without = novelty(values, modalities=[])
    fresh = correlated(1, rows=200)
    np.testing.assert_allclose(novelty(values).p_value(fresh), without.p_value(fresh))
    silent = fresh.copy()
    silent[:, :7] = np.nan
    assert (novelty(values).p_value(silent) == 1 / 121).all()
    assert (without.p_value(silent) > 0.05).mean() > 0.9


def test_a_state_gives_the_same_p_values() -> None:
    values = correlated(0, rows=80)
    values[::3, 4:] = np.nan
    judged = novelty(values, np.arange(80) // 2)
    read = Novelty.from_state(json.loads(json.dumps(judged.to_state(), allow_nan=False)))
    fresh = correlated(2, rows=50) * 2.0
    np.testing.assert_array_equal(read.p_value(fresh), judged.p_value(fresh))

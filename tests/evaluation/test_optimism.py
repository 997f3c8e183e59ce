import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from icans_risk.errors import IcansRiskError, NotEstimableError
from icans_risk.evaluation import METRICS
from icans_risk.evaluation.optimism import optimism_corrected, point632plus
from icans_risk.evaluation.rebuilds import Rebuilds, rebuild

AUROC = METRICS["auroc"]


def cohort(seed: int, patients: int = 100, noise: int = 8, effect: float = 1.0):
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(patients, 1 + noise))
    y = (draw.random(patients) < 1 / (1 + np.exp(0.8 - effect * x[:, 0]))).astype(int)
    return x, y


def pipeline(x, y, model):
    def fit_predict(train, test, seed):
        return model().fit(x[train], y[train]).predict_proba(x[test])[:, 1]

    return fit_predict


def half_for_all(train, test, seed):
    return np.full(test.size, 0.5)


def weak_ridge():
    return LogisticRegression(C=1e3)


def test_the_parts_are_those_of_a_loop_written_out():
    x, y = cohort(1)
    fit_predict = pipeline(x, y, weak_ridge)
    done = rebuild(fit_predict, groups=np.arange(y.size), rebuilds=12, seed=4)
    found = optimism_corrected(AUROC, y, done, no_information=0.5)
    everyone = np.arange(y.size)
    gains, left_out = [], []
    for copies in done.copies:
        drawn = np.repeat(everyone, copies)
        out = everyone[copies == 0]
        gains.append(
            AUROC(y[drawn], fit_predict(drawn, drawn, 0), None)
            - AUROC(y, fit_predict(drawn, everyone, 0), None)
        )
        left_out.append(AUROC(y[out], fit_predict(drawn, out, 0), None))
    assert found.apparent == AUROC(y, fit_predict(everyone, everyone, 0), None)
    assert found.optimism == pytest.approx(np.mean(gains), abs=1e-6)
    assert found.corrected == pytest.approx(found.apparent - np.mean(gains), abs=1e-6)
    assert found.out_of_bag == pytest.approx(np.mean(left_out), abs=1e-6)
    assert (found.estimable, found.failed, found.rebuilds) == (12, 0, 12)


def test_632_plus_follows_efron_and_tibshirani():
    # R = (0.9 - 0.7) / (0.9 - 0.5) = 0.5; w = 0.632 / (1 - 0.368 / 2) = 0.774510.
    estimate, overfitting = point632plus(0.9, 0.7, no_information=0.5)
    assert overfitting == pytest.approx(0.5, abs=1e-12)
    assert estimate == pytest.approx(0.9 - 0.2 * 0.632 / 0.816, abs=1e-12)


@pytest.mark.parametrize(
    ("apparent", "out_of_bag", "expected", "rate"),
    [
        pytest.param(0.8, 0.8, 0.8, 0, id="no overfitting is the apparent figure"),
        pytest.param(0.8, 0.82, 0.368 * 0.8 + 0.632 * 0.82, 0, id="better out of bag is .632"),
        pytest.param(1.0, 0.4, 0.5, 1, id="worse than chance is chance"),
        pytest.param(0.5, 0.4, 0.368 * 0.5 + 0.632 * 0.4, 0, id="nothing to overfit"),
    ],
)
def test_632_plus_at_its_edges(apparent, out_of_bag, expected, rate):
    found = point632plus(apparent, out_of_bag, no_information=0.5)
    assert found == pytest.approx((expected, rate), abs=1e-12)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_632_plus_of_a_loss_mirrors_that_of_a_gain(apparent, out_of_bag, no_information):
    gain = point632plus(apparent, out_of_bag, no_information=no_information)
    loss = point632plus(-apparent, -out_of_bag, no_information=-no_information)
    assert loss == pytest.approx((-gain[0], gain[1]), abs=1e-9)


def test_632_plus_needs_its_no_information_value():
    x, y = cohort(2)
    done = rebuild(pipeline(x, y, weak_ridge), groups=np.arange(y.size), rebuilds=3, seed=1)
    assert math.isnan(optimism_corrected(METRICS["brier"], y, done).point632plus)
    assert math.isfinite(optimism_corrected(METRICS["brier"], y, done).corrected)


def test_a_memory_of_noise_is_seen_through_by_632_plus_and_not_by_the_plain_correction():
    # The case that .632+ was made for: one nearest neighbour, labels without a pattern.
    found = []
    for seed in range(5):
        x, y = cohort(seed, patients=80, effect=0)
        nearest = pipeline(x, y, lambda: KNeighborsClassifier(n_neighbors=1))
        done = rebuild(nearest, groups=np.arange(y.size), rebuilds=25, seed=seed)
        found.append(optimism_corrected(AUROC, y, done, no_information=0.5))
    assert all(f.apparent == 1 for f in found)
    assert np.mean([f.point632plus for f in found]) == pytest.approx(0.5, abs=0.06)
    assert np.mean([f.corrected for f in found]) > 0.7


def test_632_plus_is_near_the_auroc_on_fresh_patients():
    gaps = []
    for seed in range(25):
        x, y = cohort(100 + seed, patients=120)
        fresh_x, fresh_y = cohort(900 + seed, patients=1500)
        done = rebuild(pipeline(x, y, weak_ridge), groups=np.arange(y.size), rebuilds=20, seed=1)
        fresh = AUROC(fresh_y, weak_ridge().fit(x, y).predict_proba(fresh_x)[:, 1], None)
        gaps.append(optimism_corrected(AUROC, y, done, no_information=0.5).point632plus - fresh)
    assert abs(np.mean(gaps)) < 0.03


def test_all_rows_of_a_patient_are_drawn_together():
    groups = np.repeat(["a", "b", "c", "d", "e"], [1, 2, 3, 4, 5])
    done = rebuild(half_for_all, groups=groups, rebuilds=20, seed=1)
    for copies in done.copies:
        by_patient = [set(copies[groups == g]) for g in "abcde"]
        assert all(len(counts) == 1 for counts in by_patient)
        assert sum(counts.pop() for counts in by_patient) == 5


def test_training_rows_carry_their_copies_and_seeds_differ():
    seen = []

    def fit_predict(train, test, seed):
        seen.append((train, seed))
        return np.full(test.size, 0.5)

    done = rebuild(fit_predict, groups=list("abcdef"), rebuilds=5, seed=9)
    for (train, _), copies in zip(seen[1:], done.copies, strict=True):
        assert np.bincount(train, minlength=6).tolist() == copies.tolist()
    assert len({seed for _, seed in seen}) == 6


def test_a_failed_rebuild_is_counted_and_left_out():
    y = np.array([0, 0, 0, 0, 1, 1])

    def fit_predict(train, test, seed):
        if y[train].sum() < 2:
            raise NotEstimableError("too few events")
        return np.linspace(0.1, 0.9, 6)[test]

    done = rebuild(fit_predict, groups=np.arange(6), rebuilds=40, seed=1)
    failed = sum(copies @ y < 2 for copies in done.copies)
    found = optimism_corrected(AUROC, y, done)
    assert 0 < found.failed == failed < 40
    # Out of bag, one outcome is often missing: judged on fewer still.
    assert found.estimable <= 40 - failed


def test_without_one_model_there_is_no_answer():
    fits = []

    def fit_predict(train, test, seed):
        fits.append(seed)
        if len(fits) > 1:
            raise ValueError("one class")
        return np.full(test.size, 0.5)

    with pytest.raises(NotEstimableError, match="None of 3"):
        rebuild(fit_predict, groups=[1, 2], rebuilds=3, seed=1)


@pytest.mark.parametrize("answer", [[0.5], [0.5, 1.5], [0.5, math.nan]])
def test_what_is_not_a_probability_for_each_row_is_an_error_and_no_failed_rebuild(answer):
    def fit_predict(train, test, seed):
        return answer

    with pytest.raises(IcansRiskError, match="one probability"):
        rebuild(fit_predict, groups=[1, 2], rebuilds=3, seed=1)


def test_judging_no_rebuild_gives_nan():
    only_events = Rebuilds(np.full(2, 0.5), np.full((1, 2), 0.5), np.ones((1, 2), dtype=int))
    found = optimism_corrected(AUROC, [1, 1], only_events, no_information=0.5)
    assert found.estimable == 0
    assert math.isnan(found.corrected)
    assert math.isnan(found.point632plus)

import math
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from icans_risk.errors import IcansRiskError
from icans_risk.evaluation.bootstrap import bootstrap_interval, paired_difference
from icans_risk.evaluation.delong import delong_interval, delong_test
from icans_risk.evaluation.discrimination import auroc

RANKS = Path(__file__).parents[1] / "data" / "asah_ranks" / "ranks.csv"


@pytest.fixture(scope="module")
def asah():
    table = pd.read_csv(RANKS)
    risks = {name: table[name] / 200 for name in ("wfns", "ndka", "s100b")}
    return table["poor_outcome"], risks, range(len(table))


def cohort(seed, rows=60, patients=25):
    """Give several rows to a patient, with tied risks and a shared tendency."""
    draw = np.random.default_rng(seed)
    groups = np.r_[np.arange(patients), draw.integers(0, patients, rows - patients)]
    tendency = draw.normal(0, 0.2, patients)[groups]
    y = (draw.random(rows) < 0.3 + tendency).astype(int)
    p = np.clip(0.3 + 0.2 * y + tendency + draw.normal(0, 0.2, rows), 0, 1).round(1)
    other = np.clip(p + draw.normal(0, 0.2, rows), 0, 1).round(1)
    return y, p, other, groups


def brute_force_covariance(y, risks, groups):
    """Follow Obuchowski 1997, section 2, pair by pair and patient by patient."""
    y, groups = np.asarray(y), np.asarray(groups)
    m, n = int((y == 1).sum()), int((y == 0).sum())
    names = np.unique(groups)
    sums = []
    for p in map(np.asarray, risks):
        kernel = np.array(
            [[1.0 if a > b else 0.5 if a == b else 0.0 for b in p[y == 0]] for a in p[y == 1]]
        )
        area, x10, x01 = kernel.mean(), kernel.mean(axis=1), kernel.mean(axis=0)
        of_events = [
            x10[groups[y == 1] == g].sum() - area * (y[groups == g] == 1).sum() for g in names
        ]
        of_others = [
            x01[groups[y == 0] == g].sum() - area * (y[groups == g] == 0).sum() for g in names
        ]
        sums.append((np.array(of_events), np.array(of_others)))
    i10, i01, i = (np.unique(g).size for g in (groups[y == 1], groups[y == 0], groups))
    (a, b), (c, d) = sums[0], sums[-1]
    s10, s01 = i10 / ((i10 - 1) * m) * a @ c, i01 / ((i01 - 1) * n) * b @ d
    s11 = i / (i - 1) * (a @ d), i / (i - 1) * (c @ b)
    return s10 / m + s01 / n + sum(s11) / (m * n)


# github.com/xrobin/pROC, tests/testthat: areas in helper-deLongPlacementsCpp-expected.R (commit
# 13bdf2c), variances in test-var.R (2bacb19), the interval in test-ci.auc.R (13bdf2c).
@pytest.mark.parametrize(
    ("marker", "area", "variance"),
    [
        ("wfns", 0.823678861788618, 0.00146991470882363),
        ("ndka", 0.611957994579946, 0.0031908105493913),
        ("s100b", 0.731368563685637, 0.00266868245717244),
    ],
)
def test_area_and_variance_are_those_of_proc(asah, marker, area, variance):
    y, risks, patients = asah
    found = delong_interval(y, risks[marker], groups=patients)
    assert found.estimate == pytest.approx(area, abs=1e-12)
    assert found.variance == pytest.approx(variance, abs=1e-12)


def test_the_plain_interval_is_that_of_proc(asah):
    y, risks, patients = asah
    found = delong_interval(y, risks["ndka"], groups=patients, scale="plain")
    assert found.low == pytest.approx(0.501244999271703, abs=1e-9)
    assert found.high == pytest.approx(0.722670989888189, abs=1e-9)


# The same, test-roc.test.R (commit 0bc764d): Z, p, interval.
@pytest.mark.parametrize(
    ("one", "other", "z", "p_value", "interval"),
    [
        ("wfns", "s100b", 2.20898359144091, 0.0271757822291882, (0.0104061769565, 0.1742144192495)),
        ("wfns", "ndka", 2.79777591868904, 0.00514557970691098, (0.0634011709340, 0.3600405634834)),
        ("ndka", "s100b", -1.39077002573558, 0.16429517522305, (-0.2876917446342, 0.0488706064228)),
    ],
)  # fmt: skip
def test_the_paired_test_is_that_of_proc(asah, one, other, z, p_value, interval):
    y, risks, patients = asah
    found = delong_test(y, risks[one], minus=risks[other], groups=patients)
    assert (found.z, found.p_value) == pytest.approx((z, p_value), abs=1e-9)
    assert (found.low, found.high) == pytest.approx(interval, abs=1e-9)


# The same, test-cov.R (commit 06048ae).
@pytest.mark.parametrize(
    ("one", "other", "covariance"),
    [
        ("wfns", "ndka", -0.000532967856762438),
        ("ndka", "s100b", -0.000756164938056579),
        ("s100b", "wfns", 0.00119615567376754),
    ],
)
def test_the_covariance_behind_the_test_is_that_of_proc(asah, one, other, covariance):
    y, risks, patients = asah
    alone = [delong_interval(y, risks[m], groups=patients).variance for m in (one, other)]
    both = delong_test(y, risks[one], minus=risks[other], groups=patients).variance
    assert (sum(alone) - both) / 2 == pytest.approx(covariance, abs=1e-12)


@pytest.mark.parametrize("seed", range(12))
def test_variances_of_clustered_rows_agree_with_brute_force(seed):
    y, p, other, groups = cohort(seed)
    one = brute_force_covariance(y, [p], groups)
    two = brute_force_covariance(y, [other], groups)
    both = brute_force_covariance(y, [p, other], groups)
    assert delong_interval(y, p, groups=groups).variance == pytest.approx(one, abs=1e-12)
    found = delong_test(y, p, minus=other, groups=groups)
    assert found.variance == pytest.approx(one + two - 2 * both, abs=1e-12)
    assert found.estimate == pytest.approx(auroc(y, p) - auroc(y, other))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_a_weight_is_that_many_copies_of_the_row(seed):
    y, p, other, groups = cohort(seed)
    copies = np.random.default_rng(seed).integers(0, 4, y.size)
    weighted = delong_test(y, p, minus=other, groups=groups, weight=copies)
    repeated = (np.repeat(column, copies) for column in (y, p, other, groups))
    y, p, other, groups = repeated
    copied = delong_test(y, p, minus=other, groups=groups)
    assert vars(weighted) == pytest.approx(vars(copied), abs=1e-9, nan_ok=True)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.2, 5))
def test_a_monotone_transform_changes_nothing_and_the_opposite_mirrors(seed, power):
    y, p, _, groups = cohort(seed)
    found = delong_interval(y, p, groups=groups)
    assert vars(delong_interval(y, p**power, groups=groups)) == pytest.approx(
        vars(found), nan_ok=True
    )
    mirrored = delong_interval(y, 1 - p, groups=groups)
    assert (mirrored.low, mirrored.high) == pytest.approx(
        (1 - found.high, 1 - found.low), nan_ok=True
    )


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_the_logit_interval_stays_within_0_and_1(seed):
    y, p, _, groups = cohort(seed, rows=14, patients=14)
    found = delong_interval(y, p, groups=groups)
    assert math.isnan(found.low) or 0 <= found.low <= found.estimate <= found.high <= 1


def test_the_intervals_agree_with_the_bootstrap_of_patients():
    y, p, other, groups = cohort(3, rows=900, patients=300)
    for closed, drawn in (
        (
            delong_interval(y, p, groups=groups),
            bootstrap_interval(auroc, y, p, groups=groups, seed=0),
        ),
        (
            delong_test(y, p, minus=other, groups=groups),
            paired_difference(auroc, y, p, minus=other, groups=groups, seed=0),
        ),
    ):
        assert closed.high - closed.low == pytest.approx(drawn.high - drawn.low, rel=0.1)
        assert (closed.low, closed.high) == pytest.approx((drawn.low, drawn.high), abs=0.01)


def test_the_logit_interval_covers_where_events_are_few_and_the_plain_one_does_not():
    draw, area, hits = np.random.default_rng(0), norm.cdf(1.65), {"logit": 0, "plain": 0}
    for _ in range(400):
        y = (draw.random(80) < 0.15).astype(int)
        p = norm.cdf(draw.normal(size=80) + 1.65 * math.sqrt(2) * y)
        for scale in hits:
            found = delong_interval(y, p, groups=range(80), scale=scale)
            hits[scale] += found.low <= area <= found.high
    assert hits["logit"] / 400 > 0.9 > hits["plain"] / 400


def test_a_model_does_not_differ_from_itself(asah):
    y, risks, patients = asah
    same = delong_test(y, risks["wfns"], minus=risks["wfns"] ** 2, groups=patients)
    assert (same.estimate, same.variance, same.z, same.p_value) == (0, 0, 0, 1)


@pytest.mark.parametrize("y", [[0, 0, 0], [1, 1, 1], []])
def test_one_outcome_only_is_not_estimable(y):
    p = [0.1, 0.2, 0.3][: len(y)]
    for found in (
        delong_interval(y, p, groups=range(len(y))),
        delong_test(y, p, minus=p, groups=range(len(y))),
    ):
        assert all(math.isnan(value) for value in vars(found).values())


def test_one_patient_with_the_event_has_an_area_without_interval():
    found = delong_interval([1, 1, 0, 0], [0.9, 0.2, 0.1, 0.4], groups=["a", "a", "b", "c"])
    assert found.estimate == 0.75
    assert all(math.isnan(v) for v in (found.variance, found.low, found.high))


@pytest.mark.parametrize("scale", ["logit", "plain"])
@pytest.mark.parametrize("weight", [None, [0.1, 0.7, 0.3, 0.3]])
@pytest.mark.parametrize("y", [[0, 0, 1, 1], [1, 1, 0, 0]])
def test_a_perfect_ranking_shows_no_spread_and_gets_no_interval(scale, weight, y):
    p = [0.1, 0.2, 0.3, 0.4]
    found = delong_interval(y, p, groups=range(4), weight=weight, scale=scale)
    assert found.estimate == pytest.approx(y[3], abs=1e-12)
    assert math.isnan(found.low)
    assert math.isnan(found.high)


@pytest.mark.parametrize("seed", range(20))
def test_rounding_of_weights_gives_a_perfect_ranking_no_interval_either(seed):
    weight = np.random.default_rng(seed).random(40)
    y, p = np.arange(40) > 19, np.arange(40) / 40
    assert math.isnan(delong_interval(y, p, groups=range(40), weight=weight).low)


def test_risks_that_never_change_within_a_patient_cancel_to_no_variance():
    # Rounding alone would make it negative.
    y, p = np.tile([0, 1], 5), np.repeat(np.arange(1, 6) / 20, 2)
    found = delong_interval(y, p, groups=np.repeat(range(5), 2))
    assert (found.estimate, found.variance, found.low, found.high) == (0.5, 0, 0.5, 0.5)


def test_a_perfect_ranking_against_none_has_no_test():
    found = delong_test([0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4], minus=[0.5] * 4, groups=range(4))
    assert found.estimate == 0.5
    assert math.isnan(found.z)
    assert math.isnan(found.p_value)


def test_a_level_of_95_is_refused():
    with pytest.raises(IcansRiskError, match="got 95"):
        delong_interval([0, 1], [0.1, 0.2], groups=range(2), level=95)


def test_a_hundred_thousand_rows_take_less_than_two_seconds():
    draw = np.random.default_rng(0)
    y, p = draw.integers(0, 2, 100_000), draw.random(100_000)
    start = time.perf_counter()
    delong_interval(y, p, groups=np.arange(100_000))
    assert time.perf_counter() - start < 2

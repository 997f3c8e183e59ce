import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from scipy.stats import t
from sklearn.linear_model import LogisticRegression

from icans_risk.errors import IcansRiskError, LeakageError, NotEstimableError
from icans_risk.evaluation import METRICS
from icans_risk.evaluation.internal_external import (
    LeftOut,
    internal_external,
    leave_level_out,
    temporal_split,
)
from icans_risk.evaluation.random_effects import combine_levels, random_effects

AUROC = {"auroc": METRICS["auroc"]}


def cohort(seed: int = 1, sites: str = "abcd", each: int = 60):
    draw = np.random.default_rng(seed)
    site = np.repeat(list(sites), each)
    x = draw.normal(size=(site.size, 2))
    y = (draw.random(site.size) < expit(x[:, 0] - 0.3)).astype(int)
    return x, y, site


def logistic(x, y):
    def fit_predict(train, test, seed):
        if np.unique(y[train]).size < 2:
            raise NotEstimableError("one outcome only")
        return LogisticRegression().fit(x[train], y[train]).predict_proba(x[test])[:, 1]

    return fit_predict


def validate(fit_predict, y, site, **options):
    groups = options.pop("groups", np.arange(y.size))
    settings = {"metrics": AUROC, "fewest": 1, "resamples": 40, "seed": 2} | options
    splits = leave_level_out(site, groups=groups)
    return internal_external(fit_predict, y, splits, groups=groups, **settings)


@settings(max_examples=50)
@given(st.lists(st.tuples(st.sampled_from("xyz"), st.integers(0, 6)), min_size=4, max_size=30))
def test_no_patient_trains_and_tests(rows):
    site, patient = (np.array(column) for column in zip(*rows, strict=True))
    if np.unique(site).size < 2:
        return
    splits = leave_level_out(site, groups=patient)
    assert sorted(np.concatenate([s.test for s in splits]).tolist()) == list(range(len(rows)))
    for split in splits:
        assert (site[split.test] == split.level).all()
        assert not set(patient[split.train]) & set(patient[split.test])


@pytest.mark.parametrize("site", [["x", "x"], ["x", None, "y"]])
def test_levels_are_two_or_more_and_known(site):
    with pytest.raises(IcansRiskError, match="two levels or more"):
        leave_level_out(site, groups=range(len(site)))


def test_a_temporal_split_tests_from_the_start_on():
    when = pd.to_datetime(["2020-01-01", "2021-01-01", "2022-01-01", "2023-01-01", "2023-05-01"])
    split = temporal_split(when, start=pd.Timestamp("2022-01-01"), groups=[1, 2, 3, 4, 2])
    # Patient 2 comes back later and trains nothing.
    assert split.train.tolist() == [0]
    assert split.test.tolist() == [2, 3, 4]


@pytest.mark.parametrize("start", [0, 9])
def test_a_temporal_split_needs_both_sides(start):
    with pytest.raises(IcansRiskError, match="either side"):
        temporal_split([1, 2, 3], start=start, groups=[1, 2, 3])


def test_each_level_is_judged_by_a_model_without_it():
    x, y, site = cohort()
    found = validate(logistic(x, y), y, site)
    assert found.index.tolist() == list("abcd")
    for level in "abcd":
        out = site == level
        risk = LogisticRegression().fit(x[~out], y[~out]).predict_proba(x[out])[:, 1]
        assert found.loc[level, "auroc"] == METRICS["auroc"](y[out], risk, None)
        assert found.loc[level, "auroc_low"] < found.loc[level, "auroc"]
        assert found.loc[level, "patients"] == 60
    assert (found["status"] == "estimated").all()


def test_weights_reach_the_metric():
    x, y, site = cohort()
    weight = np.random.default_rng(3).uniform(0.1, 4, y.size)
    out = site == "b"
    risk = LogisticRegression().fit(x[~out], y[~out]).predict_proba(x[out])[:, 1]
    found = validate(logistic(x, y), y, site, weight=weight)
    assert found.loc["b", "auroc"] == METRICS["auroc"](y[out], risk, weight[out])


def test_a_level_with_few_events_is_counted_and_not_judged():
    x, y, site = cohort()
    y[site == "c"] = 0
    y[np.flatnonzero(site == "c")[:4]] = 1
    found = validate(logistic(x, y), y, site, floor=5)
    assert found.loc["c", "status"] == "not estimable"
    assert (found.loc["c", "patients"], found.loc["c", "events"]) == (60, 4)
    assert math.isnan(found.loc["c", "auroc"])
    assert combine_levels(found, "auroc").used == 3


def test_a_level_without_which_nothing_can_be_fitted_says_so():
    x, y, site = cohort(sites="ab")
    y[site == "b"] = 0
    found = validate(logistic(x, y), y, site, floor=1)
    # Without site a, no event is left to learn from.
    assert found["status"].tolist() == ["no model", "not estimable"]
    assert math.isnan(found.loc["a", "auroc"])
    assert found.loc["a", "auroc_estimable"] == 0
    assert found.loc["a", "patients"] == 60


def test_a_split_that_leaks_is_refused():
    x, y, _ = cohort()
    leaky = LeftOut("x", 0, np.arange(50), np.arange(40, 90))
    with pytest.raises(LeakageError):
        internal_external(
            logistic(x, y), y, [leaky], groups=np.arange(y.size), metrics=AUROC, fewest=1, seed=1
        )


def test_the_summary_is_that_of_metafor():
    # rma(y, v, method = "PM") of R's metafor on these nine estimates, as stored in
    # statsmodels' tests (exk1_metafor): b, tau2 and se.
    y = [61, 61.4, 62.21, 62.3, 62.34, 62.6, 62.7, 62.84, 65.9]
    v = [0.2025, 1.21, 0.09, 0.2025, 0.3844, 0.5625, 0.0676, 0.0225, 1.8225]
    mean, tau2, se = 62.4076199113286, 0.705395309224248, 0.338030602684471
    found = random_effects(np.array(y), np.sqrt(v))
    assert found.mean == pytest.approx(mean, abs=1e-6)
    assert found.tau**2 == pytest.approx(tau2, abs=1e-6)
    assert found.high - found.mean == pytest.approx(t.ppf(0.975, 8) * se, abs=1e-6)
    reach = t.ppf(0.975, 7) * math.sqrt(tau2 + se**2)
    assert found.prediction_high - found.mean == pytest.approx(reach, abs=1e-6)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.floats(-3, 3), st.floats(0.05, 1)), min_size=2, max_size=8))
def test_the_levels_spread_as_much_as_tau_says(levels):
    effect, error = (np.array(column) for column in zip(*levels, strict=True))
    found = random_effects(effect, error)
    weight = 1 / (error**2 + found.tau**2)
    spread = weight @ (effect - found.mean) ** 2
    assert spread <= effect.size - 1 + 1e-6
    assert found.tau == 0 or spread == pytest.approx(effect.size - 1, abs=1e-6)
    assert effect.min() - 1e-9 <= found.mean <= effect.max() + 1e-9


def test_equal_levels_do_not_make_the_interval_vanish():
    found = random_effects(np.full(4, 0.7), np.full(4, 0.1))
    assert found.tau == 0
    assert found.high - found.low == pytest.approx(2 * t.ppf(0.975, 3) * 0.05)


def test_the_prediction_interval_holds_the_next_site_about_as_often_as_it_says():
    draw = np.random.default_rng(5)
    held = 0
    for _ in range(400):
        truth = draw.normal(1, 0.5, 9)
        found = random_effects(draw.normal(truth[:8], 0.2), np.full(8, 0.2))
        held += found.prediction_low < truth[8] < found.prediction_high
    assert 0.92 < held / 400 < 0.98


@pytest.mark.parametrize(("levels", "mean", "further"), [(1, False, False), (2, True, False)])
def test_few_levels_give_less(levels, mean, further):
    found = random_effects(np.linspace(0, 1, levels), np.full(levels, 0.3))
    assert math.isfinite(found.mean) is mean
    assert math.isfinite(found.prediction_low) is further


def test_what_is_no_standard_error_is_refused():
    with pytest.raises(IcansRiskError, match="standard errors above 0"):
        random_effects(np.array([1.0, 2.0]), np.array([0.1, 0.0]))


def levels_of(metric, rows):
    return pd.DataFrame(rows, columns=[metric, f"{metric}_low", f"{metric}_high"])


def test_an_auroc_is_combined_on_the_logit_scale():
    half = 1.959963984540054 * 0.2
    centres = np.array([0.4, 1.0, 1.3])
    table = levels_of("auroc", expit(np.column_stack([centres, centres - half, centres + half])))
    found, straight = combine_levels(table, "auroc"), random_effects(centres, np.full(3, 0.2))
    assert found.scale == "logit"
    assert found.mean == pytest.approx(expit(straight.mean), abs=1e-9)
    assert found.prediction_high == pytest.approx(expit(straight.prediction_high), abs=1e-9)
    assert found.tau == pytest.approx(straight.tau, abs=1e-9)


def test_a_level_on_the_edge_of_the_scale_is_left_out_and_counted():
    table = levels_of("auroc", [[0.7, 0.6, 0.8], [0.8, 0.7, 0.9], [1, 1, 1], [np.nan] * 3])
    found = combine_levels(table, "auroc")
    assert (found.used, found.levels) == (2, 4)
    assert 0.7 < found.mean < 0.8


def test_a_level_whose_interval_has_no_width_is_left_out():
    table = levels_of("brier", [[0.1, 0.1, 0.1], [0.2, 0.1, 0.3], [0.3, 0.2, 0.4]])
    assert combine_levels(table, "brier").used == 2


def test_slopes_are_combined_as_they_are_and_ratios_as_logs():
    slopes = combine_levels(
        levels_of("calibration_slope", [[1, 0.8, 1.2], [2, 1.8, 2.2]]), "calibration_slope"
    )
    ratios = combine_levels(
        levels_of("observed_expected", [[0.5, 0.4, 0.625], [2, 1.6, 2.5]]), "observed_expected"
    )
    assert slopes.mean == pytest.approx(1.5)
    assert ratios.mean == pytest.approx(1)

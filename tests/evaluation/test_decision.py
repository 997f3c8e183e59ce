import math
import time
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from icans_risk.errors import IcansRiskError
from icans_risk.evaluation.bootstrap import bootstrap_interval, paired_difference
from icans_risk.evaluation.decision import (
    TREAT_ALL,
    TREAT_NONE,
    decision_curve,
    net_benefit,
    net_benefit_difference,
)

DATA = Path(__file__).parents[1] / "data" / "dcurves"
RANGE = np.array([0.05, 0.1, 0.2, 0.3])


def cohort(seed, rows=80):
    draw = np.random.default_rng(seed)
    y = (draw.random(rows) < 0.25).astype(int)
    p, other = (np.clip(0.25 + s * y + draw.normal(0, 0.2, rows), 0, 1) for s in (0.2, 0.1))
    return y, p, other, draw.integers(0, rows // 2, rows), draw.uniform(0, 2, rows).round(1)


def r_case(case):
    patients = pd.read_csv(DATA / "patients.csv")
    results = pd.read_csv(DATA / "r_results.csv").query("case == @case and threshold > 0")
    column = {"family history": "famhistory", "age": "age"}.get(case, "marker")
    risk = patients[column]
    if case != "family history":
        design = sm.add_constant(risk)
        risk = (
            sm.GLM(patients["cancer"], design, family=sm.families.Binomial()).fit().predict(design)
        )
    of_model, of_all = (results[results["variable"] == name] for name in (column, "all"))
    return patients["cancer"], risk, of_model, of_all


@pytest.mark.parametrize("case", ["family history", "age", "marker with harm"])
def test_curves_and_interventions_avoided_are_those_of_r(case):
    y, risk, of_model, of_all = r_case(case)
    at = of_model["threshold"].to_numpy()
    curve = decision_curve(
        y, {"model": risk}, thresholds=at, groups=range(len(y)), resamples=2, seed=0
    ).set_index("model")
    ours, harm = curve.loc["model"], of_model["harm"].to_numpy()
    np.testing.assert_allclose(ours["net_benefit"] - harm, of_model["net_benefit"], atol=1e-9)
    everyone = curve.loc[TREAT_ALL, "net_benefit"]
    np.testing.assert_allclose(everyone, of_all["net_benefit"], atol=1e-9)
    if of_model["net_intervention_avoided"].notna().any():
        avoided = ours["avoided"] / 100 - harm * (1 - at) / at
        np.testing.assert_allclose(avoided, of_model["net_intervention_avoided"], atol=1e-9)


@pytest.mark.parametrize("case", ["family history", "age", "marker with harm"])
def test_net_benefit_is_made_of_the_rates_of_r(case):
    y, risk, of_model, _ = r_case(case)
    odds = of_model["threshold"] / (1 - of_model["threshold"])
    expected = of_model["tp_rate"] - of_model["fp_rate"] * odds
    found = [net_benefit(y, risk, threshold=t) for t in of_model["threshold"]]
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_a_risk_equal_to_the_threshold_is_acted_on():
    assert net_benefit([1, 0], [0.2, 0.1], threshold=0.2) == 0.5


def test_net_benefit_weighs_rows_and_needs_some():
    assert net_benefit([1, 0, 0], [0.9, 0.9, 0.1], [1, 2, 1], threshold=0.2) == (1 - 2 / 4) / 4
    assert math.isnan(net_benefit([], [], threshold=0.2))


def test_no_one_treated_is_worth_nothing_and_saves_what_treating_all_costs():
    y, p, *_ = cohort(0)
    curve = decision_curve(
        y, {"model": p}, thresholds=RANGE, groups=range(80), resamples=50, seed=0
    ).set_index("model")
    assert (curve.loc[TREAT_NONE, ["net_benefit", "low", "high"]] == 0).all(axis=None)
    assert (curve.loc[TREAT_ALL, ["avoided", "avoided_low", "avoided_high"]] == 0).all(axis=None)
    prevalence = y.mean()
    saved = 100 * ((1 - prevalence) - prevalence * (1 - RANGE) / RANGE)
    np.testing.assert_allclose(curve.loc[TREAT_NONE, "avoided"], saved)


@pytest.mark.parametrize("seed", range(4))
def test_bands_are_those_of_bootstrap_interval_with_the_same_seed(seed):
    y, p, other, groups, w = cohort(seed)
    curve = decision_curve(
        y, {"p": p}, thresholds=RANGE, groups=groups, weight=w, resamples=200, seed=seed
    ).query("model == 'p'")
    compared = net_benefit_difference(
        y, p, minus=other, thresholds=RANGE, groups=groups, weight=w, resamples=200, seed=seed
    )
    arguments = {"groups": groups, "weight": w, "resamples": 200, "seed": seed}
    for row, difference in zip(curve.itertuples(), compared.itertuples(), strict=True):
        metric = partial(net_benefit, threshold=row.threshold)
        one = bootstrap_interval(metric, y, p, **arguments)
        assert (row.net_benefit, row.low, row.high) == pytest.approx(
            (one.estimate, one.low, one.high)
        )
        both = paired_difference(metric, y, p, minus=other, **arguments)
        found = (difference.difference, difference.difference_low, difference.difference_high)
        assert found == pytest.approx((both.estimate, both.low, both.high))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.01, 0.99))
def test_no_model_beats_the_prevalence_and_copies_count(seed, threshold):
    y, p, _, _, w = cohort(seed, 40)
    copies = np.floor(2 * w).astype(int)
    found = net_benefit(y, p, copies, threshold=threshold)
    repeated = net_benefit(np.repeat(y, copies), np.repeat(p, copies), threshold=threshold)
    assert found == pytest.approx(repeated)
    assert found <= np.average(y, weights=copies) + 1e-12


def test_without_rows_a_curve_is_nan():
    curve = decision_curve([], {"p": []}, thresholds=[0.1], groups=[], resamples=2, seed=0)
    assert curve[["net_benefit", "low", "high", "avoided"]].isna().all(axis=None)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"thresholds": []}, "strictly between 0 and 1"),
        ({"thresholds": [0.0, 0.1]}, "strictly between 0 and 1"),
        ({"thresholds": [0.5, 1.0]}, "strictly between 0 and 1"),
        ({"thresholds": [0.2, 0.1]}, "ascending"),
        ({"resamples": 1}, "at least 2 resamples, got 1"),
        ({"level": 95}, "level between 0 and 1, got 95"),
        ({"risks": {TREAT_ALL: [0.2, 0.7]}}, "treat all"),
    ],
)
def test_what_is_no_curve_is_refused(change, message):
    arguments = {"risks": {"p": [0.2, 0.7]}, "thresholds": [0.1], "groups": [1, 2], "seed": 0}
    with pytest.raises(IcansRiskError, match=message):
        decision_curve([0, 1], **arguments | change)


def test_four_curves_with_bands_over_fifty_thresholds_take_seconds():
    y, p, *_ = cohort(0, 300)
    start = time.perf_counter()
    risks = {str(k): p for k in range(4)}
    decision_curve(y, risks, thresholds=np.linspace(0.01, 0.5, 50), groups=range(300), seed=0)
    assert time.perf_counter() - start < 5

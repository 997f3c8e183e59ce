import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from icans_risk.errors import IcansRiskError
from icans_risk.evaluation import METRICS
from icans_risk.evaluation.decision import net_benefit
from icans_risk.evaluation.rebuilds import rebuild
from icans_risk.evaluation.stability import (
    calibration_instability,
    classification_instability,
    decision_instability,
    prediction_instability,
    rank_stability,
)


def rebuilt_risks(seed: int = 1, rows: int = 80, rebuilds: int = 30):
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(rows, 4))
    y = (draw.random(rows) < expit(x[:, 0] - 0.5)).astype(int)

    def fit_predict(train, test, seed):
        return LogisticRegression().fit(x[train], y[train]).predict_proba(x[test])[:, 1]

    return y, rebuild(fit_predict, groups=np.arange(rows), rebuilds=rebuilds, seed=seed)


def test_interval_and_error_of_a_case_by_hand():
    risks = np.array([[0.1, 0.5], [0.2, 0.5], [0.3, 0.5], [0.4, 0.5], [0.5, 0.5]])
    found = prediction_instability([0.2, 0.5], risks, level=0.5)
    assert found.loc[0].tolist() == pytest.approx([0.2, 0.2, 0.4, (0.1 + 0 + 0.1 + 0.2 + 0.3) / 5])
    assert found.loc[1].tolist() == pytest.approx([0.5, 0.5, 0.5, 0])


def test_a_failed_rebuild_changes_nothing():
    y, done = rebuilt_risks()
    with_failed = np.insert(done.risks, 3, np.nan, axis=0)
    for judge in (
        lambda risks: prediction_instability(done.original, risks).to_numpy(),
        lambda risks: classification_instability(done.original, risks, threshold=0.4),
        lambda risks: calibration_instability(y, risks).to_numpy(),
        lambda risks: decision_instability(y, risks, thresholds=[0.2, 0.4]).to_numpy(),
    ):
        np.testing.assert_array_equal(judge(with_failed), judge(done.risks))
    assert 3 not in calibration_instability(y, with_failed).index


def test_risks_are_steadier_in_a_larger_cohort():
    errors = []
    for rows in (60, 600):
        _, done = rebuilt_risks(2, rows)
        errors.append(prediction_instability(done.original, done.risks)["mean_error"].mean())
    assert errors[1] < errors[0] / 2


def test_each_rebuild_is_judged_on_the_original_patients():
    y, done = rebuilt_risks()
    weight = np.random.default_rng(3).uniform(0.5, 2, y.size)
    slopes = calibration_instability(y, done.risks, weight=weight)
    benefits = decision_instability(y, done.risks, thresholds=[0.2, 0.4], weight=weight)
    for turn in (0, 17):
        p = done.risks[turn]
        for name in slopes:
            assert slopes.loc[turn, name] == METRICS[name](y, p, weight)
        assert benefits.loc[turn, 0.4] == net_benefit(y, p, weight, threshold=0.4)


def test_rebuilds_of_a_small_cohort_are_too_sure_of_themselves():
    y, done = rebuilt_risks(4, 60, 60)
    assert calibration_instability(y, done.risks)["calibration_slope"].median() < 1


@settings(max_examples=50)
@given(st.integers(0, 1000), st.floats(0.05, 0.95))
def test_classification_instability_counts_the_crossings(seed, threshold):
    draw = np.random.default_rng(seed)
    original, risks = draw.random(6), draw.random((9, 6))
    found = classification_instability(original, risks, threshold=threshold)
    for patient in range(6):
        acted = original[patient] >= threshold
        crossings = sum((risk >= threshold) != acted for risk in risks[:, patient])
        assert found[patient] == pytest.approx(crossings / 9)


def test_a_risk_at_the_threshold_is_acted_on():
    assert classification_instability([0.5], [[0.6]], threshold=0.5).tolist() == [0]
    assert classification_instability([0.6], [[0.5]], threshold=0.5).tolist() == [0]


@pytest.mark.parametrize("threshold", [0, 1, np.nan])
def test_a_threshold_lies_inside(threshold):
    with pytest.raises(IcansRiskError):
        classification_instability([0.5], [[0.6]], threshold=threshold)


def test_ranks_of_a_case_by_hand():
    rebuilt = [[5, 3, 1, 0], [3, 5, 1, 0], [5, 3, 1, 0], [5, 3, 0, 0]]
    found = rank_stability([9, 8, 7, 0], rebuilt, top=3, level=0.5)
    assert found["rank"].tolist() == [1, 2, 3, 4]
    assert found["low"].tolist() == [1, 1.75, 3, 3.875]
    assert found["high"].tolist() == [1.25, 2, 3.125, 4]
    # In the last rebuild the third feature is unused.
    assert found["top"].tolist() == [1, 1, 0.75, 0]
    assert rank_stability([9, 8, 7, 0], rebuilt, top=4)["top"].tolist() == [1, 1, 0.75, 0]


def test_signed_contributions_are_refused():
    with pytest.raises(IcansRiskError, match="absolute"):
        rank_stability([1, -1], [[1, 1]])


@pytest.mark.parametrize(
    ("original", "risks", "message"),
    [
        ([0.1, 0.2], [[0.1]], r"\(1, 1\) and \(2,\)"),
        ([0.1], [0.1], r"\(1,\) and \(1,\)"),
        ([0.1], [[np.nan]], "1 of 1 failed"),
        ([0.1, 0.2], [[0.1, np.nan]], "1 values are missing"),
    ],
)
def test_what_does_not_fit_is_refused(original, risks, message):
    with pytest.raises(IcansRiskError, match=message):
        prediction_instability(original, risks)

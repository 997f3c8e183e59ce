import numpy as np
import pandas as pd
import pytest

from icans_risk.errors import IcansRiskError
from icans_risk.evaluation import METRICS, metric_interval
from icans_risk.evaluation.calibration_errors import CALIBRATION_ERRORS
from icans_risk.evaluation.subgroups import subgroup_table

TWO = {name: METRICS[name] for name in ("auroc", "calibration_slope")}


def cohort(seed: int = 1, **sizes: int):
    """Patients of the given levels, two rows each, calibrated risks."""
    draw = np.random.default_rng(seed)
    by = np.repeat(list(sizes), list(sizes.values())).repeat(2)
    patient = np.arange(by.size // 2).repeat(2)
    p = draw.uniform(0.05, 0.95, by.size // 2).repeat(2)
    y = (draw.random(by.size // 2) < p[::2]).astype(int).repeat(2)
    return y, p, by, patient


def table(y, p, by, patient, **options):
    settings = {"metrics": TWO, "fewest": 1, "resamples": 40, "seed": 3} | options
    return subgroup_table(y, p, by, groups=patient, **settings)


def test_each_level_has_the_interval_of_its_own_rows():
    y, p, by, patient = cohort(a=60, b=80)
    found = table(y, p, by, patient)
    assert found.index.tolist() == ["a", "b", "all patients"]
    for level, rows in (("a", by == "a"), ("b", by == "b"), ("all patients", by != "")):
        for name in TWO:
            interval = metric_interval(
                name, y[rows], p[rows], groups=patient[rows], resamples=40, seed=3
            )
            line = found.loc[level]
            assert line[name] == interval.estimate
            assert (line[f"{name}_low"], line[f"{name}_high"]) == (interval.low, interval.high)
            assert line[f"{name}_estimable"] == interval.estimable


def test_all_patients_need_not_be_judged_and_are_counted_all_the_same():
    y, p, by, patient = cohort(a=60, b=80)
    whole, levels = table(y, p, by, patient), table(y, p, by, patient, judge_all=False)
    pd.testing.assert_frame_equal(levels.iloc[:-1], whole.iloc[:-1])
    assert levels.loc["all patients", "patients"] == 140
    assert levels.loc["all patients", "status"] == "not estimable"
    one = table(y, p, np.full(len(y), "a"), patient, judge_all=False)
    assert one.loc["a", "status"] == "estimated"


def test_patients_are_counted_and_not_rows():
    y, p, by, patient = cohort(a=60, b=80)
    found = table(y, p, by, patient)
    assert found["patients"].tolist() == [60, 80, 140]
    assert found["events"].tolist() == [y[by == "a"].sum() / 2, y[by == "b"].sum() / 2, y.sum() / 2]


def test_weights_reach_the_metrics_and_not_the_counts():
    y, p, by, patient = cohort(a=60, b=80)
    weight = np.random.default_rng(2).uniform(0.1, 5, y.size)
    found = table(y, p, by, patient, weight=weight)
    rows = by == "b"
    assert found.loc["b", "auroc"] == METRICS["auroc"](y[rows], p[rows], weight[rows])
    assert found["patients"].tolist() == [60, 80, 140]


def test_below_the_floor_a_level_is_not_judged_but_counted():
    y, p, by, patient = cohort(a=60, b=12)
    events = int(y[by == "b"].sum() / 2)
    rarer = min(events, 12 - events)
    judged = table(y, p, by, patient, floor=rarer)
    unjudged = table(y, p, by, patient, floor=rarer + 1)
    assert judged.loc["b", "status"] == "estimated"
    assert unjudged.loc["b", "status"] == "not estimable"
    assert np.isnan(unjudged.loc["b", "auroc"])
    assert unjudged.loc["b", "auroc_estimable"] == 0
    assert unjudged.loc["b", "patients"] == 12
    assert unjudged.loc["a", "status"] == "estimated"


def test_a_small_level_is_hidden_with_the_one_that_would_give_it_away():
    y, p, by, patient = cohort(a=200, b=80, c=3)
    found = table(y, p, by, patient, fewest=5)
    assert found["patients"].isna().tolist() == [False, True, True, False]
    assert found.loc[["b", "c"], "events"].isna().all()
    assert np.isnan(found.loc["c", "auroc"])
    # The level hidden for the other's sake is still judged.
    assert found.loc["b", "status"] == "estimated"
    shown = found["events"].dropna()
    assert found.loc["all patients", "events"] - shown.drop("all patients").sum() > 5


def test_few_events_in_a_large_level_are_hidden_in_a_pair():
    y, p, by, patient = cohort(a=100, b=100, c=100)
    y[by == "c"] = 0
    y[np.flatnonzero(by == "c")[:4]] = 1
    found = table(y, p, by, patient, fewest=5)
    assert found["patients"].tolist() == [100, 100, 100, 300]
    assert found["events"].isna().sum() == 2
    assert pd.isna(found.loc["c", "events"])


def test_a_hidden_level_is_not_judged_however_low_the_floor():
    y, p, by, patient = cohort(a=100, b=80, c=4)
    y[by == "c"] = [0, 0, 1, 1, 0, 0, 1, 1]
    assert table(y, p, by, patient, floor=1).loc["c", "status"] == "estimated"
    assert table(y, p, by, patient, floor=1, fewest=5).loc["c", "status"] == "not estimable"


def test_patients_of_a_hidden_level_cannot_be_added_up_from_its_events():
    # Level b is hidden for its size; others are smaller in events, and in non-events.
    y, p, by, patient = cohort(a=100, b=60, c=3, d=100)
    for level, events in (("a", 10), ("b", 30), ("c", 1), ("d", 90)):
        rows = np.flatnonzero(by == level)
        y[rows] = np.arange(rows.size) < 2 * events
    found = table(y, p, by, patient, fewest=5)
    assert pd.isna(found.loc["b", "patients"])
    assert pd.isna(found.loc["b", "events"])


def test_few_events_in_all_are_hidden_too():
    y, p, by, patient = cohort(a=30, b=30)
    y[:] = 0
    y[:4] = 1
    assert table(y, p, by, patient, fewest=5)["events"].isna().all()


def test_missing_levels_have_a_line_and_categories_keep_their_order():
    y, p, by, patient = cohort(high=40, low=40)
    ordered = pd.Series(pd.Categorical(by, categories=["low", "high", "never"], ordered=True))
    ordered[:20] = None
    found = table(y, p, ordered, patient)
    assert found.index.tolist() == ["low", "high", "missing", "all patients"]
    assert found["patients"].tolist() == [40, 30, 10, 80]


def test_bands_of_a_number_come_in_their_order():
    y, p, _, patient = cohort(a=150)
    age = np.random.default_rng(4).integers(5, 90, 150).repeat(2)
    found = table(y, p, pd.cut(age, [0, 18, 65, 120], right=False), patient)
    assert found.index.tolist() == ["[0, 18)", "[18, 65)", "[65, 120)", "all patients"]
    assert found["patients"].iloc[:-1].sum() == 150


def test_calibration_by_group_is_the_same_table_with_other_metrics():
    y, p, by, patient = cohort(a=90, b=80)
    found = table(y, p, by, patient, metrics={"ici": CALIBRATION_ERRORS["ici"]})
    assert found.loc["a", "ici"] == CALIBRATION_ERRORS["ici"](y[by == "a"], p[by == "a"], None)


def test_columns_of_different_length_are_refused():
    y, p, by, patient = cohort(a=10)
    with pytest.raises(IcansRiskError, match="19 levels and 20 patients for 20 rows"):
        table(y, p, by[:-1], patient)

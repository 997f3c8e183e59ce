import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from icans_risk.errors import IcansRiskError
from icans_risk.evaluation.bootstrap import bootstrap_interval
from icans_risk.evaluation.thresholds import threshold_table

# At 0.3: 3 found, 1 missed, 2 false alarms, 4 rightly left alone.
Y = np.array([1, 1, 1, 1, 0, 0, 0, 0, 0, 0])
P = np.array([0.9, 0.6, 0.3, 0.1, 0.8, 0.4, 0.2, 0.2, 0.1, 0.0])


def table_of(**change):
    arguments = {"thresholds": [0.3], "groups": range(10), "seed": 0, "resamples": 200}
    return threshold_table(Y, P, **arguments | change)


def test_every_measure_is_the_share_that_its_name_says():
    found = table_of().set_index("measure")
    assert found["estimate"].to_dict() == pytest.approx(
        {
            "sensitivity": 3 / 4,
            "specificity": 4 / 6,
            "ppv": 3 / 5,
            "npv": 4 / 5,
            "alarms_per_100": 50,
            "missed_events_per_100": 10,
        }
    )
    assert found.loc["ppv", ["count", "of"]].tolist() == [3, 5]


def test_independent_patients_get_wilson_intervals():
    found = table_of().set_index("measure")
    assert set(found["method"]) == {"Wilson"}
    low, high = proportion_confint(3, 4, alpha=0.05, method="wilson")
    assert tuple(found.loc["sensitivity", ["low", "high"]]) == pytest.approx((low, high))
    low, high = proportion_confint(5, 10, alpha=0.05, method="wilson")
    alarms = tuple(found.loc["alarms_per_100", ["low", "high"]])
    assert alarms == pytest.approx((100 * low, 100 * high))


def test_wilson_is_that_of_a_published_example():
    # Newcombe RG, Stat Med 1998;17:857-872, table I, method 3: 81 of 263.
    y, p = np.ones(263, dtype=int), np.r_[np.full(81, 0.9), np.full(182, 0.1)]
    found = threshold_table(y, p, thresholds=[0.5], groups=range(263), seed=0, resamples=2)
    sensitivity = found.set_index("measure").loc["sensitivity"]
    assert sensitivity["low"] == pytest.approx(0.2553, abs=5e-5)
    assert sensitivity["high"] == pytest.approx(0.3662, abs=5e-5)


@pytest.mark.parametrize(
    "change", [{"groups": [0, 0, 1, 2, 3, 4, 5, 6, 7, 8]}, {"weight": [2] + [1] * 9}]
)
def test_patients_that_count_more_than_once_get_bootstrap_intervals(change):
    found = table_of(**change).set_index("measure")
    assert set(found["method"]) == {"bootstrap"}

    def ppv(y, p, w):
        alarm = p >= 0.3
        return float(w[alarm] @ y[alarm] / w[alarm].sum()) if alarm.any() else np.nan

    arguments = {"groups": range(10)} | change
    drawn = bootstrap_interval(ppv, Y, P, resamples=200, seed=0, **arguments)
    row = found.loc["ppv"]
    assert (row["estimate"], row["low"], row["high"]) == pytest.approx(
        (drawn.estimate, drawn.low, drawn.high)
    )
    assert row["estimable"] == drawn.estimable


def test_weights_count_as_copies():
    copies = np.array([2, 1, 0, 3, 1, 1, 2, 1, 1, 1])
    y, p, groups = (np.repeat(column, copies) for column in (Y, P, np.arange(10)))
    copied = threshold_table(y, p, thresholds=[0.3], groups=groups, seed=0, resamples=50)
    weighted = table_of(weight=copies)
    assert weighted["estimate"].tolist() == pytest.approx(copied["estimate"].tolist())


def test_thresholds_come_in_their_order_and_a_share_of_no_one_is_nan():
    found = table_of(thresholds=[0.05, 0.95])
    assert found["threshold"].tolist() == [0.05] * 6 + [0.95] * 6
    ppv = found[(found["measure"] == "ppv") & (found["threshold"] == 0.95)].iloc[0]
    assert np.isnan([ppv["estimate"], ppv["low"], ppv["high"]]).all()
    assert (ppv["count"], ppv["of"]) == (0, 0)


def test_one_outcome_only_leaves_what_can_be_estimated():
    found = threshold_table(
        [0, 0], [0.1, 0.9], thresholds=[0.5], groups=[1, 2], seed=0, resamples=2
    ).set_index("measure")["estimate"]
    assert np.isnan(found["sensitivity"])
    assert (found["specificity"], found["alarms_per_100"]) == (0.5, 50)


def test_no_threshold_is_built_in():
    with pytest.raises(TypeError, match="thresholds"):
        threshold_table(Y, P, groups=range(10), seed=0)
    with pytest.raises(IcansRiskError, match="strictly between 0 and 1"):
        table_of(thresholds=[30])

import io

import numpy as np
import pandas as pd
import pytest

from icans_risk.errors import NotEstimableError
from icans_risk.report import Rate
from icans_risk.report.plots import (
    calibration_figure,
    comparison_figure,
    contribution_figure,
    risk_distribution_figure,
)

RATE = Rate(n=40, events=9)
ROWS = [("This <$model$>", 0.71, 0.58, 0.83), ("Product", float("nan"), float("nan"), float("nan"))]


def predictions(n=40):
    risk = np.linspace(0.02, 0.9, n)
    return pd.DataFrame({"risk": risk, "event": (np.arange(n) % 4 == 3).astype("float64")})


def figures(data_kind):
    moved = pd.DataFrame(
        {"analyte": ["plasma.crp", "plasma.ldh"] * 3, "contribution_logit": [1, -2, -1, 3, 1, 1.0]}
    )
    names = {"plasma.crp": "CRP"}
    return {
        "calibration": calibration_figure(predictions(), data_kind=data_kind),
        "distribution": risk_distribution_figure(predictions(), data_kind=data_kind),
        "comparison": comparison_figure(ROWS, rate=RATE, data_kind=data_kind),
        "contribution": contribution_figure(moved, names, rate=RATE, data_kind=data_kind),
    }


@pytest.mark.parametrize("data_kind", ["real", "synthetic"])
def test_every_caption_says_n_events_and_whether_the_data_are_synthetic(data_kind):
    for figure in figures(data_kind).values():
        caption = figure.get_supxlabel()
        assert caption.startswith("n = 40 patients, ")
        assert ("Synthetic" in caption) == (data_kind == "synthetic")
        figure.savefig(io.BytesIO(), format="png")


def test_figures_leave_no_trace_in_the_global_state():
    figures("real")
    import matplotlib.pyplot as plt

    assert plt.get_fignums() == []


def test_patients_without_risk_or_outcome_are_not_counted():
    frame = predictions(10)
    frame.loc[0, "risk"] = np.nan
    frame.loc[3, "event"] = np.nan
    assert (
        "n = 8 patients, 1 events"
        in risk_distribution_figure(frame, data_kind="real").get_supxlabel()
    )


def test_nobody_answered_is_said_and_not_drawn():
    with pytest.raises(NotEstimableError, match="none of 4"):
        calibration_figure(predictions(4).assign(risk=np.nan), data_kind="real")


@pytest.mark.parametrize("n", [1, 2, 7])
def test_calibration_draws_for_very_few_patients(n):
    calibration_figure(predictions(n), data_kind="real").savefig(io.BytesIO(), format="png")


def test_calibration_takes_weights_and_a_smooth_curve():
    curve = pd.DataFrame({"predicted": [0.1, 0.9], "observed": [0.2, 0.7], "low": 0.1, "high": 0.8})
    weighted = predictions().assign(weight=[0.0] * 8 + [2.0] * 32)
    figure = calibration_figure(weighted, curve, data_kind="real")
    labels = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert labels == ["perfect", "smooth", "groups (90 %)"]


def test_groups_hold_their_mean_risk_and_the_share_observed():
    frame = pd.DataFrame({"risk": [0.1, 0.3, 0.6, 0.8], "event": [0.0, 1.0, 1.0, 1.0]})
    figure = calibration_figure(frame, data_kind="real", groups=2)
    points = figure.axes[0].containers[0].lines[0].get_xydata()
    np.testing.assert_allclose(points, [[0.2, 0.5], [0.7, 1.0]])


def test_the_comparison_says_what_is_not_estimable_and_shows_a_label_as_it_is():
    axes = comparison_figure(ROWS, rate=RATE, data_kind="real").axes[0]
    assert [text.get_text() for text in axes.texts] == ["not estimable"]
    assert axes.get_yticklabels()[0].get_text() == "This <$model$>"


def test_contributions_are_averaged_without_their_sign_and_the_largest_is_first():
    axes = figures("real")["contribution"].axes[0]
    assert [bar.get_width() for bar in axes.patches] == [2.0, 1.0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["plasma.ldh", "CRP"]

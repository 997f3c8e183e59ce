import io

import numpy as np
import pandas as pd
import pytest

from icans_risk.report import Rate
from icans_risk.report.study_plots import (
    assessment_figures,
    calibration_band_figure,
    decision_curve_figure,
    instability_figure,
    stability_figures,
)
from report.study_example import NAN, assessment, stability

RATE = Rate(n=120, events=30)


@pytest.mark.parametrize("data_kind", ["real", "synthetic"])
def test_every_caption_says_n_events_and_whether_the_data_are_synthetic(data_kind):
    figures = assessment_figures(assessment(), data_kind=data_kind)
    figures |= stability_figures(stability(), rate=RATE, data_kind=data_kind)
    assert len(figures) == 5
    for name, figure in figures.items():
        assert name.endswith(".png")
        caption = figure.get_supxlabel()
        assert caption.startswith("n = 120 patients, 30 events")
        assert ("Synthetic" in caption) == (data_kind == "synthetic")
        figure.savefig(io.BytesIO(), format="png")


def test_figures_leave_no_trace_in_the_global_state():
    assessment_figures(assessment(), data_kind="real")
    import matplotlib.pyplot as plt

    assert plt.get_fignums() == []


def test_the_decision_curve_shows_all_none_the_best_simple_score_and_the_model():
    axes = decision_curve_figure(assessment(), data_kind="real").axes[0]
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["treat everyone", "treat no one", "m-EASIX", "Boosted trees"]
    model = axes.lines[-1].get_xydata()
    np.testing.assert_allclose(model, [[0.1, 0.15], [0.2, 0.1], [0.3, 0.06]])


def test_without_a_simple_score_there_is_one_line_less():
    axes = decision_curve_figure(assessment(simple=None), data_kind="real").axes[0]
    assert len(axes.lines) == 3


@pytest.mark.parametrize(("declared", "words"), [(True, "declared"), (False, "not declared")])
def test_the_title_says_whether_the_range_was_declared(declared, words):
    figure = decision_curve_figure(assessment(range_declared=declared), data_kind="real")
    assert figure.get_suptitle().startswith(f"Decision curve (range {words}")


def test_calibration_names_its_curve_and_leaves_hidden_bars_out():
    figure = calibration_band_figure(assessment(), data_kind="real")
    above, below = figure.axes
    assert [t.get_text() for t in above.get_legend().get_texts()] == ["perfect", "spline"]
    assert [bar.get_height() for bar in below.patches][6:] == [40, 20, 15, 9, 0, 0]


def test_without_a_curve_only_the_diagonal_is_drawn():
    curve = assessment().calibration.assign(method="not estimable", observed=NAN)
    above, _ = calibration_band_figure(assessment(calibration=curve), data_kind="real").axes
    assert len(above.lines) == 1


def test_every_patient_has_the_range_of_their_rebuilt_risks():
    figure = instability_figure(stability(), rate=RATE, data_kind="real")
    assert figure.get_suptitle() == "Instability of risks over 197 rebuilds"
    (segments,) = [c.get_segments() for c in figure.axes[0].collections]
    assert len(segments) == 12
    np.testing.assert_allclose(segments[0], [[0.05, 0.025], [0.05, 0.075]])


def test_a_label_is_shown_as_it_is():
    models = {"model": "_$x$", "score": "a < b"}
    decision = assessment().decision
    shown = assessment(models=models, decision=decision[decision["model"] != "prevalence"])
    figure = decision_curve_figure(shown, data_kind="real")
    assert len(figure.axes[0].get_legend().get_texts()) == 4
    figure.savefig(io.BytesIO(), format="png")


def test_no_rebuild_with_a_curve_is_an_empty_picture():
    none = stability(curves=pd.DataFrame(), decisions=pd.DataFrame())
    figures = stability_figures(none, rate=RATE, data_kind="real")
    assert figures["calibration_instability.png"].get_suptitle() == "Calibration of 0 rebuilds"

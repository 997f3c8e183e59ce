"""The difference of two decision curves says whom it rests on."""

import math

import numpy as np
import pytest

from icans_risk.report import Rate
from icans_risk.report.comparison_plot import net_benefit_figure

POINTS = [(0.1, 0.01, -0.01, 0.03), (0.2, 0.02, 0.0, 0.04), (0.3, math.nan, math.nan, math.nan)]


@pytest.mark.parametrize(("kind", "says"), [("synthetic", True), ("real", False)])
def test_the_figure_says_how_many_and_whether_they_are_synthetic(kind, says):
    figure = net_benefit_figure(POINTS, rate=Rate(n=79, events=11), data_kind=kind)
    caption = figure.get_supxlabel()
    assert caption.startswith("n = 79 patients, 11 events")
    assert ("Synthetic data" in caption) is says
    assert figure.get_suptitle() == "Net benefit, new minus old"


def test_the_line_is_in_true_positives_per_hundred_patients():
    (axes,) = net_benefit_figure(POINTS, rate=Rate(n=79, events=11), data_kind="real").axes
    curve, zero = axes.lines
    np.testing.assert_allclose(curve.get_xydata(), [[0.1, 1.0], [0.2, 2.0], [0.3, math.nan]])
    assert set(zero.get_ydata()) == {0}
    assert axes.get_ylabel() == "Net true positives per 100 patients"

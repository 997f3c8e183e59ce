"""Forest plots: what is drawn where."""

import numpy as np
import pandas as pd
import pytest

from icans_risk.errors import NotEstimableError
from icans_risk.report.forest_plot import forest_figure

ROWS = pd.DataFrame(
    {
        "label": ["By vein", "one", "none", "together"],
        "kind": ["heading", "study", "study", "summary"],
        "value": [np.nan, 0.5, 0.0, 0.7],
        "low": [np.nan, 0.2, 0.0, 0.5],
        "high": [np.nan, 1.2, 3.0, 0.9],
    }
)


def drawn(rows: pd.DataFrame = ROWS, **options):
    return forest_figure(rows, title="t", axis="ratio", caption="c", **options)


def test_rows_run_from_top_to_bottom_with_their_numbers() -> None:
    axes = drawn(reference=1.0).axes[0]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == list(ROWS["label"])
    assert axes.yaxis_inverted()
    assert [text.get_text() for text in axes.texts] == [
        "0.50 (0.20 to 1.20)", "0.00 (0.00 to 3.00)", "0.70 (0.50 to 0.90)",
    ]  # fmt: skip


def test_a_logarithmic_axis_draws_zero_at_its_border() -> None:
    axes = drawn().axes[0]
    marks = [line for line in axes.lines if line.get_marker() == "s"]
    assert [mark.get_xdata()[0] for mark in marks] == [0.5, axes.get_xlim()[0]]


def test_a_summary_is_a_diamond() -> None:
    (diamond,) = [patch for patch in drawn().axes[0].patches if len(patch.get_xy()) == 5
                  and patch.get_facecolor()[3] == 1]  # fmt: skip
    assert diamond.get_xy()[:, 0].min() == 0.5
    assert diamond.get_xy()[:, 0].max() == 0.9


def test_proportions_stand_on_a_plain_axis() -> None:
    axes = drawn(axis_scale="linear").axes[0]
    assert axes.get_xscale() == "linear"
    assert axes.get_xlim()[0] == 0.0


def test_nothing_to_draw_is_an_error() -> None:
    with pytest.raises(NotEstimableError, match="got none"):
        drawn(ROWS.head(1))

"""Figures of what the model reads are drawn from the values that they are handed."""

import warnings
from io import BytesIO
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from icans_risk.errors import NotEstimableError
from icans_risk.explanation import shap_explanation
from icans_risk.report import Rate
from icans_risk.report.reads_plots import modality_window_figure, reads_figures

RATE = Rate(n=40, events=9)
NAMES = ["Ferritin, max, early", "Age, years", "Product, axi-cel", "$il6$"]


def explanation(rows: int = 40) -> Any:
    generator = np.random.default_rng(4)
    columns = ["plasma.ferritin.max.early", "static.age_years", "static.product.axi-cel",
               "plasma.il6.max.early"]  # fmt: skip
    values = generator.normal(size=(rows, 4)) * [0.5, 0.1, 0.2, 0.02]
    parts = pd.DataFrame(values, columns=columns).assign(base=-1.5)
    data = pd.DataFrame(
        np.column_stack(
            [
                10 ** generator.uniform(1, 4, rows),
                generator.normal(60, 5, rows),
                np.arange(rows) % 2,
                np.where(np.arange(rows) < 10, np.nan, 1.0 + np.arange(rows)),
            ]
        ),
        columns=columns,
    )
    return shap_explanation(parts, data, names=NAMES)


@pytest.fixture(scope="module")
def drawn() -> dict[str, Figure]:
    return reads_figures(explanation(), rate=RATE, data_kind="synthetic")


def test_there_are_three_and_each_says_whom_it_is_of(drawn: dict[str, Figure]) -> None:
    assert list(drawn) == ["beeswarm.png", "importance.png", "dependence.png"]
    for figure in drawn.values():
        assert figure.get_supxlabel() == "n = 40 patients, 9 events. Synthetic data."
        assert "not causes" in figure.get_suptitle()


def test_bars_are_the_mean_sizes_of_the_values(drawn: dict[str, Figure]) -> None:
    axes = drawn["importance.png"].axes[0]
    sizes = np.sort(np.abs(explanation().values).mean(axis=0))[::-1]
    assert [text.get_text() for text in axes.texts] == [f"{size:.3f}" for size in sizes]


def test_points_of_the_swarm_are_the_values(drawn: dict[str, Figure]) -> None:
    axes = drawn["beeswarm.png"].axes[0]
    shown = np.concatenate([np.asarray(c.get_offsets())[:, 0] for c in axes.collections])
    expected = explanation().values.ravel()
    np.testing.assert_allclose(np.sort(shown[np.isfinite(shown)]), np.sort(expected), atol=1e-9)


def test_decades_are_drawn_in_logarithms_and_flags_as_yes_and_no(drawn: dict[str, Figure]) -> None:
    panels = {axes.get_xlabel(): axes for axes in drawn["dependence.png"].axes}
    assert "Ferritin, max, early (log\N{SUBSCRIPT ONE}\N{SUBSCRIPT ZERO})" in panels
    flag = panels["Product, axi-cel"]
    assert [text.get_text() for text in flag.get_xticklabels()] == ["no", "yes"]


def test_a_dollar_sign_is_a_dollar_sign(drawn: dict[str, Figure]) -> None:
    for figure in drawn.values():
        figure.savefig(BytesIO())
    labels = [text.get_text() for text in drawn["beeswarm.png"].axes[0].get_yticklabels()]
    assert r"\$il6\$" in labels


def test_no_figure_is_left_open_and_the_same_values_give_the_same_bytes() -> None:
    before = plt.get_fignums()
    files = []
    for _ in range(2):
        file = BytesIO()
        # Whoever drew random numbers before must not matter.
        np.random.seed(len(files))  # noqa: NPY002
        figures = reads_figures(explanation(), rate=RATE, data_kind="real")
        figures["beeswarm.png"].savefig(file)
        files.append(file.getvalue())
    assert plt.get_fignums() == before
    assert files[0] == files[1]


def test_nothing_to_draw_is_refused() -> None:
    with pytest.raises(NotEstimableError, match=r"need rows and columns, got \(0, 4\)"):
        reads_figures(explanation(rows=0), rate=RATE, data_kind="real")


def test_each_cell_has_its_number_and_a_cell_without_columns_is_empty() -> None:
    table = pd.DataFrame(
        [("plasma", "baseline", 0.12), ("plasma", "early", 0.4), ("clinical", "early", 0.2)],
        columns=["modality", "window", "mean_abs"],
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = modality_window_figure(
            table, {"plasma": "Blood"}, rate=RATE, data_kind="synthetic"
        )
    axes = figure.axes[0]
    assert [text.get_text() for text in axes.texts] == ["0.12", "0.40", "", "0.20"]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["Blood", "clinical"]

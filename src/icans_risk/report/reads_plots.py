"""Figures of what the model reads, for the study's records: shap's plots of our own values.

Nothing is explained anew here: the plots are handed the held-out contributions to the calibrated
risk, which add up to it.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from icans_risk.errors import NotEstimableError
from icans_risk.report.context import DataKind, Rate
from icans_risk.report.plots import ACCENT, INK, PALE, finish_figure, new_figure
from icans_risk.report.wording import clean

__all__ = ["modality_window_figure", "reads_figures"]

_MOST, _PANELS, _ACROSS = 15, 6, 3
# Values that span more are drawn in logarithms.
_DECADES = 30.0
_LOGIT = "Contribution (logit)"
_CAUSES = "not causes"
_BLUES = LinearSegmentedColormap.from_list("blues", ["#f4f7fa", PALE, "#5b86b5", ACCENT])


def reads_figures(explanation: Any, *, rate: Rate, data_kind: DataKind) -> dict[str, Figure]:
    """Draw shap's plots of held-out contributions by the names of their files.

    Parameters
    ----------
    explanation : shap.Explanation
        One row per patient and one column per feature.
    rate : Rate
        Patients and events behind it.
    data_kind : {"real", "synthetic"}
        For the captions.

    Returns
    -------
    dict of str to Figure
        ``beeswarm.png``, ``importance.png`` and ``dependence.png``.

    Raises
    ------
    NotEstimableError
        If there is nobody or nothing to draw.
    """
    if 0 in explanation.shape:
        raise NotEstimableError(
            f"Plots of contributions need rows and columns, got {explanation.shape}. Explain the "
            "model on patients first."
        )
    named = _cleaned(explanation)
    draw = {
        "beeswarm.png": _beeswarm,
        "importance.png": _importance,
        "dependence.png": _dependence,
    }
    return {name: figure(named, rate, data_kind) for name, figure in draw.items()}


def _cleaned(explanation: Any) -> Any:
    """Return a copy whose names disturb no line and are no formulas."""
    import shap

    return shap.Explanation(
        values=explanation.values,
        base_values=explanation.base_values,
        data=explanation.data,
        feature_names=[clean(n).replace("$", r"\$") for n in explanation.feature_names],
    )


def _beeswarm(explanation: Any, rate: Rate, data_kind: DataKind) -> Figure:
    import shap

    drawn = min(_MOST, explanation.shape[1])
    figure = new_figure(8.6, 1.9 + 0.36 * drawn)
    axes = figure.subplots()
    with _same_draws():
        shap.plots.beeswarm(
            explanation,
            max_display=drawn,
            ax=axes,
            show=False,
            plot_size=None,
            s=9,
            color_bar_label="Value of the input",
            group_remaining_features=False,
        )
    axes.set_xlabel(_LOGIT, fontsize=10)
    axes.tick_params("both", labelsize=9)
    axes.tick_params("y", length=0)
    for extra in figure.axes[1:]:
        extra.tick_params(labelsize=8)
        extra.yaxis.label.set_fontsize(9)
    title = f"What moved each patient's risk, {_CAUSES}"
    finish_figure(figure, title, rate=rate, data_kind=data_kind)
    return figure


def _importance(explanation: Any, rate: Rate, data_kind: DataKind) -> Figure:
    import shap

    drawn = min(_MOST, explanation.shape[1])
    figure = new_figure(8.0, 1.6 + 0.32 * drawn)
    axes = figure.subplots()
    # Only as many columns as are drawn: the last bar would be the sum of all others.
    largest = np.argsort(-np.abs(explanation.values).mean(axis=0), kind="stable")[:drawn]
    with _no_stray_figures():
        shap.plots.bar(explanation[:, largest.tolist()], max_display=drawn, ax=axes, show=False)
    for bar in axes.patches:
        bar.set_color(ACCENT)
    # shap's own numbers drop a last zero.
    sizes = np.abs(explanation.values).mean(axis=0)[largest]
    for text, size in zip(axes.texts, sizes, strict=True):
        text.set(color=INK, fontsize=8, text=f"{size:.3f}")
    axes.set_xlabel("Mean absolute contribution (logit)", fontsize=10)
    axes.tick_params("both", labelsize=9)
    finish_figure(figure, f"What moved the model, {_CAUSES}", rate=rate, data_kind=data_kind)
    return figure


def _dependence(explanation: Any, rate: Rate, data_kind: DataKind) -> Figure:
    import shap

    size = np.abs(explanation.values).mean(axis=0)
    known = np.isfinite(explanation.data).any(axis=0)
    largest = [int(i) for i in np.argsort(-size, kind="stable") if known[i]][:_PANELS]
    down = -(-max(len(largest), 1) // _ACROSS)
    figure = new_figure(9.6, 0.9 + 2.6 * down)
    panels = figure.subplots(down, _ACROSS, sharey=True, squeeze=False)
    with _no_stray_figures():
        for place, axes in enumerate(panels.ravel()):
            if place >= len(largest):
                axes.set_axis_off()
                continue
            column, name = _evenly_spread(explanation, largest[place])
            shap.plots.scatter(
                column,
                color=ACCENT,
                alpha=0.5,
                dot_size=12,
                hist=False,
                # The default draws from a global generator.
                x_jitter=0,
                ax=axes,
                show=False,
            )
            axes.axhline(0, color=INK, linewidth=0.8, linestyle=":")
            if set(np.unique(column.data[np.isfinite(column.data)])) <= {0.0, 1.0}:
                axes.set(xlim=(-0.5, 1.5), xticks=(0, 1), xticklabels=("no", "yes"))
            axes.set_xlabel(name, fontsize=9)
            axes.set_ylabel(_LOGIT if place % _ACROSS == 0 else "", fontsize=9)
            axes.tick_params(labelsize=8)
    title = f"How contributions go with values, {_CAUSES} (ticks at the left: not measured)"
    finish_figure(figure, title, rate=rate, data_kind=data_kind)
    return figure


def _evenly_spread(explanation: Any, place: int) -> tuple[Any, str]:
    """Take one column, in logarithms where its values span several powers of ten."""
    column, name = explanation[:, place], explanation.feature_names[place]
    values = np.asarray(column.data, dtype=np.float64)
    low, high = np.nanquantile(values, [0.02, 0.98])
    if np.nanmin(values) > 0 and high / low > _DECADES:
        column.data = np.log10(values)
        name = f"{name} (log\N{SUBSCRIPT ONE}\N{SUBSCRIPT ZERO})"
    return column, name


def modality_window_figure(
    table: pd.DataFrame, words: Mapping[str, str], *, rate: Rate, data_kind: DataKind
) -> Figure:
    """Draw when which modality moves the risk.

    Parameters
    ----------
    table : DataFrame of (modality, window, mean_abs)
        A line for each that has columns.
    words : mapping of str to str
        What readers call a modality or a window.
    rate : Rate
        Patients and events behind it.
    data_kind : {"real", "synthetic"}
        For the caption.

    Returns
    -------
    Figure
        A cell for each modality and window, with its number; empty where there is no column.
    """
    cells = table.pivot(index="modality", columns="window", values="mean_abs")
    cells = cells.reindex(index=table["modality"].unique(), columns=table["window"].unique())
    figure = new_figure(2.9 + 1.25 * cells.shape[1], 1.7 + 0.5 * cells.shape[0])
    axes = figure.subplots()
    top = float(np.nanmax(cells.to_numpy())) or 1.0
    axes.imshow(
        np.ma.masked_invalid(cells.to_numpy()), cmap=_BLUES, vmin=0, vmax=top, aspect="auto"
    )
    for (down, across), value in np.ndenumerate(cells.to_numpy()):
        colour = "white" if value > 0.6 * top else INK
        number = f"{value:.2f}" if np.isfinite(value) else ""
        axes.text(across, down, number, ha="center", va="center", color=colour)
    axes.set_xticks(range(cells.shape[1]), labels=_words(cells.columns, words), fontsize=9)
    axes.set_yticks(range(cells.shape[0]), labels=_words(cells.index, words), fontsize=10)
    axes.set_xticks(np.arange(0.5, cells.shape[1] - 1), minor=True)
    axes.set_yticks(np.arange(0.5, cells.shape[0] - 1), minor=True)
    axes.grid(which="minor", color="white", linewidth=2)
    axes.tick_params(which="both", length=0)
    axes.set_xlabel("Window; the number is the mean absolute contribution (logit)", fontsize=9)
    finish_figure(figure, "When which modality speaks", rate=rate, data_kind=data_kind)
    axes.spines[:].set_visible(False)
    return figure


def _words(names: Iterable[Any], words: Mapping[str, str]) -> list[str]:
    return [clean(words.get(str(name), str(name).replace("_", " "))) for name in names]


@contextmanager
def _same_draws() -> Iterator[None]:
    """Seed the global generator, from which shap draws who lies on whom, and put it back."""
    before = np.random.get_state()  # noqa: NPY002
    np.random.seed(0)  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(before)  # noqa: NPY002


@contextmanager
def _no_stray_figures() -> Iterator[None]:
    """Close what a plot that was given its axes opens all the same."""
    from matplotlib import pyplot as plt

    before = set(plt.get_fignums())
    with plt.ioff():
        try:
            yield
        finally:
            for number in set(plt.get_fignums()) - before:
                plt.close(number)

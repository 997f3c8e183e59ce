"""Forest plots: studies one above the other, and what they come to together."""

from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from icans_risk.errors import NotEstimableError
from icans_risk.report.plots import ACCENT, INK, PALE, new_figure
from icans_risk.report.wording import clean

__all__ = ["forest_figure"]

ROW_INCHES = 0.27
# A logarithmic axis has no zero: an estimate or end of 0 is drawn at its left border.
TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)


def forest_figure(
    rows: pd.DataFrame,
    *,
    title: str,
    axis: str,
    caption: str,
    axis_scale: Literal["log", "linear"] = "log",
    reference: float | None = None,
) -> Figure:
    """Draw one line for each study or reading, with the numbers at the right.

    Parameters
    ----------
    rows : DataFrame of (label, value, low, high)
        From top to bottom. With a column ``kind``, rows of kind ``summary`` are drawn as
        diamonds and rows of kind ``heading`` have only their label.
    title, axis, caption : str
        Above, below, and at the foot.
    axis_scale : {"log", "linear"}, optional
        Ratios and rates on a logarithm, proportions as they are.
    reference : float, optional
        Where a dashed line stands, such as a ratio of 1.

    Returns
    -------
    Figure
        With its own canvas.

    Raises
    ------
    NotEstimableError
        If no row has a value.
    """
    if not rows["value"].notna().any():
        raise NotEstimableError(
            "A forest plot needs a study with a value, got none. Choose others."
        )
    kinds = rows["kind"] if "kind" in rows else pd.Series("study", index=rows.index)
    figure = new_figure(8.4, ROW_INCHES * len(rows) + 1.5)
    axes = figure.subplots()
    left, right = _ends(rows, axis_scale)
    axes.set_xlim(left, right)
    if axis_scale == "log":
        axes.set_xscale("log")
        ticks = [tick for tick in TICKS if left <= tick <= right]
        axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.xaxis.set_minor_formatter(NullFormatter())
    for place, (kind, row) in enumerate(zip(kinds, rows.to_dict("records"), strict=True)):
        _draw(axes, place, kind=str(kind), row={str(k): value for k, value in row.items()})
    if reference is not None:
        axes.axvline(reference, color=INK, linewidth=0.8, linestyle="--", zorder=0)
    axes.set_yticks(range(len(rows)), [clean(str(label)) for label in rows["label"]], fontsize=8.5)
    for tick, kind in zip(axes.get_yticklabels(), kinds, strict=True):
        tick.set_fontweight("bold" if kind in {"heading", "summary"} else "normal")
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.set_xlabel(axis, fontsize=9)
    figure.suptitle(title, x=0.01, ha="left", fontsize=11.5, fontweight="bold")
    figure.supxlabel(caption, x=0.01, ha="left", fontsize=7.5)
    return figure


def _ends(rows: pd.DataFrame, axis_scale: str) -> tuple[float, float]:
    values = rows[["value", "low", "high"]].to_numpy(dtype=np.float64)
    values = values[np.isfinite(values)]
    if axis_scale == "linear":
        margin = 0.04 * max(float(np.ptp(values)), 0.1)
        return max(0.0, float(values.min()) - margin), float(values.max()) + margin
    positive = values[values > 0]
    return max(0.01, 0.8 * float(positive.min())), 1.25 * float(positive.max())


def _draw(axes: Axes, place: int, *, kind: str, row: dict[str, object]) -> None:
    value, low, high = (float(row[name]) for name in ("value", "low", "high"))  # type: ignore[arg-type]
    if kind == "heading" or not np.isfinite(value):
        return
    left = axes.get_xlim()[0]
    drawn, start = max(value, left), max(low, left)
    if kind == "summary":
        across, up = [start, drawn, high, drawn], [place, place - 0.3, place, place + 0.3]
        axes.fill(across, up, facecolor=ACCENT, edgecolor=ACCENT)
    else:
        axes.plot([start, high], [place, place], color=INK, linewidth=1.1)
        axes.plot(drawn, place, marker="s", markersize=5, color=ACCENT)
    axes.axhspan(place - 0.5, place + 0.5, color=PALE, alpha=0.25 if place % 2 else 0, linewidth=0)
    text = f"{value:.2f} ({low:.2f} to {high:.2f})"
    axes.annotate(
        text, xy=(1.01, place), xycoords=("axes fraction", "data"), va="center", fontsize=8.5
    )

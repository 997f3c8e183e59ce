"""What the new of two models is worth more, or less, at each threshold."""

from collections.abc import Sequence

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from icans_risk.report.context import DataKind, Rate
from icans_risk.report.plots import ACCENT, INK, PALE

__all__ = ["net_benefit_figure"]


def net_benefit_figure(
    points: Sequence[tuple[float, float, float, float]], *, rate: Rate, data_kind: DataKind
) -> Figure:
    """Draw the net benefit of a new model minus that of an old one, with its band.

    Parameters
    ----------
    points : sequence of (threshold, difference, low, high)
        In net true positives per patient; NaN leaves a gap.
    rate : Rate
        Patients and events that both models were compared on.
    data_kind : {"real", "synthetic"}
        For the caption.

    Returns
    -------
    Figure
        One panel with a line at 0, where both are worth the same.
    """
    at, difference, low, high = (np.array(column) for column in zip(*points, strict=True))
    figure = Figure(figsize=(6.4, 4.0), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.fill_between(at, 100 * low, 100 * high, color=PALE, linewidth=0)
    axes.plot(at, 100 * difference, color=ACCENT)
    axes.axhline(0, color=INK, linewidth=1, linestyle=":")
    axes.set(
        xlim=(at[0], at[-1]),
        xlabel="Threshold",
        ylabel="Net true positives per 100 patients",
    )
    axes.spines[["top", "right"]].set_visible(False)
    figure.suptitle("Net benefit, new minus old", x=0.02, ha="left", fontsize=12, fontweight="bold")
    kind = ". Synthetic data" if data_kind == "synthetic" else ""
    figure.supxlabel(
        f"n = {rate.n} patients, {rate.events} events{kind}. Band: 95 % at each threshold by "
        "itself, over patients.",
        x=0.02, ha="left", fontsize=8,
    )  # fmt: skip
    return figure

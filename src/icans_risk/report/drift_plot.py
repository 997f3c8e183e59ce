"""How far the columns of new data have moved, the farthest first: a picture and no test."""

from collections.abc import Sequence

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from icans_risk.report.context import DataKind
from icans_risk.report.plots import ACCENT, INK

__all__ = ["drift_figure"]

_MOST = 30


def drift_figure(
    columns: Sequence[tuple[str, float, float]], *, patients: int, data_kind: DataKind
) -> Figure:
    """Draw the shift of each column's median and the change of its missing share.

    Parameters
    ----------
    columns : sequence of (name, shift, missing)
        Shift in interquartile ranges of the training data, and the missing share now minus
        then; in the order in which they are drawn, at most 30 of them.
    patients : int
        How many the new data are of.
    data_kind : {"real", "synthetic"}
        For the caption.

    Returns
    -------
    Figure
        Two panels that share their rows.
    """
    drawn = [row for row in columns if np.isfinite(row[1])][:_MOST]
    names = [name for name, _, _ in drawn]
    place = np.arange(len(drawn))[::-1]
    figure = Figure(figsize=(8.0, 1.6 + 0.24 * len(drawn)), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=(2, 1))
    left.plot([shift for _, shift, _ in drawn], place, "o", color=ACCENT)
    right.plot([100 * missing for _, _, missing in drawn], place, "o", color=ACCENT)
    left.set_yticks(place, names, fontsize=8)
    left.set_xlabel("Shift of the median (IQRs)")
    right.set_xlabel("Missing, points more")
    for axes in (left, right):
        axes.axvline(0, color=INK, linewidth=1, linestyle=":")
        axes.spines[["top", "right"]].set_visible(False)
    figure.suptitle(
        "Inputs, now against training", x=0.02, ha="left", fontsize=12, fontweight="bold"
    )
    kind = " Synthetic data." if data_kind == "synthetic" else ""
    figure.supxlabel(
        f"{patients} patients, farthest first.{kind} A picture and no test.",
        x=0.02, ha="left", fontsize=8,
    )  # fmt: skip
    return figure

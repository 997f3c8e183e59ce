"""One page of figures: what was published, and what the generator makes."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from icans_risk.errors import NotEstimableError
from icans_risk.report.plots import ACCENT, INK, PALE
from icans_risk.report.wording import clean

__all__ = ["evidence_figure"]

COLUMNS = 3
ROW_INCHES, COLUMN_INCHES = 0.155, 6.2
# Beyond this many tolerances a mark stands at the border: it is a miss, however far.
FARTHEST = 2.6


def evidence_figure(table: pd.DataFrame, *, patients: int) -> Figure:
    """Draw each checked figure with its published interval, and the simulated value beside it.

    Every row has its own unit, so each is drawn in units of its tolerance: the published
    value at zero, the borders of what passes at -1 and 1. The numbers themselves stand at
    the right.

    Parameters
    ----------
    table : DataFrame
        Comparisons as ``evidence.comparison_table`` lays them out.
    patients : int
        How many synthetic patients were simulated, for the caption.

    Returns
    -------
    Figure
        One page; a filled dot passes, a cross misses, a line is the published interval.

    Raises
    ------
    NotEstimableError
        If no figure with a tolerance could be simulated.
    """
    checked = table[table["passed"].notna() & table["simulated"].notna()]
    if checked.empty:
        raise NotEstimableError("No published figure could be checked. Simulate more patients.")
    parts = np.array_split(np.arange(len(checked)), min(COLUMNS, len(checked)))
    size = (COLUMN_INCHES * len(parts), ROW_INCHES * len(parts[0]) + 1.3)
    figure = Figure(figsize=size, dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(1, len(parts), squeeze=False)[0]
    for axes, part in zip(panels, parts, strict=True):
        _draw_column(axes, checked.iloc[part])
    missed = int((~checked["passed"].astype(bool)).sum())
    figure.suptitle(
        f"Published figures and the generator: {len(checked) - missed} within tolerance, "
        f"{missed} missed",
        x=0.01, ha="left", fontsize=13, fontweight="bold",
    )  # fmt: skip
    figure.supxlabel(
        f"{patients:,} synthetic patients: no evidence about real ones. Zero: published value; "
        "line: published interval; band: passes; dot: simulated; cross: misses. * working "
        "assumption, not read in a source.",
        x=0.01, ha="left", fontsize=9,
    )  # fmt: skip
    return figure


def _draw_column(axes: Axes, rows: pd.DataFrame) -> None:
    axes.axvspan(-1, 1, color=PALE, linewidth=0)
    axes.axvline(0, color=INK, linewidth=0.6)
    for place, row in enumerate(rows.to_dict("records")):
        ends = [_scaled(row, row["published_low"]), _scaled(row, row["published_high"])]
        axes.plot(ends, [place, place], color=INK, linewidth=0.9)
        mark, width = ("o", 4) if row["passed"] else ("x", 6)
        axes.plot(
            [_scaled(row, row["simulated"])], [place], color=ACCENT, marker=mark, markersize=width
        )
        axes.text(
            FARTHEST + 0.1, place, f"{row['published']:.3g} | {row['simulated']:.3g}",
            fontsize=6, va="center",
        )  # fmt: skip
    labels = [_label(row) for row in rows.to_dict("records")]
    axes.set_yticks(np.arange(len(labels)), labels=labels, fontsize=6)
    for text in axes.get_yticklabels():
        text.set_parse_math(False)
    axes.set(xlim=(-FARTHEST, FARTHEST), ylim=(len(labels) - 0.4, -0.6), xticks=[-1, 0, 1])
    axes.set_title("published | simulated", loc="right", fontsize=7)
    axes.tick_params(axis="both", length=0, labelsize=6)
    axes.spines[["top", "right", "left", "bottom"]].set_visible(False)


def _scaled(row: Mapping[Any, Any], value: float) -> float:
    """Place a value between the published one (0) and the borders of what passes (-1, 1)."""
    if pd.isna(value):
        return float("nan")
    published, low, high = row["published"], row["low"], row["high"]
    distance = value - published
    border = high - published if distance > 0 else published - low
    # An open side, or a border at the published value, has no length: take the other one.
    if not np.isfinite(border) or border <= 0:
        border = max(abs(published), 1e-9)
    return float(np.clip(distance / border, -FARTHEST, FARTHEST))


def _label(row: Mapping[Any, Any]) -> str:
    unit = "" if row["unit"] in ("1", "") else f" ({row['unit']})"
    mark = " *" if row["status"] == "assumed" else ""
    return clean(f"{row['label']}{unit}{mark}")

"""Figures for the study's records, drawn without any global state.

Each is a ``Figure`` with its own Agg canvas. Each caption says how many patients and
events stand behind the picture, and that they are synthetic where they are.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from icans_risk.errors import NotEstimableError
from icans_risk.report.context import DataKind, Rate
from icans_risk.report.wording import clean

__all__ = [
    "calibration_figure",
    "comparison_figure",
    "contribution_figure",
    "finish_figure",
    "new_figure",
    "risk_distribution_figure",
]

ACCENT, INK, PALE = "#1f4b7a", "#1a1e24", "#c9d7e6"
# 90 % of a normal distribution lies within this many standard errors.
Z_90 = 1.645


def calibration_figure(
    predictions: pd.DataFrame,
    curve: pd.DataFrame | None = None,
    *,
    data_kind: DataKind,
    groups: int = 5,
    title: str = "Calibration",
) -> Figure:
    """Draw observed against predicted risk, with the predictions' histogram below.

    Parameters
    ----------
    predictions : DataFrame of (risk, event)
        Held-out risks and outcomes (0 or 1); a column ``weight`` is used if there is one.
    curve : DataFrame of (predicted, observed), optional
        A smooth calibration curve, with ``low`` and ``high`` where it has a band.
    data_kind : {"real", "synthetic"}
        For the caption.
    groups : int
        Patients are grouped by quantiles of risk; at most this many groups.
    title : str
        What stands above.

    Returns
    -------
    Figure
        Two panels over one axis of risk.

    Raises
    ------
    NotEstimableError
        If no prediction is finite.
    """
    kept = _finite(predictions)
    figure = new_figure(6.0, 6.6)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[4, 1])
    above.plot([0, 1], [0, 1], color=INK, linewidth=1, linestyle=":", label="perfect")
    if curve is not None:
        above.plot(curve["predicted"], curve["observed"], color=ACCENT, label="smooth")
        if {"low", "high"} <= set(curve.columns):
            above.fill_between(curve["predicted"], curve["low"], curve["high"], color=PALE)
    grouped = _observed_by_group(kept, groups=groups)
    errors = [grouped["observed"] - grouped["low"], grouped["high"] - grouped["observed"]]
    above.errorbar(
        grouped["predicted"], grouped["observed"], errors, fmt="o", color=INK, label="groups (90 %)"
    )
    above.set(xlim=(0, 1), ylim=(0, 1), ylabel="Observed share with the endpoint")
    above.legend(frameon=False, loc="upper left")
    below.hist(kept["risk"], bins=np.linspace(0, 1, 26), color=ACCENT)
    below.set(xlabel="Predicted risk", ylabel="Patients")
    finish_figure(figure, title, rate=_rate(kept), data_kind=data_kind)
    return figure


def risk_distribution_figure(
    predictions: pd.DataFrame, *, data_kind: DataKind, title: str = "Predicted risk by outcome"
) -> Figure:
    """Draw the held-out risks of patients with and without the endpoint, one above the other.

    Parameters
    ----------
    predictions : DataFrame of (risk, event)
        Held-out risks and outcomes (0 or 1).
    data_kind : {"real", "synthetic"}
        For the caption.
    title : str
        What stands above.

    Returns
    -------
    Figure
        Two histograms over one axis of risk, a stroke per patient under each.

    Raises
    ------
    NotEstimableError
        If no prediction is finite.
    """
    kept = _finite(predictions)
    figure = new_figure(6.0, 4.4)
    panels = figure.subplots(2, 1, sharex=True)
    kinds = ((1, "reached the endpoint", ACCENT), (0, "did not", PALE))
    for panel, (outcome, words, colour) in zip(panels, kinds, strict=True):
        risk = kept.loc[kept["event"] == outcome, "risk"]
        panel.hist(risk, bins=np.linspace(0, 1, 26), color=colour, edgecolor=INK, linewidth=0.5)
        panel.plot(risk, np.zeros(len(risk)), linestyle="", marker="|", color=INK, clip_on=False)
        panel.set(xlim=(0, 1), ylabel="Patients")
        panel.set_title(f"{words} (n = {len(risk)})", loc="left", fontsize=10)
    panels[-1].set_xlabel("Predicted risk")
    finish_figure(figure, title, rate=_rate(kept), data_kind=data_kind)
    return figure


def comparison_figure(
    rows: Sequence[tuple[str, float, float, float]], *, rate: Rate, data_kind: DataKind
) -> Figure:
    """Draw the AUROC of several models as dots with whiskers, in the given order.

    Parameters
    ----------
    rows : sequence of (label, estimate, low, high)
        One per model; NaN is drawn as the words "not estimable".
    rate : Rate
        Patients and events that all models were compared on.
    data_kind : {"real", "synthetic"}
        For the caption.

    Returns
    -------
    Figure
        One row per model and a line at 0.5, the toss of a coin.
    """
    figure = new_figure(7.0, 1.6 + 0.38 * len(rows))
    axes = figure.subplots()
    axes.axvline(0.5, color=INK, linewidth=1, linestyle=":")
    for place, (_, estimate, low, high) in enumerate(rows):
        if np.isfinite(estimate):
            axes.plot([low, high], [place, place], color=INK, linewidth=1.5)
            axes.plot([estimate], [place], marker="o", color=ACCENT, markersize=7)
        else:
            axes.text(0.52, place, "not estimable", va="center", style="italic")
    _name_rows(axes, [row[0] for row in rows])
    axes.set(xlim=(0.2, 1), xlabel="AUROC")
    finish_figure(figure, "Comparison of models", rate=rate, data_kind=data_kind)
    return figure


def contribution_figure(
    table: pd.DataFrame,
    labels: Mapping[str, str],
    *,
    rate: Rate,
    data_kind: DataKind,
    most: int = 20,
) -> Figure:
    """Draw how much each analyte moved the model on average, the largest first.

    Parameters
    ----------
    table : DataFrame of (analyte, contribution_logit)
        All patients' contributions, one row per patient and analyte.
    labels : mapping of str to str
        Full name of an analyte to what readers call it.
    rate : Rate
        Patients and events behind the table.
    data_kind : {"real", "synthetic"}
        For the caption.
    most : int
        How many analytes to draw.

    Returns
    -------
    Figure
        Horizontal bars of the mean absolute contribution, in logits.
    """
    size = table["contribution_logit"].abs().groupby(table["analyte"]).mean()
    largest = size.sort_values(ascending=False, kind="stable").head(most)
    figure = new_figure(7.0, 1.6 + 0.32 * len(largest))
    axes = figure.subplots()
    axes.barh(range(len(largest)), largest.to_numpy(), color=ACCENT)
    _name_rows(axes, [labels.get(str(name), str(name)) for name in largest.index])
    axes.set_xlabel("Mean absolute contribution (logit)")
    finish_figure(figure, "What moved the model, not causes", rate=rate, data_kind=data_kind)
    return figure


def new_figure(width: float, height: float) -> Figure:
    """Make a figure with its own canvas, of a size in inches."""
    figure = Figure(figsize=(width, height), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _finite(predictions: pd.DataFrame) -> pd.DataFrame:
    kept = predictions.loc[predictions["risk"].notna() & predictions["event"].notna()]
    if kept.empty:
        raise NotEstimableError(
            f"A figure of risks needs at least one patient with risk and outcome, got none of "
            f"{len(predictions)}. Look up why nobody was answered."
        )
    return kept


def _rate(kept: pd.DataFrame) -> Rate:
    return Rate(n=len(kept), events=int((kept["event"] == 1).sum()))


def _observed_by_group(kept: pd.DataFrame, *, groups: int) -> pd.DataFrame:
    """Average risk and outcome by quantile of risk, with a Wilson interval at 90 %."""
    weight = kept["weight"] if "weight" in kept.columns else pd.Series(1.0, index=kept.index)
    group = pd.qcut(kept["risk"].rank(method="first"), min(groups, len(kept)), labels=False)
    parts = pd.DataFrame(
        {"w": weight, "p": weight * kept["risk"], "y": weight * kept["event"], "v": weight**2}
    )
    sums = parts.groupby(group).sum()
    sums = sums[sums["w"] > 0]
    observed = sums["y"] / sums["w"]
    # Unequal weights are worth fewer patients (Kish's effective number).
    n = sums["w"] ** 2 / sums["v"]
    middle = (observed + Z_90**2 / (2 * n)) / (1 + Z_90**2 / n)
    half = Z_90 * np.sqrt(observed * (1 - observed) / n + Z_90**2 / (4 * n**2)) / (1 + Z_90**2 / n)
    return pd.DataFrame(
        {
            "predicted": sums["p"] / sums["w"],
            "observed": observed,
            # Rounding may put a limit past its estimate at 0 or 1 by one bit.
            "low": np.minimum(middle - half, observed),
            "high": np.maximum(middle + half, observed),
        }
    )


def _name_rows(axes: Axes, labels: Sequence[str]) -> None:
    axes.set_yticks(range(len(labels)), labels=[clean(label) for label in labels])
    for text in axes.get_yticklabels():
        # A dollar sign in a label is a dollar sign, not the start of a formula.
        text.set_parse_math(False)
    axes.set_ylim(len(labels) - 0.4, -0.6)


def finish_figure(figure: Figure, title: str, *, rate: Rate, data_kind: DataKind) -> None:
    """Set the title, and the caption that every figure carries."""
    for axes in figure.axes:
        axes.spines[["top", "right"]].set_visible(False)
    figure.suptitle(title, x=0.02, ha="left", fontsize=12, fontweight="bold")
    kind = ". Synthetic data" if data_kind == "synthetic" else ""
    figure.supxlabel(
        f"n = {rate.n} patients, {rate.events} events{kind}.", x=0.02, ha="left", fontsize=8
    )

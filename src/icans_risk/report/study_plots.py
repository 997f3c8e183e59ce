"""Figures of an assessment for the study's records: decision curve, calibration, stability.

Drawn like those of ``plots``: each a ``Figure`` with its own canvas and a caption that says
how many patients and events stand behind it.
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from icans_risk.evaluation.decision import TREAT_ALL
from icans_risk.report.assessment import Assessment, Stability
from icans_risk.report.context import DataKind, Rate
from icans_risk.report.plots import ACCENT, INK, PALE, finish_figure, new_figure
from icans_risk.report.wording import clean

__all__ = [
    "assessment_figures",
    "calibration_band_figure",
    "decision_curve_figure",
    "instability_figure",
    "stability_figures",
]

_MIDDLE = "#5b86b5"


def assessment_figures(found: Assessment, *, data_kind: DataKind) -> dict[str, Figure]:
    """Draw the figures of an assessment by the names of their files.

    Parameters
    ----------
    found : Assessment
        How good the held-out risks are.
    data_kind : {"real", "synthetic"}
        For the captions.

    Returns
    -------
    dict of str to Figure
        ``decision_curve.png`` and ``calibration_band.png``.
    """
    return {
        "decision_curve.png": decision_curve_figure(found, data_kind=data_kind),
        "calibration_band.png": calibration_band_figure(found, data_kind=data_kind),
    }


def stability_figures(found: Stability, *, rate: Rate, data_kind: DataKind) -> dict[str, Figure]:
    """Draw the figures of the rebuilds by the names of their files.

    Parameters
    ----------
    found : Stability
        What the rebuilds say.
    rate : Rate
        Patients and events that the pipeline was rebuilt on.
    data_kind : {"real", "synthetic"}
        For the captions.

    Returns
    -------
    dict of str to Figure
        ``prediction_instability.png``, ``calibration_instability.png`` and
        ``decision_instability.png``.
    """
    draw = {
        "prediction_instability.png": instability_figure,
        "calibration_instability.png": _calibration_instability,
        "decision_instability.png": _decision_instability,
    }
    return {name: figure(found, rate=rate, data_kind=data_kind) for name, figure in draw.items()}


def decision_curve_figure(
    found: Assessment, *, data_kind: DataKind, model: str | None = None, title: str | None = None
) -> Figure:
    """Draw net benefit over thresholds beside treating all, none and another model.

    Parameters
    ----------
    found : Assessment
        Its decision curves.
    data_kind : {"real", "synthetic"}
        For the caption.
    model : str, optional
        Whose curve has a band. By default the model of interest, beside the best simple
        score; any other stands beside the model of interest.
    title : str, optional
        What stands above.

    Returns
    -------
    Figure
        The same limits for every model, so that two figures can be held side by side.
    """
    figure = new_figure(7.0, 4.6)
    axes = figure.subplots()
    curves = dict(tuple(found.decision.groupby("model", sort=False)))
    shown = found.main if model is None else model
    beside = found.simple if shown == found.main else found.main
    main, everyone = curves[shown], curves[TREAT_ALL]
    axes.fill_between(main["threshold"], main["low"], main["high"], color=PALE)
    axes.plot(
        everyone["threshold"], everyone["net_benefit"], color=INK, linestyle=":",
        label="treat everyone",
    )  # fmt: skip
    axes.axhline(0, color=INK, linewidth=1, label="treat no one")
    if beside is not None:
        simple = curves[beside]
        axes.plot(
            simple["threshold"], simple["net_benefit"], color=INK, linestyle="--",
            label=_literal(found.models[beside]),
        )  # fmt: skip
    axes.plot(
        main["threshold"], main["net_benefit"], color=ACCENT, linewidth=2.5,
        label=_literal(found.models[shown]),
    )  # fmt: skip
    of_models = found.decision["model"].isin(list(found.models))
    highest = float(
        np.nanmax([found.prevalence, found.decision.loc[of_models, "high"].max(), 0.02])
    )
    axes.set(ylim=(-0.15 * highest, 1.05 * highest), xlabel="Threshold", ylabel="Net benefit")
    axes.margins(x=0)
    axes.legend(frameon=False)
    declared = "declared" if found.range_declared else "not declared by the study"
    title = f"{title or 'Decision curve'} (range {declared})"
    finish_figure(figure, title, rate=_rate(found), data_kind=data_kind)
    return figure


def calibration_band_figure(found: Assessment, *, data_kind: DataKind) -> Figure:
    """Draw the flexible calibration curve with its bootstrap band, and where the risks lie.

    Parameters
    ----------
    found : Assessment
        Its curve and distribution.
    data_kind : {"real", "synthetic"}
        For the caption.

    Returns
    -------
    Figure
        Two panels over one axis of risk; bars of the two outcomes stand on each other,
        hidden ones are left out.
    """
    figure = new_figure(6.0, 6.6)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[4, 1])
    curve = found.calibration
    (method,) = curve["method"].unique()
    _diagonal(above)
    if method != "not estimable":
        above.fill_between(curve["predicted"], curve["low"], curve["high"], color=PALE)
        above.plot(curve["predicted"], curve["observed"], color=ACCENT, label=method)
    above.set(xlim=(0, 1), ylim=(0, 1), ylabel="Observed share with the endpoint")
    above.legend(frameon=False, loc="upper left")
    table = found.distribution.fillna(0.0)
    width = table["high"] - table["low"]
    shared = {"width": width, "align": "edge", "edgecolor": INK, "linewidth": 0.5}
    below.bar(table["low"], table["events"], color=ACCENT, **shared)
    below.bar(table["low"], table["others"], color=PALE, bottom=table["events"], **shared)
    below.set(xlabel="Predicted risk (dark: reached the endpoint)", ylabel="Patients")
    finish_figure(figure, "Calibration with band", rate=_rate(found), data_kind=data_kind)
    return figure


def instability_figure(found: Stability, *, rate: Rate, data_kind: DataKind) -> Figure:
    """Draw the range of every patient's rebuilt risks over the model's own risk.

    Parameters
    ----------
    found : Stability
        Its predictions.
    rate : Rate
        Patients and events that the pipeline was rebuilt on.
    data_kind : {"real", "synthetic"}
        For the caption.

    Returns
    -------
    Figure
        A vertical line for each patient, and the diagonal of no change [1]_.

    References
    ----------
    .. [1] Riley RD, Collins GS. Biom J 2023;65(8):2200302. doi:10.1002/bimj.202200302
    """
    figure = new_figure(6.0, 6.2)
    axes = figure.subplots()
    table = found.predictions
    axes.vlines(table["risk"], table["low"], table["high"], color=_MIDDLE, linewidth=0.8)
    _diagonal(axes)
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="Risk by the model", ylabel="Risk by the rebuilds")
    title = f"Instability of risks over {found.rebuilds - found.failed} rebuilds"
    finish_figure(figure, title, rate=rate, data_kind=data_kind)
    return figure


def _calibration_instability(found: Stability, *, rate: Rate, data_kind: DataKind) -> Figure:
    figure = new_figure(6.0, 6.2)
    axes = figure.subplots()
    for _, curve in found.curves.iterrows():
        axes.plot(curve.index.to_numpy(dtype=float), curve, color=_MIDDLE, linewidth=0.8, alpha=0.7)
    _diagonal(axes)
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="Risk by the rebuild", ylabel="Observed share")
    title = f"Calibration of {len(found.curves)} rebuilds"
    finish_figure(figure, title, rate=rate, data_kind=data_kind)
    return figure


def _decision_instability(found: Stability, *, rate: Rate, data_kind: DataKind) -> Figure:
    figure = new_figure(7.0, 4.6)
    axes = figure.subplots()
    at = found.decisions.columns.to_numpy(dtype=float)
    for _, curve in found.decisions.iterrows():
        axes.plot(at, curve, color=_MIDDLE, linewidth=0.8, alpha=0.7)
    axes.axhline(0, color=INK, linewidth=1)
    axes.set(xlabel="Threshold", ylabel="Net benefit on the original patients")
    axes.margins(x=0)
    title = f"Net benefit of {len(found.decisions)} rebuilds"
    finish_figure(figure, title, rate=rate, data_kind=data_kind)
    return figure


def _diagonal(axes: Axes) -> None:
    axes.plot([0, 1], [0, 1], color=INK, linewidth=1, linestyle=":", label="perfect")


def _literal(label: str) -> str:
    # A dollar sign in a label is a dollar sign, and an underscore does not hide it.
    return clean(label).replace("$", r"\$").lstrip("_")


def _rate(found: Assessment) -> Rate:
    return Rate(n=found.episodes, events=found.events)

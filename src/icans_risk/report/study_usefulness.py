"""Whether acting on the risks would do more good than harm: decision curve, thresholds."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from icans_risk.evaluation.decision import TREAT_ALL, TREAT_NONE
from icans_risk.report.assessment import Assessment
from icans_risk.report.context import RunContext
from icans_risk.report.study_words import (
    figures,
    label_of,
    measured,
    percent_points,
    place,
    ticks,
)
from icans_risk.report.wording import NOT_ESTIMABLE, clean, number

__all__ = ["decision_panel", "threshold_panel", "useful_thresholds"]

Axis = tuple[float, float]
Curve = dict[float, Mapping[Any, Any]]

_ROWS = 7
# Nearer than this, two net benefits differ by rounding alone.
_SAME = 1e-12
# Below the axis only as much as shows that harm is possible.
_BELOW = 0.15
_MEASURES = {
    "alarms_per_100": ("Alarms per 100 patients", 1.0, 0),
    "missed_events_per_100": ("Missed events per 100 patients", 1.0, 1),
    "ppv": ("Of those alarmed, reach the endpoint (PPV)", 100.0, 0),
    "npv": ("Of those not alarmed, stay free of it (NPV)", 100.0, 0),
    "sensitivity": ("Of those who reach it, are alarmed (sensitivity)", 100.0, 0),
    "specificity": ("Of those who stay free, are not alarmed (specificity)", 100.0, 0),
}


def decision_panel(run: RunContext, found: Assessment) -> dict[str, Any]:
    """Lay out the decision curve beside treating all, treating none and the best score.

    Returns
    -------
    dict
        ``lines`` and ``band`` as places on ``ticks_x`` and ``ticks_y``, ``rows`` at some
        thresholds, ``summary`` (sentences), ``range`` and whether it was declared.
    """
    curves = _curves(found)
    main, thresholds = curves[found.main], sorted(curves[found.main])
    names = {"main": found.main, "all": TREAT_ALL, "none": TREAT_NONE}
    if found.simple is not None:
        names["simple"] = found.simple
    axes = _axes(found, main)
    lines = {key: _line(curves[name], axes, "net_benefit") for key, name in names.items()}
    return {
        "interval": clean(run.interval_name),
        "range": f"{percent_points(thresholds[0])} to {percent_points(thresholds[-1])}",
        "declared": found.range_declared,
        "because": None if found.because is None else clean(found.because),
        "has_thresholds": not found.thresholds.empty,
        "main": label_of(found, found.main),
        "simple": None if found.simple is None else label_of(found, found.simple),
        "lines": {"simple": []} | lines,
        "band": _line(main, axes, "high") + _line(main, axes, "low")[::-1],
        "ticks_x": ticks(_round_marks(axes["x"]), axes["x"]),
        "ticks_y": ticks(_round_marks(axes["y"]), axes["y"]),
        "summary": _summary(found),
        "rows": [_row(found, curves, at=at) for at in _some(thresholds)],
    }


def _curves(found: Assessment) -> dict[str, Curve]:
    curves: dict[str, Curve] = {}
    for row in found.decision.to_dict("records"):
        curves.setdefault(str(row["model"]), {})[float(row["threshold"])] = row
    return curves


def _axes(found: Assessment, main: Curve) -> dict[str, Axis]:
    highest = float(np.nanmax([found.prevalence, *(row["high"] for row in main.values()), 0.02]))
    return {"x": (min(main), max(main)), "y": (-_BELOW * highest, 1.05 * highest)}


def _round_marks(axis: Axis) -> list[float]:
    """Choose about five round numbers on an axis."""
    low, high = axis
    rough = (high - low) / 4
    size = 10.0 ** math.floor(math.log10(rough))
    step = min((size * k for k in (1, 2, 5, 10)), key=lambda s: abs(s - rough))
    return [round(step * k, 6) for k in range(math.ceil(low / step - 1e-9), int(high / step) + 1)]


def _line(curve: Curve, axes: Mapping[str, Axis], column: str) -> list[dict[str, float]]:
    return [
        {"x": place(at, axes["x"]), "y": place(row[column], axes["y"])}
        for at, row in curve.items()
        if math.isfinite(row[column])
    ]


def _some(thresholds: list[float]) -> list[float]:
    places = np.unique(np.linspace(0, len(thresholds) - 1, _ROWS).round().astype(int))
    return [thresholds[place] for place in places]


def _row(found: Assessment, curves: Mapping[str, Curve], *, at: float) -> dict[str, Any]:
    main = curves[found.main][at]
    row: dict[str, Any] = {
        "threshold": percent_points(at),
        "main": figures((main["net_benefit"], main["low"], main["high"]), 3),
        "all": number(curves[TREAT_ALL][at]["net_benefit"], 3),
        "avoided": figures(measured(main, "avoided"), 0),
        "simple": None,
        "difference": None,
    }
    if found.simple is not None:
        table = found.benefit_difference
        difference = table[table["threshold"] == at].iloc[0].to_dict()
        row["simple"] = number(curves[found.simple][at]["net_benefit"], 3)
        row["difference"] = figures(measured(difference, "difference"), 3)
    return row


def useful_thresholds(found: Assessment) -> tuple[int, int]:
    """Count the thresholds at which the model beats treating all and none, and all of them."""
    curves = _curves(found)
    main = curves[found.main]
    above = [
        row["net_benefit"] > max(curves[TREAT_ALL][at]["net_benefit"], 0.0) + _SAME
        for at, row in main.items()
    ]
    return sum(above), len(main)


def _summary(found: Assessment) -> list[str]:
    sentences = [
        "The model's net benefit lies above both treating everyone and treating no one at "
        f"{_of(*useful_thresholds(found))} thresholds of the range."
    ]
    if found.simple is not None:
        table = found.benefit_difference
        ahead = int((table["difference"] > _SAME).sum())
        better = int((table["difference_low"] > 0).sum())
        worse = int((table["difference_high"] < 0).sum())
        sentences.append(
            f"It lies above that of \u201c{label_of(found, found.simple)}\u201d at "
            f"{_of(ahead, len(table))}; the interval of the difference lies wholly above 0 at "
            f"{better} and wholly below 0 at {worse}."
        )
    return sentences


def _of(part: int, whole: int) -> str:
    return f"all {whole}" if part == whole else f"{part} of {whole}"


def threshold_panel(run: RunContext, found: Assessment) -> dict[str, Any] | None:
    """Say what alarms at the declared thresholds would mean; None without any.

    Returns
    -------
    dict or None
        ``models`` (headings) and ``parts``: a ``threshold`` with ``rows`` of ``label`` and
        one cell for each model.
    """
    table = found.thresholds
    if table.empty:
        return None
    models = list(dict.fromkeys(table["model"]))
    lines = {
        (row["threshold"], row["measure"], row["model"]): row for row in table.to_dict("records")
    }
    return {
        "interval": clean(run.interval_name),
        "because": None if found.because is None else clean(found.because),
        "models": [label_of(found, model) for model in models],
        "prevalence": number(100 * found.prevalence, 0),
        "parts": [
            {
                "threshold": percent_points(at),
                "rows": [
                    {
                        "label": words,
                        "cells": [
                            _cell(lines[at, measure, model], scale, digits) for model in models
                        ],
                    }
                    for measure, (words, scale, digits) in _MEASURES.items()
                ],
            }
            for at in sorted(set(table["threshold"]))
        ],
    }


def _cell(row: Mapping[Any, Any], scale: float, digits: int) -> str:
    estimate, low, high = (scale * float(row[name]) for name in ("estimate", "low", "high"))
    if not math.isfinite(estimate):
        return NOT_ESTIMABLE
    unit = "\N{NO-BREAK SPACE}%" if scale > 1 else ""
    return f"{number(estimate, digits)}{unit} ({number(low, digits)} to {number(high, digits)})"

"""Whether the predicted risks mean what they say."""

import math
from typing import Any

import numpy as np
import pandas as pd

from icans_risk.report.assessment import Assessment
from icans_risk.report.context import RunContext
from icans_risk.report.study_words import (
    NEAR,
    dash,
    figures,
    label_of,
    measured,
    place,
    risk_words,
    ticks,
)
from icans_risk.report.wording import NOT_ESTIMABLE, clean, number

__all__ = ["calibration_panel", "points_of"]

_METHODS = {
    "spline": "a logistic model on a restricted cubic spline of the predicted log odds (3 knots)",
    "line": "a straight line on the log odds: too few of one outcome for a spline",
    "not estimable": NOT_ESTIMABLE,
}
_MEANING = {
    "observed_expected": (
        "Observed / expected events",
        "1 is right; above 1, risks are too low.",
        2,
    ),
    "calibration_intercept": ("Intercept", "0 is right; above 0, risks are too low.", 2),
    "calibration_slope": (
        "Slope",
        "1 is right; below 1, high risks are too high and low ones too low.",
        2,
    ),
    "ici": ("ICI", "Mean distance between predicted and observed risk; 0 is right.", 3),
    "e50": ("E50", "Median of that distance.", 3),
    "e90": ("E90", "90th percentile of that distance.", 3),
    "emax": ("Emax", "The largest such distance.", 3),
}
_IN_TABLE = 9


def calibration_panel(run: RunContext, found: Assessment) -> dict[str, Any]:
    """Lay out the curve with its band and histogram, and the figures of every model.

    Returns
    -------
    dict
        ``method``, ``axis`` (``top`` and ``ticks``), ``line``, ``band``, ``bars`` as places,
        ``rows`` (the curve in words), ``measures`` and ``models``.
    """
    curve, top = found.calibration, _top(found.calibration)
    (method,) = curve["method"].unique()
    row = found.performance.loc[found.main].to_dict()
    drawn = curve.iloc[np.unique(np.r_[0 : len(curve) : 2, len(curve) - 1])]
    return {
        "interval": clean(run.interval_name),
        "method": _METHODS[method],
        "is_drawn": method != "not estimable",
        "resamples": f"{int(curve['estimable'].iloc[0]):,} of {found.resamples:,}",
        "top": top,
        "ticks": ticks([round(top * k / 4, 3) for k in range(5)], (0.0, top)),
        "line": points_of(drawn, "predicted", "observed", top=top),
        "band": points_of(drawn, "predicted", "high", top=top)
        + points_of(drawn, "predicted", "low", top=top)[::-1],
        "bars": _bars(found, top),
        "rows": _rows(curve),
        "measures": [
            {"label": words, "meaning": meaning, "figures": figures(measured(row, name), digits)}
            for name, (words, meaning, digits) in _MEANING.items()
        ],
        "models": [_model(found, str(name)) for name in found.performance.index],
        "one": dash((1.0, math.nan, math.nan), (0.0, 2.0)),
    }


def _top(curve: pd.DataFrame) -> float:
    """End both axes at the first fifth above the last predicted and observed risk."""
    last = float(np.nanmax(curve[["predicted", "observed"]].to_numpy(), initial=0.0))
    return max(0.2, math.ceil(round(last, 6) * 5) / 5)


def points_of(curve: pd.DataFrame, x: str, y: str, *, top: float) -> list[dict[str, float]]:
    """Place the finite points of a curve on two axes that end at the same risk."""
    kept = curve[[x, y]].dropna()
    return [
        {"x": place(across, (0.0, top)), "y": place(up, (0.0, top))}
        for across, up in zip(kept[x], kept[y], strict=True)
    ]


def _bars(found: Assessment, top: float) -> list[dict[str, Any]]:
    """Count the predicted risks below the curve; those without the endpoint and with it."""
    table = found.distribution[found.distribution["low"] < top - 1e-9]
    highest = table[["events", "others"]].sum(axis=1, min_count=2).max()
    scale = float(highest) if highest and math.isfinite(highest) else 1.0
    return [
        {
            "start": place(row["low"], (0.0, top)),
            "width": place(row["high"] - row["low"], (0.0, top)),
            "height": None if math.isnan(both) else round(both / scale, NEAR),
        }
        for row in table.to_dict("records")
        for both in [row["events"] + row["others"]]
    ]


def _rows(curve: pd.DataFrame) -> list[dict[str, str]]:
    kept = curve.iloc[np.unique(np.linspace(0, len(curve) - 1, _IN_TABLE).round().astype(int))]
    return [
        {
            "predicted": risk_words(row["predicted"]),
            "observed": risk_words(row["observed"]),
            "band": f"{risk_words(row['low'])} to {risk_words(row['high'])}"
            if math.isfinite(row["low"])
            else NOT_ESTIMABLE,
        }
        for row in kept.to_dict("records")
        if math.isfinite(row["predicted"])
    ]


def _model(found: Assessment, name: str) -> dict[str, Any]:
    row = found.performance.loc[name].to_dict()
    ratio = measured(row, "observed_expected")
    slope = measured(row, "calibration_slope")
    flat = name in found.constant
    return {
        "label": label_of(found, name),
        "is_main": name == found.main,
        "observed_expected": figures(ratio),
        "dash": dash(ratio, (0.0, 2.0)),
        "calibration_intercept": figures(measured(row, "calibration_intercept")),
        "calibration_slope": "one risk only" if flat else figures(slope),
        "ici": "one risk only" if flat else number(float(row["ici"]), 3),
    }

"""How much the risks hang on who happened to be in the cohort."""

import math
from typing import Any

import numpy as np

from icans_risk.report.assessment import Stability
from icans_risk.report.quality_panels import percent
from icans_risk.report.study_calibration import points_of
from icans_risk.report.study_words import percent_points, place, risk_words, ticks
from icans_risk.report.wording import clean, number

__all__ = ["stability_panel"]

_METRICS = {
    "auroc": "AUROC",
    "average_precision": "Average precision",
    "brier": "Brier score",
    "calibration_intercept": "Calibration intercept",
    "calibration_slope": "Calibration slope",
    "log_loss": "Log loss",
    "observed_expected": "Observed / expected events",
}
_MOST_PATIENTS = 120
_MOST_CURVES = 30


def stability_panel(found: Stability) -> dict[str, Any]:
    """Show how much the risks hang on who happened to be in the cohort.

    Returns
    -------
    dict
        ``sentences``, ``spread`` (some patients' risks with the range over rebuilds),
        ``curves`` (calibration of some rebuilds) as places, ``thresholds`` and ``optimism``.
    """
    return {
        "sentences": _sentences(found),
        "shown": min(len(found.predictions), _MOST_PATIENTS),
        "patients": len(found.predictions),
        "spread": _spread(found),
        "ticks": ticks((0, 0.25, 0.5, 0.75, 1), (0.0, 1.0)),
        "curves": _curves(found),
        "drawn": min(_MOST_CURVES, len(found.curves)),
        "thresholds": [
            {
                "threshold": percent_points(row["threshold"]),
                "mean_share": percent(row["mean_share"]),
                "unsettled": percent(row["unsettled"]),
            }
            for row in found.classification.to_dict("records")
        ],
        "optimism": [
            {
                "label": _METRICS.get(str(name), clean(name)),
                "apparent": number(row["apparent"]),
                "optimism": number(row["optimism"]),
                "corrected": number(row["corrected"]),
                "out_of_bag": number(row["out_of_bag"]),
                "point632plus": _if_any(row["point632plus"]),
            }
            for name, row in zip(
                found.optimism.index, found.optimism.to_dict("records"), strict=True
            )
        ],
    }


def _sentences(found: Stability) -> list[str]:
    width = found.predictions["high"] - found.predictions["low"]
    error = float(found.predictions["mean_error"].mean())
    slope = found.calibration["calibration_slope"].dropna()
    low, middle, high = np.quantile(slope, (0.05, 0.5, 0.95)) if len(slope) else [np.nan] * 3
    without = f", {found.failed} of them without a model" if found.failed else ""
    return [
        f"The whole pipeline was built again on {found.rebuilds} bootstrap samples of the "
        f"patients{without}.",
        f"A rebuilt risk differs from the model's own by {risk_words(error)} on average (mean "
        "absolute prediction error); for half of the patients the rebuilds spread over more than "
        f"{risk_words(float(width.median()))}.",
        "On the original patients the calibration slope of the rebuilds lies between "
        f"{number(low)} and {number(high)} (5th to 95th percentile, median {number(middle)}).",
    ]


def _if_any(value: float) -> str:
    # Only a metric with a fixed value for "nothing learnt" has a .632+.
    return number(value) if math.isfinite(value) else "\N{EN DASH}"


def _spread(found: Stability) -> list[dict[str, float]]:
    """Take every so-many-th patient in the order of risk: their whole range, and few marks."""
    table = found.predictions.sort_values("risk", kind="stable")
    some = np.unique(np.linspace(0, len(table) - 1, _MOST_PATIENTS).round().astype(int))
    return [
        {name: place(row[name], (0.0, 1.0)) for name in ("risk", "low", "high")}
        for row in table.iloc[some].to_dict("records")
    ]


def _curves(found: Stability) -> list[list[dict[str, float]]]:
    lines = []
    for _, observed in found.curves.head(_MOST_CURVES).iterrows():
        curve = observed.rename("observed").rename_axis("predicted").reset_index()
        points = points_of(curve.astype(float), "predicted", "observed", top=1.0)
        if len(points) > 1:
            lines.append(points)
    return lines

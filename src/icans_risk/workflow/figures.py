"""The figures of a landmark, for the tracking store."""

from typing import Any

import pandas as pd

from icans_risk.catalogue import load_catalogue
from icans_risk.evaluation import calibration_curve
from icans_risk.explanation import fold_by_analyte
from icans_risk.report import Rate
from icans_risk.report.plots import (
    calibration_figure,
    comparison_figure,
    contribution_figure,
    risk_distribution_figure,
)
from icans_risk.study import Study
from icans_risk.workflow.landmark import LandmarkResult

__all__ = ["draw_figures"]


def draw_figures(study: Study, result: LandmarkResult) -> dict[str, Any]:
    """Draw the held-out booster's figures.

    Parameters
    ----------
    study : Study
        Says whether the data are real.
    result : LandmarkResult
        Risks, outcomes and contributions.

    Returns
    -------
    dict of str to Figure
        By file name.
    """
    rows, booster = result.rows, result.main
    rate = Rate(n=len(rows.event), events=int(rows.event.sum()))
    risks = pd.DataFrame({"risk": booster.risk, "event": rows.event, "weight": rows.weight})
    curve = calibration_curve(rows.event, booster.risk, rows.weight)
    compared = [
        (model.plan.label, interval.estimate, interval.low, interval.high)
        for model in result.models.values()
        for interval in [model.metrics["auroc"]]
    ]
    parts = fold_by_analyte(result.held_out.contributions).drop(columns="base")
    long = parts.melt(var_name="analyte", value_name="contribution_logit")
    catalogue = load_catalogue()
    labels = {name: catalogue[name].label for name in parts.columns if name in catalogue}
    kind = study.data_kind
    return {
        "calibration.png": calibration_figure(risks, curve, data_kind=kind),
        "risk_distribution.png": risk_distribution_figure(risks, data_kind=kind),
        "comparison.png": comparison_figure(compared, rate=rate, data_kind=kind),
        "contributions.png": contribution_figure(long, labels, rate=rate, data_kind=kind),
    }

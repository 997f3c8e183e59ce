"""What rebuilding the whole pipeline says of the model, collected for a report."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icans_risk.errors import IcansRiskError
from icans_risk.evaluation import (
    METRICS,
    Rebuilds,
    calibration_instability,
    classification_instability,
    decision_instability,
    fit_calibration,
    optimism_corrected,
    prediction_instability,
)
from icans_risk.report import Stability

__all__ = ["describe_stability"]

# A picture of more curves than this is a blot.
_DRAWN = 50
_POINTS = 25
# The metric of a model whose risks have nothing to do with the outcome, where it is fixed.
_NO_INFORMATION = {"auroc": 0.5}
_OTHER_SIDE = 0.1


def describe_stability(
    event: NDArray[np.int64],
    weight: NDArray[np.float64],
    rebuilds: Rebuilds,
    *,
    thresholds: Sequence[float] = (),
    span: tuple[float, float],
) -> Stability:
    """Collect how much the risks hang on who happened to be in the cohort.

    Parameters
    ----------
    event, weight : ndarray of shape (n_rows,)
        Outcome and weight of the rows that were rebuilt on.
    rebuilds : Rebuilds
        Of the whole pipeline, from ``rebuild``.
    thresholds : sequence of float
        The declared ones; none, no classification.
    span : tuple of two floats
        The range of the decision curve.

    Returns
    -------
    Stability
        What the study report and its figures take.

    Raises
    ------
    IcansRiskError
        If rows and rebuilds do not belong together, or every rebuild failed.
    """
    if rebuilds.original.shape != event.shape:
        raise IcansRiskError(
            f"Rebuilds must be of the rows that are judged, got {rebuilds.original.size} risks "
            f"for {event.size} rows. Rebuild the pipeline on the same rows."
        )
    built = rebuilds.risks[~np.isnan(rebuilds.risks).all(axis=1)]
    grid = np.linspace(*span, _POINTS).round(6)
    return Stability(
        rebuilds=len(rebuilds.risks),
        failed=rebuilds.failed,
        predictions=prediction_instability(rebuilds.original, rebuilds.risks),
        calibration=calibration_instability(event, rebuilds.risks, weight=weight),
        curves=_curves(event, weight, built[:_DRAWN]),
        decisions=decision_instability(event, built[:_DRAWN], thresholds=grid, weight=weight),
        classification=_classification(rebuilds, thresholds),
        optimism=_optimism(event, weight, rebuilds),
    )


def _curves(
    event: NDArray[np.int64], weight: NDArray[np.float64], built: NDArray[np.float64]
) -> pd.DataFrame:
    """Draw each rebuild's calibration curve over the risks that it gave itself."""
    grid = np.linspace(0, 1, 2 * _POINTS + 1).round(6)
    lines = []
    for risk in built:
        inside = (grid >= risk.min()) & (grid <= risk.max())
        observed = fit_calibration(event, risk, weight).observed(grid)
        lines.append(np.where(inside, observed, np.nan))
    columns = pd.Index(grid, name="predicted")
    return pd.DataFrame(lines, columns=columns).rename_axis("rebuild")


def _classification(rebuilds: Rebuilds, thresholds: Sequence[float]) -> pd.DataFrame:
    lines = []
    for at in thresholds:
        share = classification_instability(rebuilds.original, rebuilds.risks, threshold=at)
        unsettled = float((share > _OTHER_SIDE).mean())
        lines.append({"threshold": at, "mean_share": float(share.mean()), "unsettled": unsettled})
    return pd.DataFrame(lines)


def _optimism(
    event: NDArray[np.int64], weight: NDArray[np.float64], rebuilds: Rebuilds
) -> pd.DataFrame:
    found = {
        name: vars(
            optimism_corrected(
                metric, event, rebuilds, weight=weight, no_information=_NO_INFORMATION.get(name)
            )
        )
        for name, metric in METRICS.items()
    }
    return pd.DataFrame.from_dict(found, orient="index").rename_axis("metric")

"""The metrics by name. A new one is a function in its file and a line here."""

from collections.abc import Callable

from numpy.typing import ArrayLike

from icans_risk.evaluation.calibration import (
    brier,
    calibration_intercept,
    calibration_slope,
    observed_expected,
)
from icans_risk.evaluation.discrimination import auroc, average_precision
from icans_risk.evaluation.log_loss import log_loss

__all__ = ["METRICS", "Metric"]

Metric = Callable[[ArrayLike, ArrayLike, ArrayLike | None], float]

METRICS: dict[str, Metric] = {
    "auroc": auroc,
    "average_precision": average_precision,
    "brier": brier,
    "calibration_intercept": calibration_intercept,
    "calibration_slope": calibration_slope,
    "log_loss": log_loss,
    "observed_expected": observed_expected,
}

"""How good predicted risks are, and how sure of it one can be. No model enters here."""

from icans_risk.evaluation.bootstrap import Interval, bootstrap_interval, paired_difference
from icans_risk.evaluation.calibration import calibration_curve
from icans_risk.evaluation.metrics import METRICS, Metric
from icans_risk.evaluation.resampling import (
    FitPredict,
    Fold,
    FoldAverage,
    cross_validate,
    fold_average,
    patient_average,
)
from icans_risk.evaluation.sample_size import (
    SampleSize,
    parameters_supported,
    required_sample_size,
    verdict,
)

__all__ = [
    "METRICS",
    "FitPredict",
    "Fold",
    "FoldAverage",
    "Interval",
    "Metric",
    "SampleSize",
    "bootstrap_interval",
    "calibration_curve",
    "cross_validate",
    "fold_average",
    "paired_difference",
    "parameters_supported",
    "patient_average",
    "required_sample_size",
    "verdict",
]

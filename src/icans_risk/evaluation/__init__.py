"""How good predicted risks are, and how sure of it one can be. No model enters here."""

from icans_risk.evaluation.audit import (
    Audit,
    AuditPlan,
    AuditRows,
    AuditTables,
    Finding,
    audit_model,
    audit_steps,
)
from icans_risk.evaluation.bootstrap import Interval, bootstrap_interval, paired_difference
from icans_risk.evaluation.calibration import calibration_curve
from icans_risk.evaluation.calibration_errors import (
    CALIBRATION_ERRORS,
    CalibrationErrors,
    calibration_band,
    calibration_errors,
)
from icans_risk.evaluation.comparable import comparable_auroc, comparable_difference
from icans_risk.evaluation.comparison import (
    Comparison,
    MetricComparison,
    NetBenefitDifference,
    Reclassification,
    compare_risks,
)
from icans_risk.evaluation.criteria import Criterion, GateVerdict
from icans_risk.evaluation.decision import (
    decision_curve,
    net_benefit,
    net_benefit_difference,
)
from icans_risk.evaluation.delong import (
    AurocDifference,
    AurocInterval,
    delong_interval,
    delong_test,
)
from icans_risk.evaluation.distribution import discrimination_slope, risk_distribution
from icans_risk.evaluation.flexible_calibration import CalibrationFit, fit_calibration
from icans_risk.evaluation.gate import Gate, Margins, judge_replacement
from icans_risk.evaluation.internal_external import (
    LeftOut,
    internal_external,
    leave_level_out,
    temporal_split,
)
from icans_risk.evaluation.intervals import average_precision_interval, metric_interval
from icans_risk.evaluation.metrics import METRICS, Metric
from icans_risk.evaluation.optimism import BootstrapValidation, optimism_corrected
from icans_risk.evaluation.random_effects import RandomEffects, combine_levels
from icans_risk.evaluation.ranking import Ranking, judge_ranking
from icans_risk.evaluation.rebuilds import Rebuilds, rebuild
from icans_risk.evaluation.reclassification import reclassification_table
from icans_risk.evaluation.resampling import (
    FitPredict,
    Fold,
    FoldAverage,
    cross_validate,
    fold_average,
    fold_seed,
    patient_average,
)
from icans_risk.evaluation.sample_size import (
    SampleSize,
    parameters_supported,
    required_sample_size,
    verdict,
)
from icans_risk.evaluation.simulated_size import SimulatedSize, simulated_sample_size
from icans_risk.evaluation.stability import (
    calibration_instability,
    classification_instability,
    decision_instability,
    prediction_instability,
    rank_stability,
)
from icans_risk.evaluation.subgroups import subgroup_table
from icans_risk.evaluation.thresholds import threshold_table
from icans_risk.evaluation.validation_criteria import AtThreshold
from icans_risk.evaluation.validation_size import (
    ValidationSize,
    Widths,
    log_odds_from_c_statistic,
    required_validation_size,
)

__all__ = [
    "CALIBRATION_ERRORS",
    "METRICS",
    "AtThreshold",
    "Audit",
    "AuditPlan",
    "AuditRows",
    "AuditTables",
    "AurocDifference",
    "AurocInterval",
    "BootstrapValidation",
    "CalibrationErrors",
    "CalibrationFit",
    "Comparison",
    "Criterion",
    "Finding",
    "FitPredict",
    "Fold",
    "FoldAverage",
    "Gate",
    "GateVerdict",
    "Interval",
    "LeftOut",
    "Margins",
    "Metric",
    "MetricComparison",
    "NetBenefitDifference",
    "RandomEffects",
    "Ranking",
    "Rebuilds",
    "Reclassification",
    "SampleSize",
    "SimulatedSize",
    "ValidationSize",
    "Widths",
    "audit_model",
    "audit_steps",
    "average_precision_interval",
    "bootstrap_interval",
    "calibration_band",
    "calibration_curve",
    "calibration_errors",
    "calibration_instability",
    "classification_instability",
    "combine_levels",
    "comparable_auroc",
    "comparable_difference",
    "compare_risks",
    "cross_validate",
    "decision_curve",
    "decision_instability",
    "delong_interval",
    "delong_test",
    "discrimination_slope",
    "fit_calibration",
    "fold_average",
    "fold_seed",
    "internal_external",
    "judge_ranking",
    "judge_replacement",
    "leave_level_out",
    "log_odds_from_c_statistic",
    "metric_interval",
    "net_benefit",
    "net_benefit_difference",
    "optimism_corrected",
    "paired_difference",
    "parameters_supported",
    "patient_average",
    "prediction_instability",
    "rank_stability",
    "rebuild",
    "reclassification_table",
    "required_sample_size",
    "required_validation_size",
    "risk_distribution",
    "simulated_sample_size",
    "subgroup_table",
    "temporal_split",
    "threshold_table",
    "verdict",
]

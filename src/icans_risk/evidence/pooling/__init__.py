"""Published figures put together: the mean over studies and how far they differ."""

from icans_risk.evidence.pooling.dispersion import Dispersion, Ratio, rate_ratio_by_group
from icans_risk.evidence.pooling.effects import (
    Effects,
    effects_of,
    log_odds,
    log_odds_ratio,
    log_rate,
    log_rate_ratio,
    log_risk_ratio,
)
from icans_risk.evidence.pooling.heterogeneity import tau2_interval
from icans_risk.evidence.pooling.mixed import MixedFit, fit_mixed
from icans_risk.evidence.pooling.pool import Interval95, Pooled, leave_one_out, pool

__all__ = [
    "Dispersion",
    "Effects",
    "Interval95",
    "MixedFit",
    "Pooled",
    "Ratio",
    "effects_of",
    "fit_mixed",
    "leave_one_out",
    "log_odds",
    "log_odds_ratio",
    "log_rate",
    "log_rate_ratio",
    "log_risk_ratio",
    "pool",
    "rate_ratio_by_group",
    "tau2_interval",
]

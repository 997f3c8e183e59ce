"""Bedside findings to grades: ICE, CAPD, ICANS, CRS and TIAN, each on its own scale.

Pure functions on findings, and twins for whole tables. Nothing of the package but its
errors is imported here. Research use only.
"""

from icans_risk.grading.capd import (
    UNABLE_TO_PERFORM,
    CapdRules,
    Instrument,
    choose_instrument,
    grade_capd,
)
from icans_risk.grading.columns import resolve_half_grades
from icans_risk.grading.ice import (
    ICE_ITEMS,
    IceGrade,
    IceScore,
    grade_ice,
    ice_from_total,
    score_ice,
)
from icans_risk.grading.scales import (
    GradingError,
    HalfRule,
    Scale,
    check_single_scale,
    resolve_half,
)

__all__ = [
    "ICE_ITEMS",
    "UNABLE_TO_PERFORM",
    "CapdRules",
    "GradingError",
    "HalfRule",
    "IceGrade",
    "IceScore",
    "Instrument",
    "Scale",
    "check_single_scale",
    "choose_instrument",
    "grade_capd",
    "grade_ice",
    "ice_from_total",
    "resolve_half",
    "resolve_half_grades",
    "score_ice",
]

"""Bedside findings to grades: ICE, CAPD, ICANS, CRS and TIAN, each on its own scale.

Pure functions on findings, and twins for whole tables. Nothing of the package but its
errors is imported here. Research use only.
"""

from icans_risk.grading.attribution import (
    Features,
    NeurotoxicityAttribution,
    NeurotoxicityFindings,
    Route,
    attribute_neurotoxicity,
)
from icans_risk.grading.capd import (
    UNABLE_TO_PERFORM,
    CapdRules,
    Instrument,
    choose_instrument,
    grade_capd,
)
from icans_risk.grading.columns import resolve_half_grades
from icans_risk.grading.crs import (
    CrsAttribution,
    CrsDomain,
    CrsFindings,
    CrsGrade,
    CrsNotGradable,
    Hypotension,
    Oxygen,
    classify_hypotension,
    classify_nasal_cannula,
    grade_crs,
)
from icans_risk.grading.findings import IcansFindings
from icans_risk.grading.icans import IcansFlag, IcansGrade, NotGradable, grade_icans
from icans_risk.grading.ice import (
    ICE_ITEMS,
    IceGrade,
    IceScore,
    grade_ice,
    ice_from_total,
    score_ice,
)
from icans_risk.grading.scales import HalfRule, Scale, check_single_scale, resolve_half
from icans_risk.grading.tables import (
    CRS_COLUMNS,
    ICANS_COLUMNS,
    grade_crs_table,
    grade_icans_table,
)
from icans_risk.grading.tian import TianGrade, TianSign, TianType, grade_tian, suggest_tian_type
from icans_risk.grading.vocabulary import (
    Attribution,
    Consciousness,
    Domain,
    Motor,
    Pressure,
    Sedation,
    Seizure,
    UncountedSign,
    classify_seizure,
)

__all__ = [
    "CRS_COLUMNS",
    "ICANS_COLUMNS",
    "ICE_ITEMS",
    "UNABLE_TO_PERFORM",
    "Attribution",
    "CapdRules",
    "Consciousness",
    "CrsAttribution",
    "CrsDomain",
    "CrsFindings",
    "CrsGrade",
    "CrsNotGradable",
    "Domain",
    "Features",
    "HalfRule",
    "Hypotension",
    "IcansFindings",
    "IcansFlag",
    "IcansGrade",
    "IceGrade",
    "IceScore",
    "Instrument",
    "Motor",
    "NeurotoxicityAttribution",
    "NeurotoxicityFindings",
    "NotGradable",
    "Oxygen",
    "Pressure",
    "Route",
    "Scale",
    "Sedation",
    "Seizure",
    "TianGrade",
    "TianSign",
    "TianType",
    "UncountedSign",
    "attribute_neurotoxicity",
    "check_single_scale",
    "choose_instrument",
    "classify_hypotension",
    "classify_nasal_cannula",
    "classify_seizure",
    "grade_capd",
    "grade_crs",
    "grade_crs_table",
    "grade_icans",
    "grade_icans_table",
    "grade_ice",
    "grade_tian",
    "ice_from_total",
    "resolve_half",
    "resolve_half_grades",
    "score_ice",
    "suggest_tian_type",
]

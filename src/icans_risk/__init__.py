"""Predict severe neurotoxicity (ICANS) after CAR T-cell therapy. Research use only.

Importing this package loads nothing heavy: public names are resolved on first use.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "Cohort": "icans_risk.cohort",
    "FeatureSpecification": "icans_risk.features",
    "build_features": "icans_risk.features",
    "derive_outcomes": "icans_risk.outcome",
    "develop": "icans_risk.workflow.develop",
    "load_study": "icans_risk.study",
    "read_cohort": "icans_risk.workflow.reading",
    "specify_features": "icans_risk.workflow.inputs",
    "study_endpoints": "icans_risk.workflow.inputs",
}

__all__ = [
    "Cohort",
    "FeatureSpecification",
    "__version__",
    "build_features",
    "derive_outcomes",
    "develop",
    "load_study",
    "read_cohort",
    "specify_features",
    "study_endpoints",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name not in _HOME:
        raise AttributeError(f"module 'icans_risk' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)

"""A run that knows everything of itself, for the reporting tables; all invented."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any, get_type_hints, is_typeddict

from icans_risk.report import RunFacts


def figure(estimate: float | None, low: float | None, high: float | None) -> dict[str, Any]:
    return {"estimate": estimate, "low": low, "high": high}


FACTS: dict[str, Any] = {
    "study": {
        "name": "two_centres",
        "title": "Severe ICANS after CAR T-cell therapy, two centres",
        "kind": "development",
        "data_kind": "real",
        "profile": "full",
        "seed": 20261,
        "diseases": ["large B-cell lymphoma", "mantle cell lymphoma"],
        "treatment_policy": "ignore",
        "presence": "protocol_only",
    },
    "data": {
        "source": "tables of two hospitals",
        "patients": 412,
        "episodes": 419,
        "values": 91_377,
        "grades": 8_204,
        "sites": 2,
        "site_counts": {"north": 288, "south": 131},
        "products": {"axi-cel": 301, "liso-cel": 115, "brexu-cel": None},
        "characteristics": {
            "age": "median 63 years, quartiles 55 and 70",
            "women": "171 of 419",
        },
        "first_era": "2021-Q3",
        "last_era": "2025-Q2",
        "rows_read": 97_013,
        "rows_set_aside": 2_146,
        "warnings": 5,
        "notes": 14,
        "availability_given": 0.87,
    },
    "outcome": {
        "endpoint": "ICANS grade 3 or higher (ASTCT)",
        "scale": "ASTCT",
        "landmark_h": 72.0,
        "horizon_h": 336.0,
        "policy": "discharged_well",
    },
    "flow": {
        "episodes": 419,
        "excluded": {"endpoint before the landmark": 9, "not under observation": None},
        "at_risk": 406,
        "events": 67,
        "events_after_onset": 21,
        "competing_deaths": 3,
        "free_of_endpoint": 332,
        "outcome_unknown": 4,
    },
    "predictors": {
        "candidates": 38,
        "analytes": 17,
        "modalities": {"plasma": 12, "clinical": 3, "csf": 2},
        "windows": ["baseline (up to infusion)", "early (0 to 72 h after infusion)"],
        "statistics": ["last", "max", "slope_per_day"],
        "scores": ["m_easix"],
        "static": ["product", "age_years"],
        "selection": "none",
        "levels": "whole_cohort",
        "values": 18_911,
        "values_after_treatment": 733,
    },
    "missing": {
        "handling": "as_missing",
        "shares": {"plasma": 0.08, "clinical": 0.003, "csf": 0.91},
    },
    "sample_size": {
        "patients": 402,
        "events": 67,
        "prevalence": 0.1667,
        "parameters": 38,
        "events_per_parameter": 1.763,
        "required_patients": 3_646,
        "required_events": 608,
        "binding": "shrinkage",
        "supported": 4,
        "synthetic_patients": 600,
        "validation_patients": 4_215,
        "validation_events": 703,
        "validation_binding": "slope",
    },
    "validation": {
        "scheme": "repeated_folds",
        "folds": 5,
        "repeats": 20,
        "resamples": 1_000,
        "clusters": "left_out",
        "optimism_rebuilds": 200,
    },
    "model": {
        "label": "Gradient-boosted trees",
        "settings": {"rounds": 61, "max_depth": 2, "learning_rate": 0.05},
        "transformation": "as_is",
        "tuning": "fixed",
        "calibration": "intercept_and_slope",
        "imbalance": "none",
        "interval": "rebuilds",
        "comparators": ["Product alone", "m-EASIX to 72 h"],
        "published_scores": ["m-EASIX to 72 h"],
        "thresholds": [0.1, 0.25],
        "trees": 61,
        "files": {"model.json": "4b1c" * 16},
    },
    "performance": {
        "measures": ["AUROC", "calibration slope", "Brier score"],
        "plots": ["calibration curve", "decision curve"],
        "auroc": figure(0.742, 0.678, 0.801),
        "average_precision": figure(0.411, 0.302, 0.523),
        "brier": figure(0.117, 0.098, 0.136),
        "calibration_intercept": figure(-0.04, -0.31, 0.22),
        "calibration_slope": figure(0.93, 0.61, 1.27),
        "observed_expected": figure(0.97, 0.78, 1.19),
        "net_benefit": figure(0.031, 0.009, 0.054),
        "comparators": {
            "Product alone": figure(0.613, 0.548, 0.675),
            "m-EASIX to 72 h": figure(0.701, 0.631, 0.768),
        },
        "analyses": [
            {
                "name": "discharged well",
                "patients": 402,
                "events": 67,
                "auroc": figure(0.742, 0.678, 0.801),
            },
            {
                "name": "observed only",
                "patients": 261,
                "events": 67,
                "auroc": figure(0.729, 0.651, 0.803),
            },
        ],
        "subgroups": [
            {
                "by": "sex",
                "level": "female",
                "patients": 164,
                "events": 26,
                "auroc": figure(0.731, 0.622, 0.829),
            },
            {
                "by": "product",
                "level": "brexu-cel",
                "patients": None,
                "events": None,
                "auroc": None,
            },
        ],
        "heterogeneity": {
            "by": "site",
            "levels": 2,
            "auroc": figure(0.736, 0.664, 0.799),
            "next": figure(None, 0.541, 0.866),
        },
    },
    "abstention": {
        "rules": ["no data before the landmark", "a value is out of range", "unlike training"],
        "asked": 406,
        "answered": 388,
        "counts": {"out_of_range": 7, "unlike_training": 11},
    },
    "software": {
        "package": "0.1.0",
        "python": "3.11.7",
        "xgboost": "3.2.0",
        "commit": "0a1b2c3",
        "run_id": "5e0f7a3c",
        "study_hash": "9d8e" * 16,
        "cohort_hash": "77aa" * 16,
        "feature_hash": "c0de" * 16,
        "command": "icans-risk develop two_centres.yaml",
    },
}
"""A development; ``EVALUATION`` makes it an evaluation as well."""

EVALUATION: dict[str, Any] = {
    "model": "m-EASIX model of 2024",
    "model_hash": "1234" * 16,
    "development_patients": 1_206,
    "development_events": 241,
    "differences": ["only products against CD19", "no EEG"],
    "updating": "intercept_and_slope",
    "updating_patients": 402,
    "slope_before": figure(0.71, 0.52, 0.91),
    "slope_after": figure(1.0, 0.73, 1.28),
}


def both_kinds() -> dict[str, Any]:
    """Return the facts of a run that develops one model and evaluates another."""
    facts = deepcopy(FACTS)
    facts["study"]["kind"] = "development and evaluation"
    return facts | {"evaluation": deepcopy(EVALUATION)}


def without(path: str, facts: dict[str, Any] = FACTS) -> dict[str, Any]:
    """Return a copy of facts that lacks one of them."""
    left = deepcopy(facts)
    at = left
    *groups, last = path.split(".")
    for group in groups:
        at = at[group]
    del at[last]
    return left


def declared(kind: Any = RunFacts, at: str = "") -> Iterator[str]:
    """Walk every path that ``RunFacts`` declares."""
    for name, hint in get_type_hints(kind).items():
        yield f"{at}{name}"
        if is_typeddict(hint):
            yield from declared(hint, f"{at}{name}.")

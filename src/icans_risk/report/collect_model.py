"""What a run says of its model: how it was built, and whom it answers for."""

from collections.abc import Mapping
from typing import Any

__all__ = ["abstention_facts", "model_facts"]

_PUBLISHED = ("score", "log2_score")

Plain = Mapping[str, Any]


def model_facts(landmark: Plain, plan: Plain) -> Plain:
    """Collect what was fitted, of a landmark of a summary and a study as plain data."""
    models, kept = plan.get("models", {}), landmark.get("kept_model", {})
    settings = models.get("booster") or {}
    published = [
        one["label"] for one in models.get("comparators", ()) if one["model"] in _PUBLISHED
    ]
    return {
        "label": landmark["models"]["booster"]["label"],
        "settings": {name: value for name, value in settings.items() if value is not None} or None,
        "transformation": "as_is",
        "tuning": "inner_folds" if models.get("tuning") else "fixed",
        "calibration": kept.get("calibration", {}).get("method", "none"),
        "imbalance": "event_weight" if settings.get("event_weight", 1.0) != 1.0 else "none",
        "interval": "rebuilds" if kept.get("rebuilds") else None,
        "comparators": [m["label"] for n, m in landmark["models"].items() if n != "booster"],
        "published_scores": published,
        "trees": kept.get("trees"),
    }


def abstention_facts(landmark: Plain) -> Plain:
    """Collect when there is no answer, and for how many there was none."""
    answering = landmark.get("answering")
    if answering is None:
        return {}
    groups = answering["groups"]
    return {
        "rules": answering["rules"],
        "asked": groups["all"]["patients"],
        "answered": groups["answered"]["patients"],
        "counts": answering["reasons"] or {"none": 0},
    }

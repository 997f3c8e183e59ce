"""Models of the risk, all with one contract; see the README of this room.

A model sees columns and rows, never an episode, a time or a grade.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from sklearn.base import BaseEstimator

from icans_risk.models.booster import BoostedTrees
from icans_risk.models.explainable import ExplainableBoosting, require_interpret
from icans_risk.models.linear import PenalisedLogistic
from icans_risk.models.prevalence import Prevalence
from icans_risk.models.published import ScoreLink
from icans_risk.models.stored import StoredModel, load_model, save_model

__all__ = [
    "MODELS",
    "BoostedTrees",
    "ExplainableBoosting",
    "PenalisedLogistic",
    "Prevalence",
    "ScoreLink",
    "StoredModel",
    "load_model",
    "make_model",
    "save_model",
]

# A name in a study file, its estimator, and the settings that make it what it is called.
MODELS: Mapping[str, tuple[type[BaseEstimator], Mapping[str, Any]]] = MappingProxyType(
    {
        "booster": (BoostedTrees, {}),
        "prevalence": (Prevalence, {}),
        # Nearly unpenalised: one or two terms need no more than to stay finite.
        "logistic": (PenalisedLogistic, {"strength": 1.0, "l1_ratio": 0.0}),
        # Laboratory values span decades, and one in a wrong unit must not decide. With more
        # lasso, a hundred patients keep too few columns: at 0.5 a tenth of what there was to
        # learn was lost on synthetic ones, and a thousand gained less than a hundredth.
        "elastic_net": (
            PenalisedLogistic,
            {"strength": 10.0, "l1_ratio": 0.3, "signed_log": True},
        ),
        # Of one column: a score on the scale of its points, or a marker that spans decades.
        "score": (ScoreLink, {}),
        "log2_score": (ScoreLink, {"log2": True}),
        # Fitting needs the package interpret-core.
        "explainable": (ExplainableBoosting, {}),
    }
)


def make_model(name: str, **settings: Any) -> BaseEstimator:
    """Make an unfitted model by its name in ``MODELS``.

    Examples
    --------
    >>> make_model("logistic")
    PenalisedLogistic(l1_ratio=0.0)
    """
    estimator, defaults = MODELS[name]
    if estimator is ExplainableBoosting:
        require_interpret()
    return estimator(**{**defaults, **settings})

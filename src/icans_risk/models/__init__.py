"""Models of the risk, all with scikit-learn's contract: ``fit(X, y, sample_weight)``.

A model sees columns and rows, never an episode, a time or a grade.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from sklearn.base import BaseEstimator

from icans_risk.models.booster import BoostedTrees
from icans_risk.models.linear import PenalisedLogistic
from icans_risk.models.prevalence import Prevalence

__all__ = ["MODELS", "BoostedTrees", "PenalisedLogistic", "Prevalence", "make_model"]

# A name in a study file, its estimator, and the settings that make it what it is called.
MODELS: Mapping[str, tuple[type[BaseEstimator], Mapping[str, Any]]] = MappingProxyType(
    {
        "booster": (BoostedTrees, {}),
        "prevalence": (Prevalence, {}),
        # Nearly unpenalised: one or two terms need no more than to stay finite.
        "logistic": (PenalisedLogistic, {"strength": 1.0, "l1_ratio": 0.0}),
        "elastic_net": (PenalisedLogistic, {"strength": 10.0, "l1_ratio": 0.5}),
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
    return estimator(**{**defaults, **settings})

"""A fitted model as plain JSON values, and a closed list of the classes that come back."""

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any, Protocol, Self, TypeVar, cast

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from icans_risk.errors import ModelError

__all__ = ["STORABLE", "Storable", "pack", "restore_inputs", "state_of_inputs", "unpack"]

# Class to the module that defines it. A name from a file is looked up here and nowhere else.
STORABLE: Mapping[str, str] = MappingProxyType(
    {
        "Applicability": "applicability",
        "BoostedTrees": "booster",
        "CalibratedModel": "calibrated",
        "ExplainableBoosting": "explainable",
        "LateFusion": "fusion",
        "ModalityDropout": "dropout",
        "OrderedCuts": "cuts",
        "PenalisedLogistic": "linear",
        "Prevalence": "prevalence",
        "ScoreLink": "published",
        "StackedLandmarks": "landmarks",
    }
)

Model = TypeVar("Model", bound=BaseEstimator)


class Storable(Protocol):
    """A fitted thing that can be written down and read back."""

    def to_state(self) -> dict[str, Any]:
        """Return plain JSON values: finite numbers, text, lists, dicts, None for NaN."""
        ...

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Make from such values what predicts the same, bit for bit."""
        ...


def pack(model: Storable) -> dict[str, Any]:
    """Write a fitted model with its class's name, for a file or inside another's state.

    Raises
    ------
    ModelError
        If its class is none of ``STORABLE``.
    """
    name = type(model).__name__
    _module_of(name)
    return {"class": name, "state": model.to_state()}


def unpack(packed: Mapping[str, Any]) -> Any:
    """Read back what ``pack`` wrote.

    Raises
    ------
    ModelError
        If the class is none of ``STORABLE``.
    """
    name = packed["class"]
    module = import_module(f"icans_risk.models.{_module_of(name)}")
    return getattr(module, name).from_state(packed["state"])


def _module_of(name: str) -> str:
    if name not in STORABLE:
        raise ModelError(
            f"a stored model must be one of {len(STORABLE)} classes ({', '.join(STORABLE)}), got "
            "another. Read it with the package version that wrote it."
        )
    return STORABLE[name]


def state_of_inputs(model: BaseEstimator) -> dict[str, Any]:
    """Write a model's settings, its classes and its columns: what all states begin with."""
    check_is_fitted(model)
    names = getattr(model, "feature_names_in_", None)
    return {
        "settings": {name: _plain(v) for name, v in model.get_params(deep=False).items()},
        "classes": model.classes_.tolist(),
        "n_columns": int(model.n_features_in_),
        "columns": None if names is None else [str(name) for name in names],
    }


def restore_inputs(model_class: type[Model], state: Mapping[str, Any]) -> Model:
    """Make a model with the settings, classes and columns of a state, not yet its fit.

    Raises
    ------
    ModelError
        If there are not two classes, or not a name for each column.
    """
    model = model_class(**state["settings"])
    n_names = state["n_columns"] if state["columns"] is None else len(state["columns"])
    if len(state["classes"]) != 2 or n_names != state["n_columns"]:
        raise ModelError(
            f"a model must have 2 classes and a name for each of {state['n_columns']} columns, got "
            f"{len(state['classes'])} and {n_names}. Take another copy of the model."
        )
    model.classes_ = np.asarray(state["classes"])
    model.n_features_in_ = int(state["n_columns"])
    if state["columns"] is not None:
        model.feature_names_in_ = np.asarray(state["columns"], dtype=object)
    return cast(Model, model)


def _plain(setting: Any) -> Any:
    if isinstance(setting, Mapping):
        return {name: _plain(value) for name, value in setting.items()}
    return setting.item() if isinstance(setting, np.generic) else setting

"""What all parts of a study file have in common: strict types, no unknown key, frozen."""

import difflib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict

from icans_risk.catalogue import load_catalogue

__all__ = ["Strict", "check_names", "map_paths"]


class Strict(BaseModel):
    """A block of the study file."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


Model = TypeVar("Model", bound=Strict)


def check_names(names: Iterable[str]) -> None:
    """Refuse a name that is not in the catalogue, and name the nearest one that is."""
    for name in names:
        if name not in load_catalogue():
            near = difflib.get_close_matches(name, load_catalogue(), n=1, cutoff=0.0)[0]
            raise ValueError(f"{name!r} is not in the catalogue; the nearest is {near!r}")


def map_paths(model: Model, change: Callable[[Path], Path]) -> Model:
    """Return a copy of a block in which every path, however deep, is changed."""
    found = {name: _changed(getattr(model, name), change) for name in type(model).model_fields}
    return model.model_copy(update=found)


def _changed(value: Any, change: Callable[[Path], Path]) -> Any:
    if isinstance(value, Strict):
        return map_paths(value, change)
    if isinstance(value, Path):
        return change(value)
    if isinstance(value, tuple):
        return tuple(_changed(part, change) for part in value)
    if isinstance(value, dict):
        return {key: _changed(part, change) for key, part in value.items()}
    return value

"""Read the catalogue's YAML files into validated entries."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = ["Analyte", "LeakClass", "load_catalogue"]

LeakClass = Literal["safe", "outcome_component", "response_to_outcome", "testing_intensity"]

# One line per modality: the YAML file of that name beside this module.
MODALITY_FILES = ("clinical", "treatment")


class Analyte(BaseModel):
    """One thing that can be measured, and what a model may make of it.

    Attributes
    ----------
    name : str
        Short name, unique within its modality.
    modality : str
        The file that the entry stands in.
    label : str
        What a clinician calls it.
    unit : str
        Canonical unit (UCUM); every value inside the package is in it.
    hard_limits : tuple of float
        Lowest and highest value that can be true at all.
    leak_class : str
        Whether the value, or its mere presence, gives the outcome away.
    sources : tuple of str
        Where the entry's facts come from.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    modality: str
    label: str
    unit: str
    hard_limits: tuple[float, float]
    leak_class: LeakClass
    sources: tuple[str, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _limits_are_ordered(self) -> "Analyte":
        low, high = self.hard_limits
        if low >= high:
            raise ValueError(f"{self.name}: hard_limits must rise, got {low} and {high}")
        return self

    @property
    def full_name(self) -> str:
        """Name the analyte with its modality, as columns and study files do."""
        return f"{self.modality}.{self.name}"


@cache
def load_catalogue() -> Mapping[str, Analyte]:
    """Load every entry, keyed by ``modality.analyte``.

    Returns
    -------
    mapping of str to Analyte
        Read-only, in file order.

    Examples
    --------
    >>> load_catalogue()["clinical.crs_grade"].label
    'CRS grade (ASTCT)'
    """
    entries = {}
    for modality in MODALITY_FILES:
        text = (files("icans_risk.catalogue") / f"{modality}.yaml").read_text(encoding="utf-8")
        for name, fields in yaml.safe_load(text).items():
            analyte = Analyte(name=name, modality=modality, **fields)
            entries[analyte.full_name] = analyte
    return MappingProxyType(entries)

"""What one entry of the catalogue holds, and what makes it valid."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    model_validator,
)

__all__ = ["Analyte", "Conversion", "LeakClass", "Loinc", "Monotone", "Scale", "Source", "Status"]

LeakClass = Literal["safe", "outcome_component", "response_to_outcome", "testing_intensity"]
Monotone = Literal[-1, 0, 1]
Scale = Literal["log", "linear"]
Status = Literal["read", "assumed"]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Source(_Entry):
    """Where a fact comes from, and whether it was read there.

    Attributes
    ----------
    text : str
        What it is the source of, a colon, and the source: ``Reference: ...``.
    status : {"read", "assumed"}
        Read in the source named, or a working assumption that nobody checked there.
    """

    text: str = Field(min_length=1)
    status: Status


class Loinc(_Entry):
    """The LOINC code of an analyte, as one laboratory or terminology gives it.

    Attributes
    ----------
    code : str
        Digits, a hyphen and the check digit.
    status : {"read", "assumed"}
        Read in the laboratory's catalogue, or remembered.
    """

    code: str = Field(pattern=r"^[0-9]{3,6}-[0-9]$")
    status: Status


class Conversion(_Entry):
    """The way from one unit to the canonical one: ``(value + offset) * factor``.

    Attributes
    ----------
    factor : float
        Canonical units in one unit of this kind.
    offset : float
        Added first, in this unit; zero but for temperatures.
    """

    factor: float = Field(gt=0)
    offset: float = 0.0


def _as_conversion(value: Any) -> Any:
    return {"factor": value} if isinstance(value, int | float) else value


def _as_plain(units: Mapping[str, Conversion]) -> dict[str, dict[str, float]]:
    return {unit: conversion.model_dump() for unit, conversion in units.items()}


_Number = Annotated[Conversion, BeforeValidator(_as_conversion)]
# Entries are shared by everyone who loads the catalogue, so their units must not change.
_Units = Annotated[
    Mapping[str, _Number], AfterValidator(MappingProxyType), PlainSerializer(_as_plain)
]


class Analyte(_Entry):
    """One thing that can be measured, and what a model may make of it.

    Attributes
    ----------
    name : str
        Short name, unique within its modality.
    modality : str
        The file that the entry stands in.
    label : str
        What a clinician calls it.
    loinc : Loinc or None
        Its code, where a source gives one.
    unit : str
        Canonical unit (UCUM); every value inside the package is in it.
    accepted_units : mapping of str to Conversion
        Other ways to write the unit, and other units, with the way to the canonical one.
    reference_range : tuple of (float or None) or None
        Lowest and highest usual value in health; None where there is no such end.
    soft_limits : tuple of float or None
        Outside them a value is worth a warning; None where ``hard_limits`` say it all.
    hard_limits : tuple of float
        Lowest and highest value that can be true at all.
    lloq, uloq : float or None
        Lower and upper limit of quantification of a usual assay.
    turnaround_hours : float
        Usual time from collection to result; it differs by assay and site.
    monotone : {-1, 0, 1}
        Direction in which risk may be held to move; 0 where none is defensible.
    leak_class : str
        Whether the value, or its mere presence, gives the outcome away.
    scale : {"log", "linear"}
        Scale on which its values spread evenly.
    assay_dependent : bool
        Whether platforms disagree so much that their results must never be pooled silently.
    alters_measurements : bool
        Whether giving it changes the markers of inflammation that are measured afterwards.
    sources : tuple of Source
        Where the entry's facts come from.

    Raises
    ------
    ValidationError
        If limits do not rise or do not nest (reference within soft within hard), or the
        canonical unit is not accepted as it is.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    modality: str
    label: str = Field(min_length=1)
    loinc: Loinc | None = None
    unit: str = Field(min_length=1)
    accepted_units: _Units
    reference_range: tuple[float | None, float | None] | None = None
    soft_limits: tuple[float, float] | None = None
    hard_limits: tuple[float, float]
    lloq: float | None = None
    uloq: float | None = None
    turnaround_hours: float = Field(ge=0)
    monotone: Monotone = 0
    leak_class: LeakClass
    scale: Scale = "linear"
    assay_dependent: bool = False
    alters_measurements: bool = False
    sources: tuple[Source, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _limits_rise_and_nest(self) -> Self:
        low, high = self.hard_limits
        if low >= high:
            raise ValueError(f"{self.name}: hard_limits must rise, got {low} and {high}")
        outer = self.hard_limits
        if self.soft_limits is not None:
            _check_within(self.soft_limits, outer, where=f"{self.name}: soft_limits")
            outer = self.soft_limits
        if self.reference_range is not None:
            _check_within(self.reference_range, outer, where=f"{self.name}: reference_range")
        _check_within((self.lloq, self.uloq), self.hard_limits, where=f"{self.name}: lloq, uloq")
        return self

    @model_validator(mode="after")
    def _canonical_unit_is_accepted(self) -> Self:
        if self.accepted_units.get(self.unit) != Conversion(factor=1):
            raise ValueError(
                f"{self.name}: accepted_units must hold the canonical unit {self.unit!r} with 1"
            )
        return self

    @property
    def full_name(self) -> str:
        """Name the analyte with its modality, as columns and study files do."""
        return f"{self.modality}.{self.name}"


def _check_within(
    inner: tuple[float | None, float | None], outer: tuple[float, float], *, where: str
) -> None:
    low = outer[0] if inner[0] is None else inner[0]
    high = outer[1] if inner[1] is None else inner[1]
    if not outer[0] <= low <= high <= outer[1]:
        raise ValueError(f"{where} must rise and lie within {outer}, got {low} and {high}")

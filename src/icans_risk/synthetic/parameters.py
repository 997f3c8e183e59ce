"""The numbers of the generator, read from YAML, frozen, versioned and hashed."""

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from icans_risk.errors import IcansRiskError
from icans_risk.strict_yaml import load_yaml

__all__ = ["FROZEN", "Arm", "ArmNumbers", "Parameter", "Parameters", "Readout", "Site", "load"]

# The version of the numbers that cohorts are made with. A change of a number is a new version.
FROZEN = "1.1"

Status = Literal["read", "assumed"]
Floats = NDArray[np.float64]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Parameter(_Entry):
    """One number (or short list) of the mechanism, with what it is for.

    Attributes
    ----------
    value : float or tuple of float
        The number.
    unit : str
        Its unit; "1" for none.
    status : {"read", "assumed"}
        Read in a source, or a working assumption.
    serves : tuple of str
        Keys of the published figures that it was set to meet.
    why : str
        The reason; required where no figure is named.
    """

    value: float | tuple[float, ...]
    unit: str = Field(min_length=1)
    status: Status
    serves: tuple[str, ...] = ()
    why: str = ""

    @model_validator(mode="after")
    def _says_what_it_is_for(self) -> Self:
        if not self.serves and not self.why:
            raise ValueError("a number needs `serves` or `why`")
        return self


class Arm(_Entry):
    """One product in one disease by one route."""

    product: str
    disease: str
    target_antigen: str
    costimulatory_domain: str
    delivery_route: str = "intravenous"
    cns_tumour: bool = False
    car_generation: str = "second"
    lymphodepletion: str = "fludarabine and cyclophosphamide"


class ArmNumbers(_Entry):
    """One quantity for every arm; ``serves`` holds ``{arm}`` where the arm's name goes."""

    unit: str
    status: Status
    why: str = Field(min_length=1)
    serves: str = ""
    values: dict[str, float]


class Site(_Entry):
    """The habits of one invented hospital; days are relative to infusion."""

    name: str
    weight: float
    lab_hour: float
    laboratory: str
    in_house_il6: bool
    turnaround: float
    cytokine_days: tuple[int, ...]
    research_days: tuple[int, ...]
    nerve_days: tuple[int, ...]
    eeg_days: tuple[int, ...]
    csf_days: tuple[int, ...]
    grades_recorded: float
    corticosteroid_prophylaxis: tuple[float, float, float]
    levetiracetam: float
    crp_unit: str
    decimal_comma: bool


class Readout(_Entry):
    """How one analyte reads the latents: median at rest, gains, spread, printed decimals."""

    rest: float
    gains: dict[str, float]
    between: float
    within: float
    decimals: int
    linear: bool = False
    serves: tuple[str, ...] = ()


class Parameters(_Entry):
    """All numbers of the generator.

    Attributes
    ----------
    version : str
        Version of the numbers.
    numbers : dict of str to Parameter
        The mechanism's numbers by name.
    arms : dict of str to Arm
        What each arm is.
    arm_numbers : dict of str to ArmNumbers
        Quantities by arm.
    sites : tuple of Site
        The hospitals.
    panels : dict of str to dict of str to Readout
        Analytes drawn together, by panel and full name.
    """

    version: str
    numbers: dict[str, Parameter]
    arms: dict[str, Arm]
    arm_numbers: dict[str, ArmNumbers]
    sites: tuple[Site, ...]
    panels: dict[str, dict[str, Readout]]

    @model_validator(mode="after")
    def _every_arm_has_its_numbers(self) -> Self:
        for name, table in self.arm_numbers.items():
            if set(table.values) != set(self.arms):
                wrong = sorted(set(table.values) ^ set(self.arms))
                raise ValueError(f"{name} must have one value per arm, differs at {wrong}")
        return self

    def number(self, name: str) -> float:
        """Return one number by name."""
        value = self._entry(name).value
        if isinstance(value, tuple):
            raise IcansRiskError(f"parameter {name!r} is a list; ask for it with `several`.")
        return value

    def several(self, name: str) -> Floats:
        """Return a list of numbers by name."""
        return np.atleast_1d(np.asarray(self._entry(name).value, dtype=np.float64))

    def by_arm(self, name: str, arm: NDArray[np.intp]) -> Floats:
        """Return one quantity for each episode, given the positions of their arms."""
        values = self.arm_numbers[name].values
        return np.array([values[a] for a in self.arms], dtype=np.float64)[arm]

    def changed(self, **to: float) -> "Parameters":
        """Return a copy with some numbers changed, for studies of what a number does.

        Parameters
        ----------
        **to : float
            New values by name; the dots of names are written as two underscores.

        Returns
        -------
        numbers : Parameters
            A copy whose version says that it is not the frozen one.

        Raises
        ------
        IcansRiskError
            If a name is not known.
        """
        names = {key.replace("__", "."): value for key, value in to.items()}
        entries = {k: self._entry(k).model_copy(update={"value": v}) for k, v in names.items()}
        return self.model_copy(
            update={"version": f"{self.version}+changed", "numbers": self.numbers | entries}
        )

    def hash(self) -> str:
        """Hash all numbers: SHA-256 in hexadecimal."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def _entry(self, name: str) -> Parameter:
        if name not in self.numbers:
            raise IcansRiskError(
                f"parameter {name!r} is not among the {len(self.numbers)} of the generator. "
                "Look it up in synthetic/parameters.yaml."
            )
        return self.numbers[name]


def _read(name: str) -> Any:
    text = (files("icans_risk.synthetic") / f"{name}.yaml").read_text(encoding="utf-8")
    return load_yaml(text)


@cache
def load() -> Parameters:
    """Load the frozen numbers.

    Returns
    -------
    numbers : Parameters
        Read once per process.

    Examples
    --------
    >>> load().number("expansion.fold")
    3900.0
    """
    numbers: Mapping[str, Any] = _read("parameters")
    arms = _read("arms")
    return Parameters(
        version=numbers["version"],
        numbers={k: Parameter(**v) for k, v in numbers.items() if k != "version"},
        arms=arms["who"],
        arm_numbers=arms["numbers"],
        sites=_read("sites")["sites"],
        panels=_read("analytes")["panels"],
    )

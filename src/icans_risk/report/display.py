"""In which unit a page shows a value, and how it writes units."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from icans_risk.catalogue import from_canonical, load_catalogue
from icans_risk.report.cleaning import clean
from icans_risk.strict_yaml import load_yaml

__all__ = ["convert", "printed_unit", "unit_shown"]


@cache
def _display() -> Mapping[str, Any]:
    text = (files("icans_risk.report") / "display.yaml").read_text(encoding="utf-8")
    return MappingProxyType(load_yaml(text))


def printed_unit(unit: str) -> str:
    """Write a UCUM unit as wards do; nothing for a number without dimension.

    Examples
    --------
    >>> printed_unit("10*9/L"), printed_unit("{grade}"), printed_unit("mg/dL")
    ('10⁹/L', '', 'mg/dL')
    """
    if unit == "1" or unit.startswith("{"):
        return ""
    known: str | None = _display()["printed"].get(unit)
    return clean(unit) if known is None else known


def unit_shown(analyte: str, unit: str, system: str) -> str:
    """Choose the unit in which a page shows an analyte.

    Parameters
    ----------
    analyte : str
        Full name.
    unit : str
        The unit of the values that a run hands over.
    system : {"conventional", "si"}
        Conventional is the unit that the values are in.

    Examples
    --------
    >>> unit_shown("plasma.fibrinogen", "mg/dL", "si")
    'g/L'
    """
    entry = load_catalogue().get(analyte)
    # A run that counts in another unit than the catalogue is shown as it counts.
    if system != "si" or entry is None or entry.unit != unit:
        return unit
    found: str = _display()["si"].get(analyte.partition("@")[0], unit)
    return found


def convert(value: float, analyte: str, *, unit: str, shown: str) -> float:
    """Convert a value between the unit it is in and the unit shown.

    Examples
    --------
    >>> round(convert(250.0, "plasma.fibrinogen", unit="mg/dL", shown="g/L"), 6)
    2.5
    """
    if unit == shown:
        return value
    return float(from_canonical(value, shown, load_catalogue()[analyte]))

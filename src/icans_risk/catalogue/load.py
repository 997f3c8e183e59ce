"""Read the catalogue's YAML files into validated entries."""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from icans_risk.catalogue.entries import Analyte
from icans_risk.strict_yaml import load_yaml

__all__ = ["load_catalogue", "read_entries"]

# One line per modality: the YAML file of that name beside this module.
MODALITY_FILES = ("plasma", "csf", "eeg", "imaging", "clinical", "treatment")


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
    entries: dict[str, Analyte] = {}
    for modality in MODALITY_FILES:
        text = (files("icans_risk.catalogue") / f"{modality}.yaml").read_text(encoding="utf-8")
        entries |= {analyte.full_name: analyte for analyte in read_entries(text, modality)}
    return MappingProxyType(entries)


def read_entries(text: str, modality: str) -> list[Analyte]:
    """Read the entries of one modality.

    Parameters
    ----------
    text : str
        YAML: a mapping of names to the fields of ``Analyte``.
    modality : str
        The modality that the entries belong to.

    Returns
    -------
    list of Analyte
        In the order of the text.

    Raises
    ------
    ValueError
        If a key stands twice or an entry is not valid.
    """
    # Strict types are those of JSON: a list may fill a tuple, a word may not fill a number.
    return [
        Analyte.model_validate_json(json.dumps({"name": name, "modality": modality, **fields}))
        for name, fields in load_yaml(text).items()
    ]

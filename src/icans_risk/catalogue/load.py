"""Read the catalogue's YAML files into validated entries."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

from icans_risk.catalogue.entries import Analyte
from icans_risk.strict_yaml import load_yaml

__all__ = ["PLATFORM", "Catalogue", "load_catalogue", "read_entries"]

# One line per modality: the YAML file of that name beside this module.
MODALITY_FILES = ("plasma", "csf", "eeg", "imaging", "clinical", "treatment")

# How a platform is written behind the @ of a name.
PLATFORM = re.compile("[a-z0-9]+(?:_[a-z0-9]+)*")


class Catalogue(Mapping[str, Analyte]):
    """All entries by full name, and those of single platforms where platforms disagree.

    ``plasma.nfl@ella`` is what Ella reads as ``plasma.nfl``: found by name, like every
    platform of an assay-dependent entry, but never listed. Read-only.

    Parameters
    ----------
    entries : mapping of str to Analyte
        By full name.

    Examples
    --------
    >>> load_catalogue()["plasma.nfl@ella"].label
    'Neurofilament light (ella)'
    >>> "plasma.crp@ella" in load_catalogue()
    False
    """

    def __init__(self, entries: Mapping[str, Analyte]) -> None:
        self._entries = dict(entries)

    def __getitem__(self, name: str) -> Analyte:
        base, at, platform = name.partition("@")
        entry = self._entries[base]
        if not at:
            return entry
        if not entry.assay_dependent or not PLATFORM.fullmatch(platform):
            raise KeyError(name)
        words = platform.replace("_", " ")
        named = {"name": f"{entry.name}@{platform}", "label": f"{entry.label} ({words})"}
        return entry.model_copy(update=named)

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


@cache
def load_catalogue() -> Catalogue:
    """Load every entry, keyed by ``modality.analyte``.

    Returns
    -------
    Catalogue
        In file order.

    Examples
    --------
    >>> load_catalogue()["clinical.crs_grade"].label
    'CRS grade (ASTCT)'
    """
    entries: dict[str, Analyte] = {}
    for modality in MODALITY_FILES:
        text = (files("icans_risk.catalogue") / f"{modality}.yaml").read_text(encoding="utf-8")
        entries |= {analyte.full_name: analyte for analyte in read_entries(text, modality)}
    return Catalogue(entries)


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

"""Read the catalogue's YAML files into validated entries."""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

import yaml

from icans_risk.catalogue.entries import Analyte

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
    _refuse_repeated_keys(yaml.compose(text, Loader=yaml.SafeLoader))
    # Strict types are those of JSON: a list may fill a tuple, a word may not fill a number.
    return [
        Analyte.model_validate_json(json.dumps({"name": name, "modality": modality, **fields}))
        for name, fields in yaml.safe_load(text).items()
    ]


def _refuse_repeated_keys(node: yaml.Node | None) -> None:
    # YAML lets the last one win, so a second `crp` would silently replace the first.
    if isinstance(node, yaml.MappingNode):
        keys = [key.value for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                line = node.start_mark.line + 1
                raise ValueError(f"key {key!r} stands twice in the block at line {line}. Keep one.")
        for _, value in node.value:
            _refuse_repeated_keys(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _refuse_repeated_keys(value)

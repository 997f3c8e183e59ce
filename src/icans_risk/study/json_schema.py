"""The study file as a JSON schema, with our docstrings as what an editor shows."""

import inspect
import re
from collections.abc import Iterator
from typing import Any

from icans_risk.catalogue import PLATFORM, load_catalogue
from icans_risk.study.schema import Study
from icans_risk.study.strict import Strict

__all__ = ["attribute_texts", "study_schema"]

_NAMES = re.compile(r"(\w+(?:, \w+)*) : ")


def study_schema() -> dict[str, Any]:
    """Build the JSON schema of a study file.

    Returns
    -------
    dict
        JSON Schema, draft 2020-12. Each block has its docstring's first paragraphs, each
        key its line of the "Attributes" as description.

    Examples
    --------
    >>> study_schema()["$defs"]["Infusions"]["properties"]["infused_at"]["description"]
    '``HH:MM``, local, for infusions of which only the date is recorded.'
    """
    schema = Study.model_json_schema()
    blocks = {block.__name__: block for block in _subclasses(Strict)}
    for name, part in {**schema["$defs"], Study.__name__: schema}.items():
        _describe(part, blocks[name])
    _allow_short_form(schema["$defs"])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema


def _subclasses(block: type[Strict]) -> Iterator[type[Strict]]:
    for below in block.__subclasses__():
        yield below
        yield from _subclasses(below)


def _describe(part: dict[str, Any], block: type[Strict]) -> None:
    part["description"] = _first_paragraphs(block)
    texts: dict[str, str] = {}
    for ancestor in reversed(block.__mro__):
        texts |= attribute_texts(ancestor.__dict__.get("__doc__") or "")
    for name, key in part.get("properties", {}).items():
        if name in texts:
            key["description"] = texts[name]


def _first_paragraphs(block: type[Strict]) -> str:
    text = inspect.cleandoc(block.__doc__ or "").partition("\nAttributes\n")[0]
    return "\n\n".join(" ".join(part.split()) for part in text.strip().split("\n\n"))


def attribute_texts(docstring: str) -> dict[str, str]:
    """Read the section "Attributes" of a numpydoc docstring.

    Parameters
    ----------
    docstring : str
        As it stands in the source.

    Returns
    -------
    dict of str to str
        Each attribute's text on one line; names that share a text share it here.

    Examples
    --------
    >>> attribute_texts('''Say it.
    ...
    ...     Attributes
    ...     ----------
    ...     low, high : float
    ...         The two
    ...         ends.
    ...     ''')
    {'low': 'The two ends.', 'high': 'The two ends.'}
    """
    section = inspect.cleandoc(docstring).partition("\nAttributes\n")[2]
    found: dict[str, list[str]] = {}
    current: list[str] = []
    for line in section.splitlines()[1:]:
        names = _NAMES.match(line)
        if names is not None:
            current = []
            found |= dict.fromkeys(names[1].split(", "), current)
        elif line and not line.startswith(" "):
            break
        else:
            current.append(line.strip())
    return {name: " ".join(lines).strip() for name, lines in found.items()}


def _platforms() -> str:
    """Match the entry of one platform where platforms disagree, as ``plasma.nfl@ella``."""
    names = [name for name, entry in load_catalogue().items() if entry.assay_dependent]
    return f"^(?:{'|'.join(map(re.escape, names))})@{PLATFORM.pattern}$"


def _allow_short_form(parts: dict[str, Any]) -> None:
    """Let an editor offer the catalogue's names, alone or as ``analyte``."""
    known = [{"enum": list(load_catalogue())}, {"pattern": _platforms()}]
    names: dict[str, Any] = {"anyOf": known, "type": "string"}
    choice = parts["AnalyteChoice"]
    choice["properties"]["analyte"] |= names
    parts["AnalyteChoice"] = {
        "anyOf": [names, {k: v for k, v in choice.items() if k not in ("title", "description")}],
        "title": choice["title"],
        "description": choice["description"],
    }

"""What exports call things, and what the words mean here."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from icans_risk.catalogue import load_catalogue
from icans_risk.cohort import EPISODES
from icans_risk.strict_yaml import load_yaml

__all__ = [
    "Match",
    "column_meaning",
    "header_clock",
    "is_fluid",
    "match_analyte",
    "match_unit",
    "nearest_analytes",
    "synonyms_of",
    "word_meaning",
]

_LOINC = re.compile(r"(?:LOINC\W*)?([0-9]{3,6}-[0-9])", re.IGNORECASE)
# How LOINC's long names say what kind of quantity it is.
_PROPERTY = re.compile(r"\[(#|Mass|Moles|Units|Enzymatic activity)/volume\]")
# GM-CSF and G-CSF have nothing to do with cerebrospinal fluid.
_GROWTH_FACTOR = re.compile(r"(?<![a-z0-9])(gm?)[-_ ]csf")


@dataclass(frozen=True)
class Match:
    """What a word of a source most probably means.

    Attributes
    ----------
    analyte : str
        Full name in the catalogue.
    unit : str or None
        An accepted unit, where the word states one.
    """

    analyte: str
    unit: str | None = None


@cache
def _read() -> Mapping[str, Any]:
    text = (files("icans_risk.ingest.draft") / "synonyms.yaml").read_text(encoding="utf-8")
    return MappingProxyType(load_yaml(text))


@cache
def _letters() -> Mapping[int, str]:
    return str.maketrans(_read()["letters"])


def _parts(text: str) -> list[str]:
    plain = unicodedata.normalize("NFC", text).casefold().translate(_letters())
    plain = _GROWTH_FACTOR.sub(r"\1csf", unicodedata.normalize("NFKD", plain))
    return re.findall(r"[a-z0-9]+", plain)


def _key(text: str) -> str:
    return "".join(_parts(text))


def _keys(words: Iterable[str]) -> frozenset[str]:
    return frozenset(_key(word) for word in words)


def column_meaning(header: str) -> str | None:
    """Say what a column is by its header, if it is a column that a study file knows.

    Examples
    --------
    >>> column_meaning("Entnahmezeitpunkt"), column_meaning("resulted_h")
    ('collected', 'available')
    >>> column_meaning("Hausarzt") is None
    True
    """
    parts = _parts(header)
    named = _column_index().get("".join(parts))
    if named is None and len(parts) > 1 and parts[-1] in _clock_index():
        named = _column_index().get("".join(parts[:-1]))
    return named


@cache
def _column_index() -> Mapping[str, str]:
    own = {_key(name): name for name in EPISODES if not name.endswith(("_id", "_h"))}
    listed = {_key(word): name for name, words in _read()["columns"].items() for word in words}
    return own | listed


@cache
def _clock_index() -> Mapping[str, str]:
    return {_key(word): clock for clock, words in _read()["clocks"].items() for word in words}


def header_clock(header: str) -> str | None:
    """Say which relative clock a header names, if it names one.

    Examples
    --------
    >>> header_clock("collected_h"), header_clock("Tag"), header_clock("time")
    ('hours', 'day_number', None)
    """
    parts = _parts(header)
    # Abbreviations stand at the end; whole words stand anywhere, as in "hours since infusion".
    told = ["".join(parts), *parts[-1:], *(part for part in parts if len(part) > 2)]
    return next((_clock_index()[part] for part in told if part in _clock_index()), None)


def word_meaning(word: str, *, column: str) -> str | None:
    """Say what a word in a column of the episodes means, if it is known.

    Examples
    --------
    >>> word_meaning("YESCARTA", column="product")
    'axi-cel'
    """
    known = _read()["words"].get(column, {})
    return next((name for name, words in known.items() if _key(word) in _keys(words)), None)


def synonyms_of(full_name: str) -> Sequence[str]:
    """List what exports call an analyte, beside its name, label and LOINC code."""
    known = _read()["analytes"]
    return (*known.get(full_name.partition(".")[2], ()), *known.get(full_name, ()))


@cache
def _analyte_index() -> Mapping[tuple[bool, str], str]:
    index: dict[tuple[bool, str], str] = {}
    for full_name, analyte in load_catalogue().items():
        in_label = re.split(r"[()]", analyte.label)
        names = (analyte.name, analyte.label, *in_label, *synonyms_of(full_name))
        for name in names:
            key = _name_key(_parts(name))[1]
            if key:
                index.setdefault((analyte.modality == "csf", key), full_name)
        # Under its full name stands what means this analyte without a word for the specimen.
        for word in _read()["analytes"].get(full_name, ()):
            index[_name_key(_parts(word))] = full_name
    return index


@cache
def _whole_names() -> Mapping[str, str]:
    catalogue = load_catalogue()
    return {_key(n): n for n in catalogue} | {_key(a.label): n for n, a in catalogue.items()}


@cache
def _ignored() -> tuple[frozenset[str], frozenset[str]]:
    csf, blood = (_read()["specimens"][name] for name in ("csf", "blood"))
    return _keys(csf), _keys([*blood, *_read()["fillers"]])


def _name_key(parts: Sequence[str]) -> tuple[bool, str]:
    csf, dropped = _ignored()
    is_csf = any(part in csf for part in parts)
    if is_csf:
        parts = [part for part in parts if part not in csf]
    return is_csf, "".join(part for part in parts if part not in dropped)


def match_analyte(word: str) -> Match | None:
    """Find the analyte that a word or a header names, with the unit that it states.

    Every part of the word must be understood: a word with a rest that is neither a unit
    nor a specimen matches nothing.

    Examples
    --------
    >>> match_analyte("C-reaktives Protein [mg/l]")
    Match(analyte='plasma.crp', unit='mg/L')
    >>> match_analyte("Liquor IL-6"), match_analyte("1988-5")
    (Match(analyte='csf.il6', unit=None), Match(analyte='plasma.crp', unit=None))
    >>> match_analyte("CRP of Jane") is None
    True
    """
    code = _LOINC.fullmatch(word.strip())
    if code is not None:
        coded = ((n, a.loinc.code) for n, a in load_catalogue().items() if a.loinc)
        return next((Match(name) for name, loinc in coded if loinc == code[1]), None)
    parts = _parts(_PROPERTY.sub("", word))
    if "".join(parts) in _whole_names():
        return Match(_whole_names()["".join(parts)])
    for end in range(len(parts), 0, -1):
        name = _analyte_index().get(_name_key(parts[:end]))
        if name is not None:
            return _with_unit(name, word, parts[end:])
    return None


def _with_unit(name: str, word: str, rest: Sequence[str]) -> Match | None:
    if not rest:
        # A share of cells in per cent is another quantity than their number.
        accepted = load_catalogue()[name].accepted_units
        is_share = "%" in word
        return None if is_share and "%" not in accepted else Match(name, "%" if is_share else None)
    unit = match_unit("".join(rest), name)
    return Match(name, unit) if unit is not None else None


def is_fluid(words: Iterable[str | None]) -> bool:
    """Tell whether any word names cerebrospinal fluid.

    Examples
    --------
    >>> is_fluid(["Serum", "Liquor"])
    True
    """
    return any(set(_parts(word or "")) & _ignored()[0] for word in words)


def match_unit(text: str, analyte: str) -> str | None:
    """Find the accepted unit of an analyte that is written like this but for case and signs.

    Examples
    --------
    >>> match_unit("mg/dl", "plasma.crp"), match_unit("mmol/l", "plasma.crp")
    ('mg/dL', None)
    """
    accepted = load_catalogue()[analyte].accepted_units
    if text in accepted:
        return text
    known = {unit: _keys([unit, *_read()["units"].get(unit, ())]) for unit in accepted}
    return next((unit for unit, keys in known.items() if _key(text) in keys - {""}), None)


def nearest_analytes(word: str) -> list[str]:
    """List at most three analytes whose names look like the word."""
    key = _name_key(_parts(word))[1]
    near = get_close_matches(key, [name for _, name in _analyte_index()], n=6, cutoff=0.6)
    names = (
        full for name in near for (_, known), full in _analyte_index().items() if known == name
    )
    return list(dict.fromkeys(names))[:3]

"""Search the catalogue and tell what an entry says, in words."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any

from icans_risk.catalogue import Analyte, load_catalogue
from icans_risk.errors import IcansRiskError
from icans_risk.ingest.draft.synonyms import match_analyte, synonyms_of

__all__ = [
    "LEAK_WORDS",
    "MONOTONE_WORDS",
    "entry_as_data",
    "reference_in_words",
    "search_catalogue",
]

LEAK_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "safe": "a measurement: may be a feature",
        "outcome_component": "the grade is made from it: a feature before the infusion only",
        "response_to_outcome": "done because of toxicity: a feature only with presence: "
        "informative, which every report then prints",
        "testing_intensity": "tells how often somebody was tested, not what was found: a feature "
        "only with presence: informative, which every report then prints",
    }
)
MONOTONE_WORDS: Mapping[int, str] = MappingProxyType(
    {1: "higher may be held to raise risk", -1: "higher may be held to lower risk", 0: "none held"}
)


def search_catalogue(words: Sequence[str] = (), *, modality: str | None = None) -> list[Analyte]:
    """Find the analytes that every word occurs in.

    Parameters
    ----------
    words : sequence of str
        Each must occur in the name, the label, the LOINC code or what exports call the
        analyte; case does not matter. A single full name or LOINC code finds its entry alone.
    modality : str, optional
        Only of this modality.

    Returns
    -------
    list of Analyte
        In the catalogue's order.

    Raises
    ------
    IcansRiskError
        If there is none; the nearest name is in the message.

    Examples
    --------
    >>> [analyte.full_name for analyte in search_catalogue(["thrombozyten"])]
    ['plasma.platelets']
    """
    known = load_catalogue()
    modalities = list(dict.fromkeys(analyte.modality for analyte in known.values()))
    if modality is not None and modality not in modalities:
        raise IcansRiskError(f"expected a modality of {modalities}, got {modality!r}.")
    exact = known.get(words[0].casefold()) if len(words) == 1 else None
    asked = [exact] if exact is not None else list(known.values())
    found = [
        analyte
        for analyte in asked
        if modality in (None, analyte.modality) and _holds(analyte, words)
    ]
    if not found:
        where = "the catalogue" if modality is None else f"the catalogue's {modality}"
        raise IcansRiskError(
            f"nothing in {where} matches {' '.join(words)!r}; the nearest is "
            f"{_nearest(' '.join(words), modality)!r}."
        )
    return found


def _holds(analyte: Analyte, words: Sequence[str]) -> bool:
    code = "" if analyte.loinc is None else analyte.loinc.code
    text = "\n".join((analyte.full_name, analyte.label, code, *synonyms_of(analyte.full_name)))
    return all(word.casefold() in text.casefold() for word in words)


def _nearest(text: str, modality: str | None) -> str:
    match = match_analyte(text)
    if match is not None and (modality is None or match.analyte.startswith(f"{modality}.")):
        return match.analyte
    names: dict[str, str] = {}
    for full_name, analyte in load_catalogue().items():
        if modality in (None, analyte.modality):
            called = (full_name, analyte.name, analyte.label, *synonyms_of(full_name))
            names |= {name.casefold(): full_name for name in called if name.casefold() not in names}
    return names[get_close_matches(text.casefold(), names, n=1, cutoff=0.0)[0]]


def reference_in_words(analyte: Analyte) -> str:
    """Write the reference range with its open ends.

    Examples
    --------
    >>> reference_in_words(load_catalogue()["plasma.crp"])
    'up to 5'
    """
    low, high = analyte.reference_range or (None, None)
    if low is None and high is None:
        return "none stated"
    if low is None:
        return f"up to {high:g}"
    return f"from {low:g}" if high is None else f"{low:g} to {high:g}"


def entry_as_data(analyte: Analyte) -> dict[str, Any]:
    """Return an entry as plain data, with its full name and what it means for a feature."""
    return {
        "full_name": analyte.full_name,
        **analyte.model_dump(mode="json"),
        "synonyms": list(synonyms_of(analyte.full_name)),
        "as_a_feature": LEAK_WORDS[analyte.leak_class],
    }

"""The texts of pages of patients in each language: the same YAML files per language, same keys."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Literal, get_args

from icans_risk.errors import IcansRiskError
from icans_risk.strict_yaml import load_yaml

__all__ = [
    "LANGUAGES",
    "Language",
    "load_messages",
    "load_sentences",
    "load_terms",
    "split_numbers",
]

Language = Literal["en", "de"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
_NUMBER = re.compile(r"\d+(?:[,.]\d+)*")
_COUNTED = re.compile(r"\{\} (patient|event|parameter|candidate parameter)\b")


@cache
def load_messages(language: Language) -> Mapping[str, str]:
    """Read the texts of a language by dotted key.

    Parameters
    ----------
    language : {"en", "de"}
        Of the texts.

    Returns
    -------
    mapping of str to str
        ``str.format`` templates.

    Raises
    ------
    IcansRiskError
        If there is no such language.

    Examples
    --------
    >>> load_messages("en")["none.measured"], load_messages("de")["none.measured"]
    ('not measured', 'nicht gemessen')
    """
    if language not in LANGUAGES:
        raise IcansRiskError(
            f"A page must be in one of {list(LANGUAGES)}, got {language!r}. Choose one of them."
        )
    parts = (_read(f"{language}.yaml"), _read(f"lists_{language}.yaml"))
    return MappingProxyType({key: text for part in parts for key, text in _flat(part)})


@cache
def load_terms() -> Mapping[str, str]:
    """Read what a run says in English, by the English, with the German beside it.

    Numbers stand as ``{}`` in the English, and as ``{0}``, ``{1}`` in the German.
    """
    return MappingProxyType(_read("de_terms.yaml"))


@cache
def load_sentences() -> Mapping[str, Any]:
    """Read what is known of each family of inputs, with its source."""
    return MappingProxyType(_read("sentences.yaml"))


def split_numbers(text: str) -> tuple[str, list[str]]:
    """Take the numbers out of a sentence, and count everything in the plural.

    Examples
    --------
    >>> split_numbers("39 of 1,200 patients")
    ('{} of {} patients', ['39', '1,200'])
    >>> split_numbers("1 event")
    ('{} events', ['1'])
    """
    pattern = _COUNTED.sub(r"{} \1s", _NUMBER.sub("{}", text))
    return pattern, _NUMBER.findall(text)


def _read(name: str) -> dict[str, Any]:
    text = (files("icans_risk.report") / "messages" / name).read_text(encoding="utf-8")
    content: dict[str, Any] = load_yaml(text)
    return content


def _flat(content: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in content.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", str(value)

"""Sentences with places for facts: filled whole, or not at all.

A template is ours, from a file of this room; a fact is never read as a template. A place is
``{group.fact}`` or ``{group.fact:format}``. If one fact of a sentence is absent, there is no
sentence, only the names of what it lacks.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from icans_risk.errors import IcansRiskError
from icans_risk.report.wording import (
    NOT_ESTIMABLE,
    clean,
    hours,
    moment,
    number,
    with_interval,
)

__all__ = [
    "FORMATS",
    "HIDDEN",
    "Filled",
    "Phrases",
    "facts_named",
    "fill",
    "fill_all",
    "look_up",
    "mark_synthetic",
]

Phrases = Mapping[str, Mapping[str, str]]
"""What codes say: table, code, words."""

Escape = Callable[[str], str]

_PLACE = re.compile(r"\{([a-z_.]+)(?::([a-z_ ]+))?\}")
HIDDEN = "hidden (small)"


@dataclass(frozen=True)
class Filled:
    """A sentence and the facts that it lacks; one of the two is empty."""

    text: str
    missing: tuple[str, ...] = ()


def facts_named(template: str) -> tuple[str, ...]:
    """List the facts that a sentence needs, in order, each once.

    Examples
    --------
    >>> facts_named("{data.patients:n patient} at {data.sites:n site}, {data.patients}")
    ('data.patients', 'data.sites')
    """
    return tuple(dict.fromkeys(place[1] for place in _PLACE.finditer(template)))


def fill(
    template: str,
    facts: Mapping[str, Any],
    *,
    phrases: Phrases | None = None,
    escape: Escape = clean,
) -> Filled:
    """Put facts into a sentence.

    Parameters
    ----------
    template : str
        With places.
    facts : mapping
        See ``RunFacts``.
    phrases : mapping of str to mapping of str to str, optional
        For the format ``say TABLE``, which puts words in the place of a code.
    escape : callable
        What makes a string from outside safe where the sentence will stand.

    Returns
    -------
    Filled
        The sentence, or what it lacks.

    Raises
    ------
    IcansRiskError
        If a fact is not what its format takes, or a code has no words.

    Examples
    --------
    >>> fill("{data.patients:n patient}.", {"data": {"patients": 1}}).text
    '1 patient.'
    >>> fill("{data.patients:n patient}.", {}).missing
    ('data.patients',)
    """
    missing = tuple(path for path in facts_named(template) if look_up(facts, path) is None)
    if missing:
        return Filled("", missing)

    def put(place: re.Match[str]) -> str:
        path, form = place[1], place[2] or ""
        try:
            return _format(look_up(facts, path), form, phrases=phrases or {}, escape=escape)
        except (TypeError, ValueError, KeyError, AttributeError, OverflowError) as error:
            kind = type(look_up(facts, path)).__name__
            raise IcansRiskError(
                f"{path}: expected a fact that can be printed as {form or 'plain text'!r}, got a "
                f"{kind} that cannot ({type(error).__name__}). See report/facts.py for its shape."
            ) from None

    return Filled(_PLACE.sub(put, template))


def fill_all(
    templates: Sequence[str],
    facts: Mapping[str, Any],
    *,
    phrases: Phrases | None = None,
    escape: Escape = clean,
) -> list[str]:
    """Fill those of several sentences whose facts are all there."""
    filled = [fill(t, facts, phrases=phrases, escape=escape) for t in templates]
    return [sentence.text for sentence in filled if not sentence.missing]


def look_up(facts: Mapping[str, Any], path: str) -> Any:
    """Return a fact by its path, or None where it is absent.

    Examples
    --------
    >>> look_up({"data": {"sites": 3}}, "data.sites"), look_up({"data": None}, "data.sites")
    (3, None)
    """
    found: Any = facts
    for key in path.split("."):
        if not isinstance(found, Mapping) or found.get(key) is None:
            return None
        found = found[key]
    return found


def mark_synthetic(text: str, facts: Mapping[str, Any]) -> str:
    """Say of a text with figures from synthetic patients that they are, unless it does.

    Examples
    --------
    >>> mark_synthetic("AUROC 0.74.", {"study": {"data_kind": "synthetic"}})
    'SYNTHETIC patients: AUROC 0.74.'
    >>> mark_synthetic("AUROC 0.74.", {"study": {"data_kind": "real"}})
    'AUROC 0.74.'
    """
    is_marked = look_up(facts, "study.data_kind") != "synthetic" or "SYNTHETIC" in text
    return text if is_marked else f"SYNTHETIC patients: {text}"


def _format(value: Any, form: str, *, phrases: Phrases, escape: Escape) -> str:
    if form.startswith("n "):
        return _count(value, form.removeprefix("n "))
    if form.startswith("say "):
        return phrases[form.removeprefix("say ")][value]
    return FORMATS[form](value, escape)


def _count(value: Any, noun: str) -> str:
    # Of a list its entries are counted.
    count = len(value) if isinstance(value, list) else int(value)
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _plain(value: Any, escape: Escape) -> str:
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{float(value):.4g}" if math.isfinite(value) else NOT_ESTIMABLE


def _list(values: Any, escape: Escape) -> str:
    words = [_plain(value, escape) for value in _sequence(values)]
    if len(words) < 2:
        return "".join(words) or "none"
    return f"{', '.join(words[:-1])} and {words[-1]}"


def _sequence(values: Any) -> Sequence[Any]:
    # A string is a sequence of letters, which is never meant.
    if isinstance(values, str) or not isinstance(values, Sequence):
        raise TypeError("a list is needed")
    return values


def _pairs(values: Mapping[str, Any], escape: Escape) -> str:
    # Words may have commas of their own.
    has_words = any(isinstance(value, str) for value in values.values())
    between, after = ("; ", ":") if has_words else (", ", "")
    shown = [
        f"{escape(str(name))}{after} {HIDDEN if value is None else _plain(value, escape)}"
        for name, value in values.items()
    ]
    return between.join(shown) or "none"


def _shares(values: Mapping[str, float], escape: Escape) -> str:
    shown = [f"{escape(str(name))} {_share(value, escape)}" for name, value in values.items()]
    return ", ".join(shown) or "none"


def _share(value: float, _: Escape) -> str:
    percent = 100 * value
    if 0 < percent < 1:
        return "below 1 %"
    return "above 99 %" if 99 < percent < 100 else f"{percent:.0f} %"


def _share_list(values: Any, _: Escape) -> str:
    return _list([f"{100 * value:.4g} %" for value in _sequence(values)], str)


def _interval(figure: Mapping[str, float | None], _: Escape) -> str:
    estimate, low, high = (_finite(figure[key]) for key in ("estimate", "low", "high"))
    return with_interval((estimate, low, high), name="95 % interval")


def _span(figure: Mapping[str, float | None], _: Escape) -> str:
    return f"{number(_finite(figure['low']))} to {number(_finite(figure['high']))}"


def _finite(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _figures(figures: Mapping[str, Mapping[str, float | None]], escape: Escape) -> str:
    shown = [f"{escape(str(name))} {_interval(f, escape)}" for name, f in figures.items()]
    return "; ".join(shown) or "none"


def _analyses(analyses: Any, escape: Escape) -> str:
    shown = [
        f"{escape(one['name'])} ({_known(one['patients'], 'patient')}, "
        f"{_known(one['events'], 'event')}): AUROC {_interval(one['auroc'], escape)}"
        for one in _sequence(analyses)
    ]
    return "; ".join(shown) or "none"


def _subgroups(groups: Any, escape: Escape) -> str:
    shown = [
        f"{escape(one['by'])} {escape(one['level'])} ({_known(one['patients'], 'patient')}, "
        f"{_known(one['events'], 'event')}): "
        f"{_interval(one['auroc'], escape) if one['auroc'] else NOT_ESTIMABLE}"
        for one in _sequence(groups)
    ]
    return "; ".join(shown) or "none"


def _known(value: int | None, noun: str) -> str:
    return f"{noun}s {HIDDEN}" if value is None else _count(value, noun)


FORMATS: Mapping[str, Callable[[Any, Escape], str]] = {
    "": _plain,
    "list": _list,
    "pairs": _pairs,
    "share": _share,
    "shares": _shares,
    "share list": _share_list,
    "interval": _interval,
    "span": _span,
    "figures": _figures,
    "analyses": _analyses,
    "subgroups": _subgroups,
    "code": lambda value, escape: escape(str(value)),
    "hours": lambda value, _: hours(float(value)),
    "moment": lambda value, _: moment(float(value)),
}
"""How a fact is printed, by the name in its place; beside them ``n NOUN`` and ``say TABLE``."""

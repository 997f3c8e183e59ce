"""One input in one patient: value, what is usual, its course, and what is published of it."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from icans_risk.report.basis import shown_value
from icans_risk.report.context import AnalyteText, EpisodeResult, RunContext
from icans_risk.report.display import convert, printed_unit, unit_shown
from icans_risk.report.messages import load_sentences
from icans_risk.report.words import Words

__all__ = ["describe_input"]

Event = Mapping[str, Any]
_DOI = re.compile(r",? ?(doi:[^;\s]+)")


def describe_input(
    run: RunContext,
    episode: EpisodeResult,
    analyte: str,
    *,
    words: Words,
    events: Sequence[Event],
    raises: bool,
) -> dict[str, Any]:
    """Say all that a reader needs to weigh one input against the patient.

    Parameters
    ----------
    run, episode, words
        As for the page.
    analyte : str
        Full name.
    events : sequence of dict
        The events that were used, by full name and in the order of collection.
    raises : bool
        Whether the input raised the estimate.

    Returns
    -------
    dict
        ``label``, ``value``, ``reference``, ``middle``, ``collected``, ``came``, ``trend``
        (None below two values), ``sentence`` and ``source`` (empty where the input was not
        measured or nothing is published).
    """
    own = [event for event in events if event["analyte"] == analyte]
    known = run.text(analyte) or AnalyteText(label=analyte)
    blank = {"collected": "", "came": "", "trend": None, "sentence": "", "source": "", "where": ""}
    told = {"label": words.term(known.label), **_usual(known, analyte, words), **blank}
    if own:
        latest = float(own[-1]["value"])
        told |= _latest(run, own[-1], words) | {"trend": _trend(run, own, words)}
    else:
        fixed = _fixed(episode, analyte)
        told["value"] = (
            words.not_measured if fixed is None else shown_value(run, analyte, fixed, words=words)
        )
        if fixed is None:
            return told
        latest = fixed if isinstance(fixed, float) else math.nan
    return told | _published(known, analyte, latest, raises=raises, words=words)


def _fixed(episode: EpisodeResult, analyte: str) -> float | str | None:
    value = episode.values.get(analyte)
    if value is None and analyte == "static.product":
        value = episode.product
    if isinstance(value, str) or value is None:
        return value
    return float(value) if math.isfinite(value) else None


def _latest(run: RunContext, event: Event, words: Words) -> dict[str, Any]:
    age = words.short_age(run.landmark_h - float(event["collected_h"]))
    value = shown_value(run, event["analyte"], float(event["value"]), words=words)
    return {
        "value": words("drivers.old", value=value, age=age),
        "collected": words("drivers.collected", time=words.at(event["collected_h"])),
        "came": words("drivers.came", time=words.span(event["available_h"])),
    }


def _usual(known: AnalyteText, analyte: str, words: Words) -> dict[str, str]:
    shown = unit_shown(analyte, known.unit, words.units)
    unit = words.term(printed_unit(shown))

    def printed(end: float | None) -> str | None:
        if end is None:
            return None
        return words.figure(convert(end, analyte, unit=known.unit, shown=shown), 3)

    told = {"reference": "", "middle": ""}
    if known.reference is not None:
        low, high = map(printed, known.reference)
        reference = f"{_between(low, high, words)} {unit}".strip()
        told["reference"] = words("drivers.reference", range=reference)
    if known.middle is not None:
        low, high = map(printed, known.middle)
        # The unit stands in the line above.
        own_unit = "" if told["reference"] else unit
        middle = f"{_between(low, high, words)} {own_unit}".strip()
        told["middle"] = words("drivers.middle", range=middle)
    return told


def _between(low: str | None, high: str | None, words: Words) -> str:
    if low is None or high is None:
        return words("span.upto" if low is None else "span.from", low=low, high=high)
    return low if low == high else words("span.to", low=low, high=high)


def _trend(run: RunContext, own: Sequence[Event], words: Words) -> dict[str, Any] | None:
    """Place the values over time on 0 to 1 each way, with the windows of the model."""
    if len(own) < 2:
        return None
    times = [float(event["collected_h"]) for event in own]
    values = [float(event["value"]) for event in own]
    first, low, high = times[0], min(values), max(values)
    # A first value long before infusion would leave no room for the days that matter.
    start = min(max(first, min(-24.0, times[-2])), 0.0)
    width = max(run.landmark_h - start, 1.0)

    def x(time_h: float) -> float:
        return round(min(max((time_h - start) / width, 0.0), 1.0), 4)

    def y(value: float) -> float:
        return 0.5 if high == low else round((value - low) / (high - low), 4)

    spans = [(w.start_h, w.end_h) for w in run.windows if w.end_h > start]
    return {
        "points": [{"x": x(t), "y": y(v)} for t, v in zip(times, values, strict=True)],
        "windows": [[x(start if a is None else a), x(b)] for a, b in spans],
        "infusion": x(0.0) if start < 0 < run.landmark_h else None,
        "words": words(
            "drivers.trend_title",
            n=len(own),
            first=shown_value(run, own[0]["analyte"], values[0], words=words),
            last=shown_value(run, own[0]["analyte"], values[-1], words=words),
        ),
    }


def _published(
    known: AnalyteText, analyte: str, value: float, *, raises: bool, words: Words
) -> dict[str, str]:
    position = _position(known, value, words)
    family = _family(analyte)
    if family is None:
        return {"sentence": position, "source": "", "where": ""}
    side = _side(known, value)
    published = family["low"] if side < 0 and "low" in family else family["high"]
    pushed = 1 if raises else -1
    # High where published risk rises with the value, and yet it lowered: nobody should wonder.
    is_against = side * family["direction"] * pushed < 0
    parts = [position, published[words.language], words("drivers.against") if is_against else ""]
    source, where = _shorten(family["source"])
    return {
        "sentence": " ".join(part for part in parts if part),
        "source": words("drivers.source", source=source),
        "where": where,
    }


def _shorten(source: str) -> tuple[str, str]:
    """Part the identifiers of articles from authors and years: paper needs the latter."""
    found = _DOI.findall(source)
    names = _DOI.sub("", source)
    if not names.strip() or not found:
        return source, ""
    return names, f" ({', '.join(found)})"


def _family(analyte: str) -> Mapping[str, Any] | None:
    name = analyte.partition("@")[0]
    for family in load_sentences().values():
        if name in family["inputs"]:
            found: Mapping[str, Any] = family
            return found
    return None


def _side(known: AnalyteText, value: float) -> int:
    """Return whether a value is high (1), low (-1) or neither among patients at the landmark."""
    if known.middle is None or math.isnan(value):
        return 0
    low, high = known.middle
    return (value > high) - (value < low)


def _position(known: AnalyteText, value: float, words: Words) -> str:
    reference = _against_reference(known, value)
    if known.middle is None or math.isnan(value):
        return "" if not reference else words("drivers.position_one", first=words(reference))
    usual = {1: "upper", -1: "lower", 0: "middle"}[_side(known, value)]
    if not reference:
        return words("drivers.position_one", first=words(f"drivers.{usual}_one"))
    inside = "middle_half" if usual == "middle" else usual
    return words("drivers.position", reference=words(reference), usual=words(f"drivers.{inside}"))


def _against_reference(known: AnalyteText, value: float) -> str:
    if known.reference is None or math.isnan(value):
        return ""
    low, high = known.reference
    if high is not None and value > high:
        return "drivers.above"
    return "drivers.below" if low is not None and value < low else "drivers.within"

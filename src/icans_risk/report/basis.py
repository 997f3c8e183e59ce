"""What an estimate is based on: which inputs there were, how old, and which were missing."""

import math
from collections.abc import Mapping
from typing import Any

from icans_risk.errors import LeakageError
from icans_risk.report.cleaning import clean
from icans_risk.report.context import EpisodeResult, RunContext
from icans_risk.report.display import convert, unit_shown
from icans_risk.report.words import ENGLISH, Words

__all__ = ["describe_basis", "kind_of", "named_inputs", "shown_value"]

# More rows than this push the estimate off the first printed page.
ROWS_SHOWN = 10
_KINDS = ("plasma", "csf", "eeg", "imaging", "clinical", "score", "static", "treatment")

Event = Mapping[str, Any]


def describe_basis(
    run: RunContext, episode: EpisodeResult, words: Words = ENGLISH
) -> dict[str, Any]:
    """List the inputs of an estimate with value, both times and age, and name the gaps.

    Parameters
    ----------
    run : RunContext
        Names the inputs that the model knows.
    episode : EpisodeResult
        Holds the events that were used.
    words : Words
        Language and units.

    Returns
    -------
    dict
        ``summary``, ``kinds`` (a row per modality), ``treatment`` (what treatments did to the
        inputs, in sentences), ``rows`` and ``more`` (the latest value per input),
        ``missing``, ``every_value`` (all events) and ``features`` (the columns that the model
        read).

    Raises
    ------
    LeakageError
        If an event became available only after the landmark.
    """
    events = named_inputs(run, episode)
    # A dose after which nothing counts is no input itself, unless the model reads it.
    inputs = [e for e in events if e["analyte"] in run.analytes or e["analyte"] not in run.cutting]
    doses = [event for event in events if event["analyte"] in run.cutting]
    latest = {event["analyte"]: event for event in inputs}
    values: dict[str, float | str] = dict(episode.values)
    if episode.product is not None:
        values.setdefault("static.product", episode.product)
    known = list(dict.fromkeys([*run.analytes, *latest]))
    rows = [_row(run, values, analyte=a, latest=latest.get(a), words=words) for a in known]
    return {
        "summary": _summary(rows, words),
        "kinds": _kinds(rows, words),
        "treatment": _treatment(run, inputs, doses, words=words),
        "rows": rows[:ROWS_SHOWN],
        "more": rows[ROWS_SHOWN:],
        "missing": [row["label"] for row in rows if not row["measured"]],
        "every_value": [_event(run, event, words) for event in events],
        "features": _features(run, episode.values, words),
    }


def named_inputs(run: RunContext, episode: EpisodeResult) -> list[dict[str, Any]]:
    """Return the events that were used by full name, in the order of their collection.

    Raises
    ------
    LeakageError
        If one became available only after the landmark.
    """
    inputs = episode.inputs
    late = int((inputs["available_h"] > run.landmark_h).sum())
    if late:
        raise LeakageError(
            f"Inputs must be available at or before the landmark ({run.landmark_h:g} h), {late} "
            f"of {len(inputs)} rows are not. Hand over only the events that were used."
        )
    events = inputs.to_dict("records")
    events.sort(key=lambda event: (event["collected_h"], event["available_h"]))
    return [
        {str(k): v for k, v in event.items()}
        | {"analyte": f"{event['modality']}.{event['analyte']}"}
        for event in events
    ]


def kind_of(analyte: str, words: Words) -> str:
    """Name the kind of an input by its full name."""
    kind = analyte.partition(".")[0]
    return words(f"kinds.{kind}" if kind in _KINDS else "kinds.other")


def shown_value(run: RunContext, analyte: str, value: float | str, *, words: Words) -> str:
    """Print the value of an input in the page's units."""
    unit = run.unit(analyte)
    if isinstance(value, str) or not math.isfinite(value):
        return words.value_with_unit(value)
    shown = unit_shown(analyte, unit, words.units)
    return words.value_with_unit(convert(float(value), analyte, unit=unit, shown=shown), shown)


def _row(
    run: RunContext,
    values: Mapping[str, float | str],
    *,
    analyte: str,
    latest: Event | None,
    words: Words,
) -> dict[str, Any]:
    row = {
        "label": words.term(run.label(analyte)),
        "analyte": clean(analyte),
        "kind": kind_of(analyte, words),
    }
    if latest is not None:
        return row | _event(run, latest, words) | {"measured": True}
    value = values.get(analyte, math.nan)
    known = isinstance(value, str) or math.isfinite(value)
    # A static value does not change after infusion: age, product.
    is_fixed = known and analyte.startswith("static.")
    return row | {
        "value": shown_value(run, analyte, value, words=words) if known else words.not_measured,
        "describes": words("basis.fixed") if is_fixed else "",
        "available": "",
        "age": "",
        "measured": known,
        "age_h": None,
        "after_treatment": False,
    }


def _event(run: RunContext, event: Event, words: Words) -> dict[str, Any]:
    age_h = run.landmark_h - float(event["collected_h"])
    return {
        "label": words.term(run.label(event["analyte"])),
        "value": shown_value(run, event["analyte"], float(event["value"]), words=words),
        "describes": words.at(event["collected_h"]),
        "available": words.span(event["available_h"]),
        "age": words.age(age_h),
        "age_h": age_h,
        "after_treatment": bool(event["after_treatment"]),
    }


def _treatment(
    run: RunContext, inputs: list[dict[str, Any]], doses: list[dict[str, Any]], *, words: Words
) -> list[str]:
    sentences = []
    after = sum(bool(event["after_treatment"]) for event in inputs)
    if after:
        key = "basis.after_one" if after == 1 else "basis.after_other"
        sentences.append(words(key, n=after, total=len(inputs)))
    # Under another policy the doses are inputs like any other.
    if doses:
        first_h = min(float(dose["collected_h"]) for dose in doses)
        given = dict.fromkeys(words.term(run.label(dose["analyte"])) for dose in doses)
        time = words("time.short", hours=words.hours(first_h), day=words.days_of(first_h))
        sentences.append(words("basis.cut", time=time, drugs=", ".join(given)))
    return sentences


def _summary(rows: list[dict[str, Any]], words: Words) -> str:
    measured = sum(row["measured"] for row in rows)
    text = words("basis.summary", measured=measured, known=len(rows))
    ages = [row["age_h"] for row in rows if row["age_h"] is not None]
    if not ages:
        return f"{text} {words('basis.no_ages')}"
    youngest, oldest = words.age(min(ages)), words.age(max(ages))
    said = (
        words("basis.age", age=youngest)
        if youngest == oldest
        else words("basis.ages", youngest=youngest, oldest=oldest)
    )
    return f"{text} {said}"


def _kinds(rows: list[dict[str, Any]], words: Words) -> list[dict[str, Any]]:
    """Count what there is of each kind of input, and how old the latest values are."""
    found = []
    for kind in dict.fromkeys(row["kind"] for row in rows):
        own = [row for row in rows if row["kind"] == kind]
        ages = [row["age_h"] for row in own if row["age_h"] is not None]
        there = sum(row["measured"] for row in own)
        found.append(
            {
                "kind": kind,
                "there": there,
                "total": len(own),
                "available": words("basis.available_of", n=there, total=len(own)),
                "newest": words.short_age(min(ages)) if ages else "",
                "oldest": words.short_age(max(ages)) if len(ages) > 1 else "",
            }
        )
    return found


def _features(
    run: RunContext, values: Mapping[str, float | str], words: Words
) -> list[dict[str, str]]:
    return [
        {
            "column": clean(column),
            "description": clean(run.columns.get(column, "")),
            "value": words.value_with_unit(value),
        }
        for column, value in values.items()
    ]

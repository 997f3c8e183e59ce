"""What an estimate is based on: which inputs there were, how old, and which were missing."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from icans_risk.errors import LeakageError
from icans_risk.report.context import EpisodeResult, RunContext
from icans_risk.report.wording import (
    NOT_MEASURED,
    age,
    clean,
    days_of,
    hours,
    span,
    value_with_unit,
)

__all__ = ["describe_basis", "grade_by_day", "latest_in_words"]

# More rows than this push the estimate off the first printed page.
ROWS_SHOWN = 10
GRADED = "clinical.crs_grade"


def describe_basis(run: RunContext, episode: EpisodeResult) -> dict[str, Any]:
    """List the inputs of an estimate with value, both times and age, and name the gaps.

    Parameters
    ----------
    run : RunContext
        Names the inputs that the model knows.
    episode : EpisodeResult
        Holds the events that were used.

    Returns
    -------
    dict
        ``summary``, ``treatment`` (what treatments did to the inputs, in sentences), ``rows``
        and ``more`` (the latest value per input), ``missing``, ``every_value`` (all events)
        and ``features`` (the columns that the model read).

    Raises
    ------
    LeakageError
        If an event became available only after the landmark.
    """
    events = _named(episode.inputs, landmark_h=run.landmark_h)
    # A dose after which nothing counts is no input itself, unless the model reads it.
    is_input = events["analyte"].isin(run.analytes) | ~events["analyte"].isin(run.cutting)
    inputs = events[is_input]
    present = list(dict.fromkeys(inputs["analyte"]))
    known = [*run.analytes, *(name for name in present if name not in run.analytes)]
    values: dict[str, float | str] = dict(episode.values)
    if episode.product is not None:
        values.setdefault("static.product", episode.product)
    rows = [_row(run, values, analyte=a, events=inputs) for a in known]
    missing = [row["label"] for row in rows if not row["measured"]]
    return {
        "summary": _summary(rows),
        "treatment": _treatment(run, inputs, events[events["analyte"].isin(run.cutting)]),
        "rows": rows[:ROWS_SHOWN],
        "more": rows[ROWS_SHOWN:],
        "missing": missing,
        "every_value": [_event(run, event) for event in events.to_dict("records")],
        "features": _features(run, episode.values),
    }


def _named(inputs: pd.DataFrame, *, landmark_h: float) -> pd.DataFrame:
    late = int((inputs["available_h"] > landmark_h).sum())
    if late:
        raise LeakageError(
            f"Inputs must be available at or before the landmark ({landmark_h:g} h), {late} of "
            f"{len(inputs)} rows are not. Hand over only the events that were used."
        )
    events = inputs.assign(analyte=inputs["modality"] + "." + inputs["analyte"])
    return events.sort_values(["collected_h", "available_h"], kind="stable")


def _row(
    run: RunContext, values: Mapping[str, float | str], *, analyte: str, events: pd.DataFrame
) -> dict[str, Any]:
    own = events[events["analyte"] == analyte]
    row = {"label": clean(run.label(analyte)), "analyte": clean(analyte), "count": len(own)}
    if own.empty:
        value = values.get(analyte, math.nan)
        known = isinstance(value, str) or math.isfinite(value)
        shown = value_with_unit(value, run.unit(analyte)) if known else NOT_MEASURED
        # A static value does not change after infusion: age, product.
        is_fixed = known and analyte.startswith("static.")
        times = {"describes": "known at infusion" if is_fixed else "", "available": "", "age": ""}
        plain = {"value": shown, "measured": known, "age_h": None, "after_treatment": False}
        return row | times | plain
    event = _event(run, {str(k): v for k, v in own.iloc[-1].items()})
    return row | event | {"measured": True}


def _event(run: RunContext, event: Mapping[Any, Any]) -> dict[str, Any]:
    age_h = run.landmark_h - float(event["collected_h"])
    return {
        "label": clean(run.label(event["analyte"])),
        "value": value_with_unit(float(event["value"]), run.unit(event["analyte"])),
        "describes": f"{span(event['collected_h'])} ({days_of(event['collected_h'])})",
        "available": span(event["available_h"]),
        "age": age(age_h),
        "age_h": age_h,
        "after_treatment": bool(event["after_treatment"]),
    }


def _treatment(run: RunContext, inputs: pd.DataFrame, doses: pd.DataFrame) -> list[str]:
    sentences = []
    after = int(inputs["after_treatment"].sum())
    if after:
        sentences.append(
            f"{after} of the {len(inputs)} values that were used {'was' if after == 1 else 'were'} "
            "collected after a drug against inflammation was given for toxicity, which changes "
            "what is measured: marked \u201cafter treatment\u201d."
        )
    # Under another policy the doses are inputs like any other.
    if len(doses):
        first_h = float(doses["collected_h"].min())
        given = dict.fromkeys(clean(run.label(name)) for name in doses["analyte"])
        sentences.append(
            f"What was collected later than {hours(first_h)} ({days_of(first_h)}) does not count, "
            f"because of treatment then: {', '.join(given)}."
        )
    return sentences


def _summary(rows: list[dict[str, Any]]) -> str:
    measured = sum(row["measured"] for row in rows)
    text = f"{measured} of the {len(rows)} inputs that the model knows were available."
    ages = [row["age_h"] for row in rows if row["age_h"] is not None]
    if not ages:
        return f"{text} No value had been measured over time."
    return (
        f"{text} The latest values are between {age(min(ages))} and {age(max(ages))} old."
        if min(ages) < max(ages)
        else f"{text} The latest value is {age(min(ages))} old."
    )


def _features(run: RunContext, values: Mapping[str, float | str]) -> list[dict[str, str]]:
    return [
        {
            "column": clean(column),
            "description": clean(run.columns.get(column, "")),
            "value": value_with_unit(value),
        }
        for column, value in values.items()
    ]


def latest_in_words(basis: Mapping[str, Any], analyte: str) -> str:
    """Say the latest value of an input and how old it is, or that there is none."""
    for row in [*basis["rows"], *basis["more"]]:
        if row["analyte"] == clean(analyte):
            dated = row["age_h"] is not None
            return f"{row['value']}, {row['age']} old" if dated else str(row["value"])
    return NOT_MEASURED


def grade_by_day(run: RunContext, episode: EpisodeResult) -> dict[str, Any] | None:
    """Take the worst CRS grade of each day up to the landmark; a day without one is a gap.

    A grade recorded for a day is dated at the day's end, so a day is ``(24 d, 24 (d + 1)]``.

    Returns
    -------
    dict or None
        ``label`` and ``days``, each with ``day`` and ``grade`` (None where not recorded);
        None where no grade was recorded at all.
    """
    events = _named(episode.inputs, landmark_h=run.landmark_h)
    grades = events.loc[(events["analyte"] == GRADED) & (events["collected_h"] > 0)]
    if grades.empty or run.landmark_h <= 0:
        return None
    day = (grades["collected_h"] / 24).map(math.ceil) - 1
    worst = grades["value"].groupby(day).max().to_dict()
    last = math.ceil(run.landmark_h / 24)
    days = [{"day": d, "grade": int(worst[d]) if d in worst else None} for d in range(last)]
    return {"label": clean(run.label(GRADED)), "days": days}

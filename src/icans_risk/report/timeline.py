"""What was done up to the landmark: samples, recordings, images, drugs and grades by time.

Nothing here is an input. That a test was ordered, or is still pending, comes close to the
outcome; the reader may see it, the model may not.
"""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from icans_risk.catalogue import load_catalogue
from icans_risk.errors import LeakageError
from icans_risk.report.basis import kind_of
from icans_risk.report.context import EpisodeResult, RunContext
from icans_risk.report.words import Words

__all__ = ["describe_drugs", "describe_timeline", "label_of"]

MODALITIES = ("plasma", "csf", "eeg", "imaging")
GRADED = "clinical.crs_grade"
# Graded in tumours of the nervous system alone: no line for anybody else.
_OPTIONAL_GRADES = ("tian_grade",)
# What lies further back is drawn at the left edge.
EARLIEST_H = -96.0
# Of what is pending so many are named; the table has all.
NAMED = 4

Rows = list[dict[str, Any]]


def label_of(run: RunContext, analyte: str, words: Words) -> str:
    """Name an analyte that the model need not know."""
    known = run.text(analyte)
    if known is None and analyte in load_catalogue():
        return words.term(load_catalogue()[analyte].label)
    return words.term(run.label(analyte))


def _taken(run: RunContext, episode: EpisodeResult) -> Rows:
    """Return what was taken by the landmark; refuse what nobody could know by then."""
    if episode.taken is None:
        return []
    taken = episode.taken
    late = int((taken["collected_h"] > run.landmark_h).sum())
    late += int((taken["available_h"] > run.landmark_h).sum())
    if late:
        raise LeakageError(
            f"What was taken must be so by the landmark ({run.landmark_h:g} h), and what came back "
            f"later has no time; {late} of {len(taken)} rows are otherwise. Leave them empty."
        )
    rows = taken.sort_values("collected_h", kind="stable").to_dict("records")
    return [
        {str(key): value for key, value in row.items()}
        | {"name": f"{row['modality']}.{row['analyte']}"}
        for row in rows
    ]


def describe_timeline(run: RunContext, episode: EpisodeResult, words: Words) -> dict[str, Any]:
    """Draw when the four modalities were taken and came back, with drugs and grades.

    Returns
    -------
    dict
        ``lanes`` and ``days`` for the drawing (places from 0 to 1), ``rows`` and ``grades``
        for its tables, ``pending`` in sentences.

    Raises
    ------
    LeakageError
        If something was taken, or came back, or was graded after the landmark.
    """
    taken = _taken(run, episode)
    axis = _Axis(run, taken)
    grades = _grades(run, episode)
    draws = {kind: _draws(run, taken, kind, words=words) for kind in MODALITIES}
    drugs = [row for row in taken if row["modality"] == "treatment"]
    return {
        "lanes": [
            {"kind": words(f"kinds.{kind}"), "marks": [axis.mark(d) for d in draws[kind]]}
            for kind in MODALITIES
        ],
        "drugs": [axis.place(row["collected_h"]) for row in drugs],
        "ticks": axis.ticks(words),
        "infusion": axis.place(0.0),
        "has_earlier": axis.has_earlier,
        "crs": axis.cells(grades["crs_grade"]),
        "icans": axis.cells(grades["icans_grade"]),
        **({"tian": axis.cells(grades["tian_grade"])} if "tian_grade" in grades else {}),
        "grades": _grade_rows(grades, words),
        "rows": [row for kind in MODALITIES for row in _table(draws[kind], words)],
        "pending": _pending(run, taken, words),
    }


class _Axis:
    """Hours since infusion to places from 0 to 1, with room at the left for what is older."""

    def __init__(self, run: RunContext, taken: Rows) -> None:
        times = [row["collected_h"] for row in taken if row["modality"] in MODALITIES]
        self.landmark_h = run.landmark_h
        self.has_earlier = any(time_h < EARLIEST_H for time_h in times)
        shown = [time_h for time_h in times if time_h >= EARLIEST_H]
        self.start_h = 24.0 * math.floor(min([0.0, run.landmark_h - 24.0, *shown]) / 24.0)
        self.left = 0.08 if self.has_earlier else 0.0

    def place(self, time_h: float) -> float:
        share = (time_h - self.start_h) / (self.landmark_h - self.start_h)
        return round(self.left + (1 - self.left) * share, 4) if share >= 0 else self.left / 2

    def mark(self, draw: Mapping[str, Any]) -> dict[str, Any]:
        back = draw["back_h"]
        return {
            "x": self.place(draw["taken_h"]),
            "back": None if back is None else self.place(back),
            "pending": draw["waiting"] > 0,
            "is_input": draw["is_input"],
        }

    def ticks(self, words: Words) -> list[dict[str, Any]]:
        days = range(round(self.start_h / 24), math.ceil(self.landmark_h / 24))
        step = max(1, math.ceil(len(days) / 12))
        return [{"x": self.place(24.0 * d), "day": words.figure(d)} for d in days if d % step == 0]

    def cells(self, worst: Mapping[int, int | None]) -> list[dict[str, Any]]:
        return [
            {
                "x": self.place(24.0 * day),
                "end": self.place(min(24.0 * (day + 1), self.landmark_h)),
                "grade": grade,
            }
            for day, grade in worst.items()
        ]


def _draws(run: RunContext, taken: Rows, kind: str, *, words: Words) -> Rows:
    """Put together what was taken at one time."""
    found: dict[float, Rows] = {}
    for row in taken:
        if row["modality"] == kind:
            found.setdefault(row["collected_h"], []).append(row)
    draws = []
    for taken_h, rows in found.items():
        came = [row["available_h"] for row in rows if not _is_waiting(row)]
        labels = dict.fromkeys(label_of(run, row["name"], words) for row in rows)
        draws.append(
            {
                "kind": words(f"kinds.{kind}"),
                "taken_h": taken_h,
                "back_h": max(came) if came else None,
                "waiting": len(rows) - len(came),
                "usual_h": max((_usual_h(row) for row in rows if _is_waiting(row)), default=0.0),
                "is_input": any(row["is_input"] for row in rows),
                "what": ", ".join(labels),
            }
        )
    return draws


def _is_waiting(row: Mapping[str, Any]) -> bool:
    return math.isnan(row["available_h"])


def _usual_h(row: Mapping[str, Any]) -> float:
    entry = load_catalogue().get(row["name"])
    return 0.0 if entry is None else entry.turnaround_hours


def _table(draws: Rows, words: Words) -> list[dict[str, str]]:
    return [
        {
            "kind": draw["kind"],
            "taken": words.at(draw["taken_h"]),
            "back": _back(draw, words),
            "what": draw["what"],
            "input": words("timeline.is_input" if draw["is_input"] else "timeline.not_input"),
        }
        for draw in draws
    ]


def _back(draw: Mapping[str, Any], words: Words) -> str:
    if not draw["waiting"]:
        return words.span(draw["back_h"])
    usual = words.short_age(draw["usual_h"])
    if draw["back_h"] is None:
        return words("timeline.waiting", hours=usual)
    return words("timeline.partly", time=words.span(draw["back_h"]), hours=usual)


def _pending(run: RunContext, taken: Rows, words: Words) -> list[str]:
    """Say by kind what had been taken and was not there."""
    waiting: dict[str, Rows] = {}
    for row in taken:
        if row["modality"] != "treatment" and _is_waiting(row):
            waiting.setdefault(row["modality"], []).append(row)
    said = []
    for kind, rows in waiting.items():
        times = sorted({float(row["collected_h"]) for row in rows})
        labels = dict.fromkeys(label_of(run, row["name"], words) for row in rows)
        first, last = words.at(times[0]), words.at(times[-1])
        said.append(
            words(
                "timeline.pending_one" if len(times) == 1 else "timeline.pending_more",
                kind=words(f"kinds.{kind}") if kind in MODALITIES else kind_of(kind, words),
                names=_named(list(labels), words),
                first=first,
                last=last,
                n=len(times),
            )
        )
    return said


def _named(labels: list[str], words: Words) -> str:
    if len(labels) <= NAMED + 1:
        return words.listed(labels)
    more = words("timeline.more", n=len(labels) - NAMED)
    return words("span.and", first=", ".join(labels[:NAMED]), last=more)


def _grades(run: RunContext, episode: EpisodeResult) -> dict[str, dict[int, int | None]]:
    """Take the worst grade of each day; a day ends with the hour that dates it."""
    table = _graded(episode)
    late = int((table["assessed_h"] > run.landmark_h).sum())
    if late:
        raise LeakageError(
            f"Grades must have been assessed by the landmark ({run.landmark_h:g} h), {late} of "
            f"{len(table)} were not. Hand over those that were known."
        )
    table = table[table["assessed_h"] > 0]
    day = (table["assessed_h"] / 24).map(math.ceil) - 1
    found: dict[str, dict[int, int | None]] = {}
    graded = [name for name in _OPTIONAL_GRADES if name in table and table[name].notna().any()]
    for name in ("crs_grade", "icans_grade", *graded):
        worst = table[name].groupby(day).max().dropna().to_dict()
        last = math.ceil(max(run.landmark_h, 0.0) / 24) if worst else 0
        found[name] = {d: int(worst[d]) if d in worst else None for d in range(last)}
    return found


def _graded(episode: EpisodeResult) -> pd.DataFrame:
    if episode.grades is not None:
        return episode.grades
    inputs = episode.inputs
    crs = inputs[inputs["modality"] + "." + inputs["analyte"] == GRADED]
    return pd.DataFrame(
        {
            "assessed_h": crs["collected_h"].astype("float64"),
            "crs_grade": crs["value"].astype("float64"),
            "icans_grade": math.nan,
        }
    )


def _grade_rows(
    grades: Mapping[str, Mapping[int, int | None]], words: Words
) -> list[dict[str, str]]:
    days = dict.fromkeys(day for worst in grades.values() for day in worst)
    return [
        {"day": words("time.day", day=day)}
        | {name.removesuffix("_grade"): _grade(grades[name].get(day), words) for name in grades}
        for day in days
    ]


def _grade(grade: int | None, words: Words) -> str:
    return words("none.recorded") if grade is None else str(grade)


def describe_drugs(run: RunContext, episode: EpisodeResult, words: Words) -> dict[str, Any]:
    """List the drugs that were given before the landmark, and what that means for the risk."""
    given: dict[str, list[float]] = {}
    for row in _taken(run, episode):
        if row["modality"] == "treatment":
            given.setdefault(row["name"], []).append(float(row["collected_h"]))
    is_input = any(name.startswith("treatment.") for name in run.analytes)
    return {
        "rows": [_given(label_of(run, name, words), times, words) for name, times in given.items()],
        "known": episode.taken is not None,
        "inputs": words("drugs.inputs" if is_input else "drugs.no_inputs"),
    }


def _given(drug: str, times: list[float], words: Words) -> str:
    if max(times) <= 0:
        return words("drugs.before", drug=drug)
    first, last = words.at(min(times)), words.at(max(times))
    if len(times) == 1:
        return words("drugs.one", drug=drug, first=first)
    return words("drugs.more", drug=drug, n=len(times), first=first, last=last)

"""Who was judged: the flow of patients, their characteristics, what was measured, the outcome."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from icans_risk.report.assessment import Assessment
from icans_risk.report.context import RunContext
from icans_risk.report.quality_panels import percent, share_of
from icans_risk.report.study_words import HIDDEN, column_words, count
from icans_risk.report.wording import NOT_ESTIMABLE, clean, hours, number, of_100, span

__all__ = [
    "POLICY_WORDS",
    "characteristics_panel",
    "flow_panel",
    "measured_panel",
    "outcome_panel",
]

Flow = Mapping[str, int]

POLICY_WORDS: Mapping[str, str] = {
    "discharged_well": "Discharged without it: free of it",
    "observed_only": "Observed to the horizon only, weighted",
    "complete_case": "Observed to the horizon only, unweighted",
}

_LOST = {
    "excluded_endpoint_before_landmark": "Had reached the endpoint before the landmark",
    "excluded_died_before_landmark": "Had died before the landmark",
    "excluded_not_under_observation": "Were not under observation at the landmark",
}
_STEPS = {
    "at_risk": ("At risk at the landmark", "kept"),
    "events": ("Reached the endpoint by the horizon", "part"),
    "events_after_onset": ("of these, with some {syndrome} at the landmark already", "within"),
    "competing_deaths": ("Died first of another cause (they count as without)", "part"),
    "free_of_endpoint": ("Free of the endpoint at the horizon", "part"),
    "outcome_unknown": ("Outcome unknown: not judged", "lost"),
}
_MOST_INPUTS = 12


def flow_panel(flow: Mapping[str, Flow], *, primary: str, syndrome: str) -> dict[str, Any]:
    """Account for every episode, under the primary policy first.

    Returns
    -------
    dict
        ``columns`` (policies in words) and ``rows``: ``label``, ``kind`` (in, lost, kept,
        part, within), ``counts``, and ``start`` and ``width`` of the bar under the primary
        policy, as shares of all episodes.
    """
    policies = [primary, *(name for name in flow if name != primary)]
    first, total = flow[primary], flow[primary]["episodes"]
    reasons = [name for name in first if name.startswith("excluded_")]
    rows = [_step(flow, policies, name="episodes", label="Episodes (infusions)", kind="in")]
    left = total
    for name in reasons:
        left -= first[name]
        label = _LOST.get(name, clean(name.removeprefix("excluded_").replace("_", " ")))
        lost = _step(flow, policies, name=name, label=label, kind="lost")
        rows.append(lost | {"start": share_of(left, total)})
    start = 0
    for name, (label, kind) in _STEPS.items():
        row = _step(flow, policies, name=name, label=label.format(syndrome=syndrome), kind=kind)
        if name not in ("at_risk", "events_after_onset"):
            row["start"] = share_of(start, total)
            start += first.get(name, 0)
        if name in ("at_risk", "events") or any(flow[policy].get(name) for policy in policies):
            rows.append(row)
    return {
        "columns": [POLICY_WORDS.get(policy, clean(policy)) for policy in policies],
        "rows": rows,
    }


def _step(
    flow: Mapping[str, Flow], policies: list[str], *, name: str, label: str, kind: str
) -> dict[str, Any]:
    counts = [flow[policy].get(name, 0) for policy in policies]
    width = share_of(counts[0], flow[policies[0]]["episodes"])
    shown = [f"{value:,}" for value in counts]
    return {"label": label, "kind": kind, "counts": shown, "start": 0.0, "width": width}


def characteristics_panel(table: pd.DataFrame, *, fewest: int) -> dict[str, Any]:
    """Lay table 1 out: everyone, those who reached the endpoint, and the others.

    Returns
    -------
    dict
        ``sizes`` of the three groups, ``note``, ``alike`` (what is the same for everyone),
        and ``rows`` of ``label``, three ``cells`` and ``kind``: ``heading`` of a characteristic
        with several lines, each a ``level`` of it, or ``own`` of one with a single line.
    """
    rows: list[dict[str, Any]] = []
    alike = []
    for name, lines in table.groupby("characteristic", sort=False):
        label, found = column_words(str(name)), lines.to_dict("records")
        if len(found) > 1:
            rows.append({"label": label, "kind": "heading", "cells": []})
            rows += [_line(_level(line), line, kind="level") for line in found]
        elif found[0]["kind"] == "number":
            rows.append(_line(label, found[0], kind="own"))
        else:
            alike.append(f"{label}: {clean(found[0]['level'])}")
    sizes = table[["all_of", "events_of", "others_of"]].max()
    note = "Median (quartiles), or count (share of the column). No tests of significance."
    return {
        "sizes": [count(size) for size in sizes],
        "rows": rows,
        "alike": alike,
        "note": note + _hiding(fewest),
    }


def _level(line: Mapping[Any, Any]) -> str:
    words = {"number": "median (quartiles)", "missing": "not recorded"}
    return words.get(line["kind"]) or clean(line["level"])


def _hiding(fewest: int) -> str:
    if fewest <= 1:
        return ""
    return f" Hidden: counts below {fewest}, and others from which they would follow."


def _line(label: str, line: Mapping[Any, Any], *, kind: str) -> dict[str, Any]:
    cell = _quartiles if line["kind"] == "number" else _share
    cells = [cell(line, group) for group in ("all", "events", "others")]
    return {"label": label, "kind": kind, "cells": cells}


def _quartiles(line: Mapping[Any, Any], group: str) -> str:
    q1, median, q3 = (float(line[f"{group}_{name}"]) for name in ("q1", "median", "q3"))
    if not math.isfinite(median):
        return HIDDEN
    return f"{_short(median)} ({_short(q1)} to {_short(q3)})"


def _short(value: float) -> str:
    digits = 0 if abs(value) >= 100 or value == round(value) else 1
    return f"{value:,.{digits}f}" if abs(value) < 1e5 else f"{value:.2g}"


def _share(line: Mapping[Any, Any], group: str) -> str:
    value, of = line[group], line[f"{group}_of"]
    shown = count(value)
    return shown if shown == HIDDEN else f"{shown} ({percent(share_of(value, of))})"


def measured_panel(table: pd.DataFrame, *, fewest: int) -> dict[str, Any]:
    """Show for whom each input has a value in each window, apart by outcome.

    Returns
    -------
    dict
        ``summary`` (sentences), ``rows`` (inputs that some have and some lack, the most
        unequal first, with ``events`` and ``others`` as shares or None), ``more`` (the
        rest of these), and ``note``.
    """
    everybody = table["all"] == table["all_of"]
    nobody = table["all"] == 0
    partly = table[~everybody & ~nobody]
    apart = (partly["events"] / partly["events_of"] - partly["others"] / partly["others_of"]).abs()
    order = apart.fillna(-1).sort_values(ascending=False, kind="stable").index
    rows = [_measured(line) for line in partly.loc[order].to_dict("records")]
    summary = [f"{int(everybody.sum())} of {len(table)} inputs were measured in every patient."]
    if nobody.any():
        names = [_input(line) for line in table[nobody].to_dict("records")]
        summary.append(f"In nobody: {'; '.join(names)}.")
    note = "What was not measured stays missing: it is not normal and not zero."
    return {
        "summary": summary,
        "rows": rows[:_MOST_INPUTS],
        "more": rows[_MOST_INPUTS:],
        "note": note + _hiding(fewest),
    }


def _input(line: Mapping[Any, Any]) -> str:
    return f"{clean(line['label'])}, {clean(line['window']).replace('_', ' ')}"


def _measured(line: Mapping[Any, Any]) -> dict[str, Any]:
    shares = {}
    for group in ("events", "others"):
        known = not math.isnan(line[group])
        shares[group] = round(share_of(line[group], line[f"{group}_of"]), 4) if known else None
    words = {f"{group}_words": _share(line, group) for group in ("all", "events", "others")}
    return {"label": clean(line["label"]), "window": clean(line["window"])} | shares | words


def outcome_panel(run: RunContext, found: Assessment, *, flow: Flow) -> dict[str, Any]:
    """Say how many reached the endpoint and when, and how many of them were nearly there."""
    endpoint, horizon = clean(run.endpoint), hours(run.horizon_h)
    reached = (
        f"{found.events} of {found.episodes} who were judged reached {endpoint} between the "
        f"landmark and {horizon}: about {of_100(found.prevalence)} of 100"
    )
    weighted = abs(found.prevalence - found.events / found.episodes) > 0.0005
    syndrome = clean(run.syndrome)
    sentences = [reached + (", weighted for those not observed so long." if weighted else ".")]
    if found.events:
        sentences.append(
            f"Of these {found.events}, {found.early_events or 'none'} came within 24 h of the "
            f"landmark, and {found.events_after_onset or 'none'} when some {syndrome} "
            "was there already. Such events are detected rather than foreseen: ranking is given "
            "without them too."
        )
    deaths = flow.get("competing_deaths", 0)
    if deaths:
        who = "1 patient" if deaths == 1 else f"{deaths} patients"
        sentences.append(
            f"{who} died first of another cause: a competing event, which stays among those "
            "without the endpoint."
        )
    low, median, high = found.lead_h
    known = math.isfinite(median)
    facts = {
        "Judged": f"{found.episodes:,}",
        "Reached the endpoint": f"{found.events:,} ({percent(found.prevalence)})",
        "Within 24 h of the landmark": f"{found.early_events:,}",
        "Landmark to onset": f"{span(median)} ({number(low, 0)} to {number(high, 0)} h)"
        if known
        else NOT_ESTIMABLE,
    }
    return {
        "sentences": sentences,
        "facts": [{"label": name, "value": value, "note": ""} for name, value in facts.items()],
        "observation": clean(run.observation_policy),
        "treatment": clean(run.treatment_policy),
    }

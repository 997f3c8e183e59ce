"""The model within groups, in groups that it never saw, and under each policy."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from icans_risk.report.assessment import AMONG, Assessment
from icans_risk.report.context import RunContext
from icans_risk.report.study_cohort import POLICY_WORDS
from icans_risk.report.study_models import AUROC_AXIS
from icans_risk.report.study_words import (
    column_words,
    count,
    dash,
    figures,
    label_of,
    measured,
    percent_points,
    risk_words,
)
from icans_risk.report.wording import NOT_ESTIMABLE, clean, number

__all__ = ["internal_external_panel", "policy_panel", "subgroup_panel"]

_METRICS = ("auroc", "observed_expected", "calibration_slope")
_NOT_SHOWN = [f"auroc_in_folds.{among}" for among in AMONG if among != "everyone"]
_POLICY_ROWS = {
    "observed_expected": ("Observed / expected events", 2),
    "calibration_intercept": ("Calibration intercept", 2),
    "calibration_slope": ("Calibration slope", 2),
    "ici": ("ICI", 3),
}


def subgroup_panel(run: RunContext, found: Assessment) -> dict[str, Any] | None:
    """Compare the levels of each column; None where no column could be split.

    Returns
    -------
    dict or None
        ``parts``: a ``title`` and ``rows``; ``not_compared`` in words.
    """
    if found.subgroups.empty:
        return None
    parts = [
        {"title": column_words(str(column)), "rows": _levels(rows)}
        for column, rows in found.subgroups.groupby("column", sort=False)
    ]
    return {
        "interval": clean(run.interval_name),
        "floor": found.smallest_group,
        "fewest": found.fewest,
        "parts": parts,
        "not_compared": _why_not(found.not_compared),
    }


def _why_not(reasons: Mapping[str, str]) -> list[str]:
    return [f"{column_words(column)}: {clean(reason)}" for column, reason in reasons.items()]


def _levels(rows: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {
            "label": clean(row["level"]),
            "patients": count(row["patients"]),
            "events": count(row["events"]),
            "estimated": row["status"] == "estimated",
            "status": clean(row["status"]),
            "dash": dash(measured(row, "auroc"), AUROC_AXIS),
            **{name: figures(measured(row, name)) for name in _METRICS},
        }
        for row in rows.to_dict("records")
    ]


def internal_external_panel(run: RunContext, found: Assessment) -> dict[str, Any] | None:
    """Show each level as predicted by models that never saw it; None where nobody tried.

    Returns
    -------
    dict or None
        ``main`` and ``other`` (models), and ``parts``: a ``title``, ``rows`` and, where
        levels could be combined, ``mean`` and ``next`` (the prediction interval of a further
        level); ``not_done``, why other columns have no part.
    """
    table = found.internal_external
    if table.empty:
        why_not = _why_not(found.not_left_out)
        return {"parts": [], "not_done": why_not, "other": None} if why_not else None
    main, *others = dict.fromkeys(table["model"])
    other = found.simple if found.simple in others else next(iter(others), None)
    of_main = table[table["model"] == main].groupby("by", sort=False)
    return {
        "interval": clean(run.interval_name),
        "floor": found.smallest_group,
        "main": label_of(found, main),
        "other": None if other is None else label_of(found, other),
        "parts": [
            {
                "title": column_words(str(by)),
                "rows": [
                    row | {"other": _auroc_of(table, by=by, level=level, model=other)}
                    for row, level in zip(_levels(rows), rows["level"], strict=True)
                ],
            }
            | _combined(found, by=by, main=main, other=other)
            for by, rows in of_main
        ],
        "not_done": _why_not(found.not_left_out),
    }


def _auroc_of(table: pd.DataFrame, *, by: Any, level: Any, model: str | None) -> str | None:
    if model is None:
        return None
    is_it = (table["by"] == by) & (table["level"] == level) & (table["model"] == model)
    return figures(measured(table[is_it].iloc[0].to_dict(), "auroc"))


def _combined(found: Assessment, *, by: Any, main: str, other: str | None) -> dict[str, Any]:
    """Say what the levels have in common, and where a further one is expected."""
    none = {"mean": None, "next": None}
    if found.transport.empty:
        return none
    keys = found.transport.set_index(["by", "model", "metric"]).to_dict("index")
    lines = {name: keys.get((by, main, name)) for name in _METRICS}
    auroc = lines["auroc"]
    if auroc is None:
        return none
    lines["other"] = keys.get((by, other, "auroc"))
    ends = (auroc["mean"], auroc["low"], auroc["high"])
    return {
        "mean": {name: _mean(line) for name, line in lines.items()}
        | {"dash": dash(ends, AUROC_AXIS)},
        "next": {name: _further(line) for name, line in lines.items()}
        if auroc["used"] > 2
        else None,
    }


def _mean(line: Mapping[Any, Any] | None) -> str:
    return NOT_ESTIMABLE if line is None else figures((line["mean"], line["low"], line["high"]))


def _further(line: Mapping[Any, Any] | None) -> str:
    if line is None or math.isnan(line["prediction_low"]):
        return NOT_ESTIMABLE
    return f"{number(line['prediction_low'])} to {number(line['prediction_high'])}"


def policy_panel(run: RunContext, found: Assessment) -> dict[str, Any] | None:
    """Set the headline figures under each policy side by side; None with one policy only.

    Returns
    -------
    dict or None
        ``columns`` (policies in words) and ``rows`` of ``label`` and ``cells``.
    """
    table = found.policies[~found.policies["measure"].isin(_NOT_SHOWN)]
    policies = list(dict.fromkeys(table["policy"]))
    if len(policies) < 2:
        return None
    # NaN, the threshold of what has none, equals nothing: 0 stands for it.
    lines = {
        (row["measure"], float(row["threshold"]), row["policy"]): row
        for row in table.fillna({"threshold": 0.0}).to_dict("records")
    }
    rows = []
    for measure, threshold in dict.fromkeys((measure, at) for measure, at, _ in lines):
        label, digits = _policy_row(measure, threshold, clean(run.syndrome))
        found_by_policy = (lines[measure, threshold, policy] for policy in policies)
        cells = [_policy_cell(line, measure, digits) for line in found_by_policy]
        rows.append({"label": label, "cells": cells})
    return {
        "interval": clean(run.interval_name),
        "columns": [POLICY_WORDS.get(policy, clean(policy)) for policy in policies],
        "rows": rows,
    }


def _policy_row(measure: str, threshold: float, syndrome: str) -> tuple[str, int]:
    name, _, among = measure.partition(".")
    if measure in _POLICY_ROWS:
        return _POLICY_ROWS[measure]
    if name == "net_benefit":
        return f"Net benefit at {percent_points(threshold)}", 3
    counts = {"patients": "Patients judged", "events": "Events", "prevalence": "Share with it"}
    if measure in counts:
        return counts[measure], 0
    inside = "AUROC inside folds" if name == "auroc_in_folds" else "AUROC, pooled"
    whom = AMONG[among].format(syndrome=syndrome)
    return f"{inside}: {whom[0].lower() + whom[1:]}", 2


def _policy_cell(row: Mapping[Any, Any], measure: str, digits: int) -> str:
    estimate = float(row["estimate"])
    if measure == "prevalence":
        return risk_words(estimate)
    if measure in ("patients", "events"):
        return f"{estimate:,.0f}"
    return figures((estimate, float(row["low"]), float(row["high"])), digits)

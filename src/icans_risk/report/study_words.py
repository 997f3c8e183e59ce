"""Figures, names and places that the panels of the study report share."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from icans_risk.report.assessment import Assessment
from icans_risk.report.wording import NOT_ESTIMABLE, clean, number

__all__ = [
    "HIDDEN",
    "NEAR",
    "column_words",
    "count",
    "dash",
    "figures",
    "label_of",
    "measured",
    "percent_points",
    "place",
    "risk_words",
    "ticks",
]

HIDDEN = "hidden"
"""In the place of a count so small that it could point at a patient."""

# The numerals of axes and shares need no more digits than a screen has points.
NEAR = 4

_COLUMNS = {
    "age_years": "Age, years",
    "sex": "Sex",
    "ecog": "ECOG performance status",
    "cns_tumour": "Tumour of the central nervous system",
    "prior_lines": "Prior lines of treatment",
    "dose_cells_per_kg": "Dose, cells per kg",
    "ice_baseline": "ICE score at baseline",
    "tumour_volume_ml": "Tumour volume, ml",
    "infusion_number": "Infusion of the patient",
    "era": "Period of infusion",
    "time": "The latest period, learnt from those before",
}


def column_words(column: str) -> str:
    """Say what a column of the episodes is.

    Examples
    --------
    >>> column_words("age_years"), column_words("delivery_route")
    ('Age, years', 'Delivery route')
    """
    plain = clean(column).replace("_", " ")
    return _COLUMNS.get(column, plain[:1].upper() + plain[1:])


def label_of(assessment: Assessment, model: str) -> str:
    """Return what pages call a model, or a policy of treating."""
    return clean(assessment.models.get(model, model))


def measured(row: Mapping[Any, Any], name: str) -> tuple[float, float, float]:
    """Take an estimate and the ends of its interval out of a line of a table."""
    values = (row[name], row.get(f"{name}_low", math.nan), row.get(f"{name}_high", math.nan))
    estimate, low, high = (float(value) for value in values)
    return estimate, low, high


def figures(found: tuple[float, float, float], digits: int = 2) -> str:
    """Print an estimate with its interval in brackets, where the heading says which.

    Examples
    --------
    >>> figures((0.74, 0.64, 0.82)), figures((0.5, float("nan"), 1.0))
    ('0.74 (0.64 to 0.82)', '0.50')
    """
    estimate, low, high = found
    if not (math.isfinite(estimate) and math.isfinite(low) and math.isfinite(high)):
        return number(estimate, digits)
    return f"{number(estimate, digits)} ({number(low, digits)} to {number(high, digits)})"


def count(value: Any) -> str:
    """Print a count of patients, or that it is hidden.

    Examples
    --------
    >>> count(1200.0), count(float("nan"))
    ('1,200', 'hidden')
    """
    hidden = value is None or value != value  # NaN alone differs from itself
    return HIDDEN if hidden or str(value) == "<NA>" else f"{round(float(value)):,}"


def percent_points(risk: float) -> str:
    """Say a risk or a threshold in per cent.

    Examples
    --------
    >>> percent_points(0.125).replace(chr(160), " "), percent_points(0.3).replace(chr(160), " ")
    ('12.5 %', '30 %')
    """
    return f"{round(100 * risk, 2):g}\N{NO-BREAK SPACE}%"


def risk_words(risk: float) -> str:
    """Say an average risk in per cent with one digit."""
    return f"{100 * risk:.1f}\N{NO-BREAK SPACE}%" if math.isfinite(risk) else NOT_ESTIMABLE


def place(value: float, span: tuple[float, float]) -> float:
    """Find where a value stands on an axis, as a share of its length."""
    low, high = span
    return round((float(value) - low) / (high - low), NEAR)


def dash(found: tuple[float, float, float], span: tuple[float, float]) -> dict[str, Any] | None:
    """Place an estimate and its interval on an axis; what runs beyond it ends at its edge.

    Returns
    -------
    dict or None
        ``at``, ``low`` and ``high`` as shares of the axis (the ends None without an
        interval), ``below`` and ``above`` where the interval runs on; None where there is
        no estimate.
    """
    estimate, low, high = found
    if not math.isfinite(estimate):
        return None
    ends = [place(end, span) if math.isfinite(end) else None for end in (low, high)]
    is_whole = None not in ends
    return {
        "at": min(max(place(estimate, span), 0.0), 1.0),
        "low": max(ends[0], 0.0) if is_whole and ends[0] is not None else None,
        "high": min(ends[1], 1.0) if is_whole and ends[1] is not None else None,
        "below": bool(is_whole and ends[0] is not None and ends[0] < 0),
        "above": bool(is_whole and ends[1] is not None and ends[1] > 1),
    }


def ticks(values: Sequence[float], span: tuple[float, float]) -> list[dict[str, Any]]:
    """Name the marks of an axis and place them."""
    return [
        {"at": place(value, span), "text": f"{value:g}".replace("-", "\N{MINUS SIGN}")}
        for value in values
    ]

"""Hold simulated figures against published ones."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields

import pandas as pd

from icans_risk.errors import IcansRiskError
from icans_risk.evidence.figure import RANGES, Figure

__all__ = ["Comparison", "compare", "comparison_table"]

# A value on the border passes, also after binary rounding.
SLACK = 1e-9


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One published figure beside its simulated counterpart.

    Attributes
    ----------
    key, label, quantity, unit : str
        Of the figure.
    published : float
        The published value.
    low, high : float or None
        Lowest and highest simulated value that passes; None where a side is open.
    simulated : float
        In the figure's unit; NaN where it could not be estimated.
    n : int or None
        Simulated patients behind it.
    passed : bool or None
        None where the figure has no tolerance, or the simulated value is NaN.
    tolerance_in_words : str
        The rule.
    status : str
        ``read`` or ``assumed``.
    published_low, published_high : float or None
        The published interval, for drawing; it does not decide.
    source : str
        Citation.
    """

    key: str
    label: str
    published: float
    low: float | None
    high: float | None
    simulated: float
    n: int | None
    passed: bool | None
    tolerance_in_words: str
    status: str
    quantity: str
    unit: str
    published_low: float | None
    published_high: float | None
    source: str


def compare(figure: Figure, simulated: float, n: int | None = None) -> Comparison:
    """Hold one simulated value against one published figure.

    Parameters
    ----------
    figure : Figure
        The published figure.
    simulated : float
        Its simulated counterpart, in the figure's unit (days where the source prints days).
        NaN means that it could not be estimated.
    n : int, optional
        Simulated patients that it rests on; needed for a binomial tolerance.

    Returns
    -------
    Comparison
        Pass, miss, or neither.

    Raises
    ------
    IcansRiskError
        If the simulated value cannot be of that quantity, or n is missing or below 1.
    """
    _check_simulated(figure, simulated, n)
    low, high = None, None
    if figure.tolerance is not None and not math.isnan(simulated):
        low, high = figure.tolerance.bounds(figure.value, n=n)
    interval = figure.interval
    return Comparison(
        key=figure.key,
        label=figure.label,
        published=figure.value,
        low=low,
        high=high,
        simulated=float(simulated),
        n=n,
        passed=_verdict(simulated, low, high),
        tolerance_in_words=_words(figure, simulated),
        status=figure.status,
        quantity=figure.quantity,
        unit=figure.unit,
        published_low=None if interval is None else interval.low,
        published_high=None if interval is None else interval.high,
        source=figure.source.citation,
    )


def _check_simulated(figure: Figure, simulated: float, n: int | None) -> None:
    low, high = RANGES.get(figure.quantity, (-math.inf, math.inf))
    if math.isinf(simulated) or simulated < low or simulated > high:
        raise IcansRiskError(
            f"{figure.key}: a simulated {figure.quantity} lies in [{low}, {high}] and is finite, "
            f"got {simulated}. Give it in the unit {figure.unit!r}."
        )
    if n is not None and n < 0:
        raise IcansRiskError(f"{figure.key}: n counts patients, got {n}. Give the count.")


def _verdict(simulated: float, low: float | None, high: float | None) -> bool | None:
    if low is None and high is None:
        return None
    slack = SLACK * max(1.0, abs(simulated))
    is_above = low is None or simulated >= low - slack
    is_below = high is None or simulated <= high + slack
    return is_above and is_below


def _words(figure: Figure, simulated: float) -> str:
    if figure.tolerance is None:
        return "shown, not checked"
    if math.isnan(simulated):
        return "not estimable in this simulation"
    return figure.tolerance.in_words(figure.unit)


def comparison_table(comparisons: Sequence[Comparison]) -> pd.DataFrame:
    """Lay comparisons out as a table, in the order given.

    Parameters
    ----------
    comparisons : sequence of Comparison
        Any number, also none.

    Returns
    -------
    DataFrame
        One row each, one column per field of `Comparison`; an open side is NaN, and
        ``passed`` and ``n`` are nullable.
    """
    names = [field.name for field in fields(Comparison)]
    table = pd.DataFrame([asdict(comparison) for comparison in comparisons], columns=names)
    numbers = ("published", "low", "high", "simulated", "published_low", "published_high")
    kinds = {**dict.fromkeys(numbers, "float64"), "n": "Int64", "passed": "boolean"}
    return table.astype(kinds)

"""Scales are kept apart, and a value that stands between two grades needs a stated rule.

The same patients give different pictures on different scales: in one re-graded trial
45 % had any neurotoxicity by CTCAE and 17 % by ASTCT (Maziarz 2020,
doi:10.1182/bloodadvances.2019001305). No deterministic map between the scales exists, so
none is offered here.
"""

import math
from collections.abc import Mapping
from enum import StrEnum
from typing import Literal

from icans_risk.errors import GradingError

__all__ = [
    "HalfRule",
    "Scale",
    "certain_grade",
    "check_single_scale",
    "read_score",
    "resolve_half",
]

HalfRule = Literal["ceil", "floor", "strict"]

GRADE_LIMITS = (0, 5)


class Scale(StrEnum):
    """The scales on which neurotoxicity after cell therapy has been graded."""

    ASTCT = "ASTCT"
    CARTOX = "CARTOX"
    CTCAE = "CTCAE"


# CRES is what the CARTOX authors called the syndrome: one scale under two names.
_SYNONYMS = {"CRES": Scale.CARTOX, "CARTOX/CRES": Scale.CARTOX}


def check_single_scale(counts: Mapping[str, int], *, endpoint: str = "icans_grade") -> Scale:
    """Return the one scale on which an endpoint was graded, or refuse a mixture.

    Parameters
    ----------
    counts : mapping of str to int
        Number of graded assessments per scale; zeros are passed over.
    endpoint : str
        What the grades are used for, for the error.

    Returns
    -------
    Scale
        The only scale with a grade.

    Raises
    ------
    GradingError
        If no scale or more than one scale has grades, a scale is unknown, or a count is
        negative.

    References
    ----------
    .. [1] Pennisi M, et al. "Comparing CAR T-cell toxicity grading systems." Blood Adv
       2020;4(4):676-686. doi:10.1182/bloodadvances.2019000952

    Examples
    --------
    >>> check_single_scale({"ASTCT": 812, "CTCAE": 0})
    <Scale.ASTCT: 'ASTCT'>
    """
    totals = dict.fromkeys(Scale, 0)
    for position, (name, count) in enumerate(counts.items()):
        totals[_read_scale(name, position)] += read_score(
            count, name=f"{endpoint}: the number of assessments", limits=(0, 2**62)
        )
    used = {scale.value: count for scale, count in totals.items() if count}
    if len(used) != 1:
        raise GradingError(
            f"{endpoint} must be graded on one scale, got {used or 'no grade at all'}. Grades of "
            "different scales cannot be converted: keep one scale, or make one study for each."
        )
    return Scale(next(iter(used)))


def _read_scale(name: str, position: int) -> Scale:
    word = str(name).strip().upper()
    if word in _SYNONYMS:
        return _SYNONYMS[word]
    if word not in set(Scale):
        raise GradingError(
            f"A scale must be one of {[s.value for s in Scale]}, the scale at position {position} "
            "is none of them. Map the source's word to one of these."
        )
    return Scale(word)


def resolve_half(
    value: float, *, rule: HalfRule, name: str = "grade", limits: tuple[int, int] = GRADE_LIMITS
) -> int:
    """Turn a whole or half value, the mean of two raters, into a whole one.

    Parameters
    ----------
    value : float
        A whole number, or one that ends in .5.
    rule : {"ceil", "floor", "strict"}
        Where a half goes: up, down, or nowhere, which is an error. For a grade "ceil" is
        the graver reading; for an ICE score, where more is better, "floor" is.
    name : str
        What is resolved, for the error.
    limits : tuple of int
        Lowest and highest value of the scale.

    Returns
    -------
    int
        The whole value.

    Raises
    ------
    GradingError
        If the value is outside the limits, neither whole nor half, or a half under the
        rule "strict"; or if the rule is unknown.

    Examples
    --------
    >>> resolve_half(2.5, rule="ceil"), resolve_half(2.5, rule="floor")
    (3, 2)
    """
    check_rule(rule)
    expected = f"{name} must be a whole number from {limits[0]} to {limits[1]}"
    if isinstance(value, bool) or not math.isfinite(value):
        raise GradingError(f"{expected}, got {value!r}. Give None where it was not assessed.")
    if not limits[0] <= value <= limits[1]:
        raise GradingError(f"{expected}, got {value:g}. Check the scale and the source.")
    if value == int(value):
        return int(value)
    if rule == "strict" or 2 * value != int(2 * value):
        raise GradingError(
            f"{expected}, got {value:g}. A half (the mean of two raters) needs the stated rule "
            "'ceil' or 'floor'; nothing else between two whole numbers can be used."
        )
    return math.ceil(value) if rule == "ceil" else math.floor(value)


def check_rule(rule: str) -> None:
    """Refuse an unknown rule for halves.

    Parameters
    ----------
    rule : str
        One of "ceil", "floor", "strict".

    Raises
    ------
    GradingError
        If the rule is none of them.
    """
    if rule not in ("ceil", "floor", "strict"):
        raise GradingError(
            f"The rule for halves must be 'ceil', 'floor' or 'strict', got {rule!r}. State one."
        )


def read_score(
    value: float, *, name: str, limits: tuple[int, int], half: HalfRule = "strict"
) -> int:
    """Read a whole number inside the limits of its scale.

    Parameters
    ----------
    value : float
        The recorded value.
    name : str
        What it is, for the error.
    limits : tuple of int
        Lowest and highest value of the scale.
    half : {"ceil", "floor", "strict"}
        Where a half goes, see `resolve_half`.

    Returns
    -------
    int
        The value as a whole number.

    Raises
    ------
    GradingError
        If the value is not a number of the scale.
    """
    try:
        number = value if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        raise GradingError(
            f"{name} must be a whole number from {limits[0]} to {limits[1]}, got "
            f"{type(value).__name__}. Give a number, or None where it was not assessed."
        ) from None
    return resolve_half(number, rule=half, name=name, limits=limits)


def certain_grade(lowest: int, highest: int) -> int | None:
    """Return the grade that is certain: the lowest one that the findings allow.

    A lower bound of 1 or more is knowledge. A lower bound of 0 is none, unless nothing
    higher is possible: grade 0 has to be shown, so it is None where it was not.

    Parameters
    ----------
    lowest, highest : int
        The grades that the findings allow.

    Returns
    -------
    int or None
        The certain grade.

    Examples
    --------
    >>> certain_grade(2, 3), certain_grade(0, 0), certain_grade(0, 3)
    (2, 0, None)
    """
    return lowest if lowest > 0 or highest == 0 else None

"""CAPD (Cornell Assessment of Pediatric Delirium), which stands in for ICE in children.

Sources: Lee DW et al., Biol Blood Marrow Transplant 2019;25:625-638,
doi:10.1016/j.bbmt.2018.12.758; Traube C et al., Crit Care Med 2014;42:656-663,
doi:10.1097/CCM.0b013e3182a66b76.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from icans_risk.errors import GradingError
from icans_risk.grading.scales import read_score

__all__ = [
    "DEFAULT_CAPD_RULES",
    "UNABLE_TO_PERFORM",
    "Capd",
    "CapdRules",
    "Instrument",
    "choose_instrument",
    "grade_capd",
]

UNABLE_TO_PERFORM: Final = "unable to perform"
Capd = float | Literal["unable to perform"]

# Shared with the table code. Grade 2 is absent on purpose: below the limit only the level
# of consciousness tells grade 1 from grade 2.
CAPD_LOW: Final = 1
CAPD_HIGH: Final = 3
CAPD_UNABLE: Final = 4


class Instrument(StrEnum):
    """The two bedside assessments of encephalopathy."""

    ICE = "ICE"
    CAPD = "CAPD"


@dataclass(frozen=True)
class CapdRules:
    """The numbers of the CAPD rows, some of which are assumptions that a study may change.

    Attributes
    ----------
    high_from : int
        The first score of grade 3; 9 in the consensus.
    low_from : int
        The first score of grade 1. An assumption: summaries print "below 9", the table
        is remembered as "1-8"; with 0 every alert child has at least grade 1.
    maximum : int
        The highest score; an assumption (eight items of 0 to 4).
    below_years : float
        CAPD is used under this age. The consensus says under 12; NCIt C188936 words it
        "12 and under".

    Raises
    ------
    GradingError
        If the scores are not in order.
    """

    high_from: int = 9
    low_from: int = 1
    maximum: int = 32
    below_years: float = 12.0

    def __post_init__(self) -> None:
        if not 0 <= self.low_from < self.high_from <= self.maximum:
            raise GradingError(
                "CAPD rules must satisfy 0 <= low_from < high_from <= maximum, got "
                f"{self.low_from}, {self.high_from}, {self.maximum}. Put them in order."
            )


DEFAULT_CAPD_RULES: Final = CapdRules()


def choose_instrument(
    age_years: float,
    *,
    has_developmental_delay: bool = False,
    rules: CapdRules = DEFAULT_CAPD_RULES,
) -> Instrument:
    """Say whether ICE or CAPD applies to a patient.

    Parameters
    ----------
    age_years : float
        Age at the assessment, in years.
    has_developmental_delay : bool
        Whether a delay makes ICE unsuitable at any age.
    rules : CapdRules
        Where the age boundary lies.

    Returns
    -------
    Instrument
        CAPD under the boundary or with developmental delay, else ICE.

    Raises
    ------
    GradingError
        If the age is negative or not a number.

    Examples
    --------
    >>> choose_instrument(11.9), choose_instrument(12)
    (<Instrument.CAPD: 'CAPD'>, <Instrument.ICE: 'ICE'>)
    """
    if not 0 <= age_years < 150:
        raise GradingError(f"Age must be in years, 0 to 150, got {age_years!r}. Check the unit.")
    if has_developmental_delay or age_years < rules.below_years:
        return Instrument.CAPD
    return Instrument.ICE


def grade_capd(
    score: Capd, *, baseline: float | None = None, rules: CapdRules = DEFAULT_CAPD_RULES
) -> int:
    """Grade the CAPD row alone: below 9 grade 1, from 9 grade 3, unable to perform grade 4.

    Grade 2 (below 9, awakens to voice) comes from the level of consciousness, in
    `grade_icans`. Do not score CAPD in deep sedation (RASS -4 or -5).

    Parameters
    ----------
    score : int or "unable to perform"
        The total, 0 to 32.
    baseline : int, optional
        CAPD before the infusion (developmental delay); a score that is not above it does
        not count. This package's rule, not a line of the table.
    rules : CapdRules
        The numbers of the rows.

    Returns
    -------
    int
        0, 1, 3 or 4.

    Raises
    ------
    GradingError
        If score or baseline is not a whole number of the scale.

    References
    ----------
    .. [1] Lee DW, et al. Biol Blood Marrow Transplant 2019;25:625-638.
       doi:10.1016/j.bbmt.2018.12.758

    Examples
    --------
    >>> grade_capd(8), grade_capd(9), grade_capd("unable to perform")
    (1, 3, 4)
    """
    if isinstance(score, str):
        return _grade_words(score)
    limits = (0, rules.maximum)
    points = read_score(score, name="CAPD total", limits=limits)
    if baseline is not None and points <= read_score(baseline, name="CAPD baseline", limits=limits):
        return 0
    if points >= rules.high_from:
        return CAPD_HIGH
    return CAPD_LOW if points >= rules.low_from else 0


def _grade_words(words: str) -> int:
    if words != UNABLE_TO_PERFORM:
        raise GradingError(
            f"CAPD must be a number or {UNABLE_TO_PERFORM!r}, got other text. Mend the source."
        )
    return CAPD_UNABLE

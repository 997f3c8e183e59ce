"""TIAN, tumour inflammation-associated neurotoxicity: an ordinal of its own.

TIAN is local, at the site of a tumour in the nervous system; ICANS is global and systemic.
A patient can have both, and the two grades are never merged.

Source: Mahdi J et al., Nat Med 2023;29:803-810, doi:10.1038/s41591-023-02276-w.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from icans_risk.grading.vocabulary import DEATH_GRADE, read_words

__all__ = ["TianGrade", "TianSign", "TianType", "grade_tian", "suggest_tian_type"]


class TianSign(StrEnum):
    """The cells of the published grading table."""

    HEADACHE_WITH_FEVER = "headache with fever"
    MILD_WORSENING = "mild worsening with minor functional deficit"
    MODERATE_CHANGE = "moderate change that substantially affects function"
    SEVERE_SIGNS = "severe signs that may affect critical cardiorespiratory function"
    PRESSURE_RESPONSIVE = "raised pressure above 20 mmHg, responsive to intervention"
    EXISTING_DEVICE_DRAINED = "raised pressure managed by draining an existing device"
    CORD_AT_RISK = "risk of debilitating loss of cord function"
    PRESSURE_REFRACTORY = "raised pressure above 20 mmHg, refractory to drainage"
    HERNIATION = "impending or early herniation"
    MEDULLARY_DYSFUNCTION = "severe medullary dysfunction needing intubation or ventilation"


class TianType(StrEnum):
    """The two mechanisms of TIAN."""

    TYPE_1 = "type 1: oedema and mechanical space constraint"
    TYPE_2 = "type 2: local neural dysfunction"


SIGN_GRADE: Final = MappingProxyType(
    {
        TianSign.HEADACHE_WITH_FEVER: 1,
        TianSign.MILD_WORSENING: 1,
        TianSign.MODERATE_CHANGE: 2,
        TianSign.SEVERE_SIGNS: 3,
        TianSign.PRESSURE_RESPONSIVE: 3,
        TianSign.EXISTING_DEVICE_DRAINED: 3,
        TianSign.CORD_AT_RISK: 3,
        TianSign.PRESSURE_REFRACTORY: 4,
        TianSign.HERNIATION: 4,
        TianSign.MEDULLARY_DYSFUNCTION: 4,
    }
)
MECHANICAL: Final = frozenset(
    {
        TianSign.PRESSURE_RESPONSIVE,
        TianSign.EXISTING_DEVICE_DRAINED,
        TianSign.PRESSURE_REFRACTORY,
        TianSign.HERNIATION,
    }
)
LOCAL: Final = frozenset(TianSign) - MECHANICAL - {TianSign.HEADACHE_WITH_FEVER}


@dataclass(frozen=True)
class TianGrade:
    """The TIAN grade of one assessment.

    Attributes
    ----------
    grade : int or None
        0 to 5; None if TIAN was not assessed.
    deciding_signs : tuple of TianSign
        The signs that reach the grade; empty for grades 0 and 5.
    suggested_type : TianType or None
        What `suggest_tian_type` makes of the signs.
    is_assumption : bool
        True for grade 5: the published table ends at 4, death is added by analogy.
    """

    grade: int | None
    deciding_signs: tuple[TianSign, ...] = ()
    suggested_type: TianType | None = None
    is_assumption: bool = False


def grade_tian(
    signs: Collection[TianSign] | None,
    *,
    has_mass_effect: bool | None = None,
    died_from_tian: bool = False,
) -> TianGrade:
    """Grade TIAN: the worst sign decides.

    Parameters
    ----------
    signs : collection of TianSign, or None
        The signs at this assessment that are referable to the tumour; empty if there are
        none, None if TIAN was not assessed.
    has_mass_effect : bool, optional
        Oedema with mass effect or hydrocephalus on imaging, for the type only.
    died_from_tian : bool
        Death from TIAN, grade 5.

    Returns
    -------
    TianGrade
        The grade and what decided it.

    Raises
    ------
    GradingError
        If a sign is not in the vocabulary.

    References
    ----------
    .. [1] Mahdi J, et al. "Tumor inflammation-associated neurotoxicity." Nat Med
       2023;29:803-810. doi:10.1038/s41591-023-02276-w

    Examples
    --------
    Draining a device that is there already does not by itself make grade 4:

    >>> grade_tian([TianSign.EXISTING_DEVICE_DRAINED]).grade
    3
    """
    if signs is None:
        return TianGrade(DEATH_GRADE if died_from_tian else None, is_assumption=died_from_tian)
    seen = read_words(signs, TianSign, name="TIAN signs")
    kind = suggest_tian_type(seen, has_mass_effect=has_mass_effect)
    if died_from_tian:
        return TianGrade(DEATH_GRADE, suggested_type=kind, is_assumption=True)
    grade = max((SIGN_GRADE[sign] for sign in seen), default=0)
    deciding = tuple(sign for sign in TianSign if sign in seen and SIGN_GRADE[sign] == grade)
    return TianGrade(grade, deciding, kind)


def suggest_tian_type(
    signs: Collection[TianSign], *, has_mass_effect: bool | None = None
) -> TianType | None:
    """Suggest the type of TIAN from its signs; a rule of this package, not a diagnosis.

    Raised pressure, herniation or mass effect point to type 1. Local deficits point to
    type 2 only where mass effect was looked for and not found, because pressure can cause
    them as well. Otherwise nothing is suggested.

    Parameters
    ----------
    signs : collection of TianSign
        The signs at this assessment.
    has_mass_effect : bool, optional
        Oedema with mass effect or hydrocephalus on imaging; None if not looked for.

    Returns
    -------
    TianType or None
        The suggestion.

    Raises
    ------
    GradingError
        If a sign is not in the vocabulary.

    References
    ----------
    .. [1] Mahdi J, et al. Nat Med 2023;29:803-810. doi:10.1038/s41591-023-02276-w

    Examples
    --------
    >>> suggest_tian_type([TianSign.MODERATE_CHANGE], has_mass_effect=False).name
    'TYPE_2'
    """
    seen = read_words(signs, TianSign, name="TIAN signs")
    if not seen:
        return None
    if has_mass_effect or seen & MECHANICAL:
        return TianType.TYPE_1
    return TianType.TYPE_2 if has_mass_effect is False and seen & LOCAL else None

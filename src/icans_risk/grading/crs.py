"""The ASTCT grade of cytokine release syndrome: fever, then the worse of two organ domains.

Organ toxicities do not enter, and neurotoxicity is graded apart.

Source: Lee DW et al., Biol Blood Marrow Transplant 2019;25:625-638,
doi:10.1016/j.bbmt.2018.12.758 (ASTCT consensus).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from icans_risk.errors import GradingError
from icans_risk.grading.vocabulary import DEATH_GRADE, read_word, read_words

__all__ = [
    "CrsDomain",
    "CrsFindings",
    "CrsGrade",
    "CrsNotGradable",
    "Hypotension",
    "Oxygen",
    "classify_hypotension",
    "classify_nasal_cannula",
    "grade_crs",
]

FEVER_CELSIUS: Final = 38.0
LOW_FLOW_LITRES: Final = 6.0
# Not from the consensus: outside these a temperature is in another unit or mistyped.
TEMPERATURE_LIMITS: Final = (25.0, 45.0)


class CrsDomain(StrEnum):
    """What can decide a CRS grade."""

    FEVER = "fever"
    HYPOTENSION = "hypotension"
    OXYGEN = "oxygen"
    DEATH = "death"


class Hypotension(StrEnum):
    """Hypotension by what it takes to treat it."""

    NONE = "none"
    NO_VASOPRESSOR = "not requiring vasopressors"
    ONE_VASOPRESSOR = "one vasopressor, with or without vasopressin"
    MULTIPLE_VASOPRESSORS = "multiple vasopressors, not counting vasopressin"


class Oxygen(StrEnum):
    """Hypoxia by what it takes to treat it."""

    NONE = "none"
    LOW_FLOW = "low-flow nasal cannula or blow-by"
    HIGH_FLOW = "high-flow nasal cannula, facemask, non-rebreather or Venturi mask"
    POSITIVE_PRESSURE = "positive pressure: CPAP, BiPAP or ventilation"


class CrsAttribution(StrEnum):
    """What a finding is recorded to be due to."""

    CRS = "crs"
    ANOTHER_CAUSE = "another cause"


class CrsNotGradable(StrEnum):
    """Why an assessment has no CRS grade."""

    FEVER = "fever not assessed, and still required"
    NOTHING_FOUND = "nothing found, and not every domain assessed"


FEVER_GRADE: Final = 1
# None, then one word for each of grades 2, 3 and 4, in both columns of the table.
HYPOTENSION_GRADE: Final = MappingProxyType(dict(zip(Hypotension, (0, 2, 3, 4), strict=True)))
OXYGEN_GRADE: Final = MappingProxyType(dict(zip(Oxygen, (0, 2, 3, 4), strict=True)))
_FINDING_GRADE: Final[Mapping[CrsDomain, Mapping[Any, int]]] = MappingProxyType(
    {CrsDomain.HYPOTENSION: HYPOTENSION_GRADE, CrsDomain.OXYGEN: OXYGEN_GRADE}
)


@dataclass(frozen=True, kw_only=True)
class CrsFindings:
    """What was found at one assessment; None stands for "not assessed".

    Attributes
    ----------
    temperature_c : float, optional
        The highest temperature, in degrees Celsius.
    has_fever : bool, optional
        Fever of 38.0 C or more by report; either this or the temperature suffices.
    hypotension, oxygen : StrEnum, optional
        The worst finding of the domain.
    attributed_elsewhere : frozenset of CrsDomain
        Domains whose finding is recorded as due to another cause (infection; a patient
        intubated to protect the airway, without hypoxia).
    treated_for_crs : bool
        Whether tocilizumab or steroids were given since CRS began: fever, which they
        suppress, is then no longer required. Prophylactic doses before CRS do not count.
    died_from_crs : bool
        Death from CRS with no other principal factor.

    Raises
    ------
    GradingError
        If a value is outside its vocabulary, or the temperature is not in Celsius.
    """

    temperature_c: float | None = None
    has_fever: bool | None = None
    hypotension: Hypotension | None = None
    oxygen: Oxygen | None = None
    attributed_elsewhere: frozenset[CrsDomain] = frozenset()
    treated_for_crs: bool = False
    died_from_crs: bool = False

    def __post_init__(self) -> None:
        low, high = TEMPERATURE_LIMITS
        if self.temperature_c is not None and not low <= self.temperature_c <= high:
            raise GradingError(
                f"Temperature must be in degrees Celsius, {low:g} to {high:g}, got "
                f"{self.temperature_c:g}. Convert the unit, or mend the value."
            )
        if self.hypotension is not None:
            word = read_word(self.hypotension, Hypotension, name="hypotension")
            object.__setattr__(self, "hypotension", word)
        if self.oxygen is not None:
            object.__setattr__(self, "oxygen", read_word(self.oxygen, Oxygen, name="oxygen"))
        domains = read_words(self.attributed_elsewhere, CrsDomain, name="attributed_elsewhere")
        object.__setattr__(self, "attributed_elsewhere", domains)

    @property
    def fever(self) -> bool | None:
        """Whether there was fever, whatever its cause; None if not assessed."""
        if self.temperature_c is None:
            return self.has_fever
        return self.temperature_c >= FEVER_CELSIUS or bool(self.has_fever)


@dataclass(frozen=True)
class CrsGrade:
    """The CRS grade of one assessment, and what it rests on.

    Attributes
    ----------
    grade : int or None
        0 to 5; None if not gradable. A grade is a lower bound where a domain was not
        assessed; grade 0 has to be shown.
    deciding_domains : tuple of CrsDomain
        The domains that reach the grade; empty at grade 0.
    not_assessed : tuple of CrsDomain
        Domains that were not assessed.
    not_counted : tuple of CrsDomain
        Domains with a finding that is not held to be CRS: attributed to another cause, or
        without the fever that was still required.
    not_gradable_because : CrsNotGradable or None
        The reason, where the grade is None.
    """

    grade: int | None
    deciding_domains: tuple[CrsDomain, ...] = ()
    not_assessed: tuple[CrsDomain, ...] = ()
    not_counted: tuple[CrsDomain, ...] = ()
    not_gradable_because: CrsNotGradable | None = None


def grade_crs(findings: CrsFindings) -> CrsGrade:
    """Grade CRS by the ASTCT consensus: fever, and the worse of hypotension and hypoxia.

    Parameters
    ----------
    findings : CrsFindings
        What was found, and what was not assessed.

    Returns
    -------
    CrsGrade
        The grade, what decided it, and what could not be assessed.

    References
    ----------
    .. [1] Lee DW, et al. Biol Blood Marrow Transplant 2019;25:625-638.
       doi:10.1016/j.bbmt.2018.12.758

    Examples
    --------
    >>> grade_crs(CrsFindings(temperature_c=39.1, hypotension="none", oxygen="none")).grade
    1
    >>> grade_crs(CrsFindings(temperature_c=36.8, oxygen="low-flow nasal cannula or blow-by",
    ...                       treated_for_crs=True)).grade
    2
    """
    found = _found(findings)
    not_assessed = tuple(domain for domain, grade in found.items() if grade is None)
    is_open = bool(found[CrsDomain.FEVER]) and CrsDomain.FEVER not in findings.attributed_elsewhere
    counted = {
        domain: grade
        for domain, grade in found.items()
        if grade
        and domain not in findings.attributed_elsewhere
        and (is_open or findings.treated_for_crs)
    }
    reason = None if counted else _reason(findings, not_assessed)
    if findings.died_from_crs:
        counted, reason = counted | {CrsDomain.DEATH: DEATH_GRADE}, None
    grade = None if reason else max(counted.values(), default=0)
    return CrsGrade(
        grade=grade,
        deciding_domains=tuple(d for d, points in counted.items() if points == grade),
        not_assessed=not_assessed,
        not_counted=tuple(d for d, points in found.items() if points and d not in counted),
        not_gradable_because=reason,
    )


def _found(findings: CrsFindings) -> dict[CrsDomain, int | None]:
    fever = findings.fever
    found: dict[CrsDomain, int | None] = {
        CrsDomain.FEVER: None if fever is None else FEVER_GRADE * fever
    }
    for domain, table in _FINDING_GRADE.items():
        value = getattr(findings, domain.value)
        found[domain] = None if value is None else table[value]
    return found


def _reason(findings: CrsFindings, not_assessed: tuple[CrsDomain, ...]) -> CrsNotGradable | None:
    if findings.treated_for_crs:
        return CrsNotGradable.NOTHING_FOUND if not_assessed else None
    return CrsNotGradable.FEVER if CrsDomain.FEVER in not_assessed else None


def classify_hypotension(
    *, is_hypotensive: bool, vasopressors: int = 0, has_vasopressin: bool = False
) -> Hypotension:
    """Name hypotension in the words of the table.

    Parameters
    ----------
    is_hypotensive : bool
        Whether there is hypotension at all.
    vasopressors : int
        Vasopressors at the same time, vasopressin not counted.
    has_vasopressin : bool
        Whether vasopressin is given. On its own, where the table is silent, it counts as
        one vasopressor.

    Returns
    -------
    Hypotension
        The words.

    Raises
    ------
    GradingError
        If the count is negative.
    """
    if vasopressors < 0:
        raise GradingError(f"Vasopressors must be counted from 0, got {vasopressors}. Mend it.")
    if vasopressors > 1:
        return Hypotension.MULTIPLE_VASOPRESSORS
    if vasopressors == 1 or has_vasopressin:
        return Hypotension.ONE_VASOPRESSOR
    return Hypotension.NO_VASOPRESSOR if is_hypotensive else Hypotension.NONE


def classify_nasal_cannula(litres_per_minute: float) -> Oxygen:
    """Name oxygen by nasal cannula in the words of the table: low flow up to 6 L/min.

    Parameters
    ----------
    litres_per_minute : float
        Oxygen flow, in L/min.

    Returns
    -------
    Oxygen
        The words.

    Raises
    ------
    GradingError
        If the flow is negative or not a number.

    Examples
    --------
    >>> classify_nasal_cannula(6).name, classify_nasal_cannula(6.5).name
    ('LOW_FLOW', 'HIGH_FLOW')
    """
    if not litres_per_minute >= 0:
        raise GradingError(f"Oxygen flow must be in L/min, got {litres_per_minute!r}. Mend it.")
    if litres_per_minute == 0:
        return Oxygen.NONE
    return Oxygen.LOW_FLOW if litres_per_minute <= LOW_FLOW_LITRES else Oxygen.HIGH_FLOW

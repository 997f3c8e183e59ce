"""The findings of one bedside assessment for ICANS, checked as they come in."""

from dataclasses import dataclass

from icans_risk.errors import GradingError
from icans_risk.grading.capd import Capd
from icans_risk.grading.ice import ICE_MAXIMUM, IceScore, ice_from_total
from icans_risk.grading.scales import read_score
from icans_risk.grading.vocabulary import (
    FINDING_WORDS,
    LAST_GRADE_LIMITS,
    Consciousness,
    Domain,
    Motor,
    Pressure,
    Sedation,
    Seizure,
    UncountedSign,
    read_word,
    read_words,
)

__all__ = ["IcansFindings"]


@dataclass(frozen=True, kw_only=True)
class IcansFindings:
    """What was found at one assessment; None stands for "not assessed".

    Attributes
    ----------
    ice : IceScore or int, optional
        Score or complete total, 0 to 10.
    capd : int or "unable to perform", optional
        Instead of ICE, for children under 12 or with developmental delay.
    consciousness, seizure, motor, pressure : StrEnum, optional
        The worst finding of the domain.
    uncounted_signs : frozenset of UncountedSign
        Signs that do not count.
    attributed_elsewhere : frozenset of Domain
        Domains whose finding is recorded as due to another cause.
    attributed_to_icans : frozenset of Domain
        Domains whose finding is recorded as due to ICANS.
    has_cns_tumour : bool
        With a tumour in the nervous system, motor and pressure findings count only if
        attributed to ICANS.
    sedation : Sedation
        Under sedation ICE, CAPD and consciousness cannot be assessed. In a sedation hold,
        record "not sedated".
    ice_baseline, capd_baseline : int, optional
        The scores before the infusion.
    last_grade : int, optional
        The grade before intubation for ICANS, 0 to 4.
    died_from_icans : bool
        Death from ICANS with no other principal factor.

    Raises
    ------
    GradingError
        If a value is outside its vocabulary or scale, ICE and CAPD are both given, or a
        domain is attributed both to ICANS and elsewhere.
    """

    ice: IceScore | float | None = None
    capd: Capd | None = None
    consciousness: Consciousness | None = None
    seizure: Seizure | None = None
    motor: Motor | None = None
    pressure: Pressure | None = None
    uncounted_signs: frozenset[UncountedSign] = frozenset()
    attributed_elsewhere: frozenset[Domain] = frozenset()
    attributed_to_icans: frozenset[Domain] = frozenset()
    has_cns_tumour: bool = False
    sedation: Sedation = Sedation.NONE
    ice_baseline: float | None = None
    capd_baseline: float | None = None
    last_grade: float | None = None
    died_from_icans: bool = False

    def __post_init__(self) -> None:
        for domain, words in FINDING_WORDS.items():
            value = getattr(self, domain.value)
            if value is not None:
                object.__setattr__(self, domain.value, read_word(value, words, name=domain))
        object.__setattr__(self, "sedation", read_word(self.sedation, Sedation, name="sedation"))
        for name, words in (
            ("uncounted_signs", UncountedSign),
            ("attributed_elsewhere", Domain),
            ("attributed_to_icans", Domain),
        ):
            object.__setattr__(self, name, read_words(getattr(self, name), words, name=name))
        self._check_numbers()
        self._check_contradictions()

    @property
    def ice_score(self) -> IceScore | None:
        """The ICE score, or None where no item was assessed."""
        if self.ice is None:
            return None
        score = self.ice if isinstance(self.ice, IceScore) else ice_from_total(self.ice)
        return score if score.is_assessed else None

    def _check_numbers(self) -> None:
        for name, limits in (("ice_baseline", (0, ICE_MAXIMUM)), ("last_grade", LAST_GRADE_LIMITS)):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, read_score(value, name=name, limits=limits))

    def _check_contradictions(self) -> None:
        if self.ice_score is not None and self.capd is not None:
            raise GradingError(
                "One assessment must have ICE or CAPD, got both. Keep the one that "
                "choose_instrument names for the patient's age and development."
            )
        both = self.attributed_elsewhere & self.attributed_to_icans
        if both:
            raise GradingError(
                "A domain must be attributed to ICANS or to another cause, got both for "
                f"{sorted(both)}. Keep one attribution."
            )

"""Bedside findings of the ASTCT ICANS scale, in clinical words, with the grade of each.

The mappings from finding to grade stand here once; the scalar code in ``icans.py`` and the
table code in ``tables.py`` both read them.

Source: Lee DW et al., Biol Blood Marrow Transplant 2019;25:625-638,
doi:10.1016/j.bbmt.2018.12.758 (ASTCT consensus).
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, TypeVar

from icans_risk.errors import GradingError

__all__ = [
    "Attribution",
    "Consciousness",
    "Domain",
    "Motor",
    "Pressure",
    "Sedation",
    "Seizure",
    "UncountedSign",
    "classify_seizure",
    "read_word",
    "read_words",
]

Word = TypeVar("Word", bound=StrEnum)


class Domain(StrEnum):
    """What can decide an ICANS grade."""

    ICE = "ice"
    CAPD = "capd"
    CONSCIOUSNESS = "consciousness"
    SEIZURE = "seizure"
    MOTOR = "motor"
    PRESSURE = "pressure"
    LAST_GRADE = "last_grade"
    DEATH = "death"


class Consciousness(StrEnum):
    """What it takes to wake the patient."""

    AWAKENS_SPONTANEOUSLY = "awakens spontaneously"
    AWAKENS_TO_VOICE = "awakens to voice"
    AWAKENS_TO_TOUCH = "awakens only to tactile stimulus"
    UNAROUSABLE = "unarousable or only by vigorous stimuli"


class Seizure(StrEnum):
    """The worst seizure since the last assessment."""

    NONE = "none"
    RESOLVED_RAPIDLY = "clinical seizure that resolved rapidly"
    NON_CONVULSIVE_RESOLVED = "non-convulsive on EEG, resolved with intervention"
    PROLONGED = "longer than 5 minutes"
    REPETITIVE = "repetitive without return to baseline"


class Motor(StrEnum):
    """Focal weakness; only deep weakness has a place in the table."""

    NONE = "none"
    MILD_FOCAL_WEAKNESS = "focal weakness that is not deep"
    DEEP_FOCAL_WEAKNESS = "deep focal weakness"


class Pressure(StrEnum):
    """The worst sign of raised intracranial pressure or of oedema."""

    NONE = "none"
    FOCAL_OEDEMA = "focal oedema on imaging"
    DIFFUSE_OEDEMA = "diffuse cerebral oedema on imaging"
    POSTURING = "decerebrate or decorticate posturing"
    SIXTH_NERVE_PALSY = "sixth cranial nerve palsy"
    PAPILLOEDEMA = "papilloedema"
    CUSHING_TRIAD = "Cushing's triad"


class UncountedSign(StrEnum):
    """Signs that are worth recording and do not make an ICANS grade."""

    HAEMORRHAGE = "intracranial haemorrhage"
    TREMOR = "tremor"
    MYOCLONUS = "myoclonus"
    HEADACHE = "headache"


class Sedation(StrEnum):
    """Whether the patient is intubated and sedated, and why."""

    NONE = "not sedated"
    FOR_ICANS = "intubated and sedated for ICANS"
    FOR_ANOTHER_REASON = "intubated and sedated for another reason"


class Attribution(StrEnum):
    """What a finding is recorded to be due to."""

    ICANS = "icans"
    ANOTHER_CAUSE = "another cause"


# "Awakens spontaneously" is in the grade 1 column of the table but is 0 here: it is grade 1
# only together with ICE 7-9 (or CAPD below 9), which carry the grade themselves. Otherwise
# every alert patient would have ICANS.
CONSCIOUSNESS_GRADE: Final = MappingProxyType(
    {
        Consciousness.AWAKENS_SPONTANEOUSLY: 0,
        Consciousness.AWAKENS_TO_VOICE: 2,
        Consciousness.AWAKENS_TO_TOUCH: 3,
        Consciousness.UNAROUSABLE: 4,
    }
)
SEIZURE_GRADE: Final = MappingProxyType(
    {
        Seizure.NONE: 0,
        Seizure.RESOLVED_RAPIDLY: 3,
        Seizure.NON_CONVULSIVE_RESOLVED: 3,
        Seizure.PROLONGED: 4,
        Seizure.REPETITIVE: 4,
    }
)
# A teaching article puts new focal weakness at grade 3; the consensus table has deep focal
# weakness at grade 4 and nothing else.
MOTOR_GRADE: Final = MappingProxyType(
    {Motor.NONE: 0, Motor.MILD_FOCAL_WEAKNESS: 0, Motor.DEEP_FOCAL_WEAKNESS: 4}
)
PRESSURE_GRADE: Final = MappingProxyType(
    {
        Pressure.NONE: 0,
        Pressure.FOCAL_OEDEMA: 3,
        Pressure.DIFFUSE_OEDEMA: 4,
        Pressure.POSTURING: 4,
        Pressure.SIXTH_NERVE_PALSY: 4,
        Pressure.PAPILLOEDEMA: 4,
        Pressure.CUSHING_TRIAD: 4,
    }
)
FINDING_GRADE: Final[Mapping[Domain, Mapping[Any, int]]] = MappingProxyType(
    {
        Domain.CONSCIOUSNESS: CONSCIOUSNESS_GRADE,
        Domain.SEIZURE: SEIZURE_GRADE,
        Domain.MOTOR: MOTOR_GRADE,
        Domain.PRESSURE: PRESSURE_GRADE,
    }
)
FINDING_WORDS: Final[Mapping[Domain, type[StrEnum]]] = MappingProxyType(
    {
        Domain.CONSCIOUSNESS: Consciousness,
        Domain.SEIZURE: Seizure,
        Domain.MOTOR: Motor,
        Domain.PRESSURE: Pressure,
    }
)

ATTRIBUTABLE: Final = tuple(Domain)[:6]
# A tumour in the nervous system explains these two as well as ICANS does.
NEED_ATTRIBUTION_WITH_TUMOUR: Final = frozenset({Domain.MOTOR, Domain.PRESSURE})
OEDEMA_ON_IMAGING: Final = frozenset({Pressure.FOCAL_OEDEMA, Pressure.DIFFUSE_OEDEMA})
DEATH_GRADE: Final = 5
LAST_GRADE_LIMITS: Final = (0, 4)
PROLONGED_SEIZURE_MINUTES: Final = 5.0


def classify_seizure(
    minutes: float, *, is_convulsive: bool = True, returned_to_baseline: bool = True
) -> Seizure:
    """Name a seizure in the words of the table.

    Parameters
    ----------
    minutes : float
        How long it lasted, in minutes.
    is_convulsive : bool
        False for a seizure seen on EEG only, that resolved with intervention.
    returned_to_baseline : bool
        False if it repeated before the patient had returned to baseline.

    Returns
    -------
    Seizure
        Prolonged if a convulsive seizure lasted more than 5 minutes.

    Raises
    ------
    GradingError
        If the duration is negative or not a number.

    Examples
    --------
    >>> classify_seizure(0.5).value, classify_seizure(6).value
    ('clinical seizure that resolved rapidly', 'longer than 5 minutes')
    """
    if not minutes >= 0:
        raise GradingError(f"A seizure's duration must be in minutes, got {minutes!r}. Mend it.")
    if not returned_to_baseline:
        return Seizure.REPETITIVE
    if not is_convulsive:
        return Seizure.NON_CONVULSIVE_RESOLVED
    return Seizure.PROLONGED if minutes > PROLONGED_SEIZURE_MINUTES else Seizure.RESOLVED_RAPIDLY


def read_word(value: object, words: type[Word], *, name: str) -> Word:
    """Read one word of a vocabulary.

    Parameters
    ----------
    value : object
        A member, or its text.
    words : type of StrEnum
        The vocabulary.
    name : str
        What is read, for the error.

    Returns
    -------
    StrEnum
        The member.

    Raises
    ------
    GradingError
        If the value is not in the vocabulary; the value itself is not repeated.
    """
    try:
        return words(str(value))
    except ValueError:
        raise GradingError(
            f"{name} must be one of {[w.value for w in words]}, got something else. Map the "
            "source's word to one of these, or give None where it was not assessed."
        ) from None


def read_words(values: Iterable[object], words: type[Word], *, name: str) -> frozenset[Word]:
    """Read a set of words of a vocabulary, see `read_word`.

    Parameters
    ----------
    values : iterable of object
        Members, or their texts.
    words : type of StrEnum
        The vocabulary.
    name : str
        What is read, for the error.

    Returns
    -------
    frozenset
        The members.

    Raises
    ------
    GradingError
        If a value is not in the vocabulary.
    """
    return frozenset(read_word(value, words, name=name) for value in values)

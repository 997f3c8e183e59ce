"""Put the names of analytes in the place of ``plasma.*`` and ``*``."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from icans_risk.catalogue import Analyte
from icans_risk.cohort import Cohort
from icans_risk.errors import StudyError
from icans_risk.features.admission import is_admissible, refused_events
from icans_risk.features.choices import ALL, Change, Measurement

if TYPE_CHECKING:
    from icans_risk.features.specification import Presence

__all__ = ["altering_analytes", "find_analytes", "find_treatments", "is_open", "name_analytes"]

_Choice = TypeVar("_Choice", Measurement, Change)


def is_open(choice: Measurement | Change) -> bool:
    """Tell whether a choice leaves the names of its analytes to the training cohort."""
    return choice.analyte.endswith(ALL)


def find_analytes(
    cohort: Cohort, presence: "Presence", catalogue: Mapping[str, Analyte]
) -> list[str]:
    """List the analytes of a cohort that may become features.

    Parameters
    ----------
    cohort : Cohort
        The training cohort.
    presence : {"protocol_only", "informative"}
        What counts: an analyte of which every event is refused is not there.
    catalogue : mapping of str to Analyte
        What can be measured, by full name.

    Returns
    -------
    list of str
        Full names, sorted, so that the order of the rows fixes no column.
    """
    counted = cohort.events[~refused_events(cohort.events, presence)]
    pairs = counted[["modality", "analyte"]].drop_duplicates().to_numpy().tolist()
    names = sorted(f"{modality}.{analyte}" for modality, analyte in pairs)
    return [
        name
        for name in names
        if name in catalogue and is_admissible(catalogue[name].leak_class, presence)
    ]


def altering_analytes(catalogue: Mapping[str, Analyte]) -> tuple[str, ...]:
    """List the treatments that alter what is measured after them, in the catalogue's order."""
    return tuple(name for name, entry in catalogue.items() if entry.alters_measurements)


def find_treatments(found: Sequence[str], catalogue: Mapping[str, Analyte]) -> tuple[str, ...]:
    """List the treatments that get a column: those that alter measurements and were found.

    Raises
    ------
    StudyError
        If there is none.
    """
    altering = altering_analytes(catalogue)
    treatments = tuple(name for name in found if name in altering)
    if not treatments:
        raise StudyError(
            "treatment_policy: include_before_landmark needs a treatment in the training cohort "
            f"that alters measurements, got none of {list(altering)}. Read them in, or choose "
            "treatment_policy: ignore."
        )
    return treatments


def name_analytes(choices: Sequence[_Choice], found: Sequence[str]) -> tuple[_Choice, ...]:
    """Replace each choice of all analytes by one choice per analyte.

    The narrowest choice takes an analyte: one by name takes it out of ``plasma.*`` and of
    ``*``, and ``plasma.*`` takes all of plasma out of ``*``. What is special about one
    analyte can then be said once, beside what holds for the rest.

    Parameters
    ----------
    choices : sequence of Measurement or of Change
        Some by name, some not.
    found : sequence of str
        The analytes that there are.

    Returns
    -------
    tuple of Measurement or of Change
        All by name.

    Raises
    ------
    StudyError
        If a choice finds no analyte.
    """
    taken = {choice.analyte for choice in choices}
    named: list[_Choice] = []
    for choice in choices:
        if not is_open(choice):
            named.append(choice)
            continue
        names = [name for name in found if _narrowest(name, taken) == choice.analyte]
        if not names:
            raise StudyError(
                f"{choice.analyte!r} must find an admissible analyte in the training cohort that "
                f"no narrower choice takes, got none among {list(found)}. Drop it, or name one."
            )
        named += [replace(choice, analyte=name) for name in names]
    return tuple(named)


def _narrowest(name: str, taken: set[str]) -> str:
    of_modality = f"{name.partition('.')[0]}.{ALL}"
    return next((choice for choice in (name, of_modality) if choice in taken), ALL)

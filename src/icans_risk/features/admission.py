"""Decide what may become a feature: which analytes, which columns, which events."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icans_risk.catalogue import Analyte, load_catalogue
from icans_risk.cohort import GRADES, MODALITIES, OUTCOMES
from icans_risk.errors import LeakageError
from icans_risk.features.naming import check_known

if TYPE_CHECKING:
    from icans_risk.features.specification import (
        FeatureSpecification,
        Presence,
        TreatmentPolicy,
    )

__all__ = [
    "ADMITTED_ORDERS",
    "check_admissible",
    "check_treatment_policy",
    "is_admissible",
    "refused_events",
    "refused_rows",
    "restricted_analytes",
]

_ORDERED_FOR_CAUSE_MATTERS = ("csf", "eeg", "imaging", "treatment")
# Ordered whatever the patient looked like.
ADMITTED_ORDERS = ("protocol", "prophylaxis")

# The leak classes that need presence: informative, in the words of the refusal.
_ONLY_INFORMATIVE = {
    "response_to_outcome": "be a response to the outcome",
    "testing_intensity": "tell how often somebody was tested",
}

# How often and how recently somebody measured: staff measure more when a patient looks worse.
_INTENSITY = ("count", "hours_since_last")

# Columns of an episode that are filled in after the landmark, and anything that is called
# like a column of the tables of grades and outcomes, but for words that also mean something
# else (a body weight, a performance scale).
_IDENTIFIERS = frozenset({"episode_id", "patient_id"})
_AMBIGUOUS = frozenset({"scale", "weight"})
_LATER = frozenset({"followed_until_h", "discharged_h", "died_h", "death_cause"})
_OUTCOME_COLUMNS = (_LATER | frozenset(GRADES) | frozenset(OUTCOMES)) - _AMBIGUOUS


def check_admissible(
    specification: "FeatureSpecification", catalogue: Mapping[str, Analyte] | None = None
) -> None:
    """Refuse a specification that would show the outcome to the model.

    Parameters
    ----------
    specification : FeatureSpecification
        What is to be computed.
    catalogue : mapping of str to Analyte, optional
        What can be measured, by full name; the package's own by default.

    Raises
    ------
    StudyError
        If an analyte is not in the catalogue.
    LeakageError
        If an analyte is a component of the outcome and read after the infusion; if it is a
        response to the outcome or tells how often somebody was tested, or a statistic counts
        how often or how recently people measured, and ``presence`` is not ``"informative"``;
        or if a static column is an identifier or holds what happened later.
    """
    known = load_catalogue() if catalogue is None else catalogue
    for name in specification.analytes:
        check_known(name, known, what="A measured analyte")
        leak_class = known[name].leak_class
        if leak_class != "outcome_component" or not _is_read_before(specification, name):
            _check_leak_class(name, leak_class, specification.presence)
    if specification.presence != "informative":
        _check_intensity(specification)
    wrong = [c for c in specification.static if c in _OUTCOME_COLUMNS | _IDENTIFIERS]
    if wrong:
        raise LeakageError(
            f"Static features must be known at infusion and common to patients, got {wrong}, "
            "which are identifiers or tell what happened later. Drop them."
        )


def _is_read_before(specification: "FeatureSpecification", analyte: str) -> bool:
    """Tell whether an analyte is read in windows that end with the infusion at the latest.

    What was measured before the cells were given decides no grade that they cause.
    """
    ends = {w.name: w.end_h if w.anchor == "infusion" else None for w in specification.all_windows}
    cells = (cell for column in specification.layout for cell in column.cells)
    its = [cell.window for cell in cells if cell.analyte == analyte]
    return bool(its) and all(end is not None and end <= 0 for end in map(ends.__getitem__, its))


def is_admissible(leak_class: str, presence: "Presence") -> bool:
    """Tell whether an analyte of a leak class may become a feature, whatever its window."""
    if leak_class in _ONLY_INFORMATIVE:
        return presence == "informative"
    return leak_class != "outcome_component"


def check_treatment_policy(policy: "TreatmentPolicy", presence: "Presence") -> None:
    """Refuse a policy that would show the outcome to the model.

    Raises
    ------
    LeakageError
        If treatments are to be columns and ``presence`` is not ``"informative"``.
    """
    if policy == "include_before_landmark" and presence != "informative":
        raise LeakageError(
            "A feature must not be a response to the outcome, got treatment_policy: "
            "include_before_landmark, which makes features of drugs given because of toxicity. Set "
            "presence: informative, which every report then prints, or choose ignore or censor."
        )


def _check_intensity(specification: "FeatureSpecification") -> None:
    for measurement in specification.measurements:
        counting = [name for name in measurement.statistics if name in _INTENSITY]
        if counting:
            raise LeakageError(
                "Features must not say how often or how recently people measured, because they "
                f"measure more when a patient looks worse, got {counting} of "
                f"{measurement.analyte!r}. Drop them, or set presence: informative, which every "
                "report then prints."
            )


def _check_leak_class(name: str, leak_class: str, presence: "Presence") -> None:
    if is_admissible(leak_class, presence):
        return
    if leak_class == "outcome_component":
        raise LeakageError(
            f"A feature must not be part of the outcome, got {name!r}, from which the grade is "
            "made. Drop it, or read it in a window that ends with the infusion (end_h: 0)."
        )
    raise LeakageError(
        f"A feature must not {_ONLY_INFORMATIVE[leak_class]}, got {name!r}. Drop it, or set "
        "presence: informative, which every report then prints."
    )


def restricted_analytes(analytes: Sequence[str], presence: "Presence") -> NDArray[np.bool_]:
    """Tell for which analytes the reason of an order decides whether a value counts.

    Parameters
    ----------
    analytes : sequence of str
        Full names.
    presence : {"protocol_only", "informative"}
        Whether the rule is in force, or the study has waived it.

    Returns
    -------
    ndarray of shape (n_analytes,)
    """
    restricted = [name.partition(".")[0] in _ORDERED_FOR_CAUSE_MATTERS for name in analytes]
    return np.array(restricted, dtype=np.bool_) & (presence == "protocol_only")


def refused_rows(
    collected_h: NDArray[np.float64],
    is_restricted: NDArray[np.bool_],
    is_admitted_order: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Tell which events must not count because of why they were ordered.

    A lumbar puncture after infusion is often done because the patient was confused
    already: that it exists nearly is the outcome. Before infusion it cannot be.

    Parameters
    ----------
    collected_h : ndarray of shape (n_events,)
        Hours since infusion.
    is_restricted : ndarray of shape (n_events,)
        Whether the event is of one of the ``restricted_analytes``.
    is_admitted_order : ndarray of shape (n_events,)
        Whether it was ordered as one of ``ADMITTED_ORDERS``.

    Returns
    -------
    ndarray of shape (n_events,)
        True where the event must not count.
    """
    is_later = collected_h > 0.0
    return is_later & is_restricted & ~is_admitted_order


def refused_events(events: pd.DataFrame, presence: "Presence") -> NDArray[np.bool_]:
    """Tell which rows of an events table must not count, see ``refused_rows``.

    Parameters
    ----------
    events : DataFrame
        Rows in the layout ``EVENTS``.
    presence : {"protocol_only", "informative"}
        Whether the rule is in force, or the study has waived it.

    Returns
    -------
    ndarray of shape (n_events,)
        True where the event must not count.
    """
    return refused_rows(
        events["collected_h"].to_numpy(dtype=np.float64),
        restricted_analytes(MODALITIES, presence)[
            pd.Index(MODALITIES).get_indexer(pd.Index(events["modality"]))
        ],
        events["ordered_as"].isin(ADMITTED_ORDERS).to_numpy(dtype=np.bool_),
    )

"""From results to one long table of events, held as arrays until the end."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icans_risk.catalogue import load_catalogue
from icans_risk.cohort import MODALITIES, ORDERED_AS
from icans_risk.synthetic.assays import CENSORED, Patients, Reader, Results, report
from icans_risk.synthetic.neurology import image, record_eeg
from icans_risk.synthetic.orders import Stay
from icans_risk.synthetic.people import PROPHYLAXIS
from icans_risk.synthetic.slots import CLINICAL, PROPHYLAXIS_ORDER, PROTOCOL, Slots, join, planned

__all__ = ["EventArrays", "build_events", "code_text", "join_events", "record_events"]

Floats = NDArray[np.float64]

_CHART, _EEG, _RADIOLOGY, _DRUGS, _REFERENCE = range(5)
_RECORDS = ("ward chart", "eeg report", "radiology report", "medication record",
            "reference laboratory")  # fmt: skip
_CHARTING_H = 0.5


@dataclass(frozen=True)
class EventArrays:
    """Events as arrays of shape (n_events,); codes point into vocabularies."""

    row: NDArray[np.int32]
    analyte: NDArray[np.int16]
    collected_h: Floats
    available_h: Floats
    value: Floats
    censored: NDArray[np.int8]
    ordered_as: NDArray[np.int8]
    assay: NDArray[np.int16]


def join_events(parts: Sequence[EventArrays], offsets: Sequence[int]) -> EventArrays:
    """Put pieces together; `offsets` are the numbers of episodes before each piece."""
    joined: dict[str, NDArray[Any]] = {
        f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(EventArrays)
    }
    shift = np.repeat(offsets, [p.row.size for p in parts])
    joined["row"] = (joined["row"] + shift).astype(np.int32)
    return EventArrays(**joined)


def record_events(
    patients: Patients, panels: dict[str, Slots], grades: pd.DataFrame, *, stay: Stay
) -> EventArrays:
    """Record every panel, every scan, every drug and every CRS grade.

    Parameters
    ----------
    patients : Patients
        All that is true of the episodes.
    panels : dict of str to Slots
        What was ordered.
    grades : DataFrame
        The recorded grades, with ``row``.
    stay : Stay
        When observation ends.

    Returns
    -------
    EventArrays
        Sorted by episode, analyte and time.
    """
    parts = []
    for panel, slots in panels.items():
        reader = Reader(patients, slots)
        parts += [_arrays(r, _assay(patients, r, panel)) for r in _read(reader, panel)]
    parts += [_arrays(r, np.full(r.value.size, _DRUGS)) for r in _drugs(patients, stay)]
    crs = _crs(grades)
    parts.append(_arrays(crs, np.full(crs.value.size, _CHART)))
    joined = join_events(parts, [0] * len(parts))
    order = np.lexsort((joined.collected_h, joined.analyte, joined.row))
    return EventArrays(**{f.name: getattr(joined, f.name)[order] for f in fields(EventArrays)})


def _read(reader: Reader, panel: str) -> list[Results]:
    if panel == "eeg":
        return record_eeg(reader)
    if panel in ("mri", "ct"):
        return image(reader, panel=panel)
    readouts = reader.patients.numbers.panels[panel]
    return [report(reader, name, readout, panel=panel) for name, readout in readouts.items()]


def _assay(patients: Patients, results: Results, panel: str) -> NDArray[np.intp]:
    by_panel = {"vitals": _CHART, "eeg": _EEG, "mri": _RADIOLOGY, "ct": _RADIOLOGY,
                "tumour": _RADIOLOGY}  # fmt: skip
    if panel in by_panel:
        return np.full(results.value.size, by_panel[panel])
    site = patients.people.site[results.slots.rows]
    in_house = np.array([s.in_house_il6 for s in patients.numbers.sites])[site]
    is_sent = (panel == "il6") & ~in_house
    return np.where(is_sent, _REFERENCE, len(_RECORDS) + site)


def _arrays(results: Results, assay: NDArray[np.intp]) -> EventArrays:
    names = list(load_catalogue())
    return EventArrays(
        row=results.slots.rows.astype(np.int32),
        analyte=np.full(results.value.size, names.index(results.analyte), dtype=np.int16),
        collected_h=results.slots.hours,
        available_h=results.available_h,
        value=results.value,
        censored=results.censored,
        ordered_as=results.slots.order,
        assay=assay.astype(np.int16),
    )


def _crs(grades: pd.DataFrame) -> Results:
    """Emit usable CRS grades as events: features never read the table of grades."""
    slots = planned(grades["row"].to_numpy(), grades["assessed_h"].to_numpy(), PROTOCOL)
    return _given("clinical.crs_grade", slots, grades["crs_grade"].to_numpy(), delay_h=0.0)


def _given(analyte: str, slots: Slots, value: Floats, *, delay_h: float = _CHARTING_H) -> Results:
    uncut = np.zeros(value.size, dtype=np.int8)
    return Results(analyte, slots, value, uncut, np.round(slots.hours + delay_h, 2))


def _drugs(patients: Patients, stay: Stay) -> list[Results]:
    treated, toxicity, people = patients.treatments, patients.toxicity, patients.people
    everyone = np.arange(len(people))
    by_steroid = people.prophylaxis == PROPHYLAXIS.index("corticosteroid")
    by_levetiracetam = people.prophylaxis == PROPHYLAXIS.index("levetiracetam")
    zero = np.zeros(len(people))

    def once(
        hours: Floats, *, where: NDArray[np.bool_] | None = None, order: int = CLINICAL
    ) -> Slots:
        given = np.isfinite(hours) & (hours <= stay.followed_until_h)
        given = given if where is None else given & where
        return planned(everyone[given], np.round(hours[given], 2), order)

    days = range(int(patients.numbers.number("steroid.days")))
    steroid = [once(treated.steroid_h + 24.0 * d) for d in days]
    dose = [
        once(zero + 24.0 * d + 1.0, where=by_steroid, order=PROPHYLAXIS_ORDER) for d in range(3)
    ]
    first = once(zero - 24.0, where=by_levetiracetam, order=PROPHYLAXIS_ORDER)
    schedule = {
        "treatment.tocilizumab": once(treated.tocilizumab_h),
        "treatment.corticosteroid": join(*steroid, *dose),
        "treatment.levetiracetam": join(
            first, once(toxicity.any_onset_h + 6.0, where=~by_levetiracetam)
        ),
        "treatment.vasopressor": once(toxicity.crs_grade_3_h + 1.0),
        "treatment.intensive_care": once(treated.intensive_h),
    }
    return [_given(name, s, np.ones(s.rows.size)) for name, s in schedule.items()]


def code_text(codes: NDArray[Any], words: Sequence[str]) -> pd.Categorical:
    """Return text held as codes: one copy of each word, however many rows."""
    # The stubs know no words that are a plain list.
    coded: pd.Categorical = pd.Categorical.from_codes(codes, list(words))  # type: ignore[call-overload]
    return coded


def build_events(
    arrays: EventArrays, episode_ids: Sequence[str], laboratories: Sequence[str]
) -> pd.DataFrame:
    """Turn the arrays into the table of events; its text columns are categories.

    Parameters
    ----------
    arrays : EventArrays
        The events.
    episode_ids : sequence of str
        Identifiers by row.
    laboratories : sequence of str
        Laboratories by site.

    Returns
    -------
    DataFrame
        In the layout ``EVENTS``.
    """
    names = list(load_catalogue())
    modality = np.array([MODALITIES.index(n.partition(".")[0]) for n in names])
    short = [n.partition(".")[2] for n in names]
    words = sorted(set(short))
    word = np.array([words.index(s) for s in short])
    of = code_text
    return pd.DataFrame(
        {
            "episode_id": of(arrays.row, list(episode_ids)),
            "modality": of(modality[arrays.analyte], list(MODALITIES)),
            "analyte": of(word[arrays.analyte], words),
            "collected_h": arrays.collected_h,
            "available_h": arrays.available_h,
            "value": arrays.value,
            "censored": of(arrays.censored, list(CENSORED)),
            "ordered_as": of(arrays.ordered_as, list(ORDERED_AS)),
            "assay": of(arrays.assay, [*_RECORDS, *laboratories]),
            "version": np.ones(arrays.value.size),
        }
    )

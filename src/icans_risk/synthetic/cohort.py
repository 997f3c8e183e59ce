"""Assemble a simulated cohort, and the truth about it apart."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icans_risk.cohort import Cohort
from icans_risk.errors import IcansRiskError
from icans_risk.synthetic.assays import Patients
from icans_risk.synthetic.grades import record_grades
from icans_risk.synthetic.hazard import GRID_H, Variant, compute_hazard
from icans_risk.synthetic.mechanism import draw_course
from icans_risk.synthetic.orders import Stay, draw_stay, order_panels
from icans_risk.synthetic.parameters import Parameters, load
from icans_risk.synthetic.people import ERAS, PROPHYLAXIS, People, draw_people
from icans_risk.synthetic.records import (
    EventArrays,
    build_events,
    code_text,
    join_events,
    record_events,
)
from icans_risk.synthetic.scans import tell_scans
from icans_risk.synthetic.toxicity import Toxicity, draw_toxicity
from icans_risk.synthetic.treatments import treat
from icans_risk.synthetic.truth import Truth, join_truth, tell_truth

__all__ = ["Simulated", "simulate"]

# Patients whose hourly hazards are held in memory at one time.
_PIECE = 2_000
_DEATHS = np.array(["other", "icans"], dtype=object)


@dataclass(frozen=True)
class Simulated:
    """A cohort and the truth that no reader of cohorts may open.

    Attributes
    ----------
    cohort : Cohort
        As a hospital would hand it over.
    truth : Truth
        True risks, onsets and shares of the log-hazard.
    """

    cohort: Cohort
    truth: Truth


@dataclass(frozen=True)
class _Piece:
    episodes: pd.DataFrame
    events: EventArrays
    grades: pd.DataFrame
    truth: Truth


def simulate(
    patients: int,
    *,
    seed: int,
    product_mix: str = "lbcl",
    landmarks_h: Sequence[float] = (0, 24, 72, 120),
    horizon_h: float = 336.0,
    variant: Variant = "interactions",
    informative_ordering: bool = True,
    noise: bool = True,
    first_patient: int = 0,
    parameters: Parameters | None = None,
) -> Simulated:
    """Simulate a cohort whose true risk is known.

    Patients are numbered; each one's course depends on the seed and the number alone, so
    that pieces simulated apart equal the whole.

    Parameters
    ----------
    patients : int
        How many; an episode is one infusion, and tumours of the nervous system have up to
        three of them.
    seed : int
        Same seed, same values.
    product_mix : str
        A key of ``PRODUCT_MIXES``.
    landmarks_h : sequence of float
        Prediction times for the true risk, in hours since infusion.
    horizon_h : float
        End of the period at risk, in hours since infusion; at most 720.
    variant : {"linear", "interactions", "no_signal"}
        Form of the hazard: additive; with products of leak with cytokines and of age with
        leak; depending on product and time alone.
    informative_ordering : bool
        Whether illness leads to tests.
    noise : bool
        Whether assays, ratings and times deviate from their closed forms.
    first_patient : int
        Number of the first patient.
    parameters : Parameters, optional
        Other numbers than the frozen ones, for studies of what a number does.

    Returns
    -------
    Simulated
        The cohort and the truth.

    Raises
    ------
    IcansRiskError
        If a number of patients, a landmark, the horizon, the mix or the variant cannot be.
    """
    _check(patients, first_patient, landmarks_h=landmarks_h, horizon_h=horizon_h, variant=variant)
    numbers = load() if parameters is None else parameters
    pieces = []
    for start in range(first_patient, first_patient + patients, _PIECE):
        count = min(_PIECE, first_patient + patients - start)
        people = draw_people(
            numbers, seed=seed, first=start, patients=count, product_mix=product_mix
        )
        pieces.append(
            _simulate_piece(
                numbers,
                people,
                landmarks_h=landmarks_h,
                horizon_h=horizon_h,
                variant=variant,
                informative=informative_ordering,
                noise=noise,
                product_mix=product_mix,
            )
        )
    return _assemble(numbers, pieces)


def _check(
    patients: int,
    first_patient: int,
    *,
    landmarks_h: Sequence[float],
    horizon_h: float,
    variant: str,
) -> None:
    if patients < 1 or first_patient < 0:
        raise IcansRiskError(
            f"patients must be at least 1 and first_patient at least 0, got {patients} and "
            f"{first_patient}. Ask for at least one patient."
        )
    if not all(x < horizon_h <= GRID_H for x in landmarks_h):
        raise IcansRiskError(
            f"every landmark must lie before the horizon and the horizon at {GRID_H} h or "
            f"earlier, got {[float(x) for x in landmarks_h]} and {horizon_h:g}. Change them."
        )
    if variant not in ("linear", "interactions", "no_signal"):
        raise IcansRiskError(
            f"variant must be 'linear', 'interactions' or 'no_signal', got {variant!r}."
        )


def _simulate_piece(
    numbers: Parameters,
    people: People,
    *,
    landmarks_h: Sequence[float],
    horizon_h: float,
    variant: Variant,
    informative: bool,
    noise: bool,
    product_mix: str,
) -> _Piece:
    course = draw_course(numbers, people)
    hazard = compute_hazard(numbers, people, course, variant=variant)
    toxicity = draw_toxicity(numbers, people, course, hazard=hazard)
    stay = draw_stay(numbers, people, toxicity)
    ids = _episode_ids(people)
    treatments = treat(numbers, people, toxicity)
    panels = order_panels(
        numbers, people, toxicity, stay=stay, informative=informative, noise=noise
    )
    grades = record_grades(numbers, people, toxicity, stay=stay, noise=noise)
    patients = Patients(numbers, people, course, toxicity, treatments, noise)
    events = record_events(patients, panels, grades, stay=stay)
    truth = tell_truth(
        numbers, people, toxicity, hazard=hazard, ids=ids, landmarks_h=landmarks_h,
        horizon_h=horizon_h, variant=variant, product_mix=product_mix,
        scans=tell_scans(patients, panels["mri"], ids),
    )  # fmt: skip
    episodes = _describe_episodes(numbers, people, toxicity, stay=stay, ids=ids)
    return _Piece(episodes, events, grades, truth)


def _episode_ids(people: People) -> list[str]:
    pairs = zip(people.patient.tolist(), people.infusion.tolist(), strict=True)
    return [f"P{patient:07d}-{infusion}" for patient, infusion in pairs]


def _describe_episodes(
    numbers: Parameters, people: People, toxicity: Toxicity, *, stay: Stay, ids: list[str]
) -> pd.DataFrame:
    arms = list(numbers.arms.values())
    died = np.where(toxicity.died_h <= stay.followed_until_h + 0.01, toxicity.died_h, np.inf)
    is_dead = np.isfinite(died)
    described = {
        "episode_id": ids,
        "patient_id": [f"P{patient:07d}" for patient in people.patient.tolist()],
        "followed_until_h": stay.followed_until_h,
        "site": np.array([s.name for s in numbers.sites], dtype=object)[people.site],
        "era": np.array(ERAS, dtype=object)[people.era],
    }
    for name in ("product", "target_antigen", "costimulatory_domain", "delivery_route", "disease"):
        described[name] = np.array([getattr(a, name) for a in arms], dtype=object)[people.arm]
    if any(arms[position].cns_tumour for position in set(people.arm.tolist())):
        # All others have the same of both: a column of one level would say nothing.
        for name in ("car_generation", "lymphodepletion"):
            described[name] = np.array([getattr(a, name) for a in arms], dtype=object)[people.arm]
    described |= {
        "infusion_number": people.infusion.astype(np.float64),
        "cns_tumour": np.array([a.cns_tumour for a in arms])[people.arm],
        "lymphodepletion_start_h": _or_missing(people.lymphodepletion_start_h),
        "prophylaxis": np.array(PROPHYLAXIS, dtype=object)[people.prophylaxis],
        "prior_lines": people.prior_lines,
        "age_years": people.age,
        "sex": np.where(people.is_female, "female", "male"),
        "ecog": people.ecog,
        "ice_baseline": np.where(people.age < 12, np.nan, people.ice_baseline),
        "tumour_volume_ml": np.round(people.tumour_volume, 1),
        "discharged_h": _or_missing(stay.discharged_h),
        "died_h": np.round(_or_missing(died), 2),
        "death_cause": np.where(is_dead, _DEATHS[toxicity.died_of_icans.astype(int)], None),
    }
    return pd.DataFrame(described)


def _or_missing(hours: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.isfinite(hours), hours, np.nan)


def _assemble(numbers: Parameters, pieces: list[_Piece]) -> Simulated:
    episodes = pd.concat([p.episodes for p in pieces], ignore_index=True)
    offsets = np.cumsum([0, *(len(p.episodes) for p in pieces)])[:-1].tolist()
    events = join_events([p.events for p in pieces], offsets)
    ids = episodes["episode_id"].tolist()
    grades = pd.concat(
        [p.grades.assign(row=p.grades["row"] + k) for p, k in zip(pieces, offsets, strict=True)],
        ignore_index=True,
    )
    grades["episode_id"] = code_text(grades.pop("row").to_numpy(), ids)
    table = build_events(events, ids, [s.laboratory for s in numbers.sites])
    cohort = Cohort(episodes, table, grades.assign(scale="ASTCT"))
    return Simulated(cohort, join_truth([p.truth for p in pieces]))

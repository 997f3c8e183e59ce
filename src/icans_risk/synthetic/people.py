"""Who the patients are: arm, site, age, burden and frailty, before anything happens."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from icans_risk.errors import IcansRiskError
from icans_risk.synthetic.parameters import Parameters
from icans_risk.synthetic.random import Draws

__all__ = ["ERAS", "PRODUCT_MIXES", "PROPHYLAXIS", "People", "describe_people", "draw_people"]

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

# Each mix gives weights to sequences of arms: the first infusion, the second, the third.
# Haematological patients have one infusion here.
PRODUCT_MIXES: Mapping[str, Mapping[tuple[str, ...], float]] = MappingProxyType(
    {
        "lbcl": {("axi_cel.lbcl",): 0.55, ("tisa_cel.lbcl",): 0.20, ("liso_cel.lbcl",): 0.25},
        "lymphoma_leukaemia": {
            ("axi_cel.lbcl",): 0.34,
            ("liso_cel.lbcl",): 0.14,
            ("liso_cel.cll",): 0.05,
            ("tisa_cel.lbcl",): 0.12,
            ("tisa_cel.fl",): 0.05,
            ("tisa_cel.all_paediatric",): 0.10,
            ("brexu_cel.mcl",): 0.10,
            ("brexu_cel.all_adult",): 0.06,
            ("obe_cel.all_adult",): 0.04,
        },
        "myeloma": {("ide_cel.mm",): 0.45, ("cilta_cel.mm",): 0.55},
        "all_products": {
            ("axi_cel.lbcl",): 0.26,
            ("liso_cel.lbcl",): 0.12,
            ("liso_cel.cll",): 0.04,
            ("tisa_cel.lbcl",): 0.10,
            ("tisa_cel.fl",): 0.04,
            ("tisa_cel.all_paediatric",): 0.08,
            ("brexu_cel.mcl",): 0.08,
            ("brexu_cel.all_adult",): 0.05,
            ("obe_cel.all_adult",): 0.03,
            ("ide_cel.mm",): 0.09,
            ("cilta_cel.mm",): 0.11,
        },
        "cns": {
            ("gd2_car.iv", "gd2_car.icv", "gd2_car.icv"): 0.30,
            ("her2_car.icv", "her2_car.icv", "her2_car.icv"): 0.15,
            ("b7h3_car.icv", "b7h3_car.icv", "b7h3_car.icv"): 0.20,
            ("il13ra2_car.it", "il13ra2_car.icv", "il13ra2_car.icv"): 0.20,
            ("egfrviii_car.it", "egfrviii_car.it", "egfrviii_car.it"): 0.15,
        },
    }
)

ERAS = ("2018-2019", "2020-2021", "2022-2023")
PROPHYLAXIS = ("none", "levetiracetam", "corticosteroid")
# Room for the infusions of one patient among the numbers of episodes.
_INFUSIONS = 8


@dataclass(frozen=True)
class People:
    """One entry per episode (infusion); arrays of shape (n_episodes,).

    ``stress`` (endothelial) and ``brain`` (neuro-vulnerability) are frailty in SD,
    ``burden`` is tumour burden in SD; ``prophylaxis`` is a position in ``PROPHYLAXIS``.
    """

    draws: Draws
    patient: NDArray[np.int64]
    infusion: NDArray[np.int64]
    arm: Indices
    site: Indices
    era: Indices
    prophylaxis: Indices
    age: Floats
    is_female: NDArray[np.bool_]
    stress: Floats
    brain: Floats
    burden: Floats
    tumour_volume: Floats
    prior_lines: Floats
    ecog: Floats
    ice_baseline: Floats
    lymphodepletion_start_h: Floats

    def __len__(self) -> int:
        """Count the episodes."""
        return int(self.patient.size)


def draw_people(
    numbers: Parameters, *, seed: int, first: int, patients: int, product_mix: str
) -> People:
    """Draw who is infused with what, where, and how frail they are.

    Parameters
    ----------
    numbers : Parameters
        The generator's numbers.
    seed : int
        Of the cohort.
    first, patients : int
        Number of the first patient, and how many.
    product_mix : str
        A key of ``PRODUCT_MIXES``.

    Returns
    -------
    People
        Episodes by patient and infusion.

    Raises
    ------
    IcansRiskError
        If the mix is not known.
    """
    if product_mix not in PRODUCT_MIXES:
        raise IcansRiskError(
            f"product_mix must be one of {sorted(PRODUCT_MIXES)}, got {product_mix!r}. "
            "Choose one of these."
        )
    number = np.arange(first, first + patients, dtype=np.int64)
    patient_draws = Draws(seed, number.astype(np.uint64))
    row, infusion, arm = _infusions(numbers, patient_draws, product_mix)
    return describe_people(numbers, patient_draws.take(row), arm=arm, infusion=infusion)


def _infusions(
    numbers: Parameters, draws: Draws, product_mix: str
) -> tuple[Indices, NDArray[np.int64], Indices]:
    mix = PRODUCT_MIXES[product_mix]
    position = {name: i for i, name in enumerate(numbers.arms)}
    most = max(len(arms) for arms in mix)
    table = np.array([[position[a] for a in arms] for arms in mix], dtype=np.intp)
    programme = draws.choice("programme", list(mix.values()))
    goes_on = np.ones((draws.units.size, most), dtype=bool)
    for k in range(1, most):
        again = draws.happens("next infusion", numbers.number("tian.next_infusion"), index=k)
        goes_on[:, k] = goes_on[:, k - 1] & again
    row, infusion = np.nonzero(goes_on)
    return row, infusion.astype(np.int64) + 1, table[programme[row], infusion]


def describe_people(
    numbers: Parameters, who: Draws, *, arm: Indices, infusion: NDArray[np.int64]
) -> People:
    """Describe the patients of some episodes.

    Parameters
    ----------
    numbers : Parameters
        The generator's numbers.
    who : Draws
        The draws of the patient of each episode.
    arm, infusion : ndarray of int, shape (n_episodes,)
        Position of the arm, and number of the infusion from 1.

    Returns
    -------
    People
        What is drawn for a patient is the same at each infusion.
    """
    burden = who.normal("burden")
    brain = who.normal("brain")
    volume = numbers.by_arm("tumour_volume", arm)
    site = who.choice("site", [s.weight for s in numbers.sites])
    era = who.choice("era", numbers.several("people.eras"))
    lowered = who.uniform("ice baseline") < ndtr(
        ndtri(numbers.number("ice.baseline_below_10")) + 0.5 * brain
    )
    return People(
        draws=Draws(who.seed, who.units * np.uint64(_INFUSIONS) + infusion.astype(np.uint64)),
        patient=who.units.astype(np.int64),
        infusion=infusion,
        arm=arm,
        site=site,
        era=era,
        prophylaxis=_prophylaxis(numbers, who, site=site, era=era),
        age=_age(numbers, who, arm),
        is_female=who.happens("sex", numbers.number("people.female")),
        stress=who.normal("stress"),
        brain=brain,
        burden=burden,
        tumour_volume=volume * np.exp(numbers.number("people.burden_log_sd") * burden),
        prior_lines=_prior_lines(numbers, who, arm),
        ecog=who.choice("ecog", numbers.several("people.ecog")).astype(np.float64),
        ice_baseline=np.where(lowered, 9.0 - who.happens("ice baseline 8", 0.3), 10.0),
        lymphodepletion_start_h=_lymphodepletion(numbers, arm),
    )


def _lymphodepletion(numbers: Parameters, arm: Indices) -> Floats:
    """Return when lymphodepletion starts; infinite where the cells are given without."""
    is_given = np.array([a.lymphodepletion != "none" for a in numbers.arms.values()])[arm]
    return np.where(is_given, numbers.number("people.lymphodepletion_start_h"), np.inf)


def _age(numbers: Parameters, who: Draws, arm: Indices) -> Floats:
    """Draw from a truncated normal by its quantiles: nobody is piled up at a limit."""
    mean, sd = numbers.by_arm("age_mean", arm), numbers.by_arm("age_sd", arm)
    low = ndtr((numbers.by_arm("age_low", arm) - mean) / sd)
    high = ndtr((numbers.by_arm("age_high", arm) - mean) / sd)
    return np.floor(mean + sd * ndtri(low + (high - low) * who.uniform("age")))


def _prior_lines(numbers: Parameters, who: Draws, arm: Indices) -> Floats:
    spread = np.exp(0.35 * who.normal("prior lines"))
    return np.maximum(1.0, np.rint(numbers.by_arm("prior_lines", arm) * spread))


def _prophylaxis(numbers: Parameters, who: Draws, *, site: Indices, era: Indices) -> Indices:
    steroid = np.array([s.corticosteroid_prophylaxis for s in numbers.sites])[site, era]
    levetiracetam = np.array([s.levetiracetam for s in numbers.sites])[site]
    drug = np.where(who.happens("levetiracetam", levetiracetam), 1, 0)
    return np.where(who.happens("steroid prophylaxis", steroid), 2, drug).astype(np.intp)

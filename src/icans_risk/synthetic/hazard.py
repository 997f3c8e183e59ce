"""One hourly hazard of first reaching ICANS grade 3, and the true risk that follows from it.

The hazard depends on latents, traits and prophylaxis, on nothing that is ordered, graded or
given because of toxicity. It is constant within each hour, so that its integral is exact.

Variants: ``linear`` adds its terms on the log scale; ``interactions`` adds products of leak
with cytokines and of age with leak; ``no_signal`` puts everyone on the course of the typical
patient of the product, so that the hazard depends on product and time alone.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icans_risk.synthetic.mechanism import REACHING, Course, typical_course
from icans_risk.synthetic.parameters import Parameters
from icans_risk.synthetic.people import People

__all__ = ["GRID_H", "LATENTS", "Hazard", "Variant", "compute_hazard", "share_of_log_hazard"]

Floats = NDArray[np.float64]
Variant = Literal["linear", "interactions", "no_signal"]

GRID_H = 720
LATENTS = (
    "myeloid_cytokines",
    "barrier_leak",
    "neuro_inflammation",
    "age",
    "neuro_vulnerability",
    "endothelial_stress",
    "prophylaxis",
    "product",
)
_MIDDLE = np.arange(GRID_H, dtype=np.float64)[:, np.newaxis] + 0.5


@dataclass(frozen=True)
class Hazard:
    """The hazard of each episode, hour by hour.

    Attributes
    ----------
    hourly : ndarray of shape (GRID_H, n_episodes)
        Of first reaching grade 3, per hour.
    mild : ndarray of shape (GRID_H, n_episodes)
        Of grade 1 or 2: an earlier, separate draw that never feeds the first.
    terms : dict of str to ndarray
        What each latent adds to the log-hazard, by hour and episode or by episode.
    untreated_log : ndarray of shape (n_episodes,)
        What the log-hazard would gain without prophylaxis.
    """

    hourly: Floats
    mild: Floats
    terms: dict[str, Floats]
    untreated_log: Floats

    def cumulate(self, mild: bool = False) -> Floats:
        """Integrate the hazard from infusion to each full hour: (GRID_H + 1, n_episodes)."""
        hourly = self.mild if mild else self.hourly
        total = np.zeros((GRID_H + 1, hourly.shape[1]))
        np.cumsum(hourly, axis=0, out=total[1:])
        return total


def compute_hazard(
    numbers: Parameters, people: People, course: Course, *, variant: Variant
) -> Hazard:
    """Compute the hazard of each episode.

    Parameters
    ----------
    numbers : Parameters
        The generator's numbers.
    people, course : People, Course
        The episodes and their latents.
    variant : {"linear", "interactions", "no_signal"}
        See the module.

    Returns
    -------
    Hazard
        Hourly, with its terms.
    """
    intercept = numbers.by_arm(f"log_hazard.{variant}", people.arm)
    ratio = numbers.by_arm("mild_log_ratio", people.arm)
    if variant == "no_signal":
        typical = _typical_terms(numbers)
        terms = {name: term[..., people.arm] for name, term in typical.items()}
    else:
        terms = _terms(numbers, people, course)
        if variant == "interactions":
            _add_interactions(numbers, people, course, terms=terms)
    prophylaxis = terms["prophylaxis"]
    leak = terms.pop("mild")
    shared = intercept + sum(v for k, v in terms.items() if k not in _NEURAL) + _end(numbers)
    neural = terms["barrier_leak"] + terms["neuro_inflammation"]
    more = numbers.number("hazard.mild_frailty") - 1.0
    leak = leak + more * (terms["age"] + terms["neuro_vulnerability"])
    return Hazard(np.exp(shared + neural), np.exp(shared + ratio + leak), terms, -prophylaxis)


_NEURAL = ("barrier_leak", "neuro_inflammation")


def _end(numbers: Parameters) -> Floats:
    late = (_MIDDLE - numbers.number("hazard.ends_h")) / numbers.number("hazard.ends_over_h")
    log: Floats = -np.log1p(np.exp(late))
    return log


def _pulse_terms(numbers: Parameters, course: Course) -> dict[str, Floats]:
    permission = numbers.number("hazard.permission")
    leak_weight = numbers.number("hazard.barrier_leak")
    neuro_weight = numbers.number("hazard.neuro_inflammation")
    paces = np.maximum((_MIDDLE - course.start_h) / course.pace_h, 1e-9)
    log_paces = np.log(paces)

    def log_latent(name: str) -> Floats:
        n = course.order[name]
        log: Floats = course.log_size[name] + n * (log_paces - np.log(n)) + n - paces
        return log

    leak = log_latent("barrier_leak")
    return {
        "myeloid_cytokines": -permission * np.log1p(np.exp(-log_latent(REACHING))),
        "barrier_leak": leak_weight * leak,
        "neuro_inflammation": neuro_weight * log_latent("neuro_inflammation"),
        # Grades 1 and 2 answer to the leak, which comes before neuro-inflammation.
        "mild": (leak_weight + neuro_weight) * leak,
    }


def _years(numbers: Parameters, people: People) -> Floats:
    low = numbers.number("hazard.age_from")
    return np.maximum(people.age, low) - numbers.number("hazard.reference_age")


def _terms(numbers: Parameters, people: People, course: Course) -> dict[str, Floats]:
    is_steroid = (people.prophylaxis == 2).astype(np.float64)
    return _pulse_terms(numbers, course) | {
        "age": numbers.number("hazard.age") * _years(numbers, people),
        "neuro_vulnerability": numbers.number("hazard.neuro_vulnerability") * people.brain,
        "endothelial_stress": numbers.number("hazard.endothelial_stress") * people.stress,
        "prophylaxis": numbers.number("hazard.corticosteroid_prophylaxis") * is_steroid,
    }


def _typical_terms(numbers: Parameters) -> dict[str, Floats]:
    zero = np.zeros(len(numbers.arms))
    constant = dict.fromkeys(
        ("age", "neuro_vulnerability", "endothelial_stress", "prophylaxis"), zero
    )
    return _pulse_terms(numbers, typical_course(numbers)) | constant


def _add_interactions(
    numbers: Parameters, people: People, course: Course, *, terms: dict[str, Floats]
) -> None:
    """Add the products, and give half of each to either latent."""
    typical = typical_course(numbers)
    limit = numbers.number("hazard.interaction_limit")
    above = {
        name: course.log_size[name] - typical.log_size[name][people.arm]
        for name in ("barrier_leak", "myeloid_cytokines")
    }
    entry = np.clip(above["barrier_leak"] * above["myeloid_cytokines"], -limit, limit)
    old = np.clip(_years(numbers, people) / 12.0 * above["barrier_leak"], -limit, limit)
    entry = numbers.number("hazard.leak_by_cytokines") * entry
    old = numbers.number("hazard.age_by_leak") * old
    terms["barrier_leak"] = terms["barrier_leak"] + 0.5 * (entry + old)
    terms["myeloid_cytokines"] = terms["myeloid_cytokines"] + 0.5 * entry
    terms["age"] = terms["age"] + 0.5 * old
    terms["mild"] = terms["mild"] + 0.5 * (entry + old)


def share_of_log_hazard(
    numbers: Parameters,
    people: People,
    hazard: Hazard,
    *,
    landmark_h: float,
    horizon_h: float,
    variant: Variant,
    mix: dict[int, float],
) -> pd.DataFrame:
    """Share the log-hazard of each episode among the latents.

    A latent's share is its term, averaged over (landmark, horizon] with the hazard as
    weight, minus the same for the typical patient of the product. The share of the product
    is the logarithm of the typical patient's risk integral minus its mean over the mix.
    Half of an interaction is given to either latent.

    Parameters
    ----------
    numbers : Parameters
        The generator's numbers.
    people, hazard : People, Hazard
        The episodes and their hazard.
    landmark_h, horizon_h : float
        Hours since infusion; whole hours are used.
    variant : str
        The variant of the hazard.
    mix : dict of int to float
        Weights of the arms, by position.

    Returns
    -------
    DataFrame of shape (n_episodes, n_latents)
        One column per name of ``LATENTS``.
    """
    hours = slice(max(int(landmark_h), 0), min(int(horizon_h), GRID_H))
    typical = _typical_terms(numbers)
    every = np.arange(len(numbers.arms))
    log_typical = numbers.by_arm(f"log_hazard.{variant}", every) + _end(numbers)
    log_typical = log_typical + sum(v for k, v in typical.items() if k != "mild")
    typical_hourly = np.exp(log_typical[hours])
    own = hazard.hourly[hours]
    table = {}
    for name in LATENTS[:-1]:
        usual = _average(typical[name], typical_hourly, hours)
        table[name] = _average(hazard.terms[name], own, hours) - usual[people.arm]
    log_integral = np.log(typical_hourly.sum(axis=0))
    mean = sum(w * log_integral[arm] for arm, w in mix.items()) / sum(mix.values())
    table["product"] = log_integral[people.arm] - mean
    return pd.DataFrame(table)


def _average(term: Floats, weight: Floats, hours: slice) -> Floats:
    if term.ndim == 1:
        return term
    averaged: Floats = (term[hours] * weight).sum(axis=0) / weight.sum(axis=0)
    return averaged

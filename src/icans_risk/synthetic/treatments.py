"""Treatments by rule, from what the ward sees: what is given when.

They act on what is measured (IL-6, CRP, temperature, neutrophils), not on the latents and not
on the hazard.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from icans_risk.synthetic.parameters import Parameters
from icans_risk.synthetic.people import People
from icans_risk.synthetic.toxicity import Toxicity

__all__ = ["Treatments", "treat"]

Floats = NDArray[np.float64]

_NEVER = np.inf


@dataclass(frozen=True)
class Treatments:
    """When each drug is given; hours since infusion, infinite for never.

    Attributes
    ----------
    tocilizumab_h, steroid_h, steroid_end_h : ndarray of shape (n_episodes,)
        Therapeutic tocilizumab, and the course of therapeutic steroids.
    il6_log_fold : ndarray of shape (n_episodes,)
        How far IL-6 jumps after tocilizumab, on the log scale.
    intensive_h : ndarray of shape (n_episodes,)
        Admission to intensive care.
    """

    tocilizumab_h: Floats
    steroid_h: Floats
    steroid_end_h: Floats
    il6_log_fold: Floats
    intensive_h: Floats


def treat(numbers: Parameters, people: People, toxicity: Toxicity) -> Treatments:
    """Apply the rules.

    Parameters
    ----------
    numbers : Parameters
        The generator's numbers.
    people, toxicity : People, Toxicity
        The episodes and what happens to them.

    Returns
    -------
    Treatments
        When each drug is given.
    """
    draws, get = people.draws, numbers.number
    steroid = _steroid(numbers, people, toxicity)
    return Treatments(
        tocilizumab_h=_tocilizumab(numbers, people, toxicity),
        steroid_h=steroid,
        steroid_end_h=steroid + 24.0 * get("steroid.days"),
        il6_log_fold=np.log(get("tocilizumab.il6_fold"))
        + get("tocilizumab.il6_fold_log_sd") * draws.normal("il6 after tocilizumab"),
        intensive_h=np.minimum(toxicity.crs_grade_3_h, toxicity.onset_h) + 3.0,
    )


def _tocilizumab(numbers: Parameters, people: People, toxicity: Toxicity) -> Floats:
    draws, get = people.draws, numbers.number
    second = draws.happens("tocilizumab at 2", numbers.by_arm("tocilizumab_at_2", people.arm))
    lasting = toxicity.crs_onset_h + get("tocilizumab.fever_first_h")
    lasting = np.where(toxicity.crs_end_h > lasting, lasting, _NEVER)
    first = draws.happens("tocilizumab at 1", numbers.by_arm("tocilizumab_at_1", people.arm))
    begins = np.minimum(
        np.where(second, toxicity.crs_grade_2_h, _NEVER), np.where(first, lasting, _NEVER)
    )
    return begins + get("tocilizumab.delay_h")


def _steroid(numbers: Parameters, people: People, toxicity: Toxicity) -> Floats:
    draws, arm = people.draws, people.arm
    at_two = draws.happens("steroid at 2", numbers.by_arm("steroid_at_2", arm))
    at_one = draws.happens("steroid at 1", numbers.by_arm("steroid_at_1", arm))
    at_crs = draws.happens("steroid at crs", numbers.by_arm("steroid_at_crs_2", arm))
    second = np.where(toxicity.mild_grade >= 2, toxicity.mild_h, _NEVER)
    severe = np.minimum.reduce([second, toxicity.onset_h, toxicity.crs_grade_3_h])
    begins: Floats = np.minimum.reduce(
        [
            np.where(at_two, severe, _NEVER),
            np.where(at_one, toxicity.mild_h, _NEVER),
            np.where(at_crs, toxicity.crs_grade_2_h, _NEVER),
        ]
    )
    return begins + numbers.number("steroid.delay_h")

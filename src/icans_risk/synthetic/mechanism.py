"""The latent course of each episode: expansion, inflammation, endothelium, barrier, brain.

Each latent is a gamma-shaped pulse in closed form,

    x(t) = size * (s / n)^n * exp(n - s),   s = (t - start) / pace,

zero before its start, with its peak ``size`` at ``s = n``. The order ``n`` rises in the order
of the biology, so that cytokines come before endothelium, endothelium before leak, leak before
neuro-inflammation. CAR T cells follow the rise and biphasic contraction of Stein et al.

Nothing that is done to a patient changes a latent: treatments act on what is measured, and
prophylaxis on the hazard.

References
----------
.. [1] Stein AM, et al. "Tisagenlecleucel model-based cellular kinetic analysis of chimeric
   antigen receptor-T cells." CPT Pharmacometrics Syst Pharmacol 2019;8:285-295.
   doi:10.1002/psp4.12388
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from icans_risk.synthetic.parameters import Parameters
from icans_risk.synthetic.people import People

__all__ = ["PULSES", "REACHING", "Course", "draw_course", "expand", "log_pulse", "typical_course"]

Floats = NDArray[np.float64]

PULSES = (
    "activation",
    "early_cytokines",
    "myeloid_cytokines",
    "endothelium",
    "barrier_leak",
    "neuro_inflammation",
    "consumption",
    "injury",
)
# The myeloid response as the endothelium meets it.
REACHING = "reaching_cytokines"
# Each of these differs between patients by a draw of its own; the others follow them.
_DRAWN = PULSES[1:6]
# Before its start a pulse is this small: its logarithm stays finite.
_TINY = 1e-9
_HOURS_PER_DAY = 24.0


def log_pulse(paces: Floats, order: float) -> Floats:
    """Return the logarithm of a pulse of size 1.

    Parameters
    ----------
    paces : ndarray
        Time since the start, in paces.
    order : float
        Where the peak is.

    Returns
    -------
    ndarray
        Zero at the peak; very negative before the start.

    Examples
    --------
    >>> log_pulse(np.array([2.5]), 2.5).tolist()
    [0.0]
    """
    s = np.maximum(paces, _TINY)
    log: Floats = order * (np.log(s) - np.log(order)) + order - s
    return log


@dataclass(frozen=True)
class Course:
    """The latents of the episodes.

    Attributes
    ----------
    start_h, pace_h : ndarray of shape (n_episodes,)
        When activation starts and how long one step of the cascade takes.
    log_size : mapping of str to ndarray of shape (n_episodes,)
        Logarithm of the size of each pulse of ``PULSES``, and of ``REACHING``.
    order : mapping of str to float
        Where each pulse has its peak, in paces.
    expansion_log_peak, expansion_peak_d : ndarray of shape (n_episodes,)
        Size and day of the peak of CAR T cells, in the unit of the arm.
    """

    start_h: Floats
    pace_h: Floats
    log_size: Mapping[str, Floats]
    order: Mapping[str, float]
    expansion_log_peak: Floats
    expansion_peak_d: Floats

    def log_latent(
        self, name: str, hours: Floats, rows: NDArray[np.intp] | slice = slice(None)
    ) -> Floats:
        """Return the logarithm of a latent at times after infusion.

        Parameters
        ----------
        name : str
            One of ``PULSES``, or ``REACHING``.
        hours : ndarray
            Hours since infusion, to be paired with `rows` by broadcasting.
        rows : ndarray of int or slice
            Which episodes.

        Returns
        -------
        ndarray
            Logarithms.
        """
        paces = (hours - self.start_h[rows]) / self.pace_h[rows]
        return self.log_size[name][rows] + log_pulse(paces, self.order[name])


def draw_course(numbers: Parameters, people: People) -> Course:
    """Draw the latent course of each episode.

    Parameters
    ----------
    numbers : Parameters
        The generator's numbers.
    people : People
        The episodes.

    Returns
    -------
    Course
        Start, pace and sizes.
    """
    z = {
        name: people.draws.normal(name)
        for name in ("expansion", "start", "pace", "peak day", *_DRAWN)
    }
    return _course(numbers, people.arm, z=z, stress=people.stress, brain=people.brain,
                   burden=people.burden)  # fmt: skip


def typical_course(numbers: Parameters) -> Course:
    """Return the course of the typical patient of each arm: every deviation is zero."""
    arms = np.arange(len(numbers.arms))
    zero = np.zeros(arms.size)
    names = ("expansion", "start", "pace", "peak day", *_DRAWN)
    return _course(
        numbers, arms, z=dict.fromkeys(names, zero), stress=zero, brain=zero, burden=zero
    )


def _course(
    numbers: Parameters,
    arm: NDArray[np.intp],
    *,
    z: Mapping[str, Floats],
    stress: Floats,
    brain: Floats,
    burden: Floats,
) -> Course:
    get = numbers.number
    late = get("expansion.peak_day_log_sd") * z["peak day"]
    start_log = get("start_follows_peak") * late + get("start_log_sd") * z["start"]
    sizes = _log_sizes(numbers, arm, z=z, stress=stress, brain=brain, burden=burden)
    orders = {name: get(f"pulse.{name}") for name in PULSES}
    peak = numbers.by_arm("expansion_peak", arm)
    return Course(
        start_h=_HOURS_PER_DAY * numbers.by_arm("start_d", arm) * np.exp(start_log),
        pace_h=numbers.by_arm("pace_h", arm) * np.exp(get("pace_log_sd") * z["pace"]),
        log_size=MappingProxyType(sizes),
        order=MappingProxyType(orders | {REACHING: orders["myeloid_cytokines"]}),
        expansion_log_peak=np.log(peak) + get("expansion.log_sd") * z["expansion"],
        expansion_peak_d=numbers.by_arm("expansion_peak_d", arm) * np.exp(late),
    )


def _log_sizes(
    numbers: Parameters,
    arm: NDArray[np.intp],
    *,
    z: Mapping[str, Floats],
    stress: Floats,
    brain: Floats,
    burden: Floats,
) -> dict[str, Floats]:
    size = {k.removeprefix("size."): numbers.number(k) for k in numbers.numbers if k[:5] == "size."}
    expansion = size["expansion"] * z["expansion"]
    early = numbers.by_arm("crs_level", arm) + expansion + size["tumour_burden"] * burden
    early = early + size["endothelial_stress_on_inflammation"] * stress
    early = early + size["early_cytokines_sd"] * z["early_cytokines"]
    myeloid = early + size["myeloid_cytokines_sd"] * z["myeloid_cytokines"]
    # Of the inflammation that is due to expansion, only a share reaches the endothelium.
    reaching = myeloid - (1.0 - numbers.by_arm("neural_coupling", arm)) * expansion
    endothelium = size["endothelium_location"] + size["myeloid_on_endothelium"] * reaching
    endothelium = endothelium + size["stress_on_endothelium"] * stress
    endothelium = endothelium + size["endothelium_sd"] * z["endothelium"]
    leak = size["leak_location"] + size["endothelium_on_leak"] * endothelium
    leak = leak + size["leak_sd"] * z["barrier_leak"]
    neuro = size["neuro_inflammation_location"] + size["leak_on_neuro_inflammation"] * leak
    neuro = neuro + size["neuro_vulnerability_on_neuro_inflammation"] * brain
    neuro = neuro + size["neuro_inflammation_sd"] * z["neuro_inflammation"]
    sizes = (early, early, myeloid, endothelium, leak, neuro, endothelium, neuro)
    return dict(zip(PULSES, sizes, strict=True)) | {REACHING: reaching}


def expand(numbers: Parameters, course: Course, *, hours: Floats, rows: NDArray[np.intp]) -> Floats:
    """Return the logarithm of the CAR T cells in blood.

    They grow exponentially from infusion to their peak and contract in two phases.

    Parameters
    ----------
    numbers : Parameters
        The generator's numbers.
    course : Course
        The latents.
    hours, rows : ndarray of shape (n,)
        Times and the episodes that they belong to.

    Returns
    -------
    ndarray of shape (n,)
        Logarithm of the number, in the unit of the arm; at infusion it is the peak over
        the fold expansion, before it that over a thousand.
    """
    fold, share = numbers.number("expansion.fold"), numbers.number("expansion.persisting_share")
    days = hours / _HOURS_PER_DAY
    after = days - course.expansion_peak_d[rows]
    growth = np.log(fold) / course.expansion_peak_d[rows]
    past = np.maximum(after, 0.0)
    contracting = (1.0 - share) * np.exp(-numbers.number("expansion.contraction_per_d") * past)
    persisting = share * np.exp(-numbers.number("expansion.persisting_decay_per_d") * past)
    shape = np.where(after < 0, growth * after, np.log(contracting + persisting))
    shape = np.where(days < 0, -np.log(fold) - np.log(1000.0), shape)
    logs: Floats = course.expansion_log_peak[rows] + shape
    return logs

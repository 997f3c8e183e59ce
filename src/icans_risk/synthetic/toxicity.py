"""Latent toxicity: CRS from the cytokines, ICANS from the hazard, TIAN beside it, and deaths.

The onset of grade 3 comes from one draw against the hazard. Grades 1 and 2 have a hazard of
their own, driven by the leak, and a draw of their own: given the latents, a mild grade says
nothing more about what follows, so no record can know more than the true risk.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from icans_risk.synthetic.hazard import GRID_H, Hazard
from icans_risk.synthetic.mechanism import Course
from icans_risk.synthetic.parameters import Parameters
from icans_risk.synthetic.people import People

__all__ = ["DAYS", "Toxicity", "draw_toxicity"]

Floats = NDArray[np.float64]
Grades = NDArray[np.int8]
Arrays = dict[str, NDArray[Any]]

DAYS = 30
_HOURS_PER_DAY = 24.0
_NEVER = np.inf


@dataclass(frozen=True)
class Toxicity:
    """What happens to each episode; times in hours since infusion, infinite for never.

    Attributes
    ----------
    crs_daily : ndarray of int8, shape (DAYS, n_episodes)
        Worst CRS grade of each day.
    crs_onset_h, crs_grade_2_h, crs_grade_3_h, crs_end_h : ndarray of shape (n_episodes,)
        When CRS begins, reaches grades 2 and 3, and ends.
    mild_h, mild_end_h, mild_grade : ndarray of shape (n_episodes,)
        ICANS of grade 1 or 2 (the grade says which).
    onset_h, severe_end_h, tail_end_h, severe_grade : ndarray of shape (n_episodes,)
        ICANS of grade 3 or 4, and the grade 2 that it leaves behind for a while.
    tian_h, tian_end_h, tian_grade : ndarray of shape (n_episodes,)
        Inflammation at a tumour of the nervous system; grade 0 elsewhere.
    tian_size : ndarray of shape (n_episodes,)
        How much of it there is, in SD: what CSF shows, and what the grade is drawn given.
    died_h : ndarray of shape (n_episodes,)
        Death.
    died_of_icans : ndarray of bool, shape (n_episodes,)
        Whether ICANS was the cause.
    """

    crs_daily: Grades
    crs_onset_h: Floats
    crs_grade_2_h: Floats
    crs_grade_3_h: Floats
    crs_end_h: Floats
    mild_h: Floats
    mild_end_h: Floats
    mild_grade: Floats
    onset_h: Floats
    severe_end_h: Floats
    tail_end_h: Floats
    severe_grade: Floats
    tian_h: Floats
    tian_end_h: Floats
    tian_grade: Floats
    tian_size: Floats
    died_h: Floats
    died_of_icans: NDArray[np.bool_]

    def icans_between(
        self, start_h: Floats, end_h: Floats, rows: NDArray[np.intp] | slice = slice(None)
    ) -> Floats:
        """Return the worst latent ICANS grade in [start, end)."""

        def overlaps(begin: Floats, stop: Floats) -> NDArray[np.bool_]:
            found: NDArray[np.bool_] = (begin[rows] < end_h) & (stop[rows] > start_h)
            return found

        mild = np.where(overlaps(self.mild_h, self.mild_end_h), self.mild_grade[rows], 0.0)
        tail = np.where(overlaps(self.onset_h, self.tail_end_h), 2.0, 0.0)
        severe = overlaps(self.onset_h, self.severe_end_h)
        severe_grade = np.where(severe, self.severe_grade[rows], 0.0)
        return np.maximum(np.maximum(mild, tail), severe_grade)

    @property
    def any_onset_h(self) -> Floats:
        """Return when ICANS of any grade began; infinite for never."""
        return np.minimum(self.mild_h, self.onset_h)

    @property
    def icans_end_h(self) -> Floats:
        """Return when the last grade of ICANS ended; minus infinity for never."""
        mild = np.where(np.isfinite(self.mild_h), self.mild_end_h, -_NEVER)
        severe = np.where(np.isfinite(self.onset_h), self.tail_end_h, -_NEVER)
        return np.maximum(mild, severe)


def draw_toxicity(
    numbers: Parameters, people: People, course: Course, *, hazard: Hazard
) -> Toxicity:
    """Draw what happens to each episode.

    Parameters
    ----------
    numbers : Parameters
        The generator's numbers.
    people, course, hazard : People, Course, Hazard
        The episodes, their latents and their hazard.

    Returns
    -------
    Toxicity
        Latent grades in time, and deaths.
    """
    crs = _draw_crs(numbers, people, course)
    icans = _draw_icans(numbers, people, hazard)
    tian = _draw_tian(numbers, people)
    deaths = _draw_deaths(numbers, people, crs=crs, icans=icans)
    return Toxicity(**crs, **icans, **tian, **deaths)


def _draw_crs(numbers: Parameters, people: People, course: Course) -> Arrays:
    hours = np.arange(GRID_H, dtype=np.float64)[:, np.newaxis] + 0.5
    size = course.log_latent("myeloid_cytokines", hours)
    step = numbers.by_arm("crs_severe_step", people.arm)
    second = numbers.number("crs.grade_2_at") * step
    worst = size.reshape(DAYS, GRID_H // DAYS, -1).max(axis=1)
    fourth = numbers.number("crs.grade_4_at") * step
    grades = sum((worst >= limit).astype(np.int8) for limit in (0.0 * step, second, step, fourth))
    is_on = size >= 0
    last = GRID_H - np.argmax(is_on[::-1], axis=0)
    return {
        "crs_daily": grades,
        "crs_onset_h": _first_hour(is_on),
        "crs_grade_2_h": _first_hour(size >= second),
        "crs_grade_3_h": _first_hour(size >= step),
        "crs_end_h": np.where(is_on.any(axis=0), last.astype(np.float64), -_NEVER),
    }


def _first_hour(happens: NDArray[np.bool_]) -> Floats:
    return np.where(happens.any(axis=0), np.argmax(happens, axis=0).astype(np.float64), _NEVER)


def _first_passage(cumulative: Floats, threshold: Floats) -> Floats:
    """Return when a rising integral passes a threshold, linear within the hour."""
    hour = (cumulative < threshold).sum(axis=0)
    never = hour > GRID_H
    right = np.minimum(hour, GRID_H)
    columns = np.arange(threshold.size)
    low, high = cumulative[np.maximum(right - 1, 0), columns], cumulative[right, columns]
    width = np.where(high > low, high - low, 1.0)
    return np.where(never, _NEVER, right - 1 + (threshold - low) / width)


def _draw_icans(numbers: Parameters, people: People, hazard: Hazard) -> Arrays:
    draws, get = people.draws, numbers.number
    onset = _first_passage(hazard.cumulate(), draws.exponential("onset"))
    mild = _first_passage(hazard.cumulate(mild=True), draws.exponential("mild onset"))
    # What comes after grade 3 is its tail, not an onset of its own.
    mild = np.where(mild < onset, mild, _NEVER)
    spread = get("icans.duration_log_sd")

    def lasts(name: str) -> Floats:
        return _HOURS_PER_DAY * get(f"icans.{name}") * np.exp(spread * draws.normal(name))

    severe_end = onset + lasts("severe_days")
    is_four = draws.happens("grade 4", numbers.by_arm("grade_4_share", people.arm))
    mild_grade = 1.0 + draws.happens("grade 2", get("icans.grade_2_share"))
    return {
        "mild_h": mild,
        # How long it lasts must not depend on what follows, or it would foretell it.
        "mild_end_h": mild + lasts("mild_days"),
        "mild_grade": mild_grade,
        "onset_h": onset,
        "severe_end_h": severe_end,
        "tail_end_h": severe_end + lasts("tail_days"),
        "severe_grade": 3.0 + is_four,
    }


def _draw_tian(numbers: Parameters, people: People) -> Arrays:
    draws = people.draws
    is_cns = np.array([arm.cns_tumour for arm in numbers.arms.values()])[people.arm]
    size, grade = _draw_local(numbers, people)
    start = numbers.number("tian.onset_d") * np.exp(0.4 * draws.normal("tian onset"))
    days = numbers.number("tian.days") * np.exp(0.4 * draws.normal("tian days"))
    begins = np.where(is_cns, _HOURS_PER_DAY * start, _NEVER)
    return {
        "tian_h": begins,
        "tian_end_h": begins + _HOURS_PER_DAY * days,
        "tian_grade": np.where(is_cns, grade, 0.0),
        "tian_size": size,
    }


def _draw_local(numbers: Parameters, people: People) -> tuple[Floats, Floats]:
    """Draw local inflammation and, given it, the grade: CSF can know no more than the size.

    Both are standard normal on the scale of liabilities, so that the grades come out in the
    published shares whatever their correlation.
    """
    draws, get = people.draws, numbers.number
    of_burden, in_grade = get("tian.size_of_burden"), get("tian.size_in_grade")
    own = np.sqrt(1.0 - of_burden**2) * draws.normal("tian size")
    size = of_burden * people.burden + own
    liability = in_grade * size + np.sqrt(1.0 - in_grade**2) * draws.normal("tian liability")
    shares = np.cumsum(numbers.several("tian.grades"))[:-1]
    grade: Floats = np.searchsorted(shares, ndtr(liability), side="right").astype(np.float64)
    return size, grade


def _draw_deaths(
    numbers: Parameters,
    people: People,
    *,
    crs: Arrays,
    icans: Arrays,
) -> Arrays:
    """Draw death from ICANS after its onset, and any other death by a hazard of its own."""
    draws, get = people.draws, numbers.number
    fatal = draws.happens("fatal", numbers.by_arm("grade_5_share", people.arm))
    later = get("death.icans_median_d") * np.exp(0.5 * draws.normal("time to death"))
    of_icans = np.where(fatal, icans["onset_h"] + _HOURS_PER_DAY * later, _NEVER)
    severe_crs = np.isfinite(crs["crs_grade_3_h"])
    rate = -np.log1p(-get("death.other_by_day_30")) / GRID_H
    rate = rate * np.exp(get("death.crs_severe") * severe_crs)
    other = draws.exponential("other death") / rate
    # Nobody dies of the treatment before its first week.
    other = other + 7 * _HOURS_PER_DAY * (other < 7 * _HOURS_PER_DAY)
    died = np.minimum(of_icans, other)
    died = np.where(died < GRID_H, died, _NEVER)
    return {"died_h": died, "died_of_icans": (of_icans <= other) & np.isfinite(died)}

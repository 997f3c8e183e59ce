"""The record of toxicity: a noisy daily reading of the latent grade.

ICE items are rated with noise; the grade is then what the consensus tables make of the
findings, so that a recorded grade has the reasons that a real one has.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icans_risk.grading import Consciousness, Seizure, grade_icans_table
from icans_risk.synthetic.orders import Stay
from icans_risk.synthetic.parameters import Parameters
from icans_risk.synthetic.people import People
from icans_risk.synthetic.toxicity import DAYS, Toxicity

__all__ = ["record_grades"]

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

_CHILD_YEARS = 12
_VISITS = (20, 27, 29)
# The ICE scores of each grade, and the CAPD scores of each grade in children.
_ICE_LOW, _ICE_HIGH = np.array([10, 7, 3, 0, 0]), np.array([10, 9, 6, 2, 0])
_CAPD_LOW, _CAPD_HIGH = np.array([0, 2, 2, 9, 24]), np.array([0, 8, 8, 20, 32])
_WAKES = np.array([word.value for word in Consciousness], dtype=object)


def record_grades(
    numbers: Parameters, people: People, toxicity: Toxicity, *, stay: Stay, noise: bool
) -> pd.DataFrame:
    """Record the grades of each day in hospital and of the visits after it.

    Parameters
    ----------
    numbers : Parameters
        The generator's numbers.
    people, toxicity, stay : People, Toxicity, Stay
        The episodes, what happens to them, and when observation ends.
    noise : bool
        Whether items are misrated and days missed.

    Returns
    -------
    DataFrame
        The columns of the table of grades, with ``row`` (position of the episode) in the
        place of the identifier.
    """
    day, row = _recorded_days(numbers, people, stay, noise=noise)
    start = 24.0 * day.astype(np.float64)
    latent = toxicity.icans_between(start, start + 24.0, row).astype(np.intp)
    findings = _find(numbers, people, row=row, day=day, latent=latent, noise=noise)
    graded = grade_icans_table(findings)
    in_tian = (toxicity.tian_h[row] < start + 24.0) & (toxicity.tian_end_h[row] > start)
    is_cns = np.isfinite(toxicity.tian_h)[row]
    tian = np.where(in_tian, toxicity.tian_grade[row], 0.0)
    return pd.DataFrame(
        {
            "row": row,
            "covers_from_h": start,
            "assessed_h": start + 24.0,
            "available_h": start + 24.0,
            "icans_grade": graded["icans_grade"].to_numpy(),
            "crs_grade": _read_crs(numbers, people, toxicity, row=row, day=day, noise=noise),
            "tian_grade": np.where(is_cns, tian, np.nan),
            "ice_total": findings["ice_total"].to_numpy(),
            "capd_total": findings["capd_total"].to_numpy(),
            "deciding_domain": graded["deciding_domain"].to_numpy(),
        }
    )


def _recorded_days(
    numbers: Parameters, people: People, stay: Stay, *, noise: bool
) -> tuple[NDArray[np.int64], Rows]:
    days = np.arange(DAYS)[:, np.newaxis]
    end = 24.0 * (days + 1)
    here = (end <= stay.discharged_h) | np.isin(days, _VISITS)
    # The last day of observation is recorded when it ends the follow-up.
    here &= end <= stay.followed_until_h
    day, row = np.nonzero(here)
    if noise:
        habit = np.array([s.grades_recorded for s in numbers.sites])[people.site[row]]
        kept = people.draws.take(row).happens("grade recorded", habit, index=day)
        day, row = day[kept], row[kept]
    order = np.lexsort((day, row))
    return day[order].astype(np.int64), row[order]


def _find(
    numbers: Parameters,
    people: People,
    *,
    row: Rows,
    day: NDArray[np.int64],
    latent: NDArray[np.intp],
    noise: bool,
) -> pd.DataFrame:
    draws = people.draws.take(row)
    child = people.age[row] < _CHILD_YEARS
    by_seizure = draws.happens("decided otherwise", numbers.number("icans.decided_otherwise"))
    by_seizure &= latent >= 3
    shown = np.where(by_seizure, 2, latent)
    baseline = people.ice_baseline[row]
    ice = _within(_ICE_LOW, _ICE_HIGH, grade=shown, drawn=draws.uniform("ice", day))
    ice = np.where(shown == 0, baseline, np.minimum(ice, baseline - 1.0))
    capd = _within(_CAPD_LOW, _CAPD_HIGH, grade=shown, drawn=draws.uniform("ice", day))
    if noise:
        slip = _misrate(numbers, people, row=row, day=day, impaired=shown > 0)
        ice = np.clip(ice + slip, 0.0, baseline)
        capd = np.clip(capd - slip, 0.0, 32.0)
    seizure = np.full(row.size, Seizure.NONE.value, dtype=object)
    seizure[by_seizure & (latent == 3)] = Seizure.RESOLVED_RAPIDLY.value
    seizure[by_seizure & (latent == 4)] = Seizure.PROLONGED.value
    wakes = _waking(people, row=row, day=day, grade=shown, child=child)
    return pd.DataFrame(
        {
            "ice_total": np.where(child, np.nan, ice),
            "capd_total": np.where(child, capd, np.nan),
            "ice_baseline": np.where(child, np.nan, baseline),
            "consciousness": _WAKES[wakes],
            "seizure": seizure,
        }
    )


def _within(
    low: NDArray[np.int64], high: NDArray[np.int64], *, grade: NDArray[np.intp], drawn: Floats
) -> Floats:
    return np.asarray(low[grade] + np.floor(drawn * (high[grade] - low[grade] + 1)), dtype=float)


def _misrate(
    numbers: Parameters,
    people: People,
    *,
    row: Rows,
    day: NDArray[np.int64],
    impaired: NDArray[np.bool_],
) -> Floats:
    """Rate a point more or less; who is well can only lose one."""
    drawn = people.draws.take(row).uniform("misrated", day)
    often, seldom = numbers.number("ice.misrated"), numbers.number("ice.misrated_when_well")
    down = drawn < np.where(impaired, often / 2, seldom)
    up = impaired & (drawn > 1.0 - often / 2)
    return up.astype(np.float64) - down


def _waking(
    people: People,
    *,
    row: Rows,
    day: NDArray[np.int64],
    grade: NDArray[np.intp],
    child: NDArray[np.bool_],
) -> NDArray[np.intp]:
    """Choose what it takes to wake the patient; in children it alone tells 1 from 2."""
    spontaneous, voice, touch, unarousable = range(4)
    drowsy = people.draws.take(row).uniform("drowsy", day)
    two = np.where(child | (drowsy < 0.4), voice, spontaneous)
    three = np.where(drowsy < 0.5, touch, voice)
    choices = [np.full(row.size, spontaneous), np.full(row.size, spontaneous), two, three,
               np.full(row.size, unarousable)]  # fmt: skip
    return np.choose(grade, choices).astype(np.intp)


def _read_crs(
    numbers: Parameters,
    people: People,
    toxicity: Toxicity,
    *,
    row: Rows,
    day: NDArray[np.int64],
    noise: bool,
) -> Floats:
    grade = toxicity.crs_daily[day, row].astype(np.float64)
    if not noise:
        return grade
    drawn, often = people.draws.take(row).uniform("crs misread", day), numbers.number("crs.misread")
    slip = (drawn > 1.0 - often / 2).astype(np.float64) - (drawn < often / 2)
    # Fever is seen by everyone: only the step from one grade to another is misread.
    return np.where(grade > 0, np.clip(grade + slip, 1.0, 4.0), 0.0)

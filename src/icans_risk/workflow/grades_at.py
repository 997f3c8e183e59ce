"""What the table of grades says at a landmark: what was known by it, what came after it.

Features never read grades. A comparator may: the grade that staff already know is what a
sceptic tries first.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icans_risk.cohort import Cohort

__all__ = ["CURRENT_GRADES", "current_grades", "highest_grade_after"]

# Columns that comparators may name, and the grades that they hold.
CURRENT_GRADES = {
    "grade.icans": "icans_grade",
    "grade.crs": "crs_grade",
    "grade.tian": "tian_grade",
}


def current_grades(cohort: Cohort, landmark_h: float) -> pd.DataFrame:
    """Take each episode's last grades that were assessed and available at a landmark.

    Parameters
    ----------
    cohort : Cohort
        Episodes and grades.
    landmark_h : float
        Hours since infusion.

    Returns
    -------
    DataFrame of shape (n_episodes, 3)
        ``CURRENT_GRADES``, in the order of the episodes; missing where there is none.
    """
    by_then = cohort.grades[["assessed_h", "available_h"]].max(axis=1) <= landmark_h
    known = cohort.grades[by_then].sort_values(["assessed_h", "available_h"], kind="stable")
    # The last grade of each kind, which need not be of one assessment.
    last = known.groupby("episode_id")[list(CURRENT_GRADES.values())].last()
    table = last.reindex(cohort.episodes["episode_id"]).astype("float32")
    return table.set_axis(list(CURRENT_GRADES), axis=1)


def highest_grade_after(
    cohort: Cohort, grade: str, *, landmark_h: float, until_h: float
) -> NDArray[np.float64]:
    """Take each episode's highest grade that began after a landmark and came by a horizon.

    Parameters
    ----------
    cohort : Cohort
        Episodes and grades.
    grade : {"icans_grade", "tian_grade"}
        Which ordinal.
    landmark_h, until_h : float
        Hours since infusion.

    Returns
    -------
    ndarray of shape (n_episodes,)
        In the order of the episodes; 0 where no grade was recorded, 5 where the syndrome was fatal.
    """
    grades, episodes = cohort.grades, cohort.episodes
    began_after = (grades["covers_from_h"] >= landmark_h) & (grades["assessed_h"] > landmark_h)
    counted = grades[began_after & (grades["assessed_h"] <= until_h)]
    highest = counted.groupby("episode_id")[grade].max()
    found = episodes["episode_id"].map(highest).fillna(0.0)
    if {"died_h", "death_cause"} <= set(episodes):
        cause = grade.removesuffix("_grade")
        of_it = (episodes["death_cause"] == cause) & (episodes["died_h"] <= until_h)
        found = found.mask(of_it, 5.0)
    return found.to_numpy(dtype=np.float64)

"""What readers may see beside the inputs: what was taken by a landmark, and grades.

None of it reaches a model. What came back after the landmark loses its time here, so that no
page can know it.
"""

import pandas as pd

from icans_risk.cohort import Cohort

__all__ = ["NOTHING_TAKEN", "NO_GRADES", "grades_known", "taken_by"]

_TAKEN = ["modality", "analyte", "collected_h", "available_h", "is_input"]
_GRADES = ["assessed_h", "icans_grade", "crs_grade", "tian_grade"]
# Of an episode of which nothing is recorded.
NOTHING_TAKEN = pd.DataFrame({name: pd.Series(dtype="float64") for name in _TAKEN})
NO_GRADES = pd.DataFrame({name: pd.Series(dtype="float64") for name in _GRADES})
SHOWN = ("plasma", "csf", "eeg", "imaging", "treatment")


def taken_by(cohort: Cohort, landmark_h: float, *, inputs: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """List what was taken from each episode by a landmark, without any value.

    Parameters
    ----------
    cohort : Cohort
        With all events.
    landmark_h : float
        Hours since infusion.
    inputs : DataFrame
        The events that the model used at it.

    Returns
    -------
    dict of str to DataFrame
        By episode: ``modality, analyte, collected_h, available_h, is_input``. What was not
        available at the landmark has no ``available_h``; a dose that was not known then is
        left out, for it is no result to wait for.
    """
    events = cohort.events
    by_then = events["modality"].isin(SHOWN) & (events["collected_h"] <= landmark_h)
    known = events["available_h"] <= landmark_h
    shown = events[by_then & (known | (events["modality"] != "treatment"))]
    # The first version that came back says when something was known.
    keys = ["episode_id", "modality", "analyte", "collected_h"]
    shown = shown.sort_values("available_h", kind="stable").drop_duplicates(keys)
    late = shown["available_h"] > landmark_h
    used = pd.MultiIndex.from_frame(inputs[keys])
    shown = shown.assign(
        available_h=shown["available_h"].mask(late),
        is_input=pd.MultiIndex.from_frame(shown[keys]).isin(used),
    )
    return {str(name): part[_TAKEN] for name, part in shown.groupby("episode_id")}


def grades_known(cohort: Cohort, landmark_h: float) -> dict[str, pd.DataFrame]:
    """List the grades of each episode that were known at a landmark."""
    grades = cohort.grades
    known = (grades["available_h"] <= landmark_h) & (grades["assessed_h"] <= landmark_h)
    grades = grades[known]
    return {str(name): part[_GRADES] for name, part in grades.groupby("episode_id")}

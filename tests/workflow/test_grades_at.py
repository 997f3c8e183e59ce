"""What grades say at a landmark, and after it."""

from typing import Any

import numpy as np
import pandas as pd

from icans_risk.cohort import Cohort
from icans_risk.workflow.grades_at import current_grades, highest_grade_after


def cohort(*grades: tuple[str, float, float, float, float | None], **died: Any) -> Cohort:
    """Make a cohort of episodes a, b, c with grades (episode, from, assessed, available, ICANS)."""
    episodes = pd.DataFrame(
        {"episode_id": ["a", "b", "c"], "patient_id": ["a", "b", "c"], "followed_until_h": 400.0}
    ).assign(**died)
    rows = [
        {
            "episode_id": episode, "covers_from_h": start, "assessed_h": assessed,
            "available_h": available, "scale": "ASTCT", "icans_grade": grade, "crs_grade": 1.0,
            "tian_grade": np.nan, "ice_total": np.nan, "capd_total": np.nan,
            "deciding_domain": None,
        }
        for episode, start, assessed, available, grade in grades
    ]  # fmt: skip
    events = pd.DataFrame(
        columns=["episode_id", "modality", "analyte", "collected_h", "available_h", "value",
                 "censored", "ordered_as", "assay", "version"]
    )  # fmt: skip
    return Cohort(episodes, events, pd.DataFrame(rows))


def test_the_last_grade_that_was_assessed_and_available_counts() -> None:
    found = current_grades(
        cohort(
            ("a", 0, 24, 24, 1), ("a", 24, 48, 48, 2), ("a", 48, 72, 73, 4),
            ("b", 72, 96, 96, 3), ("b", 48, 60, 60, None), ("b", 0, 10, 10, 0),
        ),
        72.0,
    )  # fmt: skip
    assert found.index.tolist() == ["a", "b", "c"]
    np.testing.assert_array_equal(found["grade.icans"], np.array([2, 0, np.nan], dtype="float32"))
    np.testing.assert_array_equal(found["grade.crs"], np.array([1, 1, np.nan], dtype="float32"))


def test_a_record_that_began_before_the_landmark_is_not_after_it() -> None:
    some = cohort(
        ("a", 48, 96, 96, 4), ("a", 96, 120, 120, 1), ("b", 72, 96, 96, 2), ("b", 360, 384, 384, 5),
    )  # fmt: skip
    found = highest_grade_after(some, "icans_grade", landmark_h=72.0, until_h=336.0)
    assert found.tolist() == [1.0, 2.0, 0.0]


def test_death_from_tian_is_grade_5_of_tian_and_no_icans() -> None:
    some = cohort(
        ("a", 72, 96, 96, 2), died_h=[100.0, 100.0, 400.0], death_cause=["tian", "other", "tian"]
    )
    among = {"landmark_h": 72.0, "until_h": 336.0}
    assert highest_grade_after(some, "tian_grade", **among).tolist() == [5.0, 0.0, 0.0]
    assert highest_grade_after(some, "icans_grade", **among).tolist() == [2.0, 0.0, 0.0]


def test_death_from_icans_is_grade_5_and_another_is_none() -> None:
    some = cohort(
        ("a", 72, 96, 96, 2), died_h=[100.0, 100.0, 400.0], death_cause=["icans", "other", "icans"]
    )
    found = highest_grade_after(some, "icans_grade", landmark_h=72.0, until_h=336.0)
    assert found.tolist() == [5.0, 0.0, 0.0]

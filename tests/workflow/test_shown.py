"""What readers may see beside the inputs, and what is taken from it before a page knows it."""

import math
from typing import Any

import pandas as pd
import pytest

from icans_risk.cohort import Cohort
from icans_risk.workflow.shown import grades_known, taken_by

ROW = {"episode_id": "E1", "modality": "csf", "analyte": "protein", "ordered_as": "clinical"}


def event(collected_h: float, available_h: float, **changes: Any) -> dict[str, Any]:
    times = {"collected_h": collected_h, "available_h": available_h, "value": 60.0}
    return {**ROW, "censored": "", "assay": "", "version": 1.0, **times, **changes}


def cohort_of(*events: dict[str, Any], grades: list[dict[str, Any]] | None = None) -> Cohort:
    episodes = pd.DataFrame(
        {"episode_id": ["E1"], "patient_id": ["P1"], "followed_until_h": [400.0]}
    )
    assessed = grades or [grade(24.0, 24.0)]
    return Cohort(episodes=episodes, events=pd.DataFrame(events), grades=pd.DataFrame(assessed))


def grade(assessed_h: float, available_h: float, icans: float = 0.0) -> dict[str, Any]:
    times = {"assessed_h": assessed_h, "available_h": available_h, "scale": "ASTCT"}
    times |= {"covers_from_h": assessed_h - 24.0}
    unknown = dict.fromkeys(("tian_grade", "ice_total", "capd_total"), math.nan)
    told = {"icans_grade": icans, "crs_grade": 1.0, "deciding_domain": ""}
    return {"episode_id": "E1", **times, **unknown, **told}


def inputs_of(*events: dict[str, Any]) -> pd.DataFrame:
    columns = ["episode_id", "modality", "analyte", "collected_h"]
    return pd.DataFrame(list(events), columns=columns if not events else None)


def taken(*events: dict[str, Any], inputs: pd.DataFrame | None = None) -> pd.DataFrame:
    used = inputs_of() if inputs is None else inputs
    return taken_by(cohort_of(*events), 72.0, inputs=used)["E1"].reset_index(drop=True)


def test_what_is_not_back_has_no_time_and_nothing_has_a_value() -> None:
    shown = taken(event(70.0, 75.0), event(60.0, 72.0, analyte="wbc"))
    assert list(shown) == ["modality", "analyte", "collected_h", "available_h", "is_input"]
    times = dict(zip(shown["analyte"], shown["available_h"], strict=True))
    assert math.isnan(times["protein"])
    assert times["wbc"] == 72.0


def test_what_is_taken_after_the_landmark_is_not_there() -> None:
    assert taken(event(60.0, 62.0), event(72.5, 73.0, analyte="wbc"))["analyte"].tolist() == [
        "protein"
    ]


def test_an_input_is_one_that_the_model_used_at_that_time() -> None:
    first, second = event(-20.0, -18.0), event(60.0, 62.0)
    shown = taken(first, second, inputs=inputs_of(first))
    assert dict(zip(shown["collected_h"], shown["is_input"], strict=True)) == {
        -20.0: True,
        60.0: False,
    }


def test_a_corrected_result_was_there_when_its_first_version_was() -> None:
    shown = taken(event(60.0, 80.0, version=2.0), event(60.0, 62.0))
    assert shown["available_h"].tolist() == [62.0]


def test_a_dose_that_nobody_knew_of_is_no_result_to_wait_for() -> None:
    dose = {"modality": "treatment", "analyte": "tocilizumab", "value": 1.0}
    shown = taken(event(60.0, 90.0, **dose), event(50.0, 50.0, **dose))
    assert shown["collected_h"].tolist() == [50.0]


@pytest.mark.parametrize(("assessed", "available"), [(73.0, 73.0), (72.0, 74.0)])
def test_a_grade_that_was_not_known_at_the_landmark_is_not_shown(
    assessed: float, available: float
) -> None:
    cohort = cohort_of(
        event(60.0, 62.0), grades=[grade(24.0, 24.0), grade(assessed, available, icans=4.0)]
    )
    known = grades_known(cohort, 72.0)["E1"]
    assert known["icans_grade"].tolist() == [0.0]

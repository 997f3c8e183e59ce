"""Scores with a window of their own: when they are defined, and that nobody can move it."""

import numpy as np
import pytest

from features.cohorts import make_cohort
from features.test_derive import event
from icans_risk.catalogue import load_catalogue
from icans_risk.errors import StudyError
from icans_risk.features import (
    SCORES,
    FeatureSpecification,
    Measurement,
    ScoreChoice,
    Window,
    build_features,
    describe_columns,
    used_events,
)

OWN = tuple(name for name, score in SCORES.items() if score.window is not None)
SPECIFICATION = FeatureSpecification(
    windows=(), measurements=(), scores=tuple(ScoreChoice(name) for name in OWN)
)
HEMATOTOX = "score.car_hematotox.before_lymphodepletion"
GUST = "score.gust_36h.first_36_h"
# Lymphodepletion starts at -72 h in p, is not known in q, and starts at -24 h in r.
BLOOD = {"platelets": 60, "neutrophils": 0.7, "haemoglobin": 8.5, "crp": 24, "ferritin": 1400}


def before(hour, episode_id="p", **change):
    return [
        event(f"plasma.{name}", hour, float(value), episode_id=episode_id)
        for name, value in (BLOOD | change).items()
    ]


def early(hour, temperature=39.2, il6=80.0, mcp1=1500.0, **other):
    values = {"clinical.temperature": temperature, "plasma.il6": il6, "plasma.mcp1": mcp1}
    return [event(name, hour, value, **other) for name, value in values.items()]


def vectors(events, landmarks, specification=SPECIFICATION):
    return build_features(make_cohort(events), specification, landmarks)


def test_their_columns_are_named_after_their_windows():
    assert SPECIFICATION.columns == (HEMATOTOX, GUST)


def test_car_hematotox_reads_the_last_values_before_lymphodepletion_only():
    later = before(-71.9, platelets=400, neutrophils=5, haemoglobin=14, crp=1, ferritin=50)
    found = vectors(before(-72) + later + before(-30, "r", ferritin=2500), [0.0, 72.0])
    assert found.loc["p", HEMATOTOX].tolist() == [5.0, 5.0]
    assert found.loc["r", HEMATOTOX].tolist() == [6.0, 6.0]


def test_without_the_start_of_lymphodepletion_there_is_no_car_hematotox():
    assert np.isnan(vectors(before(-200, "q"), [72.0]).loc[("q", 72.0), HEMATOTOX])


def test_a_landmark_before_the_window_has_ended_has_no_score_yet():
    found = vectors(before(-100) + early(10), [-80.0, -72.0, 24.0, 36.0, 72.0]).loc["p"]
    assert np.isnan(found.loc[-80.0, HEMATOTOX])
    assert found.loc[-72.0, HEMATOTOX] == 5.0
    assert found[GUST].isna().tolist() == [True, True, True, False, False]


@pytest.mark.parametrize(("hour", "expected"), [(0.1, 1.0), (36.0, 1.0), (36.1, 0.0)])
def test_the_gust_rule_takes_the_highest_of_the_first_36_hours(hour, expected):
    calm = early(1, temperature=37.0, il6=2.0, mcp1=300.0)
    cool = early(30, temperature=36.5, il6=1.0, mcp1=200.0)
    assert vectors(calm + early(hour) + cool, [72.0]).loc[("p", 72.0), GUST] == expected


def test_a_cut_off_is_reached_in_whatever_unit_it_was_measured():
    # 38.9 Cel; in binary the difference of the two is a little less.
    kelvin = load_catalogue()["clinical.temperature"].accepted_units["K"]
    celsius = (312.05 + kelvin.offset) * kelvin.factor
    assert celsius != 38.9
    rows = early(10, temperature=celsius)
    assert vectors(rows, [72.0]).loc[("p", 72.0), GUST] == 1.0


def test_the_gust_rule_waits_for_its_results():
    rows = early(10)
    rows[2] = rows[2] | {"available_h": 60.0}
    assert vectors(rows, [59.0, 60.0]).loc["p", GUST].isna().tolist() == [True, False]


def test_a_measured_column_in_a_window_of_the_same_name_is_left_alone():
    both = FeatureSpecification(
        windows=(Window("first_36_h", "infusion", 0, 36),),
        measurements=(Measurement("plasma.il6", ("first_36_h",), ("max",)),),
        scores=SPECIFICATION.scores,
    )
    found = vectors(early(10), [24.0], both).loc[("p", 24.0)]
    assert found["plasma.il6.max.first_36_h"] == 80.0
    assert np.isnan(found[GUST])


def test_a_window_of_the_study_cannot_take_its_place():
    with pytest.raises(StudyError, match="own window"):
        ScoreChoice("gust_36h", ("early",))
    with pytest.raises(StudyError, match="first_36_h"):
        FeatureSpecification(
            (Window("first_36_h", "infusion", 0, 72),), (), scores=SPECIFICATION.scores
        )


def test_what_they_used_is_listed_and_they_are_described():
    used = used_events(make_cohort(before(-100) + early(10)), SPECIFICATION, [72.0])
    assert len(used) == 8
    words = describe_columns(SPECIFICATION, load_catalogue()).set_index("column")
    assert words["unit"].to_dict() == {HEMATOTOX: "{points}", GUST: "{met}"}
    assert words.loc[GUST, "window_in_words"] == "later than infusion, up to 36 h after infusion"
    assert words.loc[HEMATOTOX, "statistic_in_words"] == SCORES["car_hematotox"].describe


def test_they_survive_the_file():
    assert FeatureSpecification.from_json(SPECIFICATION.to_json()) == SPECIFICATION

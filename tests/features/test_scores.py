"""Published scores: their formulas, their units, and that they see no future."""

import numpy as np
import pytest

from features.cohorts import CATALOGUE, Entry, event, make_cohort
from icans_risk.errors import LeakageError, StudyError
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
from icans_risk.features.scores import easix, modified_easix, simplified_easix

BLOOD = {
    f"plasma.{name}": Entry(name, "plasma", name, unit)
    for name, unit in {
        "ldh": "U/L",
        "crp": "mg/L",
        "platelets": "10*9/L",
        "creatinine": "mg/dL",
    }.items()
}
KNOWN = CATALOGUE | BLOOD
WINDOWS = (Window("baseline", "infusion", None, 0), Window("early", "infusion", 0, 72))
SPECIFICATION = FeatureSpecification(
    windows=WINDOWS, measurements=(), scores=(ScoreChoice("m_easix", ("baseline", "early")),)
)
DRAWS = [
    event("plasma.ldh", -24, 250),
    event("plasma.crp", -24, 20),
    event("plasma.platelets", -24, 200),
    event("plasma.ldh", 48, 900, available_h=50),
    event("plasma.crp", 48, 200, available_h=50),
    event("plasma.platelets", 48, 30, available_h=50),
]


def vector(events, specification=SPECIFICATION, landmark=72.0):
    built = build_features(make_cohort(events), specification, [landmark], catalogue=KNOWN)
    return built.loc[("p", landmark)]


def test_the_formulas_are_those_published():
    assert easix(300, 1.2, 60) == pytest.approx(6.0)
    assert simplified_easix(300, 60) == pytest.approx(5.0)
    assert modified_easix(300, 5.0, 60) == pytest.approx(25.0)


def test_crp_in_mg_per_litre_is_taken_for_what_it_is():
    found = vector(DRAWS)
    assert found["score.m_easix.baseline"] == 2.5
    assert found["score.m_easix.early"] == 600.0


@pytest.mark.parametrize("absent", range(3))
def test_a_score_without_one_of_its_inputs_is_missing(absent):
    events = [row for place, row in enumerate(DRAWS[:3]) if place != absent]
    assert np.isnan(vector(events)["score.m_easix.baseline"])


def test_no_platelets_at_all_give_no_infinity():
    assert np.isnan(modified_easix([300.0], [5.0], [0.0])).all()


def test_an_input_that_is_known_later_is_not_in_the_score():
    assert np.isnan(vector(DRAWS, landmark=49.0)["score.m_easix.early"])
    assert vector(DRAWS, landmark=50.0)["score.m_easix.early"] == 600.0


def test_the_last_value_of_each_input_counts():
    later = event("plasma.platelets", 60, 90, available_h=61)
    assert vector([*DRAWS, later])["score.m_easix.early"] == 200.0


def test_a_score_changes_no_measured_column_and_shares_its_inputs():
    measured = (Measurement("plasma.crp", ("early",), ("last", "max")),)
    with_score = FeatureSpecification(WINDOWS, measured, scores=SPECIFICATION.scores)
    without = FeatureSpecification(WINDOWS, measured)
    together = vector(DRAWS, with_score)
    assert together.index.tolist() == [
        "plasma.crp.last.early", "plasma.crp.max.early",
        "score.m_easix.baseline", "score.m_easix.early",
    ]  # fmt: skip
    assert together[["plasma.crp.last.early", "plasma.crp.max.early"]].equals(
        vector(DRAWS, without)
    )


def test_the_inputs_of_a_score_are_listed_as_used():
    used = used_events(make_cohort(DRAWS), SPECIFICATION, [72.0], catalogue=KNOWN)
    assert used["analyte"].value_counts().to_dict() == {"ldh": 2, "crp": 2, "platelets": 2}


def test_a_score_of_a_forbidden_input_is_refused():
    forbidden = KNOWN | {"plasma.crp": Entry("crp", "plasma", "CRP", "mg/L", "outcome_component")}
    with pytest.raises(LeakageError, match=r"plasma\.crp"):
        build_features(make_cohort(DRAWS), SPECIFICATION, [72.0], catalogue=forbidden)


def test_an_unknown_score_or_window_is_refused_with_the_nearest():
    with pytest.raises(StudyError, match="m_easix"):
        ScoreChoice("measix", ("early",))
    with pytest.raises(StudyError, match="baseline"):
        FeatureSpecification(WINDOWS, (), scores=(ScoreChoice("easix", ("base",)),))


def test_scores_survive_the_file_and_are_described():
    again = FeatureSpecification.from_json(SPECIFICATION.to_json())
    assert again == SPECIFICATION
    words = describe_columns(SPECIFICATION, KNOWN).set_index("column")
    assert words.loc["score.m_easix.baseline", "label"] == "m-EASIX"
    assert words.loc["score.m_easix.baseline", "window_in_words"] == "any time up to infusion"


def test_every_score_names_its_source():
    assert all(score.source.startswith("doi:10.") for score in SCORES.values())

"""Published scores: their formulas, their units, and that they see no future."""

import numpy as np
import pandas as pd
import pytest

from features.cohorts import CATALOGUE, Entry, event, make_cohort
from icans_risk.catalogue import load_catalogue
from icans_risk.errors import LeakageError, StudyError
from icans_risk.features import (
    SCORES,
    STATISTICS,
    FeatureSpecification,
    Measurement,
    ScoreChoice,
    Window,
    build_features,
    describe_columns,
    used_events,
)
from icans_risk.features.score_formulas import (
    HematotoxCutOffs,
    car_hematotox,
    easix,
    gust_rule,
    log2_easix,
    modified_easix,
    simplified_easix,
)
from icans_risk.features.scores import Score, ScoreInput, ScoreWindow, computable_share

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


# Worked cases of a public calculator (scores.json): platelets 10^9/L, neutrophils per uL,
# haemoglobin g/dL, CRP mg/dL, ferritin ng/mL.
WORKED = [
    ((220, 3400, 12.4, 0.8, 180), 0),
    ((130, 1800, 10.5, 1.4, 320), 1),
    ((110, 950, 10.1, 4.2, 540), 3),
    ((60, 700, 8.5, 2.4, 1400), 5),
    ((40, 400, 7.8, 9.5, 3200), 7),
]
WELL = {"platelets": 220.0, "neutrophils": 3.4, "haemoglobin": 12.4, "crp": 0.8, "ferritin": 180.0}


def test_log2_of_easix_is_that_of_the_worked_example():
    assert easix(250, 1.0, 200) == pytest.approx(1.25)
    assert log2_easix(250, 1.0, 200) == pytest.approx(0.321928, abs=1e-6)
    assert modified_easix(250, 4.0, 200) == pytest.approx(5.0)
    assert np.isnan(log2_easix([0.0, 250.0, np.nan], 1.0, [200.0, 0.0, 200.0])).all()


@pytest.mark.parametrize(("values", "points"), WORKED)
def test_car_hematotox_of_the_worked_cases(values, points):
    platelets, neutrophils, haemoglobin, crp, ferritin = values
    found = car_hematotox(
        platelets=platelets, neutrophils=neutrophils / 1000, haemoglobin=haemoglobin, crp=crp,
        ferritin=ferritin,
    )  # fmt: skip
    assert found == points
    # The registry takes the catalogue's units: CRP in mg/L, as float32 from a vector.
    stored = np.float32([platelets, neutrophils / 1000, haemoglobin, crp * 10, ferritin])
    assert SCORES["car_hematotox"].compute(*stored[:, None].astype(float)) == points


@pytest.mark.parametrize(
    ("name", "value", "points"),
    [
        ("platelets", 175.1, 0), ("platelets", 175, 1), ("platelets", 75, 1),
        ("platelets", 74.9, 2), ("platelets", 0, 2),
        ("neutrophils", 1.2, 0), ("neutrophils", 1.19, 1),
        ("haemoglobin", 9.0, 0), ("haemoglobin", 8.9, 1),
        ("crp", 2.99, 0), ("crp", 3.0, 1),
        ("ferritin", 649, 0), ("ferritin", 650, 1), ("ferritin", 2000, 1), ("ferritin", 2001, 2),
    ],
)  # fmt: skip
def test_car_hematotox_on_both_sides_of_each_cut_off(name, value, points):
    assert car_hematotox(**WELL | {name: value}) == points
    assert car_hematotox(**WELL | {name: np.float32(value)}) == points


@pytest.mark.parametrize("name", WELL)
def test_car_hematotox_without_one_of_its_five_is_missing(name):
    assert np.isnan(car_hematotox(**WELL | {name: np.nan}))


def test_the_assumed_cut_offs_of_car_hematotox_can_be_replaced():
    assert car_hematotox(**WELL, cut_offs=HematotoxCutOffs(crp=0.5)) == 1


@pytest.mark.parametrize(
    ("temperature", "il6", "mcp1", "expected"),
    [
        (38.9, 16, 1343.5, 1), (38.89, 16, 1343.5, 0), (38.9, 15.9, 1343.5, 0),
        (38.9, 16, 1343.4, 0), (40, 900, 9000, 1), (np.nan, 900, 9000, np.nan),
        (40, np.nan, 9000, np.nan), (40, 900, np.nan, np.nan), (37, np.nan, np.nan, np.nan),
    ],
)  # fmt: skip
def test_the_gust_rule_asks_for_all_three(temperature, il6, mcp1, expected):
    assert gust_rule(temperature, il6, mcp1) == pytest.approx(expected, nan_ok=True)
    stored = np.float32([temperature, il6, mcp1]).astype(float)
    assert gust_rule(*stored) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("name", SCORES)
def test_a_score_stays_in_its_range_and_is_missing_without_an_input(name):
    score = SCORES[name]
    inputs = np.random.default_rng(8).lognormal(3, 3, (len(score.reads), 500))
    found = score.compute(*inputs)
    low, high = score.limits
    assert ((found >= low) & (found <= high)).all()
    for absent in range(len(inputs)):
        holed = inputs.copy()
        holed[absent] = np.nan
        assert np.isnan(score.compute(*holed)).all()


@pytest.mark.parametrize("name", SCORES)
def test_a_score_reads_what_the_catalogue_knows_and_says_what_it_is(name):
    score = SCORES[name]
    assert {read.analyte for read in score.reads} <= set(load_catalogue())
    assert {read.statistic for read in score.reads} <= set(STATISTICS)
    assert score.describe.endswith(".")
    assert score.status in ("read", "assumed")
    assert (score.defined_for == "any_time") == (score.window is None)
    # Its window is one that the room can place.
    if score.window is not None:
        assert Window(*score.window).name == score.window.name


def test_catalogue_units_are_those_that_the_registry_converts_from():
    units = {
        "plasma.ldh": "U/L", "plasma.creatinine": "mg/dL", "plasma.platelets": "10*9/L",
        "plasma.crp": "mg/L", "plasma.neutrophils": "10*9/L", "plasma.haemoglobin": "g/dL",
        "plasma.ferritin": "ng/mL", "clinical.temperature": "Cel", "plasma.il6": "pg/mL",
        "plasma.mcp1": "pg/mL",
    }  # fmt: skip
    read = {read.analyte for score in SCORES.values() for read in score.reads}
    assert {name: load_catalogue()[name].unit for name in read} == units


def test_the_inputs_of_one_score_share_one_window():
    own = ScoreWindow("early", "infusion", 0.0, 36.0)
    with pytest.raises(StudyError, match="one window"):
        Score(
            label="mixed", describe="A mixture.", source="doi:10.", compute=easix,
            reads=(ScoreInput("plasma.ldh"), ScoreInput("plasma.crp", "max", own)),
        )  # fmt: skip


def test_the_share_of_episodes_with_a_score_is_counted_by_landmark():
    index = pd.MultiIndex.from_product(
        [["p", "q", "r"], [24.0, 72.0]], names=["episode_id", "landmark_h"]
    )
    values = [1.0, 2.0, np.nan, 3.0, np.nan, np.nan]
    vectors = pd.DataFrame({"static.age_years": 1.0, "score.easix.early": values}, index=index)
    found = computable_share(vectors)
    assert found.to_numpy().tolist() == [
        ["score.easix.early", 24.0, 3, 1, pytest.approx(1 / 3)],
        ["score.easix.early", 72.0, 3, 2, pytest.approx(2 / 3)],
    ]
    assert computable_share(vectors[["static.age_years"]]).empty

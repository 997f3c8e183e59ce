"""Predictions for other systems: FHIR R4 RiskAssessment and CDS Hooks cards."""

import dataclasses
import json
from datetime import UTC, datetime, timedelta, timezone
from xml.etree import ElementTree as ET

import pytest

# The class of R4B: fhir.resources has none of R4, and the element did not change between them.
from fhir.resources.R4B.riskassessment import RiskAssessment
from hypothesis import given, settings
from hypothesis import strategies as st

from icans_risk.errors import IcansRiskError
from icans_risk.report import AnalyteText
from icans_risk.report.cds import cds_card
from icans_risk.report.fhir import risk_assessment
from report.examples import RUN, answered, silent
from report.test_hostile_strings import HOSTILE

SYNTHETIC = dataclasses.replace(RUN, data_kind="synthetic")

# The elements of RiskAssessment and of its prediction in R4 (4.0.1). R5 has others: `reason`
# instead of `reasonCode` and `reasonReference`.
R4 = {
    "resourceType", "id", "meta", "implicitRules", "language", "text", "contained", "extension",
    "modifierExtension", "identifier", "basedOn", "parent", "status", "method", "code", "subject",
    "encounter", "occurrenceDateTime", "occurrencePeriod", "condition", "performer", "reasonCode",
    "reasonReference", "basis", "prediction", "mitigation", "note",
}  # fmt: skip
R4_PREDICTION = {
    "outcome", "probabilityDecimal", "_probabilityDecimal", "probabilityRange", "qualitativeRisk",
    "relativeRisk", "whenPeriod", "whenRange", "rationale",
}  # fmt: skip


def assessment(episode=None, run=RUN, *, patient_id="AX-017", **options):
    made = risk_assessment(run, episode or answered(), patient_id=patient_id, **options)
    # What the library reads is what was written: nothing is dropped or added.
    read = RiskAssessment.model_validate(made)
    assert json.loads(read.model_dump_json()) == json.loads(json.dumps(made, allow_nan=False))
    return made


def card(episode=None, run=RUN, **options):
    (only,) = cds_card(run, episode or answered(), **options)["cards"]
    return only


@pytest.mark.parametrize("episode", [answered(), silent()])
def test_a_risk_assessment_has_elements_of_r4_only(episode):
    made = assessment(episode)
    assert set(made) <= R4
    assert set(made["prediction"][0]) <= R4_PREDICTION


def test_a_probability_is_a_percentage_and_says_so():
    (prediction,) = assessment(answered(0.143))["prediction"]
    assert prediction["probabilityDecimal"] == 14.3
    assert "About 14 of 100 patients like this" in prediction["rationale"]
    assert "Range: 9 to 22 of 100. Model uncertainty only." in prediction["rationale"]
    assert "The number is a percentage" in prediction["rationale"]


def test_the_outcome_is_text_without_a_code():
    made = assessment()
    assert made["prediction"][0]["outcome"] == {
        "text": "First ICANS grade 3 or higher (ASTCT), from 72 h after infusion to 336 h after "
        "infusion"
    }
    assert "coding" not in json.dumps(made)


def test_nothing_is_said_of_how_to_lower_a_risk_or_how_high_it_is():
    for episode in (answered(0.9, risk_high=0.95), silent()):
        text = json.dumps(assessment(episode))
        for word in ("mitigation", "qualitativeRisk", "relativeRisk", "suggestion"):
            assert word not in text


def test_without_a_time_of_infusion_the_horizon_is_a_range_of_hours():
    (prediction,) = assessment()["prediction"]
    hours = {"unit": "h", "system": "http://unitsofmeasure.org", "code": "h"}
    assert prediction["whenRange"] == {
        "low": {"value": 72.0, **hours},
        "high": {"value": 336.0, **hours},
    }


def test_with_a_time_of_infusion_the_horizon_is_a_period():
    infused_at = datetime(2026, 3, 1, 9, 30, tzinfo=timezone(timedelta(hours=1)))
    (prediction,) = assessment(infused_at=infused_at)["prediction"]
    assert prediction["whenPeriod"] == {
        "start": "2026-03-04T09:30:00+01:00",
        "end": "2026-03-15T09:30:00+01:00",
    }
    assert "whenRange" not in prediction


def test_a_time_of_infusion_needs_a_time_zone():
    with pytest.raises(IcansRiskError, match="time zone"):
        assessment(infused_at=datetime(2026, 3, 1, tzinfo=UTC).replace(tzinfo=None))


def test_without_an_estimate_there_is_no_number_but_the_reason():
    made = assessment(silent())
    (prediction,) = made["prediction"]
    assert "probabilityDecimal" not in prediction
    assert prediction["_probabilityDecimal"] == {
        "extension": [
            {
                "url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason",
                "valueCode": "unknown",
            }
        ]
    }
    assert prediction["rationale"] == (
        "No estimate. No value that the model uses was available at the landmark. No estimate "
        "does not mean low risk."
    )


def test_whom_it_is_about_is_the_identifier_that_was_given_and_no_other():
    made = assessment(patient_id="MRN-17.a")
    assert made["subject"] == {"reference": "Patient/MRN-17.a"}
    assert "AX-017" not in json.dumps(made)
    assert not {"id", "identifier", "encounter"} & set(made)


@pytest.mark.parametrize("patient_id", ["17/../18", "a b", "x" * 65, "ä", "1\n"])
def test_what_can_be_no_identifier_of_a_resource_is_a_logical_reference(patient_id):
    subject = assessment(patient_id=patient_id)["subject"]
    assert "reference" not in subject
    assert subject["type"] == "Patient"


def test_the_basis_names_what_was_used_with_both_times():
    basis = assessment()["basis"]
    assert {
        "display": "Ferritin: 1,834 ng/mL, collected 54 h after infusion, available 60 h after "
        "infusion"
    } in basis
    assert len(basis) == 5
    assert "basis" not in assessment(silent())


def test_a_dose_after_which_nothing_counts_is_no_basis():
    cutting = {"plasma.crp": AnalyteText(label="a drug")}
    analytes = {name: text for name, text in RUN.analytes.items() if name != "plasma.crp"}
    run = dataclasses.replace(RUN, cutting=cutting, analytes=analytes)
    assert len(assessment(run=run)["basis"]) == 3


def test_it_says_first_that_it_is_for_research_and_then_its_limits():
    notes = [note["text"] for note in assessment()["note"]]
    assert notes[0].startswith("RESEARCH USE ONLY.")
    assert notes[1] == "The model learnt from 76 patients, of whom 17 reached the endpoint."


@pytest.mark.parametrize("make", [assessment, card])
def test_a_model_of_synthetic_patients_is_refused_unless_asked_for(make):
    with pytest.raises(IcansRiskError, match="--synthetic-too"):
        make(run=SYNTHETIC)


def test_one_of_synthetic_patients_is_marked_as_test_data():
    made = assessment(run=SYNTHETIC, synthetic_too=True)
    assert [label["code"] for label in made["meta"]["security"]] == ["HTEST"]
    assert made["note"][1]["text"].startswith("SYNTHETIC DATA.")
    assert card(run=SYNTHETIC, synthetic_too=True)["summary"].startswith(
        "RESEARCH USE ONLY, SYNTHETIC DATA: about 14 of 100"
    )


@pytest.mark.parametrize("make", [assessment, card])
def test_an_unknown_status_is_refused(make):
    with pytest.raises(IcansRiskError, match="'asleep'"):
        make(silent("asleep"))


@pytest.mark.parametrize("make", [assessment, card])
def test_a_risk_outside_its_range_is_refused(make):
    with pytest.raises(IcansRiskError, match="risk_low <= risk <= risk_high"):
        make(answered(0.5, risk_low=0.6, risk_high=0.7))


@pytest.mark.parametrize(
    "episode", [answered(), answered(0.999, risk_high=0.9999), answered(0.001), silent()]
)
def test_a_card_informs_and_does_nothing_else(episode):
    made = card(episode)
    assert set(made) == {"summary", "detail", "indicator", "source"}
    assert made["indicator"] == "info"
    assert set(made["source"]) == {"label"}
    assert len(made["summary"]) < 140


def test_a_card_puts_limits_and_the_base_rate_before_the_number():
    detail = card()["detail"]
    marks = [
        "RESEARCH USE ONLY", "Limits first", "Based on", "17 of 76 patients, about 22 of 100",
        "About 14 of 100 patients like this", "What this does not say",
    ]  # fmt: skip
    assert sorted(marks, key=detail.index) == marks


def test_a_card_without_an_estimate_holds_nobodys_risk():
    made = card(silent())
    assert "no estimate" in made["summary"]
    assert "of 100" not in made["detail"]
    assert "does not mean low risk" in made["detail"]


def hostile_run(text):
    return dataclasses.replace(
        RUN,
        endpoint=text,
        model_name=text,
        run_id=text,
        notes=[text],
        analytes={name: AnalyteText(label=text, unit=text) for name in RUN.analytes},
    )


def assert_inert(text):
    run = hostile_run(text)
    made = assessment(run=run, patient_id=text or "x")
    # XML refuses what is not escaped, and characters that it does not know.
    elements = {
        element.tag.rpartition("}")[2] for element in ET.fromstring(made["text"]["div"]).iter()
    }
    assert elements == {"div", "p"}
    shown = card(run=run)
    assert len(shown["summary"]) < 140
    assert "<" not in shown["detail"]


@pytest.mark.parametrize("text", [*HOSTILE, "\N{NO-BREAK SPACE}", "\N{IDEOGRAPHIC SPACE}7"])
def test_a_known_trick_becomes_no_markup(text):
    assert_inert(text)


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=80))
def test_no_string_becomes_markup(text):
    assert_inert(text)

"""Evidence for an appraisal, without a judgement."""

import re

import pytest

from icans_risk.report import probast_table
from icans_risk.report.fill import facts_named
from icans_risk.report.probast import ASKED_OF_READER, NO_JUDGEMENT, _questions
from icans_risk.report.tripod import ABSENT, FILLED
from report.facts_example import FACTS, both_kinds, declared, without

DOMAINS = {"participants and data sources", "predictors", "outcome", "analysis"}


def evidence(facts: dict) -> dict[str, str]:
    return {row["asks"]: row["evidence"] for row in probast_table(facts)}


def test_both_parts_have_four_domains_and_applicability_has_three():
    table = probast_table(FACTS)
    assert {row["part"] for row in table} == {"development", "evaluation", "applicability"}
    for part in ("development", "evaluation"):
        assert {row["domain"] for row in table if row["part"] == part} == DOMAINS
    of_use = {row["domain"] for row in table if row["part"] == "applicability"}
    assert of_use == DOMAINS - {"analysis"}
    assert len({(row["part"], row["asks"]) for row in table}) == len(table)


def test_a_run_that_knows_everything_leaves_only_what_readers_must_find_out():
    table = probast_table(both_kinds())
    assert {row["status"] for row in table} == {FILLED, ASKED_OF_READER}
    assert sum(row["status"] == FILLED for row in table) == len(table) - 2


@pytest.mark.parametrize(
    ("asks", "figures"),
    [
        (
            "Were there patients with the outcome enough for the candidate predictors?",
            ["67 events for 38 candidate parameters, 1.763 each", "608 events"],
        ),
        (
            "Were predictors known at the moment of prediction?",
            ["two times, collected and available", "18,911 values", "87 %"],
        ),
        ("Was the outcome defined by a standard, before the analysis?", ["scale ASTCT", "9d8e"]),
        (
            "Were all enrolled patients analysed, and missing data handled well?",
            ["csf 91 %", "402 patients of 406 infusions"],
        ),
        ("Was calibration assessed?", ["Slope 0.93", "intercept −0.04", "0.97"]),
        (
            "Were overfitting and optimism accounted for, tuning included?",
            ["5 folds, 20 repeats", "200 rebuilds"],
        ),
        (
            "Are predictors kept out of the outcome's definition?",
            ["never columns", "21 events of 67 events"],
        ),
    ],
)
def test_the_evidence_has_the_figures_of_the_run(asks, figures):
    for figure in figures:
        assert figure in evidence(FACTS)[asks]


def test_blinding_is_asked_of_the_reader():
    rows = {row["asks"]: row for row in probast_table(FACTS)}
    row = rows["Was it determined in the same way for all, without knowledge of the predictors?"]
    assert row["status"] == ASKED_OF_READER


def test_nothing_is_a_judgement():
    judging = re.compile(r"\b(low|high|unclear) (risk of bias|concern|quality)|probably (yes|no)\b")
    words = NO_JUDGEMENT + " ".join(evidence(both_kinds()).values())
    assert not judging.search(words.lower())
    assert "no answer here is a judgement" in NO_JUDGEMENT


def test_evidence_from_synthetic_patients_is_called_so():
    facts = both_kinds()
    facts["study"]["data_kind"] = "synthetic"
    for row in probast_table(facts):
        assert ("SYNTHETIC" in row["evidence"]) == (row["status"] == FILLED)


def test_a_run_that_knows_nothing_says_so_in_every_row():
    table = probast_table({})
    assert {row["status"] for row in table} == {ABSENT, ASKED_OF_READER}
    assert all(row["evidence"] for row in table)


def test_evidence_that_lacks_a_fact_names_it():
    row = evidence(without("performance.net_benefit"))["Was usefulness for decisions assessed?"]
    assert row == "The run does not say: it lacks performance.net_benefit."


def test_every_fact_that_a_question_names_is_declared():
    known = set(declared())
    for question in _questions():
        for sentence in (question.get("says", ""), *question.get("also", ())):
            assert set(facts_named(sentence)) <= known, question["asks"]

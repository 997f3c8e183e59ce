"""What a finished run left behind is enough for most of the tables."""

import json
from copy import deepcopy
from typing import Any

import pytest

from icans_risk.errors import IcansRiskError
from icans_risk.report import (
    make_model_card,
    model_card_markdown,
    probast_table,
    tripod_completeness,
    tripod_table,
)
from icans_risk.report.collect import collect_facts
from icans_risk.report.sizes import sample_size_facts
from icans_risk.report.tripod import FILLED
from icans_risk.study import load_study
from report.quality_example import QUALITY


@pytest.fixture(scope="module")
def kept(developed: Any, study_file: Any) -> dict[str, Any]:
    """Return the summary, the study and the features of the run on 80 real patients."""
    (features,) = developed.folder.glob("mlruns/artifacts/*/artifacts/study/features.json")
    return {
        "summary": json.loads(features.with_name("summary.json").read_text(encoding="utf-8")),
        "study": load_study(study_file).model_dump(mode="json"),
        "features": json.loads(features.read_text(encoding="utf-8")),
    }


@pytest.fixture(scope="module")
def facts(kept: dict[str, Any]) -> dict[str, Any]:
    return dict(collect_facts(landmark_h=72.0, **kept))


def test_facts_of_a_run_are_plain_json(facts):
    assert json.loads(json.dumps(facts, allow_nan=False)) == facts


def test_facts_are_those_of_the_run(facts):
    assert facts["study"]["diseases"] == ["large B-cell lymphoma"]
    assert facts["data"]["patients"] == 80
    assert facts["data"]["rows_read"] == 1_200
    assert facts["flow"]["excluded"] == {"endpoint before landmark": 1}
    assert facts["flow"]["at_risk"] == 79
    assert facts["predictors"]["modalities"] == {"clinical": 1}
    assert facts["predictors"]["windows"] == ["to_date (from 0 h since infusion)"]
    assert facts["sample_size"]["required_patients"] == 1_136
    assert facts["sample_size"]["binding"] == "shrinkage"
    assert facts["validation"]["folds"] == 5
    assert facts["model"]["settings"]["max_depth"] == 2
    assert [one["name"] for one in facts["performance"]["analyses"]] == [
        "discharged well",
        "observed only",
    ]


def test_most_items_are_filled_from_what_a_run_leaves(facts):
    table = tripod_table(facts)
    assert tripod_completeness(table)["by_status"][FILLED] == 23
    rows = {row["item"]: row["text"] for row in table}
    assert "79 patients with 11 events" in rows["10"]
    assert "AUROC 0.65" in rows["23a"]


def test_the_other_tables_take_the_same_facts(facts):
    assert sum(row["status"] == FILLED for row in probast_table(facts)) > 15
    assert "clinical 1" in model_card_markdown(make_model_card(facts))


def test_the_summary_alone_fills_less_and_fails_nowhere(kept):
    table = tripod_table(collect_facts(kept["summary"], landmark_h=72.0))
    assert tripod_completeness(table)["by_status"][FILLED] == 14


def test_a_landmark_that_the_run_does_not_have_is_refused(kept):
    with pytest.raises(IcansRiskError, match=r"\[72.0\], got 24"):
        collect_facts(kept["summary"], landmark_h=24.0)


def test_a_quality_report_with_tables_tells_sites_eras_and_availability(kept):
    summary = deepcopy(kept["summary"]) | {"quality": QUALITY}
    data = collect_facts(summary, landmark_h=72.0)["data"]
    assert data["site_counts"] == {"north": 50}
    assert (data["first_era"], data["last_era"]) == ("2025-Q1", "2025-Q1")
    assert (data["rows_read"], data["rows_set_aside"]) == (2_000, 200)
    assert data["availability_given"] == 0.75


def test_one_outcome_only_has_counts_and_no_size():
    assert sample_size_facts(30, 0, 4) == {
        "patients": 30,
        "events": 0,
        "parameters": 4,
        "events_per_parameter": 0.0,
    }


@pytest.mark.parametrize("auroc", [None, 0.5, 0.41, 1.0])
def test_a_model_without_skill_has_no_size_of_a_validation(auroc):
    assert "validation_patients" not in sample_size_facts(300, 40, 12, auroc=auroc)


def test_a_booster_that_is_not_calibrated_needs_more_synthetic_patients_than_were_tried():
    assert "synthetic_patients" not in sample_size_facts(300, 40, 54)
    assert sample_size_facts(300, 40, 54, is_calibrated=True)["synthetic_patients"] == 600

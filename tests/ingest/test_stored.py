"""A cohort folder that is there already is looked at, and mended nowhere."""

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from icans_risk.catalogue import load_catalogue
from icans_risk.cohort import Cohort, write_cohort
from icans_risk.errors import CohortError
from icans_risk.ingest import look_at_cohort
from icans_risk.synthetic import simulate
from icans_risk.workflow.ingest import check_cohort


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return simulate(30, seed=2).cohort


def counted(cohort: Cohort) -> dict[str, int]:
    found = look_at_cohort(cohort, load_catalogue()).findings
    return {finding.code: finding.count for finding in found}


def planted(cohort: Cohort, **cells: object) -> Cohort:
    """Change cells of the first event of CRP."""
    events = cohort.events.copy()
    first = events.index[(events["modality"] == "plasma") & (events["analyte"] == "crp")][0]
    for name, cell in cells.items():
        events.loc[first, name] = cell
    return replace(cohort, events=events)


def test_what_is_planted_is_found_and_counted(cohort: Cohort) -> None:
    clean = counted(cohort)
    assert "impossible_value" not in clean
    assert "unknown_analyte" not in clean
    assert counted(planted(cohort, value=-1.0))["impossible_value"] == 1
    assert counted(planted(cohort, analyte="crpp"))["unknown_analyte"] == 1
    unusual = counted(planted(cohort, value=900.0))["unusual_value"]
    assert unusual == clean.get("unusual_value", 0) + 1


def test_who_was_never_measured_or_graded_is_counted(cohort: Cohort) -> None:
    one = cohort.episodes["episode_id"].iloc[0]
    without = replace(
        cohort,
        events=cohort.events[cohort.events["episode_id"] != one],
        grades=cohort.grades[cohort.grades["episode_id"] != one],
    )
    found = counted(without)
    assert (found["without_values"], found["without_grades"]) == (1, 1)


def test_orders_for_cause_are_counted_after_the_infusion_only(cohort: Cohort) -> None:
    events = cohort.events
    rows = events["modality"].isin(["csf", "eeg", "imaging", "treatment"])
    asked = rows & events["ordered_as"].isin(["clinical", "unknown"]) & (events["collected_h"] > 0)
    assert counted(cohort).get("ordered_for_cause", 0) == asked.sum() > 0
    before = replace(cohort, events=events.assign(collected_h=-24.0, available_h=-20.0))
    assert "ordered_for_cause" not in counted(before)


def test_tables_count_every_event_and_none_is_by_outcome(cohort: Cohort) -> None:
    report = look_at_cohort(cohort, load_catalogue())
    kept = {row["step"]: row["rows"] for row in report.tables["flow"] if row["detail"] is None}
    assert kept["in"] == kept["kept"] == len(cohort.events) == report.counts["events"]
    assert report.tables["density"] == []
    corrected = sum(row["corrected"] for row in report.tables["analytes"])
    sample = ["episode_id", "modality", "analyte", "collected_h", "assay"]
    later = cohort.events.duplicated(sample).sum()
    assert corrected == later


def test_a_folder_is_checked_with_a_page_that_names_nobody(cohort: Cohort, tmp_path: Path) -> None:
    write_cohort(cohort, tmp_path / "cohort", made_by="test", data_kind="synthetic")
    found = check_cohort(tmp_path / "cohort", report=tmp_path / "report")
    json.dumps(found, allow_nan=False)
    assert found["data_kind"] == "synthetic"
    assert found["counts"]["episodes"] == 30
    page = (tmp_path / "report" / "quality.html").read_text(encoding="utf-8")
    assert "SYNTHETIC" in page.upper()
    assert not [name for name in cohort.episodes["patient_id"] if name in page]


def test_a_damaged_folder_is_no_cohort(cohort: Cohort, tmp_path: Path) -> None:
    write_cohort(cohort, tmp_path / "cohort", made_by="test", data_kind="synthetic")
    file = tmp_path / "cohort" / "events.parquet"
    table = pd.read_parquet(file)
    table.iloc[:-1].to_parquet(file)
    with pytest.raises(CohortError):
        check_cohort(tmp_path / "cohort")

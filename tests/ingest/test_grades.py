"""Toxicity assessments of an export: the outcome, never mended and never set aside."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from icans_risk.errors import CohortError
from icans_risk.ingest import QualityReport
from icans_risk.ingest.tables.grades import crs_events, read_grades
from icans_risk.ingest.tables.infusions import read_infusions
from icans_risk.study.tables import GradeTable, Infusions


def read(folder: Path, text: str, **source: Any) -> tuple[pd.DataFrame, QualityReport]:
    (folder / "infusions.csv").write_text(
        "id,at\nA,2026-03-27T10:00\nB,2026-03-27T10:00\n", encoding="utf-8"
    )
    quality = QualityReport()
    table = Infusions(
        files=(folder / "infusions.csv",), patient="id", infused="at", time_zone="Europe/Berlin"
    )
    infusions = read_infusions(table, {}, quality)
    (folder / "grades.csv").write_text(text, encoding="utf-8")
    settings = {
        "files": (folder / "grades.csv",),
        "patient": "id",
        "assessed": "when",
        "scale": "ASTCT",
        "grades": {"icans_grade": "icans", "crs_grade": "crs"},
        "clock": "day_number",
    }
    return read_grades(GradeTable(**(settings | source)), infusions, quality), quality


def test_a_day_covers_its_hours_and_is_known_at_its_end(tmp_path: Path) -> None:
    grades, _ = read(tmp_path, "id,when,icans,crs\nA,3,2,1\n")
    row = grades.iloc[0]
    assert (row["covers_from_h"], row["assessed_h"], row["available_h"]) == (72, 96, 96)
    assert (row["icans_grade"], row["crs_grade"]) == (2, 1)


def test_a_timed_grade_covers_its_moment(tmp_path: Path) -> None:
    text = "id,when,icans,crs\nA,2026-03-28T10:00,1,0\n"
    grades, _ = read(tmp_path, text, clock="calendar", time_zone="Europe/Berlin")
    row = grades.iloc[0]
    assert (row["covers_from_h"], row["assessed_h"]) == (24, 24)


def test_a_dated_grade_covers_a_local_day_of_23_hours(tmp_path: Path) -> None:
    text = "id,when,icans,crs\nA,2026-03-29,1,0\n"
    grades, _ = read(tmp_path, text, clock="calendar", time_zone="Europe/Berlin")
    row = grades.iloc[0]
    assert (row["covers_from_h"], row["assessed_h"]) == (38, 61)


@pytest.mark.parametrize("cell", ["7", "3-4", "1.5", "mild", "-1"])
def test_what_is_no_grade_is_an_error_without_the_cell(tmp_path: Path, cell: str) -> None:
    with pytest.raises(CohortError, match=r"column 'icans': expected whole grades.*row 2") as got:
        read(tmp_path, f"id,when,icans,crs\nA,3,{cell},1\n")
    assert repr(cell) not in str(got.value)


def test_grade_five_is_a_grade(tmp_path: Path) -> None:
    grades, _ = read(tmp_path, "id,when,icans,crs\nA,3,5,1\n")
    assert grades["icans_grade"].tolist() == [5]


def test_onset_before_the_infusion_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CohortError, match="no ICANS before the infusion"):
        read(tmp_path, "id,when,icans,crs\nA,-2,1,0\n")


def test_assessments_of_nobody_are_left_out_and_counted(tmp_path: Path) -> None:
    grades, quality = read(tmp_path, "id,when,icans,crs\nA,3,2,1\nZ,3,4,1\n")
    assert len(grades) == 1
    found = {f.code: (f.count, f.rows) for f in quality.findings}
    assert found == {"grades_of_nobody": (1, (3,))}


def test_empty_and_repeated_assessments_are_counted(tmp_path: Path) -> None:
    grades, quality = read(tmp_path, "id,when,icans,crs\nA,3,2,1\nA,3,2,1\nB,3,,\n")
    assert len(grades) == 1
    assert {f.code: f.count for f in quality.findings} == {
        "empty_assessment": 1,
        "repeated_assessment": 1,
    }


def test_a_missing_grade_is_never_grade_zero(tmp_path: Path) -> None:
    grades, _ = read(tmp_path, "id,when,icans,crs\nA,3,,2\n")
    assert grades["icans_grade"].isna().all()


def test_crs_grades_become_events_with_both_clocks(tmp_path: Path) -> None:
    events = crs_events(read(tmp_path, "id,when,icans,crs\nA,3,2,1\nA,4,2,\n")[0])
    assert events[["modality", "analyte"]].to_numpy().tolist() == [["clinical", "crs_grade"]]
    assert events[["collected_h", "available_h", "value"]].to_numpy().tolist() == [[96, 96, 1]]


def test_a_scale_per_row_is_read_and_checked(tmp_path: Path) -> None:
    text = "id,when,icans,crs,scale\nA,3,2,1,astct\n"
    grades, _ = read(tmp_path, text, scale={"column": "scale"})
    assert grades["scale"].tolist() == ["ASTCT"]
    with pytest.raises(CohortError, match="expected one of"):
        read(tmp_path, text.replace("astct", "WHO"), scale={"column": "scale"})

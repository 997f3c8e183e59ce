"""Episodes of a daily table: who, how long, and what was missed."""

from pathlib import Path
from typing import Any

import openpyxl
import pytest

from icans_risk.cohort import Cohort
from icans_risk.errors import CohortError
from icans_risk.ingest import QualityReport, build_episodes, read_daily
from icans_risk.study.daily import DailyTable, Roster
from icans_risk.study.tables import EpisodeColumn
from ingest.conftest import MakeSheet, clean_rows


def build(layout: DailyTable, **options: Any) -> tuple[Cohort, QualityReport]:
    quality = QualityReport()
    extra = tuple(c.column for c in options.get("columns", {}).values() if c.column)
    reading = read_daily(layout, quality, extra_columns=extra)
    settings = {"columns": {}, "discharged": "after_last_graded_day"} | options
    return build_episodes(layout, reading, quality, **settings), quality


@pytest.fixture
def roster(tmp_path: Path) -> Any:
    def make(*names: str) -> Roster:
        book = openpyxl.Workbook()
        for row in [["patient"], *([name] for name in names)]:
            book.active.append(row)
        book.save(tmp_path / "roster.xlsx")
        return Roster(file=tmp_path / "roster.xlsx", patient="patient")

    return make


def test_observation_ends_with_the_last_graded_day(make_sheet: MakeSheet) -> None:
    cohort, _ = build(make_sheet())
    assert cohort.episodes["followed_until_h"].tolist() == [96.0, 96.0, 72.0]


def test_discharge_is_dated_only_where_grades_stop_before_the_table_does(
    make_sheet: MakeSheet,
) -> None:
    cohort, _ = build(make_sheet())
    assert cohort.episodes["discharged_h"].isna().tolist() == [True, True, False]
    assert cohort.episodes["discharged_h"].iloc[2] == 72.0


def test_without_knowledge_of_discharge_none_is_made_up(make_sheet: MakeSheet) -> None:
    cohort, _ = build(make_sheet(), discharged="not_recorded")
    assert "discharged_h" not in cohort.episodes


def test_a_patient_without_any_grade_was_never_followed(make_sheet: MakeSheet) -> None:
    cohort, _ = build(make_sheet([*clean_rows(), ["B 2", 0, None, None, 0]]))
    assert cohort.episodes["followed_until_h"].iloc[-1] == 0.0


def test_the_product_comes_from_the_longest_matching_prefix(make_sheet: MakeSheet) -> None:
    source = EpisodeColumn(id_prefix={"A": "axi-cel", "A 2": "tisa-cel", "B ": "liso-cel"})
    cohort, _ = build(make_sheet(), columns={"product": source})
    assert cohort.episodes["product"].tolist() == ["axi-cel", "tisa-cel", "liso-cel"]


def test_an_unknown_prefix_is_refused(make_sheet: MakeSheet) -> None:
    source = EpisodeColumn(id_prefix={"A ": "axi-cel"})
    with pytest.raises(CohortError, match=r"gives 'product', 1 do not \(row 10\)"):
        build(make_sheet(), columns={"product": source})


def test_a_column_is_taken_if_it_is_constant_within_a_patient(make_sheet: MakeSheet) -> None:
    header = ["ID", "day", "crs", "icans", "toci", "age"]
    rows = [[*row, 60 if row[0] == "A 1" else 70] for row in clean_rows()]
    columns = {"age_years": EpisodeColumn(column="age")}
    cohort, _ = build(make_sheet(rows, header=header), columns=columns)
    assert cohort.episodes["age_years"].tolist() == [60.0, 70.0, 70.0]
    rows[1][-1] = 61
    with pytest.raises(CohortError, match="the same cell in all rows of a patient"):
        build(make_sheet(rows, header=header), columns=columns)


def test_a_patient_of_the_roster_without_a_row_is_refused(
    make_sheet: MakeSheet, roster: Any
) -> None:
    with pytest.raises(CohortError, match=r"1 have no row there \(row 5 here\)") as caught:
        build(make_sheet(), roster=roster("A 1", "A 2", "B 1", "Jane"))
    assert "Jane" not in str(caught.value)


def test_a_patient_who_is_not_on_the_roster_is_refused(make_sheet: MakeSheet, roster: Any) -> None:
    with pytest.raises(CohortError, match=r"daily.xlsx.*1 have no row there \(rows 10, 11"):
        build(make_sheet(), roster=roster("A 1", "A 2"))


def test_missing_grades_are_told_apart_by_where_they_are_missing(make_sheet: MakeSheet) -> None:
    grades = [None, 0, None, 0, None]
    rows = [["A", day, 1, grade, 0] for day, grade in enumerate(grades)]
    _, quality = build(make_sheet(rows))
    found = {f.code: f.rows for f in quality.findings if f.column == "icans"}
    assert found == {
        "missing_before_first_grade": (2,),
        "missing_between_grades": (4,),
        "missing_after_last_grade": (6,),
    }


def test_a_drug_recorded_without_a_grade_is_stated(make_sheet: MakeSheet) -> None:
    _, quality = build(make_sheet([["A", 0, 0, 0, None], ["A", 1, 0, None, 1]]))
    found = [(f.code, f.rows) for f in quality.findings if f.column == "toci"]
    assert found == [("absent_on_graded_day", (2,)), ("recorded_without_icans_grade", (3,))]


def test_a_clean_table_has_no_warning(make_sheet: MakeSheet) -> None:
    rows = [["A", day, 0, 0, 0] for day in range(3)]
    _, quality = build(make_sheet(rows))
    assert quality.findings == []
    assert quality.counts == {
        "rows": 3, "patients": 1, "graded_days": 3, "days_without_icans_grade": 0,
    }  # fmt: skip

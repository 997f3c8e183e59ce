"""A daily table becomes grades and events, or says what is wrong with it."""

from datetime import datetime
from typing import Any

import pytest

from icans_risk.errors import CohortError
from icans_risk.ingest import QualityReport, read_daily
from icans_risk.study.daily import Correction, ScaleColumn
from ingest.conftest import HEADER, MakeSheet, clean_rows


def changed(row: int, column: int, cell: Any) -> list[list[Any]]:
    """The clean rows with one cell replaced; ``row`` as the spreadsheet shows it."""
    rows = clean_rows()
    rows[row - 2][column] = cell
    return rows


def test_a_day_is_dated_at_its_end_on_both_clocks(make_sheet: MakeSheet) -> None:
    reading = read_daily(make_sheet(), QualityReport())
    grade = reading.grades.iloc[6]
    assert (grade["covers_from_h"], grade["assessed_h"], grade["available_h"]) == (48.0, 72.0, 72.0)
    crs = reading.events[reading.events["analyte"] == "crs_grade"].iloc[2]
    assert (crs["collected_h"], crs["available_h"], crs["value"]) == (72.0, 72.0, 2.0)


def test_a_day_before_infusion_is_negative_and_welcome(make_sheet: MakeSheet) -> None:
    reading = read_daily(make_sheet([["A", -5, 0, 0, 0]]), QualityReport())
    assert reading.grades["assessed_h"].tolist() == [-96.0]


def test_a_missing_grade_makes_no_grade(make_sheet: MakeSheet) -> None:
    reading = read_daily(make_sheet(), QualityReport())
    left = reading.grades[(reading.grades["patient_id"] == "B 1")]
    assert left["icans_grade"].isna().tolist() == [False, False, False, True]


def test_drugs_become_events_with_the_reason_of_their_order(make_sheet: MakeSheet) -> None:
    events = read_daily(make_sheet(), QualityReport()).events
    drugs = events[events["modality"] == "treatment"]
    assert set(drugs["ordered_as"]) == {"unknown"}
    assert drugs["value"].sum() == 4.0


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (changed(6, 3, 7), r"column 'icans': expected whole grades from 0 to 5, 1 .* \(row 6\)"),
        (changed(6, 3, -1), "whole grades from 0 to 5"),
        (changed(6, 3, 2.5), "whole grades from 0 to 5"),
        (changed(6, 3, "mild"), "whole grades from 0 to 5"),
        (changed(6, 3, True), "whole grades from 0 to 5"),
        (changed(6, 3, datetime(2024, 3, 31)), "whole grades from 0 to 5"),  # noqa: DTZ001
        (changed(6, 3, "1,5"), "whole grades from 0 to 5"),
        (changed(6, 3, "nan"), "whole grades from 0 to 5"),
        (changed(3, 4, 2), r"column 'toci': expected numbers from 0 to 1, 1 .* \(row 3\)"),
        (changed(4, 1, None), r"column 'day': expected a day in every row.*\(row 4\)"),
        (changed(4, 1, 1.5), "column 'day': expected whole days"),
        (changed(4, 0, None), r"column 'ID': expected an identifier.*\(row 4\)"),
        (changed(4, 0, "   "), r"column 'ID': expected an identifier.*\(row 4\)"),
        (changed(4, 1, 1), r"each patient and day once, 2 rows share a key \(rows 3, 4\)"),
        ([], "expected rows under the header, found none"),
        ([[None] * 5], "expected rows under the header, found none"),
    ],
)
def test_a_bad_cell_is_located_and_never_repeated(
    make_sheet: MakeSheet, rows: list[list[Any]], message: str
) -> None:
    with pytest.raises(CohortError, match=message) as caught:
        read_daily(make_sheet(rows), QualityReport())
    text = str(caught.value)
    assert "\n" not in text
    assert not any(secret in text for secret in ("A 1", "A 2", "mild", "2024"))


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (["ID", "day", "crs", "grade", "toci"], r"expected the columns \['icans'\], found \['ID'"),
        (["ID", "day", "crs", "icans", "icans"], r"expected the columns \['toci'\]"),
        (["ID", "day", "crs", "icans", "toci", "icans"], r"\['icans'\] more than once"),
        ([], "expected a header in row 1"),
    ],
)
def test_a_bad_header_is_named(make_sheet: MakeSheet, header: list[Any], message: str) -> None:
    rows = clean_rows() if header else []
    with pytest.raises(CohortError, match=message):
        read_daily(make_sheet(rows, header=header), QualityReport())


def test_an_absent_sheet_is_named_with_those_there(make_sheet: MakeSheet) -> None:
    with pytest.raises(CohortError, match=r"expected sheet 'Daily', found \['Sheet1'\]"):
        read_daily(make_sheet(sheet="Daily"), QualityReport())


def test_a_file_that_is_no_workbook_is_refused(make_sheet: MakeSheet) -> None:
    layout = make_sheet()
    layout.file.write_bytes(layout.file.read_bytes()[:1000])
    with pytest.raises(CohortError, match="not a readable XLSX workbook"):
        read_daily(layout, QualityReport())
    layout.file.unlink()
    with pytest.raises(CohortError, match="no such file"):
        read_daily(layout, QualityReport())


def test_a_column_less_a_header_cell_does_not_shift_the_others(make_sheet: MakeSheet) -> None:
    rows = [[*row, "note"] for row in clean_rows()]
    reading = read_daily(make_sheet(rows, header=[*HEADER, None]), QualityReport())
    assert reading.days["icans_grade"].max() == 3.0


def test_words_for_not_recorded_are_empty_but_in_identifiers(make_sheet: MakeSheet) -> None:
    rows = [["NA", 0, "NA", 0, 0], ["NA", 1, 1, "NA", 0]]
    reading = read_daily(make_sheet(rows, not_recorded=("NA",)), QualityReport())
    assert reading.days["patient_id"].tolist() == ["NA", "NA"]
    assert reading.grades["crs_grade"].isna().tolist() == [True, False]


def test_identifiers_stay_as_they_are_but_for_blanks_around_them(make_sheet: MakeSheet) -> None:
    rows = [[name, 0, 0, 0, 0] for name in ("00123", "1E5", "True", " x ", 7)]
    quality = QualityReport()
    reading = read_daily(make_sheet(rows), quality)
    assert reading.days["patient_id"].tolist() == ["00123", "1E5", "True", "x", "7"]
    assert [(f.code, f.rows) for f in quality.findings] == [("padded_identifier", (5,))]


@pytest.mark.parametrize(("policy", "grade"), [("first", 1.0), ("last", 2.0)])
def test_a_double_key_is_resolved_only_as_the_study_says(
    make_sheet: MakeSheet, policy: str, grade: float
) -> None:
    rows = [["A", 0, 0, 1, 0], ["A", 0, 0, 2, 0]]
    quality = QualityReport()
    reading = read_daily(make_sheet(rows, duplicates=policy), quality)
    assert reading.grades["icans_grade"].tolist() == [grade]
    assert [(f.code, f.rows) for f in quality.findings] == [("duplicate_key", (2, 3))]


def test_a_double_key_is_an_error_even_with_equal_values(make_sheet: MakeSheet) -> None:
    with pytest.raises(CohortError, match="2 rows share a key"):
        read_daily(make_sheet([["A", 0, 0, 1, 0], ["A", 0, 0, 1, 0]]), QualityReport())


def test_a_correction_mends_one_cell_and_is_counted(make_sheet: MakeSheet) -> None:
    rows = [["A", 0, 0, 1, 0], ["A", 0, 0, 2, 0], ["B", 1, 0, 2, 0]]
    fix = Correction(
        row=3, column="ID", equals_row=2, take_from_row=4, because="filed under the other"
    )
    quality = QualityReport()
    reading = read_daily(make_sheet(rows, corrections=(fix,)), quality)
    assert reading.days["patient_id"].tolist() == ["A", "B", "B"]
    assert [(f.code, f.rows) for f in quality.findings] == [("corrected_cell", (3,))]


@pytest.mark.parametrize(
    ("row", "column", "equals_row", "message"),
    [(3, "day", 2, "no longer holds"), (99, "ID", 2, "no cell"), (3, "no", 2, "no cell")],
)
def test_a_correction_of_another_file_is_refused(
    make_sheet: MakeSheet, row: int, column: str, equals_row: int, message: str
) -> None:
    fix = Correction(
        row=row, column=column, equals_row=equals_row, take_from_row=2, because="filed wrongly"
    )
    rows = [["A", 0, 0, 1, 0], ["A", 1, 0, 2, 0]]
    with pytest.raises(CohortError, match=message):
        read_daily(make_sheet(rows, corrections=(fix,)), QualityReport())


@pytest.mark.parametrize(("rule", "grade"), [("ceil", 3.0), ("floor", 2.0)])
def test_a_half_grade_goes_where_the_study_says(
    make_sheet: MakeSheet, rule: str, grade: float
) -> None:
    reading = read_daily(make_sheet([["A", 0, 0, 2.5, 0]], half_grades=rule), QualityReport())
    assert reading.grades["icans_grade"].tolist() == [grade]


def test_a_third_of_a_grade_is_refused_under_any_rule(make_sheet: MakeSheet) -> None:
    with pytest.raises(CohortError, match="whole or half values from 0 to 5"):
        read_daily(make_sheet([["A", 0, 0, 2.3, 0]], half_grades="ceil"), QualityReport())


@pytest.mark.parametrize(("score", "message"), [(11, "from 0 to 10"), (7.5, "whole scores")])
def test_an_impossible_ice_is_refused(make_sheet: MakeSheet, score: float, message: str) -> None:
    grades = {"icans_grade": "icans", "ice_total": "crs"}
    with pytest.raises(CohortError, match=message):
        read_daily(make_sheet([["A", 0, score, 0, 0]], grades=grades), QualityReport())


def test_icans_before_the_infusion_is_refused(make_sheet: MakeSheet) -> None:
    with pytest.raises(CohortError, match=r"no ICANS before the infusion, 1 .*\(row 2\)"):
        read_daily(make_sheet([["A", -1, 0, 1, 0], ["A", 0, 0, 0, 0]]), QualityReport())


def test_each_row_may_name_its_scale(make_sheet: MakeSheet) -> None:
    rows = [["A", 0, 0, 1, 0, "astct"], ["A", 1, 0, 1, 0, "CTCAE"], ["A", 2, None, None, 0, None]]
    layout = make_sheet(rows, header=[*HEADER, "scale"], scale=ScaleColumn(column="scale"))
    assert read_daily(layout, QualityReport()).grades["scale"].tolist() == ["ASTCT", "CTCAE"]
    rows[1][-1] = "mine"
    layout = make_sheet(rows, header=[*HEADER, "scale"], scale=ScaleColumn(column="scale"))
    with pytest.raises(CohortError, match=r"column 'scale': expected one of .*\(row 3\)"):
        read_daily(layout, QualityReport())

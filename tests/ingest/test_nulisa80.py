"""The 80 real patients: counts that were taken from the workbook by other means."""

from pathlib import Path

import openpyxl
import pytest

from icans_risk.cohort import Cohort
from icans_risk.errors import CohortError
from icans_risk.ingest import QualityReport
from icans_risk.study import Study, load_study
from icans_risk.workflow.reading import read_cohort


@pytest.fixture(scope="module")
def study(study_file: Path) -> Study:
    return load_study(study_file)


@pytest.fixture(scope="module")
def reading(study: Study) -> tuple[Cohort, QualityReport]:
    return read_cohort(study)


def test_the_cohort_has_80_patients_and_12_at_the_endpoint(
    reading: tuple[Cohort, QualityReport],
) -> None:
    cohort, _ = reading
    assert len(cohort.episodes) == 80
    assert cohort.grades.groupby("episode_id")["icans_grade"].max().ge(3).sum() == 12
    assert cohort.episodes["product"].value_counts().to_dict() == {
        "axi-cel": 48, "tisa-cel": 22, "liso-cel": 8, "brexu-cel": 2,
    }  # fmt: skip


def test_the_grades_are_those_of_the_workbook(
    reading: tuple[Cohort, QualityReport], study: Study
) -> None:
    sheet = openpyxl.load_workbook(study.data.daily.file)["Sheet1"]
    column = [cell.value for cell in next(sheet.iter_cols(min_col=6, max_col=6, min_row=2))]
    counts = {grade: column.count(grade) for grade in range(5)}
    assert counts == {0: 801, 1: 104, 2: 22, 3: 29, 4: 4}
    assert reading[0].grades["icans_grade"].value_counts().to_dict() == counts
    assert column.count("NA") == 240


def test_its_warts_are_found_where_they_are(reading: tuple[Cohort, QualityReport]) -> None:
    _, quality = reading
    found = {(f.code, f.column): f for f in quality.findings}
    assert found["corrected_cell", "ID"].rows == (895,)
    assert found["padded_identifier", "ID"].count == 30
    icans = [f"missing_{where}" for where in
             ("before_first_grade", "between_grades", "after_last_grade")]  # fmt: skip
    assert [found[code, "icans_grade"].count for code in icans] == [1, 23, 216]
    assert {f.file for f in quality.findings} == {"swimmer_plot_data.xlsx"}


def test_without_the_correction_the_double_key_is_an_error(study: Study) -> None:
    daily = study.data.daily.model_copy(update={"corrections": ()})
    broken = study.model_copy(update={"data": study.data.model_copy(update={"daily": daily})})
    with pytest.raises(CohortError, match=r"2 rows share a key \(rows 895, 910\)"):
        read_cohort(broken)

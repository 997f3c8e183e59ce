"""A long daily table (one row per patient and day) becomes grades and events.

Day ``d`` covers ``[24 d, 24 (d + 1))`` hours after infusion. What was recorded for it is
dated at its end, on both clocks: a worst grade of the day may describe its last minute, and
nobody could have read it before.
"""

from dataclasses import dataclass

import pandas as pd

from icans_risk.catalogue import load_catalogue
from icans_risk.errors import CohortError
from icans_risk.ingest.files.raw_table import (
    RawTable,
    parse_integers,
    parse_numbers,
    read_workbook,
    show_rows,
)
from icans_risk.ingest.quality import QualityReport
from icans_risk.ingest.tables.grade_cells import CRS_EVENT, GRADE_LIMITS, parse_grades, parse_scales
from icans_risk.ingest.tables.time_columns import HOURS_PER_DAY
from icans_risk.study.daily import DailyTable

__all__ = ["DailyReading", "read_daily"]


@dataclass(frozen=True)
class DailyReading:
    """A daily table after reading: the parsed days and the two long tables made of them.

    ``days`` has one row per patient and day: ``patient_id``, ``day``, one column per
    grade and event, indexed by spreadsheet row; ``table`` holds the raw cells.
    """

    table: RawTable
    days: pd.DataFrame
    grades: pd.DataFrame
    events: pd.DataFrame


def read_daily(
    layout: DailyTable, quality: QualityReport, *, extra_columns: tuple[str, ...] = ()
) -> DailyReading:
    """Read a daily table into grades and events.

    Parameters
    ----------
    layout : DailyTable
        Where it is and what its columns mean.
    quality : QualityReport
        Receives what was noticed.
    extra_columns : tuple of str
        Further columns that must be there (for the episodes).

    Returns
    -------
    DailyReading
        Grades and events carry ``patient_id``; the caller names episodes.

    Raises
    ------
    CohortError
        If the sheet is not as described, a cell is not what its column should hold, or
        a key stands twice and the layout does not say what to do.
    """
    wanted = [*layout.columns(), *extra_columns]
    table = read_workbook(layout.file, sheet=layout.sheet, columns=wanted)
    table = _correct(_blank_words(table, layout), layout, quality)
    days = pd.DataFrame({"patient_id": _identifiers(table, layout, quality)})
    days["day"] = parse_integers(table, layout.day, limits=(-365, 3650), expected="whole days")
    for grade, column in layout.grades.items():
        days[grade] = parse_grades(table, column, grade=grade, half=layout.half_grades)
    graded = days.index[days[list(layout.grades)].notna().any(axis=1)]
    days["scale"] = parse_scales(table, layout.scale, rows=graded)
    for analyte, source in layout.events.items():
        low, high = load_catalogue()[analyte].hard_limits
        days[analyte] = parse_numbers(
            table, source.column, limits=(low, high), expected=f"numbers from {low:g} to {high:g}"
        )
    _refuse_missing_key(table, layout, days)
    _refuse_grade_before_infusion(table, layout, days)
    days = _resolve_duplicates(table, layout, days, quality=quality)
    quality.counts |= {"rows": len(table.cells), "patients": days["patient_id"].nunique()}
    return DailyReading(table, days, _grades(layout, days), _events(layout, days))


def _blank_words(table: RawTable, layout: DailyTable) -> RawTable:
    # Never in the identifiers: a patient may well be called NA.
    cells = table.cells.copy()
    for column in cells.columns.difference([layout.patient]):
        cells[column] = cells[column].replace(dict.fromkeys(layout.not_recorded))
    return RawTable(table.file, table.sheet, cells)


def _correct(table: RawTable, layout: DailyTable, quality: QualityReport) -> RawTable:
    cells = table.cells.copy()
    for fix in layout.corrections:
        where = f"{table.file}, sheet {table.sheet!r}, row {fix.row}, column {fix.column!r}"
        rows = [fix.row, fix.equals_row, fix.take_from_row]
        if fix.column not in cells.columns or not cells.index.isin(rows).sum() == len(set(rows)):
            raise CohortError(f"{where}: the correction points at no cell. Correct the study file.")
        current, expected, mended = cells.loc[rows, fix.column]
        if current != expected:
            raise CohortError(
                f"{where}: the cell no longer holds what the correction expects. "
                "The file has changed: check whether the correction is still needed."
            )
        cells.at[fix.row, fix.column] = mended
        quality.add(
            "corrected_cell", "note", [fix.row], where=table.at(fix.column),
            message="A cell was mended as the study file says.", action="Used as corrected.",
        )  # fmt: skip
    return RawTable(table.file, table.sheet, cells)


def _identifiers(table: RawTable, layout: DailyTable, quality: QualityReport) -> pd.Series:
    cells = table.cells[layout.patient]
    remedy = "Fill in the patient, or remove the rows."
    table.refuse(layout.patient, cells.index[cells.isna()], expected="an identifier", remedy=remedy)
    ids = cells.map(str)
    padded = ids != ids.str.strip()
    quality.add(
        "padded_identifier", "note", ids.index[padded], where=table.at(layout.patient),
        message="Identifiers begin or end with blanks.", action="Blanks removed.",
    )  # fmt: skip
    stripped = ids.str.strip()
    table.refuse(layout.patient, ids.index[stripped == ""], expected="an identifier", remedy=remedy)
    return stripped


def _refuse_missing_key(table: RawTable, layout: DailyTable, days: pd.DataFrame) -> None:
    rows = days.index[days["day"].isna()]
    table.refuse(layout.day, rows, expected="a day in every row", remedy="Fill in the day.")


def _refuse_grade_before_infusion(table: RawTable, layout: DailyTable, days: pd.DataFrame) -> None:
    table.refuse(
        layout.grades["icans_grade"],
        days.index[(days["day"] < 0) & (days["icans_grade"] > 0)],
        expected="no ICANS before the infusion",
        remedy="Correct the day or the grade: what was there before is not ICANS.",
    )


def _resolve_duplicates(
    table: RawTable, layout: DailyTable, days: pd.DataFrame, *, quality: QualityReport
) -> pd.DataFrame:
    key = ["patient_id", "day"]
    doubled = days.index[days.duplicated(key, keep=False)]
    if layout.duplicates == "error" and len(doubled):
        raise CohortError(
            f"{table.file}, sheet {table.sheet!r}, columns {layout.patient!r} and {layout.day!r}: "
            f"expected each patient and day once, {len(doubled)} rows share a key "
            f"({show_rows(list(doubled))}). Correct the rows, or say in the study file how to "
            "resolve them ('corrections' or 'duplicates')."
        )
    quality.add(
        "duplicate_key", "warning", doubled, where=table.at(layout.day),
        message="A patient and day stand more than once.",
        action=f"The {layout.duplicates} row of each key was used, as the study file says.",
    )  # fmt: skip
    return days.drop_duplicates(key, keep="last" if layout.duplicates == "last" else "first")


def _grades(layout: DailyTable, days: pd.DataFrame) -> pd.DataFrame:
    graded = days[days[list(layout.grades)].notna().any(axis=1)]
    end = (graded["day"] + 1) * HOURS_PER_DAY
    columns = {
        "patient_id": graded["patient_id"],
        "covers_from_h": graded["day"] * HOURS_PER_DAY,
        "assessed_h": end,
        "available_h": end,
        "scale": graded["scale"],
        "deciding_domain": None,
    }
    values = {grade: graded.get(grade) for grade in GRADE_LIMITS}
    return pd.DataFrame(columns | values).reset_index(drop=True)


def _events(layout: DailyTable, days: pd.DataFrame) -> pd.DataFrame:
    # The CRS grade is a predictor like any other; features never read the grades table.
    sources = {analyte: (analyte, source.ordered_as) for analyte, source in layout.events.items()}
    if "crs_grade" in layout.grades:
        sources[CRS_EVENT] = ("crs_grade", "unknown")
    long = [
        _one_analyte(days, name, column=column, ordered_as=ordered_as)
        for name, (column, ordered_as) in sources.items()
    ]
    if not long:
        return pd.DataFrame(columns=["patient_id", "modality", "analyte"])
    return pd.concat(long, ignore_index=True)


def _one_analyte(
    days: pd.DataFrame, full_name: str, *, column: str, ordered_as: str
) -> pd.DataFrame:
    modality, _, analyte = full_name.partition(".")
    recorded = days[days[column].notna()]
    end = (recorded["day"] + 1) * HOURS_PER_DAY
    return pd.DataFrame(
        {
            "patient_id": recorded["patient_id"],
            "modality": modality,
            "analyte": analyte,
            "collected_h": end,
            "available_h": end,
            "value": recorded[column],
            "censored": "",
            "ordered_as": ordered_as,
            "assay": "",
            "version": 0.0,
        }
    )

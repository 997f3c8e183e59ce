"""A daily table, one row per patient and day, that is the whole cohort."""

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from icans_risk.study.strict import Strict, check_names

__all__ = ["Correction", "DailyTable", "EventColumn", "GradeName", "HalfRule", "Roster", "Scale"]

Scale = Literal["ASTCT", "CARTOX", "CTCAE"]
GradeName = Literal["icans_grade", "crs_grade", "tian_grade", "ice_total", "capd_total"]
HalfRule = Literal["ceil", "floor", "strict"]


class Correction(Strict):
    """One cell of the source that takes the content of another row, with the reason.

    It is refused unless the cell still equals that of ``equals_row``. Rows are numbered as
    the spreadsheet shows them; no identifier has to be written into a study file.

    Attributes
    ----------
    row : int
        Row of the cell.
    column : str
        Column of the cell.
    equals_row : int
        Row whose cell in this column holds the same wrong content.
    take_from_row : int
        Row whose cell in this column holds the right content.
    because : str
        How it is known.
    """

    row: int = Field(ge=2)
    column: str
    equals_row: int = Field(ge=2)
    take_from_row: int = Field(ge=2)
    because: str = Field(min_length=10)


class EventColumn(Strict):
    """A column of the daily table that becomes events.

    Attributes
    ----------
    column : str
        Header.
    ordered_as : {"protocol", "prophylaxis", "clinical", "unknown"}
        Why it was measured.
    """

    column: str
    ordered_as: Literal["protocol", "prophylaxis", "clinical", "unknown"]


class Roster(Strict):
    """A table that names every patient of the study.

    Attributes
    ----------
    file : Path
        The workbook.
    sheet : str, optional
        Sheet of a workbook that has several.
    patient : str
        Column of the patient's identifier.
    """

    file: Path
    sheet: str | None = None
    patient: str


class ScaleColumn(Strict):
    """A column that says on which scale each row was graded.

    Attributes
    ----------
    column : str
        Header; its cells are ASTCT, CARTOX or CTCAE.
    """

    column: str


class DailyTable(Roster):
    """A long table with one row per patient and day.

    Attributes
    ----------
    file, sheet : Path, str
        The workbook and its sheet.
    patient, day : str
        The columns that form the key; days are whole numbers, 0 is the day of infusion.
    scale : str or ScaleColumn
        The scale of all grades, or the column that says it for each row.
    not_recorded : tuple of str
        Words that stand for an empty cell.
    grades : mapping of str to str
        ``icans_grade`` and, optionally, others to their columns.
    half_grades : {"ceil", "floor", "strict"}
        Where a half grade goes, the mean of two raters; strict refuses it.
    events : mapping of str to EventColumn
        Full analyte names to their columns.
    duplicates : {"error", "first", "last"}
        What to do when patient and day stand twice.
    corrections : tuple of Correction
        Cells to mend before anything else is looked at.
    """

    day: str
    scale: Scale | ScaleColumn
    half_grades: HalfRule = "strict"
    not_recorded: tuple[str, ...] = ()
    grades: dict[GradeName, str]
    events: dict[str, EventColumn] = {}
    duplicates: Literal["error", "first", "last"] = "error"
    corrections: tuple[Correction, ...] = ()

    @field_validator("grades")
    @classmethod
    def _has_the_outcome(cls, grades: dict[str, str]) -> dict[str, str]:
        if "icans_grade" not in grades:
            raise ValueError("grades needs icans_grade: without it there is no outcome")
        return grades

    @field_validator("events")
    @classmethod
    def _names_are_known(cls, events: dict[str, EventColumn]) -> dict[str, EventColumn]:
        check_names(events)
        return events

    def columns(self) -> list[str]:
        """List the columns of the sheet that are used."""
        events = [event.column for event in self.events.values()]
        scale = [self.scale.column] if isinstance(self.scale, ScaleColumn) else []
        return [self.patient, self.day, *self.grades.values(), *scale, *events]

"""Where a daily table is and what its columns mean."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

__all__ = ["GRADE_LIMITS", "Correction", "DailyTable", "EventColumn", "HalfRule"]

HalfRule = Literal["ceil", "floor", "strict"]

# What may stand in the grades table, and the lowest and highest value that can be true.
GRADE_LIMITS = {
    "icans_grade": (0, 5),
    "crs_grade": (0, 5),
    "tian_grade": (0, 5),
    "ice_total": (0, 10),
    "capd_total": (0, 32),
}


@dataclass(frozen=True)
class Correction:
    """One cell that takes the content of another row.

    It is refused unless the cell still equals that of ``equals_row``; rows are those that
    the spreadsheet shows.
    """

    row: int
    column: str
    equals_row: int
    take_from_row: int
    because: str


@dataclass(frozen=True)
class EventColumn:
    """A column whose cells become events of one analyte."""

    column: str
    ordered_as: str


@dataclass(frozen=True)
class DailyTable:
    """Where a daily table is and what its columns mean.

    Attributes
    ----------
    file, sheet : Path, str
        The workbook and its sheet.
    patient, day : str
        The columns that form the key; days are whole numbers, 0 is the day of infusion.
    scale, scale_column : str or None
        The scale of all grades, or the column that says it for each row.
    not_recorded : tuple of str
        Words that stand for an empty cell.
    grades : mapping of str to str
        ``icans_grade`` and, optionally, others of ``GRADE_LIMITS`` to their columns.
    half_grades : {"ceil", "floor", "strict"}
        Where a half grade goes, the mean of two raters; strict refuses it.
    events : mapping of str to EventColumn
        Full analyte names to their columns.
    duplicates : {"error", "first", "last"}
        What to do when patient and day stand twice.
    corrections : tuple of Correction
        Cells to mend before anything else is looked at.
    """

    file: Path
    patient: str
    day: str
    grades: Mapping[str, str]
    scale: str | None = None
    scale_column: str | None = None
    half_grades: HalfRule = "strict"
    sheet: str | None = None
    not_recorded: tuple[str, ...] = ()
    events: Mapping[str, EventColumn] = field(default_factory=dict)
    duplicates: Literal["error", "first", "last"] = "error"
    corrections: tuple[Correction, ...] = ()

    def columns(self) -> list[str]:
        """List the columns of the sheet that are used."""
        events = [event.column for event in self.events.values()]
        scale = [self.scale_column] if self.scale_column else []
        return [self.patient, self.day, *self.grades.values(), *scale, *events]

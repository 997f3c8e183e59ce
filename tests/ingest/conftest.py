"""A small workbook and a study over it, to be damaged one way at a time."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from icans_risk.study.daily import DailyTable, EventColumn

HEADER = ["ID", "day", "crs", "icans", "toci"]
Row = list[Any]
MakeSheet = Callable[..., DailyTable]


def clean_rows() -> list[Row]:
    """Three patients for four days; C goes home after day 2."""
    return [
        *(["A 1", day, grade, 0, 0] for day, grade in enumerate([0, 1, 2, 1])),
        *(["A 2", day, 0, grade, 1] for day, grade in enumerate([0, 1, 3, 2])),
        *(["B 1", day, 0, 0 if day < 3 else None, 0] for day in range(4)),
    ]


@pytest.fixture
def make_sheet(tmp_path: Path) -> MakeSheet:
    """Write rows to a workbook and return the layout that reads it."""

    def make(
        rows: list[Row] | None = None,
        *,
        header: list[Any] | None = None,
        sheet: str = "Sheet1",
        **layout: Any,
    ) -> DailyTable:
        book = openpyxl.Workbook()
        page = book.active
        page.title = "Sheet1"
        for row in [
            HEADER if header is None else header,
            *(clean_rows() if rows is None else rows),
        ]:
            page.append(row)
        file = tmp_path / "daily.xlsx"
        book.save(file)
        settings = {
            "file": file,
            "sheet": sheet,
            "patient": "ID",
            "day": "day",
            "scale": "ASTCT",
            "grades": {"icans_grade": "icans", "crs_grade": "crs"},
            "events": {"treatment.tocilizumab": EventColumn(column="toci", ordered_as="unknown")},
        }
        return DailyTable(**(settings | layout))

    return make

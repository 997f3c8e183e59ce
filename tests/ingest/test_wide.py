"""Tables with one column per analyte become raw results."""

from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest

from icans_risk.errors import CohortError
from icans_risk.ingest.frames import RAW
from icans_risk.ingest.quality import QualityReport
from icans_risk.ingest.tables import wide
from icans_risk.ingest.tables.wide import read_wide
from icans_risk.study.tables import AnalyteChoice, OrderedAsColumn, WideTable

COLUMNS = {
    "CRP (mg/L)": AnalyteChoice(analyte="plasma.crp", unit="mg/L"),
    "IL6": AnalyteChoice(analyte="plasma.il6", assay="Ella"),
}
HEADER = "episode,day,CRP (mg/L),IL6,why\n"


def table(file: Path, **settings: Any) -> WideTable:
    usual = {
        "layout": "wide",
        "files": (file,),
        "episode": "episode",
        "collected": "day",
        "clock": "day_number",
        "columns": COLUMNS,
    }
    return WideTable(**(usual | settings))


def write(folder: Path, content: str) -> Path:
    (folder / "labs.csv").write_text(HEADER + content, encoding="utf-8")
    return folder / "labs.csv"


def read(source: WideTable, quality: QualityReport | None = None) -> pl.DataFrame:
    chunks = list(read_wide(source, QualityReport() if quality is None else quality))
    assert all(list(chunk.schema) == list(RAW) for chunk in chunks)
    return pl.concat(chunks)


def test_every_filled_cell_becomes_a_raw_result(tmp_path: Path) -> None:
    file = write(tmp_path, "007,0,<5, 12 ,x\n007,1,,,x\n8,2,n/a,3,routine\n")
    why = OrderedAsColumn(column="why", words={"routine": "protocol"})
    quality = QualityReport()
    found = read(table(file, ordered_as=why, not_recorded=("n/a",)), quality)
    assert found.schema == RAW
    assert found.rows() == [
        ("labs.csv", 2, "CRP (mg/L)", "007", "plasma.crp", "<5", None, "mg/L", "0", None,
         "unknown", ""),
        ("labs.csv", 2, "IL6", "007", "plasma.il6", "12", None, None, "0", None,
         "unknown", "Ella"),
        ("labs.csv", 4, "IL6", "8", "plasma.il6", "3", None, None, "2", None,
         "protocol", "Ella"),
    ]  # fmt: skip
    assert quality.counts == {"rows_read": 3}
    assert quality.findings == []


def test_chunks_hold_few_rows_where_there_are_many_columns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wide, "CHUNK_ROWS", 7)
    file = write(tmp_path, "".join(f"{n},0,{n},{n},\n" for n in range(20)))
    chunks = list(read_wide(table(file), QualityReport()))
    assert max(map(len, chunks)) == 6
    found = pl.concat(chunks)
    assert len(found) == 40
    assert found["row"].unique().to_list() == list(range(2, 22))


def test_a_workbook_may_hold_numbers_and_text_in_one_column(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (HEADER.strip().split(","), ["a", 1, 2.5, "<1"], ["b", 2, "high", 0]):
        book.active.append(row)
    book.save(tmp_path / "labs.xlsx")
    found = read(table(tmp_path / "labs.xlsx"))
    assert found.select("row", "text", "number").rows() == [
        (2, None, 2.5), (3, "high", None), (2, "<1", None), (3, None, 0.0),
    ]  # fmt: skip


def test_rows_add_up_over_tables(tmp_path: Path) -> None:
    file, quality = write(tmp_path, "1,0,2,3,\n"), QualityReport()
    for _ in range(2):
        read(table(file), quality)
    assert quality.counts["rows_read"] == 2


def test_an_absent_column_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CohortError, match=r"expected the columns \['ready'\]"):
        read(table(write(tmp_path, "1,0,2,3,\n"), available="ready"))

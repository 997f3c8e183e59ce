"""Tables with one row per result become raw results, words as they stand."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from icans_risk.errors import CohortError
from icans_risk.ingest.files import parquet
from icans_risk.ingest.frames import RAW
from icans_risk.ingest.quality import QualityReport
from icans_risk.ingest.tables.long import read_long
from icans_risk.study.tables import AnalyteChoice, LongTable, OrderedAsColumn

CHOICES = {
    "CRP": AnalyteChoice(analyte="plasma.crp", unit="mg/L"),
    "IL6 ": AnalyteChoice(analyte="plasma.il6", assay="Ella"),
}


def table(*files: Path, **settings: Any) -> LongTable:
    usual = {
        "layout": "long",
        "files": files,
        "patient": "pid",
        "collected": "taken",
        "analyte": "test",
        "value": "result",
        "analytes": CHOICES,
    }
    return LongTable(**(usual | settings))


def write(folder: Path, *lines: str, name: str = "labs.csv") -> Path:
    file = folder / name
    file.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return file


def read(source: LongTable, quality: QualityReport | None = None) -> pl.DataFrame:
    chunks = list(read_long(source, QualityReport() if quality is None else quality))
    assert all(list(chunk.schema) == list(RAW) for chunk in chunks)
    return pl.concat(chunks)


def test_every_row_becomes_a_raw_result(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        "pid,taken,ready,test,result,unit,method,material",
        "007,2026-05-01 12:00,2026-05-01 13:00,CRP,<0.5,mg/dL,,",
        "007, 2026-05-01,, IL6 , 12 ,pg/mL,,CSF",
        "8,,,IL6,,,Luminex,serum",
    )
    source = table(
        file, available="ready", unit="unit", assay="method", specimen="material",
        ordered_as="protocol",
    )  # fmt: skip
    quality = QualityReport()
    found = read(source, quality)
    assert found.schema == RAW
    assert found.rows() == [
        ("labs.csv", 2, "result", "007", "plasma.crp", "<0.5", None, "mg/dL",
         "2026-05-01 12:00", "2026-05-01 13:00", "protocol", ""),
        ("labs.csv", 3, "result", "007", "plasma.il6", "12", None, "pg/mL",
         "2026-05-01", None, "protocol", "Ella, CSF"),
        ("labs.csv", 4, "result", "8", "plasma.il6", None, None, None,
         None, None, "protocol", "Luminex, serum"),
    ]  # fmt: skip
    assert quality.counts == {"rows_read": 3}
    assert quality.findings == []


def test_what_the_row_does_not_say_the_study_file_says(tmp_path: Path) -> None:
    file = write(tmp_path, "pid,taken,test,result", "1,,CRP,2", "1,,IL6,3")
    found = read(table(file))
    assert found["unit"].to_list() == ["mg/L", None]
    assert found["assay"].to_list() == ["", "Ella"]
    assert found["available"].to_list() == [None, None]
    assert found["ordered_as"].unique().to_list() == ["unknown"]


def test_without_a_mapping_words_are_catalogue_names(tmp_path: Path) -> None:
    file = write(tmp_path, "pid,taken,test,result", "1,,plasma.crp,2", "1,,CRP,3")
    found = read(table(file, analytes={}, others="ignore"))
    assert found["analyte"].to_list() == ["plasma.crp"]


def test_reasons_of_orders_are_translated(tmp_path: Path) -> None:
    lines = [f"1,,CRP,2,{word}" for word in ("routine", "Routine", " routine ", "", "acute")]
    why = OrderedAsColumn(column="why", words={"routine": "protocol", "acute": "clinical"})
    found = read(table(write(tmp_path, "pid,taken,test,result,why", *lines), ordered_as=why))
    assert found["ordered_as"].to_list() == [
        "protocol", "unknown", "protocol", "unknown", "clinical",
    ]  # fmt: skip


def test_words_of_missing_cells_spare_keys_and_analytes(tmp_path: Path) -> None:
    file = write(tmp_path, "pid,taken,test,result,unit", "NA,NA,NA,NA,NA")
    sodium = {"NA": AnalyteChoice(analyte="plasma.crp", unit="mg/L")}
    found = read(table(file, unit="unit", analytes=sodium, not_recorded=("NA",)))
    assert found.select("key", "collected", "text", "unit").rows() == [("NA", None, None, "mg/L")]


@pytest.mark.parametrize(("others", "severity"), [("ignore", "note"), ("refuse", "error")])
def test_words_that_are_not_listed_are_counted_and_never_repeated(
    tmp_path: Path, others: str, severity: str
) -> None:
    lines = ["1,,CRP,2", "1,,crp,2", "1,,Zebedee phoned,2", "1,,,2", "1,,Zebedee phoned,2"]
    one = write(tmp_path, "pid,taken,test,result", *lines)
    two = write(tmp_path, "pid,taken,test,result", "1,,X,2", name="more.csv")
    quality = QualityReport()
    found = read(table(one, two, others=others), quality)
    assert found["row"].to_list() == [2]
    assert [(f.code, f.severity, f.file, f.column) for f in quality.findings] == [
        ("unmapped_words", severity, "labs.csv", "test"),
        ("unmapped_words", severity, "more.csv", "test"),
    ]
    assert [(f.rows, f.count) for f in quality.findings] == [((3, 4, 5, 6), 4), ((2,), 1)]
    assert quality.findings[0].message.startswith("3 different words")
    assert "Zebedee" not in str(quality.to_dict())
    assert quality.counts["rows_read"] == 6


def test_numbers_and_times_of_a_typed_file_stay_what_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "CHUNK_ROWS", 2)
    frame = pl.DataFrame(
        {
            "pid": [1, 2, 3],
            "taken": [1.5, None, 3.0],
            "test": pl.Series(["CRP", "IL6", "x"], dtype=pl.Categorical),
            "result": [0.25, None, 1.0],
            "unit": pl.Series([None, None, None], dtype=pl.Float64),
        }
    )
    frame.write_parquet(tmp_path / "labs.parquet")
    quality = QualityReport()
    source = table(tmp_path / "labs.parquet", unit="unit", clock="hours", others="ignore")
    found = read(source, quality)
    assert found["key"].to_list() == ["1", "2"]
    assert found["collected"].to_list() == [1.5, None]
    assert found["number"].to_list() == [0.25, None]
    assert found["text"].to_list() == [None, None]
    assert found["unit"].to_list() == ["mg/L", None]
    assert quality.findings[0].rows == (4,)
    assert quality.counts["rows_read"] == 3


def test_rows_of_several_tables_add_up(tmp_path: Path) -> None:
    file, quality = write(tmp_path, "pid,taken,test,result", "1,,CRP,2"), QualityReport()
    read(table(file), quality)
    read(table(file, patient=None, episode="pid"), quality)
    assert quality.counts["rows_read"] == 2


def test_an_absent_column_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path, "pid,taken,test,result", "1,,CRP,2")
    roles = {"unit": "a", "assay": "b", "specimen": "c", "available": "d"}
    with pytest.raises(CohortError, match=r"\['d', 'a', 'b', 'c'\]"):
        read(table(file, **roles))

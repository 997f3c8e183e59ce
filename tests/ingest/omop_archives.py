"""A small OMOP archive, to be changed one way at a time."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl

from icans_risk.ingest.archives.omop import read_omop
from icans_risk.ingest.frames import RAW
from icans_risk.ingest.quality import QualityReport
from icans_risk.study.archives import OmopFolder, OmopIndex

Rows = list[dict[str, Any]]
Tables = dict[str, Rows]
MakeArchive = Callable[..., OmopFolder]

SURROGATE = OmopIndex(table="visit_occurrence", surrogate=True, infused_at="08:00")
CREATININE, CRP_CONCEPT, UG_L, TOCILIZUMAB, CAR_T = "3016723", "3020460", "8748", "40171288", "777"


def archive() -> Tables:
    """Two infused persons and one who was not."""
    return {
        "PERSON": [
            {"person_id": 1, "gender_concept_id": 8507, "year_of_birth": 1960,
             "birth_datetime": "1960-05-01 00:00:00"},
            {"person_id": 2, "gender_concept_id": 8532, "year_of_birth": 1970,
             "birth_datetime": ""},
            {"person_id": 3, "gender_concept_id": 0, "year_of_birth": 1980, "birth_datetime": ""},
        ],
        "DRUG_EXPOSURE": [drug(1, "2026-05-01 10:00:00"), drug(2, "2026-06-30 23:30:00")],
        "MEASUREMENT": [measured(1, value="12.5"), measured(3, value="9")],
        "CONCEPT": [
            {"concept_id": CREATININE, "vocabulary_id": "LOINC", "concept_code": "2160-0"},
            {"concept_id": CRP_CONCEPT, "vocabulary_id": "LOINC", "concept_code": "1988-5"},
            {"concept_id": UG_L, "vocabulary_id": "UCUM", "concept_code": "ug/L"},
        ],
    }  # fmt: skip


def drug(person: int, at: str, concept: str = CAR_T) -> dict[str, Any]:
    return {
        "person_id": person, "drug_concept_id": concept,
        "drug_exposure_start_date": at[:10], "drug_exposure_start_datetime": at,
    }  # fmt: skip


def measured(
    person: int | str,
    at: str = "2026-05-02 06:30:00",
    concept: str = CRP_CONCEPT,
    *,
    value: str = "",
    text: str = "",
    operator: str = "0",
    unit: str = UG_L,
    unit_text: str = "mg/L",
) -> dict[str, Any]:
    return {
        "person_id": person, "measurement_concept_id": concept, "measurement_date": at[:10],
        "measurement_datetime": at if len(at) > 10 else "", "operator_concept_id": operator,
        "value_as_number": value, "unit_concept_id": unit, "unit_source_value": unit_text,
        "value_source_value": text,
    }  # fmt: skip


def period(person: int, start: str, end: str) -> dict[str, Any]:
    names = ("observation_period_start_date", "observation_period_end_date")
    return {"person_id": person, **dict(zip(names, (start, end), strict=True))}


def writer(tmp_path: Path) -> MakeArchive:
    """Make a function that writes tables as CSV and returns the block that reads them."""

    def write(tables: Tables | None = None, **settings: Any) -> OmopFolder:
        for name, rows in (archive() if tables is None else tables).items():
            (tmp_path / f"{name}.csv").write_text(as_csv(rows), encoding="utf-8")
        return block(tmp_path, **settings)

    return write


def block(folder: Path, **settings: Any) -> OmopFolder:
    index = OmopIndex(table="drug_exposure", concepts=(int(CAR_T),))
    base = {"folder": folder, "index": index, "time_zone": "Europe/Berlin"}
    return OmopFolder(**(base | settings))


def as_csv(rows: Rows, delimiter: str = ",") -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0], delimiter=delimiter, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def read(source: OmopFolder) -> tuple[pl.DataFrame, pl.DataFrame, QualityReport]:
    quality = QualityReport()
    found = read_omop(source, quality)
    chunks = list(found.results)
    for chunk in chunks:
        assert chunk.schema == RAW
    results = pl.concat([pl.DataFrame(schema=RAW), *chunks])
    return found.infusions, results, quality


def finding(quality: QualityReport, code: str) -> int:
    return sum(f.count for f in quality.findings if f.code == code)


def cut(root: Path) -> Path:
    return root / "tests" / "data" / "omop_synthea27" / "synthea27_cut.zip"

"""Real laboratory results of an intensive-care database, with admission as a surrogate index."""

import csv
import gzip
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from icans_risk.study import load_study
from icans_risk.workflow.reading import read_cohort, read_sources
from ingest.exports import write_study

# Names of the source and what they mean; the others are not used.
ANALYTES = {
    "CRP": "plasma.crp",
    "Ferritin": "plasma.ferritin",
    "LDH": "plasma.ldh",
    "Hgb": "plasma.haemoglobin",
    "platelets x 1000": "plasma.platelets",
    "WBC x 1000": "plasma.wbc",
    "creatinine": "plasma.creatinine",
    "albumin": "plasma.albumin",
    "total bilirubin": "plasma.bilirubin",
    "fibrinogen": "plasma.fibrinogen",
    "Temperature": "clinical.temperature",
}
# Units in the words of the source.
UNITS = {"K/mcL": "10*3/uL", "Units/L": "U/L", "&#176;C": "Cel"}


@pytest.fixture
def eicu(root: Path) -> Path:
    folder = root.parent / "shared" / "data" / "eicu_demo"
    if not folder.is_dir():
        pytest.skip("the eICU demo is not part of the project")
    return folder


def rows_of(file: Path) -> list[dict[str, str]]:
    with gzip.open(file, "rt", encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def eicu_data(eicu: Path) -> dict[str, Any]:
    """Describe the two tables, with the admission to intensive care as a surrogate index."""
    return {
        "infusions": {
            "files": [str(eicu / "patient.csv.gz")],
            "patient": "uniquepid",
            "episode": "patientunitstayid",
            "discharged": "unitdischargeoffset",
            "clock": "minutes",
        },
        "episodes": {"site": {"column": "hospitalid"}},
        "results": [
            {
                "layout": "long",
                "files": [str(eicu / "lab.csv.gz")],
                "episode": "patientunitstayid",
                "analyte": "labname",
                "value": "labresult",
                "unit": "labmeasurenamesystem",
                "collected": "labresultoffset",
                "available": "labresultrevisedoffset",
                "clock": "minutes",
                "analytes": ANALYTES,
                "others": "ignore",
            }
        ],
        "handling": {"units": UNITS, "quarantine_at_most": 0.2},
    }


def test_real_results_are_read_and_every_row_is_accounted_for(eicu: Path, tmp_path: Path) -> None:
    data = eicu_data(eicu)
    ingested = read_sources(load_study(write_study(tmp_path, data, data_kind="real")))
    source = rows_of(eicu / "lab.csv.gz")
    counts, quality = ingested.quality.counts, ingested.quality
    assert counts["rows_read"] == len(source) == 29_961
    assert counts["infusions_read"] == len(rows_of(eicu / "patient.csv.gz")) == 174
    unmapped = [row for row in source if row["labname"] not in ANALYTES]
    found = {f.code: f.count for f in quality.findings}
    assert found["unmapped_words"] == len(unmapped)
    wanted = Counter(ANALYTES[r["labname"]] for r in source if r["labname"] in ANALYTES)
    got: Counter[str] = Counter()
    for group in ingested.groups:
        got.update(group["analyte"].to_list())
    assert got == wanted
    # The source itself states Fahrenheit as Celsius in 14 rows.
    assert {(f.code, f.column) for f in quality.errors} == {("mixed_units", "clinical.temperature")}
    assert sum(f.count for f in quality.errors) == 14


def test_what_the_report_asks_for_mends_the_real_results(eicu: Path, tmp_path: Path) -> None:
    data = eicu_data(eicu)
    because = "ninety-eight degrees are Fahrenheit"
    unit = {"analyte": "clinical.temperature", "unit": "[degF]", "because": because}
    data["handling"]["unit_corrections"] = [
        unit | {"site": "224"},
        unit | {"file": "lab.csv.gz", "rows": [476, 476]},
    ]
    cohort, quality = read_cohort(load_study(write_study(tmp_path, data, data_kind="real")))
    events = cohort.events
    warm = events.loc[events["analyte"] == "temperature", "value"]
    assert warm.between(35, 42).all()
    assert quality.counts["events"] == len(events) > 4_000

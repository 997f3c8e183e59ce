"""What the page on reading data says is so: its examples, its words, its links."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from icans_risk.ingest.finish import FINISHED
from icans_risk.ingest.reasons import LEFT_OUT, REASONS
from icans_risk.strict_yaml import load_yaml
from icans_risk.study import load_study
from icans_risk.study.data import Data
from icans_risk.study.handling import Handling
from icans_risk.workflow.documents import reasons_page
from icans_risk.workflow.reading import read_cohort, read_sources
from ingest.exports import write_study

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reading_data.md"
BLOCKS = re.findall(r"^```yaml\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.M)
MODELS = {"data": Data, "handling": Handling}
# Where a code is not the first argument of the report's ``add``.
FROM_TABLES = {*FINISHED, "dst_ambiguous", "clamped", "refused"}


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_every_example_is_valid(block: str) -> None:
    ((name, content),) = load_yaml(block).items()
    MODELS[name].model_validate_json(json.dumps(content))


def test_there_is_an_example_of_each_kind_of_source() -> None:
    data = [content["data"] for content in map(load_yaml, BLOCKS) if "data" in content]
    assert [next(iter(block)) for block in data] == ["infusions", "meds", "omop"]


def make_files(folder: Path) -> None:
    """Write the files of the first example, as small as they can be."""
    texts = {
        "infusions.csv": "MRN,case,infused_at,discharged_at,died_at,last_contact,centre,drug,age\n"
        "007,A,2024-10-20T10:00,2024-11-10T10:00,,2025-01-01,north,Yescarta,61\n",
        "lab_2024.csv": "MRN;Untersuchung;Ergebnis;Einheit;Geraet;Entnahme;Freigabe\n"
        "007;CRP;12,5;mg/L;;2024-10-21T06:00;2024-10-21T07:30\n"
        "007;LDH;240;;;2024-10-21T06:00;\n"
        "007;NfL;<5,0;pg/mL;Ella;2024-10-21T06:00;2024-10-24T12:00\n"
        "007;NfL;14,0;pg/mL;Simoa;2024-10-21T06:00;2024-10-24T12:00\n"
        "007;Blutgruppe;A;;;2024-10-21T06:00;\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    sheet = pd.DataFrame({"case": ["A"], "hours": [72], "Protein": [48], "NfL": [900]})
    sheet.to_excel(folder / "csf.xlsx", sheet_name="protocol", index=False)
    grades = pd.DataFrame({"case": ["A"] * 2, "day": [3, 4], "ICANS": [0, 3], "CRS": 1, "ICE": 8})
    grades.to_excel(folder / "grades.xlsx", index=False)


def first_example(folder: Path) -> Path:
    make_files(folder)
    data: dict[str, Any] = load_yaml(BLOCKS[0])["data"]
    return write_study(folder, data, data_kind="real")


def test_the_first_example_is_read_as_it_says(tmp_path: Path) -> None:
    cohort, quality = read_cohort(load_study(first_example(tmp_path)))
    events = cohort.events.set_index("analyte")
    assert set(events.index) == {
        "crp", "ldh", "nfl@ella", "nfl@simoa", "protein", "nfl", "crs_grade"
    }  # fmt: skip
    assert events.loc["crp", "value"] == 12.5
    assert events.loc["nfl@ella", ["censored", "available_h"]].tolist() == ["<", 98.0]
    assert events.loc["ldh", "available_h"] > events.loc["ldh", "collected_h"]
    assert events.loc["protein", "ordered_as"] == "protocol"
    assert cohort.episodes["product"].tolist() == ["axi-cel"]
    assert cohort.episodes["patient_id"].tolist() == ["007"]
    assert {f.code: f.severity for f in quality.findings}["unmapped_words"] == "note"


def test_without_its_policy_the_first_example_is_refused(tmp_path: Path) -> None:
    study = first_example(tmp_path)
    content = load_yaml(study.read_text(encoding="utf-8"))
    del content["data"]["handling"]["availability"]
    study = write_study(tmp_path, content["data"], data_kind="real")
    assert any("availability" in e.message for e in read_sources(load_study(study)).quality.errors)


def codes_in_source() -> Iterator[str]:
    for file in (ROOT / "src" / "icans_risk" / "ingest").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                first = getattr(node.args[0], "value", None) if node.args else None
                if node.func.attr == "add" and isinstance(first, str):
                    yield first


def test_every_finding_is_explained_and_none_that_is_not_made() -> None:
    section = PAGE.read_text(encoding="utf-8").partition("## What findings mean")[2]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    explained = {code for row in rows for code in re.findall("`([a-z_]+)`", row.split("|")[1])}
    made = set(codes_in_source()) | FROM_TABLES
    assert {"mixed_units", "no_results", "unmapped_concepts"} <= made
    assert explained == made - set(REASONS)


def test_every_reason_has_its_row() -> None:
    rows = [line.split("|")[1:3] for line in reasons_page().splitlines() if line.startswith("| `")]
    words = {code.strip(" `"): verdict.strip() for code, verdict in rows}
    assert list(words) == list(REASONS)
    assert {code for code, verdict in words.items() if verdict == "left out"} == LEFT_OUT


def test_every_link_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", PAGE.read_text(encoding="utf-8"))
    assert len(links) > 5
    near = [link for link in links if not link.startswith("https://")]
    assert [link for link in near if not (PAGE.parent / link).exists()] == []

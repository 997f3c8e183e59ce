"""Generated documents are fresh, and the schema knows every study file of ours."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from icans_risk.catalogue import load_catalogue
from icans_risk.features.kernel import STATISTICS
from icans_risk.features.scores import SCORES
from icans_risk.strict_yaml import load_yaml
from icans_risk.study.json_schema import attribute_texts, study_schema
from icans_risk.workflow.documents import (
    DOCUMENTS,
    STATISTIC_WORDS,
    feature_dictionary,
    write_documents,
)

ROOT = Path(__file__).parents[2]
STUDIES = [*sorted((ROOT / "configs").glob("*.yaml")), ROOT / "src/icans_risk/workflow/demo.yaml"]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_committed_document_is_fresh(name: str) -> None:
    committed = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert committed == DOCUMENTS[name](), "run: python docs/make_documents.py"


def test_documents_are_written_for_everyone_to_read(tmp_path: Path) -> None:
    write_documents(tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == set(DOCUMENTS)
    assert all(file.stat().st_mode & 0o777 == 0o644 for file in tmp_path.iterdir())


def test_the_dictionary_says_first_how_it_is_made() -> None:
    first = feature_dictionary().splitlines()[0]
    assert first.startswith("<!--")
    assert "python docs/make_documents.py" in first


def test_the_dictionary_has_every_analyte_statistic_and_score() -> None:
    text = feature_dictionary()
    assert set(STATISTIC_WORDS) == set(STATISTICS)
    for name in (*load_catalogue(), *STATISTICS, *SCORES):
        assert f"| `{name}` |" in text


def test_the_dictionary_s_tables_are_whole() -> None:
    """No cell holds a bar, which would shift those after it."""
    rows = [line for line in feature_dictionary().splitlines() if line.startswith("|")]
    analytes = [row for row in rows if any(row.startswith(f"| `{n}`") for n in load_catalogue())]
    assert {row.count("|") for row in analytes} == {12}


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(study_schema())


@pytest.mark.parametrize("file", STUDIES, ids=lambda file: file.name)
def test_a_study_of_ours_is_valid(file: Path) -> None:
    jsonschema.validate(load_yaml(file.read_text(encoding="utf-8")), study_schema())


def demo(**changes: Any) -> dict[str, Any]:
    return load_yaml(STUDIES[-1].read_text(encoding="utf-8")) | changes


@pytest.mark.parametrize(
    "study",
    [
        demo(landmark=72),
        demo(seed="seven"),
        demo(treatment_policy="censored"),
        demo(data={"meds": {"folder": "x", "codes": {"a": "plasma.cpr"}}}),
    ],
)
def test_a_mistake_is_seen_in_the_editor(study: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(study, study_schema())


@pytest.mark.parametrize("choice", ["plasma.crp", {"analyte": "plasma.crp", "unit": "mg/L"}])
def test_an_analyte_is_a_name_or_a_block(choice: object) -> None:
    study = demo(data={"meds": {"folder": "x", "codes": {"a": choice}}})
    jsonschema.validate(study, study_schema())


@pytest.mark.parametrize(
    "name", ["plasma.nfl@ella", "plasma.nfl@simoa_hd_x", "plasma.nfl@Ella", "plasma.nfl@",
             "plasma.crp@ella", "plasma.cpr"],
)  # fmt: skip
@pytest.mark.parametrize("in_short", [True, False])
def test_an_editor_admits_the_names_that_the_catalogue_knows(name: str, in_short: bool) -> None:
    choice = name if in_short else {"analyte": name}
    study = demo(data={"meds": {"folder": "x", "codes": {"a": choice}}})
    schema = jsonschema.Draft202012Validator(study_schema())
    assert schema.is_valid(study) == (name in load_catalogue())


def keys_of(part: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each key of each block, however deep, with what the schema says of it."""
    if isinstance(part, dict):
        yield from part.get("properties", {}).items()
        part = list(part.values())
    for below in part if isinstance(part, list) else ():
        yield from keys_of(below)


def test_every_key_of_every_block_shows_a_text() -> None:
    keys = list(keys_of(study_schema()))
    assert {"until_h", "reg_lambda", "id_prefix", "layout"} <= {name for name, _ in keys}
    assert [name for name, key in keys if not key.get("description")] == []


def test_a_key_shows_the_text_of_its_attribute_also_an_inherited_one() -> None:
    blocks = study_schema()["$defs"]
    assert blocks["Handling"]["properties"]["follow_days"]["description"] == "How long after it."
    inherited = blocks["WideTable"]["properties"]["time_zone"]["description"]
    assert inherited.startswith("IANA name; needed for calendar times")
    assert blocks["Infusions"]["description"] == "One row per infusion: it defines the episodes."


def test_attributes_that_share_a_text_share_it_in_the_schema() -> None:
    attributes = "    Attributes\n    ----------\n    a, b : int\n        One.\n\n"
    text = f"Say.\n\n{attributes}    Notes\n    -----\n    c : no\n    "
    assert attribute_texts(text) == {"a": "One.", "b": "One."}
    assert attribute_texts("No attributes.") == {}

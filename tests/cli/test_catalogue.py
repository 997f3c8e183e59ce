"""``icans-risk catalogue`` as its user meets it."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from icans_risk.catalogue import load_catalogue
from icans_risk.cli.catalogue import catalogue
from icans_risk.errors import IcansRiskError
from icans_risk.workflow.catalogue import LEAK_WORDS, search_catalogue

app = typer.Typer()
app.command()(catalogue)


def shown(*arguments: str) -> str:
    done = CliRunner().invoke(app, list(arguments))
    assert done.exit_code == 0, done.exception
    return done.output


def names(*words: str, modality: str | None = None) -> list[str]:
    return [analyte.full_name for analyte in search_catalogue(words, modality=modality)]


def test_without_words_everything_is_listed() -> None:
    out = shown()
    assert all(name in out for name in load_catalogue())
    assert f"{len(load_catalogue())} analytes." in out


def test_one_hit_is_shown_in_full_with_its_sources() -> None:
    out = shown("plasma.crp")
    known = ("C-reactive protein", "1988-5 (read)", "mg/L, ug/mL, mg/dL", "up to 5", "0 to 1500")
    assert [text for text in known if text not in out] == []
    words = ("from 0.3", "3 h from collection", "higher may be held to raise risk")
    assert [text for text in (*words, LEAK_WORDS["safe"]) if text not in out] == []
    sources = ("Reference: Mayo Clinic Laboratories", "[read]", "[assumed]")
    assert [text for text in sources if text not in out] == []
    assert len([line for line in out.splitlines() if line.startswith("sources")]) == 1


def test_square_brackets_of_units_are_printed() -> None:
    assert "mm[Hg]" in shown("blood", "pressure")
    assert "mm[Hg]" in shown("systolic")


@pytest.mark.parametrize("name", load_catalogue())
def test_every_entry_can_be_shown(name: str) -> None:
    out = shown(name)
    assert load_catalogue()[name].label in out
    assert load_catalogue()[name].leak_class in out


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["FERRITIN"], "plasma.ferritin"),
        (["777-3"], "plasma.platelets"),
        (["csf", "albumin", "quotient"], "csf.albumin_quotient"),
        (["Leukozyten"], "plasma.wbc"),
        (["plasma.il6"], "plasma.il6"),
    ],
)
def test_names_labels_codes_and_synonyms_are_searched(words: list[str], found: str) -> None:
    assert found in names(*words)


def test_all_words_must_match() -> None:
    assert "csf.il6" in names("interleukin-6", "csf")
    assert "plasma.il6" not in names("interleukin-6", "csf")


def test_a_modality_narrows_the_search() -> None:
    assert names("il6", modality="csf") == ["csf.il6", "csf.il6_plasma_ratio"]
    with pytest.raises(IcansRiskError, match="expected a modality of"):
        names("il6", modality="urine")


@pytest.mark.parametrize(("word", "near"), [("feritin", "plasma.ferritin"), ("crpp", "plasma.crp")])
def test_without_a_hit_the_nearest_name_is_told(word: str, near: str) -> None:
    done = CliRunner().invoke(app, [word])
    assert isinstance(done.exception, IcansRiskError)
    assert f"the nearest is '{near}'" in str(done.exception)


def test_what_is_found_is_written_as_json(tmp_path: Path) -> None:
    file = tmp_path / "found.json"
    shown("plasma.il6", "--json", str(file))
    (entry,) = json.loads(file.read_text(encoding="utf-8"))["analytes"]
    assert entry["full_name"] == "plasma.il6"
    assert entry["accepted_units"]["ng/mL"] == {"factor": 1000.0, "offset": 0.0}
    assert entry["as_a_feature"] == LEAK_WORDS["safe"]


def test_a_json_file_without_a_folder_is_refused(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["crp", "--json", str(tmp_path / "no" / "x.json")])
    assert isinstance(done.exception, IcansRiskError)

"""``icans-risk init`` and ``schema`` as their users meet them."""

import json
from pathlib import Path

import jsonschema
import polars as pl
import pytest
import typer
from typer.testing import CliRunner

from icans_risk.cli.init import init
from icans_risk.cli.schema import schema
from icans_risk.errors import IcansRiskError
from icans_risk.strict_yaml import load_yaml
from icans_risk.study import load_study
from icans_risk.study.json_schema import study_schema
from icans_risk.workflow.simulate import Simulation, simulate_folder

app = typer.Typer()
app.command()(init)
app.command()(schema)


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean export of synthetic patients: infusions, results, grades."""
    folder = tmp_path_factory.mktemp("simulated") / "made"
    simulate_folder(folder, Simulation(patients=40, seed=7, mess=0))
    for table in ("episodes", "grades"):
        frame = pl.read_parquet(folder / "cohort" / f"{table}.parquet")
        frame.write_csv(folder / "export" / f"{table}.csv")
    return folder / "export"


def files_of(export: Path) -> list[str]:
    return [str(export / f"{name}.csv") for name in ("results", "episodes", "grades")]


def test_a_clean_export_needs_nothing_from_its_reader(export: Path, tmp_path: Path) -> None:
    out = tmp_path / "study.yaml"
    done = CliRunner().invoke(app, ["init", *files_of(export), "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "results.csv: results, one row each" in done.output
    assert "episodes.csv: infusions" in done.output
    assert "grades.csv: grades" in done.output
    assert "0 things to fill in" in done.output
    assert f"Then: icans-risk check {out}" in done.output
    text = out.read_text(encoding="utf-8")
    assert "FILL_IN" not in text.partition("study: my_study")[2]
    assert f"{text.count('# guess')} guesses" in done.output
    study = load_study(out)
    (results,) = study.data.results
    assert [file.resolve() for file in results.files] == [(export / "results.csv").resolve()]
    assert results.decimal == {
        "site_a": "point", "site_b": "comma", "site_c": "point",
        "site_d": "point", "site_e": "comma", "site_f": "point",
    }  # fmt: skip
    assert study.features.static == ("product", "age_years")
    assert {choice.score for choice in study.features.scores} == {"easix", "s_easix", "m_easix"}
    jsonschema.validate(load_yaml(text), study_schema())


def test_a_draft_names_only_features_that_a_study_may_have(export: Path, tmp_path: Path) -> None:
    from icans_risk.cohort import read_cohort_folder
    from icans_risk.features import check_admissible
    from icans_risk.workflow.inputs import specify_features

    out = tmp_path / "study.yaml"
    CliRunner().invoke(app, ["init", *files_of(export), "--out", str(out)])
    cohort = read_cohort_folder(export.parent / "cohort")
    specification = specify_features(load_study(out), cohort)
    check_admissible(specification)
    assert "plasma.crp.max.early" in specification.columns


def test_the_first_line_points_editors_to_the_schema(export: Path, tmp_path: Path) -> None:
    out = tmp_path / "study.yaml"
    CliRunner().invoke(app, ["init", *files_of(export), "--out", str(out)])
    first = out.read_text(encoding="utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=study.schema.json"


def test_grades_alone_leave_the_infusions_to_the_reader(tmp_path: Path) -> None:
    rows = [f"p{n},{day},0" for n in range(5) for day in range(3)]
    grades = tmp_path / "grades.csv"
    grades.write_text("\n".join(["patient,day,icans_grade", *rows]) + "\n", encoding="utf-8")
    out = tmp_path / "study.yaml"
    done = CliRunner().invoke(app, ["init", str(grades), "--out", str(out)])
    text = out.read_text(encoding="utf-8")
    assert f"{text.count('# TODO')} things to fill in" in done.output
    filled = text.replace("files: [FILL_IN]", "files: [infusions.csv]")
    filled = filled.replace("patient: FILL_IN", "patient: id").replace(
        "scale: FILL_IN", "scale: ASTCT"
    )
    assert "FILL_IN" not in filled.partition("study: my_study")[2]
    out.write_text(filled, encoding="utf-8")
    study = load_study(out)
    assert study.outcome.end_of_observation == "observed_only"
    assert "scale: ASTCT  # guess: the scale of the grades above" in text
    assert study.features.measurements == ()


def test_a_study_file_is_never_overwritten(export: Path, tmp_path: Path) -> None:
    out = tmp_path / "study.yaml"
    out.write_text("mine", encoding="utf-8")
    done = CliRunner().invoke(app, ["init", *files_of(export), "--out", str(out)])
    assert isinstance(done.exception, IcansRiskError)
    assert "never overwritten" in str(done.exception)
    assert out.read_text(encoding="utf-8") == "mine"


def test_nothing_is_written_where_a_table_is_not_understood(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    out = tmp_path / "study.yaml"
    done = CliRunner().invoke(app, ["init", str(tmp_path / "a.csv"), "--out", str(out)])
    assert isinstance(done.exception, IcansRiskError)
    assert not out.exists()


def test_the_schema_is_printed_as_json() -> None:
    done = CliRunner().invoke(app, ["schema"])
    assert done.exit_code == 0
    assert json.loads(done.output) == study_schema()

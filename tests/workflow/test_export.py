"""From a cohort folder to a folder in a common data model."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from icans_risk.cli.export_meds import export_meds
from icans_risk.cohort import read_cohort_folder, write_cohort
from icans_risk.errors import CohortError
from icans_risk.ingest.archives.meds_export import exported_data_kind, read_exported_meds
from icans_risk.synthetic import simulate
from icans_risk.workflow.export import export_cohort


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cohorts") / "cohort"
    cohort = simulate(5, seed=3, landmarks_h=(72.0,)).cohort
    write_cohort(cohort, path, made_by="test", data_kind="synthetic")
    return path


def test_a_cohort_folder_is_exported_with_its_kind(folder: Path, tmp_path: Path) -> None:
    cohort = read_cohort_folder(folder)
    summary = export_cohort(folder, tmp_path / "meds")
    assert read_exported_meds(tmp_path / "meds").hash() == cohort.hash()
    assert exported_data_kind(tmp_path / "meds") == "synthetic"
    assert summary == {
        "folder": str(tmp_path / "meds"),
        "data_kind": "synthetic",
        "subjects": 5,
        "episodes": len(cohort.episodes),
        "events": len(cohort.events),
        "grades": len(cohort.grades),
    }


def test_what_is_no_cohort_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CohortError, match=r"manifest\.json: cannot be read"):
        export_cohort(tmp_path, tmp_path / "meds")
    assert not list(tmp_path.iterdir())


def test_the_command_says_what_it_wrote(folder: Path, tmp_path: Path) -> None:
    app = typer.Typer()
    app.command()(export_meds)
    result = CliRunner().invoke(app, [str(folder), str(tmp_path / "meds")])
    assert result.exit_code == 0
    assert "5 subjects" in result.stdout
    assert "(synthetic data)" in result.stdout
    assert (tmp_path / "meds" / "metadata" / "codes.parquet").is_file()

"""The built wheel carries all that it needs, wherever it is installed."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "-w", str(folder), str(root)], check=True)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_yaml_templates_and_types(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "icans_risk/catalogue/clinical.yaml" in names
    assert "icans_risk/report/templates/patient.html.j2" in names
    assert "icans_risk/workflow/demo.yaml" in names
    assert "icans_risk/synthetic/parameters.yaml" in names
    assert "icans_risk/evidence/incidence.yaml" in names
    assert "icans_risk/models/recommendation.csv" in names
    assert "icans_risk/ingest/draft/synonyms.yaml" in names
    assert "icans_risk/report/tripod.yaml" in names
    assert "icans_risk/evaluation/sample_size_by_simulation.csv" in names
    assert "icans_risk/py.typed" in names
    assert not [name for name in names if name.startswith("tests")]


def test_the_installed_wheel_runs_the_whole_path(
    wheel: Path, study_file: Path, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(site)]
    subprocess.run([*pip, str(wheel)], check=True)
    script = (
        f"import icans_risk; assert icans_risk.__file__.startswith({str(site)!r})\n"
        "from icans_risk.cli.main import run\nrun()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "develop", str(study_file)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "80 patients, 12 at the endpoint in all" in done.stdout
    assert len(list((tmp_path / "reports").glob("*/patient-*.html"))) == 80

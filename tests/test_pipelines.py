"""Whole studies as short scripts: each runs, and stays short."""

import subprocess
import sys
from pathlib import Path

import pytest

PIPELINES = sorted((Path(__file__).parents[1] / "pipelines").glob("*.py"))


@pytest.mark.parametrize("script", PIPELINES, ids=lambda path: path.stem)
def test_a_pipeline_has_at_most_60_lines(script: Path) -> None:
    assert len(script.read_text(encoding="utf-8").splitlines()) <= 60


def test_develop_runs_through_the_public_interface(tmp_path: Path, root: Path) -> None:
    script, study = root / "pipelines" / "develop.py", tmp_path / "study.yaml"
    # As much of it as shows that it runs: what it computes is tested elsewhere.
    text = (root / "configs" / "nulisa80.yaml").read_text(encoding="utf-8")
    for full, least in {
        "../tests/data": str(root / "tests" / "data"),
        "repeats: 10": "repeats: 1",
        "permutations: 5": "permutations: 0",
        "  calibration_folds: 5": "  rebuilds: 0\n  calibration_folds: 5",
    }.items():
        assert full in text
        text = text.replace(full, least)
    study.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(script), str(study)],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "80 episodes, 12 data-quality findings" in done.stdout
    assert "80 vectors of 11 columns" in done.stdout
    assert "mlflow ui --backend-store-uri" in done.stdout
    (folder,) = (tmp_path / "reports").iterdir()
    assert (folder / "index.html").is_file()

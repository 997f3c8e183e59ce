"""Whole studies as short scripts: each runs, and stays short."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from serving.example import Example, make_example
from workflow.small import small_study, write_cohort

PIPELINES = sorted((Path(__file__).parents[1] / "pipelines").glob("*.py"))


@pytest.mark.parametrize("script", PIPELINES, ids=lambda path: path.stem)
def test_a_pipeline_has_at_most_60_lines(script: Path) -> None:
    assert len(script.read_text(encoding="utf-8").splitlines()) <= 60


@pytest.mark.slow
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


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study that is fitted in seconds."""
    folder = tmp_path_factory.mktemp("small")
    small_study(
        folder / "study.yaml", write_cohort(folder / "data", patients=260, seed=3),
        models={"booster": {"rounds": 20}, "rebuilds": 3},
    )  # fmt: skip
    return folder / "study.yaml"


def run(root: Path, folder: Path, script: str, *arguments: object) -> str:
    done = subprocess.run(
        [sys.executable, str(root / "pipelines" / script), *map(str, arguments)],
        cwd=folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Example:
    return make_example(tmp_path_factory.mktemp("example"))


@pytest.mark.slow
def test_each_product_is_left_out(small: Path, root: Path, tmp_path: Path) -> None:
    told = run(root, tmp_path, "leave_one_product_out.py", small)
    assert "72 h, " in told
    assert "  without axi-cel: estimated, AUROC 0." in told
    assert (tmp_path / "demo-without-each-product.yaml").is_file()


@pytest.mark.slow
def test_a_sweep_has_a_line_for_each_landmark(small: Path, root: Path, tmp_path: Path) -> None:
    told = run(root, tmp_path, "landmark_sweep.py", small, 48, 72)
    lines = [line.split() for line in told.splitlines()]
    swept = {line[0]: int(line[2]) for line in lines if line[1:2] == ["h"]}
    assert swept.keys() == {"48", "72"}
    assert swept["48"] >= swept["72"]


@pytest.mark.slow
def test_a_model_is_judged_on_other_patients(example: Example, root: Path, tmp_path: Path) -> None:
    told = run(root, tmp_path, "external_validation.py", example.models[0], example.cohort_folder)
    assert "72 h, synthetic patients: " in told
    assert "auroc: 0." in told
    assert "answered" in told


@pytest.mark.slow
@pytest.mark.needs_java
def test_spark_gives_the_vectors_of_memory(small: Path, root: Path, tmp_path: Path) -> None:
    told = run(root, tmp_path, "spark_features.py", small, "vectors.parquet")
    assert "260 vectors of " in told
    assert "the same as in memory: True" in told
    assert len(pd.read_parquet(tmp_path / "vectors.parquet")) == 260

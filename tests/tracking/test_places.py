"""A file is named as seen from the store, so that a home's path is kept nowhere."""

from pathlib import Path

import pytest

from icans_risk.tracking import find_place, name_place


def test_a_study_is_named_from_the_folder_of_its_store(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path}/mlruns/mlflow.db"
    study = tmp_path / "configs" / "study.yaml"
    assert name_place(study, uri) == "../configs/study.yaml"
    assert find_place("../configs/study.yaml", uri) == study


def test_both_can_be_moved_together(tmp_path: Path) -> None:
    named = name_place(tmp_path / "a" / "study.yaml", f"sqlite:///{tmp_path}/a/mlruns/mlflow.db")
    moved = f"sqlite:///{tmp_path}/b/mlruns/mlflow.db"
    assert find_place(named, moved) == tmp_path / "b" / "study.yaml"


def test_a_shared_store_learns_nothing_of_folders_above(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "jane.doe" / "project"
    project.mkdir(parents=True)
    monkeypatch.chdir(project)
    shared = "https://tracking.example.org"
    assert name_place(project / "configs" / "study.yaml", shared) == "configs/study.yaml"
    assert name_place(tmp_path / "jane.doe" / "other.yaml", shared) == "other.yaml"
    assert find_place("configs/study.yaml", shared) == project / "configs" / "study.yaml"


def test_a_place_that_an_earlier_version_kept_is_found(tmp_path: Path) -> None:
    lay = tmp_path / "study.yaml"
    assert find_place(str(lay), f"sqlite:///{tmp_path}/elsewhere/mlflow.db") == lay

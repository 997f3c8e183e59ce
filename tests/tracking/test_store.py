"""The tracking store is made once, kept private, and never used half-made."""

import multiprocessing
import sqlite3
import stat
from pathlib import Path

import pytest

from icans_risk.errors import TrackingError
from icans_risk.tracking import open_store
from store_template import copy_store


def test_a_fresh_store_is_made_with_its_artifacts_beside_it(tmp_path: Path) -> None:
    from mlflow import MlflowClient

    database, artifacts = tmp_path / "mlruns" / "mlflow.db", tmp_path / "mlruns" / "artifacts"
    store = open_store(f"sqlite:///{database}", artifacts=artifacts, experiment="study")
    experiment = MlflowClient(store.uri).get_experiment(store.experiment_id)
    assert experiment.name == "study"
    assert experiment.artifact_location == artifacts.resolve().as_uri()
    assert stat.S_IMODE(database.stat().st_mode) == 0o600
    assert stat.S_IMODE(artifacts.stat().st_mode) == 0o700


def test_opening_again_finds_the_same_experiment(store_template: Path, tmp_path: Path) -> None:
    uri = copy_store(store_template, tmp_path)
    first, again = (
        open_store(uri, artifacts=tmp_path / "artifacts", experiment="s") for _ in range(2)
    )
    assert first == again


def test_telemetry_is_off(store_template: Path, tmp_path: Path) -> None:
    import os

    uri = copy_store(store_template, tmp_path)
    open_store(uri, artifacts=tmp_path / "artifacts", experiment="s")
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"


@pytest.mark.parametrize("uri", ["mlruns", "./mlruns", "file:///tmp/mlruns"])
def test_a_plain_folder_is_refused(uri: str, tmp_path: Path) -> None:
    with pytest.raises(TrackingError, match="expected a tracking URI"):
        open_store(uri, artifacts=tmp_path, experiment="s")


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    database = tmp_path / "mlflow.db"
    database.write_text("not a database, but somebody's only copy of something")
    with pytest.raises(TrackingError, match="not a SQLite database"):
        open_store(f"sqlite:///{database}", artifacts=tmp_path / "a", experiment="s")
    assert database.read_text().startswith("not a database")


def test_a_half_made_database_is_refused(tmp_path: Path) -> None:
    database = tmp_path / "mlflow.db"
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE experiments (id INTEGER)")
    connection.close()
    with pytest.raises(TrackingError, match="left half-made"):
        open_store(f"sqlite:///{database}", artifacts=tmp_path / "a", experiment="s")


def _open(folder: Path) -> str:
    uri = f"sqlite:///{folder}/mlflow.db"
    return open_store(uri, artifacts=folder / "artifacts", experiment="s").experiment_id


@pytest.mark.slow
def test_four_processes_may_start_on_an_empty_folder(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        assert len(set(pool.map(_open, [tmp_path] * 4))) == 1

"""The tracking store is made once, kept private, and never used half-made."""

import importlib
import sqlite3
import stat
from pathlib import Path
from unittest.mock import Mock

import pandas as pd
import pytest

from icans_risk.errors import TrackingError
from icans_risk.tracking import open_store, shown
from icans_risk.workflow.develop import develop
from store_template import copy_store

ROOT = Path(__file__).parents[2]


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


def test_a_draft_that_a_kill_left_is_in_nobodys_way(tmp_path: Path) -> None:
    for name in (".mlflow.db.partial", ".mlflow.db.partial-journal"):
        (tmp_path / name).write_bytes(b"half of a database")
    open_store(f"sqlite:///{tmp_path}/mlflow.db", artifacts=tmp_path / "a", experiment="s")
    assert {path.name for path in tmp_path.iterdir()} == {"mlflow.db", "mlflow.db.lock", "a"}


def test_a_store_that_cannot_be_reached_is_told_before_anything_is_fitted(
    study_file: Path, tmp_path: Path
) -> None:
    (tmp_path / "mlflow.db").write_text("not a database")
    for uri in (f"sqlite:///{tmp_path}/mlflow.db", "postgresql+psycopg://127.0.0.1:1/none"):
        seen = Mock()
        with pytest.raises(TrackingError, match=r"not a SQLite database|cannot be used"):
            develop(study_file, tracking_uri=uri, artifacts=tmp_path / "a", progress=seen)
        seen.stage.assert_called_once_with("reading the cohort", steps=None)
        assert [path.name for path in tmp_path.iterdir()] == ["mlflow.db"]


@pytest.mark.parametrize(
    ("uri", "told"),
    [
        ("postgresql+psycopg://ada:s%40cret@db.example/runs", "postgresql+psycopg://db.example/runs"),
        ("postgresql://ada:s@cret@db.example/runs", "postgresql://db.example/runs"),
        ("https://token@db.example", "https://db.example"),
        ("postgresql://db.example/runs?user=a&password=secret&x=1",
         "postgresql://db.example/runs?user=a&password=...&x=1"),
        ("sqlite:////home/a@b/mlflow.db", "sqlite:////home/a@b/mlflow.db"),
    ],
)  # fmt: skip
def test_what_is_printed_of_an_address_has_no_password(uri: str, told: str) -> None:
    assert shown(uri) == told
    assert shown(f"({uri}) failed, see /home/a@b") == f"({told}) failed, see /home/a@b"


@pytest.mark.slow
def test_eight_processes_that_make_a_store_together_lose_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Its processes have to find it by its name.
    monkeypatch.syspath_prepend(ROOT / "benchmarks" / "studies")
    table = importlib.import_module("cold_start").run(repetitions=3, seed=4)
    assert (table["runs"] == 8 * 3 * 3).all()
    assert (table["metrics"] == 8 * 3 * 3 * 20).all()
    assert (table["failed"] == 0).all()
    assert table["is_whole"].all()


def test_the_committed_table_of_cold_starts_has_no_loss() -> None:
    table = pd.read_csv(ROOT / "benchmarks" / "studies" / "cold_start.csv")
    assert len(table) >= 20
    assert (table["runs"] == table["runs_given"]).all()
    assert (table["metrics"] == table["metrics_given"]).all()
    assert (table["failed"] == 0).all()
    assert table["is_whole"].all()

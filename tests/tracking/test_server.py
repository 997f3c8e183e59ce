"""A tracking server of MLflow in another process: runs and models go through HTTP alone."""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from icans_risk.errors import TrackingError
from icans_risk.tracking import RunRecord, log_run, open_store
from mlflow_server import serving
from tracking.whole_way import PROGRAM, go

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("quiet")]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Its address, and the folder that only the server itself looks into."""
    home = tmp_path_factory.mktemp("server")
    arguments = ["--backend-store-uri", f"sqlite:///{home}/mlflow.db"]
    arguments += ["--artifacts-destination", str(home / "kept"), "--workers", "1"]
    with serving("server", arguments, home) as address:
        yield address, home


def test_a_study_is_developed_registered_promoted_scored_and_withdrawn(
    server: tuple[str, Path], small_files: Path, tmp_path: Path
) -> None:
    address, home = server
    told = go(address, small_files, tmp_path, environment=os.environ)
    assert told.promoted["is_promoted"]
    assert len(told.scored["predictions"]) > 50
    assert told.developed["mlflow_ui"] == told.developed["paths"]["tracking"] == address
    (kept,) = told.developed["paths"]["models"].values()
    assert kept.startswith("mlflow-artifacts:/")
    # Beside what was asked for, the reports alone are on this side.
    assert {path.name for path in tmp_path.iterdir()} == {
        "reports", "develop.json", "register.json", "promote.json", "risks.json",
    }  # fmt: skip
    assert len(list((home / "kept").rglob("model.json"))) == 2
    model = "models:/demo-72h@champion"
    at = ["--tracking-uri", address]
    withdraw = [*PROGRAM, "withdraw", model, "--because", "made up", *at]
    assert subprocess.run(withdraw, cwd=tmp_path, check=False).returncode == 0
    assert len(list((home / "kept").rglob("withdrawn.json"))) == 2
    score = [*PROGRAM, "score", model, str(small_files / "new" / "cohort"), "--out", "no.json", *at]
    done = subprocess.run(score, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "made up" in done.stderr


def test_a_server_that_goes_away_is_one_line(tmp_path: Path) -> None:
    arguments = ["--backend-store-uri", f"sqlite:///{tmp_path}/mlflow.db", "--workers", "1"]
    with serving("server", arguments, tmp_path) as address:
        store = open_store(address, artifacts=tmp_path / "a", experiment="s")
        log_run(store, RunRecord("one", metrics={"auroc": 0.5}))
    started = time.monotonic()
    with pytest.raises(TrackingError, match="the store cannot be used") as refused:
        log_run(store, RunRecord("two"))
    assert "\n" not in str(refused.value)
    assert time.monotonic() - started < 60

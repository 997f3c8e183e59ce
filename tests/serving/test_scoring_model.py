"""MLflow serves the released model: as code and JSON, with the bits of training."""

import json
import os
import pickle
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from icans_risk.serving import score
from icans_risk.serving.records import to_arrow
from icans_risk.serving.wire import wire_rows
from icans_risk.tracking import RunRecord, log_run, open_store
from serving.example import Example
from store_template import copy_store


@pytest.fixture(scope="module")
def logged(
    tmp_path_factory: pytest.TempPathFactory, store_template: Path, example: Example
) -> Path:
    """The folder in which MLflow keeps the model."""
    folder = tmp_path_factory.mktemp("logged")
    uri = copy_store(store_template, folder)
    store = open_store(uri, artifacts=folder / "artifacts", experiment="s")
    log_run(store, RunRecord("booster", scoring_model=example.models[0]))
    (found,) = folder.glob("artifacts/models/m-*/artifacts")
    return found


@pytest.fixture(scope="module")
def answers(example: Example) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = to_arrow(
        score(example.cohort, [example.served], data_kind="synthetic")
    ).to_pylist()
    return records


def test_nothing_is_pickled_and_no_patient_is_in_the_example(
    logged: Path, example: Example
) -> None:
    files = [path for path in logged.rglob("*") if path.is_file()]
    names = {path.name for path in files}
    assert {"pyfunc_model.py", "model.json", "manifest.json", "input_example.json"} <= names
    assert not [name for name in names if name.endswith((".pkl", ".ubj", ".skops", ".pickle"))]
    ids = {str(name) for name in example.trained_on.episodes["episode_id"]}
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert not [name for name in ids if f'"{name}"' in text], path.name
    assert "SYNTHETIC-EXAMPLE" in (logged / "input_example.json").read_text()


def test_the_loaded_model_answers_with_the_bits_of_file_scoring(
    logged: Path,
    example: Example,
    answers: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import mlflow.pyfunc

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("something was unpickled")

    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
    model = mlflow.pyfunc.load_model(str(logged))
    monkeypatch.setattr(pickle, "loads", refuse)
    monkeypatch.setattr(pickle, "load", refuse)
    told = model.predict(wire_rows(example.cohort), params={"data_kind": "synthetic"})
    assert told == answers
    assert {row["risk"] for row in model.predict(wire_rows(example.cohort))} == {None}


def test_a_stored_model_that_was_damaged_does_not_load(logged: Path, tmp_path: Path) -> None:
    import shutil

    import mlflow.pyfunc

    from icans_risk.errors import ModelError

    copy = tmp_path / "copy"
    shutil.copytree(logged, copy)
    (file,) = copy.rglob("model.json")
    content = file.read_bytes()
    file.write_bytes(content.replace(b'"intercept"', b'"interceps"', 1))
    with pytest.raises((ModelError, Exception), match="damaged"):
        mlflow.pyfunc.load_model(str(copy))


@pytest.mark.slow
def test_the_server_answers_with_the_same_bits(
    logged: Path, example: Example, answers: list[dict[str, Any]], tmp_path: Path
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    scripts = str(Path(sys.executable).parent)
    environment = os.environ | {
        "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
        "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path}/none.db",
    }
    command = [
        sys.executable, "-m", "mlflow", "models", "serve", "-m", str(logged), "-p", str(port),
        "--env-manager", "local", "--host", "127.0.0.1",
    ]  # fmt: skip
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(
            command, env=environment, cwd=tmp_path, stdout=log, stderr=log, start_new_session=True
        )
    try:
        wait_for(port, server, tmp_path / "log")
        rows = wire_rows(example.cohort)
        told = ask(port, rows, {"data_kind": "synthetic"})
        assert told == answers
        spoilt = rows.iloc[:3].copy()
        spoilt.loc[1, "events"] = "MRN-123456"
        mixed = ask(port, spoilt, {"data_kind": "synthetic"})
        assert sum(row["status"] == "unreadable" for row in mixed) == 1
        assert "MRN" not in json.dumps(mixed)
    finally:
        os.killpg(server.pid, 15)
        server.wait(timeout=30)


def wait_for(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 240
    while time.monotonic() < until:
        assert server.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/ping", timeout=5):
                return
        except OSError:
            time.sleep(0.5)
    raise AssertionError(log.read_text())


def ask(port: int, rows: pd.DataFrame, params: dict[str, str]) -> list[dict[str, Any]]:
    body = json.dumps({"dataframe_split": rows.to_dict("split"), "params": params})
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/invocations",
        data=body.encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=120) as response:
        predictions: list[dict[str, Any]] = json.loads(response.read())["predictions"]
        return predictions

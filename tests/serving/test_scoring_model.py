"""MLflow serves the released model: as code and JSON, with the bits of training."""

import json
import pickle
import urllib.request
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from icans_risk.serving import score
from icans_risk.serving.records import to_arrow
from icans_risk.serving.wire import wire_rows
from serving.example import Example
from serving.servers import mlflow_server


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


def test_a_refusal_holds_its_sentence_alone_whatever_the_server_adds(
    logged: Path, example: Example, caplog: pytest.LogCaptureFixture
) -> None:
    import mlflow.pyfunc
    from mlflow.pyfunc.scoring_server import invocations

    model = mlflow.pyfunc.load_model(str(logged))
    rows = wire_rows(example.cohort).iloc[:2].assign(**{"Jane Doe": "MRN-123456"})
    for spoilt in (rows.drop(columns="events"), rows.iloc[:0], rows[["Jane Doe"]]):
        body = json.dumps({"dataframe_split": spoilt.to_dict("split")})
        with pytest.raises(mlflow.MlflowException) as error:
            invocations(body, "application/json", model, model.metadata.get_input_schema())
        assert error.value.get_http_status_code() == 400
        told = json.loads(error.value.serialize_as_json())
        assert set(told) == {"error_code", "message"}
        assert told["message"].startswith("expected 1 to 10000 rows with the columns")
        assert "Jane" not in told["message"] + caplog.text
        assert "MRN" not in told["message"] + caplog.text


@pytest.mark.parametrize("cell", [None, 98765.4321, ["MRN-123456"], {"MRN-123456": 1}, True])
def test_a_cell_that_is_no_text_costs_its_own_answer(
    logged: Path, example: Example, answers: list[dict[str, Any]], cell: Any
) -> None:
    """A signature of text would make MLflow refuse them all, and repeat the cell."""
    import mlflow.pyfunc

    model = mlflow.pyfunc.load_model(str(logged))
    rows = wire_rows(example.cohort).iloc[:3].astype(object)
    rows.at[1, "events"] = cell
    told = model.predict(rows, params={"data_kind": "synthetic"})
    assert [told[0], told[2]] == [answers[0], answers[2]]
    assert told[1]["status"] == "unreadable"
    assert "MRN" not in json.dumps(told[1])


@pytest.mark.slow
def test_the_server_answers_with_the_same_bits(
    logged: Path, example: Example, answers: list[dict[str, Any]], tmp_path: Path
) -> None:
    with mlflow_server(logged, tmp_path) as port:
        rows = wire_rows(example.cohort)
        told = ask(port, rows, {"data_kind": "synthetic"})
        assert told == answers
        spoilt = rows.iloc[:3].copy()
        spoilt.loc[1, "events"] = "MRN-123456"
        mixed = ask(port, spoilt, {"data_kind": "synthetic"})
        assert [row["status"] == "unreadable" for row in mixed] == [False, True, False]
        assert "MRN" not in json.dumps(mixed)


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

"""A run says what went in and what came out, and holds nothing that names a patient."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient

from icans_risk.study import load_study
from icans_risk.tracking import RunRecord, log_run, open_store
from icans_risk.workflow.reading import read_cohort
from store_template import copy_store


@pytest.fixture
def client(developed: Any) -> MlflowClient:
    return MlflowClient(developed.tracking_uri)


def children(client: MlflowClient, developed: Any) -> dict[str, Any]:
    run = client.get_run(developed.summary["run_id"])
    found = client.search_runs(
        [run.info.experiment_id], f"tags.mlflow.parentRunId = '{run.info.run_id}'"
    )
    return {child.data.tags["model"]: child for child in found}


def test_the_run_tells_the_study(client: MlflowClient, developed: Any) -> None:
    run = client.get_run(developed.summary["run_id"])
    assert run.info.status == "FINISHED"
    assert run.data.tags["cohort_hash"] == developed.summary["cohort_hash"]
    assert run.data.tags["data_kind"] == "real"
    assert run.data.params["treatment_policy"] == "ignore"
    assert run.data.params["end_of_observation"] == "discharged_well"
    assert "sample is too small" in run.data.tags["mlflow.note.content"]


def test_every_model_is_a_child_with_intervals(client: MlflowClient, developed: Any) -> None:
    found = children(client, developed)
    assert set(found) == {
        "booster", "prevalence", "product", "current_crs_and_product", "current_icans",
        "penalised_logistic",
    }  # fmt: skip
    summary = developed.summary["landmarks"][0]["models"]["booster"]["metrics"]["auroc"]
    metrics = found["booster"].data.metrics
    assert metrics["auroc"] == summary["estimate"]
    assert metrics["auroc_low"] < metrics["auroc"] < metrics["auroc_high"]
    assert metrics["calibration_slope_low"] < metrics["calibration_slope_high"]


def test_what_is_not_estimable_is_named_and_not_a_number(
    client: MlflowClient, developed: Any
) -> None:
    prevalence = children(client, developed)["prevalence"]
    assert "calibration_slope" not in prevalence.data.metrics
    assert "calibration_slope" in prevalence.data.tags["not_estimable"]


def test_the_study_file_figures_and_tables_are_kept(
    client: MlflowClient, developed: Any, study_file: Path
) -> None:
    run_id = developed.summary["run_id"]
    folders = ("study", "figures/72h", "explanation/72h")
    kept = {a.path for folder in folders for a in client.list_artifacts(run_id, folder)}
    assert kept == {
        "study/nulisa80.yaml", "study/summary.json", "study/quality.json", "study/features.json",
        "study/provenance.json", "study/feature_dictionary.csv", "study/settings.json",
        "figures/72h/calibration.png", "figures/72h/comparison.png",
        "figures/72h/contributions.png", "figures/72h/risk_distribution.png",
        "figures/72h/calibration_band.png", "figures/72h/decision_curve.png",
        "figures/72h/prediction_instability.png", "figures/72h/calibration_instability.png",
        "figures/72h/decision_instability.png", "figures/72h/beeswarm.png",
        "figures/72h/importance.png", "figures/72h/dependence.png",
        "figures/72h/modality_by_window.png", "explanation/72h/inputs.csv",
        "explanation/72h/columns.csv", "explanation/72h/modality_by_window.csv",
    }  # fmt: skip
    copy = Path(client.download_artifacts(run_id, "study/nulisa80.yaml"))
    assert copy.read_bytes() == study_file.read_bytes()


@pytest.fixture
def model_folder(developed: Any) -> Path:
    (found,) = developed.folder.glob("mlruns/artifacts/models/m-*/artifacts")
    return Path(found)


def test_the_model_is_code_and_json_with_a_signature_and_without_rows(model_folder: Path) -> None:
    files = {path.name for path in model_folder.rglob("*") if path.is_file()}
    assert {"model.json", "manifest.json", "pyfunc_model.py"} <= files
    assert not {name for name in files if name.endswith((".pkl", ".ubj", ".skops"))}
    assert "SYNTHETIC-EXAMPLE" in (model_folder / "input_example.json").read_text()
    text = (model_folder / "MLmodel").read_text()
    assert '{"type": "any", "name": "episode", "required": false}' in text


def test_the_logged_model_answers_with_pickles_forbidden(
    model_folder: Path, study_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mlflow.pyfunc

    from icans_risk.serving.wire import wire_rows

    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
    cohort, _ = read_cohort(load_study(study_file))
    told = mlflow.pyfunc.load_model(str(model_folder)).predict(wire_rows(cohort))
    assert len(told) == 80
    answered = [row["risk"] for row in told if row["status"] == "answered"]
    assert len(answered) > 60
    assert all(0 < risk < 1 for risk in answered)


def test_no_identifier_reaches_the_store_or_the_summary(developed: Any, study_file: Path) -> None:
    cohort, _ = read_cohort(load_study(study_file))
    names = [name.encode() for name in cohort.episodes["patient_id"]]
    files = [p for p in (developed.folder / "mlruns").rglob("*") if p.is_file()]
    assert len(files) > 10
    for file in [*files, developed.pages / "quality.html"]:
        content = file.read_bytes()
        assert not [name for name in names if name in content], file.name
    assert not [name for name in names if name.decode() in json.dumps(developed.summary)]


def test_a_failure_inside_a_run_closes_it_as_failed(store_template: Path, tmp_path: Path) -> None:
    uri = copy_store(store_template, tmp_path)
    store = open_store(uri, artifacts=tmp_path / "artifacts", experiment="s")
    broken = RunRecord("broken", files={"study": tmp_path / "absent.yaml"})
    with pytest.raises(OSError, match=r"absent\.yaml"):
        log_run(store, broken)
    (run,) = MlflowClient(uri).search_runs([store.experiment_id])
    assert run.info.status == "FAILED"


def test_nested_records_become_nested_runs(store_template: Path, tmp_path: Path) -> None:
    uri = copy_store(store_template, tmp_path)
    store = open_store(uri, artifacts=tmp_path / "artifacts", experiment="s")
    table = pd.DataFrame({"x": np.arange(3)})
    child = RunRecord("child", parameters={"a": 1}, metrics={"auroc": 0.5, "slope": float("nan")})
    run_id = log_run(store, RunRecord("parent", tables={"t.csv": table}, children=[child]))
    client = MlflowClient(uri)
    (found,) = client.search_runs([store.experiment_id], f"tags.mlflow.parentRunId = '{run_id}'")
    assert found.data.metrics == {"auroc": 0.5}
    assert found.data.tags["not_estimable"] == "slope"
    assert pd.read_csv(client.download_artifacts(run_id, "t.csv")).equals(table)

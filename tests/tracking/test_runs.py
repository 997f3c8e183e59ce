"""A run says what went in and what came out, and holds nothing that names a patient."""

import json
import socket
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient

from icans_risk.study import load_study
from icans_risk.tracking import DatasetRecord, RunRecord, log_run, open_store
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
    # The interface prints every digit that it finds; all of them are in the summary.
    assert metrics["auroc"] == round(summary["estimate"], 4)
    assert metrics["auroc_low"] < metrics["auroc"] < metrics["auroc_high"]
    assert metrics["calibration_slope_low"] < metrics["calibration_slope_high"]


def test_the_same_names_stand_at_every_model(client: MlflowClient, developed: Any) -> None:
    found = children(client, developed)
    named = {
        name: {*run.data.metrics, *filter(None, run.data.tags.get("not_estimable", "").split(", "))}
        for name, run in found.items()
    }
    assert all(names == named["booster"] for names in named.values())
    assert {"calibration_slope", "net_benefit_20", "net_benefit_20_low", "ici"} <= named["product"]
    for run in found.values():
        kept = {file.path for file in client.list_artifacts(run.info.run_id)}
        assert kept == {
            "calibration.png", "decision_curve.png", "risk_distribution.png",
            "metrics.csv", "decision_curve.csv", "images",
        }  # fmt: skip
        # Once more for the charts of several runs, each with a small copy.
        images = [file.path for file in client.list_artifacts(run.info.run_id, "images")]
        assert sorted(image.partition("+")[0] for image in images) == sorted(
            2 * ["images/calibration", "images/decision_curve", "images/risk_distribution"]
        )


def test_net_benefit_is_that_of_the_decision_curve(client: MlflowClient, developed: Any) -> None:
    (landmark,) = developed.summary["landmarks"]
    curve = {(row["model"], row["threshold"]): row for row in landmark["assessment"]["decision"]}
    for name, run in children(client, developed).items():
        row = curve[name, 0.2]
        kept = [run.data.metrics[f"net_benefit_20{end}"] for end in ("", "_low", "_high")]
        assert kept == [round(row[key], 4) for key in ("net_benefit", "low", "high")]


def test_audit_verdicts_are_tags_of_the_model_that_was_audited(
    client: MlflowClient, developed: Any
) -> None:
    audit = developed.summary["landmarks"][0]["audit"]
    found = children(client, developed)
    tags = found.pop("booster").data.tags
    assert tags["audit"] == audit["verdict"]
    for finding in audit["findings"]:
        assert tags[f"audit_{finding['check']}"] == finding["verdict"]
    assert {run.data.tags["audit"] for run in found.values()} == {"not audited"}


def test_a_description_begins_with_the_headline(client: MlflowClient, developed: Any) -> None:
    run = children(client, developed)["booster"]
    first = run.data.tags["mlflow.note.content"].splitlines()[0]
    assert first.startswith("**Research use only.** Gradient-boosted trees at 72 h: AUROC 0.")
    low, high = (run.data.metrics[f"auroc_{end}"] for end in ("low", "high"))
    assert f"AUROC {run.data.metrics['auroc']:.2f} ({low:.2f} to {high:.2f})" in first
    assert "79 patients, 11 events. **Audit: not assessable.** " in first


def test_runs_are_of_a_dataset_that_is_a_digest_and_counts(
    client: MlflowClient, developed: Any
) -> None:
    for run_id in (developed.summary["run_id"], *_ids(client, developed)):
        (made_of,) = client.get_run(run_id).inputs.dataset_inputs
        dataset = made_of.dataset
        assert (dataset.name, dataset.source_type) == ("cohort", "real")
        assert dataset.digest == developed.summary["cohort_hash"][:36]
        assert json.loads(dataset.source) == {"cohort_hash": developed.summary["cohort_hash"]}
        assert json.loads(dataset.profile) == developed.summary["cohort"]


def _ids(client: MlflowClient, developed: Any) -> list[str]:
    return [run.info.run_id for run in children(client, developed).values()]


def test_a_released_model_has_the_metrics_of_its_run(client: MlflowClient, developed: Any) -> None:
    run = children(client, developed)["booster"]
    (model,) = client.search_logged_models([run.info.experiment_id])
    assert model.name == "72 h booster"
    assert model.source_run_id == run.info.run_id
    assert {metric.key: metric.value for metric in model.metrics} == run.data.metrics
    assert model.tags["audit"] == run.data.tags["audit"]
    assert model.params["landmark_h"] == "72.0"


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


def test_a_run_names_neither_user_nor_machine_nor_script(
    store_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME", "MLFLOW_TRACKING_USERNAME"):
        monkeypatch.setenv(name, "jane.doe")
    monkeypatch.setattr("sys.argv", ["/home/jane.doe/mine.py"])
    monkeypatch.setattr(socket, "gethostname", lambda: "janes-laptop")
    uri = copy_store(store_template, tmp_path)
    store = open_store(uri, artifacts=tmp_path / "artifacts", experiment="s")
    dataset = DatasetRecord("cohort", "c0" * 32, "real", {"patients": 3})
    child = RunRecord("child", dataset=dataset)
    run_id = log_run(store, RunRecord("run", dataset=dataset, children=[child]))
    tags = MlflowClient(uri).get_run(run_id).data.tags
    assert tags["mlflow.user"] == "not recorded"
    assert tags["mlflow.source.name"] == "icans-risk"
    # MLflow would name the commit of whatever repository the script lies in.
    assert tags["mlflow.source.git.commit"] == ""
    kept = (tmp_path / "mlflow.db").read_bytes()
    assert b"not recorded" in kept
    assert not [word for word in (b"jane", b"mine.py") if word in kept]


def test_the_path_of_the_study_leads_from_the_store(client: MlflowClient, developed: Any) -> None:
    run_id = developed.summary["run_id"]
    file = Path(client.download_artifacts(run_id, "study/provenance.json"))
    assert not Path(json.loads(file.read_text())["study_file"]).is_absolute()


def test_neither_tags_nor_parameters_hold_a_path(client: MlflowClient, developed: Any) -> None:
    runs = client.search_runs([developed.summary["experiment_id"]])
    assert len(runs) == 7
    for run in runs:
        told = {**run.data.tags, **run.data.params}
        assert not [key for key, value in told.items() if str(developed.folder.parent) in value]
        assert run.data.tags["mlflow.user"] == "not recorded"
    (model,) = client.search_logged_models([developed.summary["experiment_id"]])
    assert model.tags["mlflow.user"] == "not recorded"
    assert model.tags["mlflow.source.name"] == "icans-risk"


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

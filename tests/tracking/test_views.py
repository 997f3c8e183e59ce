"""An experiment offers views, and what somebody changed stays."""

import json
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from icans_risk.study import load_study
from icans_risk.tracking import SavedView, Store, describe_experiment, open_store
from icans_risk.workflow.run_views import list_views
from store_template import copy_store

PREFIX = "mlflow.sharedViewState."


@pytest.fixture
def store(store_template: Path, tmp_path: Path) -> Store:
    uri = copy_store(store_template, tmp_path)
    return open_store(uri, artifacts=tmp_path / "a", experiment="s")


def tags_of(store: Store) -> dict[str, str]:
    tags: dict[str, str] = MlflowClient(store.uri).get_experiment(store.experiment_id).tags
    return tags


def state_of(tags: dict[str, str], key: str) -> dict[str, Any]:
    state: dict[str, Any] = json.loads(json.loads(tags[PREFIX + key])["state"])
    return state


def test_a_view_filters_sorts_and_names_its_columns(store: Store) -> None:
    view = SavedView(
        "mine", "By slope", only="tags.run_kind = 'model'", order_by="metrics.calibration_slope",
        columns={"tags.model": 90, "metrics.auroc": 70}, images=("calibration",), bars=("auroc",),
        lines=("params.model", "metrics.auroc"),
    )  # fmt: skip
    describe_experiment(store, "How to look.", [view])
    tags = tags_of(store)
    assert tags["mlflow.note.content"] == "How to look."
    assert json.loads(tags[f"{PREFIX}mine"])["name"] == "By slope"
    state = state_of(tags, "mine")
    assert state["searchFilter"] == "tags.run_kind = 'model'"
    assert (state["orderByKey"], state["orderByAsc"]) == ("metrics.`calibration_slope`", True)
    assert state["selectedColumns"] == ["tags.`model`", "metrics.`auroc`"]
    kinds = [chart["type"] for chart in state["compareRunCharts"]]
    assert kinds == ["IMAGE", "BAR", "PARALLEL"]
    assert state["compareRunCharts"][0]["imageKeys"] == ["calibration"]
    sections = {section["uuid"] for section in state["compareRunSections"]}
    assert {chart["metricSectionId"] for chart in state["compareRunCharts"]} == sections


def test_what_somebody_changed_is_left_alone(store: Store) -> None:
    view = SavedView("mine", "Mine", only="", order_by="metrics.auroc", columns={})
    client = MlflowClient(store.uri)
    client.set_experiment_tag(store.experiment_id, "mlflow.note.content", "Ours.")
    client.set_experiment_tag(store.experiment_id, f"{PREFIX}mine", "changed")
    describe_experiment(store, "How to look.", [view])
    tags = tags_of(store)
    assert tags["mlflow.note.content"] == "Ours."
    assert tags[f"{PREFIX}mine"] == "changed"


def test_what_was_written_of_data_of_the_other_kind_is_replaced(store: Store) -> None:
    describe_experiment(store, "Synthetic.", [])
    describe_experiment(store, "Real.", [], instead_of=("Synthetic.", "Real."))
    assert tags_of(store)["mlflow.note.content"] == "Real."


def test_each_landmark_has_a_view_and_every_column_exists(developed: Any, study_file: Path) -> None:
    names = [view.name for view in list_views(load_study(study_file))]
    assert names == ["Models by calibration slope", "Models by AUROC", "Models at 72 h"]
    client = MlflowClient(developed.tracking_uri)
    tags = client.get_experiment(developed.summary["experiment_id"]).tags
    state = state_of(tags, "icans-72h")
    assert state["searchFilter"] == "tags.run_kind = 'model' and tags.landmark_h = '72'"
    found = client.search_runs([developed.summary["experiment_id"]], state["searchFilter"])
    assert len(found) == 6
    for column in state["selectedColumns"]:
        kind, _, name = column.replace("`", "").partition(".")
        values = [name in (run.data.tags if kind == "tags" else run.data.metrics) for run in found]
        assert any(values), column


def test_the_menu_has_the_views_in_their_order(store: Store, study_file: Path) -> None:
    describe_experiment(store, "", list_views(load_study(study_file)))
    told = [json.loads(value) for key, value in tags_of(store).items() if key.startswith(PREFIX)]
    # It puts the latest first.
    shown = [view["name"] for view in sorted(told, key=lambda view: -view["createdAt"])]
    assert shown == ["Models by calibration slope", "Models by AUROC", "Models at 72 h"]

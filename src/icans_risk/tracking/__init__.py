"""Runs and registered models in MLflow: the only room that imports it."""

from icans_risk.tracking.backend import check_reachable, has_store, who_shows
from icans_risk.tracking.dataset import DatasetRecord
from icans_risk.tracking.kept_models import fetch_model, list_models, mark_model
from icans_risk.tracking.mlflow_calls import shown
from icans_risk.tracking.places import find_place, name_place
from icans_risk.tracking.reading import (
    StoredRun,
    find_run,
    list_documents,
    read_document,
    read_text,
)
from icans_risk.tracking.registry import (
    CHALLENGER,
    CHAMPION,
    ModelVersion,
    add_version,
    find_alias,
    find_version,
    find_versions,
    give_alias,
    is_reference,
    tag_version,
)
from icans_risk.tracking.runs import RunRecord, artifact_folder, log_run
from icans_risk.tracking.store import TRACKING_URI, Store, open_store
from icans_risk.tracking.views import SavedView, describe_experiment

__all__ = [
    "CHALLENGER",
    "CHAMPION",
    "TRACKING_URI",
    "DatasetRecord",
    "ModelVersion",
    "RunRecord",
    "SavedView",
    "Store",
    "StoredRun",
    "add_version",
    "artifact_folder",
    "check_reachable",
    "describe_experiment",
    "fetch_model",
    "find_alias",
    "find_place",
    "find_run",
    "find_version",
    "find_versions",
    "give_alias",
    "has_store",
    "is_reference",
    "list_documents",
    "list_models",
    "log_run",
    "mark_model",
    "name_place",
    "open_store",
    "read_document",
    "read_text",
    "shown",
    "tag_version",
    "who_shows",
]

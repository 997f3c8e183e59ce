"""Runs in MLflow: the only room that imports it."""

from icans_risk.tracking.reading import (
    StoredRun,
    find_run,
    list_documents,
    read_document,
    read_text,
)
from icans_risk.tracking.runs import RunRecord, artifact_folder, log_run
from icans_risk.tracking.store import Store, open_store

__all__ = [
    "RunRecord",
    "Store",
    "StoredRun",
    "artifact_folder",
    "find_run",
    "list_documents",
    "log_run",
    "open_store",
    "read_document",
    "read_text",
]

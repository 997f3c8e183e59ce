"""Runs in MLflow: the only room that imports it."""

from icans_risk.tracking.runs import RunRecord, artifact_folder, log_run
from icans_risk.tracking.store import Store, open_store

__all__ = ["RunRecord", "Store", "artifact_folder", "log_run", "open_store"]

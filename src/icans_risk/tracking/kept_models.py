"""The released models that a run keeps: fetched, and marked where they lie."""

import shutil
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from icans_risk.errors import TrackingError
from icans_risk.tracking.client import changing, each, reading
from icans_risk.tracking.reading import PARENT, StoredRun, list_documents

__all__ = ["fetch_model", "list_models", "logged_models", "mark_model"]

_FOLDER = "models"
# Where MLflow puts the files that a logged model was given.
_GIVEN = "artifacts"


def list_models(run: StoredRun) -> tuple[str, ...]:
    """List the landmarks at which a run let a model out, such as ``72h``.

    Raises
    ------
    TrackingError
        If the run keeps no released model.
    """
    found = tuple(name.rpartition("/")[2] for name in list_documents(run, _FOLDER))
    if not found:
        parent = run.tags.get(PARENT)
        hint = f"Its study is run {parent[:8]}." if parent else "It let none out."
        raise TrackingError(f"run {run.run_id[:8]} keeps no released model. {hint}")
    return found


def fetch_model(run: StoredRun, landmark: str, folder: Path) -> Path:
    """Copy a released model of a run into a folder.

    Parameters
    ----------
    run : StoredRun
        From ``find_run``.
    landmark : str
        Such as ``72h``.
    folder : Path
        Must exist.

    Returns
    -------
    Path
        The model's folder.

    Raises
    ------
    TrackingError
        If the run let no model out at that landmark.
    """
    known = list_models(run)
    if landmark not in known:
        raise TrackingError(
            f"run {run.run_id[:8]} keeps no model at {landmark}; it has {', '.join(known)}."
        )
    with reading(run.store_uri) as client:
        return Path(client.download_artifacts(run.run_id, f"{_FOLDER}/{landmark}", str(folder)))


def logged_models(client: Any, run: StoredRun, landmark: str) -> Iterator[tuple[str, str]]:
    """Find what MLflow can serve of a run at a landmark: run of the model, and the model's id."""
    experiment = client.get_run(run.run_id).info.experiment_id
    of_landmark = (
        f"tags.`{PARENT}` = '{run.run_id}' AND tags.landmark_h = '{landmark.removesuffix('h')}'"
    )
    among = partial(each, experiment_ids=[experiment])
    for child in among(client.search_runs, filter_string=of_landmark):
        run_id = str(child.info.run_id)
        of_child = f"source_run_id = '{run_id}'"
        for model in among(client.search_logged_models, filter_string=of_child):
            yield run_id, str(model.model_id)


def mark_model(run: StoredRun, landmark: str, note: Path) -> None:
    """Put a file beside each copy of a released model that the store holds.

    Parameters
    ----------
    run : StoredRun
        Keeps the model.
    landmark : str
        Such as ``72h``.
    note : Path
        The file.
    """
    with (
        tempfile.TemporaryDirectory(prefix="icans-risk-") as draft,
        changing(run.store_uri) as client,
    ):
        # The file may be the one that is to be written.
        copy = shutil.copy(note, draft)
        client.log_artifact(run.run_id, copy, f"{_FOLDER}/{landmark}")
        for _, model in logged_models(client, run, landmark):
            for given in client.list_logged_model_artifacts(model, _GIVEN):
                client.log_model_artifact(model, copy, given.path)

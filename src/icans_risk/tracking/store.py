"""The tracking store: initialised once under a lock, private to its owner, never telling home."""

import logging
import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from icans_risk.errors import TrackingError

__all__ = [
    "LOCK_SECONDS",
    "SQLITE",
    "TRACKING_URI",
    "Store",
    "check_whole",
    "import_mlflow",
    "open_store",
    "refuse_plain_folder",
]

SQLITE = "sqlite:///"
# Where runs are kept unless somebody says otherwise.
TRACKING_URI = f"{SQLITE}mlruns/mlflow.db"
LOCK_SECONDS = 300
_TALKATIVE = (
    "alembic", "mlflow.models.model", "mlflow.pyfunc", "mlflow.store.db.utils", "mlflow.xgboost"
)  # fmt: skip


@dataclass(frozen=True)
class Store:
    """An opened tracking store.

    Attributes
    ----------
    uri : str
        Tracking URI, absolute if it is a file.
    experiment_id : str
        The experiment that runs go to.
    """

    uri: str
    experiment_id: str


def import_mlflow() -> Any:
    """Import MLflow with its telemetry off and its migration log quiet."""
    # MLflow reads these on import: a hospital's network is not told of its own runs.
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    os.environ["DO_NOT_TRACK"] = "true"
    # Reading a page of JSON is not worth a bar.
    os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
    import mlflow

    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.ERROR)
    return mlflow


def open_store(uri: str, *, artifacts: Path, experiment: str) -> Store:
    """Open the tracking store, making it and the experiment if they are not there.

    Several processes that start on an empty folder would each migrate the database and
    destroy it between them; a lock lets one do it and the others wait.

    Parameters
    ----------
    uri : str
        ``sqlite:///mlruns/mlflow.db`` or any tracking URI that MLflow knows.
    artifacts : Path
        Folder of the experiment's artifacts, for a SQLite store.
    experiment : str
        Name of the experiment.

    Returns
    -------
    Store
        Ready for runs.

    Raises
    ------
    TrackingError
        If the file store is asked for, or a database was left half-made.
    """
    if not uri.startswith(SQLITE):
        return _open_elsewhere(uri, experiment)
    database = Path(uri.removeprefix(SQLITE)).resolve()
    for folder in (database.parent, artifacts):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    uri = f"{SQLITE}{database}"
    with FileLock(f"{database}.lock", timeout=LOCK_SECONDS):
        check_whole(database)
        location = artifacts.resolve().as_uri()
        store = Store(uri, _experiment_id(uri, experiment, location=location))
        # Grades of patients are in reach of whoever reads a run.
        database.chmod(0o600)
    return store


def refuse_plain_folder(uri: str) -> None:
    """Refuse a folder in the place of a tracking URI."""
    if "://" not in uri or uri.startswith("file:"):
        raise TrackingError(
            f"expected a tracking URI such as {SQLITE}mlruns/mlflow.db, got {uri!r}. MLflow no "
            "longer keeps runs in plain folders."
        )


def check_whole(database: Path) -> None:
    """Refuse a SQLite file that is not MLflow's, or of which only a part was made."""
    if not database.exists() or database.stat().st_size == 0:
        return
    try:
        with closing(sqlite3.connect(database)) as connection:
            tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    except sqlite3.DatabaseError:
        raise TrackingError(f"{database}: not a SQLite database. Move it away.") from None
    if "alembic_version" not in tables or "registered_models" not in tables:
        raise TrackingError(
            f"{database}: expected MLflow's tables, the database was left half-made. "
            "Move it away and run again."
        )


def _open_elsewhere(uri: str, experiment: str) -> Store:
    refuse_plain_folder(uri)
    return Store(uri, _experiment_id(uri, experiment, location=None))


def _experiment_id(uri: str, experiment: str, *, location: str | None) -> str:
    client = import_mlflow().MlflowClient(tracking_uri=uri)
    found = client.get_experiment_by_name(experiment)
    if found is not None:
        return str(found.experiment_id)
    return str(client.create_experiment(experiment, artifact_location=location))

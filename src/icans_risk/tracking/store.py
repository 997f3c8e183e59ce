"""The tracking store: made once by one process, private to its owner."""

from dataclasses import dataclass
from pathlib import Path

from icans_risk.tracking.backend import (
    SQLITE,
    alone,
    is_database_server,
    make_database,
    refuse_plain_folder,
    sqlite_file,
)
from icans_risk.tracking.mlflow_calls import import_mlflow, in_one_line

__all__ = ["TRACKING_URI", "Store", "open_store"]

# Where runs are kept unless somebody says otherwise.
TRACKING_URI = f"{SQLITE}mlruns/mlflow.db"


@dataclass(frozen=True)
class Store:
    """An opened tracking store.

    Attributes
    ----------
    uri : str
        Tracking URI, absolute if it is a file. It may hold a password: see ``shown``.
    experiment_id : str
        The experiment that runs go to.
    """

    uri: str
    experiment_id: str


def open_store(uri: str, *, artifacts: Path, experiment: str) -> Store:
    """Open the tracking store, making it and the experiment if they are not there.

    Several processes that start on an empty folder or database would each migrate it and
    destroy it between them; a lock lets one do it and the others wait. One that is killed
    meanwhile leaves no half of it.

    Parameters
    ----------
    uri : str
        ``sqlite:///mlruns/mlflow.db``, ``postgresql+psycopg://...`` or any tracking URI that
        MLflow knows.
    artifacts : Path
        Folder of a new experiment's artifacts, unless an MLflow server keeps them.
    experiment : str
        Name of the experiment.

    Returns
    -------
    Store
        Ready for runs.

    Raises
    ------
    TrackingError
        If a plain folder is asked for, the store cannot be reached, or a database was left
        half-made.
    """
    file = sqlite_file(uri)
    if file is not None:
        _make_private(file.parent)
        uri = f"{SQLITE}{file}"
    with in_one_line(uri):
        if file is None and not is_database_server(uri):
            refuse_plain_folder(uri)
            return Store(uri, _experiment_id(uri, experiment, location=None))
        _make_private(artifacts)
        with alone(uri):
            make_database(uri, artifacts)
            location = artifacts.resolve().as_uri()
            return Store(uri, _experiment_id(uri, experiment, location=location))


def _make_private(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _experiment_id(uri: str, experiment: str, *, location: str | None) -> str:
    client = import_mlflow().MlflowClient(tracking_uri=uri)
    found = client.get_experiment_by_name(experiment)
    if found is not None:
        return str(found.experiment_id)
    return str(client.create_experiment(experiment, artifact_location=location))

"""One run in MLflow: what went in, what came out, and the model as plain JSON."""

import io
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from math import isfinite
from pathlib import Path
from typing import Any
from urllib.parse import urlparse
from urllib.request import url2pathname

import pandas as pd

from icans_risk.ending import Terminated, held_back
from icans_risk.tracking.dataset import DatasetRecord, dataset_entity, log_dataset
from icans_risk.tracking.mlflow_calls import import_mlflow, in_one_line
from icans_risk.tracking.reading import NOTE
from icans_risk.tracking.scoring_model import log_scoring_model
from icans_risk.tracking.stale import OWNER, close_stale_runs, owner
from icans_risk.tracking.store import Store

__all__ = ["RunRecord", "artifact_folder", "log_run"]

# What MLflow would look up by itself: an account, a file, and the commit of whatever repository
# that file lies in. Who ran a study, and where, is not the business of whoever reads the run.
_USER, _SOURCE, _COMMIT = "mlflow.user", "mlflow.source.name", "mlflow.source.git.commit"


@dataclass(frozen=True)
class RunRecord:
    """What one run says; children repeat the shape one level down.

    Attributes
    ----------
    name : str
        Run name.
    note : str
        Description in Markdown, which the interface shows first.
    parameters, tags : mapping of str to object
        Settings, and facts to filter by.
    dataset : DatasetRecord, optional
        What the run was made of, and what its metrics are of.
    metrics : mapping of str to float
        Figures; one that is not estimable is left out and named in a tag.
    files, folders : mapping of str to Path
        Artifact folder to a file that goes there, or to a folder whose content does.
    figures : mapping of str to Figure
        Artifact name to a matplotlib figure.
    gallery : mapping of str to Figure
        Name to a figure that other runs have under the same name: kept as ``NAME.png``, and once
        more where the interface shows the images of several runs side by side.
    tables, documents : mapping of str to DataFrame, mapping of str to dict
        Artifact name to a table (CSV) and to a document (JSON).
    texts : mapping of str to str
        Artifact name to a text.
    scoring_model : Path, optional
        Folder of a released model, logged so that MLflow can serve it.
    children : sequence of RunRecord
        Nested runs.
    """

    name: str
    note: str = ""
    parameters: Mapping[str, object] = field(default_factory=dict)
    tags: Mapping[str, object] = field(default_factory=dict)
    dataset: DatasetRecord | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    files: Mapping[str, Path] = field(default_factory=dict)
    folders: Mapping[str, Path] = field(default_factory=dict)
    figures: Mapping[str, Any] = field(default_factory=dict)
    gallery: Mapping[str, Any] = field(default_factory=dict)
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    documents: Mapping[str, Any] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    scoring_model: Path | None = None
    children: Sequence["RunRecord"] = ()


def log_run(store: Store, record: RunRecord) -> str:
    """Write a run and its children to the store.

    Runs of processes that were killed while they wrote are closed first. A request to end
    this one, or an interruption, closes its run as killed; it waits for what is being written,
    and a second one does not.

    Parameters
    ----------
    store : Store
        From ``open_store``.
    record : RunRecord
        What to write.

    Returns
    -------
    str
        Identifier of the outermost run.

    Raises
    ------
    TrackingError
        If the store, or the server that keeps it, refuses something or is gone.
    """
    mlflow = import_mlflow()
    mlflow.set_tracking_uri(store.uri)
    # `mlflow run` names a run of its own store here, which MLflow would take for this one.
    os.environ.pop("MLFLOW_RUN_ID", None)
    with in_one_line(store.uri), held_back() as let_end:
        close_stale_runs(mlflow.MlflowClient(tracking_uri=store.uri), store.experiment_id)
        return _Writer(mlflow, store.experiment_id, let_end).log(record)


def artifact_folder(store: Store, run_id: str, name: str) -> str:
    """Say where an artifact of a run lies: a path on this machine, or else an address."""
    root = str(
        import_mlflow().MlflowClient(tracking_uri=store.uri).get_run(run_id).info.artifact_uri
    )
    is_here = urlparse(root).scheme in ("", "file")
    return str(Path(url2pathname(urlparse(root).path)) / name) if is_here else f"{root}/{name}"


@dataclass(frozen=True)
class _Writer:
    """Writes runs; between two calls of MLflow a request to end may take its effect."""

    mlflow: Any
    experiment_id: str
    let_end: Callable[[], None]

    def log(self, record: RunRecord, *, parent: str | None = None) -> str:
        self.let_end()
        run = self.mlflow.start_run(
            experiment_id=self.experiment_id,
            run_name=record.name,
            nested=parent is not None,
            parent_run_id=parent,
            # From the first moment on, because a kill asks nobody.
            tags={OWNER: owner()} | _neutral(record),
        )
        run_id = str(run.info.run_id)
        with run:
            try:
                for call in self._calls(record, run_id=run_id):
                    call()
                    self.let_end()
            except (Terminated, KeyboardInterrupt):
                # If it cannot be closed any more, the next one to be logged closes it.
                with suppress(self.mlflow.exceptions.MlflowException):
                    self.mlflow.end_run("KILLED")
                raise
        return run_id

    def _calls(self, record: RunRecord, *, run_id: str) -> Iterator[Callable[[], object]]:
        finite = {name: value for name, value in record.metrics.items() if isfinite(value)}
        missing = sorted(set(record.metrics) - set(finite))
        tags = dict(record.tags) | ({"not_estimable": ", ".join(missing)} if missing else {})
        yield partial(self.mlflow.set_tags, tags | ({NOTE: record.note} if record.note else {}))
        yield partial(self.mlflow.log_params, dict(record.parameters))
        dataset = record.dataset and dataset_entity(self.mlflow, record.dataset)
        if dataset is not None:
            yield partial(log_dataset, self.mlflow, dataset, run_id)
        # The model before its metrics, which are kept with it as well as with the run.
        if record.scoring_model is None:
            yield partial(self.mlflow.log_metrics, finite, dataset=dataset)
        else:
            yield partial(self._model, record, finite, dataset=dataset)
        yield from self._artifacts(record)
        for child in record.children:
            yield partial(self.log, child, parent=run_id)

    def _artifacts(self, record: RunRecord) -> Iterator[Callable[[], object]]:
        for folder, file in record.files.items():
            yield partial(self.mlflow.log_artifact, str(file), artifact_path=folder or None)
        for name, folder_of_files in record.folders.items():
            yield partial(self.mlflow.log_artifacts, str(folder_of_files), artifact_path=name)
        for name, document in record.documents.items():
            yield partial(self.mlflow.log_dict, document, name)
        for name, figure in record.figures.items():
            yield partial(self.mlflow.log_figure, figure, name)
        for name, text in record.texts.items():
            yield partial(self.mlflow.log_text, text, name)
        for name, table in record.tables.items():
            yield partial(self.mlflow.log_text, table.to_csv(index=False), name)
        for name, figure in record.gallery.items():
            yield partial(self._image, figure, name)

    def _model(self, record: RunRecord, metrics: Mapping[str, float], *, dataset: Any) -> None:
        model_id = log_scoring_model(
            self.mlflow,
            record.scoring_model or Path(),
            name=record.name.replace(".", "_"),
            parameters=record.parameters,
            tags={**record.tags, **_neutral(record)},
        )
        self.mlflow.log_metrics(metrics, model_id=model_id, dataset=dataset)

    def _image(self, figure: Any, name: str) -> None:
        # MLflow brings it, and so does matplotlib.
        from PIL import Image

        drawn = io.BytesIO()
        figure.savefig(drawn, format="png")
        with Image.open(drawn) as image:
            self.mlflow.log_image(image, artifact_file=f"{name}.png")
            self.mlflow.log_image(image, key=name, synchronous=True)


def _neutral(record: RunRecord) -> dict[str, str]:
    """Say what MLflow would otherwise look up about user and machine."""
    commit = str(record.tags.get("git_commit", ""))
    return {_USER: "not recorded", _SOURCE: "icans-risk", _COMMIT: commit}

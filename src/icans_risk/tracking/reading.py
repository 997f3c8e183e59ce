"""Runs that are kept, read without leaving a trace in the store."""

import json
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from icans_risk.errors import TrackingError
from icans_risk.tracking.client import each, pages, reading
from icans_risk.tracking.mlflow_calls import shown

__all__ = [
    "NOTE",
    "PARENT",
    "StoredRun",
    "find_run",
    "list_documents",
    "read_document",
    "read_text",
]

_RUN_ID = re.compile(r"[0-9a-f]{8,32}")
_WHOLE = 32
_SHORT = 8
PARENT = "mlflow.parentRunId"
# What the interface shows as the description of a run or an experiment.
NOTE = "mlflow.note.content"


@dataclass(frozen=True)
class StoredRun:
    """A finished run of a store.

    Attributes
    ----------
    store_uri : str
        Tracking URI of the store.
    run_id : str
        The whole identifier.
    name : str
        Name of the run.
    tags : mapping of str to str
        Its tags.
    """

    store_uri: str
    run_id: str
    name: str
    tags: Mapping[str, str]


def find_run(store_uri: str, run_id: str) -> StoredRun:
    """Find a finished run in any experiment of a store, which is only read.

    Parameters
    ----------
    store_uri : str
        Tracking URI. Neither a database nor an experiment is made.
    run_id : str
        Identifier of the run, or its first characters: eight or more that fit no other.

    Returns
    -------
    StoredRun
        To be handed to ``read_document``.

    Raises
    ------
    TrackingError
        If there is no such store or run, several runs fit, or the run is not finished.
    """
    wanted = run_id.strip().lower()
    if not _RUN_ID.fullmatch(wanted):
        raise TrackingError(
            f"expected a run's identifier, or at least its first {_SHORT} characters (0-9, a-f), "
            f"got {run_id!r}. MLflow shows it, and `develop` names its folder of pages by it."
        )
    with reading(store_uri) as client:
        found = list(_runs_like(client, wanted))
    where = shown(store_uri)
    if not found:
        raise TrackingError(f"{where}: no run {wanted}. Name its store by --tracking-uri.")
    if len(found) > 1:
        raise TrackingError(
            f"{where}: {len(found)} runs begin with {wanted}. Give more characters."
        )
    (run,) = found
    if run.info.status != "FINISHED":
        raise TrackingError(
            f"{where}: run {run.info.run_id[:_SHORT]} is {run.info.status}, expected one that "
            "is FINISHED. Name another."
        )
    return StoredRun(store_uri, str(run.info.run_id), str(run.info.run_name), dict(run.data.tags))


def list_documents(run: StoredRun, folder: str) -> tuple[str, ...]:
    """List the artifacts of a run in one of its folders, by their full names, sorted."""
    with reading(run.store_uri) as client:
        return tuple(sorted(str(file.path) for file in client.list_artifacts(run.run_id, folder)))


def read_text(run: StoredRun, name: str) -> str:
    """Read a text that a run keeps.

    Parameters
    ----------
    run : StoredRun
        From ``find_run``.
    name : str
        Name of the artifact, such as ``study/summary.json``.

    Returns
    -------
    str
        Its content.

    Raises
    ------
    TrackingError
        If the run keeps no such artifact.
    """
    folder = name.rpartition("/")[0]
    kept = list_documents(run, folder)
    if name not in kept:
        parent = run.tags.get(PARENT)
        hint = (
            f"It is the part of one model; its study is run {parent[:_SHORT]}"
            if parent
            else f"Its folder {folder or '.'} holds {', '.join(kept) or 'nothing'}"
        )
        raise TrackingError(f"run {run.run_id[:_SHORT]} keeps no {name}. {hint}.")
    with (
        tempfile.TemporaryDirectory(prefix="icans-risk-") as draft,
        reading(run.store_uri) as client,
    ):
        return Path(client.download_artifacts(run.run_id, name, draft)).read_text(encoding="utf-8")


def read_document(run: StoredRun, name: str) -> dict[str, Any]:
    """Read a JSON document that a run keeps.

    Parameters
    ----------
    run : StoredRun
        From ``find_run``.
    name : str
        Name of the artifact, such as ``study/summary.json``.

    Returns
    -------
    dict
        Plain data.

    Raises
    ------
    TrackingError
        If the run keeps no such artifact, or it is no JSON object.
    """
    try:
        document = json.loads(read_text(run, name))
    except json.JSONDecodeError:
        document = None
    if not isinstance(document, dict):
        raise TrackingError(
            f"run {run.run_id[:_SHORT]}: {name} is no JSON object, so it was changed or damaged. "
            "Develop the study again."
        )
    return document


def _runs_like(client: Any, wanted: str) -> Iterator[Any]:
    for experiments in pages(client.search_experiments):
        ids = [experiment.experiment_id for experiment in experiments]
        fits = (
            f"attributes.run_id = '{wanted}'"
            if len(wanted) == _WHOLE
            else f"attributes.run_id LIKE '{wanted}%'"
        )
        yield from each(client.search_runs, experiment_ids=ids, filter_string=fits)

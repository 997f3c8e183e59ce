"""A store opened to be read (a file cannot be written then) or changed."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from icans_risk.tracking.backend import SQLITE, alone, check_there, sqlite_file
from icans_risk.tracking.mlflow_calls import import_mlflow, in_one_line

__all__ = ["changing", "each", "pages", "reading"]


@contextmanager
def reading(uri: str) -> Iterator[Any]:
    """Open a store for reading."""
    with in_one_line(uri):
        check_there(uri)
        file = sqlite_file(uri)
        # Spelt with its driver, because MLflow makes folders for what follows `sqlite:///`.
        address = uri if file is None else f"sqlite+pysqlite:///{file.as_uri()}?mode=ro&uri=true"
        yield import_mlflow().MlflowClient(tracking_uri=address, registry_uri=address)


@contextmanager
def changing(uri: str) -> Iterator[Any]:
    """Open a store that is there to change it: one process at a time where it can be locked."""
    with in_one_line(uri):
        check_there(uri)
        file = sqlite_file(uri)
        address = uri if file is None else f"{SQLITE}{file}"
        mlflow = import_mlflow()
        with alone(uri), _as_global(mlflow, address):
            yield mlflow.MlflowClient(tracking_uri=address, registry_uri=address)


def each(search: Any, **arguments: Any) -> Iterator[Any]:
    """Give what a search finds, one by one, however many pages it takes."""
    for page in pages(search, **arguments):
        yield from page


def pages(search: Any, **arguments: Any) -> Iterator[Any]:
    """Give what a search finds, page by page."""
    token = None
    while True:
        page = search(**arguments, page_token=token)
        yield page
        token = page.token
        if not token:
            return


@contextmanager
def _as_global(mlflow: Any, address: str) -> Iterator[None]:
    # A registry looks up the logged model of a new version in the store named last, not its own.
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(address)
    try:
        yield
    finally:
        mlflow.set_tracking_uri(before)

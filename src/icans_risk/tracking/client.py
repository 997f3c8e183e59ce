"""A store opened to be read or changed; what MLflow says in many lines is said in one."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock

from icans_risk.errors import TrackingError
from icans_risk.tracking.store import (
    LOCK_SECONDS,
    SQLITE,
    check_whole,
    import_mlflow,
    refuse_plain_folder,
)

__all__ = ["changing", "has_store", "pages", "reading", "shown"]


def has_store(uri: str) -> bool:
    """Tell whether a store may be there: a file that is, or an address, which is not asked."""
    database = _database(uri)
    return database is None or (database.is_file() and database.stat().st_size > 0)


@contextmanager
def reading(uri: str) -> Iterator[Any]:
    """Open a store for reading."""
    database = _database(uri)
    if database is None:
        refuse_plain_folder(uri)
        address = uri
    else:
        _check_there(uri, database)
        # Spelt with its driver, because MLflow makes folders for what follows `sqlite:///`.
        address = f"sqlite+pysqlite:///{database.as_uri()}?mode=ro&uri=true"
    mlflow = import_mlflow()
    with _in_one_line(uri, mlflow):
        yield mlflow.MlflowClient(tracking_uri=address, registry_uri=address)


@contextmanager
def changing(uri: str) -> Iterator[Any]:
    """Open a store that is there to change it: one process at a time where it is a file."""
    database = _database(uri)
    mlflow = import_mlflow()
    with ExitStack() as stack:
        if database is None:
            refuse_plain_folder(uri)
            address = uri
        else:
            _check_there(uri, database)
            address = f"{SQLITE}{database}"
            stack.enter_context(FileLock(f"{database}.lock", timeout=LOCK_SECONDS))
        stack.enter_context(_in_one_line(uri, mlflow))
        stack.enter_context(_as_global(mlflow, address))
        yield mlflow.MlflowClient(tracking_uri=address, registry_uri=address)


def pages(search: Any, **arguments: Any) -> Iterator[Any]:
    """Give what a search finds, page by page."""
    token = None
    while True:
        page = search(**arguments, page_token=token)
        yield page
        token = page.token
        if not token:
            return


def shown(uri: str) -> str:
    """Leave a user's name and password out of what is printed."""
    return re.sub(r"//[^/@\s]*@", "//", uri)


def _database(uri: str) -> Path | None:
    return Path(uri.removeprefix(SQLITE)).resolve() if uri.startswith(SQLITE) else None


def _check_there(uri: str, database: Path) -> None:
    if not has_store(uri):
        raise TrackingError(f"{uri}: no such tracking store. Name another by --tracking-uri.")
    check_whole(database)


@contextmanager
def _as_global(mlflow: Any, address: str) -> Iterator[None]:
    # A registry looks up the logged model of a new version in the store named last, not its own.
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(address)
    try:
        yield
    finally:
        mlflow.set_tracking_uri(before)


@contextmanager
def _in_one_line(uri: str, mlflow: Any) -> Iterator[None]:
    # MLflow brings it, and lets its errors through while it opens a database.
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    # A driver that is not installed is an ImportError.
    except (mlflow.exceptions.MlflowException, SQLAlchemyError, ImportError) as error:
        first = shown(str(error).strip().partition("\n")[0])
        raise TrackingError(
            f"{shown(uri)}: the store cannot be used ({first}). Look whether it is there "
            "and of the installed version of MLflow."
        ) from None

"""What a store stands on: a SQLite file, a database server, or an MLflow server."""

import shlex
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from icans_risk.errors import TrackingError
from icans_risk.tracking.mlflow_calls import import_mlflow, in_one_line, shown

__all__ = [
    "LOCK_SECONDS",
    "SQLITE",
    "alone",
    "check_reachable",
    "check_there",
    "has_store",
    "is_database_server",
    "make_database",
    "refuse_plain_folder",
    "sqlite_file",
    "who_shows",
]

SQLITE = "sqlite:///"
LOCK_SECONDS = 300
_SERVERS = ("postgresql", "mysql", "mssql")
# Only processes of this package ask for this lock; its number is of no meaning to PostgreSQL.
_ADVISORY = int.from_bytes(b"icans_rk")
_CONNECT_SECONDS = 10
# The oldest and one of the later tables: both are there once all of them are.
_TABLES = {"alembic_version", "registered_models"}


def sqlite_file(uri: str) -> Path | None:
    """Return the file of a SQLite store, None for another."""
    return Path(uri.removeprefix(SQLITE)).resolve() if uri.startswith(SQLITE) else None


def is_database_server(uri: str) -> bool:
    """Tell whether a store is reached through a database server, not a file or MLflow's."""
    return uri.partition("://")[0].partition("+")[0] in _SERVERS


def has_store(uri: str) -> bool:
    """Tell whether a store may be there: a file that is, or an address, which is not asked."""
    file = sqlite_file(uri)
    return file is None or (file.is_file() and file.stat().st_size > 0)


def who_shows(uri: str) -> str:
    """Name what shows a store in a browser: a command, or the address of an MLflow server."""
    if sqlite_file(uri) is None and not is_database_server(uri):
        return shown(uri)
    return f"mlflow ui --backend-store-uri {shlex.quote(shown(uri))}"


def refuse_plain_folder(uri: str) -> None:
    """Refuse a folder in the place of a tracking URI."""
    if "://" not in uri or uri.startswith("file:"):
        raise TrackingError(
            f"expected a tracking URI such as {SQLITE}mlruns/mlflow.db, got {uri!r}. MLflow no "
            "longer keeps runs in plain folders."
        )


def check_there(uri: str) -> None:
    """Refuse a store that is not there, so that reading it makes none.

    Raises
    ------
    TrackingError
        If there is no database, none of MLflow's tables, or only a part of them. An MLflow
        server is not asked.
    """
    file = sqlite_file(uri)
    if file is not None:
        if not has_store(uri):
            raise _absent(uri)
        _check_whole(file)
        return
    refuse_plain_folder(uri)
    if is_database_server(uri):
        with _connected(uri) as connection:
            if not _has_tables(connection):
                raise _absent(uri)


def check_reachable(uri: str) -> None:
    """Refuse a store that could take no run, so that hours of work are not lost to it.

    Raises
    ------
    TrackingError
        If a file is no database of MLflow, or a server does not answer. Nothing is made.
    """
    file = sqlite_file(uri)
    if file is not None:
        if has_store(uri):
            _check_whole(file)
        return
    refuse_plain_folder(uri)
    with in_one_line(uri):
        if is_database_server(uri):
            with _connected(uri):
                return
        import_mlflow().MlflowClient(tracking_uri=uri).search_experiments(max_results=1)


@contextmanager
def alone(uri: str) -> Iterator[None]:
    """Let one process at a time make or change a store: a file's, or one on PostgreSQL.

    Raises
    ------
    TrackingError
        If another process has held it for ``LOCK_SECONDS``.
    """
    file = sqlite_file(uri)
    if file is not None:
        lock = FileLock(f"{file}.lock", timeout=LOCK_SECONDS)
        try:
            lock.acquire()
        except Timeout:
            raise TrackingError(
                f"{uri}: another process has changed the store for {LOCK_SECONDS} s. Wait for it, "
                "or end it."
            ) from None
        try:
            yield
        finally:
            lock.release()
    elif uri.startswith("postgresql"):
        with _connected(uri) as connection:
            _lock(connection)
            yield
    else:
        yield


def make_database(uri: str, artifacts: Path) -> None:
    """Make MLflow's tables where there are none, whole or not at all; call it ``alone``.

    Raises
    ------
    TrackingError
        If a file is no database of MLflow, or only a part of one.
    """
    file = sqlite_file(uri)
    if file is None:
        with _connected(uri) as connection:
            is_made = _has_tables(connection)
        if not is_made:
            # On PostgreSQL tables come in one transaction, so a kill leaves none of the later.
            _make_tables(uri, artifacts)
        return
    if has_store(uri):
        _check_whole(file)
        file.chmod(0o600)
        return
    draft = file.with_name(f".{file.name}.partial")
    # A process that was killed here left its draft; whoever is alone may take it away.
    for left in (draft, draft.with_name(f"{draft.name}-journal")):
        left.unlink(missing_ok=True)
    _make_tables(f"{SQLITE}{draft}", artifacts)
    # Grades of patients are in reach of whoever reads a run.
    draft.chmod(0o600)
    draft.replace(file)


def _make_tables(uri: str, artifacts: Path) -> None:
    import_mlflow()
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    SqlAlchemyStore(uri, artifacts.resolve().as_uri()).engine.dispose()


def _check_whole(file: Path) -> None:
    try:
        with closing(sqlite3.connect(file)) as connection:
            tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    except sqlite3.DatabaseError:
        raise TrackingError(f"{file}: not a SQLite database. Move it away.") from None
    if not tables >= _TABLES:
        raise TrackingError(
            f"{file}: expected MLflow's tables, the database was left half-made. "
            "Move it away and run again."
        )


@contextmanager
def _connected(uri: str) -> Iterator[Any]:
    """Connect once and for this only: MLflow would try ten times, for two minutes."""
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    is_set = "connect_timeout" in uri or not uri.startswith("postgresql")
    arguments = {} if is_set else {"connect_timeout": _CONNECT_SECONDS}
    engine = create_engine(uri, poolclass=NullPool, connect_args=arguments)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield connection


def _lock(connection: Any) -> None:
    from sqlalchemy import text

    # Held until the connection is closed, by the death of its process as well.
    connection.execute(text(f"SET lock_timeout = '{LOCK_SECONDS}s'"))
    connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _ADVISORY})


def _has_tables(connection: Any) -> bool:
    from sqlalchemy import inspect

    return set(inspect(connection).get_table_names()) >= _TABLES


def _absent(uri: str) -> TrackingError:
    return TrackingError(f"{shown(uri)}: no such tracking store. Name another by --tracking-uri.")

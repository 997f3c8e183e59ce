"""MLflow imported quietly, and what it says in many lines said in one."""

import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from icans_risk.errors import TrackingError

__all__ = ["import_mlflow", "in_one_line", "shown"]

_HIDDEN = (
    # Up to the last @, because a password may hold one that nobody spelt %40. A path may, too.
    (re.compile(r"(?i)\b(?!\w*sqlite|file)([a-z][a-z0-9+.-]*)://\S*@"), r"\1://"),
    (re.compile(r"(?i)([?&][^=&\s]*pass[^=&\s]*=)[^&\s]*"), r"\1..."),
)
# Loggers that speak of what went well.
_LOUD = ("alembic", "mlflow.models.model", "mlflow.pyfunc", "mlflow.xgboost")


def import_mlflow() -> Any:
    """Import MLflow with its telemetry off and its migration log quiet."""
    # MLflow reads these on import: a hospital's network is not told of its own runs.
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    os.environ["DO_NOT_TRACK"] = "true"
    # Reading a page of JSON is not worth a bar.
    os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
    # A server that is not there is said to be after seconds, not after four minutes.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")
    import mlflow

    for name in _LOUD:
        logging.getLogger(name).setLevel(logging.ERROR)
    # It prints the traceback of what it raises, which is told in one line.
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)
    return mlflow


@contextmanager
def in_one_line(uri: str) -> Iterator[None]:
    """Turn what MLflow and its databases raise into one line that names the store.

    Raises
    ------
    TrackingError
        Without a user's name and password.
    """
    mlflow = import_mlflow()
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


def shown(text: str) -> str:
    """Leave a user's name and password out of what is printed.

    >>> shown("postgresql+psycopg://ada:secret@db.example/runs?sslmode=require")
    'postgresql+psycopg://db.example/runs?sslmode=require'
    """
    for pattern, instead in _HIDDEN:
        text = pattern.sub(instead, text)
    return text

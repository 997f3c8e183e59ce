"""One migrated MLflow database for all tests: migrating takes seconds, copying does not."""

import shutil
from pathlib import Path

__all__ = ["copy_store"]


def copy_store(template: Path, folder: Path) -> str:
    """Copy the template database into a folder and return its tracking URI."""
    folder.mkdir(parents=True, exist_ok=True)
    database = folder / "mlflow.db"
    shutil.copyfile(template, database)
    return f"sqlite:///{database}"

"""One released model for all tests of serving."""

from pathlib import Path

import pytest

from icans_risk.tracking import RunRecord, log_run, open_store
from serving.example import Example, make_example
from store_template import copy_store


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Example:
    """Models of two landmarks, and other patients."""
    return make_example(tmp_path_factory.mktemp("serving"))


@pytest.fixture(scope="session")
def logged(
    tmp_path_factory: pytest.TempPathFactory, store_template: Path, example: Example
) -> Path:
    """The folder in which MLflow keeps the model of the first landmark."""
    folder = tmp_path_factory.mktemp("logged")
    uri = copy_store(store_template, folder)
    store = open_store(uri, artifacts=folder / "artifacts", experiment="s")
    log_run(store, RunRecord("booster", scoring_model=example.models[0]))
    (found,) = folder.glob("artifacts/models/m-*/artifacts")
    return found

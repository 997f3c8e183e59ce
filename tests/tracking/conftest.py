"""One small study and patients whom it was not fitted on, for every kind of store."""

import os
from pathlib import Path

import pytest

from conftest import filled_once
from serving.example import make_example
from workflow.small import small_study, write_cohort


@pytest.fixture(scope="session")
def small_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``study.yaml`` and ``new/cohort``."""

    def fill(folder: Path) -> None:
        cohort = write_cohort(folder / "here", patients=260, seed=3)
        models = {"booster": {"rounds": 40}, "rebuilds": 5}
        small_study(folder / "study.yaml", cohort, models=models)
        write_cohort(folder / "new", patients=60, seed=5)

    return filled_once(tmp_path_factory, "small", fill)


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a process that is started here needs: nothing of the shell's own stores."""
    for name in [name for name in os.environ if name.startswith(("MLFLOW_", "PG"))]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a released model."""
    return filled_once(tmp_path_factory, "released", make_example) / "72h"

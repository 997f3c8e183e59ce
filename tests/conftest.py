"""Shared fixtures, and the markers of tests that need a program."""

import json
import os
from collections.abc import Callable
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, settings

from postgresql import which
from store_template import copy_store

ROOT = Path(__file__).parents[1]

# How long an example takes on a busy machine says nothing about the code.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")

# Marker to the programs that must all be there; `.ci/run` installs them from Debian.
PROGRAMS = {
    "needs_browser": ("chromium", "chromedriver"),
    "needs_java": ("java",),
    "needs_nginx": ("nginx", "openssl"),
    "needs_poppler": ("pdftotext", "pdfinfo"),
    "needs_postgresql": ("initdb", "pg_ctl"),
}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--require-programs",
        action="store_true",
        help="fail, rather than skip, where a program that a test needs is absent",
    )


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker, programs in PROGRAMS.items():
        absent = [program for program in programs if which(program) is None]
        if item.get_closest_marker(marker) and absent:
            reason = f"{marker}: {', '.join(absent)} not installed"
            if item.config.getoption("--require-programs"):
                pytest.fail(reason)
            pytest.skip(reason)


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def study_file() -> Path:
    """The study of the 80 real patients."""
    return ROOT / "configs" / "nulisa80.yaml"


@dataclass(frozen=True)
class Developed:
    """The one finished run that tests look at, and what the program printed."""

    summary: dict[str, Any]
    folder: Path
    tracking_uri: str
    printed: str

    @property
    def pages(self) -> Path:
        """The folder of pages."""
        return Path(self.summary["paths"]["reports"][0])


def filled_once(
    tmp_path_factory: pytest.TempPathFactory, name: str, fill: Callable[[Path], None]
) -> Path:
    """Fill a folder once for all processes that share the tests, and return it."""
    base = tmp_path_factory.getbasetemp()
    # Processes of pytest-xdist have a folder each, below the one of the whole run.
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    with FileLock(folder.with_suffix(".lock")):
        if not (folder / "filled").exists():
            folder.mkdir()
            fill(folder)
            (folder / "filled").touch()
    return folder


@pytest.fixture(scope="session")
def store_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty tracking database, to be copied."""
    from icans_risk.tracking import open_store

    def fill(folder: Path) -> None:
        uri = f"sqlite:///{folder}/mlflow.db"
        open_store(uri, artifacts=folder / "none", experiment="template")

    return filled_once(tmp_path_factory, "template", fill) / "mlflow.db"


@pytest.fixture(scope="session")
def developed(
    tmp_path_factory: pytest.TempPathFactory, study_file: Path, store_template: Path
) -> Developed:
    """The study of 80 patients, developed once, as its user calls it, for all who look at it."""
    from typer.testing import CliRunner

    from icans_risk.cli.main import app

    def fill(folder: Path) -> None:
        copy_store(store_template, folder / "mlruns")
        call = ["develop", str(study_file), "--json", "summary.json", "--workers", "1"]
        with chdir(folder):
            done = CliRunner().invoke(app, call, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        (folder / "printed.txt").write_text(done.output, encoding="utf-8")

    folder = filled_once(tmp_path_factory, "developed", fill)
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    printed = (folder / "printed.txt").read_text(encoding="utf-8")
    return Developed(summary, folder, summary["paths"]["tracking"], printed)

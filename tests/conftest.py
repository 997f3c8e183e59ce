"""Shared fixtures, and the markers of tests that need a program."""

import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# Marker to the programs that must all be there; `.ci/run` installs them from Debian.
PROGRAMS = {"needs_browser": ("chromium", "chromedriver")}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--require-programs",
        action="store_true",
        help="fail, rather than skip, where a program that a test needs is absent",
    )


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker, programs in PROGRAMS.items():
        absent = [program for program in programs if shutil.which(program) is None]
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

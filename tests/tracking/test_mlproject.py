"""Every entry point of the project is a command that there is, with options that it has."""

import shlex
from pathlib import Path

import pytest
import typer
from mlflow.projects import _project_spec
from typer.testing import CliRunner

from icans_risk.cli.main import app

ROOT = Path(__file__).parents[2]
ENTRY_POINTS = sorted(
    _project_spec.load_project(str(ROOT))._entry_points  # MLflow has no public reader.
)


def filled(name: str) -> list[str]:
    project = _project_spec.load_project(str(ROOT))
    entry = project.get_entry_point(name)
    given = {key: str(ROOT / "README.md") for key, p in entry.parameters.items() if not p.default}
    return shlex.split(entry.compute_command(given, None))


@pytest.mark.parametrize("name", ENTRY_POINTS)
def test_an_entry_point_is_a_command_with_its_options(name: str) -> None:
    program, command, *rest = filled(name)
    assert program == "icans-risk"
    known = typer.main.get_command(app).commands[command]  # type: ignore[attr-defined]
    # Parses what is required and what is unknown, and runs nothing.
    context = known.make_context(command, rest)
    assert set(context.params) >= {"tracking_uri"} or command in ("check", "demo", "tune")


def test_a_study_is_checked_through_its_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    done = CliRunner().invoke(app, filled("check")[1:])
    assert done.exit_code == 0, done.output

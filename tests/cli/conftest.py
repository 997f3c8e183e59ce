"""The program, run as its user runs it."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from icans_risk.cli.main import run

Program = Callable[..., tuple[int, str, str]]


@pytest.fixture
def program(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Program:
    """Run the program in an empty folder; return exit code, output and errors."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["icans-risk", *arguments])
        with pytest.raises(SystemExit) as caught:
            run()
        out = capsys.readouterr()
        return int(caught.value.code or 0), out.out, out.err

    return call

"""Synthetic cohorts from the command line."""

import sys
from pathlib import Path
from typing import Any

import pytest

from icans_risk.cli.main import run


@pytest.fixture
def call(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Any:
    monkeypatch.chdir(tmp_path)

    def program(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["icans-risk", *arguments])
        with pytest.raises(SystemExit) as caught:
            run()
        printed = capsys.readouterr()
        return int(caught.value.code or 0), printed.out, printed.err

    return program


def test_a_cohort_is_written_and_announced_as_synthetic(call: Any, tmp_path: Path) -> None:
    code, out, err = call("simulate", "--patients", "12", "--seed", "7", "--out", "new/lbcl12")
    assert code == 0, err
    assert "12 synthetic patients, 12 episodes" in out
    assert "nothing trained here is evidence about patients" in out
    assert {p.name for p in (tmp_path / "new" / "lbcl12").iterdir()} == {
        "cohort", "truth", "DATA_CARD.md",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--patients", "0"], "expected at least 1 patient"),
        (["--product-mix", "lbc"], "expected a product mix of"),
        (["--landmarks", "day 3"], "expected hours such as 0,24,72"),
        (["--variant", "cubic"], "cubic"),
        (["--mess", "9"], "expected a mess of"),
    ],
)
def test_a_wrong_option_is_a_clear_line(
    call: Any, tmp_path: Path, arguments: list[str], message: str
) -> None:
    code, _, err = call("simulate", "--out", "x", *arguments)
    assert code == 2
    assert message in err
    assert list(tmp_path.iterdir()) == []


def test_an_existing_folder_is_left_alone(call: Any, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    code, _, err = call("simulate", "--patients", "5", "--out", "mine")
    assert (code, len(err.strip().splitlines())) == (2, 1)
    assert list((tmp_path / "mine").iterdir()) == []

"""``icans-risk tune`` and ``recalibrate``, as their users call them."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from icans_risk.cli.main import app
from icans_risk.models.released import load_released
from icans_risk.workflow.develop import develop
from store_template import copy_store
from workflow.small import small_study, write_cohort


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory, store_template: Path) -> dict[str, Path]:
    """Two sites, and the model that the first one released."""
    folder = tmp_path_factory.mktemp("sites")
    here, there = folder / "here.yaml", folder / "there.yaml"
    small_study(
        here,
        write_cohort(folder / "a", patients=260, seed=3),
        models={"booster": {"rounds": 40}, "rebuilds": 6},
    )
    small_study(there, write_cohort(folder / "b", patients=200, seed=4))
    summary = develop(
        here,
        tracking_uri=copy_store(store_template, folder / "mlruns"),
        artifacts=folder / "artifacts",
        reports=folder / "reports",
        journals=folder / "journals",
    )
    assert not list((folder / "journals").iterdir()) if (folder / "journals").exists() else True
    return {"here": here, "there": there, "model": Path(summary["paths"]["models"]["models/72h"])}


def call(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_a_released_model_is_recalibrated_into_a_new_folder(
    sites: dict[str, Path], tmp_path: Path
) -> None:
    out, told = tmp_path / "local", tmp_path / "told.json"
    done = call("recalibrate", sites["model"], sites["there"], "--out", out, "--json", told)
    assert done.exit_code == 0, done.output
    found = json.loads(told.read_text())
    assert f"{found['patients']} local patients, {found['events']} events" in done.output
    assert "these are the ones it was fitted on" in done.output
    new, old = load_released(out), load_released(sites["model"])
    assert new.model.calibration_ != old.model.calibration_
    assert new.facts["recalibrations"][0]["events"] == found["events"]
    assert new.rebuilds is not None
    assert len(new.rebuilds.rebuilt) == 6


def test_a_model_is_not_recalibrated_on_its_own_patients(
    sites: dict[str, Path], tmp_path: Path
) -> None:
    done = call("recalibrate", sites["model"], sites["here"], "--out", tmp_path / "local")
    assert "was not fitted on" in str(done.exception)
    assert not (tmp_path / "local").exists()


def test_nothing_is_overwritten(sites: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "local").mkdir()
    done = call("recalibrate", sites["model"], sites["there"], "--out", tmp_path / "local")
    assert "this one exists" in str(done.exception)


def test_a_search_prints_what_can_be_pasted_into_the_study(
    sites: dict[str, Path], tmp_path: Path
) -> None:
    journal = tmp_path / "one.journal"
    first = call("tune", sites["here"], "--journal", journal, "--trials", 3, "--workers", 1)
    assert first.exit_code == 0, first.output
    assert "models:\n  booster:\n    max_depth: " in first.output
    told = tmp_path / "told.json"
    more = call("tune", sites["here"], "--journal", journal, "--trials", 5, "--json", told)
    assert more.exit_code == 0, more.output
    found = json.loads(told.read_text())
    assert [trial["number"] for trial in found["all_trials"]] == [0, 1, 2, 3, 4]


def test_two_processes_share_a_search_and_one_that_is_killed_is_replaced(
    sites: dict[str, Path], tmp_path: Path
) -> None:
    journal = tmp_path / "shared.journal"
    command = [
        sys.executable, "-m", "icans_risk.cli.main", "tune", str(sites["here"]),
        "--journal", str(journal), "--trials", "12", "--workers", "1",
    ]  # fmt: skip
    command[1:3] = ["-c", "from icans_risk.cli.main import run; run()"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as one:
        waited = time.monotonic() + 60
        while not journal.exists() and time.monotonic() < waited:
            time.sleep(0.05)
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as two:
            os.kill(one.pid, signal.SIGKILL)
            output, _ = two.communicate(timeout=120)
    assert two.returncode == 0
    assert "12 trials" in output

"""A run that a kill left open is closed by the next one; a request to end closes it at once."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from mlflow import MlflowClient

from icans_risk.tracking import RunRecord, Store, log_run, open_store
from icans_risk.tracking.stale import OWNER, close_stale_runs, owner
from store_template import copy_store

# Writes a run and a child, and stays in the middle of the child.
STUCK = """
import sys, time
from pathlib import Path
from icans_risk import ending
from icans_risk.tracking import RunRecord, log_run, open_store

class Stuck(dict):
    def items(self):
        print("inside", flush=True)
        time.sleep(600)

# What is being written never ends.
ending.PATIENCE_S = 0.5
folder = Path(sys.argv[1])
store = open_store(f"sqlite:///{folder}/mlflow.db", artifacts=folder / "a", experiment="s")
log_run(store, RunRecord("parent", children=[RunRecord("child", texts=Stuck())]))
"""

# The same inside a command of the program, which has its own answer to a request to end.
IN_A_COMMAND = (
    STUCK.replace("log_run(store,", "until_asked_to_end(lambda: log_run(store,")
    .replace(
        "import sys, time", "import sys, time\nfrom icans_risk.cli.start import until_asked_to_end"
    )
    .rstrip()
    + ")\n"
)


@pytest.fixture
def store(store_template: Path, tmp_path: Path) -> Store:
    uri = copy_store(store_template, tmp_path)
    return open_store(uri, artifacts=tmp_path / "a", experiment="s")


def states(store: Store) -> dict[str, str]:
    found = MlflowClient(store.uri).search_runs([store.experiment_id])
    return {run.info.run_name: run.info.status for run in found}


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize(
    ("script", "sent", "left", "code"),
    [
        (STUCK, signal.SIGKILL, "RUNNING", -9),
        (STUCK, signal.SIGTERM, "KILLED", 143),
        (IN_A_COMMAND, signal.SIGTERM, "KILLED", 143),
    ],
)
def test_a_process_that_ends_in_the_middle_leaves_no_run_open(
    store: Store, tmp_path: Path, script: str, sent: signal.Signals, left: str, code: int
) -> None:
    command = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "inside\n"
        process.send_signal(sent)
    assert process.returncode == code
    assert states(store) == {"parent": left, "child": left}
    log_run(store, RunRecord("next"))
    assert states(store) == {"parent": "KILLED", "child": "KILLED", "next": "FINISHED"}


def test_only_runs_of_processes_that_are_gone_are_closed(store: Store) -> None:
    host, pid, started = owner().split(" ")
    assert socket.gethostname() not in owner()
    client = MlflowClient(store.uri)
    owners = {
        "mine": owner(),
        "of a process that has my number now": f"{host} {pid} {started}0",
        "gone": f"{host} 999999999 1",
        "of another machine": f"{host}2 999999999 1",
        "damaged": f"{host} all",
    }
    for name, tag in owners.items():
        client.create_run(store.experiment_id, run_name=name, tags={OWNER: tag})
    client.create_run(store.experiment_id, run_name="of another program")
    assert close_stale_runs(client, store.experiment_id) == 2
    closed = {name for name, state in states(store).items() if state == "KILLED"}
    assert closed == {"gone", "of a process that has my number now"}
    assert close_stale_runs(client, store.experiment_id) == 0


def test_what_ends_the_process_is_as_before_once_a_run_is_written(store: Store) -> None:
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    log_run(store, RunRecord("one"))
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_run_of_mlflow_itself_is_not_taken_for_ours(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_RUN_ID", "f" * 32)
    assert log_run(store, RunRecord("ours")) != "f" * 32
    assert states(store) == {"ours": "FINISHED"}

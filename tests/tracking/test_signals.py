"""Killed, interrupted or asked to end at any moment: no run stays open, no file is a half."""

import json
import multiprocessing
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from icans_risk.cli.start import until_asked_to_end
from icans_risk.errors import ModelError, TrackingError
from icans_risk.models.released import load_released
from icans_risk.tracking import RunRecord, fetch_model, find_run, log_run, open_store
from icans_risk.tracking.stale import OWNER
from tracking.whole_way import PROGRAM

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="signals"),
    pytest.mark.usefixtures("quiet"),
]

# Raised by hand for a long night.
TIMES = int(os.environ.get("ICANS_RISK_TEST_SIGNALS", "10"))
SEED = 7
# Exit code and last words of each.
ENDS = {
    signal.SIGKILL: (-signal.SIGKILL, ""),
    signal.SIGTERM: (143, "icans-risk: asked to end.\n"),
    signal.SIGINT: (130, "icans-risk: interrupted.\n"),
}
METRICS = {f"m{number}": number / 20 for number in range(20)}


def record(model: Path) -> RunRecord:
    """A study's run with a model that is kept, served, and two that are compared with it."""
    of_landmark = {"landmark_h": "72"}
    children = [RunRecord("72 h booster", tags=of_landmark, metrics=METRICS, scoring_model=model)]
    children += [RunRecord(f"72 h {name}", metrics=METRICS) for name in ("product", "prevalence")]
    return RunRecord(
        "study",
        parameters={"policy": "ignore"},
        metrics=METRICS,
        folders={"models/72h": model},
        documents={"study/summary.json": {"study": "s"}},
        children=children,
    )


def _work(folder: Path, job: Callable[[Path, Path], None], model: Path) -> None:
    """Be a process of the program, of which only the start is cut short."""
    os.dup2(os.open(folder / "said", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
    tempfile.tempdir = str(folder / "tmp")

    def told() -> None:
        (folder / "begun").touch()
        job(folder, model)

    until_asked_to_end(told)


def _log(folder: Path, model: Path) -> None:
    store = open_store(f"sqlite:///{folder}/mlflow.db", artifacts=folder / "a", experiment="s")
    log_run(store, record(model))


def _open(folder: Path, model: Path) -> None:
    del model
    open_store(f"sqlite:///{folder}/mlflow.db", artifacts=folder / "a", experiment="s")


@pytest.fixture(scope="module")
def context() -> Any:
    """Processes are forked from one that has imported MLflow and started no thread."""
    chosen = multiprocessing.get_context("forkserver")
    chosen.set_forkserver_preload(
        ["mlflow.store.tracking.sqlalchemy_store", "mlflow.pyfunc", "icans_risk.serving", __name__]
    )
    return chosen


@contextmanager
def working(context: Any, folder: Path, job: Any, model: Path) -> Iterator[Any]:
    """Start a process and wait until it has begun."""
    (folder / "tmp").mkdir(parents=True, exist_ok=True)
    (folder / "begun").unlink(missing_ok=True)
    process = context.Process(target=_work, args=(folder, job, model))
    process.start()
    while not (folder / "begun").exists():
        assert process.is_alive()
        time.sleep(0.002)
    yield process
    process.join(60)
    assert process.exitcode is not None


def whole_seconds(context: Any, folder: Path, job: Any, model: Path) -> float:
    """How long it takes when it is left alone, the second time."""
    for _ in range(2):
        with working(context, folder, job, model) as process:
            started = time.monotonic()
            process.join()
            taken = time.monotonic() - started
        assert process.exitcode == 0, (folder / "said").read_text()
    return taken


def check_end(sent: signal.Signals, code: int, said: str) -> None:
    """A process ends by its signal, or had finished before; in words that a user understands."""
    assert "Traceback" not in said
    assert "Exception ignored" not in said
    asked, words = ENDS[sent]
    assert code in (asked, 0), said
    if code == asked:
        # What the job had to tell before comes first.
        assert said.endswith(words)
    assert ("icans-risk:" in said) == (code == asked and words != "")


def send(pid: int, sent: signal.Signals) -> None:
    """Send a signal to a process that may have finished."""
    with suppress(ProcessLookupError):
        os.kill(pid, sent)


def check_drafts(folder: Path, sent: signal.Signals) -> None:
    """Nothing that was begun stays, but after a kill, which asks nobody."""
    left = list(folder.iterdir())
    assert sent == signal.SIGKILL or left == []
    for one in left:
        shutil.rmtree(one)


def check_database(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def open_runs(file: Path, pid: int) -> int:
    """Count what a process left open."""
    with closing(sqlite3.connect(file)) as connection:
        (found,) = connection.execute(
            "SELECT count(*) FROM runs JOIN tags ON tags.run_uuid = runs.run_uuid "
            "WHERE runs.status = 'RUNNING' AND tags.key = ? AND tags.value LIKE ?",
            (OWNER, f"% {pid} %"),
        ).fetchone()
    return int(found)


def test_a_run_that_is_cut_short_anywhere_is_closed_by_the_next(
    context: Any, released: Path, tmp_path: Path
) -> None:
    draw = random.Random(SEED)
    seconds = whole_seconds(context, tmp_path, _log, released)
    cut: Counter[signal.Signals] = Counter()
    for _ in range(10 * TIMES):
        sent = min(ENDS, key=lambda one: cut[one])
        if cut[sent] == TIMES:
            break
        with working(context, tmp_path, _log, released) as process:
            # On a machine that was busier before it may have finished by then.
            time.sleep(draw.uniform(0, seconds))
            send(process.pid, sent)
        check_end(sent, process.exitcode, (tmp_path / "said").read_text())
        cut[sent] += process.exitcode != 0
        check_database(tmp_path / "mlflow.db")
        # Whoever was asked has closed what it had opened; only a kill leaves that to the next.
        assert sent == signal.SIGKILL or open_runs(tmp_path / "mlflow.db", process.pid) == 0
        check_drafts(tmp_path / "tmp", sent)
        if process.exitcode == 0:
            seconds *= 0.9
    assert set(cut.values()) == {TIMES}
    check_runs(tmp_path, released)


def check_runs(folder: Path, model: Path) -> None:
    """Look at all runs once another process has logged one."""
    uri = f"sqlite:///{folder}/mlflow.db"
    store = open_store(uri, artifacts=folder / "a", experiment="s")
    last = log_run(store, record(model))
    client = MlflowClient(uri)
    runs = client.search_runs([store.experiment_id], max_results=1000)
    parents = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
    assert {run.info.status for run in runs} == {"FINISHED", "KILLED"}
    assert client.get_run(last).info.status == "FINISHED"
    whole = load_released(model)
    for run in parents:
        children = [
            other for other in runs
            if other.data.tags.get("mlflow.parentRunId") == run.info.run_id
        ]  # fmt: skip
        if run.info.status == "FINISHED":
            assert [child.info.status for child in children] == ["FINISHED"] * 3
            assert all(child.data.metrics == METRICS for child in [run, *children])
            copy = folder / f"copy-{run.info.run_id}"
            copy.mkdir()
            found = load_released(fetch_model(find_run(uri, run.info.run_id), "72h", copy))
            assert found.facts == whole.facts
        else:
            with pytest.raises(TrackingError, match="is KILLED, expected"):
                find_run(uri, run.info.run_id)
    check_models(folder, whole.facts)
    assert not list(folder.glob(".*"))


def check_models(folder: Path, facts: Any) -> None:
    """A model in the store, of whatever run, can be read whole or is refused."""
    found = {path.parent for path in folder.glob("a/**/model.json")}
    found |= {path.parent for path in folder.glob("a/**/manifest.json")}
    assert found
    for one in found:
        try:
            assert load_released(one).facts == facts
        except ModelError:
            continue


def test_a_kill_while_the_store_is_made_leaves_no_half_of_it(
    context: Any, released: Path, tmp_path: Path
) -> None:
    draw = random.Random(SEED)
    with working(context, tmp_path / "whole", _open, released) as process:
        started = time.monotonic()
        process.join()
        seconds = time.monotonic() - started
    assert process.exitcode == 0
    for number in range(TIMES):
        folder = tmp_path / str(number)
        sent = draw.choice(list(ENDS))
        with working(context, folder, _open, released) as process:
            time.sleep(draw.uniform(0, seconds))
            send(process.pid, sent)
        check_end(sent, process.exitcode, (folder / "said").read_text())
        if (folder / "mlflow.db").exists():
            check_database(folder / "mlflow.db")
            assert (folder / "mlflow.db").stat().st_mode & 0o777 == 0o600
    # The next start needs nobody's help, wherever the one before was cut.
    for number in (0, TIMES - 1):
        _open(tmp_path / str(number), released)
        check_database(tmp_path / str(number) / "mlflow.db")
        assert not list((tmp_path / str(number)).glob(".*"))


def catches(pid: int, number: int) -> bool:
    """Ask the kernel whether a process has a handler of its own for a signal."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    caught = int(next(line for line in status.splitlines() if "SigCgt" in line).split()[1], 16)
    return bool(caught >> (number - 1) & 1)


def develop(study: Path, folder: Path, *, end: Callable[[Any], None] = lambda _: None) -> Any:
    """Start ``icans-risk develop`` in a folder and do something to it."""
    command = [*PROGRAM, "develop", str(study), "--json", "summary.json", "--workers", "2"]
    environment = os.environ | {"TMPDIR": str(folder / "tmp")}
    with subprocess.Popen(
        command, cwd=folder, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        while not catches(process.pid, signal.SIGTERM):
            time.sleep(0.002)
        end(process)
        out, err = process.communicate(timeout=300)
    return process.returncode, out, err


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_a_study_that_is_cut_short_anywhere_leaves_whole_files_only(
    small_files: Path, tmp_path: Path
) -> None:
    study, draw = small_files / "study.yaml", random.Random(SEED)
    (tmp_path / "tmp").mkdir()
    started = time.monotonic()
    code, _, err = develop(study, tmp_path)
    assert code == 0, err
    seconds = time.monotonic() - started
    for sent in [sent for sent in ENDS for _ in range(max(2, TIMES // 5))]:
        (tmp_path / "summary.json").unlink(missing_ok=True)

        def end(process: subprocess.Popen[str], sent: signal.Signals = sent) -> None:
            # The second half, where things are written, twice as often.
            time.sleep(seconds * max(draw.random(), draw.random()))
            process.send_signal(sent)

        code, _, err = develop(study, tmp_path, end=end)
        check_end(sent, code, err)
        check_drafts(tmp_path / "tmp", sent)
        check_database(tmp_path / "mlruns" / "mlflow.db")
        if (tmp_path / "summary.json").exists():
            json.loads((tmp_path / "summary.json").read_text())
    code, _, err = develop(study, tmp_path)
    assert code == 0, err
    check_left(tmp_path)


def check_left(folder: Path) -> None:
    """Look at what many studies left, the first and the last of which were finished."""
    client = MlflowClient(f"sqlite:///{folder}/mlruns/mlflow.db")
    (experiment,) = client.search_experiments(filter_string="name = 'demo'")
    runs = client.search_runs([experiment.experiment_id], max_results=1000)
    assert {run.info.status for run in runs} <= {"FINISHED", "KILLED"}
    pages = {
        made: {path.relative_to(made) for path in made.rglob("*")}
        for made in (folder / "reports").iterdir()
        if not made.name.startswith(".")
    }
    assert len(pages) >= 2
    assert len({frozenset(files) for files in pages.values()}) == 1

"""PostgreSQL as the tracking store, on a server of the tests' own."""

import multiprocessing
import os
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from icans_risk.errors import TrackingError
from icans_risk.tracking import RunRecord, find_run, log_run, open_store
from postgresql import Server, running_server
from tracking.whole_way import PROGRAM, go

pytestmark = [pytest.mark.slow, pytest.mark.needs_postgresql, pytest.mark.usefixtures("quiet")]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """One server for all tests of this file; each has databases of its own."""
    with running_server() as running:
        yield running


@pytest.fixture
def passfile(server: Server, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The password is where PostgreSQL's own programs look for it."""
    monkeypatch.setenv("PGPASSFILE", str(server.passfile))
    return server.passfile


def test_a_study_is_developed_registered_promoted_and_scored(
    server: Server, passfile: Path, small_files: Path, tmp_path: Path
) -> None:
    uri = server.new_database()
    told = go(uri, small_files, tmp_path, environment=os.environ)
    assert told.registered["reference"] == "models:/demo-72h/1"
    assert told.promoted["is_promoted"]
    assert len(told.scored["predictions"]) > 50
    assert server.query(uri, "SELECT status, count(*) FROM runs GROUP BY status") == [
        ("FINISHED", 2)
    ]
    kept = tmp_path / "mlruns" / "artifacts"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o700
    (folder,) = told.developed["paths"]["models"].values()
    assert Path(folder).is_relative_to(kept)
    assert {path.name for path in Path(folder).iterdir()} == {"model.json", "manifest.json"}
    assert not list(tmp_path.rglob("*.db"))


def _open(place: tuple[str, Path]) -> str:
    uri, folder = place
    return open_store(uri, artifacts=folder / "artifacts", experiment="s").experiment_id


def test_four_processes_may_start_on_an_empty_database(
    server: Server, passfile: Path, tmp_path: Path
) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        # Imported before the race, so that all four reach the database together.
        pool.map(_import, range(4), chunksize=1)
        for _ in range(3):
            uri = server.new_database()
            assert set(pool.map(_open, [(uri, tmp_path)] * 4, chunksize=1)) == {"1"}
            assert server.query(uri, "SELECT count(*) FROM experiments") == [(2,)]


def _import(number: int) -> None:

    del number
    time.sleep(1)


def test_a_process_killed_while_it_makes_the_tables_stops_nobody(
    server: Server, passfile: Path, tmp_path: Path
) -> None:
    uri = server.new_database()
    context = multiprocessing.get_context("spawn")
    for seconds in (0.1, 0.6):
        killed = context.Process(target=_open, args=((uri, tmp_path),))
        killed.start()
        # The lock is the sign that it is at it.
        while not server.query(uri, "SELECT 1 FROM pg_locks WHERE locktype = 'advisory'"):
            time.sleep(0.01)
        time.sleep(seconds)
        killed.kill()
        killed.join()
    assert _open((uri, tmp_path)) == "1"


def test_reading_an_empty_database_makes_no_table(server: Server, passfile: Path) -> None:
    uri = server.new_database()
    with pytest.raises(TrackingError, match="no such tracking store"):
        find_run(uri, "0" * 8)
    assert server.query(uri, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(0,)]


def test_a_password_in_the_address_is_never_printed(
    server: Server, small_files: Path, tmp_path: Path
) -> None:
    uri = server.with_password(server.new_database())
    store = open_store(uri, artifacts=tmp_path / "a", experiment="s")
    run_id = log_run(store, RunRecord("one"))
    calls = (
        ["register", run_id, "--tracking-uri", uri],
        ["register", "f" * 8, "--tracking-uri", uri],
        ["score", "models:/none@champion", str(small_files / "new" / "cohort"), "--out", "r.json",
         "--tracking-uri", uri],
        ["register", run_id, "--tracking-uri", uri + "_not_there"],
        ["register", run_id, "--tracking-uri", uri.replace(server.password, "wr@ng")],
    )  # fmt: skip
    for arguments in calls:
        started = time.monotonic()
        done = subprocess.run(
            [*PROGRAM, *arguments], capture_output=True, text=True, check=False, cwd=tmp_path
        )
        said = done.stdout + done.stderr
        assert done.returncode == 2, said
        assert len(said.splitlines()) == 1, said
        assert server.password not in said
        assert "wr@ng" not in said
        assert time.monotonic() - started < 60


def test_what_is_printed_of_a_developed_study_has_no_password(
    server: Server, small_files: Path, tmp_path: Path
) -> None:
    from icans_risk.workflow.develop import develop

    uri = server.with_password(server.new_database())
    told = develop(
        small_files / "study.yaml", tracking_uri=uri, artifacts=tmp_path / "a",
        reports=tmp_path / "reports",
    )  # fmt: skip
    assert server.password not in str(told)
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(kept) > 50
    assert not [path for path in kept if server.password.encode() in path.read_bytes()]
    for table, column in (("tags", "value"), ("params", "value")):
        (row,) = server.query(
            uri, f"SELECT count(*) FROM {table} WHERE {column} LIKE '%{server.password}%'"
        )
        assert row == (0,)

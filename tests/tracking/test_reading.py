"""Kept runs are found by the start of their identifier, and reading leaves no trace."""

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from mlflow import MlflowClient

from icans_risk.errors import TrackingError
from icans_risk.tracking import (
    RunRecord,
    StoredRun,
    find_run,
    list_documents,
    log_run,
    open_store,
    read_document,
    read_text,
)
from store_template import copy_store

SUMMARY = {"study": "demo", "landmarks": [{"landmark_h": 72.0}]}


@pytest.fixture
def uri(store_template: Path, tmp_path: Path) -> str:
    return copy_store(store_template, tmp_path / "a store")


def keep(uri: str, folder: Path, *, experiment: str = "demo") -> str:
    store = open_store(uri, artifacts=folder / "artifacts", experiment=experiment)
    record = RunRecord(
        "demo",
        tags={"study": "demo"},
        documents={"study/summary.json": SUMMARY, "study/list.json": [1, 2]},
        children=[RunRecord("72 h booster")],
    )
    return log_run(store, record)


def database_of(uri: str) -> Path:
    return Path(uri.removeprefix("sqlite:///"))


def test_a_run_is_found_by_its_first_characters_in_any_experiment(uri: str, tmp_path: Path) -> None:
    runs = [keep(uri, tmp_path, experiment=name) for name in ("one", "two")]
    for run_id in runs:
        for given in (run_id, run_id[:8], run_id[:20].upper(), f" {run_id} "):
            found = find_run(uri, given)
            assert (found.run_id, found.name, found.store_uri) == (run_id, "demo", uri)
            assert found.tags["study"] == "demo"


def test_documents_are_read_as_they_were_written(uri: str, tmp_path: Path) -> None:
    run = find_run(uri, keep(uri, tmp_path))
    assert read_document(run, "study/summary.json") == SUMMARY
    assert '"study": "demo"' in read_text(run, "study/summary.json")
    assert list_documents(run, "study") == ("study/list.json", "study/summary.json")
    assert list_documents(run, "nowhere") == ()


def test_reading_changes_no_byte_and_makes_no_file(
    uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = keep(uri, tmp_path)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    files = [path for path in sorted(tmp_path.rglob("*")) if path.is_file()]
    before = [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]
    read_document(find_run(uri, run_id[:8]), "study/summary.json")
    with pytest.raises(TrackingError, match="no run"):
        find_run(uri, "0" * 32)
    assert [path for path in sorted(tmp_path.rglob("*")) if path.is_file()] == files
    assert [hashlib.sha256(path.read_bytes()).hexdigest() for path in files] == before
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_store_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(TrackingError, match=r"no such tracking store.*--tracking-uri"):
        find_run(f"sqlite:///{tmp_path}/new/mlflow.db", "0" * 8)
    (tmp_path / "empty.db").touch()
    with pytest.raises(TrackingError, match="no such tracking store"):
        find_run(f"sqlite:///{tmp_path}/empty.db", "0" * 8)
    assert [path.name for path in tmp_path.iterdir()] == ["empty.db"]
    assert (tmp_path / "empty.db").stat().st_size == 0


@pytest.mark.parametrize("given", ["", "3f9c21a", "xyzxyzxy", "3f9c21aa%", "3f9c21a_", "0" * 33])
def test_what_is_no_identifier_is_refused(uri: str, given: str) -> None:
    with pytest.raises(TrackingError, match=r"at least its first 8 characters \(0-9, a-f\)"):
        find_run(uri, given)


def test_a_start_that_fits_two_runs_is_refused(uri: str, tmp_path: Path) -> None:
    twins = ["0" * 31 + last for last in "ab"]
    for twin in twins:
        run_id = keep(uri, tmp_path)
        with closing(sqlite3.connect(database_of(uri))) as connection:
            for table in ("runs", "tags"):
                connection.execute(
                    f"UPDATE {table} SET run_uuid = ? WHERE run_uuid = ?", (twin, run_id)
                )
            connection.commit()
    with pytest.raises(TrackingError, match="2 runs begin with 00000000"):
        find_run(uri, "0" * 8)
    assert find_run(uri, twins[1]).run_id == twins[1]


@pytest.mark.parametrize("status", ["FAILED", "KILLED", "RUNNING"])
def test_a_run_that_is_not_finished_is_refused(uri: str, tmp_path: Path, status: str) -> None:
    run_id = keep(uri, tmp_path)
    MlflowClient(uri).update_run(run_id, status=status)
    with pytest.raises(TrackingError, match=f"run {run_id[:8]} is {status}, expected"):
        find_run(uri, run_id)


def test_a_deleted_run_is_not_found(uri: str, tmp_path: Path) -> None:
    run_id = keep(uri, tmp_path)
    MlflowClient(uri).delete_run(run_id)
    with pytest.raises(TrackingError, match=f"no run {run_id[:8]}"):
        find_run(uri, run_id[:8])


def test_an_artifact_that_is_not_kept_is_named_beside_those_that_are(
    uri: str, tmp_path: Path
) -> None:
    run = find_run(uri, keep(uri, tmp_path))
    with pytest.raises(TrackingError, match=r"keeps no study/none\.json.*study/list\.json"):
        read_document(run, "study/none.json")
    with pytest.raises(TrackingError, match=r"keeps no held_out/72h\.json.*holds nothing"):
        read_document(run, "held_out/72h.json")


def test_the_run_of_one_model_points_at_that_of_its_study(uri: str, tmp_path: Path) -> None:
    parent = keep(uri, tmp_path)
    client = MlflowClient(uri)
    (child,) = client.search_runs(
        [client.get_run(parent).info.experiment_id], f"tags.mlflow.parentRunId = '{parent}'"
    )
    with pytest.raises(TrackingError, match=f"part of one model; its study is run {parent[:8]}"):
        read_document(find_run(uri, child.info.run_id), "study/summary.json")


def test_what_is_no_json_object_is_refused(uri: str, tmp_path: Path) -> None:
    run = find_run(uri, keep(uri, tmp_path))
    with pytest.raises(TrackingError, match=r"study/list\.json is no JSON object"):
        read_document(run, "study/list.json")
    (file,) = tmp_path.rglob("summary.json")
    file.write_text("{", encoding="utf-8")
    with pytest.raises(TrackingError, match=r"study/summary\.json is no JSON object"):
        read_document(run, "study/summary.json")


@pytest.mark.parametrize("uri", ["mlruns", "file:///tmp/mlruns"])
def test_a_plain_folder_is_refused(uri: str) -> None:
    with pytest.raises(TrackingError, match="expected a tracking URI"):
        find_run(uri, "0" * 8)


def test_a_password_in_the_address_is_not_printed() -> None:
    run = StoredRun("postgresql://reader:secret@127.0.0.1:1/none", "0" * 32, "demo", {})
    with pytest.raises(TrackingError) as caught:
        list_documents(run, "study")
    assert "secret" not in str(caught.value)
    assert "//127.0.0.1:1/none" in str(caught.value)

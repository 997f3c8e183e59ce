"""Workers fail in every way, and the list goes on."""

import time
from pathlib import Path

import pytest

from icans_risk.signals.journal import Journal
from icans_risk.signals.limits import Limits
from icans_risk.signals.pool import Outcome, run_jobs

TASK = "signals.jobs:do"


def outcomes(*jobs: dict[str, object], workers: int = 2, **limits: float) -> list[Outcome]:
    settings = {"memory_gib": 1.0, "seconds": 20.0} | limits
    found = run_jobs(TASK, jobs, workers=workers, limits=Limits(**settings))  # type: ignore[arg-type]
    return sorted(found)


def test_each_job_has_its_own_answer() -> None:
    found = outcomes(*({"do": "answer", "value": n} for n in range(7)))
    assert [outcome.position for outcome in found] == list(range(7))
    assert [outcome.result and outcome.result["value"] for outcome in found] == list(range(7))
    assert len({outcome.result and outcome.result["worker"] for outcome in found}) == 2


@pytest.mark.parametrize(
    ("job", "failure"),
    [
        ({"do": "raise"}, "crash"),
        ({"do": "die"}, "crash"),
        ({"do": "hoard"}, "memory"),
        ({"do": "infinite"}, "crash"),
        ({"do": "unknown"}, "crash"),
    ],
)
def test_a_failure_has_a_name_and_stops_nobody(job: dict[str, object], failure: str) -> None:
    good = {"do": "answer", "value": 1}
    found = outcomes(good, job, good, workers=1)
    assert [outcome.failure for outcome in found] == [None, failure, None]
    before, after = found[0].result, found[2].result
    assert before is not None
    assert after is not None
    assert before["worker"] != after["worker"], "a worker that failed is replaced"


@pytest.mark.parametrize("job", [{"do": "sleep"}, {"do": "spin"}])
def test_a_job_that_takes_too_long_is_ended(
    job: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("icans_risk.signals.pool._GRACE_S", 1.0)
    began = time.monotonic()
    found = outcomes(job, {"do": "answer", "value": 2}, workers=1, seconds=1.0)
    assert [outcome.failure for outcome in found] == ["time", None]
    assert time.monotonic() - began < 15.0


def test_a_worker_is_replaced_after_its_number_of_files() -> None:
    found = outcomes(*({"do": "answer", "value": n} for n in range(5)), workers=1, files=2)
    workers = [outcome.result["worker"] for outcome in found if outcome.result]
    assert workers[0] == workers[1] != workers[2] == workers[3] != workers[4]


def test_what_a_library_prints_is_no_answer() -> None:
    (found,) = outcomes({"do": "print", "value": 5})
    assert found.result == {"value": 5}


def test_a_long_answer_arrives_whole() -> None:
    (found,) = outcomes({"do": "large"})
    assert found.result is not None
    assert len(found.result["value"]) == 1_000_000


def test_a_worker_cannot_write_to_a_file(tmp_path: Path) -> None:
    (found,) = outcomes({"do": "write", "file": str(tmp_path / "a.txt")})
    assert found.failure == "crash"
    assert not any(file.stat().st_size for file in tmp_path.iterdir())


def test_what_goes_wrong_in_a_worker_is_said_by_nobody(capfd: pytest.CaptureFixture[str]) -> None:
    (found,) = outcomes({"do": "raise"})
    assert "Mustermann" not in str(found) + "".join(capfd.readouterr())


def test_no_job_needs_no_worker() -> None:
    assert outcomes() == []


def test_whoever_stops_listening_leaves_no_worker(tmp_path: Path) -> None:
    jobs = [{"do": "answer", "value": 1}, {"do": "sleep"}]
    listening = run_jobs(TASK, jobs, workers=2, limits=Limits(memory_gib=1.0))
    next(listening)
    pool = listening.gi_frame.f_locals["pool"]
    processes = [worker.process for worker in pool.workers]
    listening.close()
    assert all(process.poll() is not None for process in processes)


def test_a_journal_keeps_results_for_their_owner_until_it_is_closed(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "out")
    journal.open()
    journal.keep({"key": "ab", "value": 1})
    journal.keep({"key": "cd", "value": 2})
    journal.keep({"key": "ab", "value": 3})
    assert len(journal) == 2
    assert journal.folder.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in journal.folder.iterdir()} == {0o600}
    journal.close()
    assert list(tmp_path.iterdir()) == []

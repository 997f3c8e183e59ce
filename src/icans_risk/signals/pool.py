"""Worker processes that may fail, and whoever starts, watches and replaces them."""

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import IO, Any, Literal, NamedTuple, cast

from icans_risk.signals.limits import Limits

__all__ = ["Failure", "Outcome", "run_jobs"]

Failure = Literal["memory", "time", "crash"]

# One thread per worker, told before any library is loaded; and the modules that the parent sees.
_START = """
import os, sys, json
for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
settings = json.loads(sys.argv[1])
sys.path[:] = settings["path"]
from icans_risk.signals.worker import main
main(settings)
"""
_PIECE = 2**16
# A processor limit is counted in whole seconds, and it takes a moment to start.
_GRACE_S = 5.0


class Outcome(NamedTuple):
    """What became of one job: its result, or how it failed."""

    position: int
    result: dict[str, Any] | None
    failure: Failure | None


@dataclass
class _Worker:
    process: "subprocess.Popen[bytes]"
    jobs: IO[bytes]
    answers: IO[bytes]
    position: int | None = None
    deadline: float = float("inf")
    served: int = 0
    pending: bytes = b""

    def give(self, position: int, job: Mapping[str, Any], seconds: float) -> None:
        self.position, self.deadline = position, time.monotonic() + seconds
        # A worker that died while idle takes nothing; that its output has ended says so.
        with suppress(BrokenPipeError):
            self.jobs.write(json.dumps(job).encode() + b"\n")
            self.jobs.flush()

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        with suppress(BrokenPipeError):
            self.jobs.close()
        self.answers.close()


def run_jobs(
    task: str, jobs: Sequence[Mapping[str, Any]], *, workers: int, limits: Limits
) -> Iterator[Outcome]:
    """Do jobs in limited worker processes; none of them can stop the others.

    Parameters
    ----------
    task : str
        ``module:function``, which takes a job and returns plain data.
    jobs : sequence of mapping
        Plain data.
    workers : int
        How many at once.
    limits : Limits
        What each may use; a worker that failed, or has had its number of files, is replaced.

    Yields
    ------
    Outcome
        One for each job, as they are done.
    """
    pool = _Pool(task, limits)
    waiting = iter(enumerate(jobs))
    try:
        for _ in range(min(workers, len(jobs))):
            pool.employ(waiting)
        while pool.workers:
            for worker in pool.wait():
                outcome = pool.hear(worker)
                if outcome is not None:
                    pool.replace_or_go_on(worker, outcome, waiting)
                    yield outcome
    finally:
        pool.close()


class _Pool:
    def __init__(self, task: str, limits: Limits) -> None:
        settings = {"task": task, "limits": asdict(limits), "path": sys.path}
        self.command = [sys.executable, "-I", "-c", _START, json.dumps(settings)]
        self.limits = limits
        self.workers: list[_Worker] = []
        self.selector = selectors.DefaultSelector()

    def employ(self, waiting: Iterator[tuple[int, Mapping[str, Any]]]) -> None:
        """Start a worker for the next job, if there is one."""
        following = next(waiting, None)
        if following is None:
            return
        process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        worker = _Worker(process, cast(IO[bytes], process.stdin), cast(IO[bytes], process.stdout))
        self.workers.append(worker)
        self.selector.register(worker.answers, selectors.EVENT_READ, worker)
        worker.give(*following, self.limits.seconds + _GRACE_S)

    def wait(self) -> list[_Worker]:
        """Return the workers that said something, ended, or ran out of time."""
        earliest = min(worker.deadline for worker in self.workers)
        ready = self.selector.select(timeout=max(0.0, earliest - time.monotonic()))
        found = [key.data for key, _ in ready]
        late = [w for w in self.workers if w.deadline <= time.monotonic() and w not in found]
        return found + late

    def hear(self, worker: _Worker) -> Outcome | None:
        """Read what a worker says; None while its answer is incomplete."""
        position = worker.position if worker.position is not None else -1
        if worker.deadline <= time.monotonic():
            return Outcome(position, None, "time")
        piece = os.read(worker.answers.fileno(), _PIECE)
        if not piece:
            return Outcome(position, None, _why_it_ended(worker.process))
        worker.pending += piece
        if not worker.pending.endswith(b"\n"):
            return None
        answer, worker.pending = json.loads(worker.pending), b""
        return Outcome(position, answer.get("result"), answer.get("failure"))

    def replace_or_go_on(
        self,
        worker: _Worker,
        outcome: Outcome,
        waiting: Iterator[tuple[int, Mapping[str, Any]]],
    ) -> None:
        """Give a worker its next job, or another worker in its place."""
        worker.served += 1
        if outcome.failure is not None or worker.served >= self.limits.files:
            self._dismiss(worker)
            self.employ(waiting)
            return
        following = next(waiting, None)
        if following is None:
            self._dismiss(worker)
        else:
            worker.give(*following, self.limits.seconds + _GRACE_S)

    def _dismiss(self, worker: _Worker) -> None:
        self.selector.unregister(worker.answers)
        worker.end()
        self.workers.remove(worker)

    def close(self) -> None:
        """End all workers that are left, whatever they are doing."""
        for worker in list(self.workers):
            self._dismiss(worker)
        self.selector.close()


def _why_it_ended(process: "subprocess.Popen[bytes]") -> Failure:
    code = process.wait()
    # The operating system's signals for too much processor time and, out of memory, its killer.
    if code == -getattr(signal, "SIGXCPU", 0):
        return "time"
    return "memory" if code == -getattr(signal, "SIGKILL", 0) else "crash"

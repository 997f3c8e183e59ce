"""A tuning that several processes may share, and that outlives each of them."""

import contextlib
import os
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import optuna
from filelock import FileLock, Timeout
from optuna.storages import BaseStorage, InMemoryStorage, JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, TrialState

from icans_risk.errors import IcansRiskError
from icans_risk.models.search_space import SEARCH_SPACE

__all__ = ["SharedStudy", "open_study"]

STUDY_NAME = "tuning"
FIRST_BYTES = b'{"op_code":'
POLL_SECONDS = 0.2
FINISHED = (TrialState.COMPLETE, TrialState.PRUNED)


@dataclass(frozen=True, eq=False)
class SharedStudy:
    """A study of numbered trials, each finished once by whichever process took it.

    A number is taken while its trial is finished, or runs in a process that lives. The
    number, and not the process, decides the seed of a trial: one that was cut short is
    begun again as it was.

    Attributes
    ----------
    study : optuna.Study
        The trials, those that were cut short among them.
    lock : context manager
        Held while a number is taken; may be entered twice.
    worker : str
        Name of this process's part in the study.
    file : Path or None
        Where the study is kept; None keeps it in memory.
    """

    study: optuna.Study
    lock: contextlib.AbstractContextManager[Any]
    worker: str
    file: Path | None

    def claim(
        self, n_trials: int, *, start: Mapping[str, Any], seed: int
    ) -> Iterator[tuple[int, optuna.Trial]]:
        """Take one free number after the other until all of them are finished.

        Waits where the last numbers run elsewhere, and takes over those of a process that
        died.

        Parameters
        ----------
        n_trials : int
            Numbers there are, from 0.
        start : mapping of str to object
            Settings of number 0.
        seed : int
            With the number, seeds the sampler.

        Yields
        ------
        number : int
            The number that was taken.
        trial : optuna.Trial
            With its settings drawn; to be told what came out before the next is taken.
        """
        while True:
            with self.lock:
                finished = {_number(trial) for trial in self.finished(n_trials)}
                taken = finished | {_number(trial) for trial in self._running()}
                number = next((k for k in range(n_trials) if k not in taken), None)
                trial = None if number is None else self._begin(number, start=start, seed=seed)
            if number is not None and trial is not None:
                yield number, trial
            elif len(finished) < n_trials:
                time.sleep(POLL_SECONDS)
            else:
                return

    def finished(self, n_trials: int) -> list[FrozenTrial]:
        """Return the finished trials among the first ``n_trials`` numbers, in their order."""
        trials = self.study.get_trials(deepcopy=False, states=FINISHED)
        return sorted((t for t in trials if _number(t) < n_trials), key=_number)

    def _running(self) -> list[FrozenTrial]:
        """Return the trials that live; mark those that died as failed."""
        living = []
        for trial in self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            # One without a worker was cut short while its number was being taken.
            if self._is_alive(trial.user_attrs.get("worker")):
                living.append(trial)
            else:
                self.study.tell(trial.number, state=TrialState.FAIL)
        return living

    def _is_alive(self, worker: str | None) -> bool:
        if worker is None or worker == self.worker or self.file is None:
            return False
        return _is_locked(_worker_file(self.file, worker))

    def _begin(self, number: int, *, start: Mapping[str, Any], seed: int) -> optuna.Trial:
        waiting = self.study.get_trials(deepcopy=False, states=(TrialState.WAITING,))
        if number == 0 and not waiting:
            self.study.enqueue_trial(dict(start))
        state = np.random.SeedSequence((seed, number)).generate_state(1)
        self.study.sampler = optuna.samplers.TPESampler(seed=int(state[0]))
        trial = self.study.ask(dict(SEARCH_SPACE))
        trial.set_user_attr("number", number)
        trial.set_user_attr("worker", self.worker)
        return trial


@contextlib.contextmanager
def open_study(file: Path | None, contract: Mapping[str, str]) -> Iterator[SharedStudy]:
    """Begin a study, or go on with the one in the file.

    Parameters
    ----------
    file : Path or None
        Optuna's journal. Beside it stand a lock and one file for each living process.
    contract : mapping of str to str
        What must be the same to go on, by what it is called in an error.

    Yields
    ------
    SharedStudy
        Open to this process until the context is left.

    Raises
    ------
    IcansRiskError
        If the file holds a study of another contract, or none that can be read.
    """
    worker = uuid.uuid4().hex
    with _QUIET_OPTUNA:
        if file is None:
            yield SharedStudy(_new_study(InMemoryStorage()), contextlib.nullcontext(), worker, None)
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        lock, alive = FileLock(f"{file}.lock"), FileLock(_worker_file(file, worker))
        try:
            with lock:
                for left in file.parent.glob(_worker_file(file, "*").name):
                    _is_locked(left)
                alive.acquire()
                study = _stored_study(file, lock, contract)
            yield SharedStudy(study, lock, worker, file)
        finally:
            alive.release()
            Path(alive.lock_file).unlink(missing_ok=True)


class _QuietOptuna:
    """Silence Optuna while any thread tunes, then give it back the loudness it had."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._loudness = 0

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._loudness = optuna.logging.get_verbosity()
                optuna.logging.set_verbosity(optuna.logging.ERROR)
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                optuna.logging.set_verbosity(self._loudness)


_QUIET_OPTUNA = _QuietOptuna()


def _new_study(storage: BaseStorage) -> optuna.Study:
    return optuna.create_study(storage=storage, study_name=STUDY_NAME, direction="minimize")


def _stored_study(file: Path, lock: FileLock, contract: Mapping[str, str]) -> optuna.Study:
    _check_journal(file)
    try:
        # The kernel frees this lock when its holder dies; Optuna's own would be waited for.
        backend = JournalFileBackend(str(file), lock_obj=cast(Any, lock))
        storage = JournalStorage(backend)
        studies = optuna.get_all_study_names(storage)
    except (ValueError, LookupError, TypeError, AttributeError, AssertionError) as error:
        raise _no_journal(file) from error
    if studies not in ([], [STUDY_NAME]):
        raise _no_journal(file)
    study = optuna.load_study(study_name=STUDY_NAME, storage=storage) if studies else None
    study = study or _new_study(storage)
    if not study.user_attrs and not study.get_trials(deepcopy=False):
        study.set_user_attr("contract", dict(contract))
    stored = study.user_attrs.get("contract", {})
    other = [name for name in contract if contract[name] != stored.get(name)]
    if other:
        raise IcansRiskError(
            f"{file.name} holds a tuning begun with other {' and other '.join(other)}: trials "
            "of both would not compare. Give another file, or delete this one to begin anew."
        )
    return study


def _check_journal(file: Path) -> None:
    """Refuse a file that Optuna did not write; drop a last line that was cut short.

    A process that died or a full disk can leave such a line, and whatever were appended to
    it could never be read again.
    """
    content = file.read_bytes() if file.exists() else b""
    if content and not content.startswith(FIRST_BYTES):
        raise _no_journal(file)
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        os.truncate(file, whole)


def _no_journal(file: Path) -> IcansRiskError:
    return IcansRiskError(
        f"{file.name} was expected to be the journal of a tuning, and cannot be read as one. "
        "Give another file, or delete this one to begin anew."
    )


def _worker_file(file: Path, worker: str) -> Path:
    return file.with_name(f"{file.name}.worker-{worker}")


def _is_locked(path: Path) -> bool:
    """Tell whether a living process holds the lock, and clear the file away if none does."""
    if not path.exists():
        return False
    try:
        FileLock(path, timeout=0).acquire().lock.release()
    except Timeout:
        return True
    path.unlink(missing_ok=True)
    return False


def _number(trial: FrozenTrial) -> int:
    return int(trial.user_attrs["number"])

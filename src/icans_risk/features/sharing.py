"""Share a loop over episodes among the cores."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

__all__ = ["share"]

_Job = TypeVar("_Job")

# Fewer rows are not worth a thread.
_ROWS_OF_A_THREAD = 50_000


def share(work: Callable[[_Job, int, int], None], job: _Job, size: int, *, load: int) -> None:
    """Call ``work(job, first, stop)`` for consecutive stretches of ``range(size)``.

    Parameters
    ----------
    work : callable
        Compiled, and free of the interpreter's lock; its stretches must not touch what
        another one writes.
    job : object
        Handed on.
    size : int
        Length of the loop.
    load : int
        How many rows there are in all.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    threads = max(1, min(cores or 1, load // _ROWS_OF_A_THREAD))
    ends = [size * number // threads for number in range(threads + 1)]
    if threads == 1:
        work(job, 0, size)
        return
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda first, stop: work(job, first, stop), ends[:-1], ends[1:]))

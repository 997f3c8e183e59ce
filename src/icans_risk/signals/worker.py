"""A worker: reads jobs, one line of JSON each, and answers each with one line of JSON.

It runs in a process of its own, started by the pool; nothing that it raises or prints leaves
it, because a library's message may repeat what stands in a file.
"""

import importlib
import json
import os
import sys
from collections.abc import Callable, Mapping
from typing import IO, Any

from icans_risk.signals.limits import Limits, confine, renew_time

__all__ = ["main"]

Task = Callable[[Mapping[str, Any]], dict[str, Any]]


def main(settings: Mapping[str, Any]) -> None:
    """Serve until there are no more jobs.

    Parameters
    ----------
    settings : mapping
        ``task`` (``module:function``) and ``limits``.
    """
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    # Whatever a library prints would otherwise be taken for an answer.
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    module, _, name = settings["task"].partition(":")
    task: Task = getattr(importlib.import_module(module), name)
    limits = Limits(**settings["limits"])
    confine(limits)
    serve(task, sys.stdin, answers, limits=limits)


def serve(task: Task, jobs: IO[str], answers: IO[str], *, limits: Limits) -> None:
    """Answer each job with its result, or with the kind of its failure."""
    for line in jobs:
        renew_time(limits)
        try:
            answer: dict[str, Any] = {"result": task(json.loads(line))}
            text = json.dumps(answer, allow_nan=False)
        except MemoryError:
            text = json.dumps({"failure": "memory"})
        # The words of the exception may hold what stands in the file.
        except Exception:
            text = json.dumps({"failure": "crash"})
        answers.write(text + "\n")
        answers.flush()

"""The way into the program: from its first moment on, a request to end it is one line."""

import signal
import sys
from collections.abc import Callable

from icans_risk.ending import Terminated, ended_by

__all__ = ["run", "until_asked_to_end"]

_INTERRUPTED = 128 + signal.SIGINT


def run() -> None:
    """Run the program; Ctrl-C is exit code 130, and a request to end it (TERM) 143."""
    until_asked_to_end(_program)


def until_asked_to_end(job: Callable[[], None]) -> None:
    """Do something; a request to end it is one line and an exit code, no traceback."""
    try:
        with ended_by(signal.SIGINT, signal.SIGTERM):
            job()
    except Terminated as asked:
        words = "interrupted" if asked.code == _INTERRUPTED else "asked to end"
        sys.stderr.write(f"icans-risk: {words}.\n")
        raise


def _program() -> None:
    # What takes time to import comes after the signals are seen to.
    from icans_risk.cli.main import run

    run()

"""The way into the program: from its first moment on, a request to end it is one line."""

import signal
import sys
from collections.abc import Callable

from icans_risk.ending import Terminated, ended_by

__all__ = ["run", "until_asked_to_end"]

_WORDS = {128 + signal.SIGINT: "interrupted", 128 + signal.SIGTERM: "asked to end"}


def run() -> None:
    """Run the program; Ctrl-C is exit code 130, and a request to end it (TERM) 143."""
    until_asked_to_end(_program)


def until_asked_to_end(job: Callable[[], None]) -> None:
    """Do something; a request to end it is one line and an exit code, no traceback."""
    try:
        with ended_by(signal.SIGINT, signal.SIGTERM):
            job()
    except Terminated as asked:
        sys.stderr.write(f"icans-risk: {_WORDS[int(asked.code or 0)]}.\n")
        raise


def _program() -> None:
    # What takes time to import comes after the signals are seen to.
    from icans_risk.cli.main import run

    run()

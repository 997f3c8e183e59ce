"""The way into the program: from its first moment on, a request to end it is one line."""

import signal
import sys

from icans_risk.ending import Terminated, ended_by

__all__ = ["run"]

_WORDS = {128 + signal.SIGINT: "interrupted", 128 + signal.SIGTERM: "asked to end"}


def run() -> None:
    """Run the program; Ctrl-C is exit code 130 and a request to end (TERM) 143."""
    try:
        with ended_by(signal.SIGINT, signal.SIGTERM):
            # All that takes time to import comes after the signals are seen to.
            from icans_risk.cli.main import run as program

            program()
    except Terminated as asked:
        sys.stderr.write(f"icans-risk: {_WORDS[int(asked.code or 0)]}.\n")
        raise

"""A request to end the process comes as an exception, so that what is open can be closed."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["Terminated", "ended_by"]


class Terminated(SystemExit):
    """The process was asked to end; the exit code is 128 and the number of the signal."""


@contextmanager
def ended_by(*signals: signal.Signals) -> Iterator[None]:
    """Let signals raise ``Terminated`` while the block runs.

    Where somebody else decides what a signal means it is left to them, and outside the main
    thread all are.

    Parameters
    ----------
    *signals : Signals
        Such as ``SIGTERM``.
    """
    is_main = threading.current_thread() is threading.main_thread()
    before = {number: signal.getsignal(number) for number in signals if is_main}
    ours = {
        number: handler
        for number, handler in before.items()
        if handler in (signal.SIG_DFL, signal.default_int_handler)
    }
    for number in ours:
        signal.signal(number, _raise)
    try:
        yield
    finally:
        for number, handler in ours.items():
            signal.signal(number, handler)


def _raise(number: int, frame: FrameType | None) -> None:
    del frame
    raise Terminated(128 + number)

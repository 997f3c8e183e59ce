"""A request to end the process comes as an exception, so that what is open can be closed."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

__all__ = ["PATIENCE_S", "Terminated", "ended_by", "held_back"]

# Less than the ten seconds that containers are given between TERM and KILL.
PATIENCE_S = 8.0
_ALARM: signal.Signals | None = getattr(signal, "SIGALRM", None)
_REQUESTS = (signal.SIGINT, signal.SIGTERM)


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
    with _handled(signals, _raise):
        yield


@contextmanager
def held_back() -> Iterator[Callable[[], None]]:
    """Hold a request to end back while the block runs, until it says that it may come.

    An exception in the middle of a write can leave a database locked by a connection that
    nobody holds any more. A second request is not held back, nor is the first for longer than
    ``PATIENCE_S``: a write may be stuck for good.

    Yields
    ------
    callable
        Lets a request that came take its effect; called once more when the block is done.
    """
    asked: list[int] = []
    before: dict[int, Any] = {}

    def set_alarm(seconds: float) -> None:
        # Absent on Windows, or somebody else's.
        if _ALARM in before:
            signal.setitimer(signal.ITIMER_REAL, seconds)

    def hold(number: int, frame: FrameType | None) -> None:
        asked.append(number)
        if len(asked) > 1:
            _take(before, asked[0], frame)
        set_alarm(PATIENCE_S)

    def let_come() -> None:
        if asked:
            _take(before, asked[0], None)

    alarm = () if _ALARM is None else (_ALARM,)
    with _handled((*_REQUESTS, *alarm), hold) as was:
        before.update(was)
        try:
            yield let_come
        finally:
            if asked:
                set_alarm(0)
    let_come()


def _take(before: dict[int, Any], number: int, frame: FrameType | None) -> None:
    handler = before[number]
    if callable(handler):
        handler(number, frame)
    _raise(number, frame)


def _raise(number: int, frame: FrameType | None) -> None:
    del frame
    raise Terminated(128 + number)


@contextmanager
def _handled(
    signals: tuple[signal.Signals, ...], handle: Callable[[int, FrameType | None], None]
) -> Iterator[dict[int, Any]]:
    is_main = threading.current_thread() is threading.main_thread()
    before = {int(number): signal.getsignal(number) for number in signals if is_main}
    ours = {
        number: handler
        for number, handler in before.items()
        if handler in (signal.SIG_DFL, signal.default_int_handler, _raise)
    }
    for number in ours:
        signal.signal(number, handle)
    try:
        yield ours
    finally:
        for number, handler in ours.items():
            signal.signal(number, handler)

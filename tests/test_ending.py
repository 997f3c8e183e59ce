"""A request to end the process is an exception, where one can be borne."""

# ruff: noqa: PT012 - what a request interrupts are several statements.

import os
import signal
import time
from collections.abc import Iterator

import pytest

from icans_risk import ending
from icans_risk.ending import Terminated, ended_by, held_back

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals")
BOTH = (signal.SIGINT, signal.SIGTERM)


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Handlers are Python's own, whatever a library put there (Spark does), and stay so."""
    own = {
        signal.SIGINT: signal.default_int_handler,
        signal.SIGTERM: signal.SIG_DFL,
        signal.SIGALRM: signal.SIG_DFL,
    }
    before = {number: signal.signal(number, handler) for number, handler in own.items()}
    yield
    left = {number: signal.signal(number, handler) for number, handler in before.items()}
    assert left == own
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_is_an_exception_with_its_exit_code(sent: signal.Signals, code: int) -> None:
    with pytest.raises(Terminated) as asked, ended_by(*BOTH):
        signal.raise_signal(sent)
    assert asked.value.code == code


def test_what_somebody_else_decided_is_left_to_them() -> None:
    seen = []
    before = signal.signal(signal.SIGTERM, lambda number, _: seen.append(number))
    try:
        with ended_by(*BOTH), held_back():
            signal.raise_signal(signal.SIGTERM)
        assert seen == [signal.SIGTERM]
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_request_waits_until_it_may_come() -> None:
    done = []
    with pytest.raises(Terminated) as asked, ended_by(*BOTH), held_back() as let_come:
        let_come()
        signal.raise_signal(signal.SIGTERM)
        done.append("written")
        let_come()
        done.append("never")
    assert done == ["written"]
    assert asked.value.code == 143


def test_a_request_comes_at_the_end_at_the_latest() -> None:
    done = []
    with pytest.raises(Terminated), ended_by(*BOTH):
        with held_back():
            signal.raise_signal(signal.SIGTERM)
            done.append("written")
        done.append("never")
    assert done == ["written"]


def test_a_second_request_does_not_wait() -> None:
    with pytest.raises(Terminated) as asked, ended_by(*BOTH), held_back():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
        pytest.fail("came too late")
    assert asked.value.code == 130


def test_a_request_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "PATIENCE_S", 0.05)
    started = time.monotonic()
    with pytest.raises(Terminated) as asked, ended_by(*BOTH), held_back():
        signal.raise_signal(signal.SIGTERM)
        time.sleep(30)
    assert asked.value.code == 143
    assert time.monotonic() - started < 20


def test_ctrl_c_outside_the_program_is_what_python_makes_of_it() -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt), held_back() as let_come:
            signal.raise_signal(signal.SIGINT)
            let_come()
    finally:
        signal.signal(signal.SIGINT, before)


def test_an_alarm_of_somebody_else_is_not_set() -> None:
    before = signal.signal(signal.SIGALRM, lambda *_: None)
    try:
        with pytest.raises(Terminated), ended_by(*BOTH), held_back():
            signal.raise_signal(signal.SIGTERM)
            assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    finally:
        signal.signal(signal.SIGALRM, before)

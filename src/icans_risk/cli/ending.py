"""How the program ends: one line on standard error, and an exit code that a script can trust."""

import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import typer

import icans_risk
from icans_risk.ending import Terminated
from icans_risk.errors import IcansRiskError

__all__ = ["EXIT_CODES", "TRACEBACK", "ended_in_words"]

DONE, INTERNAL_ERROR, USER_MISTAKE = 0, 1, 2
# EX_IOERR of sysexits.h.
CANNOT_WRITE = 74
# What a shell says of a process that one of these signals ended.
INTERRUPTED, READER_GONE, TERMINATED = (128 + number for number in (2, 13, 15))

EXIT_CODES = {
    DONE: "Done.",
    INTERNAL_ERROR: "A fault of the program. One line says where; please report it.",
    USER_MISTAKE: (
        "A mistake in the call, the study file or the data, told in one line; or the answer is no: "
        "something has to be mended (`check`), nothing could be read (`eeg`, `imaging`) or judged "
        "(`evaluate`), a ledger was tampered with (`evaluate`), a run is not what it was "
        "(`verify`), a model is not promoted (`promote`), or no longer meets its data (`monitor`)."
    ),
    CANNOT_WRITE: "A file cannot be written or read: a full disk, a quota, no permission.",
    INTERRUPTED: (
        "Interrupted from the keyboard (INT); a run that was being logged is closed as killed."
    ),
    READER_GONE: "Nobody reads the output any more (PIPE), as behind `| head`.",
    TERMINATED: "Asked to end (TERM); a run that was being logged is closed as killed.",
}

TRACEBACK = "ICANS_RISK_TRACEBACK"
_PACKAGE = Path(icans_risk.__file__).parent
# What names a file that is not there, or is of another kind: the user's to mend.
_NAMED_WRONGLY = (FileNotFoundError, NotADirectoryError, IsADirectoryError, FileExistsError)


@contextmanager
def ended_in_words() -> Iterator[None]:
    """End the program with a line and a code, whatever ends it."""
    try:
        yield
    except SystemExit as leave:
        _say_why(leave)
        raise
    except KeyboardInterrupt:
        _end(INTERRUPTED, "interrupted.")
    except IcansRiskError as error:
        # One line, whatever a file name or a library put into the message.
        _end(USER_MISTAKE, " ".join(str(error).split()))
    except _NAMED_WRONGLY as error:
        _end(USER_MISTAKE, f"{error.filename}: {error.strerror}. Name another.")
    except OSError as error:
        # A full disk, a quota, a folder that may not be written: nothing half-written stays.
        _end(CANNOT_WRITE, f"a file cannot be written or read ({error.strerror}).")
    except Exception as error:
        _end(INTERNAL_ERROR, _fault(error))


def _say_why(leave: SystemExit) -> None:
    """Give the codes of the command line's library their words, or their own number."""
    if isinstance(leave, Terminated):
        # Who lets the signals come says it, see ``start.py``.
        return
    if leave.code == INTERRUPTED:
        typer.echo("icans-risk: interrupted.", err=True)
    elif leave.code == INTERNAL_ERROR:
        # Rich and Typer leave by 1 where a pipe was closed, and for nothing else that we do.
        leave.code = READER_GONE


def _fault(error: Exception) -> str:
    """Say where it happened, not what was said: a library may repeat a cell."""
    if os.environ.get(TRACEBACK):
        traceback.print_exception(error)
    own = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(_PACKAGE)
    ]
    where = (
        f"{Path(own[-1].filename).relative_to(_PACKAGE).as_posix()}, line {own[-1].lineno}"
        if own
        else "outside the package"
    )
    return (
        f"a fault of the program, not of your call ({type(error).__name__} in {where}, version "
        f"{icans_risk.__version__}). Please report this line; {TRACEBACK}=1 shows more, and may "
        "show data."
    )


def _end(code: int, line: str) -> NoReturn:
    typer.echo(f"icans-risk: {line}", err=True)
    sys.exit(code)

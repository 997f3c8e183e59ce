"""Predictions written down before their outcome: a log in which every line seals the one before.

Each line is one JSON object with its number, the time of writing (UTC, this machine's clock), the
SHA-256 of the line before it, and its own. A line that is changed, taken out, put in or moved
breaks the chain there. What a chain alone cannot show: that somebody wrote the whole file anew, or
cut off its end. Both show against a head (number and hash of a line) that was noted elsewhere: send
it to somebody else after each writing. The times are those of the clock that wrote.
"""

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from icans_risk.errors import LedgerError
from icans_risk.serving.ledger_check import read_lines
from icans_risk.serving.ledger_lines import FORMAT, START, Head, Line, hash_line, write_text

__all__ = ["append_entries"]

_LOCK_SECONDS = 60


def append_entries(
    file: Path, entries: Sequence[Mapping[str, Any]], *, now: datetime | None = None
) -> Head:
    """Write entries at the end of a ledger, which is made if it is not there.

    The whole ledger is looked through first: nothing is added to one that is damaged. The
    lines are on the disk when this returns.

    Parameters
    ----------
    file : Path
        Mode 0600; its folder must exist. ``FILE.lock`` beside it lets one writer in at a time.
    entries : sequence of mapping
        Plain JSON values.
    now : datetime, optional
        By default the clock's.

    Returns
    -------
    Head
        To be noted elsewhere.

    Raises
    ------
    LedgerError
        If the ledger is damaged or in use, the clock went back, or the file cannot be
        written.
    """
    if not file.parent.is_dir():
        # The lock would make the folder.
        raise LedgerError(f"{file.name}: its folder does not exist. Make it, or name another file.")
    try:
        with FileLock(f"{file}.lock", timeout=_LOCK_SECONDS, mode=0o600):
            # Read after the wait: who wrote in between wrote earlier.
            moment = _utc(now)
            lines = read_lines(file) if file.exists() else []
            _check_end(file, lines, moment)
            return _append(file, lines, entries, moment=moment)
    except Timeout:
        raise LedgerError(f"{file.name}: another process is writing. Try again.") from None
    except OSError as error:
        raise LedgerError(f"{file.name}: cannot be written ({error.strerror}).") from None


def _utc(now: datetime | None) -> datetime:
    moment = datetime.now(UTC) if now is None else now
    if moment.tzinfo is None:
        raise LedgerError("a time in a ledger needs its time zone, got none. Give it with one.")
    return moment.astimezone(UTC)


def _check_end(file: Path, lines: Sequence[Line], moment: datetime) -> None:
    if lines and moment < datetime.fromisoformat(lines[-1]["written_at"]):
        raise LedgerError(
            f"{file.name}: the last line was written after now, so this machine's clock went back. "
            "Set the clock."
        )


def _append(
    file: Path, lines: Sequence[Line], entries: Sequence[Mapping[str, Any]], *, moment: datetime
) -> Head:
    number = len(lines)
    before = str(lines[-1]["sha256"]) if lines else START
    if not lines:
        entries = [{"kind": "start", "format": FORMAT}, *entries]
    written = []
    for entry in entries:
        line = {
            "number": number,
            "written_at": moment.isoformat(timespec="microseconds"),
            "previous": before,
            "entry": dict(entry),
        }
        before = hash_line(line)
        written.append(write_text(line | {"sha256": before}))
        number += 1
    is_new = not lines
    handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(handle, "ab") as stream:
        stream.write(b"".join(line + b"\n" for line in written))
        stream.flush()
        os.fsync(stream.fileno())
    if is_new:
        _sync_folder(file.parent)
    return Head(number - 1, before)


def _sync_folder(folder: Path) -> None:
    """Put the name of a new file on the disk, too."""
    if hasattr(os, "O_DIRECTORY"):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

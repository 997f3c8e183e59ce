"""What is wrong with a ledger: every break of its chain, and every time that cannot be."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from icans_risk.errors import LedgerError
from icans_risk.serving.ledger_lines import FORMAT, START, Head, Line, hash_line, write_text

__all__ = ["CheckedLedger", "Problem", "check_ledger", "read_lines"]

# A million predictions; more belongs into several ledgers.
MAX_BYTES = 2**30
_KEYS = {"number", "written_at", "previous", "entry", "sha256"}
_NOT_A_LINE = "It is no line of a ledger."
_INTERRUPTED = (
    "A writing was interrupted within it, and nobody was answered from it: cut this piece off."
)


@dataclass(frozen=True)
class Problem:
    """Something that an honest writing cannot leave behind.

    Attributes
    ----------
    line : int
        Of the file, from 1.
    code : str
        ``unreadable``, ``changed``, ``broken_chain``, ``back_dated``, ``cut_off_later``,
        ``incomplete``, ``from_the_future`` or ``head_missing``.
    sentence : str
        In words.
    """

    line: int
    code: str
    sentence: str


@dataclass(frozen=True)
class CheckedLedger:
    """The lines of a ledger that can be read, and what is wrong with it.

    Attributes
    ----------
    lines : tuple of mapping
        In the order of the file.
    problems : tuple of Problem
        None if nothing is wrong that a chain can show.
    """

    lines: tuple[Line, ...]
    problems: tuple[Problem, ...]


def check_ledger(
    file: Path, *, heads: tuple[Head, ...] = (), now: datetime | None = None
) -> CheckedLedger:
    """Look through a whole ledger.

    Parameters
    ----------
    file : Path
        The ledger.
    heads : tuple of Head
        Heads that were noted elsewhere: without one, a ledger that was written anew or whose
        end was cut off looks whole.
    now : datetime, optional
        By default the clock's.

    Returns
    -------
    CheckedLedger
        With every problem.

    Raises
    ------
    LedgerError
        If there is no such file, or it is too large.
    """
    content = _read(file)
    rows = content.split(b"\n")
    problems: list[Problem] = []
    if rows.pop() != b"":
        problems.append(Problem(len(rows) + 1, "incomplete", _INTERRUPTED))
    lines: list[Line] = []
    for place, row in enumerate(rows, start=1):
        line = _parse(row)
        if line is None:
            problems.append(Problem(place, "unreadable", _NOT_A_LINE))
            continue
        before = lines[-1] if lines else None
        if row != write_text(line):
            problems.append(Problem(place, "changed", "It is not as a ledger writes it."))
        problems += [Problem(place, *told) for told in _problems_of(line, before, number=place - 1)]
        lines.append(line)
    latest = datetime.now(UTC) if now is None else now
    if lines and datetime.fromisoformat(lines[-1]["written_at"]) > latest:
        problems.append(Problem(len(rows), "from_the_future", "It was written later than now."))
    problems += _missing_heads(lines, heads)
    return CheckedLedger(tuple(lines), tuple(sorted(problems, key=lambda problem: problem.line)))


def _read(file: Path) -> bytes:
    try:
        if file.stat().st_size > MAX_BYTES:
            raise LedgerError(f"{file.name}: more than {MAX_BYTES} bytes. Begin a new ledger.")
        return file.read_bytes()
    except OSError as error:
        raise LedgerError(f"{file.name}: cannot be read ({error.strerror}).") from None


def _parse(row: bytes) -> Line | None:
    try:
        line: Any = json.loads(row, parse_constant=_refuse)
        if set(line) != _KEYS or not isinstance(line["entry"], dict):
            return None
        moments = [datetime.fromisoformat(m) for m in (line["written_at"], *_cut_off(line))]
    except (ValueError, TypeError, RecursionError):
        return None
    return line if all(moment.tzinfo for moment in moments) else None


def _refuse(_: str) -> None:
    raise ValueError


def _cut_off(line: Line) -> list[str]:
    return [line["entry"]["data_cutoff"]] if "data_cutoff" in line["entry"] else []


def _problems_of(line: Line, before: Line | None, *, number: int) -> Iterator[tuple[str, str]]:
    if line["sha256"] != hash_line(line):
        yield "changed", "It is not as it was written: its hash is another."
    if line["number"] != number or line["previous"] != (
        START if before is None else before["sha256"]
    ):
        yield (
            "broken_chain",
            "It does not follow the line before it: one was changed, taken out, put in or moved.",
        )
    if before is None and line["entry"] != {"kind": "start", "format": FORMAT}:
        yield "broken_chain", "A ledger of this format begins otherwise: its start was taken out."
    written = datetime.fromisoformat(line["written_at"])
    if before is not None and written < datetime.fromisoformat(before["written_at"]):
        yield "back_dated", "It says that it was written before the line that it follows."
    for moment in _cut_off(line):
        if datetime.fromisoformat(moment) > written:
            yield "cut_off_later", "Its data reach beyond the moment at which it was written."


def _missing_heads(lines: list[Line], heads: tuple[Head, ...]) -> Iterator[Problem]:
    known = {(line["number"], line["sha256"]) for line in lines}
    for head in heads:
        if (head.number, head.sha256) not in known:
            yield Problem(
                head.number + 1,
                "head_missing",
                "A line that was noted elsewhere is not there: the ledger was written anew, or its "
                "end was cut off.",
            )


def read_lines(file: Path) -> list[Line]:
    """Read a ledger and refuse one whose chain is broken.

    Raises
    ------
    LedgerError
        If there is none, or anything is wrong with it.
    """
    found = check_ledger(file)
    if found.problems:
        first = found.problems[0]
        raise LedgerError(
            f"{file.name}, line {first.line}: {first.sentence} Look at it by `icans-risk evaluate "
            "--ledger`, and begin a new ledger."
        )
    return list(found.lines)

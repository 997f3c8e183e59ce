"""One line of a ledger: its form, its hash, and the head that is noted elsewhere."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from icans_risk.errors import LedgerError

__all__ = ["FORMAT", "START", "Head", "Line", "hash_line", "last_head", "parse_head", "write_text"]

FORMAT = 1
START = "0" * 64

Line = Mapping[str, Any]


@dataclass(frozen=True)
class Head:
    """A line to be noted elsewhere: everything up to it is sealed by its hash.

    Attributes
    ----------
    number : int
        Of the line, from 0.
    sha256 : str
        Its hash.
    """

    number: int
    sha256: str

    def __str__(self) -> str:
        """Write it as it is noted and given back."""
        return f"{self.number}:{self.sha256}"


def parse_head(text: str) -> Head:
    """Read a head as it was noted.

    Raises
    ------
    LedgerError
        If it is none.

    Examples
    --------
    >>> parse_head("12:" + "a" * 64).number
    12
    """
    number, _, sha256 = text.strip().partition(":")
    is_hash = len(sha256) == len(START) and set(sha256) <= set("0123456789abcdef")
    if not (number.isdecimal() and is_hash):
        raise LedgerError(
            "expected a head as it was printed, a number, a colon and 64 characters (0-9, a-f). "
            "Copy all of it."
        )
    return Head(int(number), sha256)


def last_head(lines: Sequence[Line]) -> Head:
    """Return the last line as it is to be noted."""
    return Head(int(lines[-1]["number"]), str(lines[-1]["sha256"]))


def hash_line(line: Mapping[str, Any]) -> str:
    """Hash what a line says, its own hash left out.

    Examples
    --------
    >>> hash_line({"number": 0, "sha256": "x"}) == hash_line({"number": 0})
    True
    """
    return hashlib.sha256(write_text({k: v for k, v in line.items() if k != "sha256"})).hexdigest()


def write_text(content: Mapping[str, Any]) -> bytes:
    """Write a line as it is hashed: the same content, the same bytes."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()

"""Check names against what is known, and say which known name is nearest."""

import re
from collections import Counter
from collections.abc import Collection, Iterable
from decimal import Decimal
from difflib import get_close_matches

from icans_risk.errors import StudyError

__all__ = ["check_distinct", "check_identifier", "check_known", "write_number"]

_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*")
_LISTED = 20


def check_known(name: str, known: Collection[str], *, what: str) -> None:
    """Refuse a name that is not among the known ones.

    Parameters
    ----------
    name : str
        The name that was asked for.
    known : collection of str
        The names that exist.
    what : str
        What the name stands for, in the words of the error.

    Raises
    ------
    StudyError
        If the name is unknown; the nearest known names are in the message.
    """
    if name in known:
        return
    nearest = get_close_matches(name, sorted(known), n=3, cutoff=0.5)
    if not nearest and len(known) <= _LISTED:
        nearest = sorted(known)
    advice = f"the nearest are {nearest}" if nearest else f"none of the {len(known)} is near it"
    raise StudyError(f"{what} must be a known name, got {name!r}; {advice}. Correct the name.")


def check_identifier(name: str, *, what: str) -> None:
    """Refuse a name that is not a lowercase identifier without a dot."""
    if not _IDENTIFIER.fullmatch(name):
        raise StudyError(
            f"{what} must be lowercase letters, digits and underscores, a letter first, got "
            f"{name!r}. Column names split on the dot, so none may stand inside a part."
        )


def check_distinct(names: Iterable[str], *, what: str) -> None:
    """Refuse names of which one stands twice."""
    repeated = sorted(name for name, times in Counter(names).items() if times > 1)
    if repeated:
        raise StudyError(f"{what} must be distinct, got {repeated} more than once. Drop one.")


def write_number(number: float) -> str:
    """Write a number as a part of a column's name, in which no dot may stand.

    Parameters
    ----------
    number : float
        Finite.

    Returns
    -------
    str
        Different for different numbers.

    Examples
    --------
    >>> write_number(38.5), write_number(-1.0), write_number(0.00001)
    ('38_5', 'm1', '0_00001')
    """
    digits = format(Decimal(repr(float(number))), "f").removesuffix(".0")
    return digits.replace("-", "m").replace(".", "_")

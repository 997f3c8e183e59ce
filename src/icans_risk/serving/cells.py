"""One patient's JSON, cell by cell, before it stands in a table beside anybody else's.

In a table a cell can change its neighbours: a flag among numbers becomes 1, a whole number among
gaps a fraction, a key of one patient a column of all. So types are settled here, where the patient
is alone, and what the contract does not know is left behind.
"""

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

from icans_risk.cohort import Column
from icans_risk.errors import CohortError

__all__ = ["FLAGS", "MOST_CHARACTERS", "read_json", "settle_cells"]

# Of one patient: a value every five minutes for a month is 2 MB.
MOST_CHARACTERS = 16 * 2**20
# An identifier comes back in the answer, so it is one that can be read and printed.
MOST_OF_IDENTIFIER = 200
MOST_OF_TEXT = 1_000

FLAGS = {"true": True, "false": False, "1": True, "0": False, "1.0": True, "0.0": False}
_SAID: Mapping[type, str] = {dict: "an object", list: "a list of objects"}


def read_json(text: Any, kind: type[dict[str, Any]] | type[list[Any]], *, where: str) -> Any:
    """Parse JSON text strictly: no NaN, no key twice in one object.

    Parameters
    ----------
    text : object
        What stood in a row.
    kind : {dict, list}
        What it has to be.
    where : str
        The column, for an error.

    Raises
    ------
    CohortError
        If it is no such text.

    Examples
    --------
    >>> read_json('{"a": 1}', dict, where="episode")
    {'a': 1}
    >>> read_json('{"a": 1, "a": 2}', dict, where="episode")
    Traceback (most recent call last):
    icans_risk.errors.CohortError: episode must be JSON text of an object, each key once...
    """
    try:
        if isinstance(text, str) and len(text) <= MOST_CHARACTERS:
            found = json.loads(text, parse_constant=_refuse, object_pairs_hook=_once)
            if isinstance(found, kind) and all(isinstance(row, dict) for row in _rows(found)):
                return found
    except (ValueError, RecursionError):
        pass
    # Not from the parser's error, which holds the text.
    raise CohortError(
        f"{where} must be JSON text of {_SAID[kind]}, each key once, no NaN, at most "
        f"{MOST_CHARACTERS} characters. Mend it in the source."
    )


def settle_cells(row: Mapping[str, Any], table: Mapping[str, Column | None], *, where: str) -> Any:
    """Return the cells that a contract knows, each in its type.

    Parameters
    ----------
    row : mapping of str to object
        From JSON.
    table : mapping of str to Column or None
        The contract; None takes any single value.
    where : str
        The table and the row, for an error.

    Returns
    -------
    dict of str to str, float, bool or None
        Whether a number can be true and a word is known is ``Cohort``'s to say.

    Raises
    ------
    CohortError
        If a cell has another type, or a row of values names a unit.

    Examples
    --------
    >>> from icans_risk.cohort import EVENTS
    >>> settle_cells({"analyte": "crp", "value": 3, "note": "left behind"}, EVENTS, where="events")
    {'analyte': 'crp', 'value': 3.0}
    >>> settle_cells({"value": "3"}, EVENTS, where="events[0]")
    Traceback (most recent call last):
    icans_risk.errors.CohortError: events[0].value must be a finite number...
    """
    if "value" in table and row.get("unit") is not None:
        # Left behind, it would pass a number for another.
        raise CohortError(
            f"{where}.unit is not taken. Values are in the catalogue's units: convert them, and "
            "leave it out."
        )
    settled: dict[str, Any] = {}
    for name, column in table.items():
        cell = row.get(name)
        if cell is None:
            if name in row:
                settled[name] = None
            continue
        kind = _kind_of(name, column, cell)
        taken = _SETTLE[kind](cell)
        if taken is None:
            raise CohortError(f"{where}.{name} must be {_EXPECTED[kind]}. Mend it in the source.")
        settled[name] = taken
    return settled


def _rows(found: Any) -> list[Any]:
    return found if isinstance(found, list) else []


def _kind_of(name: str, column: Column | None, cell: Any) -> str:
    if column is None:
        return "number" if isinstance(cell, int | float) else "text"
    return "identifier" if name.endswith("_id") else column.kind


def _number(cell: Any) -> float | None:
    if type(cell) is float:
        return cell if math.isfinite(cell) else None
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        return None
    try:
        number = float(cell)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _text(cell: Any, most: int = MOST_OF_TEXT) -> str | None:
    # A whole number is a word where words stand, such as a site's.
    word = str(cell) if isinstance(cell, int) and not isinstance(cell, bool) else cell
    if not isinstance(word, str) or len(word) > most:
        return None
    # Half of a surrogate pair is a str to Python and to nothing else.
    is_whole = word.isascii() or not any("\ud800" <= c <= "\udfff" for c in word)
    return word if is_whole else None


def _identifier(cell: Any) -> str | None:
    word = _text(cell, MOST_OF_IDENTIFIER)
    return word if word and word.isprintable() else None


def _flag(cell: Any) -> bool | None:
    return FLAGS.get(str(cell).lower()) if isinstance(cell, str | int | float) else None


_SETTLE: Mapping[str, Callable[[Any], Any]] = {
    "number": _number,
    "text": _text,
    "identifier": _identifier,
    "flag": _flag,
}
_EXPECTED = {
    "number": "a finite number",
    "text": f"text of at most {MOST_OF_TEXT} characters",
    "identifier": f"1 to {MOST_OF_IDENTIFIER} printable characters",
    "flag": "true or false",
}


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError
    return found


def _refuse(_: str) -> None:
    raise ValueError

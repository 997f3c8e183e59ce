"""What may be said about the words of a table, and which decimal sign its numbers have.

A word of the source is repeated only if it is a known one, or if it stands in the rows of
several patients and looks like no identifier: a name or a number of one patient never is.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import polars as pl

from icans_risk.ingest.draft.guess import TableGuess
from icans_risk.ingest.draft.synonyms import Match, match_analyte, match_unit

__all__ = ["Words", "decimal_sign", "identifiers_of", "long_words", "shared_words"]

_AT_MOST = 200
_ROWS, _PATIENTS, _LENGTH = 3, 3, 60
_LIKE_AN_IDENTIFIER = re.compile(r"\d{4}|@|\n")
# A column surely names analytes if it holds this many known ones (or most rows are known).
_RECOGNISED = 3

_SIGN = r"^[<>≤≥=~\s]*[+-]?"
_PLAIN = {"point": r"\.", "comma": ","}


@dataclass(frozen=True)
class Words:
    """The words of a long table.

    Attributes
    ----------
    analytes : mapping of str to Match
        Words that were recognised.
    strange : tuple of str
        Words that were not, and may be shown.
    hidden : int
        How many other words there are.
    units : mapping of str to str
        Unit texts that must be translated.
    strange_units : tuple of str
        Unit texts that do not fit an analyte they stand beside, and may be shown.
    hidden_units : int
        How many other such texts there are.
    without_unit : frozenset of str
        Recognised words of which no row states a unit.
    """

    analytes: Mapping[str, Match]
    strange: tuple[str, ...]
    hidden: int
    units: Mapping[str, str]
    strange_units: tuple[str, ...]
    hidden_units: int
    without_unit: frozenset[str]


def identifiers_of(tables: Collection[TableGuess]) -> frozenset[str]:
    """Collect everything that identifies somebody, in small letters."""
    found: set[str] = set()
    for table in tables:
        for name in ("patient", "episode"):
            if name in table.columns:
                texts = table.cells[table.columns[name]].drop_nulls().unique()
                found.update(text.casefold() for text in texts)
    return frozenset(found)


def shared_words(table: TableGuess, column: str, identifiers: Collection[str]) -> list[str]:
    """List the words of a column that may be shown: those of several patients.

    Parameters
    ----------
    table : TableGuess
        The table.
    column : str
        Its header.
    identifiers : collection of str
        In small letters; a word that holds one of them is never shown.

    Returns
    -------
    list of str
        Sorted; empty where the column has so many words that it is no vocabulary.
    """
    if table.key is None or table.cells[column].n_unique() >= _AT_MOST:
        return []
    of_somebody = pl.col(table.columns[table.key]).n_unique()
    counts = table.cells.drop_nulls(column).group_by(column).agg(n=pl.len(), who=of_somebody)
    known = counts.filter((pl.col("n") >= _ROWS) & (pl.col("who") >= _PATIENTS))
    return sorted(word for word in known[column] if _is_harmless(word, identifiers))


def _is_harmless(word: str, identifiers: Collection[str]) -> bool:
    small = word.casefold()
    if len(word) > _LENGTH or _LIKE_AN_IDENTIFIER.search(word) or small in identifiers:
        return False
    return not any(len(key) > 3 and key in small for key in identifiers)


def long_words(table: TableGuess, identifiers: Collection[str]) -> Words:
    """Find out what the words of a long table mean.

    Parameters
    ----------
    table : TableGuess
        A long table.
    identifiers : collection of str
        What must never be shown, in small letters.

    Returns
    -------
    Words
        What was recognised, what may be listed, and how much is neither.
    """
    column = table.columns["analyte"]
    counts = table.cells[column].drop_nulls().value_counts().sort(column)
    matches = {word: match_analyte(word) for word in counts[column]}
    analytes = {word: match for word, match in matches.items() if match is not None}
    rows = counts.filter(pl.col(column).is_in(list(analytes)))["count"].sum()
    shown = []
    if len(analytes) >= _RECOGNISED or 2 * rows >= counts["count"].sum():
        shown = [w for w in shared_words(table, column, identifiers) if w not in analytes]
    translated, unclear, stated = _units(table, analytes)
    strange_units = [
        u for u in unclear if u in shared_words(table, table.columns["unit"], identifiers)
    ]
    return Words(
        analytes,
        tuple(shown),
        len(matches) - len(analytes) - len(shown),
        units=translated,
        strange_units=tuple(strange_units),
        hidden_units=len(unclear) - len(strange_units),
        without_unit=frozenset(analytes) - stated,
    )


def _units(
    table: TableGuess, analytes: Mapping[str, Match]
) -> tuple[dict[str, str], list[str], set[str]]:
    """Find what unit texts mean, which are unclear, and which words have any."""
    if "unit" not in table.columns:
        return {}, [], set()
    word, unit = table.columns["analyte"], table.columns["unit"]
    pairs = table.cells.filter(pl.col(word).is_in(list(analytes))).select(word, unit)
    meant: dict[str, set[str | None]] = {}
    for name, text in pairs.drop_nulls().unique().sort(word, unit).iter_rows():
        meant.setdefault(text, set()).add(match_unit(text, analytes[name].analyte))
    # One text that means two units cannot be translated for the whole study.
    clear = {text: next(iter(units)) for text, units in meant.items() if len(units) == 1}
    translated = {t: u for t, u in clear.items() if u is not None and u != t}
    unclear = [text for text in meant if clear.get(text) is None]
    return translated, unclear, set(pairs.drop_nulls()[word])


def decimal_sign(texts: pl.Series) -> str | None:
    """Say which decimal sign numbers have, if the numbers tell.

    Parameters
    ----------
    texts : Series of String
        Results as written; words among them tell nothing.

    Returns
    -------
    {"point", "comma", "both", None}
        None where every sign could as well group thousands. Whole numbers have a point.

    Examples
    --------
    >>> decimal_sign(pl.Series(["1,5", "12", "<0,5"])), decimal_sign(pl.Series(["1,234"]))
    ('comma', None)
    """
    clear = {name for name, sign in _PLAIN.items() if _is_decimal(texts, sign)}
    if len(clear) == 2:
        return "both"
    if clear:
        return clear.pop()
    signed = texts.str.contains(_SIGN + r"\d{1,3}[.,]\d{3}$").any()
    return None if signed else "point"


def _is_decimal(texts: pl.Series, sign: str) -> bool:
    """Tell whether a sign stands where it cannot group thousands."""
    other = "," if sign != "," else r"\."
    short = rf"(\d+{sign}(\d{{1,2}}|\d{{4,}}))"
    plain = rf"((0|\d{{4,}}){sign}\d+)"
    grouped = rf"(\d{{1,3}}({other}\d{{3}})+{sign}\d+)"
    return bool(texts.str.contains(rf"{_SIGN}({short}|{plain}|{grouped})$").any())

"""The text of a result becomes a number, a word for a missing one, or a reason.

Nothing is guessed. The decimal sign is declared; a number that could be read in two ways is
set aside, and a word that is not on the closed list is no number either.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

import polars as pl

from icans_risk.errors import CohortError
from icans_risk.ingest.files.raw_table import show_rows
from icans_risk.ingest.frames import usable
from icans_risk.study.handling import Handling
from icans_risk.study.tables import Decimal

__all__ = ["KNOWN_WORDS", "HasDecimal", "parse_values"]

_WORDS = {
    "haemolysed": "haemolysed; hemolysed; haemolyzed; hemolyzed; haemolysis; hemolysis; "
    "haemolytic; hemolytic; hämolytisch; haemolytisch; hämolyse; hémolysé",
    "clotted": "clotted; clot; coagulated; geronnen; koaguliert; coagulé",
    "insufficient": "insufficient; insufficient sample; insufficient material; "
    "insufficient quantity; quantity not sufficient; qns; zu wenig material; insuffisant",
    "not_done": "not done; nd; n.d.; n.d; not performed; not measured; "  # codespell:ignore
    "not determined; nicht durchgeführt; nicht gemessen; nicht bestimmt; non fait",
    "pending": "pending; in progress; ausstehend; folgt; in arbeit; en cours",
    "see_comment": "see comment; see comments; see note; see report; siehe kommentar; "
    "s. kommentar; siehe befund; voir commentaire",
    "cancelled": "cancelled; canceled; test cancelled; test canceled; storniert",
    "not_recorded": "-; --; ---; –; —; .; nan; n/a; na; null; none",
    # Below what the test can show, but not by how much: not zero, and no limit is stated.
    "qualitative": "neg; neg.; negative; negativ; trace; traces; spur; "  # codespell:ignore
    "not detected; undetected; undetectable; nicht nachweisbar; n.n.",
}

# Result texts that mean "no result", in lower case, and why there is none.
KNOWN_WORDS: Mapping[str, str] = MappingProxyType(
    {word: why for why, words in _WORDS.items() for word in words.split("; ")}
)

# Only what is the same sign in another width or shape. NFKC would do more: it would read the
# power in 10⁹ and the footnote mark in 5① as further digits.
_SAME_SIGN = {
    **{chr(code + 0xFEE0): chr(code) for code in range(0x21, 0x7F)},
    **dict.fromkeys("\u00a0\u2002\u2003\u2007\u2008\u2009\u200a\u202f\u3000\t\r\n", " "),
    **dict.fromkeys("\u200b\u200e\u200f\u2060\ufeff", ""),
    **dict.fromkeys("\u2010\u2011\u2212\ufe63", "-"),
    "≤": "<=",
    "≥": ">=",
}
# What upper and lower case of i become where a Turkish machine changed the case.
_TURKISH = {"i\u0307": "i", "ı": "i"}
_SWAPPED = {",": ".", ".": ","}

# Numbers with a decimal point; texts with a decimal comma are mirrored before they get here.
_GROUPS = r"[+-]?[1-9][0-9]{0,2}(?:,[0-9]{3})"
_NUMBER = (
    r"^(?:[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
    rf"|{_GROUPS}+\.[0-9]+|{_GROUPS}{{2,}})$"
)
_AMBIGUOUS = rf"^{_GROUPS}$"


class HasDecimal(Protocol):
    """A source that says how its numbers are written."""

    @property
    def decimal(self) -> Decimal | dict[str, Decimal]:
        """The decimal sign, for all or by site."""


def parse_values(frame: pl.DataFrame, source: HasDecimal, handling: Handling) -> pl.DataFrame:
    """Read every result as a number, a limit or a word for a missing one.

    A number may have a sign, an exponent, groups of three and one of ``<``, ``>``, ``<=``,
    ``>=``, ``≤``, ``≥`` before it. Words for zero (negative, trace) do not become zero.

    Parameters
    ----------
    frame : DataFrame
        Matched raw results.
    source : HasDecimal
        The table that they come from.
    handling : Handling
        Its ``missing_words``, ``thousands`` and ``below_limit``.

    Returns
    -------
    DataFrame
        With ``value``, ``censored`` ("", "<" or ">") and ``missing``, which says why there
        is no result and is null where there is one. ``reason`` is set on the rest.

    Raises
    ------
    CohortError
        If the decimal sign is declared by site and a text comes from a site without one.
    """
    cells = frame.select(
        *("file", "row", "reason"),
        number=pl.col("number").fill_nan(None),
        text=pl.when(usable()).then(_plain(pl.col("text"))),
        decimal=_decimal_sign(source.decimal),
    )
    _refuse_undeclared(cells)
    cells = cells.with_columns(missing=_why_missing(handling), body=_body(pl.col("text")))
    cells = cells.with_columns(found=pl.when(pl.col("missing").is_null()).then(_kind(handling)))
    cells = cells.with_columns(value=pl.coalesce("number", _as_number(pl.col("body"))))
    limit = pl.when(pl.col("number").is_null()).then(pl.col("text").str.extract("^([<>])"))
    share = 0.5 if handling.below_limit == "half" else 1.0
    read = cells.select(
        value=pl.col("value") * pl.when(limit == "<").then(share).otherwise(1.0),
        censored=pl.when(pl.col("value").is_finite()).then(limit).fill_null(""),
        missing="missing",
        reason=pl.coalesce("reason", _problem()),
    )
    return frame.with_columns(read.with_columns(value=pl.when(usable()).then("value")))


def _plain(text: pl.Expr) -> pl.Expr:
    same = text.str.replace_many(_SAME_SIGN).str.normalize("NFC")
    return same.str.strip_chars().str.replace_all(" {2,}", " ")


def _as_word(plain: pl.Expr) -> pl.Expr:
    return plain.str.to_lowercase().str.replace_many(_TURKISH)


def _decimal_sign(decimal: Decimal | dict[str, Decimal]) -> pl.Expr:
    if isinstance(decimal, str):
        return pl.lit(decimal)
    return pl.col("site").replace_strict(decimal, default=None, return_dtype=pl.String)


def _refuse_undeclared(cells: pl.DataFrame) -> None:
    unread = cells.filter(
        usable() & pl.col("text").is_not_null() & pl.col("decimal").is_null()
    )  # fmt: skip
    if unread.height:
        raise CohortError(
            f"{unread['file'][0]}: expected a decimal sign for every site, {unread.height} results "
            f"({show_rows(unread['row'].to_list())}) come from a site that 'decimal' does not "
            "list, or from none. Add the site to 'decimal', or name the site of each episode."
        )


def _why_missing(handling: Handling) -> pl.Expr:
    own = pl.DataFrame({"word": handling.missing_words}, schema={"word": pl.String})
    declared = own.select(_as_word(_plain(pl.col("word")))).to_series()
    words = {**KNOWN_WORDS, **dict.fromkeys(declared.to_list(), "declared"), "": "empty"}
    word = _as_word(pl.col("text").fill_null(""))
    known = word.replace_strict(words, default=None, return_dtype=pl.String)
    return pl.when(usable() & pl.col("number").is_null()).then(known)


def _body(text: pl.Expr) -> pl.Expr:
    number = text.str.replace("^[<>]=? ?", "")
    mirrored = number.str.replace_many(_SWAPPED)
    return pl.when(pl.col("decimal") == "comma").then(mirrored).otherwise(number)


def _kind(handling: Handling) -> pl.Expr:
    body = pl.col("body")
    mirrored = body.str.replace_many(_SWAPPED)
    grouped = "number" if handling.thousands == "group" else "ambiguous_number"
    return (
        pl.when(body.str.contains(_NUMBER))
        .then(pl.lit("number"))
        .when(body.str.contains(_AMBIGUOUS))
        .then(pl.lit(grouped))
        .when(mirrored.str.contains(_NUMBER))
        .then(pl.lit("wrong_decimal_sign"))
        .otherwise(pl.lit("unreadable_result"))
    )


def _as_number(body: pl.Expr) -> pl.Expr:
    digits = body.str.replace_all(",", "", literal=True)
    return pl.when(pl.col("found") == "number").then(digits.cast(pl.Float64, strict=False))


def _problem() -> pl.Expr:
    is_text = usable() & pl.col("number").is_null() & pl.col("missing").is_null()
    return (
        pl.when(pl.col("value").is_infinite())
        .then(pl.lit("infinite_result"))
        .when(is_text & (pl.col("found") != "number"))
        .then(pl.col("found"))
    )

"""Texts of results: numbers in two locales, limits, words, and what is set aside."""

import locale
from dataclasses import dataclass
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from icans_risk.errors import CohortError
from icans_risk.ingest.stages.values import KNOWN_WORDS, parse_values
from icans_risk.study.handling import Handling
from icans_risk.study.tables import Decimal


@dataclass(frozen=True)
class Source:
    decimal: Decimal | dict[str, Decimal] = "point"


POINT, COMMA = Source("point"), Source("comma")
SIGNS: dict[Decimal, tuple[str, str]] = {"point": (".", ","), "comma": (",", ".")}


def raw(
    texts: list[str | None], numbers: list[float | None] | None = None, **columns: Any
) -> pl.DataFrame:
    frame = pl.DataFrame(
        {"text": texts, "number": numbers or [None] * len(texts)},
        schema={"text": pl.String, "number": pl.Float64},
    ).with_row_index("row", 2)
    given = {"file": "labs.csv", "site": "A", "reason": pl.lit(None, pl.String)} | columns
    return frame.with_columns(
        **{
            name: pl.lit(value) if isinstance(value, str) else value
            for name, value in given.items()
        }
    )


def read(text: str | None, source: Source = POINT, **handling: Any) -> dict[str, Any]:
    frame = parse_values(raw([text]), source, Handling(**handling))
    return frame.select("value", "censored", "missing", "reason").row(0, named=True)


def number(value: float, censored: str = "") -> dict[str, Any]:
    return {"value": value, "censored": censored, "missing": None, "reason": None}


def refused(reason: str) -> dict[str, Any]:
    return {"value": None, "censored": "", "missing": None, "reason": reason}


def missing(why: str) -> dict[str, Any]:
    return {"value": None, "censored": "", "missing": why, "reason": None}


@pytest.mark.parametrize(
    ("text", "value", "censored"),
    [
        ("12", 12.0, ""),
        ("-1.5", -1.5, ""),
        ("−1.5", -1.5, ""),
        ("+2e3", 2000.0, ""),
        (".5", 0.5, ""),
        ("1.5E-2", 0.015, ""),
        ("<0.5", 0.5, "<"),
        ("< 0.5", 0.5, "<"),
        ("<=0.5", 0.5, "<"),
        ("≤ 0.5", 0.5, "<"),
        (">40000", 40000.0, ">"),
        (">=40000", 40000.0, ">"),
        ("≥\u00a040000", 40000.0, ">"),
        ("\u202f１２．５\u3000", 12.5, ""),
        ("＜0.5", 0.5, "<"),
        ("1,234.5", 1234.5, ""),
        ("-1,234,567", -1234567.0, ""),
        ("12,345,678.25", 12345678.25, ""),
    ],
)
def test_a_number_is_read_and_keeps_the_direction_of_its_limit(
    text: str, value: float, censored: str
) -> None:
    assert read(text) == number(value, censored)


@pytest.mark.parametrize(
    ("text", "source", "reason"),
    [
        ("1,5", POINT, "wrong_decimal_sign"),
        ("0,123", POINT, "wrong_decimal_sign"),
        ("<1,5", POINT, "wrong_decimal_sign"),
        ("1.234,5", POINT, "wrong_decimal_sign"),
        ("1.234.567", POINT, "wrong_decimal_sign"),
        ("1,234", POINT, "ambiguous_number"),
        (">1,234", POINT, "ambiguous_number"),
        ("1.5", COMMA, "wrong_decimal_sign"),
        ("1,234.5", COMMA, "wrong_decimal_sign"),
        ("1.234", COMMA, "ambiguous_number"),
        ("12 mg/L", POINT, "unreadable_result"),
        ("1,23,456", POINT, "unreadable_result"),
        ("1 234", POINT, "unreadable_result"),
        ("5.", POINT, "unreadable_result"),
        ("10⁹", POINT, "unreadable_result"),
        ("5①", POINT, "unreadable_result"),
        ("3-4", POINT, "unreadable_result"),
        ("<neg", POINT, "unreadable_result"),
        (">", POINT, "unreadable_result"),
        ("inf", POINT, "unreadable_result"),
        ("1e999", POINT, "infinite_result"),
        ("<1e999", POINT, "infinite_result"),
    ],
)
def test_what_could_be_misread_is_set_aside(text: str, source: Source, reason: str) -> None:
    assert read(text, source) == refused(reason)


def test_a_decimal_comma_mirrors_everything() -> None:
    assert read("1,5", COMMA) == number(1.5)
    assert read("< 0,5", COMMA) == number(0.5, "<")
    assert read("1.234,5", COMMA) == number(1234.5)
    assert read("1.234.567", COMMA) == number(1234567.0)


def test_grouped_thousands_are_read_where_the_study_says_so() -> None:
    assert read("1,234", thousands="group") == number(1234.0)
    assert read("1.234", COMMA, thousands="group") == number(1234.0)
    assert read("0,123", thousands="group") == refused("wrong_decimal_sign")


def test_half_the_limit_stands_for_what_is_below_it_and_only_that() -> None:
    assert read("<0.5", below_limit="half") == number(0.25, "<")
    assert read(">0.5", below_limit="half") == number(0.5, ">")
    assert read("0.5", below_limit="half") == number(0.5)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "empty"),
        ("", "empty"),
        (" \u00a0", "empty"),
        ("Haemolysed", "haemolysed"),
        ("HÄMOLYTISCH", "haemolysed"),
        ("ha\u0308molytisch", "haemolysed"),
        ("see  comment", "see_comment"),
        ("n.d.", "not_done"),
        ("-", "not_recorded"),
        ("−", "not_recorded"),
        ("—", "not_recorded"),
        ("NaN", "not_recorded"),
        ("NEG", "qualitative"),
        ("trace", "qualitative"),
    ],
)
def test_a_known_word_is_a_missing_result_and_never_zero(text: str | None, why: str) -> None:
    assert read(text) == missing(why)


@pytest.mark.parametrize("word", KNOWN_WORDS)
def test_words_are_known_in_any_case_even_if_a_turkish_machine_changed_it(word: str) -> None:
    upper_in_turkish = word.replace("i", "İ").upper()
    lower_in_turkish = word.upper().replace("I", "ı").replace("İ", "i").lower()
    for text in (word, word.upper(), word.title(), upper_in_turkish, lower_in_turkish):
        assert read(text) == missing(KNOWN_WORDS[word])


def test_the_locale_of_the_machine_does_not_matter() -> None:
    before = locale.setlocale(locale.LC_ALL)
    try:
        locale.setlocale(locale.LC_ALL, "tr_TR.UTF-8")
    except locale.Error:
        pytest.skip("this machine has no Turkish locale")
    try:
        assert read("INSUFFICIENT") == missing("insufficient")
        assert read("1.5") == number(1.5)
    finally:
        locale.setlocale(locale.LC_ALL, before)


def test_the_study_adds_words_of_its_own_even_if_they_look_like_numbers() -> None:
    assert read("Material fehlt", missing_words=("material FEHLT",)) == missing("declared")
    assert read("-999", missing_words=("-999",)) == missing("declared")
    assert read("-99", missing_words=("-999",)) == number(-99.0)


def test_typed_numbers_pass_through() -> None:
    nan, inf = float("nan"), float("inf")
    frame = raw([None] * 4 + ["<0.5"], [1.5, nan, inf, -0.0, 7.0])
    read = parse_values(frame, POINT, Handling(below_limit="half"))
    assert read["value"].to_list() == [1.5, None, None, 0.0, 7.0]
    assert read["missing"].to_list() == [None, "empty", None, None, None]
    assert read["reason"].to_list() == [None, None, "infinite_result", None, None]
    assert read["censored"].to_list() == [""] * 5


def test_a_row_that_is_set_aside_is_left_alone() -> None:
    read = parse_values(raw(["1.5"], reason="unknown_patient"), POINT, Handling())
    assert read.select("value", "censored", "missing", "reason").row(0) == (
        None,
        "",
        None,
        "unknown_patient",
    )


def test_the_decimal_sign_may_differ_by_site() -> None:
    sites = pl.Series(["A", "B"])
    read = parse_values(
        raw(["1,5", "1,5"], site=sites), Source({"A": "comma", "B": "point"}), Handling()
    )
    assert read["value"].to_list() == [1.5, None]
    assert read["reason"].to_list() == [None, "wrong_decimal_sign"]


def test_texts_of_a_site_without_a_decimal_sign_are_refused_with_their_number() -> None:
    frame = raw(["1", "2", None, "4"], site=pl.Series(["A", None, "C", "C"]))
    with pytest.raises(CohortError, match=r"labs\.csv.* 2 results \(rows 3, 5\)"):
        parse_values(frame, Source({"A": "comma"}), Handling())


plain_numbers = st.floats(allow_nan=False, allow_infinity=False)
limits = st.sampled_from(["", "<", ">", "< ", ">=", "≤", "≥ "])


@given(st.lists(st.tuples(plain_numbers, limits), min_size=1), st.sampled_from(["point", "comma"]))
def test_what_is_printed_is_read_back(cells: list[tuple[float, str]], decimal: Decimal) -> None:
    sign, _ = SIGNS[decimal]
    texts: list[str | None] = [
        limit + format(value, "f" if 1e-3 < abs(value) < 1e3 else "").replace(".", sign)
        for value, limit in cells
    ]
    values = [float(str(text).lstrip("<>=≤≥ ").replace(sign, ".")) for text in texts]
    read = parse_values(raw(texts), Source(decimal), Handling())
    assert read["reason"].null_count() == len(texts)
    assert read["value"].to_list() == values
    assert read["censored"].to_list() == [
        {"": "", "<": "<", ">": ">", "≤": "<", "≥": ">"}[limit[:1]] for _, limit in cells
    ]


@given(
    st.integers(min_value=1000, max_value=10**15),
    st.integers(min_value=0, max_value=99),
    st.sampled_from(["point", "comma"]),
)
def test_grouped_numbers_are_read_back(whole: int, cents: int, decimal: Decimal) -> None:
    sign, group = SIGNS[decimal]
    text = f"{whole:,}".replace(",", group) + f"{sign}{cents:02d}"
    assert read(text, Source(decimal)) == number(float(f"{whole}.{cents:02d}"))


@given(st.text(max_size=8))
def test_any_text_is_a_number_or_missing_or_set_aside(text: str) -> None:
    found = read(text)
    assert sum(found[name] is not None for name in ("value", "missing", "reason")) == 1


@given(st.text(alphabet="0123456789.,-+eE<> ", max_size=9))
def test_the_two_locales_are_mirrors(text: str) -> None:
    mirrored = text.translate(str.maketrans(",.", ".,"))
    if text.strip() not in KNOWN_WORDS and mirrored.strip() not in KNOWN_WORDS:
        assert read(text, POINT) == read(mirrored, COMMA)

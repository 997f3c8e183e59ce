"""Sentences with places for facts."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from icans_risk.report.fill import facts_named, fill, fill_all


def said(form: str, value: object, **options: object) -> str:
    return fill(f"{{x{form}}}", {"x": value}, **options).text


@pytest.mark.parametrize(
    ("form", "value", "words"),
    [
        ("", "axi-cel", "axi-cel"),
        ("", 91_377, "91,377"),
        ("", 0.05, "0.05"),
        ("", 1.7631579, "1.763"),
        ("", True, "yes"),
        ("", math.nan, "not estimable"),
        (":code", 20_261, "20261"),
        (":n site", 1, "1 site"),
        (":n site", 2_000, "2,000 sites"),
        (":n rule", ["a", "b"], "2 rules"),
        (":list", ["a"], "a"),
        (":list", ["a", "b", "c"], "a, b and c"),
        (":list", [], "none"),
        (":pairs", {"north": 288, "south": None}, "north 288, south hidden (small)"),
        (":pairs", {"age": "63, 55 to 70", "women": "40"}, "age: 63, 55 to 70; women: 40"),
        (":pairs", {}, "none"),
        (":share", 0.1667, "17 %"),
        (":share", 0.004, "below 1 %"),
        (":share", 0.996, "above 99 %"),
        (":share", 0.0, "0 %"),
        (":shares", {"csf": 0.91}, "csf 91 %"),
        (":share list", [0.1, 0.075], "10 % and 7.5 %"),
        (":hours", 72, "72 h after infusion"),
        (
            ":interval",
            {"estimate": 0.7, "low": 0.6, "high": 0.8},
            "0.70 (95 % interval 0.60 to 0.80)",
        ),
        (":interval", {"estimate": None, "low": None, "high": None}, "not estimable"),
        (":span", {"estimate": None, "low": 0.5, "high": 0.9}, "0.50 to 0.90"),
        (
            ":figures",
            {"age": {"estimate": 0.6, "low": None, "high": None}},
            "age 0.60 (95 % interval not estimable)",
        ),
        (
            ":subgroups",
            [{"by": "sex", "level": "f", "patients": 9, "events": None, "auroc": None}],
            "sex f (9 patients, events hidden (small)): not estimable",
        ),
    ],
)
def test_a_fact_is_printed_as_its_format_says(form, value, words):
    assert said(form, value) == words


def test_a_code_is_put_into_words():
    assert said(":say kinds", "a", phrases={"kinds": {"a": "Alpha."}}) == "Alpha."


def test_facts_are_named_in_order_each_once():
    assert facts_named("{b.c} {a:list} {b.c:n x}") == ("b.c", "a")


def test_one_absent_fact_leaves_no_sentence():
    filled = fill("{a} and {b.c}", {"a": 1, "b": {}})
    assert (filled.text, filled.missing) == ("", ("b.c",))


def test_of_several_sentences_the_whole_ones_stay():
    assert fill_all(["{a}.", "{b}.", "{a}!"], {"a": 1}) == ["1.", "1!"]


@given(st.text())
def test_a_string_is_never_read_as_a_template(text):
    shown = said("", text, escape=lambda s: s)
    assert shown == text

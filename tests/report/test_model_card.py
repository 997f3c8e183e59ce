"""The model card: complete, dated by hashes, and deaf to what strings try to say."""

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt  # rich, which the package needs, needs it

from icans_risk.errors import IcansRiskError
from icans_risk.report import make_model_card, model_card_markdown
from icans_risk.report.fill import facts_named
from icans_risk.report.markdown import markdown_text
from icans_risk.report.model_card import RESEARCH, SYNTHETIC, _sections
from report.facts_example import FACTS, both_kinds, declared, figure, without
from report.make_golden import GOLDEN_CARD, GOLDEN_CARD_TEXT, golden_card
from report.test_hostile_strings import HOSTILE

SECTIONS = [
    "intended_use", "out_of_scope", "training_data", "outcome", "inputs", "model", "performance",
    "calibration", "subgroups", "abstention", "limits", "ethics", "versions", "reproduction",
]  # fmt: skip
MARKDOWN = [
    *HOSTILE,
    "# heading",
    "- item",
    "1. item",
    "> quote",
    "    code",
    "```\ncode\n```",
    "`code`",
    "*em* __strong__ ~~gone~~",
    "![image](http://x/y.png)",
    "[link](javascript:alert(1))",
    "[ref]: http://x",
    "<http://x.example>",
    "http://x.example www.x.example a@x.example",
    "a | b\n--- | ---\n1 | 2",
    "---",
    "===",
    "&amp; &#60;",
    "ends with \\",
    "a\u2028# b",
]


def section(card: dict[str, Any], key: str) -> dict[str, Any]:
    return next(one for one in card["sections"] if one["key"] == key)


def test_the_card_of_the_example_is_the_golden_one():
    as_dict, as_text = golden_card()
    assert as_dict == GOLDEN_CARD.read_text(encoding="utf-8")
    assert as_text == GOLDEN_CARD_TEXT.read_text(encoding="utf-8")


def test_a_card_has_its_sections_in_order_and_is_plain_json():
    card = make_model_card(FACTS)
    assert [one["key"] for one in card["sections"]] == SECTIONS
    assert json.loads(json.dumps(card, allow_nan=False)) == card


def test_a_run_that_knows_everything_leaves_nothing_unstated():
    for one in make_model_card(FACTS)["sections"]:
        assert one["not_stated"] == [], one["key"]
        assert one["sentences"] or one["table"]


def test_what_the_run_does_not_know_is_named_once():
    card = make_model_card({})
    assert section(card, "calibration")["not_stated"] == [
        "performance.calibration_slope",
        "performance.calibration_intercept",
        "performance.observed_expected",
    ]
    assert section(card, "performance")["table"] is None
    assert "performance.auroc" in section(card, "performance")["not_stated"]
    assert section(card, "versions")["not_stated"] == ["software"]
    named = section(card, "training_data")["not_stated"]
    assert len(named) == len(set(named))


def test_one_absent_fact_takes_one_sentence_away():
    whole, less = make_model_card(FACTS), make_model_card(without("data.availability_given"))
    assert section(less, "inputs")["not_stated"] == ["data.availability_given"]
    gone = set(section(whole, "inputs")["sentences"]) - set(section(less, "inputs")["sentences"])
    (sentence,) = gone
    assert "87 %" in sentence


def test_research_stands_first_and_synthetic_patients_are_called_so():
    assert make_model_card(FACTS)["banners"] == [RESEARCH]
    facts = deepcopy(FACTS)
    facts["study"]["data_kind"] = "synthetic"
    card = make_model_card(facts)
    assert card["banners"] == [RESEARCH, SYNTHETIC]
    first = model_card_markdown(card).splitlines()[4]
    assert first.startswith("**SYNTHETIC")


def test_tables_have_the_figures_with_their_intervals_and_hide_small_groups():
    card = make_model_card(FACTS)
    assert section(card, "performance")["table"]["rows"][0] == [
        "Gradient-boosted trees", "0.74 (95 % interval 0.68 to 0.80)",
    ]  # fmt: skip
    assert section(card, "subgroups")["table"]["rows"][1] == [
        "product brexu-cel", "hidden (small)", "hidden (small)", "not estimable",
    ]  # fmt: skip
    versions = dict(section(card, "versions")["table"]["rows"])
    assert versions["cohort (SHA-256)"] == "77aa" * 16
    assert versions["file model.json"] == "4b1c" * 16


def test_no_advice_stands_on_a_card():
    text = model_card_markdown(make_model_card(FACTS)).lower()
    for word in (
        "should be treated",
        "give dexamethasone",
        "start tocilizumab",
        "urgent",
        "safe to",
    ):
        assert word not in text


def test_every_fact_that_a_card_names_is_declared():
    known = set(declared())
    for one in _sections():
        for sentence in one.get("says", ()):
            assert set(facts_named(sentence)) <= known, one["key"]


def with_text(text: str) -> str:
    """Return the Markdown of a card whose every string says the same."""

    def replace(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: replace(one) for key, one in value.items()}
        if isinstance(value, list):
            return [replace(one) for one in value]
        return text if isinstance(value, str) else value

    facts = both_kinds()
    coded = deepcopy({name: facts[name] for name in ("study", "outcome")})
    for group in ("study", "data", "outcome", "predictors", "model", "performance", "software"):
        codes = {"kind", "data_kind", "treatment_policy", "presence", "policy", "selection"}
        codes |= {"levels", "transformation", "tuning", "calibration", "imbalance", "interval"}
        facts[group] = {
            name: value if name in codes else replace(value) for name, value in facts[group].items()
        }
    facts["data"]["products"] = {text: 3}
    facts["performance"]["comparators"] = {text: figure(0.6, 0.5, 0.7)}
    facts["model"]["files"] = {text: text}
    facts["abstention"]["rules"] = [text]
    assert coded["study"]["kind"] == facts["study"]["kind"]
    return model_card_markdown(make_model_card(facts))


def shape(markdown: str) -> list[tuple[str, str, str]]:
    """Parse Markdown to what it is made of, without its words."""
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    found = []
    for token in parser.parse(markdown):
        found.append((token.type, token.tag, str(token.attrs)))
        inside = [t for t in token.children or () if t.type not in ("text", "text_special")]
        found += [(t.type, t.tag, str(t.attrs)) for t in inside]
    return found


HARMLESS = shape(with_text("harmless"))


@pytest.mark.parametrize("text", MARKDOWN)
def test_a_known_trick_adds_nothing_to_the_card(text):
    assert shape(with_text(text)) == HARMLESS


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=()), min_size=1, max_size=60))
def test_no_string_adds_anything_to_the_card(text):
    assert shape(with_text(f"x{text}")) == HARMLESS
    with_text(text).encode("utf-8")


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="#*_`<>[]()!|~\\&.:-+=1 aw\n/@$", min_size=1, max_size=20))
def test_an_escaped_line_is_one_paragraph_that_says_the_string(text):
    said = text.replace("\n", "\N{REPLACEMENT CHARACTER}").strip()
    if not said:
        return
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    tokens = parser.parse(markdown_text(text))
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    assert "".join(token.content for token in tokens[1].children or ()) == said


def test_a_bare_address_is_no_link_for_generous_readers_either():
    assert markdown_text("see www.x.org, http://x.org, a@x.org") == (
        "see www\\.x.org, http\\://x.org, a\\@x.org"
    )


@pytest.mark.parametrize(
    ("group", "changes"),
    [
        ("performance", {"comparators": ["a"]}),
        ("performance", {"subgroups": [{"by": "sex"}]}),
        ("model", {"files": "model.json"}),
    ],
)
def test_a_table_of_another_shape_is_refused_by_name(group, changes):
    facts = deepcopy(FACTS)
    facts[group] |= changes
    with pytest.raises(IcansRiskError, match=f"{group}.{next(iter(changes))}"):
        make_model_card(facts)

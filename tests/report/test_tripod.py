"""The TRIPOD+AI table: 52 items, filled with the run's own figures or honestly open."""

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

import pytest

from icans_risk.errors import IcansRiskError
from icans_risk.report import tripod_completeness, tripod_table
from icans_risk.report.fill import facts_named, fill
from icans_risk.report.tripod import (
    ABSENT,
    ANSWERED,
    ASKED,
    FILLED,
    NOT_APPLICABLE,
    reporting_phrases,
    tripod_items,
)
from report.facts_example import FACTS, both_kinds, declared, without

NUMBERS = [
    "1", "2", "3a", "3b", "3c", "4", "5a", "5b", "6a", "6b", "6c", "7", "8a", "8b", "8c", "9a",
    "9b", "9c", "10", "11", "12a", "12b", "12c", "12d", "12e", "12f", "12g", "13", "14", "15", "16",
    "17", "18a", "18b", "18c", "18d", "18e", "18f", "19", "20a", "20b", "20c", "21", "22", "23a",
    "23b", "24", "25", "26", "27a", "27b", "27c",
]  # fmt: skip
OF_THE_AUTHOR = [
    "2", "3a", "3c", "8b", "8c", "9c", "14", "17", "18a", "18b", "18c", "18d", "18e", "18f", "19",
    "25",
]  # fmt: skip


def rows(facts: Mapping[str, Any], **options: Any) -> dict[str, dict[str, str]]:
    return {row["item"]: row for row in tripod_table(facts, **options)}


def filled(facts: Mapping[str, Any]) -> set[str]:
    return {row["item"] for row in tripod_table(facts) if row["status"] == FILLED}


def leaves(facts: Mapping[str, Any], at: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in facts.items():
        # A group ends where data begin: figures, counts by name.
        if isinstance(value, Mapping) and f"{at}{name}" in {*FACTS, "performance.heterogeneity"}:
            yield from leaves(value, f"{at}{name}.")
        else:
            yield f"{at}{name}", value


PATHS = [path for path, _ in leaves(both_kinds())]


def test_there_are_fifty_two_items_of_twenty_seven_numbers_each_once():
    numbers = [item.item for item in tripod_items()]
    assert numbers == NUMBERS
    assert len(set(numbers)) == 52
    assert len({number.rstrip("abcdefg") for number in numbers}) == 27


def test_a_development_that_knows_everything_fills_thirty_three():
    table = tripod_table(FACTS)
    count = tripod_completeness(table)
    assert count["by_status"][FILLED] == 33
    assert count["open"] == OF_THE_AUTHOR
    assert {r["item"] for r in table if r["status"] == NOT_APPLICABLE} == {"12f", "20c", "24"}


def test_an_evaluation_beside_it_fills_three_more():
    count = tripod_completeness(tripod_table(both_kinds()))
    assert count["by_status"][FILLED] == 36
    assert count["by_status"][ABSENT] == count["by_status"][NOT_APPLICABLE] == 0


def test_every_item_is_filled_by_the_run_or_asked_of_the_author():
    for item in tripod_items():
        assert item.asks.endswith(".")
        assert item.says or item.question
        assert item.filled_by == ("author" if item.item in OF_THE_AUTHOR else "run")
        assert not item.says or item.needs, f"{item.item} would be filled without a fact"


def test_every_fact_that_a_sentence_names_is_declared():
    known = set(declared())
    for item in tripod_items():
        for sentence in (item.says, *item.also):
            assert set(facts_named(sentence)) <= known, item.item


@pytest.mark.parametrize("number", sorted(filled(both_kinds()), key=NUMBERS.index))
def test_a_filled_item_prints_each_fact_that_it_needs_and_a_figure(number):
    facts = both_kinds()
    item = next(item for item in tripod_items() if item.item == number)
    text = rows(facts)[number]["text"]
    printed = [
        fill(f"{{{path}{form}}}", facts, phrases=reporting_phrases()).text
        for path, form in places(item.says)
    ]
    assert printed
    assert all(words in text for words in printed)
    assert any(character.isdigit() for words in printed for character in words)


def places(template: str) -> list[tuple[str, str]]:
    return re.findall(r"\{([a-z_.]+)((?::[a-z_ ]+)?)\}", template)


@pytest.mark.parametrize("path", [path for path, value in leaves(FACTS) if type(value) is int])
def test_another_number_stands_in_every_item_that_needs_it(path):
    facts = both_kinds()
    group, name = path.rsplit(".", 1)
    at = facts
    for key in group.split("."):
        at = at[key]
    at[name] = 77_077
    for item in tripod_items():
        if path in item.needs:
            assert any(n in rows(facts)[item.item]["text"] for n in ("77,077", "77077"))


@pytest.mark.parametrize("path", PATHS)
def test_a_fact_that_is_removed_empties_exactly_its_items(path):
    facts = both_kinds()
    lost = filled(facts) - filled(without(path, facts))
    assert lost == {
        item.item
        for item in tripod_items()
        if any(need == path or need.startswith(f"{path}.") for need in item.needs)
    }


def test_an_item_that_lacks_facts_names_them():
    row = rows(without("data.sites"))["6a"]
    assert row["status"] == ABSENT
    assert row["text"] == "The run does not say: it lacks data.sites."


def test_an_optional_sentence_goes_with_its_fact_and_leaves_the_item_filled():
    assert "Infusions by site: north 288, south 131." in rows(FACTS)["6a"]["text"]
    row = rows(without("data.site_counts"))["6a"]
    assert row["status"] == FILLED
    assert "by site" not in row["text"]


def test_a_run_that_knows_nothing_has_a_table_without_an_empty_row():
    table = tripod_table({})
    assert len(table) == 52
    assert {row["status"] for row in table} == {ASKED, ABSENT}
    assert all(row["text"] for row in table)
    assert tripod_completeness(table)["reported"] == 0


def test_none_is_as_good_as_absent():
    assert filled(dict.fromkeys(FACTS)) == set()
    assert filled({"data": {"sites": None}}) == set()


def test_a_pure_evaluation_does_not_fill_what_belongs_to_development():
    facts = both_kinds()
    facts["study"]["kind"] = "evaluation"
    table = rows(facts)
    developing = {item.item for item in tripod_items() if item.applies == "D"}
    assert developing == {"9a", "12a", "12b", "12c", "15", "22", "27a", "27b"}
    assert {table[number]["status"] for number in developing} == {NOT_APPLICABLE}
    assert {table[number]["status"] for number in ("12f", "12g", "20c", "24")} == {FILLED}


def test_what_does_not_apply_says_why():
    assert rows(FACTS)["24"]["text"].startswith("The item asks about the evaluation of an existing")


def test_published_scores_beside_the_model_are_an_evaluation_of_their_own():
    assert rows(FACTS)["12g"]["status"] == FILLED
    assert rows(without("model.published_scores"))["12g"]["status"] == NOT_APPLICABLE


def test_the_text_of_the_sample_size_is_the_sentence_that_a_reader_needs():
    assert rows(FACTS)["10"]["text"] == (
        "402 patients with 67 events stand against the 3,646 patients (608 events) that Riley's "
        'criteria ask for with 38 candidate parameters; the criterion "shrinkage" asks for most. '
        "The cohort would support 4 parameters. On synthetic patients this pipeline needed about "
        "600 patients before its calibration slope came near 1; that is no evidence about real "
        "ones. Asked of the author: What decided the size of the cohort?"
    )


def test_every_figure_of_synthetic_patients_is_called_so():
    facts = deepcopy(FACTS)
    facts["study"]["data_kind"] = "synthetic"
    for row in tripod_table(facts):
        assert ("SYNTHETIC" in row["text"]) == (row["status"] == FILLED)
        assert "SYNTHETIC" not in rows(FACTS)[row["item"]]["text"]
    assert rows(facts)["12a"]["text"].startswith("SYNTHETIC patients: Repeated cross-validation")


def test_presence_that_informs_is_said_where_predictors_are_chosen():
    facts = deepcopy(FACTS)
    facts["study"]["presence"] = "informative"
    assert "because the endpoint was near" in rows(facts)["9a"]["text"]


def test_an_answer_of_the_author_takes_the_place_of_the_question():
    row = rows(FACTS, answers={"17": "Approved by the committee of the north, 24-117."})["17"]
    assert row["status"] == ANSWERED
    assert row["text"] == "Approved by the committee of the north, 24-117."


def test_an_answer_is_added_to_what_the_run_says_and_ends_the_question():
    row = rows(FACTS, answers={"6a": "Two university hospitals in one country."})["6a"]
    assert row["status"] == FILLED
    assert row["text"] == (
        "2 sites gave data. Infusions by site: north 288, south 131. Two university hospitals in "
        "one country."
    )


def test_an_answer_can_stand_in_for_a_fact_and_for_what_would_not_apply():
    answers = {"5b": "Infusions of 2021 to 2025.", "24": "Nothing was updated."}
    table = rows(without("data.first_era"), answers=answers)
    assert [table[number]["status"] for number in ("5b", "24")] == [ANSWERED, ANSWERED]


def test_a_blank_answer_is_none():
    assert rows(FACTS, answers={"17": "  "})["17"]["status"] == ASKED


def test_an_answer_to_no_item_is_refused():
    with pytest.raises(IcansRiskError, match=r"got \['18z'\]"):
        tripod_table(FACTS, answers={"18z": "x"})


def test_completeness_is_a_sentence():
    assert tripod_completeness(tripod_table(FACTS, answers={"2": "x"}))["sentence"] == (
        "34 of 52 items are reported (33 from the run, 1 by the author), 3 do not apply, 15 are "
        "asked of the author, and 0 are not known to the run."
    )


def test_rows_have_the_keys_that_a_page_takes():
    for row in tripod_table(FACTS):
        assert list(row) == ["item", "section", "asks", "status", "text"]


@pytest.mark.parametrize("text", ["\u202egnp.eltit", "\x00\x1b[31m", "a\nb", "\ud800"])
def test_marks_that_disturb_a_line_are_made_visible(text):
    facts = deepcopy(FACTS)
    facts["study"]["title"] = facts["data"]["source"] = text
    table = tripod_table(facts, answers={"17": text})
    whole = "".join(row["text"] for row in table)
    whole.encode("utf-8")
    assert not set(whole) & set("\u202e\x00\x1b\n\ud800")


def test_whoever_writes_html_can_have_every_foreign_string_escaped():
    facts = deepcopy(FACTS)
    facts["data"]["source"] = "<b>"
    text = rows(facts, escape=lambda text: f"[{text.replace('<', '&lt;')}]")["5a"]["text"]
    assert "[&lt;b>]" in text


def test_a_fact_cannot_smuggle_a_place_for_another_fact():
    facts = deepcopy(FACTS)
    facts["data"]["source"] = "{software.run_id}"
    assert "{software.run_id}" in rows(facts)["5a"]["text"]


@pytest.mark.parametrize(
    ("group", "changes", "message"),
    [
        ("data", {"sites": "two"}, "data.sites"),
        ("data", {"products": ["axi-cel"]}, "data.products"),
        ("study", {"diseases": "lymphoma"}, "study.diseases"),
        ("study", {"treatment_policy": "whatever"}, "study.treatment_policy"),
        ("performance", {"auroc": 0.7}, "performance.auroc"),
    ],
)
def test_a_fact_of_another_shape_is_named_but_not_repeated(group, changes, message):
    facts = deepcopy(FACTS)
    facts[group] |= changes
    with pytest.raises(IcansRiskError, match=message) as caught:
        tripod_table(facts)
    assert "whatever" not in str(caught.value)

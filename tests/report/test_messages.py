"""The texts of the patient page: the same in every language, all used, none missing."""

import re
import string
from pathlib import Path

import pytest

from icans_risk.catalogue import load_catalogue, to_canonical
from icans_risk.errors import IcansRiskError
from icans_risk.evaluation import verdict
from icans_risk.features import SCORES
from icans_risk.report import patient_report
from icans_risk.report.display import convert, unit_shown
from icans_risk.report.messages import load_messages, load_sentences, load_terms
from icans_risk.report.words import Words
from icans_risk.workflow.reasons import REASONS
from icans_risk.workflow.words import (
    CARRIED_OVER_NOTE,
    POLICIES,
    POOLED_NOTE,
    PRESENCE_NOTES,
    RELEASED_NOTE,
    TREATMENTS,
)
from report.full_example import FULL_RUN, full

REPORT = Path(__file__).parents[2] / "src" / "icans_risk" / "report"
ENGLISH, GERMAN = load_messages("en"), load_messages("de")
SAID = "\n".join(
    path.read_text(encoding="utf-8")
    for path in [*REPORT.glob("*.py"), *(REPORT / "templates").glob("*.j2")]
)


def places(text: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_both_languages_have_the_same_texts_with_the_same_places() -> None:
    assert list(ENGLISH) == list(GERMAN)
    for key, text in ENGLISH.items():
        assert places(text) == places(GERMAN[key]), key


def test_no_text_is_empty_or_was_left_in_english() -> None:
    same = {key for key, text in ENGLISH.items() if text == GERMAN[key]}
    letters = {key for key in same if re.search("[a-z]{3}", re.sub(r"{\w+}", "", ENGLISH[key]))}
    assert letters == {"header.patient"}
    assert all(text.strip() for text in ENGLISH.values())


def is_said(key: str) -> bool:
    """Whether code or template asks for a key, whole or put together from its beginning."""
    room, _, rest = key.partition(".")
    group, _, ending = rest.rpartition(".")
    asked = [f'"{key}"', f'"{room}." + ', f'f"{room}.{{', f'f"{room}.{{short}}_{ending}']
    asked += [f'f"{room}.{group}.{{', f'"{room}.{group}"'] if group else []
    starts = [f"{room}.{rest[:at]}_" for at, letter in enumerate(rest) if letter == "_"]
    asked += [form for start in starts for form in (f'"{start}" + ', f'f"{start}{{')]
    return any(form in SAID for form in asked)


def test_every_text_is_asked_for() -> None:
    assert [key for key in ENGLISH if not is_said(key)] == []


def test_every_text_that_is_asked_for_exists() -> None:
    asked = set(re.findall(r'(?:words|say)\(\s*"([a-z_0-9]+\.[a-z_0-9.]+)"', SAID))
    several = {key.rpartition(".")[0] for key in ENGLISH}
    whole = {key for key in asked if key[-1] not in "._"}
    assert {key for key in whole if key not in ENGLISH and key not in several} == set()
    assert len(asked) > 100


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(IcansRiskError, match="'fr'"):
        patient_report(FULL_RUN, full(), language="fr")


def test_every_analyte_of_the_catalogue_has_a_german_name() -> None:
    labels = {entry.label for entry in load_catalogue().values()}
    labels |= {score.label for score in SCORES.values()}
    assert labels <= set(load_terms())


@pytest.mark.parametrize(
    "text",
    [
        *REASONS.values(),
        *POLICIES.values(),
        *TREATMENTS.values(),
        *(note for notes in PRESENCE_NOTES.values() for note in notes),
        POOLED_NOTE,
        CARRIED_OVER_NOTE,
        RELEASED_NOTE,
        verdict(300, 39, 54),
        verdict(900, 180, 10),
        verdict(300, 1, 1),
        verdict(30, 0, 4),
    ],
)
def test_whatever_a_run_says_of_itself_has_german_words(text: str) -> None:
    said = Words("de").term(text)
    assert said != text
    assert "{" not in said


def test_numbers_inside_a_sentence_are_carried_over_with_german_marks() -> None:
    said = Words("de").term(verdict(300, 39, 54))
    assert "Patienten 300, Ereignisse 39." in said
    assert "Patienten 5.746, Ereignisse 747" in said


def test_a_study_keeps_its_own_words() -> None:
    assert Words("de").term("Our own score, 2nd version") == "Our own score, 2nd version"


def test_every_published_sentence_has_a_source_and_both_languages() -> None:
    known = set(load_catalogue())
    seen: set[str] = set()
    for name, family in load_sentences().items():
        assert set(family) <= {"inputs", "direction", "high", "low", "source"}, name
        assert family["source"], name
        assert family["direction"] in {-1, 0, 1}, name
        for side in {"high", "low"} & set(family):
            assert set(family[side]) == {"en", "de"}, name
            assert all(text.endswith(".") for text in family[side].values()), name
        assert not seen & set(family["inputs"]), name
        seen |= set(family["inputs"])
    assert {name for name in seen if not name.startswith(("static.", "score."))} <= known


def test_a_published_direction_is_that_of_the_catalogue_where_it_has_one() -> None:
    for name, family in load_sentences().items():
        for analyte in family["inputs"]:
            entry = load_catalogue().get(analyte)
            if entry is not None and entry.monotone:
                assert family["direction"] == entry.monotone, name


def test_every_unit_shown_leads_back_to_the_value_itself() -> None:
    for name, entry in load_catalogue().items():
        shown = unit_shown(name, entry.unit, "si")
        back = to_canonical(convert(12.5, name, unit=entry.unit, shown=shown), shown, entry)
        assert float(back) == pytest.approx(12.5), name

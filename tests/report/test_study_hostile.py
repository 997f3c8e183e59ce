"""Strings from outside may say anything on the study report too."""

import dataclasses
import re

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from icans_risk.report import render_study
from report.examples import RUN
from report.parsing import parse
from report.study_example import AUDIT, CHARACTERISTICS, MEASURED, TRIPOD, assessment, report
from report.test_hostile_strings import HOSTILE


def with_text(text: str) -> str:
    """Put a text wherever names, levels and sentences come from outside."""
    run = dataclasses.replace(
        RUN,
        **dict.fromkeys(
            ("study_title", "endpoint", "model_name", "run_id", "package_version", "profile",
             "sample_size_verdict", "observation_policy", "treatment_policy", "interval_name"),
            text,
        ),
        caveats=[text],
        notes=[text],
        comparators=[(text, 0.73, 0.61, 0.84)],
    )  # fmt: skip
    plain = assessment()

    def named(table: pd.DataFrame, *columns: str) -> pd.DataFrame:
        """Append the text to the names in a table, whose text type refuses lone surrogates."""
        held = text.encode("utf-8", "replace").decode("utf-8")
        return table.assign(**{name: table[name].astype(str) + held for name in columns})

    found = dataclasses.replace(
        plain,
        models=dict.fromkeys(plain.models, "m" + text),
        because="b" + text,
        within_product=named(plain.within_product, "level"),
        subgroups=named(plain.subgroups, "level", "column"),
        not_compared={"c" + text: text},
        not_left_out={"c" + text: text},
        internal_external=named(plain.internal_external, "level", "by"),
        transport=named(plain.transport, "by"),
    )
    lost = {"episodes": 9, "excluded_" + text: 1, "at_risk": 8, "events": 2, "free_of_endpoint": 6}
    html = report(
        run,
        found,
        flow={"discharged_well": lost, "p" + text: lost},
        characteristics=named(CHARACTERISTICS, "level"),
        measured_inputs=named(MEASURED, "label", "window"),
        audit=[dict.fromkeys(AUDIT[0], "a" + text)],
        tripod=[dict.fromkeys(TRIPOD[0], "t" + text)],
        made={"m" + text: text},
    )
    return render_study(html)


HARMLESS = parse(with_text("harmless")).elements


def assert_harmless(text: str) -> None:
    html = with_text(text)
    assert parse(html).elements == HARMLESS
    html.encode("utf-8")
    assert not re.search("[\u202a\u202b\u202d\u202e\u2066-\u2069\x00]", html)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_known_trick_adds_no_element_and_no_attribute(text: str) -> None:
    assert_harmless(text)


@settings(max_examples=10, deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=100))
def test_no_string_adds_an_element_or_an_attribute(text: str) -> None:
    assert_harmless(text)


def test_what_is_shown_is_the_string_itself() -> None:
    assert "<b>&\"'" in parse(with_text("<b>&\"'")).everything

"""Strings from outside may say anything; they must not become part of the page."""

import dataclasses

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from icans_risk.report import (
    AnalyteText,
    Rate,
    cohort_report,
    overview_report,
    page_name,
    patient_report,
    quality_report,
    render_cohort,
    render_overview,
    render_patient,
    render_quality,
    render_ward,
    ward_report,
)
from report.examples import FINDINGS, RUN, answered, silent
from report.parsing import parse
from report.quality_example import QUALITY, TABLES

HOSTILE = [
    "<script>alert(1)</script>",
    '" onmouseover="alert(1)',
    "' autofocus onfocus='alert(1)",
    "</title></style><img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "\u202egnp.eltit\u202c",
    "<!--",
    "]]><svg/onload=alert(1)>",
    "\x00\x1b[31m\ud800",
    "W" * 300,
    "&lt;b&gt;&#60;i&#62;",
]


def tables_with(text: str) -> dict[str, list[dict[str, object]]]:
    """Put a text wherever the data's own words stand in the tables of a reading."""
    tables = {name: [dict(row) for row in rows] for name, rows in TABLES.items()}
    for row in tables["flow"]:
        row.update(dict.fromkeys(("detail", "message", "remedy"), "d" + text))
    for row in tables["analytes"]:
        row.update({"label": "l" + text, "unit": "u" + text, "analyte": f"plasma.{text}"})
        row.update({"units_seen": ["u" + text, text], "assays_seen": ["a" + text, text]})
    for name, key in (("sites", "site"), ("eras", "era"), ("availability", "availability")):
        for row in tables[name]:
            row[key] = "n" + text
    return tables


def pages_with(text: str) -> list[str]:
    run = dataclasses.replace(
        RUN,
        study_title=text,
        endpoint=text,
        model_name=text,
        run_id=text,
        sample_size_verdict=text,
        observation_policy=text,
        notes=[text],
        interval_name=text,
        comparators=[(text, 0.73, 0.61, 0.84)],
        product_rates={text: Rate(n=50, events=14)},
        analytes={name: AnalyteText(label=text, unit="u" + text) for name in RUN.analytes},
        columns=dict.fromkeys(RUN.columns, text),
    )
    values = {**answered().values, "static.product": text}
    episodes = [answered(episode_id=text, product=text, values=values), silent(episode_id=text)]
    reports = {page_name(i): patient_report(run, e) for i, e in enumerate(episodes, start=1)}
    words = ("code", "file", "sheet", "column", "message", "action")
    finding = FINDINGS[1] | dict.fromkeys(words, "f" + text)
    # pandas' own text type refuses lone surrogates; an object column holds anything.
    table = pd.DataFrame([[text], [None]], dtype="object")
    table.columns = pd.Index(["c" + text], dtype="object")
    found = {"headlines": [text], "counts": {text: 3}, "findings": [finding]}
    quality = quality_report(
        found | {"tables": tables_with(text)},
        table,
        study_title=text,
        data_kind="real",
        package_version=text,
    )
    before = ward_report(run, reports)
    ward = ward_report(run, reports, before=before)
    return [
        *(render_patient(report) for report in reports.values()),
        render_ward(ward),
        render_overview(overview_report({"48h": before, "72h": ward})),
        render_cohort(cohort_report(ward)),
        render_quality(quality),
    ]


HARMLESS = [parse(html).elements for html in pages_with("harmless")]


def assert_harmless(text: str) -> None:
    for html, elements in zip(pages_with(text), HARMLESS, strict=True):
        assert parse(html).elements == elements
        html.encode("utf-8")
        assert not set(html) & set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069\x00")


@pytest.mark.parametrize("text", HOSTILE)
def test_a_known_trick_adds_no_element_and_no_attribute(text):
    assert_harmless(text)


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=300))
def test_no_string_adds_an_element_or_an_attribute(text):
    assert_harmless(text)


def test_what_is_shown_is_the_string_itself():
    for html in pages_with("<b>&\"'"):
        assert "<b>&\"'" in parse(html).everything


def test_a_row_of_a_finding_that_is_no_number_is_refused():
    with pytest.raises(ValueError, match="invalid literal"):
        quality_report(
            QUALITY | {"findings": [FINDINGS[0] | {"rows": ["<b>"]}]},
            study_title="",
            data_kind="real",
            package_version="",
        )

"""Ten thousand hostile strings, many on each page: none becomes part of the page."""

import dataclasses
import itertools
import random
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest

from icans_risk.report import (
    AnalyteText,
    GroupFigures,
    Rate,
    Window,
    patient_report,
    render_patient,
)
from report.full_example import FULL_RUN, TAKEN, full, full_silent
from report.parsing import Page, parse

# Pieces that break out of text, attribute, style, script, comment, template or writing direction.
PIECES = (
    "<script>alert(1)</script>", "</title></style>", "<img src=x onerror=alert(1)>", '"', "'", ">",
    "</bdi></td></tr></table>", "<svg/onload=alert(1)>", "<!--", "-->", "]]>", "<![CDATA[", "`",
    "javascript:alert(1)", "https://evil.example/x", "//evil.example", "url(//evil.example)",
    "{{ 7 * 7 }}", "{% raw %}", "{0}", "{n}", "%s", "&lt;", "&#60;", "&", ";", "\\", "\n", "\t",
    "\x00", "\x1b[31m", "\u202e", "\u2066", "\ud800", "\ufeff", "=cmd|", "onmouseover=alert(1)",
    "<base href=//evil.example>", "<meta http-equiv=refresh content=0>", "style=x:expression(1)",
    "W" * 60, "<a href=javascript:alert(1)>", "<input autofocus onfocus=alert(1)>", "</main>",
)  # fmt: skip
FORBIDDEN = {"script", "link", "img", "iframe", "object", "form", "base", "use", "image"}


def hostile_strings() -> Iterator[str]:
    """Draw strings of one to four pieces; a number keeps two of them apart."""
    draw = random.Random(20_210)
    for n in itertools.count():
        yield "".join(draw.choices(PIECES, k=draw.randint(1, 4))) + str(n)


def run_with(word: Any) -> Any:
    """Put a new string wherever a study, its data or its people name something."""
    product = word()
    groups = [
        dataclasses.replace(FULL_RUN.groups[0], level=word()),
        GroupFigures(
            column="product",
            level=product,
            n=50,
            events=9,
            observed_expected=(1.0, 0.8, 1.2),
            auroc=(0.6, 0.5, 0.7),
        ),
    ]
    run = dataclasses.replace(
        FULL_RUN,
        study_title=word(),
        endpoint=word(),
        model_name=word(),
        run_id=word(),
        profile=word(),
        package_version=word(),
        sample_size_verdict=word(),
        observation_policy=word(),
        treatment_policy=word(),
        interval_name=word(),
        caveats=[word()],
        notes=[word()],
        reasons=dict.fromkeys(FULL_RUN.reasons, word()),
        comparators=[(word(), 0.73, 0.61, 0.84), (word(), 0.64, 0.53, 0.75)],
        product_rates={product: Rate(n=50, events=14)},
        analytes={
            name: AnalyteText(
                label=word(),
                unit=word() or "u",
                reference=known.reference,
                middle=known.middle,
                turnaround_h=known.turnaround_h,
            )
            for name, known in FULL_RUN.analytes.items()
        },
        columns={name: word() for name in FULL_RUN.columns},
        windows=[Window(name=word(), start_h=w.start_h, end_h=w.end_h) for w in FULL_RUN.windows],
        groups=groups,
    )
    return run, product


def pages(strings: Iterator[str]) -> tuple[list[Page], list[str]]:
    """Write the pages of one patient with and without an estimate, each string used once."""
    used: list[str] = []

    def word() -> str:
        used.append(next(strings))
        return used[-1]

    run, product = run_with(word)
    # An analyte that no catalogue knows shows its own name.
    named = pd.Series([word() for _ in range(len(TAKEN))], dtype="object")
    taken = TAKEN.assign(analyte=named)
    values = {**full().values, "static.product": product, f"x.{len(used)}": word()}
    known = {"product": product, "values": values, "levels": {"product": product}, "taken": taken}
    first = full(episode_id=word(), **known)
    second = full_silent(episode_id=word(), **known)
    html = [
        render_patient(patient_report(run, first)),
        render_patient(patient_report(run, second, language="de"), blind_first=True),
    ]
    return [parse(text) for text in html], used


@pytest.mark.parametrize("wanted_strings", [500, pytest.param(10_000, marks=pytest.mark.slow)])
def test_hostile_strings_add_no_element_no_attribute_and_no_reference(wanted_strings):
    harmless, fields = pages(f"harmless {n}" for n in itertools.count())
    structure = [page.elements for page in harmless]
    assert not {tag for page in harmless for tag, _ in page.elements} & FORBIDDEN
    strings, tried = hostile_strings(), 0
    while tried < wanted_strings:
        found, used = pages(strings)
        tried += len(used)
        for page, wanted in zip(found, structure, strict=True):
            assert page.elements == wanted
            assert not set(page.everything) & set("\x00\x1b\u202e\u2066\ufeff")
    assert len(fields) > 40


def test_the_strings_are_shown_as_they_are():
    shown, used = pages(itertools.cycle(["<b>&\"'</b>"]))
    assert all("<b>&\"'</b>" in page.everything for page in shown)
    assert len(used) > 40


def test_pending_results_with_hostile_names_stay_text():
    taken = pd.DataFrame(TAKEN).assign(analyte="</ul><script>alert(1)</script>")
    page = parse(render_patient(patient_report(FULL_RUN, full(taken=taken))))
    assert "</ul><script>" in page.text("pending")
    assert "script" not in {tag for tag, _ in page.elements}

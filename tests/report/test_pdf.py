"""Pages as PDF, made by WeasyPrint and read by poppler."""

import dataclasses
import os
import re
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from browser import chromium
from icans_risk.errors import IcansRiskError
from icans_risk.report import patient_report, render_patient
from icans_risk.report.pdf import check_pdf, to_pdf
from report.examples import RUN, answered, silent
from report.test_hostile_strings import HOSTILE

pytestmark = pytest.mark.needs_poppler

ELSEWHERE = [
    '<img src="file:///etc/hostname">',
    '<img src="data:image/png;base64,iVBORw0KGgo=">',
    '<img src="http://127.0.0.1:9/x.png">',
    '<link rel="stylesheet" href="file:///etc/passwd">',
    "<style>@import url(http://127.0.0.1:9/x.css);</style>",
    "<style>header { background: url(file:///etc/group) }</style>",
    '<object data="file:///etc/fstab"></object>',
    '<svg><image href="file:///etc/shells" width="1" height="1"></image></svg>',
]

SYNTHETIC = dataclasses.replace(RUN, data_kind="synthetic")


def page(episode=None, run=RUN):
    return render_patient(patient_report(run, episode or answered()), has_index=False)


@cache
def pdf_of(html):
    return to_pdf(html)


def poppler(program, pdf, *arguments):
    done = subprocess.run(
        [program, *arguments, "-", *(["-"] if program == "pdftotext" else [])],
        input=pdf,
        capture_output=True,
        check=True,
    )
    return done.stdout.decode("utf-8")


def words_without_margins(pdf):
    """Count the words above the line of each side that the PDF alone has; leave out bullets."""
    sides = poppler("pdftotext", pdf, "-raw").rstrip("\f").split("\f")
    above = "\n".join(side.rstrip().rpartition("\n")[0] for side in sides)
    # A line may end at a hyphen of its own word.
    words = re.sub(r"-\n(?=\S)", "-", above).split()
    return Counter(word for word in words if word != "•"), sides


@pytest.mark.needs_browser
def test_a_pdf_says_word_for_word_what_a_browser_prints(tmp_path):
    german = render_patient(patient_report(RUN, answered(), language="de"), has_index=False)
    with chromium(1280) as driver:
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
        for html in (page(), page(silent()), page(run=SYNTHETIC), german):
            file = tmp_path / "page.html"
            file.write_text(html, encoding="utf-8")
            driver.get(file.as_uri())
            printed = driver.execute_script("return document.body.innerText")
            words, _ = words_without_margins(pdf_of(html))
            assert words == Counter(printed.split())


def test_a_pdf_has_two_tagged_sides_of_a4_and_its_metadata_name_no_patient():
    facts = poppler("pdfinfo", pdf_of(page()))
    assert re.search(r"Pages: +2\n", facts)
    assert re.search(r"Page size: .*\(A4\)", facts)
    assert re.search(r"Tagged: +yes", facts)
    assert "AX-017" not in facts
    assert "CreationDate" not in facts


def test_each_side_says_what_it_is_and_about_whom():
    _, sides = words_without_margins(pdf_of(page(run=SYNTHETIC)))
    assert [side.rstrip().split("\n")[-1] for side in sides] == [
        f"RESEARCH USE ONLY. SYNTHETIC DATA. Patient AX-017 {side} / 2" for side in (1, 2)
    ]


def test_the_foot_is_in_the_language_of_the_page():
    german = render_patient(patient_report(RUN, silent(), language="de"), has_index=False)
    _, sides = words_without_margins(pdf_of(german))
    last = sides[-1].rstrip().split("\n")[-1]
    assert last.startswith("NUR FÜR DIE FORSCHUNG. Patient KY-004")


def test_a_side_of_a_real_patient_is_not_called_synthetic():
    assert "SYNTHETIC" not in poppler("pdftotext", pdf_of(page()))


def test_the_same_page_gives_the_same_bytes():
    assert to_pdf(page(silent())) == pdf_of(page(silent()))


def test_hostile_strings_fetch_nothing_and_lead_nowhere():
    run = dataclasses.replace(RUN, study_title=" ".join(HOSTILE), notes=HOSTILE)
    pdf = to_pdf(page(silent(episode_id=" ".join(HOSTILE)), run))
    for trick in (b"/URI", b"/JavaScript", b"/EmbeddedFile", b"/Launch"):
        assert trick not in pdf


def test_what_a_page_asks_for_from_elsewhere_is_never_fetched():
    html = page(silent()).replace("<header", f"{''.join(ELSEWHERE)}<header", 1)
    with pytest.raises(IcansRiskError, match=f"asks for {len(ELSEWHERE)} things from elsewhere"):
        to_pdf(html)


def imported_with(folder: Path) -> str:
    code = (
        "from icans_risk.report.pdf import check_pdf\n"
        "try:\n    check_pdf()\n"
        "except ValueError as error:\n    print(error)\n"
    )
    path = os.pathsep.join([str(folder), *filter(None, sys.path)])
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize(
    ("weasyprint", "words"),
    [
        ("raise ModuleNotFoundError('No module named weasyprint')", "Install icans_risk[pdf]"),
        ("print('a banner\\n' * 9)\nraise OSError('cannot load library')", "libpango-1.0-0"),
    ],
)
def test_what_is_missing_is_said_in_one_line(tmp_path, weasyprint, words):
    (tmp_path / "weasyprint.py").write_text(weasyprint)
    told = imported_with(tmp_path)
    assert words in told
    assert told.count("\n") == 1


def test_nothing_is_said_where_nothing_is_missing():
    check_pdf()

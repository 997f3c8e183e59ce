"""From a study with two landmarks to its patients' pages."""

import re
from pathlib import Path
from typing import Any

import pytest

from icans_risk.report import PageStyle
from icans_risk.workflow.develop import develop
from store_template import copy_store
from workflow.small import small_study, write_cohort

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory, store_template: Path) -> dict[str, str]:
    """Develop the study and return the pages of its patients at the later landmark."""
    folder = tmp_path_factory.mktemp("two-landmarks")
    file = folder / "study.yaml"
    changes: dict[str, Any] = {"outcome": {"landmarks_h": [48, 72]}, "models": {"rebuilds": 12}}
    small_study(file, write_cohort(folder / "simulated"), **changes)
    summary = develop(
        file,
        tracking_uri=copy_store(store_template, folder / "mlruns"),
        artifacts=folder / "mlruns" / "artifacts",
        reports=folder / "reports",
        style=PageStyle(language="de", units="si", blind_first=True),
    )
    (written,) = (Path(path) for path in summary["paths"]["reports"])
    found = sorted((written / "72h").glob("patient-*.html"))
    return {path.name: path.read_text(encoding="utf-8") for path in found}


def answered(pages: dict[str, str]) -> list[str]:
    return [html for html in pages.values() if 'data-test="estimate"' in html]


def test_every_patient_has_a_german_page_whose_number_is_folded(pages: dict[str, str]) -> None:
    assert len(pages) == 160
    assert len(answered(pages)) > 100
    for html in pages.values():
        assert '<html lang="de">' in html
    for html in answered(pages):
        assert 'data-test="blind"' in html
        assert "von 100 Patienten wie diesem" in html


def test_the_later_landmark_shows_the_course_and_is_valid_for_a_day(pages: dict[str, str]) -> None:
    for html in answered(pages):
        assert "48 h (Ende von Tag 1)" in html.partition('data-test="course"')[2]
    for html in pages.values():
        assert "96 h nach der Infusion (Ende von Tag 3): 24 h nach dem Blickpunkt" in html


def test_values_stand_beside_reference_and_middle_half(pages: dict[str, str]) -> None:
    text = "".join(answered(pages))
    assert "Referenz bis 5 mg/L" in text
    assert re.search(r"die Hälfte der Patienten der Studie [\d,.]+ bis [\d,.]+", text)
    # Ferritin, which the catalogue has in ng/mL.
    assert re.search(r"[\d,.]+ µg/L", text)
    assert "ng/mL" not in text


def test_rebuilds_decide_who_is_named(pages: dict[str, str]) -> None:
    for html in answered(pages):
        shares = re.findall(r"Dieselbe Richtung in (\d+) von 100 Neubauten", html)
        assert all(int(share) >= 90 for share in shares)
    assert "in mindestens 90 von 100 neu gebauten Modellen" in "".join(answered(pages))


def test_what_is_pending_is_there_to_be_seen(pages: dict[str, str]) -> None:
    waiting = [html for html in pages.values() if "Am Blickpunkt niemandem bekannt:" in html]
    assert len(waiting) > 100

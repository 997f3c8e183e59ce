"""The study report in a real browser."""

import base64
import re
from pathlib import Path

import pytest

from browser import chromium, measure
from icans_risk.report import render_study
from report.study_example import NOTHING, report

pytestmark = pytest.mark.needs_browser

# A4 with its margins, in inches.
PAPER = {"paperWidth": 8.27, "paperHeight": 11.69, "printBackground": True}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Write a report with every panel, and one with none that can be left out."""
    folder = tmp_path_factory.mktemp("study")
    written = []
    for name, parts in (("whole", {}), ("bare", NOTHING)):
        page = folder / f"{name}.html"
        page.write_text(render_study(report(**parts)), encoding="utf-8")
        written.append(page)
    return written


@pytest.mark.parametrize("width", [360, 1280])
def test_no_page_is_wider_than_its_window_or_complains(pages: list[Path], width: int) -> None:
    with chromium(width) as driver:
        for page in pages:
            content, window = measure(driver, page)
            assert content <= window
            # Whatever the content policy forbids would be reported here.
            assert driver.get_log("browser") == []


@pytest.mark.parametrize("width", [360, 1280])
def test_every_picture_and_its_words_can_be_seen(pages: list[Path], width: int) -> None:
    from selenium.webdriver.common.by import By

    with chromium(width) as driver:
        driver.get(pages[0].as_uri())
        pictures = driver.find_elements(By.CSS_SELECTOR, "figure svg[role='img']")
        assert len(pictures) == 5
        for picture in pictures:
            assert picture.size["width"] > 0.6 * min(width, 420)
        smallest = driver.execute_script(
            "return Math.min(...[...document.querySelectorAll('figure svg[role] text')].map("
            "t => t.getBoundingClientRect().height))"
        )
        assert smallest >= 9


def test_the_verdicts_are_seen_without_scrolling(pages: list[Path]) -> None:
    from selenium.webdriver.common.by import By

    with chromium(1280) as driver:
        driver.get(pages[0].as_uri())
        for mark in ("sample-verdict", "audit-verdict"):
            box = driver.find_element(By.CSS_SELECTOR, f"[data-test='{mark}']").rect
            assert box["y"] + box["height"] <= 900, mark


def test_the_report_prints_on_a_few_sides(pages: list[Path]) -> None:
    with chromium(1280) as driver:
        driver.get(pages[0].as_uri())
        pdf = base64.b64decode(driver.execute_cdp_cmd("Page.printToPDF", PAPER)["data"])
        assert len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 8

"""The pages of the 80 patients in a real browser."""

import base64
import re
from pathlib import Path
from typing import Any

import pytest

from browser import chromium, measure
from icans_risk.report import quality_report, render_quality
from report.examples import COHORT
from report.quality_example import QUALITY

pytestmark = pytest.mark.needs_browser

# A4 with its margins, in inches.
PAPER = {"paperWidth": 8.27, "paperHeight": 11.69, "printBackground": True}


@pytest.fixture(scope="module")
def pages(developed: Any) -> dict[str, Path]:
    folder = developed.pages
    silent = re.search(r'class="silent".*?(patient-\d+\.html)', (folder / "index.html").read_text())
    assert silent is not None
    return {
        "answered": folder / "patient-001.html",
        "silent": folder / silent[1],
        "index": folder / "index.html",
        "quality": folder / "quality.html",
    }


@pytest.fixture(scope="module")
def profiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the page of a reading with every table that there is."""
    header: dict[str, Any] = {"data_kind": "real", "package_version": "0.1.0"}
    report = quality_report(QUALITY, COHORT, study_title="A study", **header)
    page = tmp_path_factory.mktemp("quality") / "quality.html"
    page.write_text(render_quality(report), encoding="utf-8")
    return page


@pytest.mark.parametrize("width", [360, 390, 1280])
def test_a_page_of_data_quality_with_all_tables_fits_its_window(profiled: Path, width: int) -> None:
    with chromium(width) as driver:
        content, window = measure(driver, profiled)
        assert content <= window
        assert driver.get_log("browser") == []


@pytest.mark.parametrize("width", [390, 1280])
def test_whether_data_can_be_used_is_seen_without_scrolling(profiled: Path, width: int) -> None:
    from selenium.webdriver.common.by import By

    with chromium(width) as driver:
        driver.get(profiled.as_uri())
        for mark in ("headlines", "summary"):
            box = driver.find_element(By.CSS_SELECTOR, f"[data-test='{mark}']").rect
            assert box["y"] + box["height"] <= 900, mark


@pytest.mark.parametrize("width", [360, 1280])
def test_no_page_is_wider_than_its_window_or_complains(pages: dict[str, Path], width: int) -> None:
    with chromium(width) as driver:
        for name, page in pages.items():
            content, window = measure(driver, page)
            assert content <= window, name
            # Whatever the content policy forbids would be reported here.
            assert driver.get_log("browser") == [], name


def test_what_a_reader_needs_is_visible(pages: dict[str, Path]) -> None:
    from selenium.webdriver.common.by import By

    with chromium(1280) as driver:
        driver.get(pages["answered"].as_uri())
        seen = {
            element.get_attribute("data-test"): element.is_displayed()
            for element in driver.find_elements(By.CSS_SELECTOR, "[data-test]")
        }
        needed = {"limits", "basis", "base-rates", "estimate", "drivers", "performance", "not-said"}
        assert needed <= {name for name, displayed in seen.items() if displayed}
        order = driver.find_element(By.TAG_NAME, "body").text
        assert (
            order.index("RESEARCH USE ONLY") < order.index("based on") < order.index("of 100 pat")
        )
        driver.get(pages["silent"].as_uri())
        body = driver.find_element(By.TAG_NAME, "body").text
        assert "No estimate" in body
        assert "patients like this" not in body


def test_a_patient_page_prints_on_two_sides(pages: dict[str, Path]) -> None:
    with chromium(1280) as driver:
        driver.get(pages["answered"].as_uri())
        pdf = base64.b64decode(driver.execute_cdp_cmd("Page.printToPDF", PAPER)["data"])
        assert len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 2


def test_the_index_leads_to_every_patient(pages: dict[str, Path]) -> None:
    from selenium.webdriver.common.by import By

    with chromium(1280) as driver:
        driver.get(pages["index"].as_uri())
        links = driver.find_elements(By.CSS_SELECTOR, "[data-test='patient'] a")
        assert len(links) == 80
        links[0].click()
        assert re.search(r"patient-\d{3}\.html$", driver.current_url)
        assert driver.find_element(By.TAG_NAME, "h1").text.startswith("Patient")

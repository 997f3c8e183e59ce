"""The pages of the 80 patients in a real browser."""

import base64
import re
from pathlib import Path
from typing import Any

import pytest

from browser import chromium, measure

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

"""The lists of many patients in a real browser: their width, what a policy forbids, WCAG AA."""

import json
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from browser import chromium, measure
from icans_risk.report import write_pages
from icans_risk.workflow.run_pages import LandmarkPages, render_run
from report.wards import landmark_pages

pytestmark = pytest.mark.needs_browser

LISTS = ("index.html", "48h/index.html", "72h/index.html", "72h/cohort.html")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("lists") / "run"
    landmarks: list[LandmarkPages] = landmark_pages(24.0, 48.0, 72.0, 96.0)
    write_pages(out, render_run(landmarks))
    return out


@pytest.mark.parametrize("width", [360, 1280])
def test_no_list_is_wider_than_its_window_or_complains(folder: Path, width: int) -> None:
    with chromium(width) as driver:
        for name in LISTS:
            content, window = measure(driver, folder / name)
            assert content <= window, name
            assert driver.get_log("browser") == [], name


def accessibility(driver: Any) -> list[str]:
    """Ask axe for every violation of WCAG 2.2 A and AA."""
    program = resources.files("axe_playwright_python") / "axe.min.js"
    driver.execute_script(program.read_text("utf-8"))
    found = driver.execute_async_script(
        "const done = arguments[arguments.length - 1];"
        "axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']})"
        ".then(r => done(JSON.stringify(r.violations.map(v => [v.id, v.nodes.length]))))"
    )
    return [f"{rule} at {count} places" for rule, count in json.loads(found)]


@pytest.mark.parametrize("width", [360, 1280])
def test_no_list_breaks_a_rule_of_wcag_aa(folder: Path, width: int) -> None:
    with chromium(width) as driver:
        for name in LISTS:
            driver.get((folder / name).as_uri())
            assert accessibility(driver) == [], name


def test_every_link_leads_to_a_page_that_is_there(folder: Path) -> None:
    from selenium.webdriver.common.by import By

    with chromium(1280) as driver:
        for name in LISTS:
            driver.get((folder / name).as_uri())
            links = [e.get_attribute("href") for e in driver.find_elements(By.TAG_NAME, "a")]
            assert links
            for link in links:
                assert Path(str(link).removeprefix("file://")).is_file(), f"{name}: {link}"

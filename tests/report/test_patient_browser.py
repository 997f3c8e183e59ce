"""Patient pages in a real browser: what is seen, what assistive software meets, what is printed."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from icans_risk.report import patient_report, render_patient
from report.full_example import FULL_RUN, full, full_silent
from report.test_patient_sections import EVERYWHERE, WITH_A_NUMBER

pytestmark = pytest.mark.needs_browser

CHROMIUM = {"executable_path": "/usr/bin/chromium", "args": ["--no-sandbox"]}
PAGES: dict[str, tuple[Any, dict[str, Any], dict[str, Any]]] = {
    "answered": (full(), {}, {}),
    "silent": (full_silent(), {}, {}),
    "german": (full(), {"language": "de", "units": "si"}, {}),
    "german-silent": (full_silent(), {"language": "de"}, {}),
    "blind": (full(), {}, {"blind_first": True}),
}
# Open only what a click opens.
FOLDED = {"grades", "sum"}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("patients")
    written = {}
    for name, (episode, speech, style) in PAGES.items():
        written[name] = folder / f"{name}.html"
        html = render_patient(patient_report(FULL_RUN, episode, **speech), **style)
        written[name].write_text(html, encoding="utf-8")
    return written


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(**CHROMIUM)
        yield opened
        opened.close()


def seen(page: Any) -> set[str]:
    """Name the marked elements that a reader sees."""
    marked = "[...document.querySelectorAll('[data-test]')]"
    shown = f"{marked}.filter(e => e.checkVisibility()).map(e => e.dataset.test)"
    return set(page.evaluate(shown))


def test_every_part_is_seen_where_it_belongs(browser: Any, pages: dict[str, Path]) -> None:
    page = browser.new_page()
    for name in ("answered", "german"):
        page.goto(pages[name].as_uri())
        assert seen(page) >= (EVERYWHERE | WITH_A_NUMBER) - FOLDED, name
    for name in ("silent", "german-silent"):
        page.goto(pages[name].as_uri())
        assert seen(page) >= (EVERYWHERE | {"no-estimate", "reason"}) - FOLDED, name
        assert not seen(page) & WITH_A_NUMBER, name


def test_the_estimate_is_hidden_until_the_fold_is_opened(
    browser: Any, pages: dict[str, Path]
) -> None:
    page = browser.new_page()
    page.goto(pages["blind"].as_uri())
    assert "own-estimate" in seen(page)
    assert not seen(page) & {"estimate", "risk", "drivers", "course", "absent"}
    page.get_by_label("My estimate").fill("20")
    page.get_by_text("Open what the model says").click()
    assert seen(page) >= {"estimate", "risk", "drivers", "course", "absent"}


@pytest.mark.parametrize("width", [360, 1280])
def test_no_page_is_wider_than_its_window_and_nothing_is_asked_for(
    browser: Any, pages: dict[str, Path], width: int
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    for path in pages.values():
        page.goto(path.as_uri())
        widths = "[document.documentElement.scrollWidth, window.innerWidth]"
        content, window = page.evaluate(widths)
        assert content <= window, path.name
    assert asked == [path.as_uri() for path in pages.values()]
    assert said == []


@pytest.mark.parametrize("name", PAGES)
def test_assistive_software_meets_no_serious_obstacle(
    browser: Any, pages: dict[str, Path], name: str
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    # The page's policy forbids scripts; the checker is one.
    context = browser.new_context(bypass_csp=True)
    page = context.new_page()
    page.goto(pages[name].as_uri())
    page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
    found = Axe().run(page).response["violations"]
    grave = [one["id"] for one in found if one["impact"] in {"serious", "critical"}]
    assert grave == []
    context.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_prints_on_two_sides_of_a4(browser: Any, pages: dict[str, Path], name: str) -> None:
    page = browser.new_page()
    page.goto(pages[name].as_uri())
    pdf = page.pdf(format="A4", print_background=True, prefer_css_page_size=True)
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 2
    boxes = set(re.findall(rb"/MediaBox\s*\[([^\]]+)\]", pdf))
    assert {tuple(round(float(n)) for n in box.split()) for box in boxes} == {(0, 0, 595, 842)}


def test_nothing_depends_on_colour(browser: Any, pages: dict[str, Path]) -> None:
    page = browser.new_page()
    page.goto(pages["answered"].as_uri())
    raises = page.locator("[data-test='drivers'] td.bar svg").first
    # Raising is filled and to the right, lowering hatched and to the left.
    assert raises.locator("line").count() == 1
    lowers = page.locator("[data-test='drivers'] tr:has-text('lowers') td.bar svg").first
    assert lowers.locator("line").count() > 1

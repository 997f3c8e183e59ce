"""The page on delivery routes is fresh, and says what its numbers allow."""

from pathlib import Path

import pytest

from icans_risk.workflow.locoregional import (
    FOREST,
    LEFT_OUT,
    locoregional_page,
    write_locoregional,
)

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def page() -> str:
    return locoregional_page()


def test_the_committed_page_is_fresh(page: str) -> None:
    committed = (DOCS / "locoregional.md").read_text(encoding="utf-8")
    assert committed == page, "run: python docs/make_locoregional.py"


def test_the_page_says_that_its_events_are_not_icans(page: str) -> None:
    words = " ".join(page.split())
    assert "They are not ICANS, and nothing on this page enters a predicted risk of ICANS" in words
    assert "107 or 112 patients" in words
    assert "{" not in page


def test_lines_that_are_not_tables_stay_narrow(page: str) -> None:
    assert all(len(line) <= 100 for line in page.splitlines() if not line.startswith(("|", "# ")))


def test_page_and_figures_are_written_for_everyone_to_read(tmp_path: Path) -> None:
    write_locoregional(tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {"locoregional.md", FOREST, LEFT_OUT}
    assert all(file.stat().st_mode & 0o777 == 0o644 for file in tmp_path.iterdir())
    assert (tmp_path / FOREST).read_bytes().startswith(b"\x89PNG")

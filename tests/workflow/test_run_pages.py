"""How the pages of a run lie: one landmark flat, several in a folder each under one index."""

from icans_risk.workflow.run_pages import render_run
from report.parsing import parse
from report.wards import landmark_pages


def test_one_landmark_lies_flat_with_its_index_and_its_cohort_view() -> None:
    pages = render_run(landmark_pages(72.0))
    assert {"index.html", "cohort.html", "study.html", "patient-008.html"} <= set(pages)
    assert not [name for name in pages if "/" in name]
    assert "Since" not in parse(str(pages["index.html"])).text("patients")


def test_several_landmarks_have_a_folder_each_and_one_index() -> None:
    pages = render_run(landmark_pages(48.0, 72.0))
    assert [name for name in pages if "/" not in name] == ["index.html"]
    assert {name.partition("/")[0] for name in pages} == {"index.html", "48h", "72h"}
    assert len(pages) == 1 + 2 * 12


def test_each_landmark_is_compared_with_the_one_before() -> None:
    pages = render_run(landmark_pages(24.0, 48.0, 72.0))
    assert "than at 48 h" in parse(str(pages["72h/index.html"])).text("patients")
    assert "at 24 h" not in parse(str(pages["72h/index.html"])).text("patients")

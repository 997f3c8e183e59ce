import stat
from pathlib import Path

import pytest

from icans_risk.errors import IcansRiskError
from icans_risk.report import INDEX_PAGE, QUALITY_PAGE, STUDY_PAGE, page_name, write_pages

PAGES = {
    INDEX_PAGE: "<p>a",
    QUALITY_PAGE: "<p>b",
    STUDY_PAGE: "<p>c",
    page_name(1): "<p>ä",
    page_name(1000): "<p>d",
}


def test_pages_are_written_for_their_owner_only(tmp_path):
    folder = tmp_path / "deep" / "report"
    write_pages(folder, PAGES)
    assert {p.name: p.read_text(encoding="utf-8") for p in folder.iterdir()} == PAGES
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(p.stat().st_mode) for p in folder.iterdir()} == {0o600}
    assert [p.name for p in folder.parent.iterdir()] == ["report"]


@pytest.mark.parametrize("k", range(len(PAGES)))
def test_a_write_that_fails_leaves_nothing_behind(tmp_path, monkeypatch, k):
    written = []
    write_text = Path.write_text

    def full_disk(self, *args, **kwargs):
        if len(written) == k:
            raise OSError(28, "No space left on device")
        written.append(self)
        return write_text(self, *args, **kwargs)

    monkeypatch.setattr(Path, "write_text", full_disk)
    with pytest.raises(OSError, match="No space left"):
        write_pages(tmp_path / "report", PAGES)
    assert list(tmp_path.iterdir()) == []


def test_a_move_that_fails_leaves_nothing_behind(tmp_path, monkeypatch):
    def refuse(self, target):
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(OSError, match="cross-device"):
        write_pages(tmp_path / "report", PAGES)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["folder", "empty", "file", "dangling"])
def test_what_is_there_already_is_never_overwritten(tmp_path, kind):
    place = tmp_path / "report"
    if kind == "file":
        place.write_text("old")
    elif kind == "dangling":
        place.symlink_to(tmp_path / "nowhere")
    else:
        place.mkdir()
        if kind == "folder":
            (place / INDEX_PAGE).write_text("old")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(IcansRiskError, match="must be new"):
        write_pages(place, PAGES)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    "name",
    [
        "../x.html", "AX/index.html", "../48h/index.html", "48h/48h/index.html", "AX-017.html",
        "patient-1.html", "patient-001.html\n", "patient-١٢٣.html",
    ],
)  # fmt: skip
def test_a_file_name_that_is_not_ours_is_refused_without_repeating_it(tmp_path, name):
    with pytest.raises(IcansRiskError, match="must be called") as caught:
        write_pages(tmp_path / "report", PAGES | {name: "<p>"})
    assert name.strip() not in str(caught.value).replace("patient-001.html and so on", "")
    assert list(tmp_path.iterdir()) == []


def test_each_landmark_has_a_folder_of_its_owner(tmp_path):
    pages = {INDEX_PAGE: "a", f"48h/{INDEX_PAGE}": "b", f"1.5h/{page_name(1, 'pdf')}": b"%PDF"}
    write_pages(tmp_path / "report", pages)
    found = {p.relative_to(tmp_path / "report").as_posix(): p for p in tmp_path.rglob("*.*")}
    assert found["1.5h/patient-001.pdf"].read_bytes() == b"%PDF"
    assert {stat.S_IMODE(p.stat().st_mode) for p in tmp_path.rglob("*") if p.is_dir()} == {0o700}


def test_no_pages_is_a_mistake(tmp_path):
    with pytest.raises(IcansRiskError, match="at least one page"):
        write_pages(tmp_path / "report", {})

"""The page of scans: what was read, what was rejected, and nobody's name."""

import base64
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from browser import chromium, measure
from icans_risk.report import render_scans, scans_report
from report.parsing import parse

COLUMNS, ROWS = 12, 4


def picture() -> dict[str, Any]:
    cells = np.full((ROWS, COLUMNS), 120, dtype=np.uint8)
    cells[:, 0], cells[1, 5] = 0, 255
    return {"columns": COLUMNS, "rows": ROWS, "shades": base64.b64encode(cells.tobytes()).decode()}


def used(row: int, **change: Any) -> dict[str, Any]:
    return {
        "row": row, "started_h": -24.0, "ordered_as": "protocol", "refused": None, "end_s": 0.0,
        "format": "nifti1", "shape": [44, 52, 42], "spacing": [4.0, 4.0, 4.0],
        "sequence": "flair", "masks": ["lesion", "brain"], "flags": [],
        "values": {"lesion_volume": 6.534, "lesion_count": 2.0, "brain_volume": 1452.2},
        "picture": picture(),
    } | change  # fmt: skip


def refused(row: int) -> dict[str, Any]:
    return {
        "row": row, "started_h": 3.0, "ordered_as": "unknown",
        "refused": {"code": "too_large", "message": "It is too large.", "remedy": "Crop it.",
                    "figures": {"stated_bytes": 1.8e12}},
    }  # fmt: skip


def report(*listed: dict[str, Any], kind: str = "real") -> dict[str, Any]:
    return scans_report(
        listed,
        events=7,
        data_kind=kind,  # type: ignore[arg-type]
        package_version="0.1.0",
    )


def test_the_page_says_what_was_used_and_why_others_were_not() -> None:
    page = parse(render_scans(report(used(2), refused(3))))
    assert "1 of 2 scans give measurements." in page.text("summary")
    text = page.text("refusal")
    for words in ("3", "It is too large.", "Crop it.", "stated bytes"):
        assert words in text


def test_a_card_tells_what_a_reader_needs() -> None:
    shown = used(5, started_h=70.0, ordered_as="clinical", flags=["thick voxels"])
    text = parse(render_scans(report(shown))).text("scan").replace("\N{NO-BREAK SPACE}", " ")
    for words in (
        "Row 5", "70 h after infusion, ordered for clinical reasons", "NIfTI-1, FLAIR",
        "44 × 52 × 42 voxels", "4 × 4 × 4 mm", "masks: lesion, brain", "lesion 6.53 mL",
        "parts 2", "brain 1,452 mL", "thick voxels",
    ):  # fmt: skip
        assert words in text, words


def test_orders_that_no_model_will_see_are_said_first() -> None:
    assert report(used(2, started_h=-3.0, ordered_as="clinical"))["restricted"] == ""
    words = report(used(2, started_h=50.0, ordered_as="clinical"))["restricted"]
    assert words.startswith("1 scan after infusion was ordered for clinical reasons")
    assert "A scan is ordered when somebody is confused" in words


def test_edges_of_masks_are_named_by_their_colours() -> None:
    legend = report(used(2))["legend"]
    assert legend == [{"label": "lesion", "colour": "#ff8a00"}]


def test_slices_are_a_png_with_greys_and_the_colours_of_edges() -> None:
    png = base64.b64decode(report(used(2))["shown"][0]["png"])
    assert struct.unpack(">2I", png[16:24]) == (COLUMNS, ROWS)
    palette = np.frombuffer(png[png.index(b"PLTE") + 4 :][: 256 * 3], dtype=np.uint8)
    colours = palette.reshape(256, 3).tolist()
    assert colours[0] == [255, 255, 255]
    assert colours[255] == [255, 138, 0]
    assert all(red == green == blue for red, green, blue in colours[1:251])


def test_a_scan_whose_masks_are_empty_has_no_picture() -> None:
    nothing = {"columns": 0, "rows": 0, "shades": ""}
    html = render_scans(report(used(2, picture=nothing, masks=["lesion"], values={})))
    assert "<image" not in html


def test_generated_scans_are_labelled() -> None:
    text = parse(render_scans(report(used(2), kind="synthetic"))).text("synthetic")
    assert "These scans were generated." in text


@pytest.mark.needs_browser
@pytest.mark.parametrize("width", [360, 1280])
def test_the_page_fits_its_window_and_its_pictures_are_allowed(tmp_path: Path, width: int) -> None:
    page = tmp_path / "quality.html"
    listed = [used(2, flags=["a flag"]), used(3), refused(4), refused(5)]
    page.write_text(render_scans(report(*listed)), encoding="utf-8")
    with chromium(width) as driver:
        content, window = measure(driver, page)
        assert content <= window
        # Whatever the content policy forbids would be reported here.
        assert driver.get_log("browser") == []

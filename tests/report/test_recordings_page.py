"""The page of EEG recordings: what was read, what was rejected, and nobody's name."""

import base64
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from browser import chromium, measure
from icans_risk.report import recordings_report, render_recordings
from icans_risk.report.spectrogram import as_png, rejected_stretches
from report.parsing import parse

COLUMNS, ROWS = 30, 29


def picture(rejected: slice = slice(0, 0)) -> dict[str, Any]:
    shades = np.full((COLUMNS, ROWS), 120, dtype=np.uint8)
    shades[:, 8] = 250
    shades[rejected] = 0
    text = base64.b64encode(shades.tobytes()).decode()
    return {"columns": COLUMNS, "rows": ROWS, "shades": text}


def used(row: int, **change: Any) -> dict[str, Any]:
    shares = dict.fromkeys(("padded", "flat", "clipped", "loud", "muscle", "hum"), 0.0)
    return {
        "row": row, "started_h": -24.0, "ordered_as": "protocol", "refused": None,
        "format": "edf", "rate": 256.0, "seconds": 1200.0, "end_s": 1200.0, "padded_s": 0.0,
        "hum_hz": 0.0, "hum_uv": 0.0, "flags": [], "hours": [],
        "channels": {"found": ["Fp1"] * 19, "missing": [], "bad": [], "extra": 0},
        "rejected": {"all": 0.0, **shares},
        "whole": {"values": {"posterior_dominant_rhythm": 9.53, "amplitude": 40.0}},
        "picture": picture(),
    } | change  # fmt: skip


def refused(row: int, code: str = "truncated") -> dict[str, Any]:
    return {
        "row": row, "started_h": 3.0, "ordered_as": "unknown",
        "refused": {"code": code, "message": f"It is {code}.", "remedy": "Copy it again.",
                    "figures": {"stated_bytes": 100.0, "bytes": 50.0}},
    }  # fmt: skip


def report(*listed: dict[str, Any], kind: str = "real") -> dict[str, Any]:
    return recordings_report(
        listed,
        events=7,
        data_kind=kind,
        package_version="0.1.0",  # type: ignore[arg-type]
    )


def spoilt(row: int) -> dict[str, Any]:
    rejected = used(0)["rejected"] | {"all": 0.4, "padded": 0.3, "loud": 0.1}
    return used(
        row, rejected=rejected, padded_s=360.0, hum_hz=50.0, hum_uv=31.0, started_h=70.0,
        ordered_as="clinical", flags=["mains hum above 20 uV"],
        channels={"found": ["Fp1"] * 17, "missing": ["O1", "O2"], "bad": ["T3"],
                  "extra": 6},
        picture=picture(slice(20, 30)),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("listed", "level", "words"),
    [
        ([used(2)], "clear", "All 1 recording give measurements."),
        ([used(2), used(3)], "clear", "All 2 recordings give measurements."),
        ([used(2), refused(3)], "warning", "1 of 2 recordings give measurements."),
        ([refused(2), refused(3)], "error", "None of 2 recordings can be used."),
    ],
)
def test_the_verdict_says_how_many_can_be_used(
    listed: list[dict[str, Any]], level: str, words: str
) -> None:
    assert report(*listed)["verdict"] == {"level": level, "words": words}
    assert words in parse(render_recordings(report(*listed))).text("summary")


def test_a_refused_recording_stands_by_its_row_with_reason_figures_and_cure() -> None:
    page = parse(render_recordings(report(used(2), refused(1234))))
    text = page.text("refusal")
    assert "1,234" in text
    assert "It is truncated." in text
    assert "stated bytes 100, bytes 50" in text
    assert "Copy it again." in text


def test_causes_are_counted_only_where_one_stands_twice() -> None:
    assert report(refused(2), refused(3, "empty"))["causes"] == []
    causes = report(refused(2), refused(3), refused(4, "empty"))["causes"]
    assert [(cause["count"], cause["width"]) for cause in causes] == [("2", 1.0), ("1", 0.5)]


def test_what_was_cut_out_is_weighed_by_time() -> None:
    long = used(3, seconds=3600.0)
    short = used(2, rejected=used(0)["rejected"] | {"all": 0.5, "muscle": 0.5})
    (row,) = report(short, long)["rejected"]
    assert (row["label"], row["share"].replace("\N{NO-BREAK SPACE}", " ")) == ("Muscle", "12.5 %")


def test_a_card_tells_what_a_reader_needs() -> None:
    page = parse(render_recordings(report(spoilt(5))))
    text = page.text("recording").replace("\N{NO-BREAK SPACE}", " ")
    for words in (
        "Row 5", "70 h after infusion, ordered for clinical reasons",
        "17 of 19 electrodes and 6 other channels",
        "60.0 % without artefacts", "6 min without any signal", "hum at 50 Hz: 31 µV",
        "posterior rhythm 9.53 Hz", "Not there: O1, O2.", "Bad most of the time: T3.",
        "mains hum above 20 uV", "No signal on any channel: 30.0 %",
    ):  # fmt: skip
        assert words in text, words


def test_a_figure_that_is_nothing_is_not_shown() -> None:
    values = {"burst_suppression_ratio": 0.001, "amplitude": 40.0}
    assert report(used(2, whole={"values": values}))["shown"][0]["figures"] == [
        "amplitude\N{NO-BREAK SPACE}40\N{NO-BREAK SPACE}µV"
    ]


def test_orders_that_no_model_will_see_are_said_first() -> None:
    assert report(used(2, started_h=-3.0, ordered_as="clinical"))["restricted"] == ""
    assert report(used(2, started_h=50.0))["restricted"] == ""
    words = report(spoilt(2), used(3, started_h=2.0, ordered_as="unknown"))["restricted"]
    assert words.startswith("2 recordings after infusion were ordered for clinical reasons")


def test_of_many_recordings_those_with_most_rejected_are_shown_in_the_order_of_rows() -> None:
    listed = [used(row) for row in range(2, 302)]
    listed[250] = spoilt(252)
    found = report(*listed)
    assert (len(found["shown"]), found["left_out"]) == (200, 100)
    assert "252" in [card["row"] for card in found["shown"]]
    rows = [int(card["row"]) for card in found["shown"]]
    assert rows == sorted(rows)


def test_generated_recordings_are_labelled() -> None:
    assert parse(render_recordings(report(used(2), kind="synthetic"))).text("synthetic")
    assert "synthetic" not in parse(render_recordings(report(used(2)))).texts


def test_the_picture_is_a_png_with_the_highest_frequency_on_top() -> None:
    png = base64.b64decode(as_png(picture()))
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">2I", png[16:24]) == (COLUMNS, ROWS)
    begin = png.index(b"IDAT")
    size = struct.unpack(">I", png[begin - 4 : begin])[0]
    lines = np.frombuffer(zlib.decompress(png[begin + 4 : begin + 4 + size]), dtype=np.uint8)
    cells = lines.reshape(ROWS, COLUMNS + 1)[:, 1:]
    assert (cells[ROWS - 1 - 8] == 250).all()
    assert (cells[0] == 120).all()


def test_stretches_without_anything_clean_are_joined() -> None:
    assert rejected_stretches(picture(slice(20, 30))) == [{"start": 2 / 3, "width": 1 / 3}]
    assert rejected_stretches(picture()) == []


@pytest.mark.needs_browser
@pytest.mark.parametrize("width", [360, 1280])
def test_the_page_fits_its_window_and_its_pictures_are_allowed(tmp_path: Path, width: int) -> None:
    page = tmp_path / "quality.html"
    listed = [spoilt(2), used(3), refused(4), refused(5), refused(6, "x" * 40)]
    page.write_text(render_recordings(report(*listed)), encoding="utf-8")
    with chromium(width) as driver:
        content, window = measure(driver, page)
        assert content <= window
        # Whatever the content policy forbids would be reported here.
        assert driver.get_log("browser") == []

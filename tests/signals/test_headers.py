"""A header is held against its file before any sample is read."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from icans_risk.signals.eeg.header import read_header
from icans_risk.signals.eeg.reasons import RefusedError
from icans_risk.signals.eeg.work import work
from icans_risk.synthetic.edf import write_edf
from signals.brains import labels, pink
from signals.files import annotated, brainvision

HEADER_BYTES = 256 * 20


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    file = tmp_path_factory.mktemp("good") / "good.edf"
    write_edf(file, pink(100, slope=1.0, size=15.0, seconds=60), 100, labels=labels())
    return file.read_bytes()


def refusal(file: Path) -> str:
    with pytest.raises(RefusedError) as caught:
        read_header(file)
    return caught.value.code


def replaced(place: int, width: int, text: str) -> Callable[[bytes], bytes]:
    return lambda content: content[:place] + text.encode().ljust(width) + content[place + width :]


def field(number: int, width: int, before: int, text: str) -> Callable[[bytes], bytes]:
    """Replace a field of the signal with that number, after fields of ``before`` bytes."""
    return replaced(256 + 19 * before + number * width, width, text)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda content: content[:-1], "truncated"),
        (lambda content: content[: len(content) // 2], "truncated"),
        (lambda content: content[:HEADER_BYTES], "truncated"),
        (lambda content: content[: HEADER_BYTES - 1], "malformed_header"),
        (lambda content: content[:300], "malformed_header"),
        (lambda content: content[:10], "malformed_header"),
        (lambda content: content[:0], "malformed_header"),
        (lambda content: content + b"\0\0", "longer_than_stated"),
        (lambda content: content + content[HEADER_BYTES:], "longer_than_stated"),
        (replaced(0, 8, "1"), "malformed_header"),
        (replaced(184, 8, "5000"), "malformed_header"),
        (replaced(236, 8, "-1"), "unfinished"),
        (replaced(236, 8, "0"), "unfinished"),
        (replaced(236, 8, "61"), "truncated"),
        (replaced(236, 8, "59"), "longer_than_stated"),
        (replaced(236, 8, "sixty"), "malformed_header"),
        (replaced(244, 8, "0"), "malformed_header"),
        (replaced(244, 8, "nan"), "malformed_header"),
        (replaced(244, 8, "-1"), "malformed_header"),
        (replaced(252, 4, "18"), "malformed_header"),
        (replaced(252, 4, "0"), "malformed_header"),
        (field(3, 8, 216, "99"), "longer_than_stated"),
        (field(3, 8, 216, "0"), "malformed_header"),
    ],
)
def test_a_header_that_does_not_fit_the_file_is_refused(
    tmp_path: Path, good: bytes, change: Callable[[bytes], bytes], code: str
) -> None:
    file = tmp_path / "a.edf"
    file.write_bytes(change(good))
    assert refusal(file) == code


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (field(3, 8, 96, ""), "unit_not_stated"),
        (field(3, 8, 96, "mmHg"), "unit_not_stated"),
        (field(3, 8, 96, "MV"), "unit_not_stated"),
        (field(3, 8, 104, "3276.7"), "malformed_header"),
        (field(3, 8, 104, "low"), "malformed_header"),
        (field(3, 8, 120, "32767"), "malformed_header"),
        (replaced(244, 8, "1.1"), "rate_too_low"),
        (replaced(244, 8, "0.1"), "too_short"),
    ],
)
def test_an_electrode_that_cannot_be_understood_is_refused(
    tmp_path: Path, good: bytes, change: Callable[[bytes], bytes], code: str
) -> None:
    file = tmp_path / "a.edf"
    file.write_bytes(change(good))
    assert work({"path": str(file)})["refused"] == code


def test_a_channel_that_is_no_electrode_may_have_no_range(tmp_path: Path, good: bytes) -> None:
    file = tmp_path / "a.edf"
    content = field(3, 16, 0, "Trigger")(field(3, 8, 104, "3276.7")(good))
    file.write_bytes(content)
    found = work({"path": str(file)})
    assert found["refused"] is None
    assert found["channels"]["missing"] == ["F3"]
    assert found["channels"]["extra"] == 1


def test_electrodes_of_different_rates_are_refused(tmp_path: Path, good: bytes) -> None:
    """One electrode has twice the samples of the others, and the file is as long as it says."""
    samples = np.frombuffer(good[HEADER_BYTES:], dtype="<i2").reshape(60, 19, 100)
    longer = samples[:, [0, *range(19)]]
    file = tmp_path / "a.edf"
    content = field(0, 8, 216, "200")(good)
    file.write_bytes(content[:HEADER_BYTES] + longer.tobytes())
    assert work({"path": str(file)})["refused"] == "mixed_rates"


@pytest.mark.parametrize("name", ["a.txt", "a.edf.gz", "a"])
def test_another_kind_of_file_is_refused(tmp_path: Path, good: bytes, name: str) -> None:
    (tmp_path / name).write_bytes(good)
    assert refusal(tmp_path / name) == "unsupported_format"


def test_a_file_that_is_not_there_or_is_a_folder_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path / "a.edf") == "not_found"
    (tmp_path / "b.edf").mkdir()
    assert refusal(tmp_path / "b.edf") == "not_found"


def test_an_interrupted_recording_is_read_in_its_stretches(tmp_path: Path) -> None:
    """A library that takes records for contiguous would measure across the gap."""
    starts = [*range(35), *range(135, 160)]
    file = annotated(tmp_path / "a.edf", kind="EDF+D", starts=starts)
    header = read_header(file)
    first, second = header.stretches(0)
    assert (first.first, first.count, first.start_s) == (0, 3500, 0.0)
    assert (second.first, second.count, second.start_s) == (3500, 2500, 135.0)


def test_epochs_do_not_reach_across_a_gap(tmp_path: Path) -> None:
    starts = [*range(45), *range(1000, 1065)]
    found = work({"path": str(annotated(tmp_path / "a.edf", kind="EDF+D", starts=starts))})
    assert found["refused"] is None
    # Four epochs before the gap and six after it; what is left over is shorter than one.
    assert found["whole"]["epochs"] == 10
    assert found["end_s"] == 1065.0
    assert "gaps" in found["flags"]


def test_the_hours_of_an_interrupted_recording_are_those_of_the_clock(tmp_path: Path) -> None:
    starts = [*range(120), *range(7200, 7320)]
    found = work({"path": str(annotated(tmp_path / "a.edf", kind="EDF+D", starts=starts))})
    assert [hour["start_s"] for hour in found["hours"]] == [0.0, 7200.0]
    assert [hour["end_s"] for hour in found["hours"]] == [3600.0, 7320.0]
    assert [hour["epochs"] for hour in found["hours"]] == [12, 12]


def test_an_epoch_that_reaches_across_the_hour_ends_it_later(tmp_path: Path) -> None:
    starts = [*range(3535, 3655), *range(5400, 5500)]
    found = work({"path": str(annotated(tmp_path / "a.edf", kind="EDF+D", starts=starts))})
    assert found["hours"] == []
    starts = [*range(0, 60), *range(3535, 3655), *range(5400, 5500)]
    found = work({"path": str(annotated(tmp_path / "a.edf", kind="EDF+D", starts=starts))})
    first, second = found["hours"]
    # The epoch that begins at 3595 s belongs to the first hour and ends at 3605 s.
    assert (first["end_s"], second["start_s"]) == (3605.0, 3605.0)


@pytest.mark.parametrize(
    ("kind", "starts", "code"),
    [
        ("EDF+D", [*range(30), *range(10, 40)], "malformed_header"),
        ("EDF+D", [None] * 60, "malformed_header"),
        ("EDF+C", [None] * 60, None),
        ("EDF+C", list(range(60)), None),
        ("EDF+C", [n + 0.25 for n in range(60)], None),
    ],
)
def test_times_of_records_have_to_make_sense(
    tmp_path: Path, kind: str, starts: list[float | None], code: str | None
) -> None:
    file = annotated(tmp_path / "a.edf", kind=kind, starts=starts)
    found = work({"path": str(file)})
    assert found["refused"] == code
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize("kind", ["INT_16", "IEEE_FLOAT_32"])
@pytest.mark.parametrize("orientation", ["MULTIPLEXED", "VECTORIZED"])
def test_brainvision_gives_what_edf_gives(tmp_path: Path, kind: str, orientation: str) -> None:
    signals = pink(128, slope=1.0, size=15.0)
    write_edf(tmp_path / "a.edf", signals, 128, labels=labels())
    edf = work({"path": str(tmp_path / "a.edf")})
    file = brainvision(tmp_path, signals, 128, kind=kind, orientation=orientation)
    found = work({"path": str(file)})
    assert found["refused"] is None
    assert found["whole"]["values"] == pytest.approx(edf["whole"]["values"], rel=0.01, abs=0.003)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"cut": 1}, "truncated"),
        ({"cut": 2 * 19 * 100, "points": True}, "truncated"),
        ({"cut": 2 * 19 * 100, "marker": 7680}, "truncated"),
        ({"cut": 10**9}, "truncated"),
        ({"data": "../elsewhere.eeg"}, "malformed_header"),
        ({"data": "/etc/passwd"}, "malformed_header"),
        ({"data": "gone.eeg"}, "not_found"),
        ({"interval": "0"}, "malformed_header"),
        ({"interval": "fast"}, "malformed_header"),
        ({"channels": 20}, "malformed_header"),
        ({"channels": 0}, "malformed_header"),
        ({"kind": "UINT_8"}, "unsupported_format"),
        ({"first": "Some other file"}, "malformed_header"),
    ],
)
def test_a_brainvision_header_is_held_against_its_data(
    tmp_path: Path, change: dict[str, object], code: str
) -> None:
    signals = pink(128, slope=1.0, size=15.0, seconds=60)
    assert refusal(brainvision(tmp_path, signals, 128, **change)) == code  # type: ignore[arg-type]


def test_a_header_without_its_data_is_missing_no_crash(tmp_path: Path) -> None:
    assert work({"path": str(tmp_path / "none.vhdr")})["refused"] == "not_found"

"""A ledger shows what was done to it, and says what it cannot show."""

import json
import multiprocessing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from icans_risk.errors import LedgerError
from icans_risk.serving.ledger import append_entries
from icans_risk.serving.ledger_check import check_ledger, read_lines
from icans_risk.serving.ledger_lines import Head, hash_line, parse_head, write_text

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def entry(number: int, cutoff: datetime = NOON - timedelta(hours=1)) -> dict[str, Any]:
    return {
        "kind": "prediction",
        "episode_id": f"P{number}",
        "risk": number / 7,
        "data_cutoff": cutoff.isoformat(),
    }


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    file = tmp_path / "ledger.jsonl"
    for day in range(4):
        append_entries(file, [entry(2 * day), entry(2 * day + 1)], now=NOON + timedelta(days=day))
    return file


def codes(file: Path, **options: Any) -> set[str]:
    options.setdefault("now", NOON + timedelta(days=30))
    return {problem.code for problem in check_ledger(file, **options).problems}


def test_an_honest_ledger_has_no_problem_and_is_private(ledger: Path) -> None:
    assert codes(ledger) == set()
    lines = read_lines(ledger)
    assert [line["number"] for line in lines] == list(range(9))
    assert lines[1]["entry"] == entry(0)
    assert ledger.stat().st_mode & 0o777 == 0o600


def test_the_hash_is_sha256_of_the_canonical_line(ledger: Path) -> None:
    """By hand, from the file alone: a reader needs no package to check a ledger."""
    import hashlib

    first = json.loads(ledger.read_text().splitlines()[0])
    told = first.pop("sha256")
    text = json.dumps(first, sort_keys=True, separators=(",", ":"))
    assert hashlib.sha256(text.encode()).hexdigest() == told


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_byte_that_is_changed_is_found(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("ledger") / "ledger.jsonl"
    append_entries(file, [entry(0), entry(1)], now=NOON)
    append_entries(file, [entry(2)], now=NOON)
    content = bytearray(file.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    file.write_bytes(bytes(content))
    assert codes(file) != set()


@pytest.mark.parametrize("place", range(8))
def test_a_line_taken_out_of_the_middle_is_found(ledger: Path, place: int) -> None:
    lines = ledger.read_bytes().splitlines(keepends=True)
    ledger.write_bytes(b"".join(lines[:place] + lines[place + 1 :]))
    assert "broken_chain" in codes(ledger)
    with pytest.raises(LedgerError, match="does not follow"):
        append_entries(ledger, [entry(9)], now=NOON + timedelta(days=9))


def test_lines_that_were_moved_or_repeated_are_found(ledger: Path) -> None:
    lines = ledger.read_bytes().splitlines(keepends=True)
    ledger.write_bytes(b"".join([*lines[:2], lines[3], lines[2], *lines[4:]]))
    assert "broken_chain" in codes(ledger)
    ledger.write_bytes(b"".join([*lines, lines[-1]]))
    assert "broken_chain" in codes(ledger)


def reseal(file: Path, change: Any) -> None:
    """Change lines and hash everything anew, as somebody with the program could."""
    before, sealed = "0" * 64, []
    for line in map(json.loads, file.read_text().splitlines()):
        change(line)
        line["previous"] = before
        before = hash_line(line)
        sealed.append(write_text(line | {"sha256": before}) + b"\n")
    file.write_bytes(b"".join(sealed))


def double_the_risk(line: dict[str, Any]) -> None:
    if line["entry"].get("episode_id") == "P3":
        line["entry"]["risk"] = 0.99


def test_a_file_that_was_written_anew_shows_only_against_a_noted_head(ledger: Path) -> None:
    lines = read_lines(ledger)
    noted = Head(lines[-1]["number"], lines[-1]["sha256"])
    early = Head(lines[2]["number"], lines[2]["sha256"])
    reseal(ledger, double_the_risk)
    assert codes(ledger) == set()
    assert codes(ledger, heads=(noted,)) == {"head_missing"}
    # What was noted before the change is still there.
    assert codes(ledger, heads=(early,)) == set()


def test_an_end_that_was_cut_off_shows_only_against_a_noted_head(ledger: Path) -> None:
    lines = read_lines(ledger)
    noted = Head(lines[-1]["number"], lines[-1]["sha256"])
    kept = ledger.read_bytes().splitlines(keepends=True)[:-2]
    ledger.write_bytes(b"".join(kept))
    assert codes(ledger) == set()
    assert codes(ledger, heads=(noted,)) == {"head_missing"}


def test_a_line_that_was_dated_back_is_found(ledger: Path) -> None:
    def date_back(line: dict[str, Any]) -> None:
        if line["entry"].get("episode_id") == "P5":
            line["written_at"] = (NOON - timedelta(days=2)).isoformat(timespec="microseconds")

    reseal(ledger, date_back)
    assert codes(ledger) == {"back_dated", "cut_off_later"}


def test_data_that_reach_beyond_the_writing_are_found(ledger: Path) -> None:
    append_entries(
        ledger, [entry(9, cutoff=NOON + timedelta(days=20))], now=NOON + timedelta(days=9)
    )
    assert codes(ledger) == {"cut_off_later"}


def test_a_line_from_the_future_is_found(ledger: Path) -> None:
    assert codes(ledger, now=NOON) == {"from_the_future"}


def test_a_clock_that_went_back_stops_the_writing(ledger: Path) -> None:
    before = ledger.read_bytes()
    with pytest.raises(LedgerError, match="clock went back"):
        append_entries(ledger, [entry(9)], now=NOON)
    assert ledger.read_bytes() == before


def test_an_interrupted_writing_is_told_from_tampering(ledger: Path) -> None:
    whole = ledger.read_bytes()
    ledger.write_bytes(whole + whole.splitlines()[-1][:40])
    assert codes(ledger) == {"incomplete"}
    with pytest.raises(LedgerError, match="cut this piece off"):
        append_entries(ledger, [entry(9)], now=NOON + timedelta(days=9))
    ledger.write_bytes(whole)
    append_entries(ledger, [entry(9)], now=NOON + timedelta(days=9))
    assert codes(ledger) == set()


def _write_twenty(file: str) -> None:
    for number in range(20):
        append_entries(Path(file), [entry(number, cutoff=datetime(2020, 1, 1, tzinfo=UTC))])


@pytest.mark.slow
def test_two_writers_take_turns(tmp_path: Path) -> None:
    file = tmp_path / "ledger.jsonl"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write_twenty, args=(str(file),)) for _ in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(timeout=120)
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert len(read_lines(file)) == 41


@pytest.mark.parametrize("text", ["", "12", "12:abc", "x:" + "a" * 64, "1:" + "A" * 64])
def test_a_head_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(LedgerError, match="expected a head"):
        parse_head(text)


def test_a_head_reads_back_as_it_was_printed() -> None:
    head = Head(12, "ab" * 32)
    assert parse_head(str(head)) == head


@pytest.mark.parametrize(
    "content", [b"{}\n", b"[1]\n", b"null\n", b"\xff\n", b"[" * 5000 + b"\n", b"\n"]
)
def test_what_is_no_ledger_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "ledger.jsonl"
    file.write_bytes(content)
    assert codes(file) == {"unreadable"}


def test_a_ledger_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="folder does not exist"):
        append_entries(tmp_path / "nowhere" / "ledger.jsonl", [entry(0)])
    with pytest.raises(LedgerError, match="time zone"):
        append_entries(tmp_path / "l.jsonl", [entry(0)], now=datetime(2026, 1, 1))  # noqa: DTZ001
    assert not (tmp_path / "l.jsonl").exists()
    assert not (tmp_path / "nowhere").exists()

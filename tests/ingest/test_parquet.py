"""Parquet: types, damage, and files that are larger than the memory."""

import base64
import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from icans_risk.errors import CohortError
from icans_risk.ingest.files import parquet as parquet_module
from icans_risk.ingest.files.opening import open_table
from icans_risk.study.tables import TableFile

NOON = datetime(2026, 5, 1, 12)  # noqa: DTZ001


def write(folder: Path, **columns: Any) -> Path:
    file = folder / "labs.parquet"
    pq.write_table(pa.table(columns), file, write_page_checksum=True, row_group_size=100)
    return file


def read(file: Path, *columns: str, **asked: Any) -> pl.DataFrame:
    return pl.concat(open_table(TableFile(files=(file,)), columns=columns, **asked))


@pytest.mark.parametrize(
    "cells",
    [
        pa.array(["00123", " 1E5 ", "NA", ""]),
        pa.array(["00123", "1E5", "NA", None], pa.large_string()),
        pa.array(["00123", "1E5", "NA", None]).dictionary_encode(),
    ],
)
def test_text_of_any_kind_stays_text(tmp_path: Path, cells: pa.Array) -> None:
    file = write(tmp_path, id=cells, note=["x"] * 4)
    for identifiers in ([], ["id"]):
        found = read(file, "id", "note", identifiers=identifiers)
        assert found["id"].to_list() == ["00123", "1E5", "NA", None]
        assert found["row"].to_list() == [2, 3, 4, 5]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (pa.array([123, None]), ["123", None]),
        (pa.array([123.0, float("nan")]), ["123", None]),
        (pa.array([-0.5, 123.5]), ["-0.5", "123.5"]),
        (pa.array([2**63, 1], pa.uint64()), [str(2**63), "1"]),
        (pa.array([123, 10**22], pa.decimal128(25, 2)), ["123", "10000000000000000000000"]),
        (pa.array([True, False]), ["true", "false"]),
        (pa.array([date(2026, 5, 1), None]), ["2026-05-01", None]),
    ],
)
def test_identifiers_that_are_no_text_become_their_digits(
    tmp_path: Path, cells: pa.Array, expected: list[str | None]
) -> None:
    file = write(tmp_path, id=cells, note=["x", "y"])
    assert read(file, "id", "note", identifiers=["id"])["id"].to_list() == expected


@pytest.mark.parametrize("cells", [[1e15, 1.0], [float("inf"), 1.0]])
def test_identifiers_that_lost_digits_are_refused(tmp_path: Path, cells: list[float]) -> None:
    with pytest.raises(CohortError, match=r"column 'id'.*1 are numbers so large"):
        read(write(tmp_path, id=cells), "id", identifiers=["id"])


def test_numbers_and_times_keep_their_type(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        hours=pa.array([1, None]),
        local=pa.array([NOON, None], pa.timestamp("ns")),
        known=pa.array([NOON, None], pa.timestamp("ms", tz="+02:00")),
        day=pa.array([date(2026, 5, 1), None]),
        stamp=pa.array([date(2026, 5, 1), None], pa.date64()),
        note=["x", "y"],
    )
    found = read(file, "hours", "local", "known", "day", "stamp", "note")
    assert found.schema["hours"] == pl.Float64
    assert found.schema["local"] == pl.Datetime("us")
    assert found["local"][0] == NOON
    assert found.schema["known"] == pl.Datetime("us", "UTC")
    assert found["known"][0] == NOON.replace(tzinfo=UTC)
    # A date covers its whole day, so it must not become midnight.
    assert found["day"].to_list() == found["stamp"].to_list() == ["2026-05-01", None]


def test_results_are_numbers_or_text(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        id=["a", "b"],
        crp=[1.5, float("nan")],
        il6=pa.array(["<0.5", ""]),
        eeg=[True, None],
        odd=[NOON, None],
        cost=pa.array([1, None], pa.decimal128(9, 2)),
    )
    found = read(file, "id", results=["crp", "il6", "eeg", "odd", "cost"])
    assert found["crp.number"].to_list() == [1.5, None]
    assert found["crp.text"].to_list() == [None, None]
    assert found["il6.text"].to_list() == ["<0.5", None]
    assert found["il6.number"].to_list() == [None, None]
    assert found["eeg.text"].to_list() == ["true", None]
    assert found["odd.text"][0].startswith("2026-05-01T12:00:00")
    assert found["cost.number"].to_list() == [1.0, None]


@pytest.mark.parametrize(
    "cells", [pa.array([[1], [2]]), pa.array([{"a": 1}, None]), pa.array([b"a", b"b"])]
)
def test_what_is_no_cell_is_refused(tmp_path: Path, cells: pa.Array) -> None:
    file = write(tmp_path, id=["a", "b"], crp=cells)
    for asked in ({"columns": ["crp"]}, {"columns": ["id"], "results": ["crp"]}):
        with pytest.raises(CohortError, match="column 'crp': expected text, numbers or times"):
            list(open_table(TableFile(files=(file,)), **asked))


def test_files_of_other_writers_are_read(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "id": ["a", "b"],
            "kind": pl.Series(["x", "y"], dtype=pl.Categorical),
            "small": pl.Series([1, 2], dtype=pl.UInt8),
            "single": pl.Series([1.5, 2.5], dtype=pl.Float32),
            "cost": pl.Series(["1.50", "2.50"]).cast(pl.Decimal(9, 2)),
            "taken": pl.Series([NOON, NOON]).dt.replace_time_zone("Europe/Berlin"),
            "at": pl.Series([NOON.time(), NOON.time()]),
        }
    )
    table = frame.to_arrow()
    seconds = table.append_column("s", pa.array([NOON, NOON], pa.timestamp("s")))
    seconds = seconds.append_column("u", pa.array([1, 2], pa.uint32()))
    local = seconds.set_column(5, "taken", pa.array([NOON, NOON], pa.timestamp("us")))
    file = tmp_path / "labs.parquet"
    for write_file in (
        lambda: frame.write_parquet(file),
        lambda: frame.to_pandas().to_parquet(file),
        lambda: pq.write_table(seconds, file, version="1.0"),
        lambda: pq.write_table(seconds, file, store_schema=False),
        lambda: pq.write_table(local.drop_columns(["at"]), file, flavor="spark"),
    ):
        write_file()
        names = [name for name in pq.read_schema(file).names if "__" not in name]
        found = read(file, *names, identifiers=["id"])
        assert found["kind"].to_list() == ["x", "y"]
        assert found["cost"].to_list() == [1.5, 2.5]
        assert found["single"].to_list() == [1.5, 2.5]
        is_known = found.schema["taken"].time_zone == "UTC"
        assert set(found["taken"].dt.hour()) == {10 if is_known else 12}


def test_names_with_a_dot_are_names(tmp_path: Path) -> None:
    file = write(tmp_path, **{"a.b": ["x"], "a": ["y"]})
    assert read(file, "a.b")["a.b"].to_list() == ["x"]


def test_absent_and_doubled_columns_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CohortError, match=r"expected the columns \['crp'\], found \['id'\]"):
        read(write(tmp_path, id=["a"]), "id", "crp")
    file = tmp_path / "twice.parquet"
    pq.write_table(pa.table([["a"], ["b"]], names=["id", "id"]), file)
    with pytest.raises(CohortError, match=r"has \['id'\] more than once"):
        read(file, "id")


def test_a_large_file_comes_in_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_module, "CHUNK_ROWS", 64)
    file = write(tmp_path, id=[f"p{n}" for n in range(1000)])
    chunks = list(open_table(TableFile(files=(file,)), columns=["id"]))
    assert max(map(len, chunks)) == 64
    assert pl.concat(chunks)["row"].to_list() == list(range(2, 1002))
    assert pl.concat(chunks)["id"].to_list() == [f"p{n}" for n in range(1000)]


def whole_file(folder: Path) -> tuple[Path, pl.DataFrame]:
    file = write(
        folder,
        id=[f"patient {n % 13}" for n in range(300)],
        crp=[n / 7 for n in range(300)],
        day=list(range(300)),
        taken=pa.array([NOON + timedelta(days=n % 30) for n in range(300)], pa.timestamp("us")),
    )
    return file, read(file, "id", "taken", "day", results=["crp"], identifiers=["id"])


@pytest.mark.parametrize("flips", [250, pytest.param(4000, marks=pytest.mark.slow)])
def test_no_flipped_bit_changes_a_cell_silently(tmp_path: Path, flips: int) -> None:
    file, whole = whole_file(tmp_path)
    data, chance = file.read_bytes(), random.Random(5)
    refused = 0
    for _ in range(flips):
        place = chance.randrange(len(data) * 8)
        damaged = bytearray(data)
        damaged[place // 8] ^= 1 << place % 8
        file.write_bytes(damaged)
        try:
            found = read(file, "id", "taken", "day", results=["crp"], identifiers=["id"])
        except CohortError:
            refused += 1
            continue
        assert found.equals(whole), f"bit {place} changed a cell and nobody noticed"
    assert refused > flips / 3


def test_a_footer_that_hides_rows_is_refused(tmp_path: Path) -> None:
    file, _ = whole_file(tmp_path)
    data = file.read_bytes()
    # The whole number 300 of the file's metadata, and 99 in as many bytes.
    place = data.rindex(b"\x16\xd8\x04")
    file.write_bytes(data[:place] + b"\x16\xc6\x01" + data[place + 3 :])
    with pytest.raises(CohortError, match="not a readable Parquet file, or damaged"):
        read(file, "id")


def test_a_footer_that_contradicts_itself_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path, taken=pa.array([NOON], pa.timestamp("ns")))
    nano, micro = (
        base64.b64encode(pa.schema({"taken": pa.timestamp(unit)}).serialize().to_pybytes())
        for unit in ("ns", "us")
    )
    data = file.read_bytes()
    assert nano in data
    file.write_bytes(data.replace(nano, micro))
    with pytest.raises(CohortError, match="not a readable Parquet file, or damaged"):
        read(file, "taken")


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    file, _ = whole_file(tmp_path)
    data = file.read_bytes()
    for percent in range(100):
        file.write_bytes(data[: len(data) * percent // 100])
        with pytest.raises(CohortError, match=r"labs\.parquet: not a readable Parquet file"):
            read(file, "id")


def test_text_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    damaged = pa.Array.from_buffers(
        pa.string(), 2, [*pa.array(["aé", "b"]).buffers()[:2], pa.py_buffer(b"a\xff\xffb")]
    )
    with pytest.raises(CohortError, match="not a readable Parquet file"):
        read(write(tmp_path, id=damaged), "id")

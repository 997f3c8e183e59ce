"""Files of text that went wrong in any way: raw results or a clear refusal, nothing else."""

import random
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from icans_risk.errors import CohortError
from icans_risk.ingest.frames import RAW
from icans_risk.ingest.quality import QualityReport
from icans_risk.ingest.tables.long import read_long
from icans_risk.study.tables import LongTable

WORDS = [
    "", " ", "NA", "00123", "1E5", "<0.5", "1,5", "-", "ü", "µg/L", '"', '""', "a\nb", "\r", "\0",
    "plasma.crp", "x" * 300, "\ufeff", "2026-05-01T12:00", "=1+1", "\u202e", "🧠", "\x1a",
]  # fmt: skip
ENCODINGS = ["utf-8", "utf-16", "latin-1", "cp1252"]
Damage = Callable[[bytes, random.Random], bytes]


def whole(chance: random.Random) -> list[list[str]]:
    analytes = ["plasma.crp", "plasma.ferritin", "plasma.crp", "no such thing"]
    rows = [
        [f"p{n % 7}", f"2026-05-{n % 28 + 1:02}", chance.choice(analytes), f"{n / 3:.2f}", "mg/L"]
        for n in range(chance.randrange(12))
    ]
    return [["pid", "taken", "test", "result", "unit"], *rows]


def as_text(rows: list[list[str]], chance: random.Random, delimiter: str) -> str:
    ending = chance.choice(["\n"] * 6 + ["\r\n", "\r", ""])
    lines = [delimiter.join(row) for row in rows]
    return ending.join(lines) + chance.choice([ending] * 6 + ["", "\n\n", '"'])


def change_cell(rows: list[list[str]], chance: random.Random) -> None:
    row = chance.choice(rows)
    if row:
        word = chance.choice(WORDS)
        quoted = '"' + word.replace('"', '""') + '"'
        row[chance.randrange(len(row))] = chance.choice([word, quoted])


def drop_cell(rows: list[list[str]], chance: random.Random) -> None:
    row = chance.choice(rows)
    if row:
        del row[chance.randrange(len(row))]


def add_cell(rows: list[list[str]], chance: random.Random) -> None:
    row = chance.choice(rows)
    row.insert(chance.randrange(len(row) + 1), chance.choice(WORDS))


def repeat_row(rows: list[list[str]], chance: random.Random) -> None:
    rows.insert(chance.randrange(len(rows) + 1), list(chance.choice(rows)))


def drop_row(rows: list[list[str]], chance: random.Random) -> None:
    if len(rows) > 1:
        del rows[chance.randrange(len(rows))]


def flip_bit(data: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(data) * 8)
    damaged = bytearray(data)
    damaged[place // 8] ^= 1 << place % 8
    return bytes(damaged)


def cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def insert_bytes(data: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(data) + 1)
    return data[:place] + chance.randbytes(chance.randrange(1, 5)) + data[place:]


def swap_parts(data: bytes, chance: random.Random) -> bytes:
    one, two = sorted(chance.randrange(len(data) + 1) for _ in range(2))
    return data[one:two] + data[:one] + data[two:]


STRUCTURE = [change_cell, drop_cell, add_cell, repeat_row, drop_row]
BYTES: list[Damage] = [flip_bit, cut, insert_bytes, swap_parts]


def damaged_file(chance: random.Random, delimiter: str, encoding: str) -> bytes:
    rows = whole(chance)
    for _ in range(chance.randrange(4)):
        chance.choice(STRUCTURE)(rows, chance)
    data = as_text(rows, chance, delimiter).encode(encoding, "replace")
    for _ in range(chance.choice([0, 0, 1, 2])):
        data = chance.choice(BYTES)(data, chance) or b"x"
    return data


def read(file: Path, chance: random.Random) -> int:
    """Write and read one file; return the number of raw results, -1 if it is refused."""
    delimiter, encoding = chance.choice(",;\t|"), chance.choice(ENCODINGS)
    file.write_bytes(damaged_file(chance, delimiter, encoding))
    if chance.random() < 0.2:
        delimiter, encoding = chance.choice(",;\t|"), chance.choice(ENCODINGS)
    source = LongTable(
        layout="long", files=(file,), patient="pid", collected="taken", analyte="test",
        value="result", unit="unit", others=chance.choice(["ignore", "refuse"]),
        encoding=encoding, delimiter=None if delimiter == "," else delimiter,
        not_recorded=chance.choice([(), ("NA", "-")]),
    )  # fmt: skip
    quality = QualityReport()
    try:
        chunks = list(read_long(source, quality))
    except CohortError:
        return -1
    assert all(chunk.schema == RAW for chunk in chunks)
    results = pl.concat([pl.DataFrame(schema=RAW), *chunks])
    assert len(results) + sum(f.count for f in quality.findings) == quality.counts.get(
        "rows_read", 0
    )
    return len(results)


@pytest.mark.parametrize("files", [300, pytest.param(10_000, marks=pytest.mark.slow)])
def test_a_damaged_file_gives_raw_results_or_a_clear_refusal(tmp_path: Path, files: int) -> None:
    refused = read_in = 0
    for seed in range(files):
        chance = random.Random(seed)
        try:
            found = read(tmp_path / "labs.csv", chance)
        except Exception as error:
            error.add_note(f"seed {seed}")
            raise
        refused += found < 0
        read_in += found > 0
    # Both kinds have to be common, or the damage is too coarse or too mild to teach anything.
    assert refused > files / 5
    assert read_in > files / 10

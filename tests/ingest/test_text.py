"""Delimited text: what is read as it stands, and what is refused."""

import csv
import gzip
import hashlib
import io
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from icans_risk.errors import CohortError
from icans_risk.ingest.files import text as text_module
from icans_risk.ingest.files.opening import open_table
from icans_risk.ingest.files.quotes import QuoteCheck
from icans_risk.ingest.files.text import read_text_table
from icans_risk.study.tables import TableFile

IDENTIFIERS = ["00123", "1E5", "NA", "True", "12345678901234567890123"]
CANARY = "Zebedee"
# The folder is shared by all examples, and a busy disk is no failure.
FILES = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
LETTERS = st.characters(codec="utf-8", exclude_categories=["Cc"]) | st.sampled_from(',"\n')


def write(folder: Path, content: bytes | str, name: str = "labs.csv") -> Path:
    file = folder / name
    data = content.encode() if isinstance(content, str) else content
    file.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return file


def read(file: Path, *columns: str, **source: Any) -> pl.DataFrame:
    table = TableFile(files=(file,), **source)
    return pl.concat(open_table(table, columns=columns or ("id", "crp"), identifiers=["id"]))


def refused(file: Path, message: str, **source: Any) -> str:
    with pytest.raises(CohortError, match=message) as caught:
        read(file, **source)
    assert CANARY not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "delimiter"), [("a.csv", ","), ("a.tsv", "\t"), ("a.csv.gz", ","), ("A.CSV", ",")]
)
def test_identifiers_stay_as_they_are(tmp_path: Path, name: str, delimiter: str) -> None:
    lines = [delimiter.join([word, "NA"]) for word in ("id", *IDENTIFIERS)]
    lines[0] = delimiter.join(["id", "crp"])
    cells = read(write(tmp_path, "\n".join(lines) + "\n", name), not_recorded=("NA",))
    assert cells["id"].to_list() == IDENTIFIERS
    assert cells["crp"].to_list() == [None] * 5
    assert cells["row"].to_list() == [2, 3, 4, 5, 6]
    assert cells["file"].unique().to_list() == [name]


def test_blanks_are_stripped_and_empty_cells_are_nothing(tmp_path: Path) -> None:
    cells = read(write(tmp_path, "id, crp \n a ,  \n b,\xa05\n"))
    assert cells["id"].to_list() == ["a", "b"]
    assert cells["crp"].to_list() == [None, "5"]


def test_rows_are_numbered_as_a_spreadsheet_shows_them(tmp_path: Path) -> None:
    file = write(tmp_path, 'id,crp\na,"two\nlines"\n\n,\nb,5\n\n')
    cells = read(file)
    assert cells["row"].to_list() == [2, 5]
    assert cells["crp"].to_list() == ["two\nlines", "5"]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_any_line_ending_and_a_byte_order_mark_are_fine(
    tmp_path: Path, ending: str, start: str
) -> None:
    file = write(tmp_path, start + ending.join(['"id",crp', "a,1", "b,2", ""]))
    assert read(file).select("id", "crp").rows() == [("a", "1"), ("b", "2")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "latin-1", "cp1252"])
def test_a_declared_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    file = write(tmp_path, "id,crp\nMüller,1\n".encode(encoding))
    assert read(file, encoding=encoding)["id"].to_list() == ["Müller"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "latin-1", "cp1252"])
def test_another_encoding_than_declared_is_refused(tmp_path: Path, encoding: str) -> None:
    refused(write(tmp_path, f"id,crp\n{CANARY}ü,1\n".encode(encoding)), "Set 'encoding'")


def test_nul_is_refused(tmp_path: Path) -> None:
    refused(write(tmp_path, f"id,crp\n{CANARY}\0,1\n"), "NUL")


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (f"id\n{CANARY},1\n", "row 2"),
        (f"id,crp\n{CANARY},1,\nb,2,\n", "rows 2, 3"),
        (f"id,crp\n{CANARY},1\nb\nc,3\n", "row 3"),
        (f"id,crp\n{CANARY},1\nb,2,3\n\nc\n", "rows 3, 5"),
    ],
)
def test_a_line_of_another_width_is_refused(tmp_path: Path, content: str, rows: str) -> None:
    file = write(tmp_path, content)
    with pytest.raises(CohortError, match=rf"cells in each line.*\({rows}\)") as caught:
        read(file, "id")
    assert CANARY not in str(caught.value)


@given(st.integers(1, 6), st.lists(st.integers(1, 6), min_size=1, max_size=8))
@settings(FILES, max_examples=60)
def test_width_is_what_decides(tmp_path: Path, width: int, widths: list[int]) -> None:
    lines = [",".join(f"c{i}" for i in range(width)), *(",".join("x" * n) for n in widths)]
    file = write(tmp_path, "\n".join(lines) + "\n")
    if set(widths) == {width}:
        assert len(read(file, "c0")) == len(widths)
    else:
        with pytest.raises(CohortError, match="cells in each line"):
            read(file, "c0")


def test_all_odd_lines_are_counted_even_beyond_the_first_chunk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_module, "PARSE_BYTES", 16)
    file = write(tmp_path, "id,crp\n" + "a,1\n" * 20 + "b\n" + "a,1\n" * 20 + "b\n")
    refused(file, r"2 lines have another number \(rows 22, 43\)")


def test_row_numbers_run_on_from_chunk_to_chunk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_module, "PARSE_BYTES", 16)
    found = read(write(tmp_path, "id,crp\n" + "a,1\n" * 40))
    assert found["row"].to_list() == list(range(2, 42))


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("id,crp,crp", r"has \['crp'\] more than once"),
        ("id,crp,x,x", r"has \['x'\] more than once"),
        ("id,CRP", r"expected the columns \['crp'\], found \['id', 'CRP'\]"),
        ("", "expected a header in line 1"),
        (",", "expected a header in line 1"),
    ],
)
def test_a_header_that_does_not_fit_is_refused(tmp_path: Path, header: str, message: str) -> None:
    width = header.count(",")
    refused(write(tmp_path, f"{header}\n{CANARY}{',1' * width}\n"), message)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    refused(write(tmp_path, ""), "expected a header in line 1")


def test_columns_without_a_name_are_left_out(tmp_path: Path) -> None:
    assert read(write(tmp_path, ",id,crp,\n7,a,1,\n"))["crp"].to_list() == ["1"]


@pytest.mark.parametrize("other", [";", "\t", "|"])
@pytest.mark.parametrize("quote", ["", '"'])
def test_another_delimiter_is_named(tmp_path: Path, other: str, quote: str) -> None:
    header = other.join(f"{quote}{name}{quote}" for name in ("id", "crp", "note"))
    file = write(tmp_path, f"{header}\na{other}1,5{other}n\n")
    assert "Set 'delimiter' to" in refused(file, "divided by")
    assert read(file, delimiter=other)["crp"].to_list() == ["1,5"]


@pytest.mark.parametrize(
    ("lines", "line"),
    [
        ([f'{CANARY},"1', "b,2"], 2),
        (["a,1", f'"{CANARY},1'], 3),
        (["a,1", f'"{CANARY}"x,1'], 3),
        ([f'{CANARY},5" tube', 'b,"2"'], 2),
        (['a,"1', 'b,"2"'], 3),
        (["a,1", 'b,""2'], 3),
    ],
)
def test_quotes_that_swallow_are_refused(tmp_path: Path, lines: list[str], line: int) -> None:
    content = "\n".join(["id,crp", *lines]) + "\n"
    refused(write(tmp_path, content), f"line {line} is the first")


@given(
    st.lists(st.tuples(st.text(LETTERS, max_size=6), st.text(LETTERS, max_size=6)), max_size=6),
    st.integers(1, 9),
)
@settings(FILES, max_examples=150)
def test_what_a_csv_writer_wrote_is_read_whatever_the_blocks(
    tmp_path: Path, rows: list[tuple[str, str]], block: int
) -> None:
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([("id", "crp"), *rows])
    file = write(tmp_path, out.getvalue())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_module, "SCAN_BYTES", block)
        patch.setattr(text_module, "CHUNK_ROWS", block)
        found = list(
            open_table(TableFile(files=(file,)), columns=["id", "crp"], identifiers=["id"])
        )
    stripped = [tuple(cell.strip() or None for cell in row) for row in rows]
    assert [c for f in found for c in f.select("id", "crp").rows()] == [
        row for row in stripped if any(row)
    ]
    assert all(len(frame) <= block for frame in found)


@given(st.text('a",\n', max_size=12), st.lists(st.integers(0, 12), max_size=4))
def test_blocks_do_not_change_which_quotes_are_wrong(text: str, cuts: list[int]) -> None:
    data = np.frombuffer(text.encode(), np.uint8)
    whole, parts = QuoteCheck(","), QuoteCheck(",")
    whole.take(data)
    for part in np.split(data, sorted(cut for cut in cuts if cut <= len(data))):
        parts.take(part)
    assert parts.first_bad_line() == whole.first_bad_line()


@given(st.text('a",\n', max_size=10))
def test_quotes_are_judged_as_a_strict_parser_would(text: str) -> None:
    check = QuoteCheck(",")
    check.take(np.frombuffer(text.encode(), np.uint8))
    try:
        cells = [cell for row in csv.reader(io.StringIO(text, newline=""), strict=True)
                 for cell in row]  # fmt: skip
        strict = True
    except csv.Error:
        strict = False
    if check.first_bad_line() == 0:
        assert strict
    elif strict:
        # The parser takes a quote inside an unquoted cell for a sign like any other.
        assert any('"' in cell for cell in cells)


def test_an_unended_last_line_is_refused_unless_something_vouches_for_it(tmp_path: Path) -> None:
    file = write(tmp_path, f"id,crp\n{CANARY},1\nb,2")
    refused(file, "may have been cut")
    assert len(read(file, rows=2)) == 2
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert len(read(file, sha256={"labs.csv": digest.upper()})) == 2
    refused(file, "expected 3 rows", rows=3)


def test_a_file_cut_anywhere_is_refused(tmp_path: Path) -> None:
    lines = [f'p{n:03},"{n / 7:.3f}",note {n}\r\n' for n in range(100)]
    whole = ("id,crp,note\r\n" + "".join(lines)).encode()
    ends = {n + 1 for n, byte in enumerate(whole) if byte in b"\r\n"}
    for percent in range(100):
        size = len(whole) * percent // 100
        file = write(tmp_path, whole[:size])
        refused(file, "labs.csv", rows=100)
        # Without a number of rows only a cut between two lines can pass.
        if size not in ends:
            refused(file, "labs.csv")


@pytest.mark.parametrize("damage", [lambda d: d[:-5], lambda d: d[:-9] + b"\0" + d[-8:]])
def test_a_damaged_gzip_file_is_refused(tmp_path: Path, damage: Any) -> None:
    file = tmp_path / "labs.csv.gz"
    file.write_bytes(damage(gzip.compress(b"id,crp\n" + b"a,1\n" * 1000)))
    refused(file, "the gzip file is damaged")
    file.write_bytes(b"id,crp\na,1\n")
    refused(file, "the gzip file is damaged")


def test_a_line_that_is_too_long_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_module, "PARSE_BYTES", 64)
    refused(write(tmp_path, f"id,crp\n{CANARY},{'1' * 200}\n"), "a line is longer than 64 bytes")


def test_findings_keep_every_cell_as_it_stands(tmp_path: Path) -> None:
    file = write(tmp_path, 'id,ice\n00123, 9\n\nNA,\n"a""b",10')
    table = read_text_table(file)
    assert table["id"].to_list() == ["00123", "NA", 'a"b']
    assert table["ice"].isna().to_list() == [False, True, False]
    assert table.loc[0, "ice"] == " 9"


@pytest.mark.parametrize("content", ["a,a\n1,2\n", "a,b\n1\n", 'a,b\n"1,2\n', "\n", ",\n1,2\n"])
def test_findings_that_are_no_table_are_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(CohortError, match=r"labs\.csv"):
        read_text_table(write(tmp_path, content))
    with pytest.raises(CohortError, match=r"ending in \['.csv', '.tsv'\]"):
        read_text_table(tmp_path / "findings.txt")
    with pytest.raises(CohortError, match="cannot read"):
        read_text_table(tmp_path / "absent.csv")

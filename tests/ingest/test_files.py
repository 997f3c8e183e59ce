"""Which files are opened, what is checked first, and what is the same in every kind of file."""

import datetime as dt
import hashlib
import locale
import math
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import polars as pl
import pytest

from icans_risk.errors import CohortError
from icans_risk.ingest.files import integrity, workbook
from icans_risk.ingest.files.opening import open_table, read_small
from icans_risk.ingest.files.raw_table import RawTable, parse_integers, parse_numbers
from icans_risk.study.tables import TableFile

NOON = dt.datetime(2026, 5, 1, 12, 30)  # noqa: DTZ001
IDENTIFIERS = ["00123", "1E5", "NA", "True", "12345678901234567890123"]
CONTENT = "id,crp\na,1\nb,2\n"


def read(*files: Path, **source: Any) -> pl.DataFrame:
    columns = source.pop("columns", ["id"])
    table = TableFile(files=files, **source)
    return pl.concat(open_table(table, columns=columns, results=["crp"], identifiers=["id"]))


def small(file: Path, *columns: str, **source: Any) -> RawTable:
    return read_small(
        TableFile(files=(file,), **source), columns=columns or ("id", "crp"), identifiers=["id"]
    )


def write_xlsx(file: Path, rows: list[list[Any]]) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(file)
    return file


def write_kind(folder: Path, kind: str, columns: dict[str, list[Any]]) -> Path:
    file = folder / f"labs.{kind}"
    frame = pl.DataFrame(columns, strict=False)
    if kind == "parquet":
        frame.write_parquet(file)
    elif kind == "csv":
        frame.write_csv(file)
    else:
        write_xlsx(file, [frame.columns, *map(list, frame.rows())])
    return file


KINDS = pytest.mark.parametrize("kind", ["csv", "parquet", "xlsx"])


@KINDS
def test_identifiers_stay_as_they_are_in_every_kind_of_file(tmp_path: Path, kind: str) -> None:
    file = write_kind(tmp_path, kind, {"id": IDENTIFIERS, "crp": ["NA", "-", "<5", "x", ""]})
    found = read(file, not_recorded=("NA", "-", "True"))
    assert found["id"].to_list() == IDENTIFIERS
    assert found["crp.text"].to_list() == [None, None, "<5", "x", None]
    table = small(file, not_recorded=("NA", "-", "True"))
    assert table.cells["id"].to_list() == IDENTIFIERS
    assert table.cells["crp"].to_list() == [None, None, "<5", "x", None]
    assert table.cells.index.to_list() == [2, 3, 4, 5, 6]


@KINDS
def test_empty_rows_are_left_out_and_rows_keep_their_numbers(tmp_path: Path, kind: str) -> None:
    file = write_kind(tmp_path, kind, {"id": ["a", " ", "b"], "crp": ["1", "", "2"]})
    assert read(file, rows=2)["row"].to_list() == [2, 4]
    assert small(file, rows=2).cells.index.to_list() == [2, 4]


@KINDS
def test_the_number_of_rows_is_checked(tmp_path: Path, kind: str) -> None:
    file = write_kind(tmp_path, kind, {"id": ["a", "b"], "crp": ["1", "2"]})
    assert len(read(file, rows=2)) == 2
    for wrong in (1, 3):
        for reader in (read, small):
            with pytest.raises(CohortError, match=rf"expected {wrong} rows .* found 2"):
                reader(file, rows=wrong)


@KINDS
def test_absent_columns_are_refused(tmp_path: Path, kind: str) -> None:
    file = write_kind(tmp_path, kind, {"id": ["a"], "CRP": ["1"]})
    for reader in (read, small):
        with pytest.raises(CohortError, match=r"expected the columns \['crp'\], found \['id', 'C"):
            reader(file)


@KINDS
def test_a_small_table_needs_a_row(tmp_path: Path, kind: str) -> None:
    file = write_kind(tmp_path, kind, {"id": [], "crp": []})
    with pytest.raises(CohortError, match="expected rows under the header"):
        small(file)


def test_cells_of_a_workbook_go_where_their_type_says(tmp_path: Path) -> None:
    rows = [
        ["id", "taken", "crp", None],
        [123, NOON, 1.5, "side note"],
        [123.0, dt.date(2026, 5, 1), "<0.5"],
        ["00123", 72.5, True],
        [" NA ", dt.time(12, 30), NOON],
        [None, None, 7],
    ]
    found = read(write_xlsx(tmp_path / "labs.xlsx", rows), columns=["id", "taken"])
    assert found["id"].to_list() == ["123", "123", "00123", "NA", None]
    assert found["taken"].to_list() == [
        "2026-05-01T12:30:00", "2026-05-01", "72.5", "12:30:00", None,
    ]  # fmt: skip
    assert found["crp.number"].to_list() == [1.5, None, None, None, 7.0]
    assert found["crp.text"].to_list() == [None, "<0.5", "true", "2026-05-01T12:30:00", None]


def test_small_tables_keep_types(tmp_path: Path) -> None:
    rows = [["id", "at", "crp"], [123, NOON, 1], ["b", "2026-05-01", 2.5]]
    table = small(write_xlsx(tmp_path / "labs.xlsx", rows), "id", "at", "crp")
    assert table.cells.to_numpy().tolist() == [["123", NOON, 1], ["b", "2026-05-01", 2.5]]
    assert table.where == "labs.xlsx, sheet 'Sheet'"
    file = tmp_path / "labs.parquet"
    pl.DataFrame(
        {"id": [123.0, 4.0], "at": [NOON, None], "crp": [1, 2], "half": [0.5, None]}
    ).write_parquet(file)
    table = small(file, "id", "at", "crp", "half")
    assert table.cells["id"].to_list() == ["123", "4"]
    assert table.cells["at"].to_list() == [NOON, None]
    assert [type(cell) for cell in table.cells["crp"]] == [int, int]
    assert table.cells["half"].to_list() == [0.5, None]
    assert table.where == "labs.parquet"


@pytest.mark.parametrize("number", [10**15, 1.5e15])
def test_long_numbers_in_a_workbook_are_no_identifiers(tmp_path: Path, number: float) -> None:
    file = write_xlsx(tmp_path / "labs.xlsx", [["id", "crp"], [number, 1]])
    for reader in (read, small):
        with pytest.raises(CohortError, match=r"column 'id'.*1 are numbers so large"):
            reader(file)


def test_numbers_beyond_all_floats_are_infinite(tmp_path: Path) -> None:
    file = write_xlsx(tmp_path / "whole.xlsx", [["id", "crp"], ["a", 77], ["b", -77]])

    def grow(name: str, data: bytes) -> bytes:
        return data.replace(b"77", b"7" * 400) if "sheet1" in name else data

    file = rewrite(file, tmp_path / "labs.xlsx", grow)
    assert read(file)["crp.number"].to_list() == [float("inf"), -float("inf")]
    with pytest.raises(CohortError, match="rows 2, 3"):
        parse_numbers(small(file), "crp", limits=(-math.inf, math.inf), expected="numbers")


def test_large_workbooks_come_in_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "ROWS_PER_CHUNK", 3)
    file = write_xlsx(tmp_path / "labs.xlsx", [["id", "crp"], *([f"p{n}", n] for n in range(10))])
    found = read(file)
    assert found["row"].to_list() == list(range(2, 12))
    assert found["crp.number"].to_list() == list(range(10))


def test_a_wrong_extent_hides_no_cells(tmp_path: Path) -> None:
    file = write_xlsx(tmp_path / "whole.xlsx", [["id", "crp"], ["a", 1], ["b", 2]])

    def mend(name: str, data: bytes) -> bytes:
        return data.replace(b'ref="A1:B3"', b'ref="A1:B2"') if "sheet1" in name else data

    assert len(read(rewrite(file, tmp_path / "labs.xlsx", mend))) == 2


def rewrite(source: Path, target: Path, change: Callable[[str, bytes], bytes]) -> Path:
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            changed = change(name, old.read(name))
            assert name != "xl/worksheets/sheet1.xml" or changed != old.read(name)
            new.writestr(name, changed)
    return target


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<row", b"<wor"),
        (b"</sheetData>", b""),
        (b'r="A2"', b'r="?2"'),
        (b't="n"', b't="s"'),
        (b'<row r="2"', b'<row r="2000000000"'),
    ],
)
def test_damaged_sheets_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: bytes, new: bytes
) -> None:
    monkeypatch.setattr(workbook, "ROWS_AT_MOST", 1000)
    file = write_xlsx(tmp_path / "whole.xlsx", [["id", "crp"], ["a", 77]])

    def damage(name: str, data: bytes) -> bytes:
        return data.replace(old, new) if "sheet1" in name else data

    with pytest.raises(CohortError, match=r"labs\.xlsx"):
        read(rewrite(file, tmp_path / "labs.xlsx", damage))


@pytest.mark.parametrize("reader", [read, small])
def test_what_unpacks_to_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reader: Callable[..., Any]
) -> None:
    file = write_xlsx(tmp_path / "labs.xlsx", [["id", "crp"], ["a", 1]])
    for limit, value in (("UNZIPPED_AT_MOST", 1000), ("RATIO_AT_MOST", 1)):
        with monkeypatch.context() as patch:
            patch.setattr(integrity, limit, value)
            with pytest.raises(CohortError, match="when unzipped"):
                reader(file)


def test_several_files_are_read_in_order(tmp_path: Path) -> None:
    for name in ("b.csv", "a[1].csv", "a[2].csv", "c.txt"):
        (tmp_path / name).write_text(CONTENT.replace("a,", f"{name[0]},"))
    (tmp_path / "b.csv.sha256").write_text(hashlib.sha256(b"id,crp\nb,1\nb,2\n").hexdigest())
    (tmp_path / "a.csv").mkdir()
    found = read(tmp_path / "b*", tmp_path / "a[?].csv", tmp_path / "*.csv", rows=6)
    names = ["b.csv", "a[1].csv", "a[2].csv"]
    assert found["file"].unique(maintain_order=True).to_list() == names
    assert found["row"].to_list() == [2, 3] * 3


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("absent.csv", "no such file"),
        ("absent*.csv", "no file has such a name"),
        ("labs", r"ends in one of \.csv, \.tsv, .*\.xlsx"),
        ("labs.txt", "ends in one of"),
        ("labs.xls", "ends in one of"),
        ("labs.gz", "ends in one of"),
    ],
)
def test_what_cannot_be_opened_is_refused(tmp_path: Path, name: str, message: str) -> None:
    if "absent" not in name:
        (tmp_path / name).write_text(CONTENT)
    for reader in (read, small):
        with pytest.raises(CohortError, match=message):
            reader(tmp_path / name)


@pytest.mark.parametrize("name", ["labs.csv", "labs.csv.gz", "labs.parquet", "labs.xlsx"])
@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n", b"PK\x03\x04" + b"x" * 60])
def test_what_is_no_table_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    for reader in (read, small):
        with pytest.raises(CohortError, match="labs"):
            reader(tmp_path / name)


def test_files_of_one_name_are_refused(tmp_path: Path) -> None:
    files = [tmp_path / folder / "labs.csv" for folder in "ab"]
    for file in files:
        file.parent.mkdir()
        file.write_text(CONTENT)
    with pytest.raises(CohortError, match=r"labs\.csv: expected names that tell"):
        read(*files)


def test_a_small_table_is_one_file(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text(CONTENT)
    with pytest.raises(CohortError, match=r"a\.csv, b\.csv: expected one file, found 2"):
        small(tmp_path / "*.csv")


def test_checksums_are_compared(tmp_path: Path) -> None:
    file, other = tmp_path / "labs.csv", "0" * 64
    file.write_text(CONTENT)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    beside = tmp_path / "labs.csv.sha256"
    beside.write_text(f"{digest}  labs.csv\n")
    assert len(read(file, sha256={"labs.csv": digest})) == 2
    with pytest.raises(CohortError, match="SHA-256 that the study file gives"):
        read(file, sha256={"labs.csv": other})
    with pytest.raises(CohortError, match=r"lab\.csv: has a checksum .* is no file"):
        read(file, sha256={"lab.csv": digest})
    beside.write_text(f"{other} *labs.csv\n")
    for reader in (read, small):
        with pytest.raises(CohortError, match=r"SHA-256 that labs\.csv\.sha256 gives"):
            reader(file)
    for wrong in (b"", b"labs.csv", digest.encode()[:-1], b"\xff" * 64):
        beside.write_bytes(wrong)
        with pytest.raises(CohortError, match="expected 64 hexadecimal digits"):
            read(file)


def test_any_path_works(tmp_path: Path) -> None:
    folder = tmp_path / "Müller & Söhne" / ("x" * 200) / ("y" * 100)
    folder.mkdir(parents=True)
    file, link = folder / "Labor Mai 2026.csv", tmp_path / "link.csv"
    file.write_text(CONTENT)
    link.symlink_to(file)
    assert read(file)["file"].unique().to_list() == ["Labor Mai 2026.csv"]
    assert read(link)["file"].unique().to_list() == ["link.csv"]
    pl.DataFrame({"id": ["a"], "crp": [1]}).write_parquet(folder / "Größe.parquet")
    assert len(read(folder / "Größe.*")) == 1


SCRIPT = """
import sys
from pathlib import Path
import polars as pl
from icans_risk.ingest.files.opening import open_table
from icans_risk.study.tables import TableFile
files = tuple(Path(sys.argv[1]).glob("*"))
rows = pl.concat(open_table(TableFile(files=files), columns=["id", "İI"]))
print(sorted(rows.select("id", "İI").rows()) == [("ıi", "µg")] * 3)
"""


def has_locale(name: str) -> bool:
    before = locale.setlocale(locale.LC_ALL)
    try:
        locale.setlocale(locale.LC_ALL, name)
    except locale.Error:
        return False
    finally:
        locale.setlocale(locale.LC_ALL, before)
    return True


@pytest.mark.parametrize("name", ["C", "tr_TR.UTF-8"])
def test_the_locale_of_the_machine_does_not_matter(tmp_path: Path, root: Path, name: str) -> None:
    if not has_locale(name):
        pytest.skip(f"the locale {name} is not installed")
    for kind in ("csv", "parquet", "xlsx"):
        write_kind(tmp_path, kind, {"id": ["ıi"], "İI": ["µg"]})
    script = tmp_path.parent / f"{tmp_path.name}.py"
    script.write_text(SCRIPT, encoding="utf-8")
    environment = {"LC_ALL": name, "LANG": name, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(
        [sys.executable, script, tmp_path],
        env=environment | {"PYTHONPATH": str(root / "src"), "PYTHONIOENCODING": "utf-8"},
        capture_output=True, check=True,
    )  # fmt: skip
    assert done.stdout.decode().strip() == "True"


@pytest.mark.parametrize(
    ("cell", "point", "comma"),
    [
        ("1.5", 1.5, None),
        ("1,5", None, 1.5),
        (" 7 ", 7, 7),
        (2.5, 2.5, 2.5),
        ("1.234,5", None, None),
    ],
)
def test_numbers_have_the_decimal_sign_that_is_declared(
    cell: object, point: float | None, comma: float | None
) -> None:
    table = RawTable("grades.csv", "", pd.DataFrame({"ice": [cell]}, index=[2], dtype=object))
    asked = {"limits": (0, 10), "expected": "scores"}
    for decimal, expected in (("point", point), ("comma", comma)):
        if expected is None:
            with pytest.raises(CohortError, match=r"^grades\.csv, column 'ice'.*\(row 2\)"):
                parse_numbers(table, "ice", **asked, decimal=decimal)
        else:
            assert parse_numbers(table, "ice", **asked, decimal=decimal).tolist() == [expected]
    if comma == 1.5:
        with pytest.raises(CohortError, match="hold something else"):
            parse_integers(table, "ice", **asked, decimal="comma")

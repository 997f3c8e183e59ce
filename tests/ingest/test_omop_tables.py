"""An OMOP archive in every shape that it may have, and damaged ones."""

import zipfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from icans_risk.errors import CohortError
from icans_risk.ingest.archives import omop_tables
from icans_risk.ingest.archives.omop import read_omop
from icans_risk.ingest.frames import RAW
from icans_risk.ingest.quality import QualityReport
from ingest.omop_archives import (
    SURROGATE,
    MakeArchive,
    Rows,
    archive,
    as_csv,
    block,
    cut,
    finding,
    measured,
    read,
    writer,
)


@pytest.fixture
def make(tmp_path: Path) -> MakeArchive:
    return writer(tmp_path)


LAYOUTS = ["upper", "lower", "below", "tabs", "parquet", "zip", "zip_parquet"]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_the_same(make: MakeArchive, tmp_path: Path, layout: str) -> None:
    expected = read(make())
    folder = tmp_path / "again"
    lay_out(layout, folder)
    source = block(folder.with_suffix(".zip") if layout.startswith("zip") else folder)
    found = read(source)
    assert found[0].equals(expected[0])
    same = [name for name in RAW if name not in ("file", "collected")]
    assert found[1].select(same).equals(expected[1].select(same))
    moment = found[1]["collected"].str.replace("T", " ").str.strip_suffix(".000000")
    assert moment.to_list() == expected[1]["collected"].to_list()


def lay_out(layout: str, folder: Path) -> None:
    """Write the archive in another shape; typed columns are what a database exports."""
    folder.mkdir()
    below = folder / "cdm" if layout == "below" else folder
    below.mkdir(exist_ok=True)
    for name, rows in archive().items():
        if layout.endswith("parquet"):
            typed(rows).write_parquet(below / f"{name}.parquet")
        elif layout == "tabs":
            text = as_csv(rows, "\t").replace("\n", "\r\n")
            (below / f"{name.lower()}.csv").write_text(text, encoding="utf-8-sig", newline="")
        else:
            lower = layout == "lower"
            rows = rows if lower else [{k.upper(): v for k, v in row.items()} for row in rows]
            path = below / f"{name.lower() if lower else name}.csv"
            path.write_text(as_csv(rows), encoding="utf-8")
    if layout.startswith("zip"):
        with zipfile.ZipFile(folder.with_suffix(".zip"), "w") as packed:
            for file in folder.iterdir():
                packed.write(file, f"export\\{file.name}")


def typed(rows: Rows) -> pl.DataFrame:
    frame = pl.DataFrame([{k: str(v) or None for k, v in row.items()} for row in rows])
    columns: list[pl.Expr] = []
    for name in frame.columns:
        cell = pl.when(pl.col(name) != "").then(pl.col(name)).alias(name)
        if name == "person_id":
            cell = cell.cast(pl.Float64)
        elif name.endswith("_id") and name != "vocabulary_id":
            cell = cell.cast(pl.Int64)
        elif name.endswith("_datetime"):
            cell = cell.str.to_datetime("%Y-%m-%d %H:%M:%S")
        elif name.endswith("_date"):
            cell = cell.str.to_date()
        elif name == "value_as_number":
            cell = cell.cast(pl.Float64)
        columns.append(cell)
    return frame.select(columns)


def test_in_a_table_with_tabs_a_quote_is_a_letter(make: MakeArchive, tmp_path: Path) -> None:
    source = make()
    expected = read(source)[1]
    lines = [("concept_id", "concept_name", "vocabulary_id", "concept_code")]
    for row in archive()["CONCEPT"]:
        lines.append((row["concept_id"], '"odd', row["vocabulary_id"], row["concept_code"]))
    text = "\n".join("\t".join(line) for line in lines)
    (tmp_path / "CONCEPT.csv").write_text(text + "\n", encoding="utf-8")
    assert read(source)[1].equals(expected)


def test_rows_are_counted_through_chunks(
    make: MakeArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = archive() | {"MEASUREMENT": [measured(1, value=str(n)) for n in range(100)]}
    monkeypatch.setattr(omop_tables, "PARSE_BYTES", 1000)
    quality = QualityReport()
    chunks = list(read_omop(make(tables), quality).results)
    assert len(chunks) > 3
    found = pl.concat(chunks).select("row", "number").rows()
    assert found == [(n + 2, float(n)) for n in range(100)]


def test_a_concept_that_stands_twice_doubles_nothing(make: MakeArchive) -> None:
    tables = archive()
    tables["CONCEPT"] *= 2
    assert len(read(make(tables))[1]) == 1


def test_what_an_operating_system_leaves_behind_is_ignored_and_counted(
    make: MakeArchive, tmp_path: Path
) -> None:
    make()
    packed = tmp_path / "all.zip"
    with zipfile.ZipFile(packed, "w") as out:
        out.mkdir("cdm")
        for file in tmp_path.glob("*.csv"):
            out.write(file, f"cdm/{file.name}")
        for junk in ("__MACOSX/cdm/PERSON.csv", "cdm/._PERSON.csv", "cdm/.DS_Store"):
            out.writestr(junk, "junk")
        out.writestr("cdm/read me.md", "not a table")
    infusions, _, quality = read(block(packed))
    assert len(infusions) == 2
    assert finding(quality, "ignored_files") == 3


def test_a_members_name_leads_nowhere(make: MakeArchive, tmp_path: Path) -> None:
    make()
    packed = tmp_path / "box" / "all.zip"
    packed.parent.mkdir()
    with zipfile.ZipFile(packed, "w") as out:
        for file in tmp_path.glob("*.csv"):
            out.write(file, f"../../{file.name}")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    infusions, _, _ = read(block(packed))
    assert len(infusions) == 2
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_a_table_that_stands_twice_is_refused(make: MakeArchive, tmp_path: Path) -> None:
    source = make()
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "person.csv").write_text("person_id\n1\n", encoding="utf-8")
    with pytest.raises(CohortError, match="found person several times"):
        read(source)


def test_a_member_that_would_fill_the_memory_is_refused(tmp_path: Path) -> None:
    packed = tmp_path / "all.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("concept.csv", "concept_id\n" + "0\n" * 1_000_000)
    with pytest.raises(CohortError, match="at most 200 times the zipped size"):
        read(block(packed))


def test_a_large_parquet_member_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay_out("zip_parquet", tmp_path / "a")
    monkeypatch.setattr(omop_tables, "PARQUET_AT_MOST", 100)
    with pytest.raises(CohortError, match=r"\.parquet: expected at most 100 bytes"):
        read(block(tmp_path / "a.zip"))


@pytest.mark.parametrize(
    ("table", "text", "message"),
    [
        ("PERSON", "person_id,year_of_birth\n1,1960\n", r"PERSON\.csv: .*gender_concept_id"),
        ("MEASUREMENT", "a\n", r"MEASUREMENT\.csv: expected the columns"),
        ("MEASUREMENT", "", r"MEASUREMENT\.csv: (expected|not a readable)"),
    ],
)
def test_a_column_that_is_absent_is_named(
    make: MakeArchive, tmp_path: Path, table: str, text: str, message: str
) -> None:
    source = make()
    (tmp_path / f"{table}.csv").write_text(text, encoding="utf-8")
    with pytest.raises(CohortError, match=message):
        read(source)


def test_a_shifted_row_is_an_error_that_repeats_no_cell(make: MakeArchive, tmp_path: Path) -> None:
    source = make()
    with (tmp_path / "MEASUREMENT.csv").open("a", encoding="utf-8") as file:
        file.write("SECRET,1\n")
    with pytest.raises(CohortError, match=r"MEASUREMENT\.csv: not a readable table") as caught:
        read(source)
    assert "SECRET" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("content", [b"", b"not a zip"])
def test_what_is_neither_folder_nor_zip_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.zip").write_bytes(content)
    for name in ("x.zip", "absent"):
        with pytest.raises(CohortError, match="expected a folder or a zip file"):
            read(block(tmp_path / name))


def test_a_table_that_is_needed_is_named_where_it_is_absent(
    make: MakeArchive, tmp_path: Path
) -> None:
    source = make()
    (tmp_path / "PERSON.csv").unlink()
    with pytest.raises(CohortError, match="expected the table person, found"):
        read(source)


# --- The synthetic persons of Synthea


@settings(deadline=None)
@given(position=st.integers(0, 46_000), flip=st.integers(1, 255))
def test_a_damaged_archive_is_refused_or_read_as_it_was(
    root: Path, tmp_path_factory: pytest.TempPathFactory, position: int, flip: int
) -> None:
    data = bytearray(cut(root).read_bytes())
    data[position % len(data)] ^= flip
    file = tmp_path_factory.mktemp("damaged") / "x.zip"
    file.write_bytes(data)
    try:
        _, results, _ = read(block(file, index=SURROGATE))
    except CohortError:
        return
    _, expected, _ = read(block(cut(root), index=SURROGATE))
    assert results.drop("file").equals(expected.drop("file"))

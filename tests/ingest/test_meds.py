"""Folders in the Medical Event Data Standard, from elsewhere."""

import json
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from icans_risk.errors import CohortError
from icans_risk.ingest.archives import meds_files
from icans_risk.ingest.archives.meds import read_meds
from icans_risk.ingest.frames import RAW
from icans_risk.ingest.match import Habits, match_episodes
from icans_risk.ingest.quality import QualityReport
from icans_risk.ingest.stages.times import read_times
from icans_risk.ingest.tables.infusions import order_infusions
from icans_risk.study.archives import MedsFolder

Row = tuple[int, datetime | None, str, float | None]

# The standard has times without a zone.
INFUSED = datetime(2026, 5, 1, 10)  # noqa: DTZ001
CRP = "LAB//CRP"
TYPES = {
    "subject_id": pl.Int64,
    "time": pl.Datetime("us"),
    "code": pl.String,
    "numeric_value": pl.Float32,
}


def rows() -> list[Row]:
    return [
        (1, None, "GENDER//F", None),
        (1, INFUSED.replace(1960, 5, 2), "MEDS_BIRTH", None),
        (1, INFUSED, "CART", None),
        (1, INFUSED + timedelta(days=1), CRP, 48.1),
        (1, INFUSED + timedelta(days=2), "LAB//OTHER", 3.0),
        (1, INFUSED + timedelta(days=90), "MEDS_DEATH", None),
        (2, INFUSED, CRP, 5.0),
    ]


def write(
    folder: Path, data: list[Row] | None = None, *, file: str = "0.parquet", **extra: list[Any]
) -> None:
    frame = pl.DataFrame(rows() if data is None else data, schema=TYPES, orient="row")
    write_frame(folder, frame.with_columns(**{n: pl.Series(v) for n, v in extra.items()}), file)


def write_frame(folder: Path, frame: pl.DataFrame, file: str = "0.parquet") -> None:
    path = folder / "data" / file
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.write_parquet(path)
    (folder / "metadata").mkdir(exist_ok=True)
    (folder / "metadata" / "dataset.json").write_text('{"dataset_name": "x"}', encoding="utf-8")


def block(folder: Path, **settings: Any) -> MedsFolder:
    base: dict[str, Any] = {
        "folder": folder,
        "infusion": "CART",
        "codes": {CRP: {"analyte": "plasma.crp", "unit": "mg/L", "assay": "roche"}},
    }
    return MedsFolder(**(base | settings))


def read(source: MedsFolder) -> tuple[pl.DataFrame, pl.DataFrame, QualityReport]:
    quality = QualityReport()
    found = read_meds(source, quality)
    return found.infusions, pl.concat(list(found.results)), quality


def finding(quality: QualityReport, code: str) -> int:
    return sum(f.count for f in quality.findings if f.code == code)


def test_an_infusion_knows_age_sex_and_death(tmp_path: Path) -> None:
    write(tmp_path)
    infusions, _, quality = read(block(tmp_path))
    assert infusions.to_dicts() == [
        {"patient_id": "1", "episode_id": "1", "infused": INFUSED.replace(tzinfo=UTC),
         "reason": None, "era": "2026", "age_years": 65.0, "sex": "female", "died_h": 2160.0}
    ]  # fmt: skip
    assert quality.counts["persons"] == 2


def test_a_mapped_code_is_a_result_and_others_are_counted(tmp_path: Path) -> None:
    write(tmp_path)
    _, results, quality = read(block(tmp_path))
    assert results.schema == pl.Schema(
        RAW | {"collected": pl.Datetime("us", "UTC"), "available": pl.Datetime("us", "UTC")}
    )
    collected = INFUSED.replace(tzinfo=UTC) + timedelta(days=1)
    # 48.1 of the 32 bits, not 48.099998474121094.
    assert results.to_dicts() == [
        {"file": "0.parquet", "row": 5, "column": "numeric_value", "key": "1",
         "analyte": "plasma.crp", "text": None, "number": 48.1, "unit": "mg/L",
         "collected": collected, "available": None, "ordered_as": "unknown", "assay": "roche"}
    ]  # fmt: skip
    assert finding(quality, "unmapped_codes") == 5
    assert finding(quality, "persons_without_infusion") == 1
    assert quality.counts["rows_read"] == 1
    assert quality.counts["meds_rows"] == 7


def test_extension_columns_say_when_why_and_how(tmp_path: Path) -> None:
    known = INFUSED + timedelta(days=1, hours=2)
    write(
        tmp_path,
        known=[known] * 7,
        unit=["mg/dL"] * 7,
        assay=["ella"] * 7,
        why=["protocol", "protocol", "protocol", "stat", "clinical", "clinical", "clinical"],
        text_value=["x"] * 7,
    )
    source = block(tmp_path, available="known", unit="unit", assay="assay", ordered_as="why")
    infusions, results, _ = read(source)
    row = results.row(0, named=True)
    assert (row["unit"], row["assay"], row["ordered_as"]) == ("mg/dL", "ella", "unknown")
    assert (row["number"], row["text"]) == (48.1, None)
    habits = Habits("patient_id", "calendar", "UTC")
    matched = match_episodes(results, order_infusions(infusions), habits)
    matched = matched.with_columns(value=pl.col("number"), missing=pl.lit(None, pl.String))
    hours = read_times(matched, habits, exported_at=None)
    assert hours.select("collected_h", "available_h").row(0) == (24.0, 26.0)


@pytest.mark.parametrize("written", ["2026-05-02T12:00", "2026-05-02T14:00+02:00"])
def test_times_of_availability_may_be_text(tmp_path: Path, written: str) -> None:
    write(tmp_path, known=[written] * 7)
    _, results, _ = read(block(tmp_path, available="known"))
    assert results["available"].to_list() == [written]


def test_a_column_of_availability_that_holds_no_times_is_refused(tmp_path: Path) -> None:
    write(tmp_path, known=list(range(7)))
    with pytest.raises(CohortError, match="expected times in the column 'known'"):
        read(block(tmp_path, available="known"))


def test_text_is_the_result_where_there_is_no_number(tmp_path: Path) -> None:
    data = [(1, INFUSED, "CART", None), (1, INFUSED, CRP, None), (1, INFUSED, CRP, float("nan"))]
    write(tmp_path, data, text_value=["", "<5", None])
    _, results, _ = read(block(tmp_path))
    assert results.select("number", "text", "column").rows() == [
        (None, "<5", "text_value"), (None, None, "numeric_value"),
    ]  # fmt: skip


def test_values_are_not_needed_in_the_folder(tmp_path: Path) -> None:
    frame = pl.DataFrame(rows(), schema=TYPES, orient="row").drop("numeric_value")
    write_frame(tmp_path, frame)
    _, results, _ = read(block(tmp_path))
    assert results.select("number", "text").rows() == [(None, None)]


def test_shards_in_folders_are_told_apart(tmp_path: Path) -> None:
    write(tmp_path, file="train/0.parquet")
    second = [(3, INFUSED, "CART", None), (3, INFUSED, CRP, 7.0)]
    write(tmp_path, second, file="held_out/0.parquet")
    infusions, results, _ = read(block(tmp_path))
    assert infusions["patient_id"].to_list() == ["1", "3"]
    assert results.select("file", "row").rows() == [
        ("held_out/0.parquet", 3),
        ("train/0.parquet", 5),
    ]


def test_several_infusions_are_several_episodes(tmp_path: Path) -> None:
    again = INFUSED + timedelta(days=40)
    data = [
        (1, INFUSED, "CART", None), (1, INFUSED + timedelta(hours=1), "CART", None),
        (1, again, "CART", None), (1, None, "CART", None), (1, again, CRP, 1.0),
        (1, None, CRP, 1.0),
    ]  # fmt: skip
    write(tmp_path, data)
    infusions, results, quality = read(block(tmp_path))
    assert infusions.select("episode_id", "infused").rows() == [
        ("1-1", INFUSED.replace(tzinfo=UTC)), ("1-2", again.replace(tzinfo=UTC)),
    ]  # fmt: skip
    assert len(results) == 1
    codes = ("merged_infusions", "no_infusion_time", "static_results")
    assert [finding(quality, code) for code in codes] == [1, 1, 1]


def test_a_death_before_the_infusion_sets_the_episode_aside(tmp_path: Path) -> None:
    data = [
        (1, INFUSED - timedelta(days=1), "MEDS_DEATH", None),
        (1, INFUSED, "CART", None),
        (1, INFUSED, CRP, 1.0),
    ]
    write(tmp_path, data)
    infusions, _, quality = read(block(tmp_path))
    assert infusions["reason"].to_list() == ["impossible_episode"]
    assert finding(quality, "impossible_episode") == 1


@pytest.mark.parametrize(
    ("codes", "sex"),
    [
        (["GENDER//M"], "male"), (["Gender/Female"], "female"), (["SEX//male"], "male"),
        (["GENDER//M", "GENDER//F"], None), (["GENDER//X"], None), (["GENDERM"], None),
    ],
)  # fmt: skip
def test_sex_is_read_from_known_codes_that_agree(
    tmp_path: Path, codes: list[str], sex: str | None
) -> None:
    write(tmp_path, [*((1, None, code, None) for code in codes), (1, INFUSED, "CART", None),
                     (1, INFUSED, CRP, 1.0)])  # fmt: skip
    infusions, _, _ = read(block(tmp_path))
    assert infusions["sex"].to_list() == [sex]


def test_the_infusion_has_to_be_named_and_there(tmp_path: Path) -> None:
    write(tmp_path)
    with pytest.raises(CohortError, match=r"expected the code of the infusion"):
        read(block(tmp_path, infusion=None))
    with pytest.raises(CohortError, match="expected infusions, found no row"):
        read(block(tmp_path, infusion="ABSENT"))


@pytest.mark.parametrize("column", ["subject_id", "time", "code"])
def test_a_file_without_the_standards_columns_is_refused(tmp_path: Path, column: str) -> None:
    write_frame(tmp_path, pl.DataFrame(rows(), schema=TYPES, orient="row").drop(column))
    with pytest.raises(CohortError, match=rf"0\.parquet: expected the columns \['{column}'\]"):
        read(block(tmp_path))


@pytest.mark.parametrize(
    ("column", "cells"),
    [
        ("subject_id", ["a"] * 7),
        ("subject_id", [None, *range(6)]),
        ("code", [None, *"abcdef"]),
        ("time", ["2026-05-01"] * 7),
        ("numeric_value", ["1"] * 7),
    ],
)
def test_a_file_with_other_types_is_refused_without_its_cells(
    tmp_path: Path, column: str, cells: list[Any]
) -> None:
    frame = pl.DataFrame(rows(), schema=TYPES, orient="row")
    write_frame(tmp_path, frame.with_columns(pl.Series(column, cells)))
    with pytest.raises(CohortError, match=r"0\.parquet: expected the columns and types") as caught:
        read(block(tmp_path))
    assert caught.value.__cause__ is None


def test_a_file_of_the_standards_own_types_is_read_as_one_of_wider_types(tmp_path: Path) -> None:
    write(tmp_path)
    expected = read(block(tmp_path))[1]
    path = tmp_path / "data" / "0.parquet"
    narrow = pq.read_table(path).cast(
        pa.schema(
            [("subject_id", pa.int64()), ("time", pa.timestamp("us")), ("code", pa.string()),
             ("numeric_value", pa.float32())]
        )
    )  # fmt: skip
    pq.write_table(narrow, path)
    assert read(block(tmp_path))[1].equals(expected)


def test_rows_are_counted_through_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meds_files, "CHUNK_ROWS", 2)
    data = [(1, INFUSED, "CART", None), *((1, INFUSED, CRP, float(n)) for n in range(9))]
    write(tmp_path, data)
    _, results, _ = read(block(tmp_path))
    assert results.select("row", "number").rows() == [(n + 3, float(n)) for n in range(9)]


def test_a_changed_page_is_noticed_where_pages_have_checksums(tmp_path: Path) -> None:
    write(tmp_path)
    path = tmp_path / "data" / "0.parquet"
    pq.write_table(
        pq.read_table(path), path, write_page_checksum=True, use_dictionary=False,
        compression="none", write_statistics=False,
    )  # fmt: skip
    data = path.read_bytes()
    value = struct.pack("<f", 48.1)
    assert data.count(value) >= 1
    path.write_bytes(data.replace(value, struct.pack("<f", 48.2), 1))
    with pytest.raises(CohortError, match=r"0\.parquet: not a readable Parquet file"):
        read(block(tmp_path))


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    write(tmp_path)
    path = tmp_path / "data" / "0.parquet"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(CohortError, match=r"0\.parquet: not a readable Parquet file"):
        read(block(tmp_path))


@pytest.mark.parametrize("description", [None, "{", "[1]", json.dumps({"etl_name": 3})])
def test_a_folder_without_a_description_is_refused(tmp_path: Path, description: str | None) -> None:
    write(tmp_path)
    path = tmp_path / "metadata" / "dataset.json"
    if description is None:
        path.unlink()
    else:
        path.write_text(description, encoding="utf-8")
    with pytest.raises(CohortError, match="Medical Event Data Standard"):
        read(block(tmp_path))


def test_a_folder_without_data_is_refused(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "data" / "0.parquet").unlink()
    with pytest.raises(CohortError, match="expected Parquet files in data/"):
        read(block(tmp_path))

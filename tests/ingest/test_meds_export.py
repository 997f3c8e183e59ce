"""A cohort goes out as a folder in the standard and comes back the same."""

import json
import math
import stat
import tempfile
from pathlib import Path
from typing import Any

import meds
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from icans_risk.cohort import MODALITIES, ORDERED_AS, SCALES, Cohort
from icans_risk.errors import CohortError
from icans_risk.ingest.archives.meds import read_meds
from icans_risk.ingest.archives.meds_export import (
    export_meds,
    exported_data_kind,
    read_exported_meds,
)
from icans_risk.ingest.quality import QualityReport
from icans_risk.study.archives import MedsFolder
from icans_risk.synthetic import simulate

EVENT = {
    "episode_id": "E1", "modality": "plasma", "analyte": "crp", "collected_h": 6.0,
    "available_h": 8.0, "value": 48.1, "censored": "", "ordered_as": "protocol", "assay": "",
    "version": 1.0,
}  # fmt: skip
GRADE = {
    "episode_id": "E1", "covers_from_h": 24.0, "assessed_h": 48.0, "available_h": 49.0,
    "scale": "ASTCT", "icans_grade": 2.0, "crs_grade": 1.0, "tian_grade": None, "ice_total": 7.0,
    "capd_total": None, "deciding_domain": None,
}  # fmt: skip


def cohort(**changes: Any) -> Cohort:
    tables = {
        "episodes": pd.DataFrame(
            {"episode_id": ["E2", "E1"], "patient_id": ["P", "P"], "infusion_number": [2.0, 1.0],
             "followed_until_h": [700.0, 500.0], "died_h": [100.0, 900.0], "centre": ["x", None]}
        ),
        "events": pd.DataFrame([EVENT, EVENT | {"analyte": "nfl@ella", "collected_h": 1 / 3}]),
        "grades": pd.DataFrame([GRADE]),
    }  # fmt: skip
    return Cohort(**(tables | changes))


def there_and_back(given: Cohort) -> tuple[Cohort, pa.Table]:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        export_meds(given, out, data_kind="synthetic")
        return read_exported_meds(out), pq.read_table(out / "data" / "0.parquet")


def assert_same(found: Cohort, expected: Cohort) -> None:
    assert found.hash() == expected.hash()
    for name in ("episodes", "events", "grades"):
        pd.testing.assert_frame_equal(
            getattr(found, name), getattr(expected, name), check_exact=True
        )


@pytest.mark.parametrize("mix", ["lbcl", "cns"])
def test_a_synthetic_cohort_comes_back_the_same(mix: str) -> None:
    given = simulate(25, seed=11, product_mix=mix, landmarks_h=(72.0,)).cohort
    found, rows = there_and_back(given)
    assert_same(found, given)
    meds.DataSchema.validate(rows)


def test_rows_stand_by_subject_and_time(tmp_path: Path) -> None:
    given = simulate(25, seed=11, landmarks_h=(72.0,)).cohort
    _, rows = there_and_back(given)
    frame = pl.DataFrame(pl.from_arrow(rows)).select("subject_id", "time")
    assert frame.equals(frame.sort("subject_id", "time"))
    assert frame["subject_id"].unique().sort().to_list() == list(
        range(1, given.episodes["patient_id"].nunique() + 1)
    )


# --- Cohorts of every kind

HOURS = st.floats(-2000, 20_000, allow_nan=False)
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5)
VALUES = st.floats(allow_nan=False, allow_infinity=False)
EXTRAS = {
    "text": st.one_of(st.none(), TEXT),
    "number": st.one_of(st.none(), VALUES),
    "flag": st.booleans(),
    "count": st.integers(-(2**62), 2**62),
}
OPTIONAL = {
    "site": st.one_of(st.none(), TEXT),
    "cns_tumour": st.booleans(),
    "age_years": st.one_of(st.none(), st.floats(0, 120)),
    "died_h": st.one_of(st.none(), st.floats(0, 200_000)),
    "infusion_number": st.one_of(st.none(), st.sampled_from([1.0, 2.0])),
}


@st.composite
def tables(draw: st.DrawFn, columns: dict[str, Any], rows: int) -> pd.DataFrame:
    """Draw so many rows, with some extra columns that have at least one filled cell."""
    frame = {
        name: pd.Series(draw(st.lists(cells, min_size=rows, max_size=rows)), dtype=kind(name))
        for name, cells in columns.items()
    }
    chosen = draw(st.sets(st.sampled_from(sorted(EXTRAS))))
    for name in sorted(chosen) if rows else []:
        cells = draw(st.lists(EXTRAS[name], min_size=rows, max_size=rows))
        if any(cell is not None for cell in cells):
            frame[f"my {name}"] = pd.Series(cells, dtype=kind(name))
    return pd.DataFrame(frame, index=range(rows))


def kind(name: str) -> Any:
    return "float64" if name == "number" else None


@st.composite
def cohorts(draw: st.DrawFn) -> Cohort:
    ids = draw(st.lists(TEXT.filter(bool), min_size=1, max_size=4, unique=True))
    optional = draw(st.sets(st.sampled_from(sorted(OPTIONAL))))
    columns = {"patient_id": st.sampled_from(["P", "Q 1"]), "followed_until_h": st.floats(0, 9e5)}
    columns |= {name: OPTIONAL[name] for name in sorted(optional)}
    episodes = draw(tables(columns, len(ids))).assign(episode_id=ids)
    events = draw(
        tables(
            {
                "episode_id": st.sampled_from(ids),
                "modality": st.sampled_from(MODALITIES),
                "analyte": st.sampled_from(["crp", "nfl@ella", "il6", "odd//name"]),
                "collected_h": HOURS,
                "delay": st.floats(0, 1e3),
                "value": VALUES,
                "censored": st.sampled_from(["", "<", ">"]),
                "ordered_as": st.sampled_from(ORDERED_AS),
                "assay": TEXT,
                "version": st.sampled_from([1.0, 2.0]),
            },
            draw(st.integers(0, 6)),
        )
    )
    events["available_h"] = events["collected_h"] + events.pop("delay")
    return Cohort(episodes=episodes, events=events, grades=draw(grades(ids)))


@st.composite
def grades(draw: st.DrawFn, ids: list[str]) -> pd.DataFrame:
    hours = draw(st.lists(st.floats(0.5, 2000), max_size=4, unique=True))
    whole = {"icans_grade": 5, "crs_grade": 5, "tian_grade": 5, "ice_total": 10, "capd_total": 32}
    columns: dict[str, Any] = {
        name: st.one_of(st.none(), st.integers(0, most).map(float)) for name, most in whole.items()
    }
    columns |= {"episode_id": st.sampled_from(ids), "scale": st.sampled_from(SCALES)}
    columns |= {"deciding_domain": st.one_of(st.none(), TEXT)}
    frame = draw(tables(columns, len(hours)))
    later = [hour + 1 / 3 for hour in hours]
    return frame.assign(covers_from_h=hours, assessed_h=hours, available_h=later)


@settings(max_examples=60, deadline=None)
@given(given_cohort=cohorts())
def test_any_cohort_comes_back_the_same(given_cohort: Cohort) -> None:
    found, rows = there_and_back(given_cohort)
    assert_same(found, given_cohort)
    meds.DataSchema.validate(rows)


# --- What somebody sees who knows only the standard


def test_codes_carry_their_unit_and_are_described(tmp_path: Path) -> None:
    export_meds(cohort(), tmp_path / "out", data_kind="synthetic")
    codes = pq.read_table(tmp_path / "out" / meds.code_metadata_filepath)
    meds.CodeMetadataSchema.validate(codes)
    described = {row["code"]: row for row in codes.to_pylist()}
    assert described["plasma.crp//mg/L"]["parent_codes"] == ["LOINC/1988-5"]
    assert described["plasma.crp//mg/L"]["description"] == "C-reactive protein"
    assert described["plasma.nfl@ella//pg/mL"]["description"].endswith(", ella")
    rows = pq.read_table(tmp_path / "out" / "data" / "0.parquet")
    assert set(rows["code"].to_pylist()) == set(described)
    description = json.loads((tmp_path / "out" / meds.dataset_metadata_filepath).read_bytes())
    meds.DatasetMetadataSchema.validate(description)
    named = [
        name for key, names in description.items() if key.endswith("columns") for name in names
    ]
    assert sorted(named + meds.DataSchema.schema().names) == sorted(rows.column_names)


def test_hour_zero_is_1970_and_a_later_episode_stands_apart() -> None:
    _, rows = there_and_back(cohort())
    frame = pl.DataFrame(pl.from_arrow(rows)).select("code", "time", "available_time")
    told = [(code, str(time), str(known)) for code, time, known in frame.rows()]
    # The second infusion stands first in the cohort; only the last episode ends the life.
    assert told == [
        ("infusion", "1970-01-01 00:00:00", "1970-01-01 00:00:00"),
        ("plasma.nfl@ella//pg/mL", "1970-01-01 00:20:00", "1970-01-01 08:00:00"),
        ("plasma.crp//mg/L", "1970-01-01 06:00:00", "1970-01-01 08:00:00"),
        ("icans_grade//ASTCT", "1970-01-03 00:00:00", "1970-01-03 01:00:00"),
        ("infusion", "2020-01-01 12:00:00", "2020-01-01 12:00:00"),
        ("MEDS_DEATH", "2020-01-05 16:00:00", "2020-01-05 16:00:00"),
    ]


def test_a_number_is_the_nearest_of_32_bits_and_exact_beside_it() -> None:
    events = pd.DataFrame([EVENT, EVENT | {"value": 1e300, "collected_h": 7.0}])
    found, rows = there_and_back(cohort(events=events))
    measured = [row for row in rows.to_pylist() if row["table"] == "events"]
    assert [row["numeric_value"] for row in measured] == [float(np.float32(48.1)), None]
    assert [row["value"] for row in measured] == [48.1, 1e300]
    assert found.events["value"].to_list() == [48.1, 1e300]


def test_the_reader_of_the_standard_finds_the_same_hours(tmp_path: Path) -> None:
    given = cohort()
    export_meds(given, tmp_path / "out", data_kind="synthetic")
    source = MedsFolder(
        folder=tmp_path / "out",
        infusion="infusion",
        codes={"plasma.crp//mg/L": "plasma.crp"},  # type: ignore[dict-item]
        available="available_time",
        unit="unit",
        ordered_as="ordered_as",
    )
    archive = read_meds(source, QualityReport())
    assert len(archive.infusions) == 2
    (result,) = pl.concat(list(archive.results)).to_dicts()
    start = archive.infusions["infused"].min()
    assert (result["collected"] - start).total_seconds() == 6 * 3600
    assert (result["available"] - start).total_seconds() == 8 * 3600
    assert (result["number"], result["unit"], result["ordered_as"]) == (48.1, "mg/L", "protocol")


# --- Refused or damaged


def test_a_time_far_from_the_infusion_is_refused() -> None:
    with pytest.raises(CohortError, match="within 25 years of the infusion, 1 lie further away"):
        there_and_back(cohort(events=pd.DataFrame([EVENT | {"collected_h": -3e5}, EVENT])))
    assert there_and_back(cohort(events=pd.DataFrame([EVENT | {"collected_h": -2e5}])))


@pytest.mark.parametrize(
    "cells",
    [["a", 1], pd.to_datetime(["2026-01-01", "2026-01-02"]), [b"a", b"b"], [["a"], ["b"]]],
)
def test_a_column_that_is_not_plain_is_refused(cells: Any) -> None:
    episodes = cohort().episodes.assign(odd=cells)
    with pytest.raises(CohortError, match=r"episodes\.odd must hold text, numbers or flags"):
        there_and_back(cohort(episodes=episodes))


def test_whole_numbers_with_gaps_come_back_as_floats() -> None:
    gaps = pd.Series([1, None], dtype="object")
    found, _ = there_and_back(cohort(episodes=cohort().episodes.assign(odd=gaps)))
    assert found.episodes["odd"].iloc[0] == 1.0
    assert math.isnan(found.episodes["odd"].iloc[1])


def test_the_folder_is_private_and_says_its_kind(tmp_path: Path) -> None:
    out = tmp_path / "out"
    export_meds(cohort(), out, data_kind="real")
    assert exported_data_kind(out) == "real"
    modes = {stat.S_IMODE(path.stat().st_mode) for path in out.rglob("*") if path.is_file()}
    folders = {stat.S_IMODE(path.stat().st_mode) for path in [out, out / "data", out / "metadata"]}
    assert (modes, folders) == ({0o600}, {0o700})
    assert list(tmp_path.iterdir()) == [out]


def test_nothing_is_left_of_an_export_that_fails(tmp_path: Path) -> None:
    out = tmp_path / "out"
    for wrong in ("real ", None):
        with pytest.raises(CohortError, match="data_kind must be one of"):
            export_meds(cohort(), out, data_kind=wrong)  # type: ignore[arg-type]
    with pytest.raises(CohortError, match="cannot write beside it"):
        export_meds(cohort(), tmp_path / "absent" / "out", data_kind="real")
    out.mkdir()
    with pytest.raises(CohortError, match="exists, and is never overwritten"):
        export_meds(cohort(), out, data_kind="real")
    assert list(tmp_path.rglob("*")) == [out]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("exported") / "out"
    export_meds(cohort(), out, data_kind="synthetic")
    return out


@settings(deadline=None)
@given(position=st.integers(0, 2**20), flip=st.integers(1, 255))
def test_a_changed_byte_of_the_data_is_refused_or_without_effect(
    exported: Path, position: int, flip: int
) -> None:
    file = exported / "data" / "0.parquet"
    whole = file.read_bytes()
    data = bytearray(whole)
    data[position % len(data)] ^= flip
    try:
        file.write_bytes(data)
        found = read_exported_meds(exported)
    except CohortError:
        return
    finally:
        file.write_bytes(whole)
    assert_same(found, cohort())


def rewrite(folder: Path, change: Any) -> None:
    file = folder / "data" / "0.parquet"
    pq.write_table(change(pq.read_table(file)), file)


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows.slice(1),
        lambda rows: rows.slice(0, len(rows) - 2),
        lambda rows: rows.drop_columns(["position"]),
        lambda rows: rows.drop_columns(["episodes.centre"]),
        lambda rows: rows.set_column(
            rows.schema.get_field_index("value"), "value", pa.array([1.0] * len(rows))
        ),
    ],
)
def test_changed_rows_are_refused(tmp_path: Path, change: Any) -> None:
    export_meds(cohort(), tmp_path / "out", data_kind="synthetic")
    rewrite(tmp_path / "out", lambda rows: rows)
    assert_same(read_exported_meds(tmp_path / "out"), cohort())
    rewrite(tmp_path / "out", change)
    with pytest.raises(CohortError, match="not as it was written"):
        read_exported_meds(tmp_path / "out")


OTHER_KIND = b'{"layout": 1, "data_kind": "imagined", "sha256": ""}'


@pytest.mark.parametrize("seal", [None, b"{", b"[]", b'{"layout": 99}', OTHER_KIND])
def test_a_folder_of_somebody_else_is_refused(tmp_path: Path, seal: bytes | None) -> None:
    export_meds(cohort(), tmp_path / "out", data_kind="synthetic")
    metadata = None if seal is None else {b"icans_risk": seal}
    rewrite(tmp_path / "out", lambda rows: rows.replace_schema_metadata(metadata))
    for read in (read_exported_meds, exported_data_kind):
        with pytest.raises(CohortError, match="this package exported in layout 1"):
            read(tmp_path / "out")


@pytest.mark.parametrize("file", ["data/0.parquet", "metadata/dataset.json"])
def test_a_missing_file_is_named(tmp_path: Path, file: str) -> None:
    export_meds(cohort(), tmp_path / "out", data_kind="synthetic")
    (tmp_path / "out" / file).unlink()
    with pytest.raises(CohortError, match="expected"):
        read_exported_meds(tmp_path / "out")

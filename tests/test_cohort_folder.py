"""A cohort folder comes back as it was written, or not at all."""

import hashlib
import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import icans_risk
from icans_risk.cohort import (
    Cohort,
    CohortWriter,
    read_cohort_folder,
    read_manifest,
    write_cohort,
)
from icans_risk.errors import CohortError

FILES = ("episodes.parquet", "events.parquet", "grades.parquet", "manifest.json")
TABLES = ("episodes", "events", "grades")


def make_cohort(n: int, *, seed: int = 1, first: int = 0) -> Cohort:
    rng = np.random.default_rng(seed)
    # Neither in the order of the alphabet nor of the numbers.
    ids = [f"e{(7 * i) % n + first}" for i in range(n)]
    episodes = pd.DataFrame({
        "episode_id": ids, "patient_id": [f"p{i}" for i in range(n)], "followed_until_h": 720.0,
        "product": rng.choice(["axi-cel", "tisa-cel", None], n), "cns_tumour": rng.random(n) < 0.5,
        "age_years": np.where(rng.random(n) < 0.3, np.nan, rng.uniform(20, 80, n)),
        "ward": rng.choice(["a", "b", None], n), "beds": rng.integers(1, 9, n),
        "is_trial": rng.random(n) < 0.5, "admitted": pd.Timestamp("2024-02-29"),
    })  # fmt: skip
    m = 20 * n
    collected = rng.integers(-48, 240, m) * 1.0
    events = pd.DataFrame({
        "episode_id": rng.choice(ids, m), "modality": rng.choice(["plasma", "eeg"], m),
        "analyte": rng.choice(["crp", "ldh"], m), "collected_h": collected,
        "available_h": collected + rng.integers(0, 3, m), "value": rng.lognormal(3, 1, m),
        "censored": rng.choice(["", "<", ">"], m), "ordered_as": "protocol", "assay": "",
        "version": rng.integers(0, 2, m), "note_code": rng.choice([1.5, np.nan], m),
    })  # fmt: skip
    days = rng.permutation(3 * n) % 10 * 24.0 + np.arange(3 * n) / n
    grades = pd.DataFrame({
        "episode_id": rng.choice(ids, 3 * n), "covers_from_h": days, "assessed_h": days + 24,
        "available_h": days + 24, "scale": "ASTCT", "icans_grade": rng.choice([0, 3, None], 3 * n),
        "crs_grade": 1, "tian_grade": None, "ice_total": None, "capd_total": None,
        "deciding_domain": rng.choice(["ice", None], 3 * n),
    })  # fmt: skip
    return Cohort(episodes, events, grades)


def halves(cohort: Cohort) -> list[Cohort]:
    ids = cohort.episodes["episode_id"]
    wanted = [ids.iloc[: len(ids) // 2], ids.iloc[len(ids) // 2 :]]
    return [
        Cohort(*(t[t["episode_id"].isin(part)] for t in (getattr(cohort, n) for n in TABLES)))
        for part in wanted
    ]


def write(cohort: Cohort, folder: Path) -> Path:
    write_cohort(cohort, folder, made_by="a test", data_kind="synthetic")
    return folder


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return make_cohort(40)


def test_a_cohort_comes_back_with_every_value(cohort: Cohort, tmp_path: Path) -> None:
    back = read_cohort_folder(write(cohort, tmp_path / "c"))
    assert back.hash() == cohort.hash()
    pd.testing.assert_frame_equal(back.episodes, cohort.episodes)
    for name in TABLES:
        assert getattr(back, name).dtypes.equals(getattr(cohort, name).dtypes)


def test_rows_are_stored_in_the_stated_order(cohort: Cohort, tmp_path: Path) -> None:
    back = read_cohort_folder(write(cohort, tmp_path / "c"))
    place = {e: i for i, e in enumerate(cohort.episodes["episode_id"])}
    by = {"events": ["modality", "analyte", "collected_h", "available_h"],
          "grades": ["assessed_h", "available_h"]}  # fmt: skip
    for name, columns in by.items():
        table = getattr(cohort, name)
        keyed = table.assign(place=table["episode_id"].map(place))
        expected = keyed.sort_values(["place", *columns], kind="stable", ignore_index=True)
        pd.testing.assert_frame_equal(getattr(back, name), expected.drop(columns="place"))


def test_writing_in_pieces_is_writing_at_once(cohort: Cohort, tmp_path: Path) -> None:
    whole = read_cohort_folder(write(cohort, tmp_path / "whole"))
    with CohortWriter(tmp_path / "pieces", made_by="a test", data_kind="real") as writer:
        for part in halves(cohort):
            writer.append(part)
    pieces = read_cohort_folder(tmp_path / "pieces")
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(pieces, name), getattr(whole, name))
    assert pq.read_metadata(tmp_path / "pieces" / "events.parquet").num_row_groups == 2


def test_the_same_cohort_gives_the_same_bytes(cohort: Cohort, tmp_path: Path) -> None:
    a, b = write(cohort, tmp_path / "a"), write(cohort, tmp_path / "b")
    assert all((a / f).read_bytes() == (b / f).read_bytes() for f in FILES)


def test_the_manifest_tells_what_the_folder_holds(cohort: Cohort, tmp_path: Path) -> None:
    folder = write(cohort, tmp_path / "c")
    manifest = read_manifest(folder)
    assert (manifest.schema_version, manifest.data_kind) == (1, "synthetic")
    assert (manifest.made_by, manifest.package_version) == ("a test", icans_risk.__version__)
    for name in TABLES:
        data, stored = (folder / f"{name}.parquet").read_bytes(), manifest.tables[name]
        assert stored.rows == len(getattr(cohort, name))
        assert (stored.bytes, stored.sha256) == (len(data), hashlib.sha256(data).hexdigest())


def test_only_the_owner_may_read_it(cohort: Cohort, tmp_path: Path) -> None:
    folder = write(cohort, tmp_path / "c")
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {p.name: p.stat().st_mode & 0o777 for p in folder.iterdir()} == dict.fromkeys(
        FILES, 0o600
    )


def test_text_is_dictionary_coded(cohort: Cohort, tmp_path: Path) -> None:
    group = pq.read_metadata(write(cohort, tmp_path / "c") / "events.parquet").row_group(0)
    columns = [group.column(i) for i in range(group.num_columns)]
    assert all("RLE_DICTIONARY" in c.encodings for c in columns if c.physical_type == "BYTE_ARRAY")
    assert {c.compression for c in columns} == {"ZSTD"}


def test_no_flipped_bit_goes_unnoticed(cohort: Cohort, tmp_path: Path) -> None:
    folder = write(cohort, tmp_path / "c")
    rng = np.random.default_rng(5)
    for i in range(200):
        path = folder / FILES[i % len(FILES)]
        good = path.read_bytes()
        bad = bytearray(good)
        bad[rng.integers(len(good))] ^= 1 << rng.integers(8)
        path.write_bytes(bad)
        with pytest.raises(CohortError, match=path.name) as caught:
            read_cohort_folder(folder)
        assert "\n" not in str(caught.value)
        path.write_bytes(good)
    assert read_cohort_folder(folder).hash() == cohort.hash()


def test_a_bit_flipped_after_the_hash_was_taken_is_found(
    cohort: Cohort, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(cohort, tmp_path / "c")
    manifest = read_manifest(folder)
    monkeypatch.setattr(
        "icans_risk.cohort.folder.fingerprint", lambda path, **_: manifest.tables[path.stem]
    )
    group = pq.read_metadata(folder / "events.parquet").row_group(0)
    place = next(
        group.column(i).data_page_offset + group.column(i).total_compressed_size // 2
        for i in range(group.num_columns)
        if group.column(i).path_in_schema == "value"
    )
    data = bytearray((folder / "events.parquet").read_bytes())
    data[place] ^= 1
    (folder / "events.parquet").write_bytes(data)
    with pytest.raises(CohortError, match=r"events\.parquet"):
        read_cohort_folder(folder)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_truncated_file_is_named(cohort: Cohort, tmp_path: Path, name: str, share: float) -> None:
    path = write(cohort, tmp_path / "c") / name
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(CohortError, match=name):
        read_cohort_folder(tmp_path / "c")


@pytest.mark.parametrize("name", FILES)
def test_a_half_written_folder_is_refused(cohort: Cohort, tmp_path: Path, name: str) -> None:
    (write(cohort, tmp_path / "c") / name).unlink()
    with pytest.raises(CohortError, match=name):
        read_cohort_folder(tmp_path / "c")


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CohortError, match="cannot be read"):
        read_cohort_folder(tmp_path / "absent")


def test_files_of_two_folders_do_not_mix(cohort: Cohort, tmp_path: Path) -> None:
    a, b = write(cohort, tmp_path / "a"), write(make_cohort(40, seed=2), tmp_path / "b")
    (a / "grades.parquet").write_bytes((b / "grades.parquet").read_bytes())
    with pytest.raises(CohortError, match=r"grades\.parquet"):
        read_cohort_folder(a)


def reseal(folder: Path, **change: object) -> None:
    fields = json.loads((folder / "manifest.json").read_bytes()) | change
    fields.pop("sha256_of_the_rest")
    seal = hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()
    text = json.dumps(fields | {"sha256_of_the_rest": seal}, sort_keys=True, indent=2) + "\n"
    (folder / "manifest.json").write_text(text, encoding="utf-8")


def test_another_layout_version_is_refused_before_any_table_is_read(
    cohort: Cohort, tmp_path: Path
) -> None:
    folder = write(cohort, tmp_path / "c")
    reseal(folder, schema_version=2)
    (folder / "events.parquet").unlink()
    with pytest.raises(CohortError, match="reads layout version 1, got 2"):
        read_cohort_folder(folder)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "null", '{"sha256_of_the_rest": 5}', "[" * 100_000]
)
def test_any_other_text_is_no_manifest(cohort: Cohort, tmp_path: Path, text: str) -> None:
    (write(cohort, tmp_path / "c") / "manifest.json").write_text(text, encoding="utf-8")
    with pytest.raises(CohortError, match="not as it was written"):
        read_manifest(tmp_path / "c")


@pytest.mark.parametrize("change", [{"tables": {}}, {"colour": "red"}, {"tables": 5}])
def test_a_sealed_manifest_of_another_shape_is_refused(
    cohort: Cohort, tmp_path: Path, change: dict[str, object]
) -> None:
    reseal(write(cohort, tmp_path / "c"), **change)
    with pytest.raises(CohortError, match="not as it was written"):
        read_cohort_folder(tmp_path / "c")


def test_the_truth_is_never_opened(cohort: Cohort, tmp_path: Path) -> None:
    folder = tmp_path / "c"
    with CohortWriter(folder, made_by="a test", data_kind="synthetic") as writer:
        writer.append(cohort)
        (writer.building / "truth").mkdir()
        (writer.building / "truth" / "events.parquet").write_text("not a table", encoding="utf-8")
    # A pipe without a writer: whoever opened it would wait for ever.
    os.mkfifo(folder / "truth" / "risk.parquet")
    assert read_cohort_folder(folder).hash() == cohort.hash()


def test_an_existing_folder_is_refused_and_left_alone(cohort: Cohort, tmp_path: Path) -> None:
    (tmp_path / "c").mkdir()
    with pytest.raises(CohortError, match="never overwritten"):
        write(cohort, tmp_path / "c")
    assert list(tmp_path.iterdir()) == [tmp_path / "c"]


def test_a_folder_that_appears_meanwhile_is_left_alone(cohort: Cohort, tmp_path: Path) -> None:
    writer = CohortWriter(tmp_path / "c", made_by="a test", data_kind="real")
    with pytest.raises(CohortError, match="never overwritten"), writer:  # noqa: PT012
        writer.append(cohort)
        (tmp_path / "c").mkdir()
    assert list(tmp_path.iterdir()) == [tmp_path / "c"]
    assert not list((tmp_path / "c").iterdir())


def test_without_its_parent_no_folder_is_made(cohort: Cohort, tmp_path: Path) -> None:
    with pytest.raises(CohortError, match="parent exists"):
        write(cohort, tmp_path / "a" / "b")


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_nothing_is_left_of_a_writing_that_failed(
    cohort: Cohort, tmp_path: Path, error: type[BaseException]
) -> None:
    writer = CohortWriter(tmp_path / "c", made_by="a test", data_kind="real")
    with pytest.raises(error), writer:  # noqa: PT012
        writer.append(cohort)
        assert (writer.building / "events.parquet").exists()
        raise error
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_episodes_is_not_made(tmp_path: Path) -> None:
    writer = CohortWriter(tmp_path / "c", made_by="a test", data_kind="real")
    with pytest.raises(CohortError, match="no episode was given"), writer:
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_part_that_was_cut_short_spoils_the_folder(
    cohort: Cohort, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = halves(cohort)

    def fail(*_: object) -> None:
        raise OSError("No space left on device")

    writer = CohortWriter(tmp_path / "c", made_by="a test", data_kind="real")
    with pytest.raises(CohortError, match="not written to its end"), writer:  # noqa: PT012
        writer.append(first)
        with monkeypatch.context() as patch:
            patch.setattr(CohortWriter, "_write", fail)
            with pytest.raises(OSError, match="No space"):
                writer.append(second)
    assert list(tmp_path.iterdir()) == []


def changed(part: Cohort, **columns: object) -> Cohort:
    return Cohort(part.episodes.assign(**columns), part.events, part.grades)


def test_parts_must_fit_together(cohort: Cohort, tmp_path: Path) -> None:
    first, second = halves(cohort)
    n = len(second.episodes)
    with CohortWriter(tmp_path / "c", made_by="a test", data_kind="real") as writer:
        writer.append(first)
        with pytest.raises(CohortError, match="stand in an earlier one"):
            writer.append(first)
        with pytest.raises(CohortError, match="columns of the first part"):
            writer.append(changed(second, colour="red"))
        with pytest.raises(CohortError, match=r"episodes\.beds must hold one kind"):
            writer.append(changed(second, beds="Jane Doe"))
        with pytest.raises(CohortError, match=r"episodes\.ward must hold one kind") as caught:
            writer.append(changed(second, ward=[["Jane"]] * n))
        writer.append(second)
    assert "Jane" not in str(caught.value)
    assert read_cohort_folder(tmp_path / "c").hash() == cohort.hash()


def test_a_column_may_be_empty_in_one_part(cohort: Cohort, tmp_path: Path) -> None:
    first, second = halves(cohort)
    with CohortWriter(tmp_path / "c", made_by="a test", data_kind="real") as writer:
        writer.append(changed(first, team=None, bed_days=np.nan, nothing=None))
        writer.append(changed(second, team="red", bed_days=3, nothing=None))
    episodes = read_cohort_folder(tmp_path / "c").episodes
    half = len(first.episodes)
    assert episodes["team"].isna().sum() == episodes["bed_days"].isna().sum() == half
    assert set(episodes["team"].iloc[half:]) == {"red"}
    assert episodes["nothing"].isna().all()


def test_a_column_of_several_kinds_is_refused(cohort: Cohort, tmp_path: Path) -> None:
    mixed = np.array([1, "Jane Doe"] * 20, dtype=object)
    with pytest.raises(CohortError, match=r"episodes\.ward must hold one kind") as caught:
        write(changed(cohort, ward=mixed), tmp_path / "c")
    assert "Jane" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_an_episode_without_events_and_grades_is_kept(cohort: Cohort, tmp_path: Path) -> None:
    bare = Cohort(cohort.episodes, cohort.events.iloc[:0], cohort.grades.iloc[:0])
    back = read_cohort_folder(write(bare, tmp_path / "c"))
    assert len(back.episodes) == 40
    assert back.hash() == bare.hash()


def test_the_kind_of_data_must_be_said(tmp_path: Path) -> None:
    with pytest.raises(CohortError, match="data_kind must be one of"):
        CohortWriter(tmp_path / "c", made_by="a test", data_kind="both")  # type: ignore[arg-type]

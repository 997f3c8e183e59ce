import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.cohorts import (
    CATALOGUE,
    CRS,
    FAST,
    LANDMARKS,
    SPECIFICATION,
    WINDOWS,
    event,
    event_lists,
    make_cohort,
)
from features.comparison import assert_identical
from icans_risk.cohort import (
    Cohort,
    partition_events,
    partitioned_parts,
    read_plain_part,
    stored_parts,
    write_cohort,
)
from icans_risk.errors import CohortError
from icans_risk.features import (
    FeatureSpecification,
    Measurement,
    build_features,
    build_features_streaming,
    used_events,
)
from icans_risk.features.build import build_part
from icans_risk.features.recipe import Recipe


@pytest.fixture
def cohort():
    """Forty episodes; every fifth has no events, and one has far more than the others."""
    rng = np.random.default_rng(5)
    rows = [
        event(
            analyte,
            float(rng.integers(-80, 90)),
            float(rng.integers(0, 9)),
            available_h=float(rng.integers(90, 120)) if rng.random() < 0.1 else None,
            episode_id=f"e{number:02d}",
            ordered_as=str(rng.choice(["protocol", "clinical"])),
            assay=str(rng.choice(["", "elisa"])),
            version=float(rng.integers(1, 3)),
        )
        for number in range(40)
        if number % 5
        for analyte in (CRS, "csf.protein", "plasma.crp")
        for _ in range(60 if number == 7 else 6)
    ]
    ids = [f"e{number:02d}" for number in range(40)]
    episodes = pd.DataFrame(
        {
            "episode_id": ids,
            "patient_id": ids,
            "followed_until_h": 500.0,
            "lymphodepletion_start_h": rng.choice([-72.0, np.nan], 40),
            "age_years": rng.integers(20, 80, 40).astype(float),
        }
    )
    return make_cohort(rows, episodes=episodes)


@pytest.fixture
def expected(cohort):
    return build_features(cohort, SPECIFICATION, LANDMARKS, catalogue=CATALOGUE)


def streamed(source):
    parts = build_features_streaming(source, SPECIFICATION, LANDMARKS, catalogue=CATALOGUE)
    return pd.concat(list(parts))


def write_small_groups(cohort, folder, monkeypatch, *, rows):
    """Write the cohort with few rows in a row group, so that episodes go on in the next."""
    original = pq.ParquetWriter.write_table
    monkeypatch.setattr(
        pq.ParquetWriter, "write_table", lambda self, table: original(self, table, rows)
    )
    write_cohort(cohort, folder, made_by="test", data_kind="synthetic")


@pytest.mark.parametrize("rows", [1, 7, 50, 100_000])
def test_a_folder_streams_to_the_vectors_of_memory(cohort, expected, tmp_path, monkeypatch, rows):
    write_small_groups(cohort, tmp_path / "cohort", monkeypatch, rows=rows)

    assert_identical(streamed(tmp_path / "cohort"), expected)
    assert_identical(streamed(str(tmp_path / "cohort")), expected)


@pytest.mark.parametrize("rows", [1, 7, 50])
def test_parts_hold_whole_episodes_in_order(cohort, tmp_path, monkeypatch, rows):
    write_small_groups(cohort, tmp_path / "cohort", monkeypatch, rows=rows)

    parts = list(stored_parts(tmp_path / "cohort"))

    assert len(parts) > 1
    ids = [name for part in parts for name in part.episodes["episode_id"]]
    assert ids == cohort.episodes["episode_id"].tolist()
    for part in parts:
        assert set(part.events["episode_id"].to_pylist()) <= set(part.episodes["episode_id"])
    assert sum(part.events.num_rows for part in parts) == len(cohort.events)


def test_a_cohort_without_events_streams(tmp_path):
    cohort = make_cohort([])
    write_cohort(cohort, tmp_path / "cohort", made_by="test", data_kind="synthetic")

    found = streamed(tmp_path / "cohort")

    expected = build_features(cohort, SPECIFICATION, LANDMARKS, catalogue=CATALOGUE)
    assert_identical(found, expected)


def test_a_changed_file_is_refused_before_it_is_parsed(cohort, tmp_path):
    write_cohort(cohort, tmp_path / "cohort", made_by="test", data_kind="synthetic")
    path = tmp_path / "cohort" / "events.parquet"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(data)

    with pytest.raises(CohortError, match=r"events\.parquet: absent, or not as it was written"):
        next(stored_parts(tmp_path / "cohort"))


def plain_file(cohort, path, *, seed=0, drop=(), full_names=False):
    events = cohort.events.drop(columns=["censored", *drop])
    if full_names:
        events["analyte"] = events["modality"] + "." + events["analyte"]
        events = events.drop(columns="modality")
    pl.from_pandas(events.sample(frac=1.0, random_state=seed)).write_parquet(
        path, row_group_size=50
    )
    return path


@pytest.mark.parametrize("full_names", [False, True])
def test_a_plain_file_in_any_order_gives_the_vectors_of_memory(
    cohort, expected, tmp_path, full_names
):
    path = plain_file(cohort, tmp_path / "events.parquet", full_names=full_names)

    assert_identical(streamed([read_plain_part(path, cohort.episodes)]), expected)
    in_time = read_plain_part(path, cohort.episodes, available_until=max(LANDMARKS))
    assert in_time.events.num_rows < len(cohort.events)
    assert_identical(streamed([in_time]), expected)


@pytest.mark.parametrize("rows_per_part", [1, 30, 1_000_000])
def test_a_partitioned_file_gives_the_vectors_of_memory(cohort, expected, tmp_path, rows_per_part):
    path = plain_file(cohort, tmp_path / "events.parquet")
    (tmp_path / "parts").mkdir()

    partition_events(path, cohort.episodes, tmp_path / "parts", rows_per_part=rows_per_part)

    parts = partitioned_parts(tmp_path / "parts", cohort.episodes)
    assert_identical(streamed(parts), expected)


def test_columns_that_a_plain_file_lacks_are_taken_as_unknown(cohort, tmp_path):
    absent = ["ordered_as", "assay", "version"]
    path = plain_file(cohort, tmp_path / "events.parquet", drop=absent)
    plain = cohort.events.assign(ordered_as="unknown", assay="", version=1.0)
    expected = build_features(
        Cohort(cohort.episodes, plain, cohort.grades), SPECIFICATION, LANDMARKS, catalogue=CATALOGUE
    )

    assert_identical(streamed([read_plain_part(path, cohort.episodes)]), expected)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"collected_h": None}, "lacking ['collected_h']"),
        ({"value": "7"}, "of another type ['value']"),
        ({"episode_id": 7}, "of another type ['episode_id']"),
    ],
)
def test_a_plain_file_of_another_schema_is_refused(cohort, tmp_path, change, named):
    events = cohort.events
    for column, value in change.items():
        events = events.drop(columns=column) if value is None else events.assign(**{column: value})
    pl.from_pandas(events).write_parquet(tmp_path / "events.parquet")

    with pytest.raises(CohortError) as caught:
        read_plain_part(tmp_path / "events.parquet", cohort.episodes)

    assert named in str(caught.value)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("episode_id", "stranger"),
        ("collected_h", 1e9),
        ("collected_h", np.nan),
        ("collected_h", -np.inf),
        ("available_h", np.nan),
        ("available_h", None),
        ("value", np.inf),
        ("value", None),
        ("episode_id", None),
    ],
)
def test_an_event_that_cannot_be_true_is_refused_and_counted(cohort, tmp_path, column, value):
    # A row that is known at the landmark, so that nothing but the fault can keep it out.
    events = pl.from_pandas(cohort.events.sort_values("available_h", ignore_index=True))
    is_first = pl.int_range(pl.len()) == 0
    wrong = pl.lit(value, dtype=events.schema[column])
    spoilt = events.with_columns(pl.when(is_first).then(wrong).otherwise(column).alias(column))
    spoilt.write_parquet(tmp_path / "events.parquet")
    part = read_plain_part(tmp_path / "events.parquet", cohort.episodes, available_until=72.0)

    with pytest.raises(CohortError, match=r"1 of \d+ rows do not") as caught:
        streamed([part])

    assert "stranger" not in str(caught.value)


def test_a_stranger_is_refused_while_partitioning(cohort, tmp_path):
    path = plain_file(cohort, tmp_path / "events.parquet")

    with pytest.raises(CohortError, match="must name a known episode"):
        partition_events(path, cohort.episodes.iloc[:-1], tmp_path)


@FAST
@given(rows=event_lists(), cut=st.integers(0, 3))
def test_any_cut_between_episodes_gives_the_same_vectors(rows, cut):
    cohort = make_cohort(rows)
    recipe = Recipe.of(SPECIFICATION, CATALOGUE)
    whole = build_features(cohort, SPECIFICATION, LANDMARKS, catalogue=CATALOGUE)
    ids = cohort.episodes["episode_id"]
    parts = []
    for chosen in (ids[:cut], ids[cut:]):
        part = cohort.events[cohort.events["episode_id"].isin(chosen)]
        episodes = cohort.episodes[ids.isin(chosen)]
        parts.append(build_part(episodes, pa.Table.from_pandas(part), recipe, landmarks=LANDMARKS))

    assert_identical(pd.concat(parts), whole)


def test_derived_measurements_are_computed_part_by_part(cohort, tmp_path, monkeypatch):
    rng = np.random.default_rng(2)
    rows = [
        event(f"plasma.{name}", hour, float(rng.integers(1, 9)), episode_id=e)
        for e in cohort.episodes["episode_id"][::3]
        for name in ("ang1", "ang2")
        for hour in (1.0, 30.0)
    ]
    both = make_cohort([*cohort.events.to_dict("records"), *rows], episodes=cohort.episodes)
    ratio = "plasma.ang2_ang1_ratio"
    wanted = FeatureSpecification(
        WINDOWS,
        (Measurement(ratio, ("to_date",), ("max",)), Measurement(CRS, ("early",), ("max",))),
    )
    write_small_groups(both, tmp_path / "cohort", monkeypatch, rows=50)

    expected = build_features(both, wanted, LANDMARKS)
    found = pd.concat(list(build_features_streaming(tmp_path / "cohort", wanted, LANDMARKS)))

    assert expected[f"{ratio}.max.to_date"].notna().sum() > 5
    assert_identical(found, expected)
    path = plain_file(both, tmp_path / "events.parquet")
    part = read_plain_part(path, both.episodes)
    assert_identical(pd.concat(build_features_streaming([part], wanted, LANDMARKS)), expected)
    used = used_events(both, wanted, LANDMARKS)
    assert (used["analyte"] == "ang2_ang1_ratio").any()

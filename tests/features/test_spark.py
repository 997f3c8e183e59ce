"""The vectors of Spark are those of memory, to the last bit."""

import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyspark.errors import PythonException
from pyspark.sql import DataFrame, SparkSession, functions

from features.cohorts import event, make_cohort
from icans_risk.catalogue import load_catalogue
from icans_risk.cohort import EPISODES, Cohort, check_table
from icans_risk.errors import CohortError, LeakageError, StudyError
from icans_risk.features import (
    CHANGE_KINDS,
    STATISTICS,
    Change,
    FeatureSpecification,
    Measurement,
    ScoreChoice,
    Window,
    build_features,
    spark,
)
from icans_risk.synthetic import simulate
from spark_session import ON_SPARK, local_spark

pytestmark = ON_SPARK

WINDOWS = ("baseline", "early", "recent", "since_chemo", "around_crs")
SPECIFICATION = FeatureSpecification(
    windows=(
        Window("baseline", "infusion", None, 0),
        Window("early", "infusion", 0, 48),
        Window("recent", "landmark", -24, 0),
        Window("since_chemo", "lymphodepletion", 0, 72),
        Window("around_crs", "crs_onset", -24, 24),
    ),
    measurements=(
        Measurement("plasma.crp", WINDOWS, STATISTICS, threshold=10.0),
        Measurement("plasma.*", ("early", "around_crs"), ("max",)),
    ),
    changes=(Change("plasma.crp", ("baseline", "early"), tuple(CHANGE_KINDS)),),
    scores=(ScoreChoice("easix", ("baseline", "recent")),),
    # A number, two of words, a flag, and two that the layout does not know.
    static=("age_years", "product", "delivery_route", "cns_tumour", "ward", "beds"),
    presence="informative",
)


@pytest.fixture(scope="module")
def session() -> Iterator[SparkSession]:
    with local_spark() as started:
        yield started


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    """Forty episodes, two of them without any event."""
    simulated = simulate(40, seed=5).cohort
    episodes = simulated.episodes.assign(
        ward=np.array(["north", "south", None], dtype=object)[np.arange(40) % 3],
        beds=np.arange(40) % 7,
    )
    silent = episodes["episode_id"].iloc[[0, 17]]
    events = simulated.events[~simulated.events["episode_id"].isin(silent)]
    return Cohort(episodes, events, simulated.grades)


@pytest.fixture(scope="module")
def specification(cohort: Cohort) -> FeatureSpecification:
    return SPECIFICATION.fit(cohort)


@pytest.fixture(scope="module")
def events(session: SparkSession, cohort: Cohort) -> DataFrame:
    """The events in another order, dealt out over five partitions."""
    return distribute(session, cohort.events.sample(frac=1, random_state=1)).repartition(5).cache()


def distribute(session: SparkSession, frame: pd.DataFrame) -> DataFrame:
    return session.createDataFrame(pa.Table.from_pandas(frame, preserve_index=False))


def bits(table: pd.DataFrame) -> np.ndarray:
    """The numbers as they are stored; there is one NaN."""
    values = table.to_numpy().copy()
    values[np.isnan(values)] = np.nan
    return values.view(np.uint32)


def assert_identical(found: DataFrame, expected: pd.DataFrame) -> None:
    table = found.toPandas().set_index(["episode_id", "landmark_h"])
    assert list(table.columns) == list(expected.columns)
    assert (table.dtypes == np.float32).all()
    assert sorted(table.index) == sorted(expected.index)
    np.testing.assert_array_equal(bits(table.loc[expected.index]), bits(expected))


@pytest.mark.parametrize("landmarks", [[72.0], [120, 24, 72]])
def test_vectors_are_those_of_memory(
    events: DataFrame,
    cohort: Cohort,
    specification: FeatureSpecification,
    landmarks: list[float],
) -> None:
    expected = build_features(cohort, specification, landmarks)
    assert expected.notna().mean().mean() > 0.3
    found = spark.build_features(events, cohort.episodes, specification, landmarks=landmarks)
    assert_identical(found, expected)


def test_an_episode_from_several_partitions_becomes_whole_in_one_of_two(
    events: DataFrame, cohort: Cohort, specification: FeatureSpecification
) -> None:
    source = events.select("episode_id", functions.spark_partition_id().alias("part"))
    assert source.distinct().groupBy("episode_id").count().toPandas()["count"].min() == 5
    found = spark.build_features(events, cohort.episodes, specification, landmarks=[0, 72])
    part = found.select("episode_id", functions.spark_partition_id().alias("part")).toPandas()
    assert part["part"].nunique() == 2
    assert part.groupby("episode_id")["part"].nunique().max() == 1


def test_the_landmarks_of_an_episode_stand_together_as_given(
    events: DataFrame, cohort: Cohort, specification: FeatureSpecification
) -> None:
    found = spark.build_features(events, cohort.episodes, specification, landmarks=[72, 0, 24])
    table = found.select("episode_id", "landmark_h").toPandas()
    assert table["landmark_h"].tolist() == [72, 0, 24] * 40
    assert table["episode_id"].iloc[::3].is_unique


def test_chunks_of_a_few_episodes_change_nothing(
    events: DataFrame,
    cohort: Cohort,
    specification: FeatureSpecification,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected = build_features(cohort, specification, [72])
    # Spark copies these with the function that it sends.
    monkeypatch.setattr(spark, "_ROWS", 1_000)
    monkeypatch.setattr(spark, "_NUMBERS", 2 * expected.shape[1])
    found = spark.build_features(events, cohort.episodes, specification, landmarks=[72])
    assert_identical(found, expected)


def test_episodes_may_be_a_spark_table_and_numbers_of_smaller_types(
    session: SparkSession, events: DataFrame, cohort: Cohort, specification: FeatureSpecification
) -> None:
    episodes = distribute(session, cohort.episodes.iloc[::-1]).repartition(3)
    narrow = events.withColumn("version", functions.col("version").cast("int"))
    found = spark.build_features(narrow, episodes, specification, landmarks=[72])
    assert_identical(found, build_features(cohort, specification, [72]))


def test_a_cohort_without_events_has_its_vectors(
    session: SparkSession, events: DataFrame, cohort: Cohort, specification: FeatureSpecification
) -> None:
    silent = Cohort(cohort.episodes, cohort.events.iloc[:0], cohort.grades)
    found = spark.build_features(events.limit(0), cohort.episodes, specification, landmarks=[0, 72])
    assert_identical(found, build_features(silent, specification, [0, 72]))


def test_missing_is_nan_and_never_null(
    events: DataFrame, cohort: Cohort, specification: FeatureSpecification
) -> None:
    found = spark.build_features(events, cohort.episodes, specification, landmarks=[72])
    assert not any(field.nullable for field in found.schema.fields)
    score = functions.col("`score.easix.recent`")
    expected = build_features(cohort, specification, [72])["score.easix.recent"].isna().sum()
    assert expected > 0
    assert found.filter(functions.isnan(score)).count() == expected
    assert found.filter(score.isNull()).count() == 0


def test_an_analyte_of_another_catalogue_is_read(session: SparkSession) -> None:
    crp = load_catalogue()["plasma.crp"]
    catalogue = {"plasma.new": crp.model_copy(update={"name": "new"}), "plasma.crp": crp}
    specification = FeatureSpecification(
        (Window("to_date", "infusion", None, None),),
        (Measurement("plasma.new", ("to_date",), ("last",)),),
    )
    cohort = make_cohort([event("plasma.new", 3.0, 7.5, episode_id="q")])
    events = distribute(session, cohort.events)
    found = spark.build_features(
        events, cohort.episodes, specification, landmarks=[24], catalogue=catalogue
    )
    assert_identical(found, build_features(cohort, specification, [24], catalogue=catalogue))
    with pytest.raises(StudyError, match="known name"):
        spark.build_features(events, cohort.episodes, specification, landmarks=[24])


class TestBeforeAJob:
    """What is refused by the look of it, and starts no job."""

    @pytest.fixture(autouse=True)
    def no_job(self, session: SparkSession) -> Iterator[None]:
        tracker = session.sparkContext.statusTracker()
        session.sparkContext.setJobGroup("refused", "nothing may run")
        yield
        assert list(tracker.getJobIdsForGroup("refused")) == []
        session.sparkContext.setLocalProperty("spark.jobGroup.id", None)

    def test_a_missing_column(
        self, events: DataFrame, cohort: Cohort, specification: FeatureSpecification
    ) -> None:
        with pytest.raises(CohortError, match=r"^events needs the columns \['available_h'\]"):
            spark.build_features(
                events.drop("available_h"), cohort.episodes, specification, landmarks=[72]
            )

    def test_a_missing_column_of_episodes_in_spark(
        self,
        session: SparkSession,
        events: DataFrame,
        cohort: Cohort,
        specification: FeatureSpecification,
    ) -> None:
        episodes = distribute(session, cohort.episodes).drop("patient_id")
        with pytest.raises(CohortError, match=r"^episodes needs the columns \['patient_id'\]"):
            spark.build_features(events, episodes, specification, landmarks=[72])

    @pytest.mark.parametrize(
        ("column", "type_"),
        [
            ("collected_h", "timestamp"),
            ("collected_h", "timestamp_ntz"),
            ("available_h", "date"),
            ("available_h", "interval day to second"),
            ("value", "string"),
            ("value", "decimal(10,2)"),
            ("version", "boolean"),
            ("episode_id", "bigint"),
            ("episode_id", "string collate UNICODE_CI"),
        ],
    )
    def test_a_wrong_type(
        self,
        events: DataFrame,
        cohort: Cohort,
        specification: FeatureSpecification,
        column: str,
        type_: str,
    ) -> None:
        wrong = events.withColumn(column, functions.lit(None).cast(type_))
        with pytest.raises(CohortError) as caught:
            spark.build_features(wrong, cohort.episodes, specification, landmarks=[72])
        wanted = "string" if column == "episode_id" else "double"
        assert f"types {{'{column}': '{wanted}'}}, got {{'{column}': '{type_}'}}" in str(
            caught.value
        )

    def test_a_static_column_that_is_a_time(
        self,
        session: SparkSession,
        events: DataFrame,
        cohort: Cohort,
        specification: FeatureSpecification,
    ) -> None:
        episodes = distribute(session, cohort.episodes.assign(beds=pd.Timestamp("2020-01-01")))
        with pytest.raises(CohortError, match="string or double or boolean"):
            spark.build_features(events, episodes, specification, landmarks=[72])

    def test_a_static_column_that_is_absent_or_of_another_kind_than_at_the_fit(
        self, events: DataFrame, cohort: Cohort, specification: FeatureSpecification
    ) -> None:
        for episodes in (
            cohort.episodes.drop(columns="ward"),
            cohort.episodes.assign(ward=1.0),
            cohort.episodes.assign(beds="many"),
        ):
            with pytest.raises(StudyError, match=r"ward|beds"):
                spark.build_features(events, episodes, specification, landmarks=[72])

    def test_a_specification_that_is_not_fitted_or_leaks(
        self, events: DataFrame, cohort: Cohort, specification: FeatureSpecification
    ) -> None:
        with pytest.raises(StudyError, match="fit"):
            spark.build_features(events, cohort.episodes, SPECIFICATION, landmarks=[72])
        leaking = FeatureSpecification((), (), static=("died_h",))
        with pytest.raises(LeakageError, match="died_h"):
            spark.build_features(events, cohort.episodes, leaking, landmarks=[72])
        with pytest.raises(StudyError, match="distinct"):
            spark.build_features(events, cohort.episodes, specification, landmarks=[72, 72])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"modality": "Jane Doe"}, "events.modality must be one of"),
        ({"episode_id": "Jane Doe"}, "events.episode_id must name a known episode, 1 rows"),
    ],
)
def test_a_bad_cell_fails_the_job_and_names_no_patient(
    session: SparkSession, change: dict[str, object], words: str
) -> None:
    cohort = make_cohort([])
    episodes = cohort.episodes.assign(
        episode_id=["Ann Roe", "Joe Roe", "Sue Roe"], patient_id="MRN4711"
    )
    rows = [event("plasma.crp", 3.0, 987.25, episode_id=name) for name in episodes["episode_id"]]
    events = distribute(session, pd.DataFrame([*rows, rows[0] | change]))
    specification = FeatureSpecification(
        (Window("to_date", "infusion", None, None),),
        (Measurement("plasma.crp", ("to_date",), ("last",)),),
    )
    found = spark.build_features(events, episodes, specification, landmarks=[24])
    with pytest.raises(PythonException) as caught:
        found.collect()
    text = str(caught.value)
    assert words in text
    for secret in ("Roe", "Doe", "MRN4711", "987"):
        assert secret not in text


def test_an_episode_that_stands_twice_fails_the_job(
    session: SparkSession, events: DataFrame, cohort: Cohort, specification: FeatureSpecification
) -> None:
    twice = pd.concat([cohort.episodes, cohort.episodes.iloc[[3]]])
    found = spark.build_features(events, twice, specification, landmarks=[72])
    with pytest.raises(PythonException, match=r"episodes\.episode_id must be unique"):
        found.collect()


@pytest.mark.parametrize("rows", [1, 2, 5, 100])
@pytest.mark.parametrize("episodes", [1, 2, 100])
@pytest.mark.parametrize("ids", ["", "a", "aaaaaa", "aabbbc", "abcdef", "aaaaaaab"])
def test_chunks_hold_whole_episodes_and_no_more_than_asked(
    ids: str, episodes: int, rows: int
) -> None:
    table = pa.table({"episode_id": pa.array(list(ids), pa.string()), "row": range(len(ids))})
    chunks = list(spark.cut_episodes(table.to_batches(2), rows=rows, episodes=episodes))
    assert [row for chunk in chunks for row in chunk["row"].to_pylist()] == list(range(len(ids)))
    held = [set(chunk["episode_id"].to_pylist()) for chunk in chunks]
    assert sum(map(len, held)) == len(set(ids))
    assert all(1 <= len(names) <= episodes for names in held)


def test_what_is_held_does_not_grow_with_the_partition() -> None:
    read = []

    def batches() -> Iterator[pa.RecordBatch]:
        for number in range(50):
            read.append(number)
            yield pa.record_batch({"episode_id": [f"{number:02}"] * 10})

    first = next(spark.cut_episodes(batches(), rows=30, episodes=100))
    assert len(first) == 20
    assert read == [0, 1, 2]


def test_the_made_up_episode_may_have_every_column_of_the_layout() -> None:
    cells = {name: [spark._example(name, column.kind)] for name, column in EPISODES.items()}
    checked = check_table(pd.DataFrame(cells), EPISODES, name="episodes")
    assert checked.notna().all(axis=None)


def test_without_pyspark_memory_works_and_the_error_names_the_extra() -> None:
    code = (
        "import sys; sys.modules['pyspark'] = None; import icans_risk.features; "
        "print('memory works'); import icans_risk.features.spark"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "memory works\n"
    assert "ImportError: icans_risk.features.spark needs PySpark" in done.stderr
    assert "icans_risk[spark]" in done.stderr

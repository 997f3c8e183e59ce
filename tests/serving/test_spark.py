"""The answers of Spark are those of memory, to the last bit."""

import json
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import pandas as pd
import pyarrow as pa
import pytest
from pyspark.sql import DataFrame, SparkSession

from icans_risk.cohort import Cohort
from icans_risk.errors import CohortError, ModelError
from icans_risk.models.withdrawal import withdraw_model
from icans_risk.serving import load_served, score, spark
from icans_risk.serving.records import SCHEMA, to_arrow
from serving.example import Example
from spark_session import ON_SPARK, local_spark

pytestmark = ON_SPARK


@pytest.fixture(scope="module")
def session() -> Iterator[SparkSession]:
    with local_spark() as started:
        yield started


def distribute(session: SparkSession, frame: pd.DataFrame) -> DataFrame:
    shuffled = frame.sample(frac=1, random_state=1)
    return session.createDataFrame(pa.Table.from_pandas(shuffled, preserve_index=False))


def on_spark(
    session: SparkSession, example: Example, cohort: Cohort, models: list[Path]
) -> list[dict[str, object]]:
    told = spark.score(
        distribute(session, cohort.events),
        cohort.episodes,
        distribute(session, cohort.grades),
        models=models,
        data_kind="synthetic",
    )
    table = told.toArrow().select(SCHEMA.names)
    return in_order(table)


def in_order(table: pa.Table) -> list[dict[str, object]]:
    rows = table.sort_by([("landmark_h", "ascending"), ("episode_id", "ascending")]).to_pylist()
    for row in rows:
        # Values of one moment stand in no order.
        row["inputs"] = sorted(row["inputs"], key=lambda one: json.dumps(one, sort_keys=True))
    return rows


def test_spark_answers_as_memory_does_to_the_last_bit(
    session: SparkSession, example: Example
) -> None:
    served = [load_served(folder) for folder in example.models]
    alone = to_arrow(score(example.cohort, served, data_kind="synthetic"))
    told = on_spark(session, example, example.cohort, example.models)
    assert len(told) == 120
    assert sum(row["status"] == "answered" for row in told) > 60
    assert told == in_order(alone)


def test_what_cannot_be_scored_is_refused_before_a_job_starts(
    session: SparkSession, example: Example, tmp_path: Path
) -> None:
    cohort = example.cohort
    events, grades = (distribute(session, table) for table in (cohort.events, cohort.grades))

    def ask(models: list[Path], episodes: pd.DataFrame) -> None:
        spark.score(events, episodes, grades, models=models, data_kind="synthetic")

    with pytest.raises(ModelError, match="one model per landmark"):
        ask([example.models[0]] * 2, cohort.episodes)
    with pytest.raises((CohortError, ValueError), match="product"):
        ask(example.models[:1], cohort.episodes.drop(columns="product"))
    copytree(example.models[0], tmp_path / "model")
    withdraw_model(tmp_path / "model", reason="the assay changed")
    with pytest.raises(ModelError, match="withdrawn: the assay changed"):
        ask([tmp_path / "model"], cohort.episodes)

"""Score large cohorts on Spark, by the code that scores one patient."""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

from icans_risk.cohort import EPISODES, EVENTS, GRADES, DataKind
from icans_risk.errors import CohortError, ModelError
from icans_risk.features.spark import cast_columns, check_types, cut_episodes, distribute
from icans_risk.models.stored import MANIFEST, MODEL
from icans_risk.serving.records import SCHEMA, to_arrow
from icans_risk.serving.request import RawTables
from icans_risk.serving.scoring import score as score_tables
from icans_risk.serving.served import ServedModel, load_served

try:
    from pyspark.sql import DataFrame, functions
    from pyspark.sql.pandas.types import from_arrow_schema
except ImportError as error:
    raise ImportError(
        "icans_risk.serving.spark needs PySpark, which is not installed. Install it with the "
        "extra: pip install 'icans_risk[spark]'."
    ) from error

__all__ = ["score"]

# What a task holds at one time, however large its partition is.
_ROWS = 80_000
_EPISODES = 2_000

_Task = Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]
_Files = tuple[tuple[tuple[str, bytes], ...], ...]


def score(
    events: DataFrame,
    episodes: DataFrame | pd.DataFrame,
    grades: DataFrame,
    *,
    models: Sequence[Path],
    data_kind: DataKind,
) -> DataFrame:
    """Score every episode at the landmark of each model, spread over a Spark cluster.

    Events, grades and episodes are brought together by episode. Each task hands some whole
    episodes at a time to the ``score`` that works in memory, so that the answers are the
    same to the last bit. Workers need no access to the models' folders.

    Parameters
    ----------
    events, grades : pyspark DataFrame
        In the layouts ``EVENTS`` and ``GRADES``; other columns are left behind.
    episodes : pyspark DataFrame or pandas DataFrame
        In the layout ``EPISODES``, with the static columns of the models.
    models : sequence of Path
        Folders of released models, of different landmarks.
    data_kind : {"real", "synthetic"}
        Whether patients stand behind the rows.

    Returns
    -------
    pyspark DataFrame
        One record per episode and model, in the layout of ``records.SCHEMA``; episodes stand
        in no order. One that cannot be read has the status ``unreadable``.

    Raises
    ------
    ModelError
        If a model is damaged, was withdrawn, or two are of one landmark.
    CohortError
        If a column is absent or of another type, before a job starts.
    """
    served = [load_served(folder) for folder in models]
    _check_models(served)
    static = sorted({name for model in served for name in model.specification.static})
    if isinstance(episodes, pd.DataFrame):
        episodes = distribute(episodes, static, events.sparkSession)
    of_events = check_types(events, EVENTS, name="events")
    of_grades = check_types(grades, GRADES, name="grades")
    of_episodes = check_types(episodes, EPISODES, name="episodes", also=static)
    absent = [name for name in static if name not in of_episodes]
    if absent:
        raise CohortError(
            f"these models need the columns {absent} of episodes, which are absent. Add them, left "
            "empty where they are not known."
        )
    rows = events.select(cast_columns(of_events))
    for name, frame, kinds in (("episode", episodes, of_episodes), ("grade", grades, of_grades)):
        packed = functions.struct(*cast_columns(kinds)).alias(name)
        rows = rows.unionByName(
            frame.select(functions.col("episode_id"), packed), allowMissingColumns=True
        )
    task = _plan_task(tuple(_read(folder) for folder in models), data_kind)
    rows = rows.repartition("episode_id").sortWithinPartitions("episode_id")
    return rows.mapInArrow(task, from_arrow_schema(SCHEMA))


def _check_models(served: Sequence[ServedModel]) -> None:
    landmarks = {model.landmark_h for model in served}
    if not served or len(landmarks) < len(served):
        raise ModelError("expected one model per landmark. Score by one of each at a time.")
    for model in served:
        model.released.require_applicability()
        if model.withdrawn is not None:
            raise ModelError(
                f"a model was withdrawn: {model.withdrawn.reason}. It gives no more answers; take "
                "another."
            )


def _read(folder: Path) -> tuple[tuple[str, bytes], ...]:
    return tuple((name, (folder / name).read_bytes()) for name in (MODEL, MANIFEST))


@lru_cache(maxsize=2)
def _load(files: _Files) -> tuple[ServedModel, ...]:
    """Read the models once in each worker, hashes first, as from any folder."""
    served = []
    for of_model in files:
        with tempfile.TemporaryDirectory(prefix="icans-risk-") as folder:
            for name, content in of_model:
                (Path(folder) / name).write_bytes(content)
            served.append(load_served(Path(folder)))
    return tuple(served)


def _plan_task(files: _Files, data_kind: DataKind) -> _Task:
    """Make the function that Spark sends to its workers, with the models in it."""

    def score_partition(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        served = _load(files)
        for rows in cut_episodes(batches, rows=_ROWS, episodes=_EPISODES):
            tables = _take_apart(rows)
            scored = score_tables(
                RawTables(**tables), served, data_kind=data_kind, most_episodes=len(rows)
            )
            yield from to_arrow(scored).to_batches()

    return score_partition


def _take_apart(rows: pa.Table) -> Mapping[str, pd.DataFrame]:
    """Give back the three tables that were put together by episode."""
    is_packed = {name: pc.is_valid(rows[name]) for name in ("episode", "grade")}
    if not pc.any(is_packed["episode"]).as_py():
        raise CohortError(
            f"every row must name a known episode, {len(rows)} rows do not. Add their episodes, or "
            "leave them out."
        )
    unpacked = {
        f"{name}s": pa.Table.from_struct_array(rows[name].filter(is_valid)).to_pandas()
        for name, is_valid in is_packed.items()
    }
    is_event = pc.invert(pc.or_(is_packed["episode"], is_packed["grade"]))
    return unpacked | {"events": rows.select(list(EVENTS)).filter(is_event).to_pandas()}

"""Build the vectors on Spark, by the code that builds them in memory."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

from icans_risk.catalogue import Analyte
from icans_risk.cohort import EPISODES, EVENTS, GRADES, Cohort, Table, check_table
from icans_risk.errors import CohortError
from icans_risk.features import FeatureSpecification
from icans_risk.features import build_features as build_in_memory
from icans_risk.features.static import find_levels

try:
    from pyspark.sql import Column, DataFrame, SparkSession, functions
    from pyspark.sql.types import DoubleType, FloatType, StringType, StructType
except ImportError as error:
    raise ImportError(
        "icans_risk.features.spark needs PySpark, which is not installed. Install it with "
        "the extra: pip install 'icans_risk[spark]'."
    ) from error

__all__ = ["build_features", "cast_columns", "check_types", "cut_episodes", "distribute"]

# What a task holds at one time, however large its partition is: rows of events and
# episodes, and numbers in the vectors that they give. For so few rows no threads are
# started, of which there would be too many: Spark has given every core its task already.
_ROWS = 80_000
_NUMBERS = 4_000_000

# Spark's type for each kind of column, and the types that turn into it without loss. None
# is a type of time: read in another unit, a time would lie outside every window, and the
# vectors would be empty without a word.
_STORED_AS = {"text": "string", "number": "double", "flag": "boolean"}
_KIND_OF = {stored: kind for kind, stored in _STORED_AS.items()} | dict.fromkeys(
    ("float", "bigint", "int", "smallint", "tinyint"), "number"
)

# What an episode may hold in a column of each kind that has no vocabulary.
_CELLS: dict[str, str | float | bool] = {"text": "", "number": 1.0, "flag": False}

_Task = Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]


def build_features(
    events: DataFrame,
    episodes: DataFrame | pd.DataFrame,
    specification: FeatureSpecification,
    *,
    landmarks: Sequence[float],
    catalogue: Mapping[str, Analyte] | None = None,
) -> DataFrame:
    """Build one vector per episode and landmark, spread over a Spark cluster.

    Events and episodes are brought together by episode. Each task hands its partition, some
    whole episodes at a time, to the ``build_features`` that works in memory, so the vectors
    are the same to the last bit.

    Parameters
    ----------
    events : pyspark DataFrame
        In the layout ``EVENTS``; other columns are left behind.
    episodes : pyspark DataFrame or pandas DataFrame
        In the layout ``EPISODES``; of other columns, the static features are read. An
        episode without events has its vectors too.
    specification : FeatureSpecification
        Fitted, if it has categorical static columns.
    landmarks : sequence of float
        Hours since infusion.
    catalogue : mapping of str to Analyte, optional
        What can be measured; the package's own by default.

    Returns
    -------
    pyspark DataFrame
        ``episode_id`` (string), ``landmark_h`` (double) and ``specification.columns``
        (float). Missing is NaN and never null, a measured zero is zero. The landmarks of an
        episode stand together and as given; episodes stand in no order.

    Raises
    ------
    StudyError, LeakageError
        As in memory, before a job starts.
    CohortError
        If a column is absent or of another type, before a job starts. Cells are checked
        while it runs: it then fails with PySpark's error around a CohortError whose row
        positions count among the rows that the task held.
    """
    if isinstance(episodes, pd.DataFrame):
        episodes = distribute(episodes, specification.static, events.sparkSession)
    of_events = check_types(events, EVENTS, name="events")
    of_episodes = check_types(episodes, EPISODES, name="episodes", also=specification.static)
    # Whatever can be wrong with a specification shows on one episode without events.
    example = pd.DataFrame({name: [_example(name, kind)] for name, kind in of_episodes.items()})
    cohort = _make_cohort(example, pd.DataFrame(columns=list(EVENTS)))
    vectors = build_in_memory(cohort, specification, landmarks, catalogue=catalogue)
    schema = StructType().add("episode_id", StringType(), False)
    schema.add("landmark_h", DoubleType(), False)
    for column in vectors.columns:
        schema.add(column, FloatType(), False)
    # Each episode is a row among its events, so that neither table is sent whole to a worker.
    packed = functions.struct(*cast_columns(of_episodes)).alias("episode")
    rows = events.select(cast_columns(of_events)).unionByName(
        episodes.select(functions.col("episode_id"), packed), allowMissingColumns=True
    )
    used = None if catalogue is None else {n: catalogue[n] for n in specification.analytes}
    task = _plan_task(specification.to_json(), [float(h) for h in landmarks], used)
    rows = rows.repartition("episode_id").sortWithinPartitions("episode_id")
    return rows.mapInArrow(task, schema)


def distribute(episodes: pd.DataFrame, static: Sequence[str], session: SparkSession) -> DataFrame:
    """Hand the episodes to Spark in types that it need not guess."""
    checked = check_table(episodes, EPISODES, name="episodes")
    categorical = find_levels(checked, static)
    for name in set(static) - set(EPISODES):
        column = checked[name]
        if name in categorical:
            checked[name] = column.astype("str").where(column.notna(), None)
        else:
            checked[name] = pd.to_numeric(column, errors="coerce").astype("float64")
    read = [name for name in checked if name in EPISODES or name in static]
    return session.createDataFrame(pa.Table.from_pandas(checked[read], preserve_index=False))


def check_types(
    frame: DataFrame, table: Table, *, name: str, also: Sequence[str] = ()
) -> dict[str, str]:
    """Return the kinds of the columns that are read, or say which cannot be."""
    types = {field.name: field.dataType.simpleString() for field in frame.schema.fields}
    absent = [c for c, column in table.items() if column.required and c not in types]
    if absent:
        raise CohortError(
            f"{name} needs the columns {absent}, found {sorted(types)}. Add them, or map other "
            "columns to these names."
        )
    read = [c for c in dict.fromkeys((*table, *also)) if c in types]
    kinds = {c: _KIND_OF.get(types[c], "") for c in read}
    wanted = {c: (table[c].kind,) if c in table else tuple(_STORED_AS) for c in read}
    wrong = [c for c in read if kinds[c] not in wanted[c]]
    if wrong:
        expected = {c: " or ".join(_STORED_AS[kind] for kind in wanted[c]) for c in wrong}
        raise CohortError(
            f"The columns of {name} must have the types {expected}, got "
            f"{ {c: types[c] for c in wrong} }. Convert them; times are hours since infusion."
        )
    return kinds


def _example(name: str, kind: str) -> str | float | bool:
    vocabulary = EPISODES[name].values if name in EPISODES else ()
    return vocabulary[0] if vocabulary else _CELLS[kind]


def cast_columns(kinds: Mapping[str, str]) -> list[Column]:
    """Select columns in the type of their kind."""
    return [functions.col(name).cast(_STORED_AS[kind]).alias(name) for name, kind in kinds.items()]


def _plan_task(
    specification: str, landmarks: list[float], catalogue: Mapping[str, Analyte] | None
) -> _Task:
    """Make the function that Spark sends to its workers, with the little that it needs."""

    def build_partition(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        chosen = FeatureSpecification.from_json(specification)
        most = max(1, _NUMBERS // max(1, len(landmarks) * len(chosen.columns)))
        for rows in cut_episodes(batches, rows=_ROWS, episodes=most):
            is_episode = pc.is_valid(rows["episode"])
            if not pc.any(is_episode).as_py():
                raise CohortError(
                    f"events.episode_id must name a known episode, {len(rows)} rows do not. Add "
                    "their episodes, or leave them out."
                )
            episodes = pa.Table.from_struct_array(rows["episode"].filter(is_episode))
            events = rows.select(list(EVENTS)).filter(pc.invert(is_episode))
            cohort = _make_cohort(episodes.to_pandas(), events.to_pandas())
            yield _to_arrow(build_in_memory(cohort, chosen, landmarks, catalogue=catalogue))

    return build_partition


def cut_episodes(
    batches: Iterable[pa.RecordBatch], *, rows: int, episodes: int
) -> Iterator[pa.Table]:
    """Regroup rows that are sorted by episode into tables of a bounded number of episodes.

    What is held is the number of rows asked for, or the largest episode where it has more.
    """
    held: list[pa.RecordBatch] = []
    for batch in batches:
        held.append(batch)
        if sum(map(len, held)) >= rows:
            # The last episode may go on in the next batch.
            *complete, last = _split(pa.Table.from_batches(held), episodes)
            yield from complete
            held = last.to_batches()
    if held:
        yield from _split(pa.Table.from_batches(held), episodes)


def _split(table: pa.Table, episodes: int) -> list[pa.Table]:
    """Cut a table into pieces of so many episodes, the last episode being one for itself."""
    ends = pc.run_end_encode(table["episode_id"].combine_chunks()).run_ends.to_pylist()
    starts = [0, *ends[:-1]]
    bounds = sorted({*starts[::episodes], starts[-1], len(table)})
    return [table.slice(start, stop - start) for start, stop in pairwise(bounds)]


def _make_cohort(episodes: pd.DataFrame, events: pd.DataFrame) -> Cohort:
    return Cohort(episodes, events, pd.DataFrame(columns=list(GRADES)))


def _to_arrow(vectors: pd.DataFrame) -> pa.RecordBatch:
    # Column by column: a conversion of the whole frame would turn NaN into null.
    episode, hour = (vectors.index.get_level_values(level) for level in (0, 1))
    columns = [pa.array(episode, pa.string()), pa.array(hour.to_numpy(), pa.float64())]
    columns += [pa.array(values, pa.float32()) for values in vectors.to_numpy().T]
    return pa.RecordBatch.from_arrays(columns, names=["episode_id", "landmark_h", *vectors.columns])

"""The same statistics by other programs, from the plain Parquet file to a long table.

Written to be fast: window by window, because rows are few in most windows, which beat one
grouping with a condition in every aggregate; the area is made of the steps from result to
result, which are found once. "Coded" replaces text by integers before sorting and grouping. The
programs are spared what the events do not need: versions, admission, windows whose anchors differ
between episodes, and the wide matrix.

A row per episode, analyte, landmark and window that holds a result. tsfresh computes its minimal
set, which has four of the ten statistics.
"""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from feature_data import LYMPHODEPLETION_H, STATISTICS, WINDOWS

KEYS = ("episode_id", "analyte", "landmark_h", "window")
_HOURS_PER_DAY = 24.0


def bounds(landmark_h: float) -> list[tuple[str, float, float, float]]:
    """Name the windows at a landmark, with their lower and upper bounds and anchors."""
    anchor_of = {"infusion": 0.0, "lymphodepletion": LYMPHODEPLETION_H, "landmark": landmark_h}
    return [
        (
            window.name,
            -math.inf if window.start_h is None else anchor_of[window.anchor] + window.start_h,
            math.inf if window.end_h is None else anchor_of[window.anchor] + window.end_h,
            anchor_of[window.anchor],
        )
        for window in WINDOWS
    ]


def run_polars(path: Path, landmarks: Sequence[float]) -> pl.DataFrame:
    """Group by the text of episode and analyte."""
    return _run_polars(pl.scan_parquet(path), landmarks, keys=["episode_id", "analyte"])


def run_polars_coded(path: Path, landmarks: Sequence[float]) -> pl.DataFrame:
    """Group by one integer, and put the text back at the end."""
    rows = pl.scan_parquet(path)
    names = {
        name: pl.Enum(rows.select(pl.col(name).unique().sort()).collect().to_series())
        for name in ("episode_id", "analyte")
    }
    number = {name: pl.col(name).cast(names[name]).to_physical().cast(pl.Int64) for name in names}
    n_analytes = len(names["analyte"].categories)
    coded = rows.with_columns(key=number["episode_id"] * n_analytes + number["analyte"])
    grouped = _run_polars(coded.drop(list(names)), landmarks, keys=["key"])
    return grouped.with_columns(
        (pl.col("key") // n_analytes).cat.to(names["episode_id"]).alias("episode_id"),
        (pl.col("key") % n_analytes).cat.to(names["analyte"]).alias("analyte"),
    ).drop("key")


def _run_polars(rows: pl.LazyFrame, landmarks: Sequence[float], *, keys: list[str]) -> pl.DataFrame:
    time, value = pl.col("collected_h"), pl.col("value")
    is_same = pl.all_horizontal(pl.col(key) == pl.col(key).shift() for key in keys)
    ordered = rows.filter(pl.col("available_h") <= max(landmarks)).sort(*keys, "collected_h")
    ordered = ordered.collect(engine="streaming").lazy()
    grouped = []
    for landmark_h in landmarks:
        known = ordered.filter(pl.col("available_h") <= landmark_h).with_columns(
            before=pl.when(is_same).then(time.shift()),
            step=(value + value.shift()) / 2 * (time - time.shift()),
            day=time / _HOURS_PER_DAY,
        )
        for name, lower, upper, anchor in bounds(landmark_h):
            inside = known.filter((time > lower) & (time <= upper))
            grouped.append(
                inside.group_by(keys)
                .agg(*_polars_aggregates(lower))
                .select(*keys, *_polars_statistics(anchor))
                .with_columns(landmark_h=pl.lit(landmark_h), window=pl.lit(name))
            )
    return pl.concat(pl.collect_all(grouped, engine="streaming"))


def _polars_aggregates(lower: float) -> list[pl.Expr]:
    time, value, day = pl.col("collected_h"), pl.col("value"), pl.col("day")
    return [
        *(getattr(value, name)().alias(name) for name in STATISTICS[:6]),
        value.std().alias("sd"),
        pl.len().alias("n"),
        value.sum().alias("total"),
        day.sum().alias("days"),
        (day * value).sum().alias("products"),
        (day * day).sum().alias("squares"),
        pl.col("step").filter(pl.col("before") > lower).sum().alias("area"),
        (time.last() - time.first()).alias("hours"),
        time.get(value.arg_max()).alias("peak_h"),
    ]


def _polars_statistics(anchor: float) -> list[pl.Expr]:
    n, days, total = pl.col("n"), pl.col("days"), pl.col("total")
    slope = (pl.col("products") - days * total / n) / (pl.col("squares") - days * days / n)
    return [
        *(pl.col(name) for name in STATISTICS[:7]),
        slope.alias("slope_per_day"),
        (pl.col("area") / pl.col("hours")).alias("auc_per_day"),
        (pl.col("peak_h") - anchor).alias("hours_to_peak"),
    ]


_DUCKDB = """
WITH bounds(name, lower_h, upper_h, anchor_h) AS (VALUES {windows}),
known AS (
    SELECT *, lag(collected_h) OVER result AS before_h,
        (value + lag(value) OVER result) / 2 * (collected_h - before_h) AS step
    FROM read_parquet('{path}') WHERE available_h <= {landmark_h}
    WINDOW result AS (PARTITION BY episode_id, analyte ORDER BY collected_h)
)
SELECT episode_id, analyte, {landmark_h}::DOUBLE AS landmark_h, name AS window,
    arg_max(value, collected_h) AS last, arg_min(value, collected_h) AS first,
    max(value) AS max, min(value) AS min, avg(value) AS mean, median(value) AS median,
    stddev_samp(value) AS sd, regr_slope(value, collected_h / 24) AS slope_per_day,
    sum(step) FILTER (before_h > lower_h)
        / nullif(max(collected_h) - min(collected_h), 0) AS auc_per_day,
    arg_max(collected_h, {{'value': value, 'earlier': -collected_h}}) - any_value(anchor_h)
        AS hours_to_peak
FROM known JOIN bounds ON collected_h > lower_h AND collected_h <= upper_h
GROUP BY ALL
"""


def run_duckdb(path: Path, landmarks: Sequence[float]) -> Any:
    """Ask in SQL, a landmark at a time."""
    import duckdb
    import pyarrow as pa

    tables = []
    with duckdb.connect() as database:
        for landmark_h in landmarks:
            windows = ", ".join(
                f"('{name}', '{lower}'::DOUBLE, '{upper}'::DOUBLE, '{anchor}'::DOUBLE)"
                for name, lower, upper, anchor in bounds(landmark_h)
            )
            query = _DUCKDB.format(windows=windows, path=path, landmark_h=landmark_h)
            tables.append(database.sql(query).to_arrow_table())
    return pa.concat_tables(tables)


def run_pandas(path: Path, landmarks: Sequence[float]) -> pd.DataFrame:
    """Group by the text of episode and analyte."""
    rows = pd.read_parquet(path)
    return _run_pandas(rows, landmarks, keys=["episode_id", "analyte"])


def run_pandas_coded(path: Path, landmarks: Sequence[float]) -> pd.DataFrame:
    """Group by one integer, and put the text back at the end."""
    rows = pd.read_parquet(path, filters=[("available_h", "<=", max(landmarks))])
    episode, episodes = pd.factorize(rows.pop("episode_id"))
    analyte, analytes = pd.factorize(rows.pop("analyte"))
    rows["key"] = episode * len(analytes) + analyte
    grouped = _run_pandas(rows, landmarks, keys=["key"])
    key = grouped.pop("key").to_numpy()
    return grouped.assign(
        episode_id=pd.Categorical.from_codes(key // len(analytes), episodes),
        analyte=pd.Categorical.from_codes(key % len(analytes), analytes),
    )


def _run_pandas(rows: pd.DataFrame, landmarks: Sequence[float], *, keys: list[str]) -> pd.DataFrame:
    rows = rows[rows["available_h"] <= max(landmarks)]
    rows = rows.sort_values([*keys, "collected_h"], ignore_index=True)
    grouped = []
    for landmark_h in landmarks:
        known = rows[rows["available_h"] <= landmark_h].reset_index(drop=True)
        time, value = known["collected_h"], known["value"]
        is_same = (known[keys] == known[keys].shift()).all(axis=1)
        known["before"] = time.shift().where(is_same)
        known["step"] = (value + value.shift()) / 2 * (time - time.shift())
        known["day"] = time / _HOURS_PER_DAY
        known["product"] = known["day"] * value
        known["square"] = known["day"] ** 2
        for name, lower, upper, anchor in bounds(landmark_h):
            inside = known[(time > lower) & (time <= upper)]
            inside = inside.assign(step=inside["step"].where(inside["before"] > lower))
            table = _pandas_statistics(inside, keys=keys, anchor=anchor)
            grouped.append(table.reset_index().assign(landmark_h=landmark_h, window=name))
    return pd.concat(grouped, ignore_index=True)


def _pandas_statistics(inside: pd.DataFrame, *, keys: list[str], anchor: float) -> pd.DataFrame:
    groups = inside.groupby(keys, sort=False)
    value, time = groups["value"], groups["collected_h"]
    table = pd.DataFrame({name: getattr(value, name)() for name in STATISTICS[:6]})
    table["sd"] = value.std()
    n, total = value.size(), value.sum()
    sums = groups[["step", "day", "product", "square"]].sum()
    spread = sums["square"] - sums["day"] ** 2 / n
    table["slope_per_day"] = (sums["product"] - sums["day"] * total / n) / spread
    table["auc_per_day"] = sums["step"] / (time.last() - time.first())
    peak = inside["collected_h"].loc[value.idxmax().to_numpy()]
    table["hours_to_peak"] = peak.to_numpy() - anchor
    return table


def run_tsfresh(path: Path, landmarks: Sequence[float]) -> pd.DataFrame:
    """Compute the minimal set for each episode, analyte and window."""
    from tsfresh import extract_features
    from tsfresh.feature_extraction import MinimalFCParameters

    rows, tables = pd.read_parquet(path), []
    for landmark_h in landmarks:
        known = rows[rows["available_h"] <= landmark_h]
        for name, lower, upper, _ in bounds(landmark_h):
            time = known["collected_h"]
            inside = known[(time > lower) & (time <= upper)].sort_values("collected_h")
            groups = inside.groupby(["episode_id", "analyte"], sort=False)
            features = extract_features(
                pd.DataFrame({"id": groups.ngroup(), "value": inside["value"]}),
                column_id="id",
                default_fc_parameters=MinimalFCParameters(),
                disable_progressbar=True,
            )
            table = groups.size().index.to_frame(index=False).join(features)
            tables.append(table.assign(landmark_h=landmark_h, window=name))
    columns = {f"value__{long}": short for long, short in _TSFRESH.items()}
    return pd.concat(tables, ignore_index=True).rename(columns=columns)


_TSFRESH = {"maximum": "max", "minimum": "min", "mean": "mean", "median": "median"}

PEERS: dict[str, Callable[[Path, Sequence[float]], Any]] = {
    "polars": run_polars,
    "polars-coded": run_polars_coded,
    "duckdb": run_duckdb,
    "pandas": run_pandas,
    "pandas-coded": run_pandas_coded,
    "tsfresh": run_tsfresh,
}


def differing_cells(ours: pd.DataFrame, table: Any) -> dict[str, int]:
    """Count the cells in which a peer's table and our vectors differ, by statistic.

    Parameters
    ----------
    ours : DataFrame
        As ``build_features`` gives it.
    table : DataFrame or pyarrow.Table
        From one of ``PEERS``.

    Returns
    -------
    dict of str to int
        Cells that differ by more than 1e-5 of their value and by more than 1e-5, or that
        one has and the other has not; for the statistics that the table has.
    """
    long = table if isinstance(table, pd.DataFrame) else table.to_pandas()
    long = long.astype({"episode_id": str, "analyte": str})
    found = {}
    for statistic in (name for name in STATISTICS if name in long.columns):
        theirs = long.dropna(subset=statistic).set_index(list(KEYS))[statistic]
        of_statistic = [column for column in ours.columns if f".{statistic}." in column]
        mine = ours[of_statistic].rename_axis(columns="column").stack().dropna()
        names = mine.index.get_level_values("column").str.rsplit(".", n=2)
        mine.index = pd.MultiIndex.from_arrays(
            [
                mine.index.get_level_values("episode_id"),
                names.str[0],
                mine.index.get_level_values("landmark_h"),
                names.str[2],
            ],
            names=KEYS,
        )
        both = pd.concat([mine.rename("mine"), theirs.rename("theirs")], axis=1)
        is_close = np.isclose(both["mine"], both["theirs"], rtol=1e-5, atol=1e-5)
        found[statistic] = int((~is_close).sum())
    return found

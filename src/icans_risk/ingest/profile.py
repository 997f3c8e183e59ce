"""What all rows of a reading look like, in counts and shares: the tables of the quality report.

No table names a patient, and no figure is a value of fewer than ``SMALL`` episodes.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import polars as pl

from icans_risk.catalogue import Analyte
from icans_risk.cohort import MODALITIES
from icans_risk.ingest.presence import SMALL, Rows, count, presence_tables
from icans_risk.ingest.reasons import REASONS

__all__ = ["profile"]

TEXTS = (
    "episode_id", "site", "era", "censored", "missing", "reason", "unit_read", "assay",
    "availability", "ordered_as",
)  # fmt: skip
OTHERS = ("value", "collected_h", "available_h", "unusual", "version")
# Every row is in exactly one of these states, so that the steps of the flow add up.
STATES = ("quarantined", "missing", "duplicate", "superseded", "kept")


def profile(
    rows: pl.DataFrame,
    episodes: pd.DataFrame,
    *,
    catalogue: Mapping[str, Analyte],
    severe: pd.Series | None = None,
) -> dict[str, Rows]:
    """Count what became of all rows, and say what the used ones look like.

    Parameters
    ----------
    rows : polars.DataFrame
        Every row of the results after the stages, whatever became of it; its text may be
        coded: ``episode_id, site, analyte, value, censored, missing, reason, duplicate,
        superseded, unusual, unit_read, assay, availability, collected_h, available_h,
        ordered_as, version, era``.
    episodes : DataFrame
        The episodes of the cohort: ``episode_id, followed_until_h`` and, if known, ``site``.
    catalogue : mapping of str to Analyte
        What can be measured, by full name.
    severe : Series of bool, optional
        By ``episode_id``, whether the endpoint was reached; empty where nobody knows.
        Without it there are no tables by outcome.

    Returns
    -------
    dict of str to list of dict
        ``flow``: rows by what became of them. ``analytes``: counts, shares, units, values
        and times by analyte. ``sites``, ``eras``: the same in short by site and by block of
        the calendar. ``availability``: how the time of availability was found.
        ``ordered_as``, ``modalities``, ``timeline``, ``density``, ``tested_after``: who was
        tested, when and why. Shares lie between 0 and 1, times are hours since infusion;
        None stands for what cannot be said or rests on fewer than five episodes.
    """
    every = _with_state(rows)
    kept = every.filter(pl.col("state") == "kept")
    return {
        "flow": _flow(every),
        "analytes": _analytes(every, kept, catalogue),
        "sites": _sites(every, kept, episodes),
        "eras": _by_group(every, "era").sort("era", nulls_last=True).to_dicts(),
        "availability": _availability(kept),
        **presence_tables(kept, episodes, severe=severe),
    }


def _with_state(rows: pl.DataFrame) -> pl.DataFrame:
    """Say what became of each row, and replace text by codes, which are grouped faster."""
    quarantined, missing, duplicate, superseded, kept = (pl.lit(s, pl.Enum(STATES)) for s in STATES)
    state = (
        pl.when(pl.col("reason").is_not_null()).then(quarantined)
        .when(pl.col("missing").is_not_null()).then(missing)
        .when("duplicate").then(duplicate)
        .when("superseded").then(superseded)
        .otherwise(kept)
    )  # fmt: skip
    names = rows["analyte"].drop_nulls().unique().cast(pl.String).sort()
    modality = names.str.split(".").list.first().cast(pl.Enum(MODALITIES))
    coded = rows.select(
        pl.col(TEXTS).cast(pl.Categorical),
        *OTHERS,
        pl.col("analyte").cast(pl.Enum(names)),
        state=state,
    )
    return coded.with_columns(modality=pl.lit(modality).gather(pl.col("analyte").to_physical()))


def _flow(every: pl.DataFrame) -> Rows:
    rows = dict(count(every, "state", rows=pl.len()).iter_rows())
    return [
        _step("in", len(every)),
        *_steps(every, "missing", by="missing"),
        *_steps(every, "quarantined", by="reason"),
        *(_step(name, rows[name]) for name in ("duplicate", "superseded") if name in rows),
        _step("kept", rows.get("kept", 0)),
    ]


def _steps(every: pl.DataFrame, name: str, *, by: str) -> Rows:
    found = count(every.filter(pl.col("state") == name), by, rows=pl.len())
    parts = found.sort("rows", by, descending=[True, False]).iter_rows()
    return [_step(name, rows, detail=detail) for detail, rows in parts]


def _step(name: str, rows: int, *, detail: str | None = None) -> dict[str, Any]:
    reason = REASONS.get(detail or "") if name == "quarantined" else None
    return {
        "step": name,
        "detail": detail,
        "rows": rows,
        "message": reason.message if reason else None,
        "remedy": reason.remedy if reason else None,
    }


def _analytes(every: pl.DataFrame, kept: pl.DataFrame, catalogue: Mapping[str, Analyte]) -> Rows:
    in_state = {state: (pl.col("state") == state).sum() for state in STATES}
    counts = count(
        every,
        "analyte",
        kept=in_state["kept"],
        missing=in_state["missing"],
        quarantined=in_state["quarantined"],
        duplicates=in_state["duplicate"],
        superseded=in_state["superseded"],
        impossible=(pl.col("reason") == "impossible_value").sum(),
    )
    table = (
        counts.join(_values(kept), on="analyte", how="left")
        .join(_seen(kept, "unit_read", at_least=1), on="analyte", how="left")
        # A platform that hardly anybody has may be a remark that stands in its column.
        .join(_seen(kept, "assay", at_least=SMALL), on="analyte", how="left")
        .with_columns(pl.col("episodes", "unusual", "corrected").fill_null(0))
    )
    order = {name: place for place, name in enumerate(catalogue)}
    found = [_named(row, catalogue) for row in table.to_dicts() if row["analyte"] is not None]
    return sorted(found, key=lambda row: (order.get(_base(row), len(order)), row["analyte"]))


def _base(row: Mapping[str, Any]) -> str:
    """Name the analyte without the platform that may stand behind it."""
    return str(row["analyte"]).partition("@")[0]


def _named(row: dict[str, Any], catalogue: Mapping[str, Analyte]) -> dict[str, Any]:
    entry = catalogue.get(_base(row))
    unit = entry.unit if entry else ""
    return {"analyte": row["analyte"], "label": entry.label if entry else "", "unit": unit} | {
        "units_seen": row.pop("unit_read_seen") or [],
        "assays_seen": row.pop("assay_seen") or [],
        **{name: cell for name, cell in row.items() if name != "analyte"},
    }


def _values(kept: pl.DataFrame) -> pl.DataFrame:
    value, time = pl.col("value"), pl.col("collected_h")
    described = count(
        kept,
        "analyte",
        episodes=pl.col("episode_id").n_unique(),
        unusual=pl.col("unusual").sum(),
        corrected=(pl.col("version") > 0).sum(),
        censored_share=(pl.col("censored") != "").mean(),
        median=value.median(),
        p5=value.quantile(0.05),
        p95=value.quantile(0.95),
        first_h=time.min(),
        last_h=time.max(),
    )
    aggregates = pl.col("censored_share", "median", "p5", "p95", "first_h", "last_h")
    return described.with_columns(pl.when(pl.col("episodes") >= SMALL).then(aggregates))


def _seen(kept: pl.DataFrame, column: str, *, at_least: int) -> pl.DataFrame:
    """List the words of a column by analyte, the most frequent first."""
    words = kept.filter(pl.col(column) != "")
    episodes = pl.col("episode_id").n_unique()
    counted = count(words, "analyte", column, rows=pl.len(), episodes=episodes)
    frequent = counted.filter(pl.col("episodes") >= at_least)
    ordered = frequent.sort("rows", column, descending=[True, False])
    return ordered.group_by("analyte").agg(pl.col(column).alias(f"{column}_seen"))


def _by_group(every: pl.DataFrame, key: str) -> pl.DataFrame:
    is_kept = pl.col("state") == "kept"
    groups = count(
        every,
        key,
        episodes=pl.col("episode_id").filter(is_kept).n_unique(),
        rows=pl.len(),
        missing_share=(pl.col("state") == "missing").mean(),
        quarantined_share=(pl.col("state") == "quarantined").mean(),
        analytes=pl.col("analyte").filter(is_kept).n_unique(),
    )
    return groups.with_columns(pl.col(key).cast(pl.String))


def _sites(every: pl.DataFrame, kept: pl.DataFrame, episodes: pd.DataFrame) -> Rows:
    """Count by site, including sites whose episodes have no result at all."""
    with_values = kept.select(pl.col("episode_id").unique().cast(pl.String))
    none = pd.Series(None, index=episodes.index, dtype="object")
    people = pl.DataFrame(
        {
            "episode_id": pl.Series(episodes["episode_id"].tolist(), dtype=pl.String),
            "site": pl.Series(_plain(episodes.get("site", none)), dtype=pl.String),
        }
    )
    silent = ~pl.col("episode_id").is_in(with_values["episode_id"].implode())
    expected = people.group_by("site").agg(episodes=pl.len(), without_values=silent.sum())
    found = _by_group(every, "site").drop("episodes")
    joined = expected.join(found, on="site", how="full", coalesce=True, nulls_equal=True)
    counts = pl.col("episodes", "without_values", "rows", "analytes").fill_null(0)
    return joined.with_columns(counts).sort("site", nulls_last=True).to_dicts()


def _plain(cells: pd.Series) -> list[Any]:
    return [None if pd.isna(cell) else str(cell) for cell in cells]


def _availability(kept: pl.DataFrame) -> Rows:
    lag = pl.col("available_h") - pl.col("collected_h")
    found = count(
        kept,
        "modality",
        "availability",
        values=pl.len(),
        episodes=pl.col("episode_id").n_unique(),
        median_hours=lag.median(),
    )
    shown = found.with_columns(pl.when(pl.col("episodes") >= SMALL).then("median_hours"))
    order = ["modality", "values", "availability"]
    return shown.sort(order, descending=[False, True, False]).drop("episodes").to_dicts()

"""Who was tested, when, how often and why: the tables that show the shadow of the outcome."""

from typing import Any

import pandas as pd
import polars as pl

from icans_risk.cohort import MODALITIES

__all__ = ["SMALL", "Rows", "count", "presence_tables"]

Rows = list[dict[str, Any]]
# Figures of fewer episodes than this are not shown.
SMALL = 5
FIRST_DAY = -7
LAST_DAY_BY_OUTCOME, LAST_DAY = 14, 30
ORDERS = ("protocol", "prophylaxis", "clinical", "unknown")
# Whether these were done at all is nearly the outcome.
FOR_CAUSE = ("csf", "eeg", "imaging")


def presence_tables(
    kept: pl.DataFrame, episodes: pd.DataFrame, *, severe: pd.Series | None
) -> dict[str, Rows]:
    """Count the used values by modality, day, order and outcome.

    Parameters
    ----------
    kept : polars.DataFrame
        The used values: ``episode_id, modality, collected_h, ordered_as``.
    episodes : DataFrame
        ``episode_id, followed_until_h`` of all episodes.
    severe : Series of bool or None
        By ``episode_id``, whether the endpoint was reached.

    Returns
    -------
    dict of str to list of dict
        ``ordered_as``: counts by modality before and after infusion. ``modalities``: which
        ones exist for how many episodes. ``timeline``: values by modality and day.
        ``density``: values per episode under observation, by modality, day and outcome.
        ``tested_after``: episodes with any CSF, EEG or imaging after infusion, by outcome.
    """
    outcomes = _outcomes(episodes, severe)
    dated = kept.select(
        "episode_id",
        "modality",
        "ordered_as",
        after=pl.col("collected_h") > 0,
        day=(pl.col("collected_h") / 24).floor().cast(pl.Int32),
    )
    orders = count(dated, "modality", "after", "ordered_as", values=pl.len())
    cells = count(dated, "episode_id", "modality", "day", "after", values=pl.len())
    cells = cells.with_columns(pl.col("episode_id").cast(pl.String))
    return {
        "ordered_as": _ordered_as(orders),
        "modalities": _patterns(cells, outcomes),
        "timeline": _timeline(cells),
        "density": _density(cells, outcomes),
        "tested_after": _tested_after(cells, outcomes),
    }


def count(frame: pl.DataFrame, *keys: str, **figures: pl.Expr) -> pl.DataFrame:
    """Compute figures by group; streaming, because a reading may hold 10 million rows."""
    return frame.lazy().group_by(keys).agg(**figures).collect(engine="streaming")


def _outcomes(episodes: pd.DataFrame, severe: pd.Series | None) -> pl.DataFrame:
    known = {} if severe is None else severe.dropna().astype(bool).to_dict()
    ids = [str(episode) for episode in episodes["episode_id"]]
    return pl.DataFrame(
        {
            "episode_id": pl.Series(ids, dtype=pl.String),
            "followed_until_h": episodes["followed_until_h"].to_numpy(),
            "severe": pl.Series([known.get(episode) for episode in ids], dtype=pl.Boolean),
        }
    )


def _ordered_as(orders: pl.DataFrame) -> Rows:
    counts = [
        pl.col("values").filter(pl.col("ordered_as") == order).sum().alias(order)
        for order in ORDERS
    ]
    found = orders.group_by("modality", "after").agg(counts).sort("modality", "after")
    period = pl.when("after").then(pl.lit("after")).otherwise(pl.lit("before"))
    return found.select("modality", period.alias("infusion"), *ORDERS).to_dicts()


def _patterns(cells: pl.DataFrame, outcomes: pl.DataFrame) -> Rows:
    """Count episodes by the modalities they have; rare patterns are one."""
    has = [(pl.col("modality") == modality).any().alias(modality) for modality in MODALITIES]
    present = cells.group_by("episode_id").agg(has)
    everybody = outcomes.select("episode_id").join(present, on="episode_id", how="left")
    filled = everybody.with_columns(pl.col(MODALITIES).fill_null(value=False))
    counted = filled.group_by(MODALITIES).agg(episodes=pl.len())
    frequent = counted.filter(pl.col("episodes") >= SMALL)
    shown = frequent.sort("episodes", *MODALITIES, descending=True).to_dicts()
    rest = counted.height - frequent.height
    if not rest:
        return shown
    others = outcomes.height - sum(row["episodes"] for row in shown)
    return [*shown, dict.fromkeys(MODALITIES) | {"episodes": others}]


def _timeline(cells: pl.DataFrame) -> Rows:
    shown = cells.filter(pl.col("day").is_between(FIRST_DAY, LAST_DAY))
    summed = shown.group_by("modality", "day").agg(pl.col("values").sum())
    return summed.sort("modality", "day").to_dicts()


def _density(cells: pl.DataFrame, outcomes: pl.DataFrame) -> Rows:
    known = outcomes.filter(pl.col("severe").is_not_null())
    if known.is_empty():
        return []
    days = pl.DataFrame(
        {"day": pl.Series(range(FIRST_DAY, LAST_DAY_BY_OUTCOME + 1), dtype=pl.Int32)}
    )
    # Who has died or left is tested no more: only episodes still observed count in a day.
    observed = (
        days.join(known, how="cross")
        .filter(pl.col("followed_until_h") > 24 * pl.col("day"))
        .group_by("day", "severe")
        .agg(episodes=pl.len())
    )
    values = (
        cells.join(known, on="episode_id")
        .group_by("modality", "day", "severe")
        .agg(pl.col("values").sum())
    )
    rate = pl.col("values") / pl.col("episodes")
    return (
        cells.select(pl.col("modality").unique())
        .join(observed.filter(pl.col("episodes") >= SMALL), how="cross")
        .join(values, on=["modality", "day", "severe"], how="left")
        .with_columns(pl.col("values").fill_null(0))
        .with_columns(per_episode_day=rate)
        .sort("modality", "severe", "day")
        .to_dicts()
    )


def _tested_after(cells: pl.DataFrame, outcomes: pl.DataFrame) -> Rows:
    known = outcomes.filter(pl.col("severe").is_not_null())
    after = cells.filter("after", pl.col("modality").is_in(FOR_CAUSE))
    tested = after.select("episode_id", "modality").unique().join(known, on="episode_id")
    counts = tested.group_by("modality", "severe").agg(tested=pl.len())
    groups = known.group_by("severe").agg(episodes=pl.len()).filter(pl.col("episodes") >= SMALL)
    present = after.select(pl.col("modality").unique())
    return (
        present.join(groups, how="cross")
        .join(counts, on=["modality", "severe"], how="left")
        .with_columns(pl.col("tested").fill_null(0))
        .with_columns(share=pl.col("tested") / pl.col("episodes"))
        .sort("modality", "severe")
        .to_dicts()
    )

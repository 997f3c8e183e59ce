"""Which infusion a result belongs to."""

from dataclasses import dataclass
from typing import Literal

import polars as pl

from icans_risk.errors import CohortError
from icans_risk.ingest.frames import set_aside, usable
from icans_risk.ingest.tables.time_columns import HOURS_PER_DAY
from icans_risk.study.handling import Handling
from icans_risk.study.tables import Clock, Decimal

__all__ = ["Habits", "keep_reachable", "match_episodes"]


@dataclass(frozen=True)
class Habits:
    """How a source writes: what its key names, its clock, its time zone, its decimal sign."""

    key: Literal["patient_id", "episode_id"]
    clock: Clock
    time_zone: str | None = None
    decimal: Decimal | dict[str, Decimal] = "point"


def match_episodes(chunk: pl.DataFrame, infusions: pl.DataFrame, habits: Habits) -> pl.DataFrame:
    """Give each raw result its episode, or the reason why it has none.

    A result of a patient with several infusions is matched to each; ``keep_reachable``
    leaves it where it belongs once its time is known.

    Parameters
    ----------
    chunk : DataFrame
        Raw results.
    infusions : DataFrame
        From ``read_infusions``.
    habits : Habits
        How the source writes.

    Returns
    -------
    DataFrame
        With ``episode_id``, ``site``, ``infused``, ``position``, ``next_infusion_h``, ``reason``.

    Raises
    ------
    CohortError
        If results name patients of several infusions and no calendar time tells them apart.
    """
    known = infusions.select(
        pl.col(habits.key).alias("key"),
        "episode_id",
        pl.col("site") if "site" in infusions.columns else pl.lit(None, pl.String).alias("site"),
        "infused",
        "position",
        "next_infusion_h",
        "reason",
    )
    several = known.filter(pl.col("key").is_duplicated())["key"].n_unique()
    if habits.clock != "calendar" and several:
        raise CohortError(
            f"{chunk['file'][0]}: expected one infusion per patient, {several} patients have "
            "several, and times relative to an infusion do not say to which. Name the column of "
            "the episode."
        )
    matched = chunk.join(known, on="key", how="left", maintain_order="left")
    matched = set_aside(matched, pl.col("key").is_null(), reason="no_identifier")
    return set_aside(matched, pl.col("episode_id").is_null(), reason="unknown_patient")


def keep_reachable(frame: pl.DataFrame, handling: Handling) -> pl.DataFrame:
    """Keep each result where it lies within reach of the infusion.

    What lies before an infusion belongs to its baseline, even if it follows an earlier one;
    what lies after the next infusion belongs to that.

    Parameters
    ----------
    frame : DataFrame
        Matched results with ``collected_h``.
    handling : Handling
        ``baseline_days`` and ``follow_days``.

    Returns
    -------
    DataFrame
        Copies of a result out of reach of one infusion but in reach of another are gone; a
        result out of reach of all is set aside once.
    """
    time = pl.col("collected_h")
    too_early = time < -handling.baseline_days * HOURS_PER_DAY
    too_late = time > handling.follow_days * HOURS_PER_DAY
    out = usable() & (too_early | too_late | (time >= pl.col("next_infusion_h")).fill_null(False))
    frame = frame.with_columns(_out=out)
    if frame["next_infusion_h"].null_count() < len(frame):
        place = ["file", "row", "column"]
        within = usable() & ~pl.col("_out")
        first = pl.int_range(pl.len()).over(place) == 0
        frame = frame.filter(pl.when(within.any().over(place)).then(within).otherwise(first))
    return set_aside(frame, pl.col("_out"), reason="out_of_reach").drop("_out")

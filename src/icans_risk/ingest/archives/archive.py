"""What every reader of an archive hands on, and how its infusions become episodes."""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from icans_risk.errors import CohortError
from icans_risk.ingest.quality import QualityReport

__all__ = ["Archive", "completed_years", "hours_after", "number_episodes"]


@dataclass(frozen=True)
class Archive:
    """An archive in a common data model, opened.

    Attributes
    ----------
    infusions : DataFrame
        One row per episode: ``patient_id``, ``episode_id``, ``infused`` (UTC), ``reason``,
        and what the archive knows of ``era``, ``age_years``, ``sex``, ``died_h`` and
        ``followed_until_h``. No other calendar time leaves the reader.
    results : iterator of DataFrame
        Chunks of raw results, ``key`` being the patient. What was left out becomes findings
        after the last chunk.
    time_zone : str
        IANA name, for times that state no offset.
    """

    infusions: pl.DataFrame
    results: Iterator[pl.DataFrame]
    time_zone: str


def number_episodes(
    found: pl.DataFrame, quality: QualityReport, *, where: tuple[str, str, str]
) -> pl.DataFrame:
    """Make an episode of each day on which a patient was infused.

    Several bags, or one bag recorded twice, are one infusion: the day's first time counts.

    Parameters
    ----------
    found : DataFrame
        One row per record: ``patient_id``, ``infused``, ``local_date``; with a true
        ``assumed`` where the hour is not the record's own, which then counts last.
    quality : QualityReport
        Told how many records were merged.
    where : tuple of str
        File, sheet and column, for the report.

    Returns
    -------
    DataFrame
        ``patient_id``, ``episode_id``, ``infused``, ``local_date``, by patient and time. A
        patient's only episode bears the patient's name, several are ``NAME-1``, ``NAME-2``.

    Raises
    ------
    CohortError
        If there is no record.
    """
    if found.is_empty():
        raise CohortError(
            f"{where[0]}: expected infusions, found no row that marks one with a time that can be "
            "read. Correct what marks them in the study file."
        )
    days = found.sort("patient_id", "local_date", "assumed", "infused").unique(
        ["patient_id", "local_date"], keep="first", maintain_order=True
    )
    quality.add(
        "merged_infusions", "note", (), count=len(found) - len(days), where=where,
        message="A patient has several records of an infusion on one day.",
        action="Taken as one infusion, at the first time.",
    )  # fmt: skip
    number = pl.int_range(1, pl.len() + 1).over("patient_id").cast(pl.String)
    several = pl.len().over("patient_id") > 1
    numbered = pl.concat_str("patient_id", number, separator="-")
    return days.select(
        "patient_id",
        pl.when(several).then(numbered).otherwise("patient_id").alias("episode_id"),
        "infused",
        "local_date",
    )


def completed_years(start: str, end: str) -> pl.Expr:
    """Count the whole years from one column of dates to another; null if there are none.

    Examples
    --------
    >>> import datetime as dt
    >>> lives = {"born": [dt.date(1960, 5, 2)], "on": [dt.date(2026, 5, 1)]}
    >>> pl.DataFrame(lives).select(age=completed_years("born", "on"))["age"].to_list()
    [65.0]
    """
    born, on = pl.col(start).dt, pl.col(end).dt
    month, day = on.month() - born.month(), on.day() - born.day()
    is_ahead = (month < 0) | ((month == 0) & (day < 0))
    years = on.year() - born.year() - is_ahead.cast(pl.Int32)
    return pl.when(years >= 0).then(years).cast(pl.Float64)


def hours_after(moment: str) -> pl.Expr:
    """Count the hours from ``infused`` to another column of moments."""
    return (pl.col(moment) - pl.col("infused")).dt.total_microseconds() / 3.6e9

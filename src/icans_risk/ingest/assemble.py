"""Finished rows, infusions and grades become a cohort, whole or in parts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import polars as pl

from icans_risk.catalogue import Analyte
from icans_risk.cohort import Cohort
from icans_risk.errors import CohortError
from icans_risk.ingest.frames import usable
from icans_risk.ingest.profile import profile
from icans_risk.ingest.pseudonyms import pseudonym
from icans_risk.ingest.quality import QualityReport
from icans_risk.ingest.quarantine import Quarantine
from icans_risk.ingest.tables.grades import CRS_EVENT, crs_events
from icans_risk.ingest.tables.infusions import INFUSION

__all__ = ["Ingested"]

EVENT_WORDS = ("censored", "ordered_as", "assay")
EVENT_NUMBERS = ("collected_h", "available_h", "value", "version")


@dataclass(frozen=True)
class Ingested:
    """What was read, before it is a cohort.

    Attributes
    ----------
    infusions : DataFrame
        From ``read_infusions``.
    grades : DataFrame
        The grades table.
    groups : tuple of DataFrame
        All result rows, by group of episodes in the order of the infusions.
    quarantine : Quarantine
        Rows that were set aside.
    quality : QualityReport
        What was noticed.
    severe : Series
        Whether each episode that was graded reached the endpoint.
    key : bytes, optional
        Turns identifiers into pseudonyms.
    """

    infusions: pl.DataFrame
    grades: pd.DataFrame
    groups: tuple[pl.DataFrame, ...]
    quarantine: Quarantine
    quality: QualityReport
    severe: pd.Series
    key: bytes | None = None

    def describe(self, catalogue: Mapping[str, Analyte]) -> dict[str, list[dict[str, Any]]]:
        """Return the tables of the quality report, see ``profile``."""
        rows = pl.concat(self.groups, how="diagonal") if self.groups else pl.DataFrame()
        return profile(rows, self._episodes(), catalogue=catalogue, severe=self.severe)

    def parts(self) -> Iterator[Cohort]:
        """Form the cohort in parts of whole episodes.

        Yields
        ------
        Cohort
            In the order of the infusions.

        Raises
        ------
        CohortError
            If there is no usable infusion, or the tables contradict each other.
        """
        episodes = self._episodes()
        if episodes.empty:
            raise CohortError("expected at least one usable infusion, found none. Run 'check'.")
        group_of = self._group_of(episodes)
        # Where the results hold CRS grades themselves, those of the grades table say no more.
        graded = any((rows["analyte"] == CRS_EVENT).any() for rows in self.groups)
        for number, rows in enumerate(self.groups):
            part = episodes[group_of == number].drop(columns="position")
            if part.empty:
                continue
            grades = self.grades[self.grades["episode_id"].isin(part["episode_id"])]
            made = crs_events(grades.iloc[:0] if graded else grades)
            events = pd.concat([_events(rows), made], ignore_index=True)
            yield self._named(Cohort(episodes=part, events=events, grades=grades))

    def cohort(self) -> Cohort:
        """Form the whole cohort in memory."""
        parts = list(self.parts())
        return Cohort(
            episodes=pd.concat([part.episodes for part in parts], ignore_index=True),
            events=pd.concat([part.events for part in parts], ignore_index=True),
            grades=pd.concat([part.grades for part in parts], ignore_index=True),
        )

    def _episodes(self) -> pd.DataFrame:
        known = self.infusions.filter(usable())
        hidden = [name for name in (*INFUSION, "row") if name not in ("patient_id", "episode_id")]
        episodes = known.drop(hidden, strict=False).to_pandas()
        episodes["position"] = known["position"].to_numpy()
        last = self.grades.groupby("episode_id")["assessed_h"].max()
        # Never graded means never observed: followed until the infusion and no further.
        observed = episodes["episode_id"].map(last).clip(lower=0.0).fillna(0.0)
        given = episodes.get("followed_until_h", pd.Series(float("nan"), index=episodes.index))
        episodes["followed_until_h"] = given.fillna(observed)
        return episodes

    def _group_of(self, episodes: pd.DataFrame) -> pd.Series:
        return episodes["position"] * len(self.groups) // len(self.infusions)

    def _named(self, cohort: Cohort) -> Cohort:
        if self.key is None:
            return cohort
        key, episodes = self.key, cohort.episodes.copy()
        names = {i: pseudonym(i, key, kind="episode") for i in episodes["episode_id"]}
        episodes["patient_id"] = [pseudonym(i, key, kind="patient") for i in episodes["patient_id"]]
        episodes["episode_id"] = episodes["episode_id"].map(names)
        events, grades = (
            table.assign(episode_id=table["episode_id"].map(names))
            for table in (cohort.events, cohort.grades)
        )
        return Cohort(episodes=episodes, events=events, grades=grades)


def _events(rows: pl.DataFrame) -> pd.DataFrame:
    is_event = usable() & pl.col("missing").is_null() & ~pl.col("duplicate") & ~pl.col("superseded")
    name = pl.col("analyte").cast(pl.String).str.splitn(".", 2)
    return (
        rows.filter(is_event)
        .select(
            pl.col("episode_id").cast(pl.String),
            name.struct.field("field_0").alias("modality"),
            name.struct.field("field_1").alias("analyte"),
            *(pl.col(column).cast(pl.String) for column in EVENT_WORDS),
            *EVENT_NUMBERS,
        )
        .to_pandas()
    )

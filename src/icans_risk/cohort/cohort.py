"""The cohort: three tables that belong together."""

import hashlib
from dataclasses import dataclass

import pandas as pd

from icans_risk.cohort.checks import check_table, hash_table, refuse_cells
from icans_risk.cohort.tables import EPISODES, EVENTS, GRADES
from icans_risk.errors import CohortError

__all__ = ["Cohort"]


@dataclass(frozen=True, repr=False)
class Cohort:
    """The infusions of a study with all that was measured and graded around them.

    Parameters
    ----------
    episodes : DataFrame
        One row per infusion, see ``EPISODES``.
    events : DataFrame
        One row per measured value, see ``EVENTS``.
    grades : DataFrame
        One row per toxicity assessment, see ``GRADES``.

    Raises
    ------
    CohortError
        If a table breaks its contract, an episode stands twice, or a row belongs to
        no episode.
    """

    episodes: pd.DataFrame
    events: pd.DataFrame
    grades: pd.DataFrame

    def __post_init__(self) -> None:
        for name, table in (("episodes", EPISODES), ("events", EVENTS), ("grades", GRADES)):
            checked = check_table(getattr(self, name), table, name=name)
            object.__setattr__(self, name, checked)
        self._check_episodes()
        self._check_times()
        self._check_grades()

    def _check_episodes(self) -> None:
        ids = self.episodes["episode_id"]
        if ids.empty:
            raise CohortError("A cohort needs at least one episode, got none. Check the source.")
        refuse_cells(ids.duplicated(), "episodes.episode_id", "must be unique")
        for name in ("events", "grades"):
            orphans = ~getattr(self, name)["episode_id"].isin(ids)
            refuse_cells(orphans, f"{name}.episode_id", "must name a known episode")

    def _check_times(self) -> None:
        late = self.events["available_h"] < self.events["collected_h"]
        refuse_cells(late, "events.available_h", "must not precede collected_h")
        late = self.grades["available_h"] < self.grades["assessed_h"]
        refuse_cells(late, "grades.available_h", "must not precede assessed_h")
        late = self.grades["assessed_h"] < self.grades["covers_from_h"]
        refuse_cells(late, "grades.assessed_h", "must not precede covers_from_h")

    def _check_grades(self) -> None:
        grades = self.grades
        before = (grades["assessed_h"] <= 0) & (grades["icans_grade"] > 0)
        refuse_cells(before, "grades.icans_grade", "must be 0 or empty before the infusion")
        # Two raters' grades have to be made one, by a stated rule, before they come here.
        assessment = ["episode_id", "covers_from_h", "assessed_h", "scale"]
        distinct = grades.groupby(assessment)["icans_grade"].transform("nunique")
        refuse_cells(distinct > 1, "grades.icans_grade", "must be one in each assessment")

    def __repr__(self) -> str:
        """Count; identifiers would otherwise stand in every log and notebook."""
        return (
            f"Cohort({len(self.episodes)} episodes, {len(self.events)} events, "
            f"{len(self.grades)} grades)"
        )

    def hash(self) -> str:
        """Hash the cohort's parsed values, whatever file and order they came in."""
        parts = [hash_table(t) for t in (self.episodes, self.events, self.grades)]
        return hashlib.sha256("".join(parts).encode()).hexdigest()

"""The data of a study: where they are and how they are read."""

from pathlib import Path
from typing import Literal

from pydantic import model_validator

from icans_risk.study.archives import MedsFolder, OmopFolder
from icans_risk.study.daily import DailyTable, Roster
from icans_risk.study.handling import Handling
from icans_risk.study.signals import RawFiles
from icans_risk.study.strict import Strict
from icans_risk.study.tables import EpisodeColumn, GradeTable, Infusions, Results

__all__ = ["Data"]

_SOURCES = ("cohort", "daily", "infusions", "meds", "omop")


class Data(Strict):
    """Where the cohort comes from: exactly one of five kinds of source.

    Attributes
    ----------
    cohort : Path, optional
        A cohort folder.
    daily, roster, discharged : optional
        A daily table that is the whole cohort, every patient of it, and what the end of
        its grades means.
    infusions : Infusions, optional
        A table of infusions, with ``results`` and ``grades`` beside it.
    meds, omop : optional
        An archive; ``grades`` may stand beside it.
    episodes : mapping of str to EpisodeColumn
        Further columns of the episodes: product, site, age and so on.
    results, grades : tuple
        Tables of measurements and of toxicity assessments.
    signals : tuple of RawFiles
        Lists of recordings and scans, beside any source.
    handling : Handling
        What is to be done where the export leaves something open.
    """

    cohort: Path | None = None
    daily: DailyTable | None = None
    roster: Roster | None = None
    discharged: Literal["after_last_graded_day", "not_recorded"] | None = None
    infusions: Infusions | None = None
    meds: MedsFolder | None = None
    omop: OmopFolder | None = None
    episodes: dict[str, EpisodeColumn] = {}
    results: tuple[Results, ...] = ()
    grades: tuple[GradeTable, ...] = ()
    signals: tuple[RawFiles, ...] = ()
    handling: Handling = Handling()

    @model_validator(mode="after")
    def _one_source(self) -> "Data":
        given = [name for name in _SOURCES if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"needs exactly one of {', '.join(_SOURCES)}")
        if self.cohort is not None and self.episodes:
            raise ValueError("a cohort folder already holds its episodes: give cohort alone")
        if self.daily is None and (self.roster or self.discharged):
            raise ValueError("roster and discharged belong to daily")
        if self.daily is not None and self.discharged is None:
            raise ValueError("needs discharged beside daily: what does the end of grades mean?")
        if (self.cohort or self.daily) and (self.results or self.grades):
            raise ValueError("results and grades stand beside infusions, meds or omop")
        return self

"""What is to be done where an export leaves something open."""

import math
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator, model_validator

from icans_risk.study.strict import Strict, check_names

__all__ = ["AssayRule", "Availability", "Handling", "UnitCorrection"]


class Availability(Strict):
    """How the time of a result is found where the source does not give it.

    Attributes
    ----------
    policy : str
        ``catalogue_turnaround``: collection plus the catalogue's usual turnaround.
        ``site_turnaround``: plus ``site_hours[site]``. ``constant``: plus
        ``hours[analyte]``. ``bedside``: at once.
    hours : mapping of str to float
        Turnaround by analyte; under any policy it comes first for the analytes it names.
    site_hours : mapping of str to float
        Turnaround by site.
    """

    policy: Literal["catalogue_turnaround", "site_turnaround", "constant", "bedside"]
    hours: dict[str, float] = {}
    site_hours: dict[str, float] = {}

    @model_validator(mode="after")
    def _is_complete(self) -> "Availability":
        check_names(self.hours)
        if not all(0 <= h < math.inf for h in (*self.hours.values(), *self.site_hours.values())):
            raise ValueError("a turnaround is a finite number of hours, never negative")
        if self.policy == "site_turnaround" and not self.site_hours:
            raise ValueError("site_turnaround needs site_hours")
        if self.policy == "constant" and not self.hours:
            raise ValueError("constant needs hours")
        return self


class UnitCorrection(Strict):
    """Values of an analyte that are in another unit than their column says.

    Attributes
    ----------
    analyte, unit : str
        Whose values, and the unit that they are in.
    site : str, optional
        At this site.
    file, rows : str, tuple of int, optional
        In this file, from the first to the last of these rows.
    because : str
        How it is known.
    """

    analyte: str
    unit: str
    site: str | None = None
    file: str | None = None
    rows: tuple[int, int] | None = None
    because: str = Field(min_length=10)

    @model_validator(mode="after")
    def _is_placed(self) -> "UnitCorrection":
        check_names([self.analyte])
        if (self.site is None) == (self.file is None):
            raise ValueError("needs exactly one of site and file")
        if self.rows is not None and (self.file is None or self.rows[0] > self.rows[1]):
            raise ValueError("rows belong to a file and must rise")
        return self


class AssayRule(Strict):
    """How the results of several platforms become one measurement, or do not.

    Attributes
    ----------
    use : str, optional
        Only this platform's results are used; the others are left out and counted.
    factors : mapping of str to float
        Multiplies a platform's results; the platform of reference has 1.
    source : str, optional
        Where the factors come from; needed with them.
    separate : bool
        Each platform is a measurement of its own, ``plasma.nfl@ella``.
    """

    use: str | None = None
    factors: dict[str, float] = {}
    source: str | None = Field(default=None, min_length=10)
    separate: bool = False

    @model_validator(mode="after")
    def _one_way(self) -> "AssayRule":
        if sum((self.use is not None, bool(self.factors), self.separate)) != 1:
            raise ValueError("needs exactly one of use, factors, separate")
        if self.factors and self.source is None:
            raise ValueError("factors need a source")
        if not all(0 < factor < math.inf for factor in self.factors.values()):
            raise ValueError("factors are positive and finite")
        return self


class Handling(Strict):
    """Decisions about what an export leaves open; every one is counted in the report.

    Attributes
    ----------
    availability : Availability, optional
        Needed as soon as one result has no time of availability.
    quarantine_at_most : float
        Share of rows that may be set aside before the whole is refused.
    units : mapping of str to str
        The source's unit texts and the units that they mean.
    missing_words : tuple of str
        Result texts that mean "no result", beside the built-in list.
    below_limit : {"limit", "half"}
        What stands for ``<0.5``: the limit or half of it.
    thousands : {"refuse", "group"}
        What ``1,234`` is where the decimal sign is a point (and ``1.234`` where it is a
        comma): refused, or a number with grouped thousands.
    same_sample : {"refuse", "first", "last"}
        What to do with two different results of one sample that became available together.
    baseline_days : float
        How long before an infusion a result may belong to it.
    follow_days : float
        How long after it.
    exported_at : datetime, optional
        When the export was made, with its offset; nothing in it can be later.
    unit_corrections : tuple of UnitCorrection
        Values in another unit than stated.
    assays : mapping of str to AssayRule
        Analytes measured on several platforms.
    pseudonym_key : Path, optional
        Key file for pseudonyms, outside any repository and readable by its owner only.
    """

    availability: Availability | None = None
    quarantine_at_most: float = Field(default=0.02, ge=0, le=1)
    units: dict[str, str] = {}
    missing_words: tuple[str, ...] = ()
    below_limit: Literal["limit", "half"] = "limit"
    thousands: Literal["refuse", "group"] = "refuse"
    same_sample: Literal["refuse", "first", "last"] = "refuse"
    baseline_days: float = Field(default=90, gt=0)
    follow_days: float = Field(default=1000, gt=0)
    exported_at: datetime | None = None
    unit_corrections: tuple[UnitCorrection, ...] = ()
    assays: dict[str, AssayRule] = {}
    pseudonym_key: Path | None = None

    @field_validator("assays")
    @classmethod
    def _names_are_known(cls, assays: dict[str, AssayRule]) -> dict[str, AssayRule]:
        check_names(assays)
        return assays

    @field_validator("exported_at")
    @classmethod
    def _has_an_offset(cls, moment: datetime | None) -> datetime | None:
        if moment is not None and moment.tzinfo is None:
            raise ValueError("needs an offset, for example 2026-05-01T00:00:00+02:00")
        return moment

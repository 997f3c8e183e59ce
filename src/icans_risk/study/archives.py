"""Archives in a common data model: MEDS and OMOP."""

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator, model_validator

from icans_risk.study.strict import Strict
from icans_risk.study.tables import AnalyteChoice, OrderedAs

__all__ = ["MedsFolder", "OmopFolder", "OmopIndex"]


class MedsFolder(Strict):
    """A folder in the Medical Event Data Standard.

    A folder that this package exported needs no more than its name.

    Attributes
    ----------
    folder : Path
        Holds ``data/`` and ``metadata/``.
    infusion : str, optional
        Code of the event that is the infusion; several in one subject are several episodes.
    codes : mapping of str to AnalyteChoice
        Codes and what they mean; other codes are counted and left out.
    available, unit, assay, ordered_as : str, optional
        Extension columns, where the folder has them.
    """

    folder: Path
    infusion: str | None = None
    codes: dict[str, AnalyteChoice] = {}
    available: str | None = None
    unit: str | None = None
    assay: str | None = None
    ordered_as: str | None = None


class OmopIndex(Strict):
    """Which row of the archive is the infusion.

    Attributes
    ----------
    table : str
        ``visit_occurrence`` gives a surrogate, the first visit; it is said on every page.
    concepts : tuple of int
        Concept identifiers that mark the infusion.
    surrogate : bool
        Whether each person's first row stands for an infusion that the archive lacks; said
        on every page.
    infused_at : str, optional
        ``HH:MM``, local, for infusions of which only the date is recorded. Midnight counts
        as such: it is what the data model writes where the hour is not known.
    """

    table: Literal["drug_exposure", "procedure_occurrence", "visit_occurrence"]
    concepts: tuple[int, ...] = ()
    surrogate: bool = False
    infused_at: str | None = Field(default=None, pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")

    @model_validator(mode="after")
    def _is_named(self) -> "OmopIndex":
        if not self.concepts and not self.surrogate:
            raise ValueError("needs concepts, or surrogate: true for a time that is no infusion")
        if self.table == "visit_occurrence" and not self.surrogate:
            raise ValueError("a visit is no infusion: say surrogate: true")
        return self


class OmopFolder(Strict):
    """An OMOP CDM 5.4 archive: a folder or a zip of CSV or Parquet tables.

    Attributes
    ----------
    folder : Path
        The folder or the zip file.
    index : OmopIndex
        Where the infusions are.
    time_zone : str
        IANA name: times of the data model are local and state no offset.
    concepts : mapping of str to AnalyteChoice
        LOINC codes or concept identifiers, beside the catalogue's own LOINC codes.
    ordered_as : str
        Why tests were ordered, for all of them: the data model does not say.
    """

    folder: Path
    index: OmopIndex
    time_zone: str
    concepts: dict[str, AnalyteChoice] = {}
    ordered_as: OrderedAs = "unknown"

    @field_validator("concepts")
    @classmethod
    def _are_codes(cls, concepts: dict[str, AnalyteChoice]) -> dict[str, AnalyteChoice]:
        for code in concepts:
            if not code.replace("-", "", 1).isdigit():
                raise ValueError(f"{code!r} is neither a LOINC code nor a concept identifier")
        return concepts

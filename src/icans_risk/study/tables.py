"""Tables as a hospital exports them: who was infused, what was measured, what was graded."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from icans_risk.study.daily import GradeName, HalfRule, Scale, ScaleColumn
from icans_risk.study.strict import Strict, check_names

__all__ = [
    "AnalyteChoice",
    "Clock",
    "Decimal",
    "EpisodeColumn",
    "GradeTable",
    "Infusions",
    "LongTable",
    "OrderedAsColumn",
    "Results",
    "TableFile",
    "WideTable",
]

Decimal = Literal["point", "comma"]
# What a time column holds: a date with or without a time, hours or minutes since infusion, or
# the number of a day, 0 being the day of infusion, which covers [24 d, 24 (d + 1)) hours.
Clock = Literal["calendar", "hours", "minutes", "day_number"]
OrderedAs = Literal["protocol", "prophylaxis", "clinical", "unknown"]


class TableFile(Strict):
    """One table, in one file or in several with the same columns.

    Attributes
    ----------
    files : tuple of Path
        CSV, TSV (also gzipped), Parquet or XLSX; ``*`` and ``?`` stand for parts of a name.
    sheet : str, optional
        Sheet of a workbook that has several.
    delimiter : str, optional
        Of a text file, where its ending does not say it.
    encoding : str
        Of a text file.
    decimal : {"point", "comma"}
        The decimal sign of numbers that are written as text; never guessed.
    rows : int, optional
        How many rows all files hold together; another number is an error.
    sha256 : mapping of str to str
        Checksum of each file by its name. A file ``NAME.sha256`` beside it is used too.
    not_recorded : tuple of str
        Words that stand for an empty cell, in every column but those of identifiers.
    clock : str
        What its time columns hold.
    time_zone : str, optional
        IANA name; needed for calendar times that do not state their offset.
    """

    files: tuple[Path, ...] = Field(min_length=1)
    sheet: str | None = None
    delimiter: Literal[",", ";", "|", "\t"] | None = None
    encoding: Literal["utf-8", "utf-16", "latin-1", "cp1252"] = "utf-8"
    decimal: Decimal = "point"
    rows: int | None = Field(default=None, ge=0)
    sha256: dict[str, str] = {}
    not_recorded: tuple[str, ...] = ()
    clock: Clock = "calendar"
    time_zone: str | None = None


class EpisodeColumn(Strict):
    """Where one column of the episodes table comes from: exactly one source.

    Attributes
    ----------
    value : str or float, optional
        The same for all.
    column : str, optional
        Column of the table of infusions.
    id_prefix : mapping of str to str, optional
        Beginnings of patient identifiers and what they mean.
    words : mapping of str to str
        What the column's words mean here; a word that is not listed stays.
    """

    value: str | float | None = None
    column: str | None = None
    id_prefix: dict[str, str] | None = None
    words: dict[str, str] = {}

    @model_validator(mode="after")
    def _one_source(self) -> "EpisodeColumn":
        if sum(source is not None for source in (self.value, self.column, self.id_prefix)) != 1:
            raise ValueError("needs exactly one of value, column, id_prefix")
        if self.words and self.column is None:
            raise ValueError("words belong to a column")
        return self


class Infusions(TableFile):
    """One row per infusion: it defines the episodes.

    Attributes
    ----------
    patient, episode : str
        Columns of identifiers. Without ``episode`` each patient has one infusion.
    infused : str, optional
        Time of the infusion; needed as soon as any table has calendar times. A date
        without a time is refused unless ``infused_at`` gives the usual hour of the day.
    infused_at : str, optional
        ``HH:MM``, local, for infusions of which only the date is recorded.
    followed_until, discharged, died : str, optional
        Time columns. Without ``followed_until`` observation ends with the last grade.
    """

    patient: str
    episode: str | None = None
    infused: str | None = None
    infused_at: str | None = Field(default=None, pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")
    followed_until: str | None = None
    discharged: str | None = None
    died: str | None = None


class OrderedAsColumn(Strict):
    """A column that says why a test was ordered; a word that is not listed is ``unknown``.

    Attributes
    ----------
    column : str
        Header.
    words : mapping of str to str
        The column's words and what they mean: protocol, prophylaxis, clinical or unknown.
    """

    column: str
    words: dict[str, OrderedAs]


class AnalyteChoice(Strict):
    """What a word or a column of the source means; a name alone is short for ``analyte``.

    Attributes
    ----------
    analyte : str
        Full name in the catalogue.
    unit : str, optional
        Unit of all its values, where the source has no unit column.
    assay : str, optional
        Platform of all its values, where the source has no assay column.
    """

    analyte: str
    unit: str | None = None
    assay: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, choice: Any) -> Any:
        return {"analyte": choice} if isinstance(choice, str) else choice

    @field_validator("analyte")
    @classmethod
    def _name_is_known(cls, analyte: str) -> str:
        check_names([analyte])
        return analyte


class _Measured(TableFile):
    """What long and wide tables of results share.

    Attributes
    ----------
    patient, episode : str, optional
        Exactly one. A patient with several infusions needs ``episode``, or calendar times:
        what lies between two infusions follows the one and is the baseline of the other.
    collected : str
        When the sample was taken or the finding made.
    available : str, optional
        When the result could be read; without it, or where it is empty, the study's
        ``availability`` says how it is found.
    ordered_as : str or OrderedAsColumn
        Why the tests were ordered.
    decimal : {"point", "comma"} or mapping of site to one of them
        As in any table, or one for each site.
    """

    patient: str | None = None
    episode: str | None = None
    collected: str
    available: str | None = None
    ordered_as: OrderedAs | OrderedAsColumn = "unknown"
    decimal: Decimal | dict[str, Decimal] = "point"  # type: ignore[assignment]

    @model_validator(mode="after")
    def _one_key(self) -> "_Measured":
        if (self.patient is None) == (self.episode is None):
            raise ValueError("needs exactly one of patient and episode")
        return self


class LongTable(_Measured):
    """One row per result.

    Attributes
    ----------
    layout : {"long"}
        Says that each row is a result.
    analyte : str
        Column of the words for what was measured.
    value : str
        Column of results.
    unit : str, optional
        Column of units.
    assay, specimen : str, optional
        Columns of platform and specimen; both together tell measurements apart.
    analytes : mapping of str to AnalyteChoice
        The source's words and what they mean. Without it the words are catalogue names.
    others : {"refuse", "ignore"}
        What to do with words that ``analytes`` does not list.
    """

    layout: Literal["long"]
    analyte: str
    value: str
    unit: str | None = None
    assay: str | None = None
    specimen: str | None = None
    analytes: dict[str, AnalyteChoice] = {}
    others: Literal["refuse", "ignore"] = "refuse"


class WideTable(_Measured):
    """One row per time, one column per analyte.

    Attributes
    ----------
    layout : {"wide"}
        Says that each analyte has a column.
    columns : mapping of str to AnalyteChoice
        Headers and what stands under them; other columns are not read.
    """

    layout: Literal["wide"]
    columns: dict[str, AnalyteChoice] = Field(min_length=1)


Results = Annotated[LongTable | WideTable, Field(discriminator="layout")]


class GradeTable(TableFile):
    """One row per toxicity assessment.

    Attributes
    ----------
    patient, episode : str, optional
        Exactly one. A patient with several infusions needs ``episode``.
    assessed : str
        Time column; with ``clock: day_number`` a grade covers its whole day.
    available : str, optional
        When the grade could be read; without it, or where it is empty, when it was assessed.
    scale : str or ScaleColumn
        The scale of all grades, or the column that says it for each row.
    half_grades : {"ceil", "floor", "strict"}
        Where a half grade goes, the mean of two raters; strict refuses it.
    grades : mapping of str to str
        What is graded and its column.
    """

    patient: str | None = None
    episode: str | None = None
    assessed: str
    available: str | None = None
    scale: Scale | ScaleColumn
    half_grades: HalfRule = "strict"
    grades: dict[GradeName, str] = Field(min_length=1)

    @model_validator(mode="after")
    def _one_key(self) -> "GradeTable":
        if (self.patient is None) == (self.episode is None):
            raise ValueError("needs exactly one of patient and episode")
        return self

"""What a study file may say."""

import difflib
import hashlib
import json
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from icans_risk.catalogue import load_catalogue

__all__ = ["Study"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Correction(_Strict):
    """One cell of the source that takes the content of another row, with the reason.

    It is refused unless the cell still equals that of ``equals_row``. Rows are numbered as
    the spreadsheet shows them; no identifier has to be written into a study file.
    """

    row: int = Field(ge=2)
    column: str
    equals_row: int = Field(ge=2)
    take_from_row: int = Field(ge=2)
    because: str = Field(min_length=10)


class EventColumn(_Strict):
    """A column of the daily table that becomes events."""

    column: str
    ordered_as: Literal["protocol", "prophylaxis", "clinical", "unknown"]


class Roster(_Strict):
    """A table that names every patient of the study."""

    file: Path
    sheet: str | None = None
    patient: str


class ScaleColumn(_Strict):
    """A column that says on which scale each row was graded."""

    column: str


class DailyTable(Roster):
    """A long table with one row per patient and day."""

    day: str
    scale: Literal["ASTCT", "CARTOX", "CTCAE"] | ScaleColumn
    half_grades: Literal["ceil", "floor", "strict"] = "strict"
    not_recorded: tuple[str, ...] = ()
    grades: dict[Literal["icans_grade", "crs_grade", "tian_grade", "ice_total", "capd_total"], str]
    events: dict[str, EventColumn] = {}
    duplicates: Literal["error", "first", "last"]
    corrections: tuple[Correction, ...] = ()

    @field_validator("grades")
    @classmethod
    def _has_the_outcome(cls, grades: dict[str, str]) -> dict[str, str]:
        if "icans_grade" not in grades:
            raise ValueError("grades needs icans_grade: without it there is no outcome")
        return grades

    @field_validator("events")
    @classmethod
    def _names_are_known(cls, events: dict[str, EventColumn]) -> dict[str, EventColumn]:
        for name in events:
            if name not in load_catalogue():
                near = difflib.get_close_matches(name, load_catalogue(), n=1, cutoff=0.0)[0]
                raise ValueError(f"{name!r} is not in the catalogue; the nearest is {near!r}")
        return events


class EpisodeColumn(_Strict):
    """Where one column of the episodes table comes from: exactly one source."""

    value: str | float | None = None
    column: str | None = None
    id_prefix: dict[str, str] | None = None

    @model_validator(mode="after")
    def _one_source(self) -> "EpisodeColumn":
        if sum(source is not None for source in (self.value, self.column, self.id_prefix)) != 1:
            raise ValueError("needs exactly one of value, column, id_prefix")
        return self


class Data(_Strict):
    """Where the cohort comes from: a cohort folder, or source files and how to read them."""

    cohort: Path | None = None
    daily: DailyTable | None = None
    roster: Roster | None = None
    episodes: dict[str, EpisodeColumn] = {}
    discharged: Literal["after_last_graded_day", "not_recorded"] | None = None

    @model_validator(mode="after")
    def _one_source(self) -> "Data":
        if (self.cohort is None) == (self.daily is None):
            raise ValueError("needs exactly one of cohort and daily")
        if self.daily is not None and self.discharged is None:
            raise ValueError("needs discharged beside daily: what does the end of grades mean?")
        if self.cohort is not None and (self.roster or self.episodes or self.discharged):
            raise ValueError("a cohort folder already holds its episodes: give cohort alone")
        return self


Policy = Literal["discharged_well", "observed_only", "complete_case"]


class EndpointChoice(_Strict):
    """The first grade at or above a cut."""

    grade: Literal["icans_grade", "tian_grade"]
    at_least: int = Field(ge=1, le=5)


class Outcome(_Strict):
    """The estimand: who is at risk when, of what, until when.

    The first endpoint is the one that models predict; the others are counted beside it.
    """

    scale: Literal["ASTCT", "CARTOX", "CTCAE"]
    endpoints: tuple[EndpointChoice, ...] = Field(min_length=1)
    landmarks_h: tuple[float, ...] = Field(min_length=1)
    until_h: float | None = None
    within_h: float | None = None
    end_of_observation: Policy
    sensitivity: tuple[Policy, ...] = ()

    @model_validator(mode="after")
    def _one_horizon(self) -> "Outcome":
        if (self.until_h is None) == (self.within_h is None):
            raise ValueError("needs exactly one of until_h and within_h")
        if self.until_h is not None and self.until_h <= max(self.landmarks_h):
            raise ValueError("until_h must come after every landmark")
        if self.within_h is not None and self.within_h <= 0:
            raise ValueError("within_h must be positive")
        return self

    def horizon_h(self, landmark_h: float) -> float:
        """Return the end of the risk period in hours since infusion."""
        return self.until_h if self.until_h is not None else landmark_h + (self.within_h or 0.0)

    @property
    def endpoint_in_words(self) -> str:
        """Name the first endpoint as a report prints it."""
        first = self.endpoints[0]
        syndrome, scale = ("ICANS", self.scale) if first.grade == "icans_grade" else ("TIAN", "")
        higher = " or higher" if first.at_least < 5 else ""
        return f"{syndrome} grade {first.at_least}{higher}" + (f" ({scale})" if scale else "")


class WindowSpan(_Strict):
    """A window ``(start, end]`` in hours around its anchor; null is unbounded."""

    anchor: Literal["infusion", "lymphodepletion", "landmark"]
    start_h: float | None = None
    end_h: float | None = None


class MeasurementChoice(_Strict):
    """Which statistics of which analytes in which windows become features."""

    analytes: tuple[str, ...] = Field(min_length=1)
    windows: tuple[str, ...] = Field(min_length=1)
    statistics: tuple[str, ...] = Field(min_length=1)


class ScoreColumns(_Strict):
    """A published score from the last values in some windows."""

    score: str
    windows: tuple[str, ...] = Field(min_length=1)


class Features(_Strict):
    """What a patient vector is made of."""

    windows: dict[str, WindowSpan]
    measurements: tuple[MeasurementChoice, ...] = ()
    scores: tuple[ScoreColumns, ...] = ()
    static: tuple[str, ...] = ()
    presence: Literal["protocol_only", "informative"]


class Booster(_Strict):
    """Hyperparameters of the gradient-boosted trees."""

    rounds: int = Field(default=60, ge=1)
    max_depth: int = Field(default=2, ge=1, le=12)
    learning_rate: float = Field(default=0.05, gt=0, le=1)
    min_child_weight: float = Field(default=1.0, ge=0)
    reg_lambda: float = Field(default=5.0, ge=0)
    subsample: float = Field(default=0.8, gt=0, le=1)


class Comparator(_Strict):
    """A plain model that the booster has to beat on the same patients."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    label: str
    model: Literal["prevalence", "logistic", "elastic_net"]
    columns: tuple[str, ...] | Literal["all"]


class Models(_Strict):
    """The booster and what it is compared with."""

    booster: Booster = Booster()
    comparators: tuple[Comparator, ...] = ()


class Validation(_Strict):
    """Repeated, stratified cross-validation grouped by patient, and the bootstrap."""

    folds: int = Field(ge=2)
    repeats: int = Field(ge=1)
    resamples: int = Field(ge=100)


class Study(_Strict):
    """Everything that defines a study; see ``configs/`` for examples."""

    study: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    title: str
    data_kind: Literal["real", "synthetic"]
    profile: Literal["quick", "full"]
    seed: int = Field(ge=0)
    data: Data
    outcome: Outcome
    treatment_policy: Literal["ignore"]
    features: Features
    models: Models
    validation: Validation

    def hash(self) -> str:
        """Hash what the study says, whatever its comments, line breaks and folder."""
        content = self.model_dump(mode="json")
        data = content["data"]
        for source in ("daily", "roster"):
            if data[source]:
                data[source]["file"] = Path(data[source]["file"]).name
        # What a cohort folder holds is hashed with the cohort, wherever the folder lies.
        data["cohort"] = data["cohort"] and "cohort"
        text = json.dumps(content, sort_keys=True, allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()

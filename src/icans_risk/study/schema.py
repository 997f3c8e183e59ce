"""What a study file may say."""

import hashlib
import json
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from icans_risk.study.data import Data
from icans_risk.study.strict import Strict, map_paths

__all__ = ["Study"]


Policy = Literal["discharged_well", "observed_only", "complete_case"]


class EndpointChoice(Strict):
    """The first grade at or above a cut."""

    grade: Literal["icans_grade", "tian_grade"]
    at_least: int = Field(ge=1, le=5)


class Outcome(Strict):
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


class WindowSpan(Strict):
    """A window ``(start, end]`` in hours around its anchor; null is unbounded."""

    anchor: Literal["infusion", "lymphodepletion", "landmark"]
    start_h: float | None = None
    end_h: float | None = None


class MeasurementChoice(Strict):
    """Which statistics of which analytes in which windows become features."""

    analytes: tuple[str, ...] = Field(min_length=1)
    windows: tuple[str, ...] = Field(min_length=1)
    statistics: tuple[str, ...] = Field(min_length=1)


class ScoreColumns(Strict):
    """A published score from the last values in some windows."""

    score: str
    windows: tuple[str, ...] = Field(min_length=1)


class Features(Strict):
    """What a patient vector is made of."""

    windows: dict[str, WindowSpan]
    measurements: tuple[MeasurementChoice, ...] = ()
    scores: tuple[ScoreColumns, ...] = ()
    static: tuple[str, ...] = ()
    presence: Literal["protocol_only", "informative"]


class Booster(Strict):
    """Hyperparameters of the gradient-boosted trees."""

    rounds: int = Field(default=60, ge=1)
    max_depth: int = Field(default=2, ge=1, le=12)
    learning_rate: float = Field(default=0.05, gt=0, le=1)
    min_child_weight: float = Field(default=1.0, ge=0)
    reg_lambda: float = Field(default=5.0, ge=0)
    subsample: float = Field(default=0.8, gt=0, le=1)


class Comparator(Strict):
    """A plain model that the booster has to beat on the same patients."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    label: str
    model: Literal["prevalence", "logistic", "elastic_net"]
    columns: tuple[str, ...] | Literal["all"]


class Models(Strict):
    """The booster and what it is compared with."""

    booster: Booster = Booster()
    comparators: tuple[Comparator, ...] = ()


class Validation(Strict):
    """Repeated, stratified cross-validation grouped by patient, and the bootstrap."""

    folds: int = Field(ge=2)
    repeats: int = Field(ge=1)
    resamples: int = Field(ge=100)


class Study(Strict):
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
        # What a cohort folder holds is hashed with the cohort, wherever the folder lies.
        content = map_paths(self, lambda path: Path(path.name)).model_dump(mode="json")
        content["data"]["cohort"] = content["data"]["cohort"] and "cohort"
        text = json.dumps(content, sort_keys=True, allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()

"""What is predicted: who is at risk when, of what, until when."""

from typing import Literal

from pydantic import Field, model_validator

from icans_risk.study.strict import Strict

__all__ = ["EndpointChoice", "Outcome", "Policy"]

Policy = Literal["discharged_well", "observed_only", "complete_case"]


class EndpointChoice(Strict):
    """The first grade at or above a cut.

    Attributes
    ----------
    grade : {"icans_grade", "tian_grade"}
        Whose grades count.
    at_least : int
        The cut; 3 is grade 3 or higher.
    """

    grade: Literal["icans_grade", "tian_grade"]
    at_least: int = Field(ge=1, le=5)


class Outcome(Strict):
    """The estimand: who is at risk when, of what, until when.

    The first endpoint is the one that models predict; the others are counted beside it.

    Attributes
    ----------
    scale : {"ASTCT", "CARTOX", "CTCAE"}
        Scale of the endpoint; a cohort that is graded on another scale is refused.
    endpoints : tuple of EndpointChoice
        What is predicted, and what is counted beside it.
    landmarks_h : tuple of float
        Hours since infusion at which risk is predicted, among those who did not reach the
        endpoint yet.
    until_h : float, optional
        End of the risk period in hours since infusion; give this or ``within_h``.
    within_h : float, optional
        End of the risk period in hours since the landmark.
    end_of_observation : {"discharged_well", "observed_only", "complete_case"}
        What the end of grades means: free of the endpoint after discharge; counted only if
        observed to the horizon, and weighted; counted only if observed, unweighted.
    sensitivity : tuple of str
        Other such policies, under which the booster is validated as well.
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

"""Everything that a run found at one landmark."""

from dataclasses import dataclass

from icans_risk.report import RunFacts
from icans_risk.workflow.landmark import LandmarkResult
from icans_risk.workflow.scrutiny import Scrutiny

__all__ = ["LandmarkFindings"]


@dataclass(frozen=True)
class LandmarkFindings:
    """What was fitted, how it was judged, and what the run says of both.

    Attributes
    ----------
    result : LandmarkResult
        The models.
    scrutiny : Scrutiny
        Assessment, stability and audit.
    facts : RunFacts
        For the reporting tables.
    """

    result: LandmarkResult
    scrutiny: Scrutiny
    facts: RunFacts

    @property
    def name(self) -> str:
        """Name the landmark as folders and artifacts do."""
        return f"{self.result.data.landmark_h:g}h"

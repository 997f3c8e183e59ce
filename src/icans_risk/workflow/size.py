"""Whether a cohort is large enough, said before anything is fitted to it."""

from dataclasses import dataclass
from typing import Any

from icans_risk.evaluation import required_sample_size, simulated_sample_size, verdict
from icans_risk.models.recommendation import recommend
from icans_risk.workflow.rows import ModelRows

__all__ = ["SizeFacts", "describe_size"]


@dataclass(frozen=True)
class SizeFacts:
    """What a cohort of a size supports.

    Attributes
    ----------
    n_required : int
        Patients by Riley's criteria.
    verdict : str
        Whether there are as many, in words.
    simulated : str or None
        How many synthetic patients this pipeline needed for a calibration slope near 1, in
        words; None where so many columns were not simulated.
    recommended : str
        Which model came furthest on synthetic cohorts of this size, in words.
    """

    n_required: int
    verdict: str
    simulated: str | None
    recommended: str

    @property
    def sentences(self) -> list[str]:
        """What is said before anything is fitted."""
        said = (self.verdict, self.simulated, self.recommended)
        return [sentence for sentence in said if sentence is not None]

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return dict(vars(self))


def describe_size(rows: ModelRows, candidates: int) -> SizeFacts:
    """Hold a cohort against Riley's criteria and against simulated cohorts.

    Parameters
    ----------
    rows : ModelRows
        The patients.
    candidates : int
        Candidate parameters: columns of the vectors.
    """
    patients, events = len(rows.event), int(rows.event.sum())
    simulated = simulated_sample_size(candidates, "calibrated booster")
    return SizeFacts(
        n_required=required_sample_size(events / patients, candidates).n_required,
        verdict=verdict(patients, events, candidates),
        simulated=None if simulated is None else simulated.sentence(),
        recommended=recommend(patients, events).sentence,
    )

"""How predictions are judged: thresholds, subgroups, and what is left out in turn."""

from collections.abc import Sequence
from itertools import pairwise

from pydantic import Field, field_validator, model_validator

from icans_risk.study.strict import Strict

__all__ = ["DEFAULT_RANGE", "Evaluation"]

# Where a study declares none, its decision curve is drawn here, and says that it is.
DEFAULT_RANGE = (0.05, 0.5)


class Evaluation(Strict):
    """How the predictions are judged, beyond the figures that every study gets.

    There is no built-in threshold: a threshold says how many needless interventions one
    event found is worth, which no data can tell. Declare it before looking at results.

    Attributes
    ----------
    thresholds : tuple of float
        Risks from which on somebody would act, ascending; none of them, no table.
    decision_range : tuple of float, optional
        Lowest and highest threshold that a reasonable person could have; over it the decision
        curve is drawn. Without it the curve goes from 0.05 to 0.5 and says so.
    because : str, optional
        Why these thresholds and this range; printed beside them.
    subgroups : tuple of str
        Columns of the episodes within which the model is judged; ``age_years`` in age bands,
        other numbers in quarters of the patients.
    age_bands : tuple of float
        Ages in years at which a new band begins, ascending.
    smallest_group : int
        Fewest patients with the endpoint, and fewest without it, for a group to be judged.
    smallest_cell : int
        Counts of real patients below this are not printed; 1 prints all.
    leave_out : tuple of str
        Columns of the episodes of which each level is predicted by models that never saw it.
    audit : bool
        Whether the model is audited for leaks.
    permutations : int
        Fits of the audit on permuted outcomes.
    """

    thresholds: tuple[float, ...] = ()
    decision_range: tuple[float, float] | None = None
    because: str | None = None
    subgroups: tuple[str, ...] = ("age_years", "sex", "product", "disease", "site")
    age_bands: tuple[float, ...] = Field(default=(65.0, 75.0), min_length=1)
    smallest_group: int = Field(default=10, ge=2)
    smallest_cell: int = Field(default=5, ge=1)
    leave_out: tuple[str, ...] = ("site", "product", "disease", "era")
    audit: bool = True
    permutations: int = Field(default=20, ge=0)

    @property
    def drawn_range(self) -> tuple[float, float]:
        """The range of the decision curve: the declared one, or the default."""
        return self.decision_range or DEFAULT_RANGE

    @field_validator("thresholds", "decision_range")
    @classmethod
    def _are_risks(cls, risks: tuple[float, ...] | None) -> tuple[float, ...] | None:
        if risks and not (_ascends(risks) and risks[0] > 0 and risks[-1] < 1):
            raise ValueError("must be risks between 0 and 1, ascending, such as 0.1 and 0.3")
        return risks

    @field_validator("age_bands")
    @classmethod
    def _are_ages(cls, ages: tuple[float, ...]) -> tuple[float, ...]:
        if not _ascends(ages):
            raise ValueError("must be ages in ascending order, such as 65 and 75")
        return ages

    @field_validator("subgroups", "leave_out")
    @classmethod
    def _stand_once(cls, columns: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(columns)) < len(columns):
            raise ValueError("names a column twice")
        return columns

    @model_validator(mode="after")
    def _thresholds_are_in_range(self) -> "Evaluation":
        if self.decision_range and self.thresholds:
            low, high = self.decision_range
            if self.thresholds[0] < low or self.thresholds[-1] > high:
                raise ValueError("thresholds must lie inside decision_range, or widen it")
        return self


def _ascends(values: Sequence[float]) -> bool:
    return all(low < high for low, high in pairwise(values))

"""One published figure: what it says, of whom, on which scale, and who says so."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from icans_risk.evidence.tolerance import Tolerance

__all__ = ["Disease", "Figure", "Interval", "Product", "Quantity", "Scale", "Source", "Status"]

Quantity = Literal[
    "proportion", "median", "mean", "log_sd", "variance", "hazard_ratio", "odds_ratio",
    "risk_ratio", "mean_ratio", "ratio", "auc", "correlation", "direction", "hours", "rate",
    "parameter", "limit",
]  # fmt: skip
Scale = Literal["ASTCT", "CTCAE", "Lee", "Penn", "mixed", "none"]
Product = Literal[
    "axi_cel", "brexu_cel", "tisa_cel", "liso_cel", "ide_cel", "cilta_cel", "obe_cel", "gd2",
    "mixed",
]  # fmt: skip
Disease = Literal[
    "lbcl", "fl", "mcl", "cll", "mm", "all_adult", "all_paediatric", "cns_tumour", "mixed"
]
Status = Literal["read", "assumed"]

# Quantities with a range of their own; a ratio is positive.
RANGES: dict[str, tuple[float, float]] = {
    "proportion": (0.0, 1.0),
    "auc": (0.0, 1.0),
    "correlation": (-1.0, 1.0),
    "direction": (-1.0, 1.0),
}
POSITIVE = {"hazard_ratio", "odds_ratio", "risk_ratio", "mean_ratio", "ratio", "log_sd"}
# Sources of ours: nothing in them was read anywhere.
OUR_OWN = {"working_assumption", "generator_rule"}
# Papers print a count's share to whole per cents.
ROUNDING = 0.006


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Source(_Strict):
    """Where a figure comes from, as far as it was in hand.

    Attributes
    ----------
    name : str
        Its name in ``sources.yaml``.
    authors : str
        First author, trial or laboratory.
    journal, year, doi, pmc : optional
        As far as known.
    where : str, optional
        Volume, table, label, or whatever was read in place of the paper.
    patients : str, optional
        The trial or registry, where several sources report on the same patients.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    authors: str = Field(min_length=3)
    journal: str | None = None
    year: int | None = Field(default=None, ge=1990, le=2100)
    doi: str | None = Field(default=None, pattern=r"^10\.\d{4,9}/\S+$")
    pmc: str | None = Field(default=None, pattern=r"^PMC\d+$")
    where: str | None = None
    patients: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9_]*$")

    @property
    def citation(self) -> str:
        """Print the source as one line."""
        doi = None if self.doi is None else f"doi:{self.doi}"
        year = None if self.year is None else str(self.year)
        parts = (self.authors, self.journal, year, self.where, doi, self.pmc)
        return ", ".join(part for part in parts if part is not None)


class Interval(_Strict):
    """The interval printed beside a value, and what kind it is.

    Attributes
    ----------
    low, high : float
        In the figure's unit.
    kind : str
        ``ci95``: confidence interval; ``iqr`` and ``range``: over patients, or the range a
        laboratory prints; ``sd``: one SD around the mean; ``sources``: range over sources.
    """

    low: float = Field(allow_inf_nan=False)
    high: float = Field(allow_inf_nan=False)
    kind: Literal["ci95", "iqr", "range", "sd", "sources"]


class Figure(_Strict):
    """One figure that the generator is calibrated to, checked against, or seen beside.

    Attributes
    ----------
    key : str
        Stable dotted name: what is measured, of whom, and last the source where a figure
        of the same name from a better source stands above it.
    label : str
        What a table prints.
    quantity : str
        Kind of number; an association that was reported without a size is a ``direction``
        (-1, 0 or 1).
    value : float
        In ``unit``.
    unit : str
        UCUM; "1" where there is none.
    scale : str
        Grading scale, ``mixed`` if the source used several, ``none`` if it graded nothing.
    interval : Interval, optional
        As printed.
    n, events : int, optional
        Patients behind the figure, and how many of them had the event.
    product, disease : str, optional
        None where the figure is not about one; ``mixed`` where it pools several.
    population : str, optional
        Setting, in words.
    source : Source
        Who says so.
    status : str
        ``read`` in that source, or ``assumed``: from memory, or an engineering prior.
    tolerance : Tolerance, optional
        What passes as agreement; without one the figure is context, never a check.
    notes : str, optional
        Where sources conflict, and what was derived.
    """

    key: str = Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)+$")
    label: str = Field(min_length=3)
    quantity: Quantity
    value: float = Field(allow_inf_nan=False)
    unit: str = Field(min_length=1)
    scale: Scale
    interval: Interval | None = None
    n: int | None = Field(default=None, ge=1)
    events: int | None = Field(default=None, ge=0)
    product: Product | None = None
    disease: Disease | None = None
    population: str | None = None
    source: Source
    status: Status
    tolerance: Tolerance | None = None
    notes: str | None = None

    @field_validator("interval", mode="before")
    @classmethod
    def _reads_three_items(cls, value: Any) -> Any:
        """Read the file's short form ``[low, high, kind]``."""
        if isinstance(value, list) and len(value) == 3:
            return dict(zip(("low", "high", "kind"), value, strict=True))
        return value

    @model_validator(mode="after")
    def _value_is_possible(self) -> "Figure":
        low, high = RANGES.get(self.quantity, (float("-inf"), float("inf")))
        ends = () if self.interval is None else (self.interval.low, self.interval.high)
        if any(not low <= number <= high for number in (self.value, *ends)):
            raise ValueError(f"a {self.quantity} lies in [{low}, {high}], got {self.value}, {ends}")
        if self.quantity in POSITIVE and self.value <= 0:
            raise ValueError(f"a {self.quantity} is positive, got {self.value}")
        if self.quantity == "direction" and self.value not in {-1, 0, 1}:
            raise ValueError(f"a direction is -1, 0 or 1, got {self.value}")
        return self

    @model_validator(mode="after")
    def _interval_holds_the_value(self) -> "Figure":
        if self.interval and not self.interval.low <= self.value <= self.interval.high:
            raise ValueError(
                f"the interval must hold the value, got {self.value} outside "
                f"[{self.interval.low}, {self.interval.high}]"
            )
        return self

    @model_validator(mode="after")
    def _counts_give_the_value(self) -> "Figure":
        if self.events is None or self.quantity not in {"proportion", "rate"}:
            return self
        if self.n is None:
            raise ValueError("events need the n that they are of")
        if abs(self.events / self.n - self.value) > ROUNDING:
            raise ValueError(f"{self.events} of {self.n} is not {self.value}")
        return self

    @model_validator(mode="after")
    def _tolerance_fits(self) -> "Figure":
        if self.tolerance is None:
            return self
        if self.tolerance.rule == "binomial" and self.quantity != "proportion":
            raise ValueError(f"the binomial rule is for proportions, not {self.quantity}")
        low, high = self.tolerance.bounds(self.value, n=1)
        if (low is not None and self.value < low) or (high is not None and self.value > high):
            raise ValueError(f"the tolerance excludes the published value {self.value}")
        return self

    @model_validator(mode="after")
    def _own_rules_are_assumed(self) -> "Figure":
        if self.source.name in OUR_OWN and self.status != "assumed":
            raise ValueError(f"{self.source.name} is ours: its status is assumed")
        return self

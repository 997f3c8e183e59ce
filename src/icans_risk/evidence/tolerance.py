"""How far a simulated figure may lie from the published one."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from scipy.stats import binom

from icans_risk.errors import IcansRiskError

__all__ = ["Tolerance"]

Rule = Literal["binomial", "absolute", "factor", "between", "at_most", "at_least"]

# Fields that each rule needs; it may have no others.
NEEDS: dict[str, frozenset[str]] = {
    "binomial": frozenset(),
    "absolute": frozenset({"amount"}),
    "factor": frozenset({"amount"}),
    "between": frozenset({"low", "high"}),
    "at_most": frozenset({"amount"}),
    "at_least": frozenset({"amount"}),
}

# Published proportions differ by more than chance, so a generator is not asked to hit one
# more closely than 3 percentage points, however many patients are drawn.
POINTS = 0.03
COVERAGE = 0.95

Bounds = tuple[float | None, float | None]


class Tolerance(BaseModel):
    """A rule for what counts as hitting a published figure.

    Attributes
    ----------
    rule : str
        ``binomial``: the central 95 % of the proportions that chance gives at the simulated
        n if the published one is true, and 3 percentage points more on either side;
        ``absolute``: value plus or minus amount; ``factor``: value divided and multiplied by
        amount; ``between``: low to high; ``at_most`` and ``at_least``: amount.
    amount : float, optional
        In the figure's unit, or the factor.
    low, high : float, optional
        For ``between``, in the figure's unit.

    Examples
    --------
    >>> Tolerance(rule="absolute", amount=1).bounds(7.0)
    (6.0, 8.0)
    >>> Tolerance(rule="at_most", amount=0.9).bounds(0.87)
    (None, 0.9)
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    rule: Rule
    amount: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    low: float | None = Field(default=None, allow_inf_nan=False)
    high: float | None = Field(default=None, allow_inf_nan=False)

    @model_validator(mode="after")
    def _has_what_its_rule_needs(self) -> "Tolerance":
        given = {name for name in ("amount", "low", "high") if getattr(self, name) is not None}
        if given != NEEDS[self.rule]:
            wanted = sorted(NEEDS[self.rule]) or "no number"
            raise ValueError(f"rule {self.rule} takes {wanted}, got {sorted(given)}")
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError(f"low must be below high, got {self.low} and {self.high}")
        if self.rule == "factor" and (self.amount or 0.0) <= 1:
            raise ValueError(f"a factor must be above 1, got {self.amount}")
        return self

    def bounds(self, value: float, *, n: int | None = None) -> Bounds:
        """Return the lowest and highest simulated value that passes.

        Parameters
        ----------
        value : float
            The published value.
        n : int, optional
            Simulated patients behind the figure; the rule ``binomial`` needs it.

        Returns
        -------
        tuple of (float or None, float or None)
            Inclusive, in the figure's unit; None where a side is open.

        Raises
        ------
        IcansRiskError
            If the rule is ``binomial`` and n is missing or below 1.
        """
        amount = self.amount or 0.0
        match self.rule:
            case "binomial":
                return binomial_bounds(value, n)
            case "absolute":
                return value - amount, value + amount
            case "factor":
                return value / amount, value * amount
            case "at_most":
                return None, amount
            case "at_least":
                return amount, None
        return self.low, self.high

    def in_words(self, unit: str) -> str:
        """Say the rule as a table prints it.

        Parameters
        ----------
        unit : str
            The figure's unit; "1" is not printed.

        Returns
        -------
        str
            For example "within 1 d".
        """
        after = "" if unit == "1" else f" {unit}"
        amount, low, high = self.amount or 0.0, self.low or 0.0, self.high or 0.0
        return {
            "binomial": "binomial 95 % at the simulated n, and 3 percentage points more",
            "absolute": f"within {amount:g}{after}",
            "factor": f"within a factor of {amount:g}",
            "between": f"from {low:g} to {high:g}{after}",
            "at_most": f"at most {amount:g}{after}",
            "at_least": f"at least {amount:g}{after}",
        }[self.rule]


def binomial_bounds(proportion: float, n: int | None) -> tuple[float, float]:
    """Return the proportions that pass as chance at n, widened by 3 percentage points.

    Parameters
    ----------
    proportion : float
        The published proportion, in [0, 1].
    n : int or None
        Simulated patients that the simulated proportion is of.

    Returns
    -------
    tuple of (float, float)
        Within [0, 1].

    Raises
    ------
    IcansRiskError
        If n is missing or below 1.

    Examples
    --------
    >>> low, high = binomial_bounds(0.3, 1000)
    >>> round(low, 3), round(high, 3)
    (0.242, 0.359)
    """
    if n is None or n < 1:
        raise IcansRiskError(
            f"a proportion is compared at the n it was simulated with, at least 1; got {n}. "
            "Give n, the number of simulated patients that the proportion is of."
        )
    # Exact: the normal approximation fails at the rates of 1 to 5 % that matter here.
    tail = (1 - COVERAGE) / 2
    low, high = (float(binom.ppf(share, n, proportion)) / n for share in (tail, 1 - tail))
    return max(0.0, low - POINTS), min(1.0, high + POINTS)

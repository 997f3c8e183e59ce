"""Published figures with their sources, and the check of a simulation against them."""

from icans_risk.evidence.agreement import (
    Agreement,
    Incidence,
    agree,
    comparable_groups,
    find_incidence,
)
from icans_risk.evidence.check import Comparison, compare, comparison_table
from icans_risk.evidence.figure import Figure, Interval, Source
from icans_risk.evidence.registry import (
    Disagreement,
    find_disagreement,
    load_evidence,
    select_figures,
)
from icans_risk.evidence.tolerance import Tolerance

__all__ = [
    "Agreement",
    "Comparison",
    "Disagreement",
    "Figure",
    "Incidence",
    "Interval",
    "Source",
    "Tolerance",
    "agree",
    "comparable_groups",
    "compare",
    "comparison_table",
    "find_disagreement",
    "find_incidence",
    "load_evidence",
    "select_figures",
]

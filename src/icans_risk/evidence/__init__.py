"""Published figures with their sources, and the check of a simulation against them."""

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
    "Comparison",
    "Disagreement",
    "Figure",
    "Interval",
    "Source",
    "Tolerance",
    "compare",
    "comparison_table",
    "find_disagreement",
    "load_evidence",
    "select_figures",
]

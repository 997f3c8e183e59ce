"""What moved the model: contributions that add up to the risk that is printed."""

from icans_risk.explanation.contributions import (
    HeldOut,
    check_additivity,
    fold_by_analyte,
    held_out_contributions,
)

__all__ = ["HeldOut", "check_additivity", "fold_by_analyte", "held_out_contributions"]

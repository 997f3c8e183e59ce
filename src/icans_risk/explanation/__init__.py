"""What moved the model: contributions that add up to the risk that is printed."""

from icans_risk.explanation.agreement import sign_agreement
from icans_risk.explanation.contributions import (
    HeldOut,
    check_additivity,
    explain,
    held_out_contributions,
)
from icans_risk.explanation.folding import (
    fold_by_analyte,
    fold_by_modality,
    fold_by_window,
    unfold,
)
from icans_risk.explanation.interactions import fold_interactions, interactions
from icans_risk.explanation.moves import held_out_moves, plausible_values, possible_moves
from icans_risk.explanation.naming import NAMED_AGREEMENT, Named, measured_analytes, named
from icans_risk.explanation.together import correlated_analytes

__all__ = [
    "NAMED_AGREEMENT",
    "HeldOut",
    "Named",
    "check_additivity",
    "correlated_analytes",
    "explain",
    "fold_by_analyte",
    "fold_by_modality",
    "fold_by_window",
    "fold_interactions",
    "held_out_contributions",
    "held_out_moves",
    "interactions",
    "measured_analytes",
    "named",
    "plausible_values",
    "possible_moves",
    "sign_agreement",
    "unfold",
]

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
    group_name,
    unfold,
    with_groups,
)
from icans_risk.explanation.interactions import fold_interactions, interactions
from icans_risk.explanation.moves import held_out_moves, plausible_values, possible_moves
from icans_risk.explanation.naming import NAMED_AGREEMENT, Named, measured_analytes, named
from icans_risk.explanation.overview import mean_size, modality_by_window, shap_explanation
from icans_risk.explanation.support import SUPPORTED_Z, held_out_support
from icans_risk.explanation.together import correlated_analytes

__all__ = [
    "NAMED_AGREEMENT",
    "SUPPORTED_Z",
    "HeldOut",
    "Named",
    "check_additivity",
    "correlated_analytes",
    "explain",
    "fold_by_analyte",
    "fold_by_modality",
    "fold_by_window",
    "fold_interactions",
    "group_name",
    "held_out_contributions",
    "held_out_moves",
    "held_out_support",
    "interactions",
    "mean_size",
    "measured_analytes",
    "modality_by_window",
    "named",
    "plausible_values",
    "possible_moves",
    "shap_explanation",
    "sign_agreement",
    "unfold",
    "with_groups",
]

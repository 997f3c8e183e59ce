"""A released model with every part that one can have."""

from typing import Any

import pandas as pd
from numpy.typing import NDArray

from icans_risk.models.applicability import Applicability
from icans_risk.models.calibrated import CalibratedModel
from icans_risk.models.rebuilds import fit_rebuilds
from icans_risk.models.released import ReleasedModel
from icans_risk.models.venn_abers import fit_venn_abers

__all__ = ["release_whole"]


def release_whole(
    model: CalibratedModel,
    X: pd.DataFrame,
    y: NDArray[Any],
    patient: NDArray[Any],
    *,
    rebuilds: int,
    **facts: Any,
) -> ReleasedModel:
    held_out = model.calibration_.apply(model.out_of_fold_margin_[:, 0])
    return ReleasedModel(
        model=model,
        rebuilds=fit_rebuilds(model, X, y, groups=patient, n_rebuilds=rebuilds, seed=1),
        venn_abers=fit_venn_abers(held_out, y),
        applicability=Applicability(
            modality_of_column={name: str(name).split(".")[0] for name in X},
            trained_on_synthetic=True,
            trained_on_cns_tumours=False,
            required_modalities=("plasma",),
        ).fit(X),
        facts={"landmark_h": 72.0, **facts},
    )

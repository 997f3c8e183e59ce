"""The demonstration's question, asked of any synthetic cohort."""

from collections.abc import Sequence

import pandas as pd

from icans_risk import derive_outcomes
from icans_risk.cohort import Cohort
from icans_risk.outcome import Endpoint

__all__ = ["demo_outcomes"]


def demo_outcomes(
    cohort: Cohort, landmarks_h: Sequence[float], *, horizon_h: float
) -> pd.DataFrame:
    """Derive who reaches ICANS grade 3 by the horizon, in the layout of ``derive_outcomes``."""
    return derive_outcomes(
        cohort,
        landmarks_h,
        endpoint=Endpoint(),
        scale="ASTCT",
        horizon_h=lambda _: horizon_h,
        policy="discharged_well",
    )

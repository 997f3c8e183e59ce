"""The predictions table of a landmark: a held-out risk, or the reason why there is none."""

import numpy as np
import pandas as pd
from scipy.special import expit

from icans_risk.cohort import Cohort
from icans_risk.serving import NOT_AT_RISK
from icans_risk.workflow.landmark import LandmarkResult
from icans_risk.workflow.reasons import NOT_RELEASED

__all__ = ["predict_episodes"]


def predict_episodes(cohort: Cohort, result: LandmarkResult) -> pd.DataFrame:
    """Give every episode a held-out risk with its range, or the reason why there is none.

    Parameters
    ----------
    cohort : Cohort
        All episodes.
    result : LandmarkResult
        Held-out risks of those at risk.

    Returns
    -------
    DataFrame
        The predictions table, in the order of the cohort.
    """
    held_out, nothing = result.held_out, np.full(len(result.held_out.margin), np.nan)
    low, high = nothing, nothing
    if result.interval is not None:
        low, high = result.interval.low, result.interval.high
    risks = pd.DataFrame(
        {"risk": expit(held_out.margin), "risk_low": low, "risk_high": high}
    ).droplevel("landmark_h")
    status = _statuses(result)
    table = risks.reindex(status.index).where(status == "answered")
    table.insert(0, "landmark_h", result.data.landmark_h)
    table.insert(1, "status", status)
    table["model"] = result.main.plan.name
    return table.reset_index().reindex(cohort.episodes.index)


def _statuses(result: LandmarkResult) -> pd.Series:
    excluded = result.data.primary.set_index("episode_id")["excluded_because"]
    asked = result.answered["status"].droplevel("landmark_h")
    if result.released is None:
        asked = asked.mask(asked == "answered", NOT_RELEASED)
    status = excluded.map(NOT_AT_RISK).fillna(asked)
    # A vector without any event says nothing about this patient: no number is printed. A dose
    # after which nothing counts is no event of the vector.
    inputs = result.data.inputs
    is_read = (inputs["modality"] + "." + inputs["analyte"]).isin(result.data.analytes)
    empty = ~status.index.isin(inputs.loc[is_read, "episode_id"])
    return status.mask((status == "answered") & empty, "no_data_before_landmark")

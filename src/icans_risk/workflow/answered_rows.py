"""Answers of a released model beside what became of the patients, and the figures of both."""

from typing import Any

import numpy as np
import pandas as pd

from icans_risk.cohort import Cohort, DataKind
from icans_risk.evaluation import METRICS, metric_interval
from icans_risk.models.abstention import ANSWERED
from icans_risk.outcome import derive_outcomes
from icans_risk.serving import ServedModel, score
from icans_risk.workflow.plain import plain

__all__ = ["answered_rows", "describe_metrics"]

_OUTCOME = ("at_risk", "event", "weight", "onset_h", "had_syndrome")


def answered_rows(served: ServedModel, cohort: Cohort, kind: DataKind) -> pd.DataFrame:
    """Score a cohort, and put its outcomes beside the answers.

    Parameters
    ----------
    served : ServedModel
        Its endpoint, horizon and reading of the end of observation are asked about.
    cohort : Cohort
        With outcomes.
    kind : {"real", "synthetic"}
        Whether patients stand behind it.

    Returns
    -------
    DataFrame
        In the order of the episodes: what ``score`` predicts; ``at_risk, event, weight,
        onset_h, had_syndrome`` as ``derive_outcomes`` gives them; ``patient_id``; and
        ``is_judged``: answered, and the outcome is known.
    """
    told = score(cohort, [served], data_kind=kind, most_episodes=len(cohort.episodes)).predictions
    outcomes = derive_outcomes(
        cohort,
        (served.landmark_h,),
        endpoint=served.endpoint,
        scale=served.facts["scale"],
        horizon_h=lambda _: served.horizon_h,
        policy=served.facts["end_of_observation"],
    )
    rows = cohort.episodes[["episode_id", "patient_id"]].merge(told, on="episode_id", how="left")
    rows = rows.merge(outcomes[["episode_id", *_OUTCOME]], on="episode_id", how="left")
    return rows.assign(is_judged=(rows["status"] == ANSWERED) & rows["event"].notna())


def describe_metrics(judged: pd.DataFrame, *, resamples: int, seed: int) -> dict[str, Any]:
    """Give every metric with its interval over patients.

    Parameters
    ----------
    judged : DataFrame of (patient_id, event, risk, weight)
        Answered rows whose outcome is known.
    resamples, seed : int
        Of the bootstrap.

    Returns
    -------
    dict of str to dict or None
        ``estimate, low, high`` of each of ``METRICS``, None where not estimable; None for all
        of them if everybody has the same outcome.
    """
    if judged["event"].nunique() < 2:
        return dict.fromkeys(METRICS)
    event, risk, weight = (
        judged[name].to_numpy(dtype=np.float64) for name in ("event", "risk", "weight")
    )
    found = {}
    for name in METRICS:
        interval = metric_interval(
            name,
            event,
            risk,
            groups=judged["patient_id"].to_numpy(dtype=object),
            weight=weight,
            resamples=resamples,
            seed=seed,
        )
        ends = {"estimate": interval.estimate, "low": interval.low, "high": interval.high}
        found[name] = {end: plain(value) for end, value in ends.items()}
    return found

"""Grades become an outcome at a landmark: who was at risk, who reached the endpoint.

The estimand is the cumulative incidence of first reaching the endpoint after the landmark
and by the horizon, among episodes that are alive, under observation and have not reached
it before. Death from another cause is a competing event: a non-event that stays in the
denominator. Missing is never grade 0.
"""

from collections.abc import Callable
from typing import Literal

import numpy as np
import pandas as pd
from scipy.stats import CensoredData, ecdf

from icans_risk.cohort import OUTCOMES, Cohort, check_table
from icans_risk.errors import CohortError

__all__ = ["Policy", "count_flow", "derive_outcomes"]

Policy = Literal["discharged_well", "observed_only", "complete_case"]

# An event of the same hour as an end of observation came first: it was still observed.
_JUST_BEFORE_H = 1e-6


def derive_outcomes(
    cohort: Cohort,
    landmarks_h: tuple[float, ...],
    *,
    icans_grade_at_least: int,
    scale: str,
    horizon_h: Callable[[float], float],
    policy: Policy,
) -> pd.DataFrame:
    """Derive the outcome of every episode at every landmark.

    Parameters
    ----------
    cohort : Cohort
        Episodes and grades.
    landmarks_h : tuple of float
        Prediction times, in hours since infusion.
    icans_grade_at_least : int
        The endpoint is the first grade at or above it.
    scale : str
        The scale on which the endpoint is defined.
    horizon_h : callable
        Maps a landmark to the end of its risk period, in hours since infusion.
    policy : {"discharged_well", "observed_only", "complete_case"}
        What an end of observation before the horizon means. Discharged well: who was
        discharged without the endpoint is free of it. Observed only: such an episode has
        no outcome, and those observed are weighted by the inverse probability of being
        observed [1]_. Complete case: no outcome, no weights.

    Returns
    -------
    DataFrame
        The outcomes table, one row per episode and landmark; ``event`` is missing where
        it is unknown, and the weight is then zero.

    Raises
    ------
    CohortError
        If the cohort is graded on another scale than the endpoint.

    References
    ----------
    .. [1] Robins JM, Finkelstein DM. "Correcting for noncompliance and dependent censoring
       in an AIDS clinical trial." Biometrics 2000;56:779-788.
       doi:10.1111/j.0006-341X.2000.00779.x
    """
    scales = cohort.grades["scale"].value_counts().to_dict()
    if set(scales) - {scale}:
        raise CohortError(
            f"the endpoint is defined on {scale}, the grades are on {scales}. "
            "Scales are not interchangeable: name the one that was used."
        )
    first = _first_reached(cohort, icans_grade_at_least)
    tables = [_at_landmark(first, at, horizon_h(at), policy=policy) for at in landmarks_h]
    return check_table(pd.concat(tables), OUTCOMES, name="outcomes")


def _first_reached(cohort: Cohort, grade: int) -> pd.DataFrame:
    """Join to each episode the record that first reached the endpoint, if any."""
    reached = cohort.grades[cohort.grades["icans_grade"] >= grade]
    order = ["covers_from_h", "assessed_h"]
    first = reached.sort_values(order).drop_duplicates("episode_id")[["episode_id", *order]]
    table = cohort.episodes.merge(first, on="episode_id", how="left")
    for column in ("discharged_h", "died_h"):
        if column not in table:
            table[column] = np.nan
    cause = table.get("death_cause", pd.Series(index=table.index, dtype="str"))
    # Death from ICANS is grade 5, whether or not a grade was recorded on the day.
    died_of_it = table["died_h"].where(cause == "icans")
    for column in order:
        table[column] = np.fmin(table[column], died_of_it)
    table["died_otherwise_h"] = table["died_h"].where(cause != "icans")
    return table


def _at_landmark(
    first: pd.DataFrame, landmark_h: float, until_h: float, *, policy: Policy
) -> pd.DataFrame:
    excluded = _excluded_because(first, landmark_h)
    at_risk = excluded == ""
    event = at_risk & (first["assessed_h"] <= until_h)
    competing = at_risk & ~event & (first["died_otherwise_h"] <= until_h)
    ended = at_risk & ~event & ~competing & (first["followed_until_h"] < until_h)
    known_free = ended & (policy == "discharged_well") & (first["discharged_h"] <= until_h)
    known = at_risk & (~ended | known_free)
    observed_until = first["followed_until_h"].clip(upper=until_h)
    observed_until = observed_until.where(~event, first["assessed_h"])
    observed_until = observed_until.where(~competing, first["died_otherwise_h"])
    weight = known.astype(float)
    if policy == "observed_only":
        weight = weight * _inverse_probability(observed_until, ended, at_risk=at_risk)
    return pd.DataFrame(
        {
            "episode_id": first["episode_id"],
            "landmark_h": landmark_h,
            "at_risk": at_risk,
            "excluded_because": excluded,
            "event": event.astype(float).where(known),
            "competing": competing,
            "weight": weight,
            # The earliest moment that the record covers: lead time is never overstated.
            "onset_h": first["covers_from_h"].where(event),
            "observed_until_h": observed_until,
        }
    )


def _excluded_because(first: pd.DataFrame, landmark_h: float) -> pd.Series:
    # A coarse record that began before the landmark may have been reached before it.
    before = (first["covers_from_h"] < landmark_h) | (first["assessed_h"] <= landmark_h)
    reasons = np.select(
        [before, first["died_h"] <= landmark_h, first["followed_until_h"] < landmark_h],
        ["endpoint_before_landmark", "died_before_landmark", "not_under_observation"],
        default="",
    )
    return pd.Series(reasons, index=first.index)


def _inverse_probability(
    observed_until: pd.Series, ended: pd.Series, *, at_risk: pd.Series
) -> pd.Series:
    """Weigh each observed episode by one over the chance of still being observed then."""
    time = observed_until.where(ended, observed_until - _JUST_BEFORE_H)[at_risk]
    if not ended.any():
        return at_risk.astype(float)
    sample = CensoredData.right_censored(time.to_numpy(), ~ended[at_risk].to_numpy())
    observed = ecdf(sample).sf.evaluate(time.to_numpy())
    weight = pd.Series(0.0, index=observed_until.index)
    weight[at_risk] = np.where(ended[at_risk], 0.0, 1.0 / np.where(observed > 0, observed, 1.0))
    return weight


def count_flow(outcomes: pd.DataFrame) -> dict[str, int]:
    """Count where every episode of one landmark went.

    Parameters
    ----------
    outcomes : DataFrame
        Rows of one landmark.

    Returns
    -------
    dict of str to int
        Episodes, those excluded by reason, at risk, events, competing deaths, free of the
        endpoint, and those whose outcome the policy leaves unknown.
    """
    at_risk = outcomes[outcomes["at_risk"]]
    excluded = outcomes.loc[~outcomes["at_risk"], "excluded_because"].value_counts()
    events = int((at_risk["event"] == 1).sum())
    unknown = int(at_risk["event"].isna().sum())
    competing = int(at_risk["competing"].sum())
    return {
        "episodes": len(outcomes),
        **{f"excluded_{reason}": int(n) for reason, n in sorted(excluded.items())},
        "at_risk": len(at_risk),
        "events": events,
        "competing_deaths": competing,
        "free_of_endpoint": len(at_risk) - events - unknown - competing,
        "outcome_unknown": unknown,
    }

"""Grades become an outcome at a landmark: who was at risk, who reached the endpoint.

The estimand is the cumulative incidence of first reaching the endpoint after the landmark
and by the horizon, among episodes that are alive, under observation and have not reached
it before. Death from another cause is a competing event: a non-event that stays in the
denominator. Missing is never grade 0.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy.stats import CensoredData, ecdf

from icans_risk.cohort import OUTCOMES, Cohort, check_table
from icans_risk.errors import CohortError
from icans_risk.grading import check_single_scale

__all__ = ["POLICIES", "Endpoint", "Policy", "count_flow", "derive_outcomes", "flow_table"]

Policy = Literal["discharged_well", "observed_only", "complete_case"]
POLICIES: tuple[Policy, ...] = ("discharged_well", "observed_only", "complete_case")

# An event of the same hour as an end of observation came first: it was still observed.
_JUST_BEFORE_H = 1e-6


@dataclass(frozen=True)
class Endpoint:
    """The first grade at or above a cut.

    Attributes
    ----------
    grade : {"icans_grade", "tian_grade"}
        Which ordinal; the two are never merged.
    at_least : int
        The cut, from 1 to 5.
    """

    grade: Literal["icans_grade", "tian_grade"] = "icans_grade"
    at_least: int = 3

    @property
    def name(self) -> str:
        """Name the endpoint as the outcomes table does."""
        return f"{self.grade}>={self.at_least}"

    @property
    def syndrome(self) -> str:
        """Name whose grades count, as a cause of death is named: ``icans`` or ``tian``."""
        return self.grade.removesuffix("_grade")


# Of episodes.
_READ = ("episode_id", "followed_until_h", "discharged_h", "died_h", "death_cause")


def derive_outcomes(
    cohort: Cohort,
    landmarks_h: Sequence[float],
    *,
    endpoint: Endpoint,
    scale: str,
    horizon_h: Callable[[float], float],
    policy: Policy,
) -> pd.DataFrame:
    """Derive the outcome of every episode at every landmark.

    Parameters
    ----------
    cohort : Cohort
        Episodes and grades.
    landmarks_h : sequence of float
        Prediction times, in hours since infusion.
    endpoint : Endpoint
        What is predicted.
    scale : str
        The scale on which ICANS is graded.
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
        it is unknown, and the weight is then zero. ``had_syndrome`` says whether any grade
        of the endpoint's own syndrome (ICANS or TIAN) was recorded by the landmark: an event
        after it was detected rather than foreseen.

    Raises
    ------
    GradingError
        If grades of several scales would be mixed in an ICANS endpoint.
    CohortError
        If the cohort is graded on another scale than the endpoint.

    References
    ----------
    .. [1] Robins JM, Finkelstein DM. "Correcting for noncompliance and dependent censoring
       in an AIDS clinical trial." Biometrics 2000;56:779-788.
       doi:10.1111/j.0006-341X.2000.00779.x
    """
    if endpoint.grade == "icans_grade":
        _check_scale(cohort, scale)
    first = _first_reached(cohort, endpoint)
    onset = _first_record(cohort, endpoint.grade, at_least=1)
    tables = []
    for landmark_h in landmarks_h:
        table = _at_landmark(first, landmark_h, horizon_h(landmark_h), policy=policy)
        table["endpoint"] = endpoint.name
        table["had_syndrome"] = _began_before(onset, landmark_h).to_numpy()
        tables.append(table)
    return check_table(pd.concat(tables), OUTCOMES, name="outcomes")


def _check_scale(cohort: Cohort, scale: str) -> None:
    graded = cohort.grades.loc[cohort.grades["icans_grade"].notna(), "scale"]
    counts = {str(name): int(n) for name, n in graded.value_counts().items()}
    used = check_single_scale(counts) if counts else scale
    if used != scale:
        raise CohortError(
            f"the endpoint is defined on {scale}, {len(graded)} grades are on {used}. Grades of "
            "different scales cannot be converted: name the scale that was used."
        )


def _first_record(cohort: Cohort, grade: str, *, at_least: int) -> pd.DataFrame:
    """Join to each episode the record that first reached a grade, if any."""
    order = ["covers_from_h", "assessed_h"]
    reached = cohort.grades[cohort.grades[grade] >= at_least]
    first = reached.sort_values(order).drop_duplicates("episode_id")[["episode_id", *order]]
    known = [name for name in _READ if name in cohort.episodes]
    return cohort.episodes[known].merge(first, on="episode_id", how="left")


def _first_reached(cohort: Cohort, endpoint: Endpoint) -> pd.DataFrame:
    table = _first_record(cohort, endpoint.grade, at_least=endpoint.at_least)
    for column in ("discharged_h", "died_h"):
        if column not in table:
            table[column] = np.nan
    cause = table.get("death_cause", pd.Series(index=table.index, dtype="str"))
    of_it = cause == endpoint.syndrome
    # Death from it is grade 5, whether or not a grade was recorded on the day.
    died_of_it = table["died_h"].where(of_it)
    for column in ("covers_from_h", "assessed_h"):
        table[column] = np.fmin(table[column], died_of_it)
    table["died_otherwise_h"] = table["died_h"].where(~of_it)
    return table


def _began_before(record: pd.DataFrame, landmark_h: float) -> pd.Series:
    # A coarse record that began before the landmark may have been reached before it.
    return (record["covers_from_h"] < landmark_h) | (record["assessed_h"] <= landmark_h)


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
    reasons = np.select(
        [
            _began_before(first, landmark_h),
            first["died_h"] <= landmark_h,
            first["followed_until_h"] < landmark_h,
        ],
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
        Rows of one endpoint and landmark.

    Returns
    -------
    dict of str to int
        Episodes, those excluded by reason, at risk, events, events that came after a lower grade
        was already there, competing deaths, free of the endpoint, and those whose outcome
        the policy leaves unknown.
    """
    at_risk = outcomes[outcomes["at_risk"]]
    excluded = outcomes.loc[~outcomes["at_risk"], "excluded_because"].value_counts()
    is_event = at_risk["event"] == 1
    events, unknown = int(is_event.sum()), int(at_risk["event"].isna().sum())
    competing = int(at_risk["competing"].sum())
    return {
        "episodes": len(outcomes),
        **{f"excluded_{reason}": int(n) for reason, n in sorted(excluded.items())},
        "at_risk": len(at_risk),
        "events": events,
        "events_after_onset": int((is_event & at_risk["had_syndrome"]).sum()),
        "competing_deaths": competing,
        "free_of_endpoint": len(at_risk) - events - unknown - competing,
        "outcome_unknown": unknown,
    }


def flow_table(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Account for every episode at every endpoint and landmark.

    Parameters
    ----------
    outcomes : DataFrame
        The outcomes table under one policy.

    Returns
    -------
    DataFrame
        One row per endpoint and landmark: the counts of ``count_flow``, the cumulative
        incidence (weighted), and the median lead time from landmark to onset in hours.

    Notes
    -----
    With complete observation, or weights that stand for those lost, the weighted share of
    events estimates the cumulative incidence in the presence of competing death. One minus
    the Kaplan-Meier estimate with death censored would overstate it.
    """
    rows = []
    for (endpoint, landmark_h), group in outcomes.groupby(["endpoint", "landmark_h"], sort=False):
        lead_h = (group["onset_h"] - group["landmark_h"])[group["event"] == 1]
        weight = group["weight"].sum()
        incidence = (
            (group["weight"] * group["event"].fillna(0)).sum() / weight if weight else np.nan
        )
        rows.append(
            {
                "endpoint": endpoint,
                "landmark_h": landmark_h,
                **count_flow(group),
                "incidence": incidence,
                "median_lead_h": lead_h.median(),
            }
        )
    counts = pd.DataFrame(rows)
    excluded = [name for name in counts if str(name).startswith("excluded_")]
    return counts.fillna(dict.fromkeys(excluded, 0))

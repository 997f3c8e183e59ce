"""Watch whether as many patients reach the endpoint as a model expects, one after another.

The test is an e-process [1]_: the likelihood ratio of "the odds are so many times what the model
says" against "the model is right", averaged over a few such ratios, patient by patient. While the
model is right it is a game at fair odds, and the chance that it ever reaches 20 is at most one in
20 (Ville's inequality), however often one looks and however many patients come. It begins anew
with each period, so that the rate of false alarms is one per period and not one per look. No
threshold was tuned; ``benchmarks/studies/monitoring.csv`` says how often it alarms, and how late.

References
----------
.. [1] Ramdas A, Grunwald P, Vovk V, Shafer G. "Game-theoretic statistics and safe anytime-valid
   inference." Stat Sci 2023;38(4):576-601. doi:10.1214/23-STS894
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import log_expit, logit, logsumexp

from icans_risk.errors import IcansRiskError

__all__ = ["FALSE_ALARM_RATE", "ODDS_RATIOS", "WatchedPeriod", "log_evidence", "watch_calibration"]

FALSE_ALARM_RATE = 0.05
# How far the odds may be off: what is smaller takes years to notice in one centre.
ODDS_RATIOS = (1 / 3, 1 / 2, 2 / 3, 3 / 2, 2.0, 3.0)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class WatchedPeriod:
    """What a period came to.

    Attributes
    ----------
    period : str
        Its name.
    patients, events : int
        Watched.
    expected : float
        Events that the model expected.
    evidence : float
        The highest value that the e-process reached.
    alarm_at : int or None
        After how many patients it reached one over the rate; None if it did not.
    """

    period: str
    patients: int
    events: int
    expected: float
    evidence: float
    alarm_at: int | None

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return dict(vars(self))


def log_evidence(event: ArrayLike, risk: ArrayLike) -> Floats:
    """Return the logarithm of the e-process after each patient.

    Parameters
    ----------
    event : array-like of shape (..., n_patients)
        1 for an event, 0 for none, in the order of the predictions.
    risk : array-like of shape (..., n_patients)
        Predicted before, within (0, 1).

    Returns
    -------
    ndarray of shape (..., n_patients)
        0 is no evidence; log 20 is reached by a right model once in 20 periods at most.

    Examples
    --------
    Five events where one in ten was expected, each time:

    >>> float(np.exp(log_evidence([1] * 5, [0.1] * 5)[-1]).round(1))
    20.6
    """
    y, p = np.asarray(event, dtype=np.float64), np.asarray(risk, dtype=np.float64)
    if not (((y == 0) | (y == 1)).all() and ((p > 0) & (p < 1)).all()):
        raise IcansRiskError(
            "expected events of 0 and 1 and risks within (0, 1), got something else in "
            f"{int((~((y == 0) | (y == 1)) | ~((p > 0) & (p < 1))).sum())} rows. Leave out who "
            "has no outcome or no risk."
        )
    margin = logit(p)
    ratios = []
    for odds in ODDS_RATIOS:
        shifted = margin + np.log(odds)
        gain = np.where(
            y == 1,
            log_expit(shifted) - log_expit(margin),
            log_expit(-shifted) - log_expit(-margin),
        )
        ratios.append(np.cumsum(gain, axis=-1))
    mixed: Floats = logsumexp(np.stack(ratios), axis=0) - np.log(len(ODDS_RATIOS))
    return mixed


def watch_calibration(
    event: ArrayLike,
    risk: ArrayLike,
    *,
    period: ArrayLike,
    false_alarm_rate: float = FALSE_ALARM_RATE,
) -> list[WatchedPeriod]:
    """Watch calibration in the large, period by period.

    Parameters
    ----------
    event, risk : array-like of shape (n_patients,)
        In the order in which predictions were made.
    period : array-like of shape (n_patients,)
        Such as the calendar year of each prediction.
    false_alarm_rate : float
        Highest chance of a false alarm in a period, where risks are right.

    Returns
    -------
    list of WatchedPeriod
        In the order of their first patients.

    Raises
    ------
    IcansRiskError
        If events are not 0 and 1, risks not within (0, 1), or the rate not either.
    """
    if not 0 < false_alarm_rate < 1:
        raise IcansRiskError(
            f"a rate of false alarms lies within (0, 1), got {false_alarm_rate}. 0.05 is usual."
        )
    table = pd.DataFrame(
        {
            "period": np.asarray(period).astype(str),
            "event": np.asarray(event, dtype=np.float64),
            "risk": np.asarray(risk, dtype=np.float64),
        }
    )
    return [
        _watch(str(name), group, false_alarm_rate)
        for name, group in table.groupby("period", sort=False)
    ]


def _watch(name: str, group: pd.DataFrame, rate: float) -> WatchedPeriod:
    course = log_evidence(group["event"], group["risk"])
    over = np.flatnonzero(course >= -np.log(rate))
    return WatchedPeriod(
        period=name,
        patients=len(group),
        events=int(group["event"].sum()),
        expected=float(group["risk"].sum()),
        evidence=float(np.exp(course.max())),
        alarm_at=int(over[0]) + 1 if over.size else None,
    )

"""Whether acting on the predicted risks does more good than harm.

A threshold says how many needless treatments one event found is worth; the package has
none of its own, and the range over which a curve is drawn belongs in the protocol.

References
----------
.. [1] Vickers AJ, Elkin EB. "Decision curve analysis: a novel method for evaluating
   prediction models." Med Decis Making 2006;26(6):565-574. doi:10.1177/0272989X06295361
.. [2] Vickers AJ, Van Calster B, Steyerberg EW. "Net benefit approaches to the
   evaluation of prediction models, molecular markers, and diagnostic tests." BMJ
   2016;352:i6. doi:10.1136/bmj.i6
"""

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from icans_risk.errors import IcansRiskError
from icans_risk.evaluation.confusion import (
    Confusion,
    check_thresholds,
    count_confusion,
    percentiles,
    resample_confusion,
)
from icans_risk.evaluation.inputs import Floats, check_inputs
from icans_risk.evaluation.patients import check_patients

__all__ = ["TREAT_ALL", "TREAT_NONE", "decision_curve", "net_benefit", "net_benefit_difference"]

TREAT_ALL = "treat all"
TREAT_NONE = "treat none"


def net_benefit(
    y: ArrayLike, p: ArrayLike, w: ArrayLike | None = None, *, threshold: float
) -> float:
    """Compute the net benefit of acting where the risk reaches a threshold.

    True positives per patient, less false positives weighed by the odds of the
    threshold. With the threshold bound (``functools.partial``) it is a metric like the
    others.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        1 for an event, 0 for none.
    p : array-like of shape (n_rows,)
        Predicted probabilities.
    w : array-like of shape (n_rows,), optional
        Weights.
    threshold : float
        The risk from which on one would act, strictly between 0 and 1.

    Returns
    -------
    float
        At most the prevalence; 0 for treating no one. NaN without rows.

    Raises
    ------
    IcansRiskError
        If a column or the threshold is not what it should be.

    Examples
    --------
    One event found, one needless alarm at odds of 1:4, four patients:

    >>> net_benefit([1, 0, 1, 0], [0.9, 0.3, 0.1, 0.1], threshold=0.2)
    0.1875
    """
    (at,) = check_thresholds([threshold])
    outcome, risk, weight = check_inputs(y, p, w)
    if not outcome.size:
        return math.nan
    worth = np.where(outcome == 1, 1.0, -at / (1 - at))
    return float(weight @ (worth * (risk >= at)) / weight.sum())


def decision_curve(
    y: ArrayLike,
    risks: Mapping[str, ArrayLike],
    *,
    thresholds: ArrayLike,
    groups: ArrayLike,
    weight: ArrayLike | None = None,
    resamples: int = 1000,
    seed: int,
    level: float = 0.95,
) -> pd.DataFrame:
    """Draw decision curves with bands, beside treating everyone and no one.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        1 for an event, 0 for none.
    risks : mapping of str to array-like of shape (n_rows,)
        Predicted probabilities of each model, simple scores among them.
    thresholds : array-like of shape (n_thresholds,)
        The declared range, ascending and strictly between 0 and 1.
    groups : array-like of shape (n_rows,)
        The patient of each row.
    weight : array-like of shape (n_rows,), optional
        Weights.
    resamples : int, default 1000
        How many times to draw patients.
    seed : int
        The same seed draws the same patients for every model.
    level : float, default 0.95
        Coverage aimed at at each threshold by itself, between 0 and 1.

    Returns
    -------
    DataFrame of shape ((n_models + 2) * n_thresholds, 8)
        ``model``, ``threshold``, ``net_benefit`` with ``low`` and ``high``; and
        ``avoided``, the interventions that it saves per 100 patients against treating
        everyone with no event missed more, with ``avoided_low`` and ``avoided_high``.

    Raises
    ------
    IcansRiskError
        If a column, the thresholds, ``resamples``, ``level`` or a name is not what it
        should be.

    Examples
    --------
    >>> curve = decision_curve(
    ...     [1, 0, 1, 0], {"score": [0.9, 0.3, 0.1, 0.1]}, thresholds=[0.2], groups=range(4), seed=0
    ... )
    >>> curve[["model", "net_benefit"]]
            model  net_benefit
    0       score       0.1875
    1   treat all       0.3750
    2  treat none       0.0000
    """
    taken = {TREAT_ALL, TREAT_NONE} & set(risks)
    if taken:
        raise IcansRiskError(
            f"The names {sorted(taken)} are those of the two policies that every curve is drawn "
            "with. Name the models otherwise."
        )
    at = check_thresholds(thresholds)
    rows = len(np.asarray(y))
    drawn = {**risks, TREAT_ALL: np.ones(rows), TREAT_NONE: np.zeros(rows)}
    benefits = {
        name: _benefits(y, risk, at, groups=groups, weight=weight, resamples=resamples, seed=seed)
        for name, risk in drawn.items()
    }
    odds = at / (1 - at)
    everyone = benefits[TREAT_ALL]
    tables = []
    for name, benefit in benefits.items():
        avoided = 100 * (benefit - everyone) / odds
        columns = _with_band("net_benefit", benefit, level) | _with_band("avoided", avoided, level)
        tables.append(pd.DataFrame({"model": name, "threshold": at, **columns}))
    names = {"net_benefit_low": "low", "net_benefit_high": "high"}
    return pd.concat(tables, ignore_index=True).rename(columns=names)


def net_benefit_difference(
    y: ArrayLike,
    p: ArrayLike,
    *,
    minus: ArrayLike,
    thresholds: ArrayLike,
    groups: ArrayLike,
    weight: ArrayLike | None = None,
    resamples: int = 1000,
    seed: int,
    level: float = 0.95,
) -> pd.DataFrame:
    """Compare the net benefit of two models on the same patients over declared thresholds.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        1 for an event, 0 for none.
    p : array-like of shape (n_rows,)
        Probabilities of the model of interest.
    minus : array-like of shape (n_rows,)
        Probabilities of the model that it is compared with.
    thresholds : array-like of shape (n_thresholds,)
        Ascending and strictly between 0 and 1.
    groups : array-like of shape (n_rows,)
        The patient of each row.
    weight : array-like of shape (n_rows,), optional
        Weights.
    resamples : int, default 1000
        How many times to draw patients; both models are judged on each draw.
    seed : int
        The same seed draws the same patients.
    level : float, default 0.95
        Coverage aimed at at each threshold by itself, between 0 and 1.

    Returns
    -------
    DataFrame of shape (n_thresholds, 4)
        ``threshold``, ``difference``, ``difference_low`` and ``difference_high``.

    Raises
    ------
    IcansRiskError
        If a column, the thresholds, ``resamples`` or ``level`` is not what it should be.
    """
    at = check_thresholds(thresholds)
    one, other = (
        _benefits(y, risk, at, groups=groups, weight=weight, resamples=resamples, seed=seed)
        for risk in (p, minus)
    )
    return pd.DataFrame({"threshold": at, **_with_band("difference", one - other, level)})


def _benefits(
    y: ArrayLike,
    risk: ArrayLike,
    at: Floats,
    *,
    groups: ArrayLike,
    weight: ArrayLike | None,
    resamples: int,
    seed: int,
) -> Floats:
    """Compute the net benefit on the cohort (first line) and on each resample."""
    rows = check_patients(y, risk, weight, groups=groups)
    cohort = _of(count_confusion(rows, at), at)
    return np.vstack(
        [cohort, _of(resample_confusion(rows, at, resamples=resamples, seed=seed), at)]
    )


def _of(counts: Confusion, at: Floats) -> Floats:
    gain = counts.true_positives - counts.false_positives * at / (1 - at)
    total = np.broadcast_to(counts.total, gain.shape)
    benefit: Floats = np.divide(gain, total, out=np.full(gain.shape, math.nan), where=total > 0)
    return benefit


def _with_band(name: str, values: Floats, level: float) -> dict[str, Floats]:
    low, high = percentiles(values[1:], level)
    return {name: values[0], f"{name}_low": low, f"{name}_high": high}

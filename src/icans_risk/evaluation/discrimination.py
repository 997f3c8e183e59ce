"""Measures of whether patients with the event are ranked above those without.

scikit-learn has both measures and the tests hold ours to its figures. It spends about a
millisecond on each call, nearly all of it on checking what we have checked already; an
interval calls a metric a thousand times for each model, so the sums are written out here.
"""

import math

import numpy as np
from numpy.typing import ArrayLike

from icans_risk.evaluation.inputs import Floats, check_inputs

__all__ = ["auroc", "average_precision"]


def auroc(y: ArrayLike, p: ArrayLike, w: ArrayLike | None = None) -> float:
    """Compute the area under the receiver operating characteristic curve.

    The probability that a patient with the event was given a higher risk than one
    without, ties counting one half: 0.5 is chance, 1 is perfect ranking. It is blind
    to calibration.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        1 for an event, 0 for none.
    p : array-like of shape (n_rows,)
        Predicted probabilities.
    w : array-like of shape (n_rows,), optional
        Weights; a pair counts with the product of its two.

    Returns
    -------
    float
        The area; NaN where only one outcome occurs.

    Raises
    ------
    IcansRiskError
        If the inputs are not outcomes, probabilities and weights of one shape.

    References
    ----------
    .. [1] Hanley JA, McNeil BJ. "The meaning and use of the area under a receiver
       operating characteristic (ROC) curve." Radiology 1982;143(1):29-36.
       doi:10.1148/radiology.143.1.7063747

    Examples
    --------
    Of four pairs, three are in the right order:

    >>> auroc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    0.75
    """
    events, others = _weight_at_each_risk(y, p, w)
    if not (events.sum() and others.sum()):
        return math.nan
    ranked_below = np.cumsum(others[::-1])[::-1] - others / 2
    return float(events @ ranked_below / (events.sum() * others.sum()))


def average_precision(y: ArrayLike, p: ArrayLike, w: ArrayLike | None = None) -> float:
    """Compute the average precision, a summary of the precision-recall curve.

    The mean of the positive predictive value over the events, each taken at the risk
    that the event was given; no interpolation. A model without skill scores the
    prevalence, so figures from cohorts of different prevalence do not compare.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        1 for an event, 0 for none.
    p : array-like of shape (n_rows,)
        Predicted probabilities.
    w : array-like of shape (n_rows,), optional
        Weights.

    Returns
    -------
    float
        The average precision; NaN where only one outcome occurs, because it then says
        nothing about ranking (scikit-learn gives 0 or 1).

    Raises
    ------
    IcansRiskError
        If the inputs are not outcomes, probabilities and weights of one shape.

    References
    ----------
    .. [1] Saito T, Rehmsmeier M. "The precision-recall plot is more informative than
       the ROC plot when evaluating binary classifiers on imbalanced datasets."
       PLoS One 2015;10(3):e0118432. doi:10.1371/journal.pone.0118432

    Examples
    --------
    >>> round(average_precision([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]), 4)
    0.8333
    """
    events, others = _weight_at_each_risk(y, p, w)
    if not (events.sum() and others.sum()):
        return math.nan
    true_positives = np.cumsum(events)
    precision = true_positives / (true_positives + np.cumsum(others))
    return float(events @ precision / true_positives[-1])


def _weight_at_each_risk(y: ArrayLike, p: ArrayLike, w: ArrayLike | None) -> tuple[Floats, Floats]:
    """Sum the weights of events and of the others at each distinct risk, highest first."""
    outcome, risk, weight = check_inputs(y, p, w)
    order = np.argsort(-risk, kind="stable")
    descending = risk[order]
    starts = np.flatnonzero(np.r_[True, descending[1:] != descending[:-1]][: risk.size])
    if not starts.size:
        return np.zeros(0), np.zeros(0)
    in_order, is_event = weight[order], outcome[order] == 1
    events = np.add.reduceat(np.where(is_event, in_order, 0.0), starts)
    others = np.add.reduceat(np.where(is_event, 0.0, in_order), starts)
    return events, others

"""How the predicted risks of patients with the event lie apart from those of the others."""

import math

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from icans_risk.errors import IcansRiskError
from icans_risk.evaluation.inputs import check_inputs
from icans_risk.evaluation.patients import check_patients
from icans_risk.evaluation.small_cells import hide_small_cells

__all__ = ["discrimination_slope", "risk_distribution"]


def discrimination_slope(y: ArrayLike, p: ArrayLike, w: ArrayLike | None = None) -> float:
    """Compute the mean risk of those with the event minus that of those without.

    0 where the model does not tell them apart, 1 where it is certain and right. It
    grows with the prevalence and with overfitting, so figures compare on one cohort
    only.

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
        The difference; NaN where only one outcome occurs.

    Raises
    ------
    IcansRiskError
        If the inputs are not outcomes, probabilities and weights of one shape.

    References
    ----------
    .. [1] Yates JF. "External correspondence: decompositions of the mean probability
       score." Organ Behav Hum Perform 1982;30(1):132-156.
       doi:10.1016/0030-5073(82)90237-9

    Examples
    --------
    >>> round(discrimination_slope([1, 1, 0, 0], [0.8, 0.6, 0.4, 0.2]), 6)
    0.4
    """
    outcome, risk, weight = check_inputs(y, p, w)
    events, others = weight * outcome, weight * (1 - outcome)
    if not (events.any() and others.any()):
        return math.nan
    return float(events @ risk / events.sum() - others @ risk / others.sum())


def risk_distribution(
    y: ArrayLike,
    p: ArrayLike,
    *,
    groups: ArrayLike,
    fewest: int,
    bins: int = 20,
    weight: ArrayLike | None = None,
) -> pd.DataFrame:
    """Count rows by predicted risk and outcome, as a histogram draws them.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        1 for an event, 0 for none.
    p : array-like of shape (n_rows,)
        Predicted probabilities.
    groups : array-like of shape (n_rows,)
        The patient of each row.
    fewest : int
        Bins with fewer patients of an outcome than this are hidden, with a second one
        where the total would give them away; 1 shows all.
    bins : int, default 20
        How many, of equal width between 0 and 1. A risk on an edge belongs to the bin
        above; 1 to the last.
    weight : array-like of shape (n_rows,), optional
        Weights.

    Returns
    -------
    DataFrame of shape (bins, 4)
        ``low`` and ``high`` of the bin, and the weighted counts ``events`` and
        ``others``, NaN where hidden.

    Raises
    ------
    IcansRiskError
        If a column is not what it should be, or ``bins`` or ``fewest`` is below 1.

    Examples
    --------
    >>> risk_distribution([1, 0, 0], [0.7, 0.2, 0.5], groups=range(3), fewest=1, bins=2)
       low  high  events  others
    0  0.0   0.5     0.0     1.0
    1  0.5   1.0     1.0     1.0
    """
    if bins < 1:
        raise IcansRiskError(f"A histogram needs at least 1 bin, got {bins}. The usual is 20.")
    rows = check_patients(y, p, weight, groups=groups)
    edges = np.linspace(0, 1, bins + 1)
    place = np.minimum(np.searchsorted(edges, rows.risk, side="right") - 1, bins - 1)
    table = pd.DataFrame({"low": edges[:-1], "high": edges[1:]})
    for column, value in (("events", 1), ("others", 0)):
        of = rows.outcome == value
        seen = np.unique(np.column_stack([place[of], rows.patient[of]]), axis=0)[:, 0]
        shown = hide_small_cells(np.bincount(seen, minlength=bins)[None], fewest=fewest)[0]
        counts = np.bincount(place[of], rows.weight[of], bins)
        table[column] = np.where(np.isnan(shown), math.nan, counts)
    return table

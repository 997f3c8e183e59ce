"""Who moves between categories of risk when one model takes the place of another.

There is no net reclassification index here: it rises with useless predictors and with
miscalibration, and adds movements that are not worth the same [1]_ [2]_. The table shows
the movements; ``net_benefit_difference`` weighs them.

References
----------
.. [1] Pepe MS, et al. "The net reclassification index (NRI): a misleading measure of
   prediction improvement even with independent test data sets." Stat Biosci
   2015;7(2):282-295. doi:10.1007/s12561-014-9118-0
.. [2] Hilden J, Gerds TA. "A note on the evaluation of novel biomarkers: do not rely on
   integrated discrimination improvement and net reclassification index." Stat Med
   2014;33(19):3405-3414. doi:10.1002/sim.5804
"""

import math

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from icans_risk.evaluation.confusion import check_thresholds
from icans_risk.evaluation.inputs import Floats
from icans_risk.evaluation.patients import PatientRows, check_patients
from icans_risk.evaluation.small_cells import hide_small_cells

__all__ = ["reclassification_table"]


def reclassification_table(
    y: ArrayLike,
    p: ArrayLike,
    *,
    minus: ArrayLike,
    thresholds: ArrayLike,
    groups: ArrayLike,
    fewest: int,
    weight: ArrayLike | None = None,
) -> pd.DataFrame:
    """Cross the risk categories of two models, apart for events and others.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        1 for an event, 0 for none.
    p : array-like of shape (n_rows,)
        Probabilities of the model of interest.
    minus : array-like of shape (n_rows,)
        Probabilities of the model that it is compared with.
    thresholds : array-like of shape (n_thresholds,)
        The declared bounds of the categories, ascending and strictly between 0 and 1; a
        risk equal to one belongs to the category above.
    groups : array-like of shape (n_rows,)
        The patient of each row.
    fewest : int
        Cells with fewer patients than this are hidden, with others where totals would
        give them away; 1 shows all.
    weight : array-like of shape (n_rows,), optional
        Weights.

    Returns
    -------
    DataFrame of shape (2 * n_categories ** 2, 4)
        ``outcome`` (1 or 0), ``before`` and ``after``, the number of the category from 0
        for the lowest, by ``minus`` and by ``p``; and ``count``, the weight of the rows,
        NaN where hidden.

    Raises
    ------
    IcansRiskError
        If a column, the thresholds or ``fewest`` is not what it should be.

    References
    ----------
    .. [1] Cook NR. "Use and misuse of the receiver operating characteristic curve in
       risk prediction." Circulation 2007;115(7):928-935.
       doi:10.1161/CIRCULATIONAHA.106.672402

    Examples
    --------
    >>> table = reclassification_table(
    ...     [1, 1, 0], [0.4, 0.6, 0.1], minus=[0.1, 0.7, 0.1], thresholds=[0.2],
    ...     groups=range(3), fewest=1,
    ... )
    >>> table[table["count"] > 0]
       outcome  before  after  count
    1        1       0      1    1.0
    3        1       1      1    1.0
    4        0       0      0    1.0
    """
    at = check_thresholds(thresholds)
    rows = check_patients(y, p, weight, groups=groups)
    other = check_patients(y, minus, weight, groups=groups)
    categories = at.size + 1
    cell = np.searchsorted(at, other.risk, side="right") * categories
    cell += np.searchsorted(at, rows.risk, side="right")
    before, after = np.divmod(np.arange(categories**2), categories)
    tables = [
        pd.DataFrame(
            {
                "outcome": outcome,
                "before": before,
                "after": after,
                "count": _counts(rows, cell, outcome=outcome, categories=categories, fewest=fewest),
            }
        )
        for outcome in (1, 0)
    ]
    return pd.concat(tables, ignore_index=True)


def _counts(
    rows: PatientRows, cell: NDArray[np.intp], *, outcome: int, categories: int, fewest: int
) -> Floats:
    of, cells = rows.outcome == outcome, categories**2
    seen = np.unique(np.column_stack([cell[of], rows.patient[of]]), axis=0)[:, 0]
    patients = np.bincount(seen, minlength=cells).reshape(categories, categories)
    hidden = np.isnan(hide_small_cells(patients, fewest=fewest)).ravel()
    return np.where(hidden, math.nan, np.bincount(cell[of], rows.weight[of], cells))

"""What happens at stated thresholds: who is alarmed, who is missed, who is right."""

import math

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from statsmodels.stats.proportion import proportion_confint

from icans_risk.evaluation.confusion import (
    Confusion,
    check_thresholds,
    count_confusion,
    percentiles,
    resample_confusion,
)
from icans_risk.evaluation.inputs import Floats
from icans_risk.evaluation.patients import PatientRows, check_patients

__all__ = ["threshold_table"]


def threshold_table(
    y: ArrayLike,
    p: ArrayLike,
    *,
    thresholds: ArrayLike,
    groups: ArrayLike,
    weight: ArrayLike | None = None,
    resamples: int = 1000,
    seed: int,
    level: float = 0.95,
) -> pd.DataFrame:
    """Tell what an alarm at each threshold would mean, with intervals.

    Where each patient counts once, the interval is Wilson's [1]_, which holds its
    coverage for few patients and for shares of 0 and 1; otherwise it is the percentile
    bootstrap by patients, which has no width there. The column ``method`` says which.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        1 for an event, 0 for none.
    p : array-like of shape (n_rows,)
        Predicted probabilities; one equal to the threshold raises an alarm.
    thresholds : array-like of shape (n_thresholds,)
        Ascending and strictly between 0 and 1.
    groups : array-like of shape (n_rows,)
        The patient of each row.
    weight : array-like of shape (n_rows,), optional
        Weights.
    resamples : int, default 1000
        How many times to draw patients.
    seed : int
        The same seed draws the same patients.
    level : float, default 0.95
        Coverage aimed at, between 0 and 1.

    Returns
    -------
    DataFrame of shape (6 * n_thresholds, 9)
        ``threshold``, ``measure`` (``sensitivity``, ``specificity``, ``ppv``, ``npv``,
        ``alarms_per_100``, ``missed_events_per_100``), ``estimate``, ``low``, ``high``,
        the weighted counts ``count`` and ``of`` behind it, ``method`` and ``estimable``,
        the resamples with an estimate (0 for Wilson). NaN where there is no one to
        count.

    Raises
    ------
    IcansRiskError
        If a column, the thresholds, ``resamples`` or ``level`` is not what it should be.

    References
    ----------
    .. [1] Wilson EB. "Probable inference, the law of succession, and statistical
       inference." J Am Stat Assoc 1927;22(158):209-212.
       doi:10.1080/01621459.1927.10502953

    Examples
    --------
    >>> table = threshold_table(
    ...     [1, 1, 0, 0], [0.9, 0.1, 0.4, 0.1], thresholds=[0.3], groups=range(4), seed=0
    ... )
    >>> table.set_index("measure")["estimate"].to_dict()  # doctest: +NORMALIZE_WHITESPACE
    {'sensitivity': 0.5, 'specificity': 0.5, 'ppv': 0.5, 'npv': 0.5,
     'alarms_per_100': 50.0, 'missed_events_per_100': 25.0}
    """
    at = check_thresholds(thresholds)
    rows = check_patients(y, p, weight, groups=groups)
    resampled = resample_confusion(rows, at, resamples=resamples, seed=seed)
    measured = _measures(count_confusion(rows, at))
    once = _each_patient_counts_once(rows)
    tables = []
    for name, (count, of) in measured.items():
        scale = 100.0 if name.endswith("_per_100") else 1.0
        drawn = _share(*_measures(resampled)[name])
        low, high = _wilson(count, of, level) if once else percentiles(drawn, level)
        columns = {
            "threshold": at,
            "measure": name,
            "estimate": scale * _share(count, of),
            "low": scale * low,
            "high": scale * high,
            "count": count,
            "of": of,
            "method": "Wilson" if once else "bootstrap",
            "estimable": 0 if once else np.isfinite(drawn).sum(axis=0),
        }
        tables.append(pd.DataFrame(columns))
    return pd.concat(tables).sort_values("threshold", kind="stable", ignore_index=True)


def _each_patient_counts_once(rows: PatientRows) -> bool:
    present = np.unique(rows.patient)
    return bool((rows.weight == 1).all()) and present.size == rows.patient.size


def _measures(counts: Confusion) -> dict[str, tuple[Floats, Floats]]:
    """Give each measure its numerator and its denominator."""
    hit, false = counts.true_positives, counts.false_positives
    missed, right = counts.events - hit, counts.others - false
    shares = {
        "sensitivity": (hit, counts.events),
        "specificity": (right, counts.others),
        "ppv": (hit, counts.alarms),
        "npv": (right, counts.total - counts.alarms),
        "alarms_per_100": (counts.alarms, counts.total),
        "missed_events_per_100": (missed, counts.total),
    }
    return {name: (n, np.broadcast_to(of, n.shape)) for name, (n, of) in shares.items()}


def _share(count: Floats, of: Floats) -> Floats:
    share: Floats = np.divide(count, of, out=np.full(count.shape, math.nan), where=of > 0)
    return share


def _wilson(count: Floats, of: Floats, level: float) -> tuple[Floats, Floats]:
    ends = np.full((2, count.size), math.nan)
    some = of > 0
    ends[:, some] = proportion_confint(count[some], of[some], alpha=1 - level, method="wilson")
    return ends[0], ends[1]

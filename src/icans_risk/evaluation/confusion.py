"""Counts of right and wrong alarms at thresholds, on the cohort and on resamples of it.

Everything that a threshold decides is a ratio of four sums over patients. A resample only
changes how often each patient counts, so that all thresholds come from one product; the
draws are those of ``bootstrap_interval`` with the same seed.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from icans_risk.errors import IcansRiskError
from icans_risk.evaluation.inputs import Floats
from icans_risk.evaluation.patients import PatientRows

__all__ = ["Confusion", "check_thresholds", "count_confusion", "percentiles", "resample_confusion"]


@dataclass(frozen=True)
class Confusion:
    """Weighted counts at thresholds; the last axis is that of the thresholds.

    Attributes
    ----------
    true_positives, false_positives : ndarray of shape (..., n_thresholds)
        Events and others whose risk reaches the threshold.
    events, others : ndarray of shape (..., 1)
        All of them.
    """

    true_positives: Floats
    false_positives: Floats
    events: Floats
    others: Floats

    @property
    def total(self) -> Floats:
        """Weight of all rows, of shape (..., 1)."""
        return self.events + self.others

    @property
    def alarms(self) -> Floats:
        """Weight of the rows whose risk reaches the threshold."""
        return self.true_positives + self.false_positives


def check_thresholds(thresholds: ArrayLike) -> Floats:
    """Return thresholds as an array, or say what is wrong.

    Parameters
    ----------
    thresholds : array-like of shape (n_thresholds,)
        Risks from which on one would act.

    Returns
    -------
    ndarray of shape (n_thresholds,)
        The same, ascending.

    Raises
    ------
    IcansRiskError
        If there is none, one is not strictly between 0 and 1, or they do not ascend.

    Examples
    --------
    >>> check_thresholds([0.1, 0.2])
    array([0.1, 0.2])
    """
    at = np.asarray(thresholds, dtype=np.float64)
    if at.ndim != 1 or not at.size or not ((at > 0) & (at < 1)).all() or (np.diff(at) <= 0).any():
        raise IcansRiskError(
            "Thresholds must be risks strictly between 0 and 1 in ascending order, got "
            f"{at.tolist()}. Declare those at which a decision would change."
        )
    return at


def count_confusion(rows: PatientRows, thresholds: Floats) -> Confusion:
    """Count alarms at each threshold; a risk equal to the threshold raises one.

    Parameters
    ----------
    rows : PatientRows
        Outcomes, risks, weights and patients.
    thresholds : ndarray of shape (n_thresholds,)
        Checked thresholds.

    Returns
    -------
    Confusion
        Of shape (n_thresholds,).
    """
    return _split(_sums_of_patients(rows, thresholds).sum(axis=0), thresholds.size)


def resample_confusion(
    rows: PatientRows, thresholds: Floats, *, resamples: int, seed: int
) -> Confusion:
    """Count alarms at each threshold on resamples of the patients.

    Parameters
    ----------
    rows : PatientRows
        Outcomes, risks, weights and patients.
    thresholds : ndarray of shape (n_thresholds,)
        Checked thresholds.
    resamples : int
        How many times to draw.
    seed : int
        The same seed draws the same patients, whatever the risks.

    Returns
    -------
    Confusion
        Of shape (resamples, n_thresholds).

    Raises
    ------
    IcansRiskError
        If ``resamples`` is below 2.
    """
    if resamples < 2:
        raise IcansRiskError(f"A band needs at least 2 resamples, got {resamples}; 1000 is usual.")
    sums, patients = _sums_of_patients(rows, thresholds), rows.patients
    if not patients:
        return _split(np.zeros((resamples, sums.shape[1])), thresholds.size)
    draws = np.random.default_rng(seed).integers(0, patients, (resamples, patients))
    drawn = np.array([np.bincount(draw, minlength=patients) @ sums for draw in draws])
    return _split(drawn, thresholds.size)


def percentiles(values: Floats, level: float) -> tuple[Floats, Floats]:
    """Take percentiles over resamples, those without an estimate left out.

    Parameters
    ----------
    values : ndarray of shape (resamples, n_thresholds)
        A measure on each resample.
    level : float
        Coverage aimed at, between 0 and 1.

    Returns
    -------
    tuple of two ndarrays of shape (n_thresholds,)
        The lower and the upper end; NaN with fewer than two estimates.

    Raises
    ------
    IcansRiskError
        If ``level`` is not between 0 and 1.
    """
    if not 0 < level < 1:
        raise IcansRiskError(
            f"An interval needs a level between 0 and 1, got {level}. The usual is 0.95."
        )
    ends = np.full((2, values.shape[1]), np.nan)
    for column, measured in enumerate(values.T):
        estimable = measured[np.isfinite(measured)]
        if estimable.size > 1:
            ends[:, column] = np.quantile(estimable, ((1 - level) / 2, (1 + level) / 2))
    return ends[0], ends[1]


def _sums_of_patients(rows: PatientRows, thresholds: Floats) -> Floats:
    """Sum true and false positives at each threshold, events and others, by patient."""
    above = rows.risk[:, None] >= thresholds
    events, others = rows.weight * rows.outcome, rows.weight * (1 - rows.outcome)
    columns = (above * events[:, None], above * others[:, None], events, others)
    sums = np.zeros((rows.patients, 2 * thresholds.size + 2))
    np.add.at(sums, rows.patient, np.column_stack(columns))
    return sums


def _split(sums: Floats, thresholds: int) -> Confusion:
    ends = (thresholds, 2 * thresholds, 2 * thresholds + 1)
    return Confusion(*np.split(sums, ends, axis=-1))

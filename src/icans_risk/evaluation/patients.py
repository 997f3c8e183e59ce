"""Which rows belong to one patient, beside what a metric accepts."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from icans_risk.errors import IcansRiskError
from icans_risk.evaluation.inputs import Floats, check_inputs

__all__ = ["PatientRows", "check_patients"]


@dataclass(frozen=True)
class PatientRows:
    """Checked rows, those of weight zero left out.

    Attributes
    ----------
    outcome, risk, weight : ndarray of shape (n_weighted_rows,)
        As ``check_inputs`` returns them.
    patient : ndarray of shape (n_weighted_rows,)
        The number of each row's patient, patients sorted as text.
    patients : int
        How many patients there are, those of weight zero among them.
    """

    outcome: Floats
    risk: Floats
    weight: Floats
    patient: NDArray[np.intp]
    patients: int

    def sum_by_patient(self, values: Floats) -> Floats:
        """Sum the rows of each patient.

        Parameters
        ----------
        values : ndarray of shape (n_weighted_rows,)
            One number for each row.

        Returns
        -------
        ndarray of shape (patients,)
            The sums; 0 for a patient without rows.
        """
        return np.bincount(self.patient, values, self.patients).astype(np.float64)


def check_patients(
    y: ArrayLike, p: ArrayLike, w: ArrayLike | None, *, groups: ArrayLike
) -> PatientRows:
    """Return the checked columns with the patient of each row, or say what is wrong.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        1 for an event, 0 for none.
    p : array-like of shape (n_rows,)
        Predicted probabilities of the event.
    w : array-like of shape (n_rows,) or None
        Weights.
    groups : array-like of shape (n_rows,)
        The patient of each row.

    Returns
    -------
    PatientRows
        The rows that weigh something.

    Raises
    ------
    IcansRiskError
        If ``check_inputs`` refuses the columns, or a row has no patient.

    Examples
    --------
    >>> rows = check_patients([1, 0, 0], [0.8, 0.3, 0.1], None, groups=["b", "a", "b"])
    >>> rows.sum_by_patient(rows.weight)
    array([1., 2.])
    """
    outcome, risk, weight = check_inputs(y, p, w)
    labels: NDArray[Any] = np.asarray(groups)
    if labels.shape != np.shape(y):
        raise IcansRiskError(
            f"Every row needs its patient, got groups of the shape {labels.shape} for outcomes of "
            f"the shape {np.shape(y)}. Pass columns of one table."
        )
    if pd.isna(labels).any():
        raise IcansRiskError(
            f"Every row needs its patient, {int(pd.isna(labels).sum())} rows have none. Fill "
            "patient_id."
        )
    names, patient = np.unique(labels.astype(str), return_inverse=True)
    kept = np.ones(labels.size, dtype=bool) if w is None else np.asarray(w) > 0
    return PatientRows(outcome, risk, weight, patient[kept], names.size)

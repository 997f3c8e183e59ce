"""Rows of patients in an order of their own, whatever order they came in."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from icans_risk.errors import IcansRiskError

__all__ = ["PatientRows", "put_in_order", "with_names"]

Rows = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class PatientRows:
    """Rows to fit on, sorted so that equal tables give equal models.

    Attributes
    ----------
    X : DataFrame or ndarray of shape (n_rows, n_columns)
        float32, missing is NaN; a frame where columns have names.
    y : ndarray of shape (n_rows,)
        1 for an event, 0 for none.
    weight : ndarray of shape (n_rows,)
        Weight of each row.
    patient : ndarray of shape (n_rows,)
        Number of the patient of each row: the unit of splits and bootstraps.
    """

    X: Any
    y: NDArray[np.int64]
    weight: NDArray[np.float64]
    patient: Rows

    def take(self, rows: Rows) -> Self:
        """Return some of the rows, in the order asked for."""
        X = self.X.iloc[rows] if isinstance(self.X, pd.DataFrame) else self.X[rows]
        return type(self)(X, self.y[rows], self.weight[rows], self.patient[rows])


def put_in_order(
    X: NDArray[np.float32],
    y: NDArray[np.int64],
    weight: NDArray[np.float64],
    *,
    groups: ArrayLike | None,
    names: NDArray[Any] | None,
) -> tuple[PatientRows, Rows]:
    """Sort checked rows by patient, outcome, weight and values.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_columns)
        Values.
    y, weight : ndarray of shape (n_rows,)
        Outcomes and weights.
    groups : array-like of shape (n_rows,) or None
        The patient of each row; None where each row is one.
    names : ndarray of shape (n_columns,) or None
        Names of the columns, if they have any.

    Returns
    -------
    PatientRows
        The sorted rows.
    ndarray of shape (n_rows,)
        Where each sorted row stood.

    Raises
    ------
    IcansRiskError
        If there is not one patient for each row.
    """
    labels = np.zeros(len(y), dtype=np.int64) if groups is None else np.asarray(groups)
    if labels.shape != y.shape:
        raise IcansRiskError(
            f"expected one patient for each of {len(y)} rows, got groups of the shape "
            f"{labels.shape}. Pass the patients of the same table."
        )
    # As text, because patients of mixed types cannot be sorted.
    _, patient = np.unique(labels.astype(str), return_inverse=True)
    order = np.lexsort((*X.T[::-1], weight, y, patient))
    ordered = np.arange(len(y)) if groups is None else patient[order]
    return PatientRows(with_names(X[order], names), y[order], weight[order], ordered), order


def with_names(X: NDArray[np.float32], names: NDArray[Any] | None) -> Any:
    """Return a frame where columns have names, the bare array where they have none."""
    return X if names is None else pd.DataFrame(X, columns=names)

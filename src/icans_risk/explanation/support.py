"""Whether what an input adds goes with the outcome of patients whom the model had not seen.

Rebuilds on bootstraps of one cohort share its coincidences: on synthetic cohorts, an input of
pure noise moved a patient's risk the same way in nine of ten rebuilds for one patient in six.
Patients who were held out do not share them.
"""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

__all__ = ["SUPPORTED_Z", "held_out_support"]

# One-sided 5 %.
SUPPORTED_Z = 1.645
# With fewer patients of either outcome the normal approximation says nothing.
_FEWEST_PATIENTS = 5

Floats = NDArray[np.float64]


def held_out_support(
    contributions: pd.DataFrame,
    event: ArrayLike,
    measured: pd.DataFrame,
    *,
    weight: ArrayLike | None = None,
    patient: ArrayLike | None = None,
) -> pd.Series:
    """Test for each input whether its held-out contributions are higher in those with the event.

    The score test of a logistic regression of the outcome on the contribution alone, among rows
    in which the input was measured: that it was measured must not speak. Its variance is summed
    over patients, so that rows of one count together.

    Parameters
    ----------
    contributions : DataFrame of shape (n_rows, n_inputs)
        Held-out contributions, folded, without the base.
    event : array-like of shape (n_rows,)
        1 for an event, 0 for none.
    measured : DataFrame of bool of shape (n_rows, n_inputs)
        As ``measured_analytes`` tells; the same columns.
    weight : array-like of shape (n_rows,), optional
        Weight of each row.
    patient : array-like of shape (n_rows,), optional
        Who each row is; by default each row is one.

    Returns
    -------
    Series
        z by input; 0 where fewer than five patients of either outcome had it measured. Noise
        reaches ``SUPPORTED_Z`` in about one of twenty cohorts.

    Examples
    --------
    >>> y = np.tile([0, 1], 20)
    >>> parts = pd.DataFrame({"plasma.crp": y - 0.5, "plasma.ldh": np.tile([1, 1, -1, -1], 10)})
    >>> held_out_support(parts, y, parts.notna()).round(2).to_dict()
    {'plasma.crp': 6.32, 'plasma.ldh': 0.0}
    """
    y = np.asarray(event, dtype=np.float64)[:, np.newaxis]
    w = np.ones(len(y)) if weight is None else np.asarray(weight, dtype=np.float64)
    who = np.arange(len(y)) if patient is None else np.asarray(patient).astype(str)
    added = contributions.to_numpy(dtype=np.float64)
    known = measured[contributions.columns].to_numpy(dtype=bool) & (w > 0)[:, np.newaxis]
    counted = w[:, np.newaxis] * known
    score = counted * (added - _mean(added, counted)) * (y - _mean(y, counted))
    by_patient = pd.DataFrame(score).groupby(who).sum().to_numpy()
    size = np.sqrt((by_patient**2).sum(axis=0))
    enough = _patients(known & (y > 0), who, _FEWEST_PATIENTS)
    enough &= _patients(known & (y == 0), who, _FEWEST_PATIENTS) & (size > 0)
    z = np.where(enough, by_patient.sum(axis=0) / np.where(enough, size, 1.0), 0.0)
    return pd.Series(z, index=contributions.columns)


def _mean(values: Floats, counted: Floats) -> Floats:
    total = counted.sum(axis=0)
    mean: Floats = (counted * values).sum(axis=0) / np.where(total > 0, total, 1.0)
    return mean


def _patients(chosen: NDArray[np.bool_], who: NDArray[np.generic], least: int) -> NDArray[np.bool_]:
    count = pd.DataFrame(chosen).groupby(who).any().sum().to_numpy()
    return np.asarray(count >= least)

"""Checks that every model shares: what came in is what it was fitted on."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, validate_data

from icans_risk.errors import NotEstimableError

__all__ = ["check_new_rows", "check_training_rows", "in_fitted_order", "two_columns"]


def check_training_rows(
    model: BaseEstimator, X: Any, y: ArrayLike, *, sample_weight: ArrayLike | None
) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.float64]]:
    """Return rows, classes coded 0 and 1, and weights; missing cells stay missing.

    Raises
    ------
    NotEstimableError
        If the rows hold one class only.
    """
    X, y = validate_data(
        model, X, y, dtype=np.float32, ensure_all_finite="allow-nan", ensure_min_samples=2
    )
    check_classification_targets(y)
    weight = _check_sample_weight(sample_weight, X, dtype=np.float64)
    model.classes_, coded = np.unique(y, return_inverse=True)
    if len(model.classes_) == 1:
        raise NotEstimableError(
            f"a model needs rows with and without the event, {len(coded)} rows hold one class "
            "only. Widen the cohort or the horizon."
        )
    if len(model.classes_) > 2:
        raise ValueError(
            f"Only binary classification is supported. The type of the target has "
            f"{len(model.classes_)} classes."
        )
    return X, coded.astype(np.int64), weight


def check_new_rows(model: BaseEstimator, X: Any) -> NDArray[np.float32]:
    """Return rows for prediction, their columns in the order that the model was fitted in."""
    rows: NDArray[np.float32] = validate_data(
        model,
        in_fitted_order(model, X),
        dtype=np.float32,
        ensure_all_finite="allow-nan",
        reset=False,
    )
    return rows


def in_fitted_order(model: BaseEstimator, X: Any) -> Any:
    """Put named columns into the fitted order; a lacking or foreign one is left to fail."""
    names = getattr(model, "feature_names_in_", None)
    if names is not None and isinstance(X, pd.DataFrame) and set(names) == set(X.columns):
        return X[list(names)]
    return X


def two_columns(risk: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Write a risk as scikit-learn's two columns: no event, event."""
    risk = risk.astype(np.float64)
    return np.column_stack([1.0 - risk, risk])

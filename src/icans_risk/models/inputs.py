"""Checks that every model shares: what came in is what it was fitted on."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, validate_data

from icans_risk.errors import NotEstimableError

__all__ = [
    "check_new_rows",
    "check_training_rows",
    "in_fitted_order",
    "margins_of",
    "two_columns",
]


def check_training_rows(
    model: BaseEstimator,
    X: Any,
    y: ArrayLike,
    *,
    sample_weight: ArrayLike | None,
    min_columns: int = 1,
) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.float64]]:
    """Return rows, classes coded 0 and 1, and weights; missing cells stay missing.

    Raises
    ------
    NotEstimableError
        If the rows hold one class only.
    ValueError
        If a number is infinite, or too large for single precision.
    """
    with np.errstate(over="ignore"):
        X, y = validate_data(
            model,
            _array_if_no_columns(X),
            y,
            dtype=np.float32,
            ensure_all_finite=False,
            ensure_min_samples=2,
            ensure_min_features=min_columns,
        )
    _refuse_infinity(X)
    check_classification_targets(y)
    weight = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
    model.classes_, coded = np.unique(y, return_inverse=True)
    if len(np.unique(coded[weight > 0])) < 2:
        raise NotEstimableError(
            f"a model needs rows with and without the event, {(weight > 0).sum()} rows hold one "
            f"class only ({(weight == 0).sum()} of weight zero not counted). Widen the cohort or "
            "the horizon."
        )
    if len(model.classes_) > 2:
        raise ValueError(
            f"Only binary classification is supported. The type of the target has "
            f"{len(model.classes_)} classes."
        )
    return X, coded.astype(np.int64), weight


def check_new_rows(model: BaseEstimator, X: Any, *, min_columns: int = 1) -> NDArray[np.float32]:
    """Return rows for prediction, their columns in the order that the model was fitted in.

    Raises
    ------
    ValueError
        If columns are lacking, foreign or unnamed where the model knows names, or a number
        is infinite or too large for single precision.
    """
    _refuse_unnamed(model, X)
    X = in_fitted_order(model, X)
    rows: NDArray[np.float32]
    if _is_ready(X):
        validate_data(model, X, reset=False, skip_check_array=True)
        rows = X.to_numpy()
    else:
        with np.errstate(over="ignore"):
            rows = validate_data(
                model,
                _array_if_no_columns(X),
                dtype=np.float32,
                ensure_all_finite=False,
                ensure_min_features=min_columns,
                reset=False,
            )
    _refuse_infinity(rows)
    return rows


def in_fitted_order(model: BaseEstimator, X: Any) -> Any:
    """Put named columns into the fitted order; a lacking or foreign one is left to fail."""
    names = getattr(model, "feature_names_in_", None)
    if names is None or not isinstance(X, pd.DataFrame):
        return X
    is_in_order = np.array_equal(X.columns.to_numpy(), names)
    return X if is_in_order or set(names) != set(X.columns) else X[list(names)]


def margins_of(models: Sequence[Any], X: Any) -> NDArray[np.float64]:
    """Return the margins of models that were fitted on the same columns, (n_models, n_rows).

    The rows are looked at once where the models allow it: that takes longer than the trees do.
    """
    if not all(hasattr(model, "margin_of_checked") for model in models):
        return np.stack([model.margin(X) for model in models])
    rows = check_new_rows(models[0], X)
    return np.stack([model.margin_of_checked(rows) for model in models])


def two_columns(risk: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Write a risk as scikit-learn's two columns: no event, event."""
    risk = risk.astype(np.float64)
    return np.column_stack([1.0 - risk, risk])


def _refuse_unnamed(model: BaseEstimator, X: Any) -> None:
    if hasattr(model, "feature_names_in_") and len(getattr(X, "columns", ())) == 0:
        raise ValueError(
            f"{type(model).__name__} was fitted on {len(model.feature_names_in_)} named columns "
            f"and takes columns by name, got none in {type(X).__name__}. Pass a DataFrame."
        )


def _is_ready(X: Any) -> bool:
    """Tell whether these are vectors, whose every column scikit-learn would look at again."""
    return isinstance(X, pd.DataFrame) and X.size > 0 and bool((X.dtypes == np.float32).all())


def _array_if_no_columns(X: Any) -> Any:
    """Make a frame of rows alone, which scikit-learn cannot read, an array of as many."""
    has_none = isinstance(X, pd.DataFrame) and X.shape[1] == 0
    return np.empty((len(X), 0), dtype=np.float32) if has_none else X


def _refuse_infinity(rows: NDArray[np.float32]) -> None:
    infinite = np.isinf(rows)
    if infinite.any():
        raise ValueError(
            f"columns must hold finite numbers or be missing, got infinity in {infinite.sum()} "
            f"cells of {infinite.any(axis=1).sum()} rows and {infinite.any(axis=0).sum()} "
            "columns. Numbers beyond 3.4e38 count as infinity; mend them, or leave them missing."
        )

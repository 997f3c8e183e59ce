"""Some of the columns, and a model that is to see only those."""

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd
from sklearn.base import clone

__all__ = ["clone_without", "columns_of", "constraints_of"]


def columns_of(X: Any, positions: Sequence[int]) -> Any:
    """Return some columns of a frame or an array, in the order asked for."""
    chosen = list(positions)
    return X.iloc[:, chosen] if isinstance(X, pd.DataFrame) else X[:, chosen]


def constraints_of(model: Any) -> dict[str, dict[str, int]]:
    """Return the settings ``monotone`` of a model and of those that it wraps, where they are set.

    Examples
    --------
    >>> from icans_risk.models import BoostedTrees
    >>> constraints_of(BoostedTrees(monotone={"plasma.nfl": 1}))
    {'monotone': {'plasma.nfl': 1}}
    """
    return {
        setting: dict(value)
        for setting, value in model.get_params().items()
        if setting.rpartition("__")[2] == "monotone" and value
    }


def clone_without(model: Any, left_out: Iterable[str]) -> Any:
    """Return an unfitted copy that constrains no column of those that it will not see.

    Parameters
    ----------
    model : estimator
        May have a setting ``monotone``, or wrap a model that has.
    left_out : iterable of str
        Names of columns. A constraint of a column that nobody has is kept, to be refused.

    Returns
    -------
    estimator
        The copy.

    Examples
    --------
    >>> from icans_risk.models import BoostedTrees
    >>> clone_without(BoostedTrees(monotone={"plasma.nfl": 1, "plasma.crp": 1}), ["plasma.crp"])
    BoostedTrees(monotone={'plasma.nfl': 1})
    """
    absent = set(left_out)
    narrowed = {
        setting: {name: way for name, way in constraints.items() if name not in absent}
        for setting, constraints in constraints_of(model).items()
    }
    return clone(model).set_params(**narrowed)

"""Which inputs must not be missing for an answer."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from icans_risk.models.abstention import SHARE_OF_IMPORTANT
from icans_risk.models.column_roles import ColumnRoles

__all__ = ["find_lacking", "usual_inputs"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

# Of the training rows, so many may have too few inputs by the rule of `too_few_inputs`.
_SHARE_WITH_FEWER = 0.01


def find_lacking(values: Floats, roles: ColumnRoles, *, least_inputs: int) -> dict[str, Flags]:
    """Return for which rows something indispensable is missing, by code.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_columns)
        Missing is NaN.
    roles : ColumnRoles
        What the columns are.
    least_inputs : int
        Important columns that a row must have.

    Returns
    -------
    dict of str to ndarray of shape (n_rows,)
        Keys of ``ABSTENTIONS``.
    """
    known: Flags = ~np.isnan(values)
    has = {name: known[:, places].any(axis=1) for name, places in roles.modalities.items()}
    lacks = [~has[name] for name in roles.required]
    # A model of nothing but age and product has no measurement to wait for.
    lacks_all = [~_any(has.values(), len(values))] if has else []
    # A missing category is NaN in all of its indicators, an unseen one zero.
    unseen = [(values[:, places] == 0).all(axis=1) for places in roles.categories]
    return {
        "unknown_product": _any(unseen, len(values)),
        "no_data_before_landmark": _any(lacks_all, len(values)),
        "required_modality_missing": _any(lacks, len(values)),
        "too_few_inputs": known[:, roles.important].sum(axis=1) < least_inputs,
    }


def usual_inputs(values: Floats, roles: ColumnRoles) -> int:
    """Return how many important columns a row must have, by the rule of ``too_few_inputs``."""
    known = (~np.isnan(values[:, roles.important])).sum(axis=1)
    usual = np.sort(known)[int(_SHARE_WITH_FEWER * len(known))]
    return int(min(usual, np.ceil(SHARE_OF_IMPORTANT * len(roles.important))))


def _any(flags: Iterable[Any], n_rows: int) -> Flags:
    """Return where at least one holds; nowhere, if there is none."""
    anywhere: Flags = np.logical_or.reduce([np.zeros(n_rows, dtype=bool), *flags])
    return anywhere

"""Turn values of any accepted unit into the canonical one, and back."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from icans_risk.catalogue.entries import Analyte, Conversion
from icans_risk.errors import UnitError

__all__ = ["from_canonical", "to_canonical"]

# U+00B5 (micro sign) and U+03BC (Greek mu) look alike and are typed alike.
_MICRO = str.maketrans({"\u00b5": "u", "\u03bc": "u"})

Values = NDArray[np.float64]


def to_canonical(value: ArrayLike, unit: str | ArrayLike, analyte: Analyte) -> Values:
    """Convert values to the analyte's canonical unit.

    Parameters
    ----------
    value : array-like
        Numbers; NaN where missing.
    unit : str or array-like of str
        The unit of all values, or one for each. Case matters, as in UCUM; both micro
        signs are read as ``u``, and spaces around the text are ignored.
    analyte : Analyte
        Its ``accepted_units`` say what can be converted.

    Returns
    -------
    ndarray of float64
        In ``analyte.unit``, in the shape of ``value`` and ``unit`` broadcast.

    Raises
    ------
    UnitError
        If a unit is not accepted. A unit is never guessed from the size of a value.

    Examples
    --------
    >>> from icans_risk.catalogue import load_catalogue
    >>> crp = load_catalogue()["plasma.crp"]
    >>> to_canonical([2.0, 20.0], ["mg/dL", "mg/L"], crp)
    array([20., 20.])
    """
    return _convert(value, unit, analyte, step=lambda x, by: (x + by.offset) * by.factor)


def from_canonical(value: ArrayLike, unit: str | ArrayLike, analyte: Analyte) -> Values:
    """Convert values from the analyte's canonical unit to another accepted one.

    Parameters
    ----------
    value : array-like
        Numbers in ``analyte.unit``; NaN where missing.
    unit : str or array-like of str
        The unit wanted for all values, or one for each, written as in ``to_canonical``.
    analyte : Analyte
        Its ``accepted_units`` say what can be converted.

    Returns
    -------
    ndarray of float64
        In ``unit``, in the shape of ``value`` and ``unit`` broadcast.

    Raises
    ------
    UnitError
        If a unit is not accepted.

    Examples
    --------
    >>> from icans_risk.catalogue import load_catalogue
    >>> from_canonical([500.0], "ng/mL{DDU}", load_catalogue()["plasma.d_dimer"])
    array([250.])
    """
    return _convert(value, unit, analyte, step=lambda x, by: x / by.factor - by.offset)


def _convert(
    value: ArrayLike,
    unit: str | ArrayLike,
    analyte: Analyte,
    *,
    step: Callable[[Values, Conversion], Values],
) -> Values:
    values = np.asarray(value, dtype=np.float64)
    if isinstance(unit, str):
        return np.asarray(step(values, _conversion(unit, analyte, rows=values.size)))
    values, units = np.broadcast_arrays(values, np.asarray(unit, dtype=object))
    codes, names = pd.factorize(units.ravel(), use_na_sentinel=False)
    flat, out = values.ravel(), np.full(values.size, np.nan)
    for code, name in enumerate(names):
        # A value that is missing needs no unit.
        rows = (codes == code) & ~np.isnan(flat)
        if rows.any():
            out[rows] = step(flat[rows], _conversion(name, analyte, rows=int(rows.sum())))
    return out.reshape(values.shape)


def _conversion(unit: object, analyte: Analyte, *, rows: int) -> Conversion:
    # The text may be a cell of somebody's export: it is not repeated in the error.
    text = unit.strip().translate(_MICRO) if isinstance(unit, str) else ""
    if text not in analyte.accepted_units:
        raise UnitError(
            f"{analyte.full_name} must be in one of {list(analyte.accepted_units)}, {rows} values "
            "are in another unit or none. Convert them, or name the unit in the source's mapping."
        )
    return analyte.accepted_units[text]

"""Which of the inputs that moved a risk may be named."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from icans_risk.explanation.folding import BASE, analyte_of

__all__ = ["NAMED_AGREEMENT", "Named", "measured_analytes", "named"]

# An input of which more than one rebuilt model in ten says the opposite explains nothing.
NAMED_AGREEMENT = 0.9
# Zero says that nothing was measured; every other statistic is missing then.
_COUNT = "count"


@dataclass(frozen=True, eq=False)
class Named:
    """What a page may say of the inputs that moved one risk.

    Attributes
    ----------
    up, down : Series
        Contributions on the logit scale by analyte, the largest first.
    rest : float
        What all other inputs add together: with it the printed sum holds.
    others : int
        How many they are.
    """

    up: pd.Series
    down: pd.Series
    rest: float
    others: int


def named(
    contributions: pd.Series,
    agreement: Mapping[str, float],
    measured: Collection[str],
    *,
    supported: Collection[str] | None = None,
    most: int = 5,
) -> Named:
    """Choose the inputs of one patient that may be named.

    An input is named if it was measured in this patient, at least nine in ten rebuilt models
    move the risk the same way, and what it adds went with the outcome of patients who were held
    out. Everything else is summed up: what an absent input adds is a property of the model, and
    no finding in this patient.

    Parameters
    ----------
    contributions : Series
        Folded contributions by analyte; a ``base`` is left aside. Analytes that are named
        together stand as one, by the name that ``group_name`` gives them.
    agreement : mapping of str to float
        Share of the rebuilds by analyte; where it is absent or NaN it is not known, and the
        input is not named.
    measured : collection of str
        Analytes of which this patient has a value.
    supported : collection of str, optional
        Analytes that ``held_out_support`` speaks for; by default this is not asked.
    most : int
        Most inputs each way.

    Returns
    -------
    Named
        ``up``, ``down`` and the rest.

    Examples
    --------
    >>> parts = pd.Series({"plasma.crp": 0.5, "plasma.ldh": 0.4, "csf.protein": -0.2, "base": -2})
    >>> said = named(parts, {"plasma.crp": 0.96, "plasma.ldh": 0.7, "csf.protein": 1.0},
    ...              {"plasma.crp", "plasma.ldh"})
    >>> said.up.index.tolist(), len(said.down), round(said.rest, 2), said.others
    (['plasma.crp'], 0, 0.2, 2)
    """
    parts = contributions.drop(BASE, errors="ignore").astype("float64")
    may = [
        name in measured
        and agreement.get(str(name), 0.0) >= NAMED_AGREEMENT
        and (supported is None or name in supported)
        for name in parts.index
    ]
    ordered = parts[may].sort_values(ascending=False, kind="stable")
    up = ordered[ordered > 0].head(most)
    down = ordered[ordered < 0].tail(most)[::-1]
    rest = parts.drop([*up.index, *down.index])
    return Named(up, down, float(rest.sum()), len(rest))


def measured_analytes(vectors: pd.DataFrame) -> pd.DataFrame:
    """Tell which analytes each row has a value of.

    Parameters
    ----------
    vectors : DataFrame of shape (n_rows, n_columns)
        Missing is NaN; a count of zero is no value.

    Returns
    -------
    DataFrame of bool
        One column per analyte.

    Examples
    --------
    >>> rows = pd.DataFrame({"plasma.crp.max.early": [3.0, None], "plasma.crp.count.early": [1, 0]})
    >>> measured_analytes(rows)["plasma.crp"].tolist()
    [True, False]
    """
    is_count = np.array([str(name).split(".")[2:3] == [_COUNT] for name in vectors.columns])
    known = vectors.notna() & ~((vectors == 0) & is_count)
    owners = [analyte_of(str(name)) for name in vectors.columns]
    return known.T.groupby(owners, sort=False).any().T

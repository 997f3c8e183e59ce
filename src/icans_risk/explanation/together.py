"""Which analytes move together in a cohort, so that no page credits one of them alone."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from icans_risk.explanation.folding import FIXED, analyte_of, window_of

__all__ = ["LEAST_CORRELATION", "correlated_analytes"]

LEAST_CORRELATION = 0.7
# The correlation of fewer patients says little.
_FEWEST_PATIENTS = 30

Floats = NDArray[np.float64]


def correlated_analytes(
    vectors: pd.DataFrame, *, least: float = LEAST_CORRELATION
) -> tuple[tuple[str, ...], ...]:
    """Group the analytes whose values move together.

    A model shares out what such analytes say among them in a way that other patients would
    have changed, so that a page does better to name them together. Every two analytes of a
    group correlate (complete linkage): along a chain of neighbours, the last would have
    little to do with the first.

    Parameters
    ----------
    vectors : DataFrame of shape (n_rows, n_columns)
        Training rows.
    least : float
        Least absolute rank correlation (Spearman) of every two analytes of a group.

    Returns
    -------
    tuple of tuple of str
        Groups of two analytes or more, in the order of the columns. Two analytes are compared
        in columns of the same statistic and window, by the median; a score, which has no
        statistic, with all columns of its window. Pairs that fewer than 30 rows have do not
        count, and what is fixed at infusion is in no group.

    Examples
    --------
    >>> n = np.arange(40.0)
    >>> rows = pd.DataFrame({"plasma.crp.max.early": n, "plasma.il6.max.early": n**3,
    ...                      "plasma.ldh.max.early": (n * 17) % 40})
    >>> correlated_analytes(rows)
    (('plasma.crp', 'plasma.il6'),)
    """
    columns = [str(name) for name in vectors.columns if window_of(str(name)) != FIXED]
    analytes = list(dict.fromkeys(analyte_of(name) for name in columns))
    if len(analytes) < 2:
        return ()
    strength = _strengths(vectors[columns], analytes)
    distance = 1.0 - np.nan_to_num(strength, nan=0.0)
    np.fill_diagonal(distance, 0.0)
    joined = linkage(squareform(distance, checks=False), method="complete")
    # A pair at the limit itself belongs together, whatever its last bit is.
    group = fcluster(joined, t=1.0 - least + 1e-9, criterion="distance")
    members = pd.Series(analytes).groupby(group, sort=False).agg(tuple)
    return tuple(names for names in members if len(names) > 1)


def _strengths(vectors: pd.DataFrame, analytes: list[str]) -> Floats:
    """Return the median correlation of every two analytes, NaN where they share no column."""
    windows = dict.fromkeys(window_of(str(name)) for name in vectors.columns)
    pairs = [
        _pairs(vectors[[c for c in vectors.columns if window_of(str(c)) == window]])
        for window in windows
    ]
    median = pd.concat(pairs).groupby(level=[0, 1]).median().unstack()
    found: Floats = median.reindex(index=analytes, columns=analytes).to_numpy()
    return found


def _pairs(vectors: pd.DataFrame) -> pd.Series:
    """Return the correlations that count among the columns of one window, by two analytes."""
    columns = [str(name) for name in vectors.columns]
    strength = vectors.corr(method="spearman", min_periods=_FEWEST_PATIENTS).abs().to_numpy()
    statistic = np.array(["" if c.startswith("score.") else c.split(".")[2] for c in columns])
    is_any = statistic == ""
    is_compared = is_any | is_any[:, np.newaxis] | (statistic == statistic[:, np.newaxis])
    one, other = np.nonzero(is_compared)
    owner = np.array([analyte_of(name) for name in columns], dtype=object)
    return pd.Series(strength[one, other], index=[owner[one], owner[other]])

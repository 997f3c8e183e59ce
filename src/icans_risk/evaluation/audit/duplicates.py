"""Different patients whose rows are the same: perhaps one person under two names."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from icans_risk.evaluation.audit.findings import Finding, describe_interval, plain, say_interval
from icans_risk.evaluation.audit.rows import Subject
from icans_risk.evaluation.audit.runs import Pipeline, Run

__all__ = ["find_twins", "judge_duplicates"]

_CHECK = "near_duplicates"
_DIGITS = 3
# A column of which most values are shared by many says nothing about who somebody is.
_LEAST_DISTINCT = 0.3
_FEWEST_COLUMNS = 5
_SHARE_ALIKE = 0.5

Rows = NDArray[np.intp]
Pairs = NDArray[np.intp]


def judge_duplicates(subject: Subject, pipeline: Pipeline, *, model: Run) -> Finding:
    """Look for rows of different patients that agree, and judge the model without them.

    Parameters
    ----------
    subject : Subject
        The rows.
    pipeline : Pipeline
        Refitted without the duplicates, if there are any.
    model : Run
        The pipeline on all rows.

    Returns
    -------
    Finding
        ``warn`` where there is a pair: splits by patient do not keep one person on one side
        who goes by two names.
    """
    columns = _identifying(subject.rows.vectors)
    fits = len(subject.splits)
    if columns.shape[1] < _FEWEST_COLUMNS:
        pipeline.skip(fits)
        sentence = (
            f"{columns.shape[1]} columns vary enough to recognise a patient by, at least "
            f"{_FEWEST_COLUMNS} are needed to look for duplicates."
        )
        return Finding(
            _CHECK, "not_assessable", sentence, {"identifying_columns": columns.shape[1]}
        )
    pairs = find_twins(columns, subject.rows.patient)
    figures = {
        "identifying_columns": columns.shape[1],
        "pairs": len(pairs),
        **describe_interval(model.auroc()),
    }
    if not len(pairs):
        pipeline.skip(fits)
        sentence = (
            f"No two patients share the values of half of the {columns.shape[1]} columns by which "
            "a patient could be recognised."
        )
        return Finding(_CHECK, "pass", sentence, plain({**figures, "pairs_across_folds": 0}))
    across = _across_folds(subject, pairs)
    rest = subject.without(_spare(pairs, len(columns)))
    without = pipeline.run(rest).auroc()
    pipeline.skip(fits - len(rest.splits))
    sentence = (
        f"{len(pairs)} pairs of rows of different patients are nearly identical, {across} of them "
        "in training and test at one time: one person may go by two names. Without the copies the "
        f"model reaches {say_interval(without)}, with them {model.auroc().estimate:.2f}."
    )
    more = {
        "pairs_across_folds": across,
        "rows_dropped": len(columns) - rest.rows.event.size,
        "without": describe_interval(without),
    }
    return Finding(_CHECK, "warn", sentence, plain(figures | more))


def find_twins(columns: pd.DataFrame, patient: NDArray[np.object_]) -> Pairs:
    """Find pairs of rows of different patients that agree in half of what both have.

    Values agree in their first three digits. Ties of many rows at one value are no evidence
    and are not looked at.

    Parameters
    ----------
    columns : DataFrame of shape (n_rows, n_columns)
        Columns that vary.
    patient : ndarray of shape (n_rows,)
        The patient of each row.

    Returns
    -------
    ndarray of int of shape (n_pairs, 2)
        Row positions; five columns at least agree.
    """
    rows = len(columns)
    alike = np.concatenate([_ties(columns[name].to_numpy(float)) for name in columns])
    pairs, times = np.unique(alike[:, 0] * rows + alike[:, 1], return_counts=True)
    enough = times >= _FEWEST_COLUMNS
    found, times = np.column_stack(np.divmod(pairs[enough], rows)), times[enough]
    found = found.astype(np.intp).reshape(-1, 2)
    has = columns.notna().to_numpy()
    both = (has[found[:, 0]] & has[found[:, 1]]).sum(axis=1)
    differ = patient[found[:, 0]] != patient[found[:, 1]]
    twins: Pairs = found[(times >= _SHARE_ALIKE * both) & differ]
    return twins


def _identifying(vectors: pd.DataFrame) -> pd.DataFrame:
    distinct, known = vectors.nunique(), vectors.notna().sum()
    return vectors.loc[:, (distinct >= _LEAST_DISTINCT * known) & (distinct > _FEWEST_COLUMNS)]


def _ties(values: NDArray[np.float64]) -> Pairs:
    """List the pairs of rows with the same value, but for values that many rows have."""
    keys = _rounded(values)
    order = np.argsort(keys, kind="stable")
    order = order[np.isfinite(keys[order])]
    many = max(5, values.size // 100)
    breaks = np.flatnonzero(np.diff(keys[order]) != 0) + 1
    groups = [g for g in np.split(order, breaks) if 1 < g.size <= many]
    pairs = [
        np.column_stack([g[i] for i in np.triu_indices(g.size, 1)]) for g in map(np.sort, groups)
    ]
    return np.concatenate([np.empty((0, 2), dtype=np.intp), *pairs])


def _rounded(values: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(divide="ignore"):
        size = np.floor(np.log10(np.abs(values)))
    step = 10.0 ** (np.where(np.isfinite(size), size, 0.0) - _DIGITS + 1)
    return np.where(values == 0, 0.0, np.round(values / step) * step)


def _across_folds(subject: Subject, pairs: Pairs) -> int:
    """Count the pairs of which one row was tested by a model that had seen the other."""
    seen = np.zeros(len(pairs), dtype=bool)
    for split in subject.splits:
        tested = np.isin(pairs, split.test)
        trained = np.isin(pairs, split.train)
        seen |= (tested & trained[:, ::-1]).any(axis=1)
    return int(seen.sum())


def _spare(pairs: Pairs, rows: int) -> NDArray[np.bool_]:
    """Mark all rows of a cluster of copies but its first."""
    links = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(rows, rows))
    _, cluster = connected_components(links, directed=False)
    spare = np.ones(rows, dtype=bool)
    spare[np.unique(cluster, return_index=True)[1]] = False
    return spare

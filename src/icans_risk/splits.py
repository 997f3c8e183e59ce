"""Who trains and who is tested: index arrays, and never a patient on both sides."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import StratifiedGroupKFold

from icans_risk.errors import IcansRiskError, NotEstimableError

__all__ = ["Split", "repeated_grouped_folds"]

Rows = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Split:
    """One fold of one repeat.

    Attributes
    ----------
    repeat : int
        Which partition of the patients, from 0.
    fold : int
        Which part of that partition is tested, from 0.
    train : ndarray of shape (n_train,)
        Row positions to fit on, ascending.
    test : ndarray of shape (n_test,)
        Row positions to predict, ascending; together the folds of a repeat test each
        row once.
    """

    repeat: int
    fold: int
    train: Rows
    test: Rows


def repeated_grouped_folds(
    y: ArrayLike, groups: ArrayLike, *, folds: int, repeats: int, seed: int
) -> list[Split]:
    """Partition the rows into folds by patient, several times, balancing the events.

    The same patients land in the same folds whatever order the rows come in. Where
    fewer patients than ``folds`` have the rarer outcome, there are as many folds as
    such patients, so that every fold can hold one.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        1 for an event, 0 for none.
    groups : array-like of shape (n_rows,)
        The patient of each row; all rows of a patient stay together.
    folds : int
        Folds in each repeat, at least 2.
    repeats : int
        Partitions to draw, at least 1. More repeats leave the earlier ones as they were.
    seed : int
        Seed of all repeats.

    Returns
    -------
    list of Split
        Repeat by repeat, fold by fold.

    Raises
    ------
    NotEstimableError
        If fewer than two patients have an event, or fewer than two have none.
    IcansRiskError
        If lengths differ, an outcome is not 0 or 1, or a patient is missing.

    Examples
    --------
    >>> splits = repeated_grouped_folds(
    ...     [1, 1, 0, 0, 1, 0], ["a", "a", "b", "c", "d", "e"], folds=5, repeats=3, seed=1
    ... )
    >>> len(splits), splits[0].test.size + splits[1].test.size
    (6, 6)
    """
    outcome, patient = _checked(y, groups)
    if folds < 2 or repeats < 1:
        raise IcansRiskError(
            f"Splitting needs at least 2 folds and 1 repeat, got folds={folds} and "
            f"repeats={repeats}. Ask for more."
        )
    n_folds = min(folds, _patients_of_rarer_outcome(outcome, patient))
    # scikit-learn's shuffle follows the order of the rows; sorting them first by patient
    # (and outcome, for patients with both) ties the folds to the patients alone.
    order = np.lexsort((outcome, patient))
    splits: list[Split] = []
    for repeat, state in enumerate(np.random.SeedSequence(seed).generate_state(repeats)):
        splitter = StratifiedGroupKFold(n_folds, shuffle=True, random_state=int(state))
        parts = splitter.split(order, outcome[order], patient[order])
        for fold, (train, test) in enumerate(parts):
            splits.append(Split(repeat, fold, np.sort(order[train]), np.sort(order[test])))
    return splits


def _checked(y: ArrayLike, groups: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
    outcome = np.asarray(y, dtype=np.float64)
    labels: NDArray[Any] = np.asarray(groups)
    if outcome.ndim != 1 or outcome.shape != labels.shape:
        raise IcansRiskError(
            "Splitting needs one outcome and one patient for each row, got the shapes "
            f"{outcome.shape} and {labels.shape}. Pass two columns of one table."
        )
    wrong = np.flatnonzero(~np.isin(outcome, (0.0, 1.0)))
    if wrong.size:
        raise IcansRiskError(
            f"Outcomes to split by must be 0 or 1, got {outcome[wrong[0]]} at row {wrong[0]} "
            f"({wrong.size} such rows). Leave out rows without an outcome first."
        )
    if pd.isna(labels).any():
        raise IcansRiskError(
            f"Every row needs a patient to split by, {int(pd.isna(labels).sum())} rows have "
            "none. Fill patient_id."
        )
    # As text, because patients of mixed types cannot be sorted.
    _, patient = np.unique(labels.astype(str), return_inverse=True)
    return outcome.astype(np.int64), patient


def _patients_of_rarer_outcome(outcome: NDArray[np.int64], patient: Rows) -> int:
    with_event, without = (np.unique(patient[outcome == k]).size for k in (1, 0))
    if min(with_event, without) < 2:
        raise NotEstimableError(
            "Cross-validation needs at least 2 patients with and 2 without an event, got "
            f"{int(outcome.sum())} events in {with_event} patients and {without} patients "
            "without one. Pool more data, or choose a commoner endpoint or a longer horizon."
        )
    return min(with_event, without)

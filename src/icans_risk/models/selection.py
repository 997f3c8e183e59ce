"""A feature budget: which columns a cohort of this size can carry, by stable selection."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from icans_risk.errors import NotEstimableError
from icans_risk.models.patient_rows import PatientRows, put_in_order

__all__ = ["budget_for", "select_columns"]

# Twice as many halves: each draw gives two that share no patient.
PAIRS = 25
LEAST_BUDGET = 3

Floats = NDArray[np.float64]
Positions = NDArray[np.intp]


def budget_for(events: int, *, per_event: float = 0.2) -> int:
    """Return how many columns so many events can carry.

    A working rule, not a law: one column for five events, and never fewer than three.
    The usual ten events for each candidate term [1]_ are for unpenalised regression and
    for terms chosen beforehand; shrinkage and stable selection ask for less, flexible
    models that see every column for far more.

    Parameters
    ----------
    events : int
        Patients with the rarer outcome.
    per_event : float
        Columns for each of them.

    Returns
    -------
    int
        At least 3.

    References
    ----------
    .. [1] Peduzzi P, et al. "A simulation study of the number of events per variable in
       logistic regression analysis." J Clin Epidemiol 1996;49(12):1373-1379.
       doi:10.1016/S0895-4356(96)00236-3

    Examples
    --------
    >>> [budget_for(events) for events in (8, 40, 300)]
    [3, 8, 60]
    """
    return max(LEAST_BUDGET, math.floor(events * per_event))


def select_columns(
    X: Any,
    y: ArrayLike,
    weight: ArrayLike | None = None,
    *,
    groups: ArrayLike | None = None,
    budget: int,
    seed: int,
) -> tuple[int, ...]:
    """Choose the columns that keep being among the best when half the patients are left out.

    The patients are cut into two halves 25 times [1]_, those with an event apart from
    those without. In each half the columns are screened one by one: the score statistic
    of a logistic regression on the column's ranks, over the rows that have a value, with
    its variance over patients. Kept are the ``budget`` columns that were most often among
    the ``budget`` best; of equals the first by name, in an array by position. Who was
    tested counts for nothing: a missing cell adds neither to the statistic nor to its
    variance. What matters only together with another column, or only at both ends of its
    range, is not found.

    Call it on training rows alone: chosen on all rows, columns carry the test rows' outcome.

    Parameters
    ----------
    X : DataFrame or array-like of shape (n_rows, n_columns)
        Numbers; missing is NaN.
    y : array-like of shape (n_rows,)
        1 for an event, 0 for none.
    weight : array-like of shape (n_rows,), optional
        Weight of each row.
    groups : array-like of shape (n_rows,), optional
        The patient of each row; by default each row is its own.
    budget : int
        Columns to keep, at most.
    seed : int
        Seed of the halves.

    Returns
    -------
    tuple of int
        Positions of the columns in ``X``, ascending. Fewer than ``budget`` where fewer
        vary; all of them where there are no more. Neither the order of the rows nor, for
        a frame, that of the columns changes which are chosen.

    Raises
    ------
    NotEstimableError
        If fewer than two patients have an event, or fewer than two have none.

    References
    ----------
    .. [1] Shah RD, Samworth RJ. "Variable selection with error control: another look at
       stability selection." J R Stat Soc B 2013;75(1):55-80.
       doi:10.1111/j.1467-9868.2011.01034.x

    Examples
    --------
    >>> generator = np.random.default_rng(0)
    >>> X = generator.normal(size=(200, 50))
    >>> y = (X[:, 7] + generator.normal(size=200) > 1).astype(int)
    >>> select_columns(X, y, budget=1, seed=0)
    (7,)
    """
    values = np.asarray(X, dtype=np.float32)
    columns = _canonical_order(X)
    if len(columns) <= budget:
        return tuple(range(len(columns)))
    weights = np.ones(len(values)) if weight is None else np.asarray(weight, dtype=np.float64)
    # Neither a sum nor who falls into which half may hang on the order of the rows.
    ordered, _ = put_in_order(
        values[:, columns], np.asarray(y, dtype=np.int64), weights, groups=groups, names=None
    )
    rows = _RankedRows.of(ordered)
    times = np.zeros(len(columns), dtype=np.intp)
    for half in rows.halves(seed):
        score = rows.score(half)
        best = np.argsort(-score, kind="stable")[:budget]
        times[best[score[best] > 0]] += 1
    kept = np.argsort(-times, kind="stable")[:budget]
    return tuple(sorted(int(columns[k]) for k in kept if times[k] > 0))


def _canonical_order(X: Any) -> Positions:
    """Put named columns in the order of their names, so that ties fall alike."""
    if isinstance(X, pd.DataFrame):
        return np.argsort(X.columns.astype(str).to_numpy(), kind="stable")
    return np.arange(np.shape(X)[1])


@dataclass(frozen=True, eq=False)
class _RankedRows:
    """Rows sorted by patient, each column as ranks from 0 to 1 with 0 for a missing cell."""

    ranks: Floats
    seen: Floats
    event: Floats
    weight: Floats
    patient: Positions

    @classmethod
    def of(cls, rows: PatientRows) -> Self:
        ranks = pd.DataFrame(rows.X).rank(pct=True).to_numpy(dtype=np.float64)
        seen = ~np.isnan(ranks)
        return cls(
            ranks=np.where(seen, ranks, 0.0),
            seen=seen.astype(np.float64),
            event=rows.y.astype(np.float64),
            weight=rows.weight,
            patient=rows.patient,
        )

    def halves(self, seed: int) -> Iterator[Positions]:
        """Draw pairs of halves of the patients, each with its share of those with an event."""
        ill = np.unique(self.patient[self.event == 1])
        well = np.setdiff1d(self.patient, ill)
        if min(len(ill), len(well)) < 2:
            raise NotEstimableError(
                "Choosing columns needs at least 2 patients with and 2 without an event, got "
                f"{len(ill)} and {len(well)}. Pool more data, or give the columns by name."
            )
        generator = np.random.default_rng(seed)
        for _ in range(PAIRS):
            first = np.concatenate(
                [generator.permutation(some)[: len(some) // 2] for some in (ill, well)]
            )
            in_first = np.isin(self.patient, first)
            yield np.flatnonzero(in_first)
            yield np.flatnonzero(~in_first)

    def score(self, half: Positions) -> Floats:
        """Return each column's score statistic over its standard error, without sign."""
        weight = self.weight[half, None] * self.seen[half]
        ranks, event = self.ranks[half], self.event[half, None]
        total = weight.sum(axis=0)
        total[total == 0] = 1.0
        prevalence = (weight * event).sum(axis=0) / total
        centre = (weight * ranks).sum(axis=0) / total
        part = weight * (event - prevalence) * (ranks - centre)
        first_rows = np.unique(self.patient[half], return_index=True)[1]
        deviation = np.sqrt((np.add.reduceat(part, first_rows) ** 2).sum(axis=0))
        # Rounding leaves a column without spread, or seen in one class only, just off zero.
        informative = deviation > 1e-12 * total
        return np.where(informative, np.abs(part.sum(axis=0)), 0.0) / np.where(
            informative, deviation, 1.0
        )

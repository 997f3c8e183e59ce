"""Out-of-fold risks, and what they say of a metric.

Nothing here sees a model: who refits hands in ``fit_predict(train_rows, test_rows,
seed)`` and the rows to train and test on.
"""

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from icans_risk.errors import IcansRiskError, LeakageError, NotEstimableError
from icans_risk.evaluation.bootstrap import Interval, bootstrap_interval, paired_difference
from icans_risk.evaluation.inputs import Floats
from icans_risk.evaluation.logistic import finite_logit
from icans_risk.evaluation.metrics import Metric

__all__ = [
    "FitPredict",
    "Fold",
    "FoldAverage",
    "Interval",
    "bootstrap_interval",
    "cross_validate",
    "fold_average",
    "fold_seed",
    "paired_difference",
    "patient_average",
]

Rows = NDArray[np.intp]
FitPredict = Callable[[Rows, Rows, int], ArrayLike]


class Fold(Protocol):
    """What this room needs to know of a split; ``icans_risk.splits.Split`` is one."""

    @property
    def repeat(self) -> int:
        """Which partition, from 0."""

    @property
    def fold(self) -> int:
        """Which part of the partition, from 0."""

    @property
    def train(self) -> Rows:
        """Row positions to fit on."""

    @property
    def test(self) -> Rows:
        """Row positions to predict."""


@dataclass(frozen=True)
class FoldAverage:
    """A metric taken inside each test fold, averaged.

    Attributes
    ----------
    mean : float
        Over the folds where the metric is estimable; NaN where there is none.
    estimable_folds : int
        How many folds those were.
    folds : int
        How many folds there are.
    """

    mean: float
    estimable_folds: int
    folds: int


def cross_validate(
    fit_predict: FitPredict,
    splits: Sequence[Fold],
    *,
    n_rows: int,
    seed: int,
    tick: Callable[[], None] | None = None,
    workers: int = 1,
) -> Floats:
    """Predict each row by models that were fitted without it.

    Parameters
    ----------
    fit_predict : callable
        ``fit_predict(train_rows, test_rows, seed)`` returns one probability for each
        test row. All that is learnt from data must be learnt in there.
    splits : sequence of Fold
        Who trains and who is tested.
    n_rows : int
        Rows of the table that the splits index.
    seed : int
        Each fit gets its own ``fold_seed``.
    tick : callable, optional
        Called after each fit, for a progress bar.
    workers : int
        Threads that fit; the result is the same in any number.

    Returns
    -------
    ndarray of shape (n_repeats, n_rows)
        Out-of-fold probabilities; NaN for rows never tested in a repeat.

    Raises
    ------
    LeakageError
        If a split tests a row that it trains on, or a repeat tests a row twice.
    NotEstimableError
        If there is no split.
    IcansRiskError
        If what comes back is not one probability for each test row.
    """
    if not splits:
        raise NotEstimableError("Cross-validation needs at least one split, got none.")
    tested = np.zeros((1 + max(split.repeat for split in splits), n_rows), dtype=np.intp)
    for split in splits:
        _refuse_leak(split, tested)
        tested[split.repeat, split.test] += 1

    def predict(split: Fold) -> Floats:
        fit_seed = fold_seed(split, seed)
        risks = np.asarray(fit_predict(split.train, split.test, fit_seed), dtype=np.float64)
        if tick is not None:
            tick()
        return _checked_risks(risks, split)

    out = np.full(tested.shape, np.nan)
    with ThreadPoolExecutor(workers) as pool:
        for split, risks in zip(splits, pool.map(predict, splits), strict=True):
            out[split.repeat, split.test] = risks
    return out


def fold_seed(split: Fold, seed: int) -> int:
    """Make the seed of one fold's fit, of its repeat and fold whatever the order of the splits."""
    entropy = np.random.SeedSequence([seed, split.repeat, split.fold])
    # Halved, because some learners keep their seed in a signed 32-bit integer.
    return int(entropy.generate_state(1)[0] >> 1)


def fold_average(
    metric: Metric,
    y: ArrayLike,
    probabilities: ArrayLike,
    *,
    splits: Sequence[Fold],
    weight: ArrayLike | None = None,
) -> FoldAverage:
    """Average a metric over the test folds, each fold judged by itself.

    Ranking measures pooled over folds compare risks of different models; inside a fold
    all risks come from one.

    Parameters
    ----------
    metric : callable
        ``f(y, p, w) -> float``, NaN where not estimable.
    y : array-like of shape (n_rows,)
        1 for an event, 0 for none.
    probabilities : array-like of shape (n_repeats, n_rows)
        Out-of-fold probabilities, as ``cross_validate`` returns them.
    splits : sequence of Fold
        The splits that made them.
    weight : array-like of shape (n_rows,), optional
        Weights.

    Returns
    -------
    FoldAverage
        The mean, and over how many folds of how many.
    """
    outcome, risks = np.asarray(y), np.asarray(probabilities, dtype=np.float64)
    weights = np.ones(outcome.size) if weight is None else np.asarray(weight, dtype=np.float64)
    values = np.array(
        [metric(outcome[s.test], risks[s.repeat, s.test], weights[s.test]) for s in splits]
    )
    estimable = values[~np.isnan(values)]
    mean = float(estimable.mean()) if estimable.size else math.nan
    return FoldAverage(mean, estimable.size, len(splits))


def patient_average(probabilities: ArrayLike) -> Floats:
    """Average the repeats of each row on the logit scale.

    On that scale, so that the held-out contributions of the repeats, averaged, add up
    to the same risk.

    Parameters
    ----------
    probabilities : array-like of shape (n_repeats, n_rows)
        Out-of-fold probabilities; NaN where a row was not tested. 0 and 1 are read as
        the nearest double between, only to keep the logit finite.

    Returns
    -------
    ndarray of shape (n_rows,)
        One probability for each row; NaN for rows never tested.

    Examples
    --------
    Odds of 1:4 and 4:1 average to even odds:

    >>> patient_average([[0.2, 0.5, np.nan], [0.8, np.nan, np.nan]]).round(6)
    array([0.5, 0.5, nan])
    """
    logits = finite_logit(probabilities)
    tested = ~np.isnan(logits)
    total, repeats = np.where(tested, logits, 0.0).sum(axis=0), tested.sum(axis=0)
    mean = np.where(repeats > 0, total / np.maximum(repeats, 1), np.nan)
    return np.asarray(expit(mean))


def _refuse_leak(split: Fold, tested: Rows) -> None:
    seen = np.intersect1d(split.train, split.test).size
    twice = int((tested[split.repeat, split.test] > 0).sum())
    if seen or twice or np.unique(split.test).size < len(split.test):
        raise LeakageError(
            f"A fold must test rows that it does not train on, each once in a repeat; fold "
            f"{split.fold} of repeat {split.repeat} shares {seen} rows with its training and "
            f"tests {twice} rows of an earlier fold. Make the splits with "
            "repeated_grouped_folds."
        )


def _checked_risks(risks: Floats, split: Fold) -> Floats:
    wanted = split.test.shape
    if risks.shape != wanted or not ((risks >= 0) & (risks <= 1)).all():
        raise IcansRiskError(
            f"fit_predict must return one probability in [0, 1] for each of {wanted[0]} test "
            f"rows, got shape {risks.shape} with {int(np.isnan(risks).sum())} missing in fold "
            f"{split.fold} of repeat {split.repeat}. Return the second column of "
            "predict_proba."
        )
    return risks

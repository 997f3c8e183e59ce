"""The pipeline on one table: held-out risks, and how well they rank."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from icans_risk.errors import NotEstimableError, NotReleasedError
from icans_risk.evaluation.audit.rows import AuditRows, Refit, Subject
from icans_risk.evaluation.comparable import comparable_auroc, comparable_difference
from icans_risk.evaluation.delong import AurocDifference, AurocInterval
from icans_risk.evaluation.inputs import Floats
from icans_risk.evaluation.resampling import Fold, cross_validate

__all__ = ["Pipeline", "Run", "inside_folds"]

Rows = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Run:
    """The held-out risks of one cross-validation, repeats one below the other.

    Attributes
    ----------
    rows : AuditRows
        What was fitted.
    place : ndarray of int of shape (n_tested,)
        The row of each risk.
    cell : ndarray of int of shape (n_tested,)
        The fold and repeat of each risk: the model that it comes from.
    risk : ndarray of shape (n_tested,)
        The risks.
    fits, refused : int
        How many models were asked for, and how often the pipeline let out none.
    """

    rows: AuditRows
    place: Rows
    cell: Rows
    risk: Floats
    fits: int
    refused: int

    def auroc(self, *, within: Rows | None = None, level: float = 0.95) -> AurocInterval:
        """Compute the AUROC inside folds, and inside groups of rows if asked."""
        rows = self.rows
        return comparable_auroc(
            rows.event[self.place],
            self.risk,
            cells=self._cells(within),
            groups=rows.patient[self.place],
            weight=rows.weight[self.place],
            level=level,
        )

    def minus(self, other: Floats, *, level: float = 0.95, among: Rows) -> AurocDifference:
        """Compare with other scores of the tested rows, among some of them."""
        rows, place = self.rows, self.place[among]
        return comparable_difference(
            rows.event[place],
            self.risk[among],
            minus=other[among],
            cells=self.cell[among],
            groups=rows.patient[place],
            weight=rows.weight[place],
            level=level,
        )

    def _cells(self, within: Rows | None) -> Rows:
        if within is None:
            return self.cell
        return self.cell * (int(within.max()) + 1) + within[self.place]


@dataclass(frozen=True, eq=False)
class Pipeline:
    """The pipeline, to be cross-validated on any table of the same patients.

    Attributes
    ----------
    refit : callable
        From rows to ``fit_predict``.
    seed : int
        The same for every table, so that tables are compared and not seeds.
    tick : callable
        Called after each fit.
    workers : int
        Threads that fit; the result is the same in any number.
    """

    refit: Refit
    seed: int
    tick: Callable[[], None]
    workers: int = 1

    def run(self, subject: Subject, rows: AuditRows | None = None) -> Run:
        """Cross-validate on the subject's splits, on its own rows or on others in their place.

        A fold in which the pipeline lets out no model gets the share of events in training:
        nobody is ranked.
        """
        used = subject.rows if rows is None else rows
        fit_predict, splits = self.refit(used), subject.splits
        refused: list[int] = []

        def fit_or_refuse(train: Rows, test: Rows, seed: int) -> ArrayLike:
            try:
                return fit_predict(train, test, seed)
            except (NotReleasedError, NotEstimableError):
                refused.append(seed)
                share = np.average(used.event[train], weights=used.weight[train])
                return np.full(test.size, share)

        risks = cross_validate(
            fit_or_refuse,
            splits,
            n_rows=used.event.size,
            seed=self.seed,
            tick=self.tick,
            workers=self.workers,
        )
        place, cell = inside_folds(splits)
        repeat = np.repeat([s.repeat for s in splits], [s.test.size for s in splits])
        return Run(used, place, cell, risks[repeat, place], len(splits), len(refused))

    def skip(self, fits: int) -> None:
        """Tick for fits that were not needed."""
        for _ in range(fits):
            self.tick()


def inside_folds(splits: tuple[Fold, ...]) -> tuple[Rows, Rows]:
    """List the tested rows, split by split, and the number of each one's split."""
    place = np.concatenate([split.test for split in splits])
    cell = np.repeat(np.arange(len(splits)), [split.test.size for split in splits])
    return place, cell

"""An AUROC that compares only patients who can be compared: in one fold, at one site.

Risks of different folds come from different models. Pooled, a model that knows nothing ranks
below 0.5: a fold with more events than its share leaves fewer for training, so that its patients
get lower risks [1]_. Inside a fold this cannot happen. In the same way, comparing patients only
with others of their site and product takes out of an AUROC what site and product explain.

The variance is that of ``delong``, each patient's pull summed over all cells and repeats. It
takes the risks as they are.

References
----------
.. [1] Airola A, Pahikkala T, Waegeman W, De Baets B, Salakoski T. "An experimental comparison
   of cross-validation techniques for estimating the area under the ROC curve." Comput Stat
   Data Anal 2011;55(4):1828-1844. doi:10.1016/j.csda.2010.11.018
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import expit, logit
from scipy.stats import norm

from icans_risk.errors import IcansRiskError
from icans_risk.evaluation.delong import (
    AurocDifference,
    AurocInterval,
    clustered_variance,
    normal_reach,
)
from icans_risk.evaluation.inputs import Floats
from icans_risk.evaluation.patients import PatientRows, check_patients

__all__ = ["comparable_auroc", "comparable_difference"]


def comparable_auroc(
    y: ArrayLike,
    p: ArrayLike,
    *,
    cells: ArrayLike,
    groups: ArrayLike,
    weight: ArrayLike | None = None,
    level: float = 0.95,
) -> AurocInterval:
    """Compute the AUROC among pairs of one cell, with its closed-form interval.

    Each cell counts by ``events * others / (events + others)``. With one cell this is
    ``delong_interval``.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        1 for an event, 0 for none. Repeats of a cross-validation stand one below the other.
    p : array-like of shape (n_rows,)
        Probabilities, or any score between 0 and 1.
    cells : array-like of int of shape (n_rows,)
        The cell of each row; only rows of one cell are compared.
    groups : array-like of shape (n_rows,)
        The patient of each row.
    weight : array-like of shape (n_rows,), optional
        Weights.
    level : float, default 0.95
        Coverage aimed at, between 0 and 1.

    Returns
    -------
    AurocInterval
        All NaN where no cell holds both outcomes; without interval where fewer than two
        patients have one of them. A perfect ranking shows no spread; its bound is the AUROC
        of which a perfect ranking is so improbable, where one outcome's distribution of
        scores is a power of the other's [1]_.

    Raises
    ------
    IcansRiskError
        If a column is not what it should be.

    References
    ----------
    .. [1] Lehmann EL. "The power of rank tests." Ann Math Stat 1953;24(1):23-43.
       doi:10.1214/aoms/1177729080

    Examples
    --------
    Each half ranks perfectly, though the risks of the second are all higher:

    >>> y, p, half = [0, 0, 1, 1] * 2, [0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8, 0.9], [0] * 4 + [1] * 4
    >>> comparable_auroc(y, p, cells=half, groups=range(8)).estimate
    1.0
    """
    reach = normal_reach(level)
    codes = _codes(cells, y, weight)
    pull = _pull(check_patients(y, p, weight, groups=groups), codes)
    area, variance = pull.area, pull.variance()
    if math.isnan(area) or math.isnan(variance):
        return AurocInterval(area, variance, math.nan, math.nan)
    if min(area, 1 - area) < 1e-12:
        bound = _bound_of_perfect(*pull.counts(codes), tail=(1 - level) / 2)
        low, high = (bound, 1.0) if area > 0.5 else (0.0, 1 - bound)
        return AurocInterval(float(round(area)), variance, low, high)
    middle, half = logit(area), reach * math.sqrt(variance) / (area * (1 - area))
    return AurocInterval(area, variance, float(expit(middle - half)), float(expit(middle + half)))


def comparable_difference(
    y: ArrayLike,
    p: ArrayLike,
    *,
    minus: ArrayLike,
    cells: ArrayLike,
    groups: ArrayLike,
    weight: ArrayLike | None = None,
    level: float = 0.95,
) -> AurocDifference:
    """Test whether two scores rank the same comparable pairs differently well.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        1 for an event, 0 for none.
    p : array-like of shape (n_rows,)
        Score of interest, between 0 and 1.
    minus : array-like of shape (n_rows,)
        Score that it is compared with, between 0 and 1.
    cells : array-like of int of shape (n_rows,)
        The cell of each row.
    groups : array-like of shape (n_rows,)
        The patient of each row.
    weight : array-like of shape (n_rows,), optional
        Weights.
    level : float, default 0.95
        Coverage aimed at, between 0 and 1.

    Returns
    -------
    AurocDifference
        NaN where not estimable. Two equal rankings have z 0 and p 1.

    Raises
    ------
    IcansRiskError
        If a column is not what it should be.
    """
    reach, codes = normal_reach(level), _codes(cells, y, weight)
    first = _pull(check_patients(y, p, weight, groups=groups), codes)
    other = _pull(check_patients(y, minus, weight, groups=groups), codes)
    between = _Pull(
        first.rows,
        first.area - other.area,
        first.of_events - other.of_events,
        first.of_others - other.of_others,
    )
    error = math.sqrt(between.variance())
    z = between.area / error if error else (0.0 if between.area == 0 else math.nan)
    low, high = between.area - reach * error, between.area + reach * error
    return AurocDifference(
        between.area, error**2, low, high, z, float(2 * norm.sf(abs(z)))
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Pull:
    """How far each patient's events and others pull an area."""

    rows: PatientRows
    area: float
    of_events: Floats
    of_others: Floats

    def variance(self) -> float:
        return clustered_variance(self.rows, self.of_events, self.of_others)

    def counts(self, cell: NDArray[np.intp]) -> tuple[Floats, Floats, float]:
        """Count events and others of each cell, and patients for each row."""
        event = self.rows.outcome == 1
        in_cells = [np.bincount(cell[some], minlength=cell.max() + 1) for some in (event, ~event)]
        both = np.minimum(*in_cells) > 0
        share = np.unique(self.rows.patient).size / event.size
        return in_cells[0][both].astype(float), in_cells[1][both].astype(float), share


def _bound_of_perfect(events: Floats, others: Floats, share: float, *, tail: float) -> float:
    """Return the lowest AUROC of which a perfect ranking has the probability ``tail``.

    From the highest score down, each of i events left is drawn before the n others with the
    odds ``i * k`` to n, if the distribution of events is the k-th power of the others', whose
    AUROC is ``k / (k + 1)``; or the same from the lowest up. The less favourable one counts.
    """

    def bound(first: Floats, last: Floats) -> float:
        left = np.concatenate([np.arange(1.0, n + 1) for n in first])
        against = np.repeat(last, first.astype(np.intp))

        def excess(log_k: float) -> float:
            odds = left * math.exp(log_k) / against
            return float(share * np.log(odds / (1 + odds)).sum() - math.log(tail))

        return float(expit(brentq(excess, -50.0, 50.0)))

    return min(bound(events, others), bound(others, events))


def _codes(cells: ArrayLike, y: ArrayLike, weight: ArrayLike | None) -> NDArray[np.intp]:
    codes = np.asarray(cells)
    if codes.shape != np.shape(y) or codes.dtype.kind not in "iu":
        raise IcansRiskError(
            f"Every row needs the number of its cell, got {codes.dtype} of the shape "
            f"{codes.shape} for outcomes of the shape {np.shape(y)}. Pass columns of one table."
        )
    weighed = codes if weight is None else codes[np.asarray(weight) > 0]
    return np.unique(weighed, return_inverse=True)[1].astype(np.intp)


def _pull(rows: PatientRows, cell: NDArray[np.intp]) -> _Pull:
    event = rows.outcome == 1
    order = np.lexsort((rows.risk, cell))
    is_next = np.r_[
        True, (np.diff(cell[order]) != 0) | (np.diff(rows.risk[order]) != 0)
    ][: order.size]  # fmt: skip
    at = np.empty(order.size, dtype=np.intp)
    at[order] = np.cumsum(is_next) - 1
    cell_of = cell[order][is_next]
    events_at, others_at = (
        np.bincount(at[some], rows.weight[some], cell_of.size).astype(np.float64)
        for some in (event, ~event)
    )
    events = np.bincount(cell_of, events_at).astype(np.float64)
    others = np.bincount(cell_of, others_at).astype(np.float64)
    share = _share_of_cells(events, others)
    if not share.any():
        blank = np.full(rows.patients, math.nan)
        return _Pull(rows, math.nan, blank, blank)
    others_below = _sum_below(others_at, cell_of) / _nonzero(others)[cell_of]
    events_above = 1 - _sum_below(events_at, cell_of) / _nonzero(events)[cell_of]
    placement = np.where(event, others_below[at], events_above[at])
    of_its_kind = _nonzero(np.where(event, events[cell], others[cell]))
    share_of_row = rows.weight * share[cell] / of_its_kind
    area = min(1.0, float(share_of_row[event] @ placement[event]))
    # Around the whole area, not that of the cell: a cell with one event has a spread too.
    pull = share_of_row * (placement - area)
    return _Pull(
        rows,
        area,
        rows.sum_by_patient(np.where(event, pull, 0.0)),
        rows.sum_by_patient(np.where(event, 0.0, pull)),
    )


def _share_of_cells(events: Floats, others: Floats) -> Floats:
    size = events * others / _nonzero(events + others)
    total = float(size.sum())
    return size / total if total else size


def _sum_below(counts: Floats, cell_of: NDArray[np.intp]) -> Floats:
    """Sum the counts at lower scores of the same cell, ties half."""
    before = np.cumsum(counts) - counts
    first = np.flatnonzero(np.r_[True, np.diff(cell_of) != 0])
    return before - before[first][cell_of] + counts / 2


def _nonzero(counts: Floats) -> Floats:
    return np.where(counts > 0, counts, 1.0)

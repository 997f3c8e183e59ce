"""How well events are ranked above others among all patients, or among some of them."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from icans_risk.errors import IcansRiskError
from icans_risk.evaluation.delong import delong_interval
from icans_risk.evaluation.discrimination import average_precision
from icans_risk.evaluation.inputs import Floats
from icans_risk.evaluation.patients import check_patients

__all__ = ["Ranking", "judge_ranking"]


@dataclass(frozen=True)
class Ranking:
    """Discrimination with the counts that it rests on.

    Attributes
    ----------
    patients : int
        Patients judged.
    patients_with_event, patients_without_event : int
        How many of them have a row of either outcome.
    prevalence : float
        Weighted share of events; the average precision of a model without skill.
    auroc, low, high : float
        The area under the curve with its DeLong interval.
    average_precision : float
        To be read beside the prevalence.
    verdict : str
        ``estimable``, or ``not estimable`` with the counts that say why.
    """

    patients: int
    patients_with_event: int
    patients_without_event: int
    prevalence: float
    auroc: float
    low: float
    high: float
    average_precision: float
    verdict: str


def judge_ranking(
    y: ArrayLike,
    p: ArrayLike,
    *,
    groups: ArrayLike,
    among: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    level: float = 0.95,
) -> Ranking:
    """Judge how events are ranked, among all rows or among those of a mask.

    Masks keep detection from being sold as prediction: one without the patients who
    have any grade of ICANS at the landmark already; one without the events of the 24
    hours after it, but with everyone who has none.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        1 for an event, 0 for none.
    p : array-like of shape (n_rows,)
        Predicted probabilities.
    groups : array-like of shape (n_rows,)
        The patient of each row.
    among : array-like of bool of shape (n_rows,), optional
        True for the rows to judge.
    weight : array-like of shape (n_rows,), optional
        Weights.
    level : float, default 0.95
        Coverage of the interval aimed at, between 0 and 1.

    Returns
    -------
    Ranking
        With NaN and a verdict where fewer than two patients have one of the outcomes.

    Raises
    ------
    IcansRiskError
        If a column is not what it should be.

    Examples
    --------
    >>> y, p, graded = [0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], [False, False, True, False]
    >>> judge_ranking(y, p, groups=range(4)).auroc
    0.75
    >>> judge_ranking(y, p, groups=range(4), among=[not g for g in graded]).verdict
    'not estimable: 1 patient with the event and 2 without, at least 2 of each are needed'
    """
    weights = np.ones(np.shape(y)) if weight is None else np.asarray(weight, dtype=np.float64)
    # Rows outside weigh nothing, so that no column has to be cut.
    inside = weights if among is None else np.where(_checked_mask(among, weights), weights, 0.0)
    rows = check_patients(y, p, inside, groups=groups)
    with_event, without = (np.unique(rows.patient[rows.outcome == o]).size for o in (1, 0))
    total = float(rows.weight.sum())
    prevalence = float(rows.weight @ rows.outcome) / total if total else math.nan
    counts = np.unique(rows.patient).size, with_event, without
    if min(with_event, without) < 2:
        noun = "patient" if with_event == 1 else "patients"
        verdict = (
            f"not estimable: {with_event} {noun} with the event and {without} without, at least "
            "2 of each are needed"
        )
        return Ranking(*counts, prevalence, math.nan, math.nan, math.nan, math.nan, verdict)
    area = delong_interval(y, p, groups=groups, weight=inside, level=level)
    precision = average_precision(y, p, inside)
    return Ranking(
        *counts, prevalence, area.estimate, area.low, area.high, precision, "estimable"
    )  # fmt: skip


def _checked_mask(among: ArrayLike, weights: Floats) -> NDArray[np.bool_]:
    mask: NDArray[Any] = np.asarray(among)
    if mask.dtype != np.bool_ or mask.shape != weights.shape:
        raise IcansRiskError(
            f"A mask needs True or False for each row, got {mask.dtype} of the shape {mask.shape} "
            f"for {weights.shape}. Decide first where missing values belong."
        )
    return mask

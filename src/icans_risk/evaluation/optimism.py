"""What a metric would be on new patients, from rebuilds of the whole pipeline."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from icans_risk.evaluation.metrics import Metric
from icans_risk.evaluation.rebuilds import Rebuilds

__all__ = ["BootstrapValidation", "optimism_corrected", "point632plus"]


@dataclass(frozen=True)
class BootstrapValidation:
    """A metric as it looks, and as it is expected on new patients of the same kind.

    Attributes
    ----------
    apparent : float
        On the patients that the model was fitted to.
    optimism : float
        Mean over rebuilds of the metric on the drawn patients less that on all.
    corrected : float
        ``apparent`` less ``optimism`` (Harrell).
    out_of_bag : float
        Mean over rebuilds of the metric on the patients not drawn.
    point632plus : float
        Efron and Tibshirani's .632+; NaN without a no-information value.
    overfitting : float
        The relative overfitting rate behind it, from 0 (none) to 1 (nothing learnt).
    estimable, failed, rebuilds : int
        Rebuilds whose metric is estimable drawn, on all and out of bag; rebuilds
        without a model; and all of them.
    """

    apparent: float
    optimism: float
    corrected: float
    out_of_bag: float
    point632plus: float
    overfitting: float
    estimable: int
    failed: int
    rebuilds: int


def optimism_corrected(
    metric: Metric,
    y: ArrayLike,
    rebuilds: Rebuilds,
    *,
    weight: ArrayLike | None = None,
    no_information: float | None = None,
) -> BootstrapValidation:
    """Correct a metric for the optimism of judging a model on its own patients.

    The metric is taken inside each rebuild and averaged, because ranking measures are
    not averages over patients.

    Parameters
    ----------
    metric : callable
        ``f(y, p, w) -> float`` for which weights count as copies, NaN where not
        estimable.
    y : array-like of shape (n_rows,)
        1 for an event, 0 for none.
    rebuilds : Rebuilds
        Of the whole pipeline, as ``rebuild`` makes them.
    weight : array-like of shape (n_rows,), optional
        Weights.
    no_information : float, optional
        The metric of a model whose risks have nothing to do with the outcomes: 0.5
        for the AUROC. Needed for .632+ alone.

    Returns
    -------
    BootstrapValidation
        Rebuilds that failed or cannot be judged are left out and counted.

    References
    ----------
    .. [1] Harrell FE, Lee KL, Mark DB. "Multivariable prognostic models." Stat Med
       1996;15(4):361-387.
       doi:10.1002/(SICI)1097-0258(19960229)15:4<361::AID-SIM168>3.0.CO;2-4
    .. [2] Efron B, Tibshirani R. "Improvements on cross-validation: the .632+ bootstrap
       method." J Am Stat Assoc 1997;92(438):548-560.
       doi:10.1080/01621459.1997.10474007
    """
    outcome = np.asarray(y)
    weights = np.ones(outcome.size) if weight is None else np.asarray(weight, dtype=np.float64)
    apparent = metric(outcome, rebuilds.original, weights)
    judged = []
    for risk, copies in zip(rebuilds.risks, rebuilds.copies, strict=True):
        if not np.isnan(risk).any():
            views = (weights * copies, weights, weights * (copies == 0))
            judged.append([metric(outcome, risk, view) for view in views])
    values = np.array(judged).reshape(-1, 3)
    values = values[np.isfinite(values).all(axis=1)]
    drawn, whole, left_out = values.mean(axis=0) if len(values) else (math.nan,) * 3
    plus, overfitting = point632plus(apparent, float(left_out), no_information=no_information)
    return BootstrapValidation(
        apparent=apparent,
        optimism=float(drawn - whole),
        corrected=float(apparent - (drawn - whole)),
        out_of_bag=float(left_out),
        point632plus=plus,
        overfitting=overfitting,
        estimable=len(values),
        failed=rebuilds.failed,
        rebuilds=len(rebuilds.risks),
    )


def point632plus(
    apparent: float, out_of_bag: float, *, no_information: float | None
) -> tuple[float, float]:
    """Weigh the apparent and the out-of-bag figure by how much the model overfits.

    The formulas hold for measures where more is better and for losses alike.

    Parameters
    ----------
    apparent : float
        The metric on the patients fitted to.
    out_of_bag : float
        The metric on patients left out.
    no_information : float or None
        The metric where risk and outcome are unrelated.

    Returns
    -------
    estimate : float
        The .632+ estimate; NaN where a part is missing.
    overfitting : float
        The relative overfitting rate, kept between 0 and 1.

    References
    ----------
    .. [1] Efron B, Tibshirani R. J Am Stat Assoc 1997;92(438):548-560, equations 27 to
       32. doi:10.1080/01621459.1997.10474007

    Examples
    --------
    A model that learnt nothing is judged at its no-information value:

    >>> point632plus(1.0, 0.5, no_information=0.5)
    (0.5, 1.0)
    """
    if no_information is None or math.isnan(apparent) or math.isnan(out_of_bag):
        return math.nan, math.nan
    room = apparent - no_information
    overfitting = min(max((apparent - out_of_bag) / room, 0.0), 1.0) if room else 0.0
    # Out of bag worse than without information is chance, and read as no information.
    worse = room and (out_of_bag - no_information) / room < 0
    left_out = no_information if worse else out_of_bag
    share = 0.632 / (1 - 0.368 * overfitting)
    return (1 - share) * apparent + share * left_out, overfitting

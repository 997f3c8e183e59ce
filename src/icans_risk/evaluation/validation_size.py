"""How many patients an external validation needs, by the criteria of Riley and others.

Each criterion asks that one measure be known to within an interval of a stated width: observed
over expected events, the calibration slope, the C statistic and, at a risk threshold, the
standardised net benefit. Which one binds depends on how widely the risks are spread, so that
the anticipated log odds have to be given: those of held-out patients where a model is there
already, else what a C statistic and a prevalence imply.

References
----------
.. [1] Riley RD, et al. "Minimum sample size for external validation of a clinical prediction
   model with a binary outcome." Stat Med 2021;40(19):4230-4251. doi:10.1002/sim.9025
.. [2] Riley RD, et al. "Evaluation of clinical prediction models (part 3): calculating the
   sample size required for an external validation study." BMJ 2024;384:e074821.
   doi:10.1136/bmj-2023-074821
"""

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logit
from scipy.stats import norm

from icans_risk.errors import IcansRiskError
from icans_risk.evaluation.validation_criteria import (
    AtThreshold,
    patients_for_c_statistic,
    patients_for_net_benefit,
    patients_for_observed_expected,
    patients_for_slope,
    whole_patients,
)

__all__ = [
    "ValidationCriterion",
    "ValidationSize",
    "Widths",
    "log_odds_from_c_statistic",
    "required_validation_size",
]

ValidationCriterion = Literal["observed over expected", "slope", "C statistic", "net benefit"]

_QUANTILES = 20_001


class Widths(NamedTuple):
    """How wide the 95 % interval of each measure may be; the defaults are those of [1]_.

    Attributes
    ----------
    observed_expected : float
        Of observed over expected events; for a rare outcome 0.2 may be more than is needed.
    slope : float
        Of the calibration slope.
    c_statistic : float
        Of the C statistic.
    net_benefit : float
        Of the standardised net benefit.

    References
    ----------
    .. [1] Riley RD, et al. Stat Med 2021;40(19):4230-4251. doi:10.1002/sim.9025
    """

    observed_expected: float = 0.2
    slope: float = 0.2
    c_statistic: float = 0.1
    net_benefit: float = 0.2


@dataclass(frozen=True)
class ValidationSize:
    """What the criteria for an external validation ask for.

    Attributes
    ----------
    n_required : int
        Patients, the largest of the criteria.
    events_required : int
        Events among them at the anticipated prevalence, rounded up.
    n_observed_expected, n_slope, n_c_statistic : int
        Patients for each measure.
    n_net_benefit : int or None
        The same for net benefit; None without a threshold.
    binding : {"observed over expected", "slope", "C statistic", "net benefit"}
        The criterion that asks for most.
    """

    n_required: int
    events_required: int
    n_observed_expected: int
    n_slope: int
    n_c_statistic: int
    n_net_benefit: int | None
    binding: ValidationCriterion


def required_validation_size(
    prevalence: float,
    c_statistic: float,
    log_odds: ArrayLike,
    *,
    observed_expected: float = 1.0,
    calibration: tuple[float, float] = (0.0, 1.0),
    widths: Widths | None = None,
    decision: AtThreshold | None = None,
) -> ValidationSize:
    """Compute the patients that an external validation needs.

    Parameters
    ----------
    prevalence : float
        Anticipated share of patients with the event, between 0 and 1.
    c_statistic : float
        Anticipated C statistic, above 0.5 and below 1.
    log_odds : array-like of shape (n_values,)
        Anticipated log odds that the model gives: values that stand for their distribution.
    observed_expected : float, default 1
        Anticipated ratio of events that happen to events that the model expects.
    calibration : (float, float), default (0, 1)
        Anticipated calibration intercept and slope.
    widths : Widths, optional
        How wide the intervals may be.
    decision : AtThreshold, optional
        Asks for a precise net benefit at a threshold too.

    Returns
    -------
    ValidationSize
        The number, each criterion's own, and which one binds.

    Raises
    ------
    IcansRiskError
        If a number lies outside its range, or all log odds are the same.

    Notes
    -----
    The standard error that belongs to a width is rounded as in the software of the papers
    (pmvalsampsize): that of observed over expected up to four decimals, that of net benefit
    to three. With it the published figures come out to the patient.

    References
    ----------
    .. [1] Riley RD, et al. Stat Med 2021;40(19):4230-4251. doi:10.1002/sim.9025

    Examples
    --------
    A model for an event of one patient in six, with a C statistic of 0.8:

    >>> anticipated = log_odds_from_c_statistic(0.8, 1 / 6)
    >>> size = required_validation_size(1 / 6, 0.8, anticipated)
    >>> size.n_required, size.events_required, size.binding
    (2978, 497, 'slope')
    """
    limits = widths or Widths()
    _check(prevalence, c_statistic, limits=limits, observed_expected=observed_expected)
    asked: dict[ValidationCriterion, int] = {
        "observed over expected": patients_for_observed_expected(
            prevalence, observed_expected, width=limits.observed_expected
        ),
        "slope": patients_for_slope(log_odds, calibration, width=limits.slope),
        "C statistic": patients_for_c_statistic(prevalence, c_statistic, width=limits.c_statistic),
    }
    if decision is not None:
        asked["net benefit"] = patients_for_net_benefit(
            prevalence, decision, width=limits.net_benefit
        )
    binding = max(asked, key=lambda criterion: asked[criterion])
    return ValidationSize(
        n_required=asked[binding],
        events_required=whole_patients(asked[binding] * prevalence),
        n_observed_expected=asked["observed over expected"],
        n_slope=asked["slope"],
        n_c_statistic=asked["C statistic"],
        n_net_benefit=asked.get("net benefit"),
        binding=binding,
    )


def log_odds_from_c_statistic(c_statistic: float, prevalence: float) -> NDArray[np.float64]:
    """Spread the log odds as a C statistic and a prevalence imply.

    The log odds are normal with the same variance ``s`` in both outcome groups, their means
    ``s`` apart, as in section 4.6.3 of [1]_. There the mean of those without the event is
    searched for by simulation; it is ``logit(prevalence) - s / 2``, because only then do the
    log odds mean what they say.

    Parameters
    ----------
    c_statistic : float
        Anticipated C statistic, above 0.5 and below 1.
    prevalence : float
        Anticipated share of patients with the event, between 0 and 1.

    Returns
    -------
    ndarray of shape (20001,)
        Quantiles of the log odds of all patients, evenly spaced.

    Raises
    ------
    IcansRiskError
        If either lies outside its range.

    References
    ----------
    .. [1] Riley RD, et al. Stat Med 2021;40(19):4230-4251. doi:10.1002/sim.9025

    Examples
    --------
    >>> log_odds = log_odds_from_c_statistic(0.8, 0.2)
    >>> round(float((1 / (1 + np.exp(-log_odds))).mean()), 3)
    0.2
    """
    _check(prevalence, c_statistic)
    variance = 2 * float(norm.ppf(c_statistic)) ** 2
    spread = math.sqrt(variance)
    without = float(logit(prevalence)) - variance / 2
    grid = np.linspace(without - 9 * spread, without + variance + 9 * spread, _QUANTILES)
    below = (1 - prevalence) * norm.cdf(grid, without, spread)
    below += prevalence * norm.cdf(grid, without + variance, spread)
    share = (np.arange(_QUANTILES) + 0.5) / _QUANTILES
    return np.asarray(np.interp(share, below, grid))


def _check(
    prevalence: float,
    c_statistic: float,
    *,
    limits: Widths | None = None,
    observed_expected: float = 1.0,
) -> None:
    if not 0 < prevalence < 1:
        raise IcansRiskError(
            f"The prevalence must lie between 0 and 1, got {prevalence}. Give a share, not a "
            "percentage."
        )
    if not 0.5 < c_statistic < 1:
        raise IcansRiskError(
            f"The C statistic must lie between 0.5 and 1, got {c_statistic}. A model without "
            "skill needs no validation."
        )
    wrong = {name: w for name, w in (limits or Widths())._asdict().items() if not w > 0}
    if wrong:
        raise IcansRiskError(f"Widths of intervals must be positive, got {wrong}. Widen them.")
    if not observed_expected > 0:
        raise IcansRiskError(
            f"Observed over expected must be positive, got {observed_expected}. 1 is ideal."
        )

"""The Cox-Snell R2 of a binary outcome: its maximum, and what a C statistic implies."""

import math

import numpy as np
from scipy.special import log_expit
from scipy.stats import norm

from icans_risk.errors import IcansRiskError

__all__ = ["max_r2_cox_snell", "r2_from_c_statistic"]


def max_r2_cox_snell(prevalence: float) -> float:
    """Compute the largest Cox-Snell R2 that a prevalence allows.

    Parameters
    ----------
    prevalence : float
        Anticipated share of patients with the event, between 0 and 1.

    Returns
    -------
    float
        ``1 - exp(2 lnL0 / n)``, equation 23 of [1]_: 0.75 at most.

    Raises
    ------
    IcansRiskError
        If the prevalence is not between 0 and 1.

    References
    ----------
    .. [1] Riley RD, et al. Stat Med 2019;38(7):1276-1296. doi:10.1002/sim.7992

    Examples
    --------
    >>> max_r2_cox_snell(0.5)
    0.75
    """
    if not 0 < prevalence < 1:
        raise IcansRiskError(
            f"The prevalence must lie between 0 and 1, got {prevalence}. Give a share, not a "
            "percentage; without both outcomes no sample size can be computed."
        )
    return -math.expm1(2 * _null_log_likelihood(prevalence))


def r2_from_c_statistic(c_statistic: float, prevalence: float) -> float:
    """Derive the Cox-Snell R2 that goes with a C statistic.

    As in [1]_, the linear predictor is normal with variance 1 in both outcome groups
    and their means stand ``sqrt(2) * probit(C)`` apart. The paper simulates one large
    sample and fits a logistic model to it; here the expected log-likelihood of that
    model, which is then exactly true, is integrated on a fixed grid: the limit of the
    simulation, without its noise.

    Parameters
    ----------
    c_statistic : float
        Anticipated C statistic (AUROC), above 0.5 and below 1.
    prevalence : float
        Anticipated share of patients with the event, between 0 and 1.

    Returns
    -------
    float
        The Cox-Snell R2.

    Raises
    ------
    IcansRiskError
        If either lies outside its range.

    References
    ----------
    .. [1] Riley RD, Van Calster B, Collins GS. Stat Med 2021;40(4):859-864.
       doi:10.1002/sim.8806

    Examples
    --------
    >>> round(r2_from_c_statistic(0.8, 0.2), 4)
    0.1827
    """
    ceiling = max_r2_cox_snell(prevalence)
    if not 0.5 < c_statistic < 1:
        raise IcansRiskError(
            f"The C statistic must lie between 0.5 and 1, got {c_statistic}. A model without "
            "skill has no sample size that suffices."
        )
    apart = math.sqrt(2) * float(norm.ppf(c_statistic))
    centre = math.log(prevalence / (1 - prevalence)) - apart**2 / 2
    grid = np.linspace(-12, 12, 4801)
    density = norm.pdf(grid) / norm.pdf(grid).sum()
    in_events = density @ log_expit(centre + apart * (grid + apart))
    in_others = density @ log_expit(-(centre + apart * grid))
    gain = prevalence * in_events + (1 - prevalence) * in_others - _null_log_likelihood(prevalence)
    return min(-math.expm1(-2 * float(gain)), ceiling)


def _null_log_likelihood(prevalence: float) -> float:
    return prevalence * math.log(prevalence) + (1 - prevalence) * math.log1p(-prevalence)

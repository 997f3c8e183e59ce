"""How far studies differ beyond chance: the variance between them."""

from collections.abc import Callable
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize_scalar
from scipy.stats import chi2

__all__ = ["ESTIMATORS", "cochran_q", "i_squared", "tau2_interval"]

Floats = NDArray[np.float64]

# Between the steps lies at most one maximum of the restricted likelihood in practice; the
# best of them is refined.
_STEPS = 200


def cochran_q(estimate: Floats, variance: Floats, tau2: float = 0.0) -> float:
    """Return the weighted spread around the weighted mean, chi-squared if tau2 is right."""
    weight = 1 / (variance + tau2)
    mean = weight @ estimate / weight.sum()
    return float(weight @ (estimate - mean) ** 2)


def i_squared(variance: Floats, tau2: float) -> float:
    """Return the share of the spread that is not chance, in [0, 1] [1]_.

    References
    ----------
    .. [1] Higgins JPT, Thompson SG. "Quantifying heterogeneity in a meta-analysis." Stat Med
       2002;21:1539-1558. doi:10.1002/sim.1186
    """
    if variance.size < 2:
        return 0.0
    weight = 1 / variance
    typical = (variance.size - 1) * weight.sum() / (weight.sum() ** 2 - weight @ weight)
    return tau2 / (tau2 + float(typical))


def _der_simonian_laird(estimate: Floats, variance: Floats) -> float:
    weight = 1 / variance
    scale = weight.sum() - weight @ weight / weight.sum()
    excess = cochran_q(estimate, variance) - (estimate.size - 1)
    return max(0.0, float(excess / scale))


def _paule_mandel(estimate: Floats, variance: Floats) -> float:
    """Solve for the variance at which the spread is what chance gives."""
    return _variance_at(estimate, variance, spread=float(estimate.size - 1))


def _variance_at(estimate: Floats, variance: Floats, *, spread: float) -> float:
    def excess(tau2: float) -> float:
        return cochran_q(estimate, variance, tau2) - spread

    if excess(0.0) <= 0:
        return 0.0
    above = float(((estimate - estimate.mean()) ** 2).sum()) / spread
    # A root in a bracket: Newton's steps may pass it, and statsmodels' then return 0.
    return float(brentq(excess, 0.0, above, xtol=1e-14))


def _restricted_likelihood(estimate: Floats, variance: Floats) -> float:
    """Maximise the restricted likelihood, which statsmodels does not offer."""

    def deviance(tau2: float) -> float:
        weight = 1 / (variance + tau2)
        spread = cochran_q(estimate, variance, tau2)
        return float(-np.log(weight).sum() + np.log(weight.sum()) + spread)

    far = 10 * float(np.var(estimate) + variance.max())
    steps = np.concatenate([[0.0], np.geomspace(far * 1e-9, far, _STEPS)])
    best = int(np.argmin([deviance(step) for step in steps]))
    around = (steps[max(best - 1, 0)], steps[min(best + 1, _STEPS)])
    refined = minimize_scalar(deviance, bounds=around, method="bounded", options={"xatol": 1e-12})
    return float(refined.x) if refined.fun < deviance(0.0) else 0.0


ESTIMATORS: MappingProxyType[str, Callable[[Floats, Floats], float]] = MappingProxyType(
    {
        "REML": _restricted_likelihood,
        "DL": _der_simonian_laird,
        "PM": _paule_mandel,
        "fixed": lambda *_: 0.0,
    }
)


def tau2_interval(
    estimate: Floats, variance: Floats, *, level: float = 0.95
) -> tuple[float, float]:
    """Return the confidence interval of the variance between studies, by the Q-profile [1]_.

    Parameters
    ----------
    estimate, variance : ndarray of shape (n_studies,)
        At least two studies.
    level : float, default 0.95
        Coverage aimed at.

    Returns
    -------
    tuple of (float, float)
        Both 0 where the studies differ less than chance alone would have it.

    References
    ----------
    .. [1] Viechtbauer W. "Confidence intervals for the amount of heterogeneity in
       meta-analysis." Stat Med 2007;26:37-52. doi:10.1002/sim.2514
    """
    shares = ((1 + level) / 2, (1 - level) / 2)
    ends = (float(chi2.ppf(share, estimate.size - 1)) for share in shares)
    low, high = (_variance_at(estimate, variance, spread=end) for end in ends)
    return low, high

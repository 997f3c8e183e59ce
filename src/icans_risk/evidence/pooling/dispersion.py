"""Whether counts spread more than chance alone, and what that does to an interval."""

import warnings
from dataclasses import dataclass

import numpy as np
import statsmodels.api as sm
from numpy.typing import ArrayLike
from scipy.stats import chi2, norm, t
from statsmodels.discrete.discrete_model import NegativeBinomial
from statsmodels.tools.sm_exceptions import ConvergenceWarning, HessianInversionWarning

from icans_risk.errors import NotEstimableError

__all__ = ["Dispersion", "Ratio", "rate_ratio_by_group"]


@dataclass(frozen=True)
class Ratio:
    """A rate ratio with its 95 % interval.

    Attributes
    ----------
    value, low, high : float
        First group over second.
    p : float
        Against a ratio of 1.
    """

    value: float
    low: float
    high: float
    p: float


@dataclass(frozen=True)
class Dispersion:
    """One rate ratio under three ideas of how counts spread.

    Attributes
    ----------
    poisson : Ratio
        Every event independent of every other: what pooling the counts assumes.
    quasi_poisson : Ratio
        The spread between studies that was found, as a factor on the variance.
    negative_binomial : Ratio
        A study's own rate varies around its group's; the ratio weighs studies more equally.
    factor : float
        Pearson's chi-squared over its degrees of freedom; 1 is chance alone.
    p_chance : float
        Probability of so large a chi-squared, were it chance alone.
    alpha : float
        Negative binomial: variance is mean + alpha mean squared.
    """

    poisson: Ratio
    quasi_poisson: Ratio
    negative_binomial: Ratio
    factor: float
    p_chance: float
    alpha: float


def rate_ratio_by_group(events: ArrayLike, exposure: ArrayLike, in_first: ArrayLike) -> Dispersion:
    """Compare the rates of two groups of studies, by how their counts spread.

    Parameters
    ----------
    events, exposure : array-like of shape (n_studies,)
        Events, and the patients or patient-time that they are of.
    in_first : array-like of bool of shape (n_studies,)
        Whether the study is of the first group.

    Returns
    -------
    Dispersion
        First group over second.

    Raises
    ------
    NotEstimableError
        If a group has no events or there are fewer than three studies.

    Examples
    --------
    >>> found = rate_ratio_by_group([2, 9, 5, 30], [10, 10, 20, 20], [True, True, False, False])
    >>> round(found.poisson.value, 2), round(found.factor, 1)
    (0.63, 11.2)
    """
    counts, size = np.asarray(events, np.float64), np.asarray(exposure, np.float64)
    first = np.asarray(in_first, dtype=bool)
    if counts.size < 3 or not (counts[first].sum() and counts[~first].sum()):
        raise NotEstimableError(
            f"a rate ratio between groups needs events in both and three studies, got "
            f"{counts[first].sum():g} and {counts[~first].sum():g} events in {counts.size}. "
            "Print the counts."
        )
    design = np.column_stack([np.ones(counts.size), first.astype(float)])
    glm = sm.GLM(counts, design, family=sm.families.Poisson(), offset=np.log(size)).fit()
    df = counts.size - 2
    factor = float(glm.pearson_chi2 / df)
    beta, error = float(glm.params[1]), float(glm.bse[1])
    quasi = error * np.sqrt(factor)
    negative, alpha = _negative_binomial(counts, size, design)
    return Dispersion(
        poisson=_ratio(beta, error),
        quasi_poisson=_ratio(beta, quasi, df=df),
        negative_binomial=negative,
        factor=factor,
        p_chance=float(chi2.sf(glm.pearson_chi2, df)),
        alpha=alpha,
    )


def _negative_binomial(
    counts: np.ndarray, size: np.ndarray, design: np.ndarray
) -> tuple[Ratio, float]:
    model = NegativeBinomial(counts, design, exposure=size)
    with warnings.catch_warnings():
        # Where counts spread no more than by chance alpha runs to its border, and says so.
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", HessianInversionWarning)
        warnings.simplefilter("ignore", RuntimeWarning)
        fit = model.fit(disp=0, maxiter=500, method="bfgs")
    return _ratio(float(fit.params[1]), float(fit.bse[1])), float(fit.params[2])


def _ratio(beta: float, error: float, *, df: int | None = None) -> Ratio:
    law = norm if df is None else t(df)
    reach = float(law.ppf(0.975)) * error
    p = 2 * float(law.sf(abs(beta / error)))
    return Ratio(float(np.exp(beta)), float(np.exp(beta - reach)), float(np.exp(beta + reach)), p)

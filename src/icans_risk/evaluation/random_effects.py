"""A metric over sites: its mean, and where it would lie at the next one."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import expit, logit
from scipy.stats import norm, t

from icans_risk.errors import IcansRiskError
from icans_risk.evaluation.inputs import Floats

__all__ = ["RandomEffects", "combine_levels", "random_effects"]

Scale = Callable[[Floats], Floats]


def _as_it_is(values: Floats) -> Floats:
    return values


# The scales on which sampling is closest to normal (Snell et al. 2018).
_SCALES: dict[str, tuple[Scale, Scale]] = {
    "identity": (_as_it_is, _as_it_is),
    "log": (np.log, np.exp),
    "logit": (logit, expit),
}
_SCALE_OF = {"auroc": "logit", "average_precision": "logit", "observed_expected": "log"}


@dataclass(frozen=True)
class RandomEffects:
    """A metric summarised over levels that differ in truth and not only by chance.

    Attributes
    ----------
    mean, low, high : float
        The mean over levels and its confidence interval.
    prediction_low, prediction_high : float
        Where the metric of one further level is expected; NaN with two levels.
    tau : float
        Standard deviation between levels, on the scale of ``scale``.
    scale : str
        ``identity``, ``log`` or ``logit``: where the levels were combined.
    used, levels : int
        Levels with a finite estimate and interval, and all.
    """

    mean: float
    low: float
    high: float
    prediction_low: float
    prediction_high: float
    tau: float
    scale: str
    used: int
    levels: int


def combine_levels(
    table: pd.DataFrame, metric: str, *, interval_level: float = 0.95
) -> RandomEffects:
    """Summarise one metric of an internal-external validation over its levels.

    AUROC and average precision are combined on the logit scale and observed over
    expected on the log scale; standard errors are the width of each interval there.

    Parameters
    ----------
    table : DataFrame
        From ``internal_external``, or levels of ``subgroup_table``.
    metric : str
        The column.
    interval_level : float, default 0.95
        Coverage of the intervals in the table, and of those returned.

    Returns
    -------
    RandomEffects
        Back on the metric's scale. Levels that are not estimable, or lie on the edge
        of the scale such as an AUROC of 1, are left out and counted.

    References
    ----------
    .. [1] Debray TPA, et al. "A guide to systematic review and meta-analysis of
       prediction model performance." BMJ 2017;356:i6460. doi:10.1136/bmj.i6460
    .. [2] Snell KIE, Ensor J, Debray TPA, Moons KGM, Riley RD. "Meta-analysis of
       prediction model performance across multiple studies." Stat Methods Med Res
       2018;27(11):3505-3522. doi:10.1177/0962280217705678
    """
    scale = _SCALE_OF.get(metric, "identity")
    forward, backward = _SCALES[scale]
    with np.errstate(divide="ignore", invalid="ignore"):
        columns = [metric, f"{metric}_low", f"{metric}_high"]
        estimate, low, high = forward(table[columns].to_numpy(dtype=np.float64)).T
        error = (high - low) / (2 * norm.ppf((1 + interval_level) / 2))
    usable = np.isfinite(estimate) & np.isfinite(error) & (error > 0)
    found = random_effects(estimate[usable], error[usable], level=interval_level)

    def back(end: float) -> float:
        return float(backward(np.array(end)))

    return RandomEffects(
        mean=back(found.mean),
        low=back(found.low),
        high=back(found.high),
        prediction_low=back(found.prediction_low),
        prediction_high=back(found.prediction_high),
        tau=found.tau,
        scale=scale,
        used=found.used,
        levels=len(table),
    )


def random_effects(
    estimate: Floats, standard_error: Floats, *, level: float = 0.95
) -> RandomEffects:
    """Combine estimates by a random-effects model with a prediction interval.

    Between-level variance after Paule and Mandel; the interval of the mean after
    Hartung, Knapp, Sidik and Jonkman, never narrower than without their correction;
    the prediction interval after Higgins, Thompson and Spiegelhalter.

    Parameters
    ----------
    estimate : ndarray of shape (n_levels,)
        Estimates on a scale where they are about normal.
    standard_error : ndarray of shape (n_levels,)
        Their standard errors, above 0.
    level : float, default 0.95
        Coverage aimed at.

    Returns
    -------
    RandomEffects
        NaN throughout with fewer than two estimates.

    Raises
    ------
    IcansRiskError
        If an estimate is not finite, or a standard error is not above 0.

    References
    ----------
    .. [1] Paule RC, Mandel J. "Consensus values and weighting factors." J Res Natl Bur
       Stand 1982;87(5):377-385. doi:10.6028/jres.087.022
    .. [2] Röver C, Knapp G, Friede T. "Hartung-Knapp-Sidik-Jonkman approach and its
       modification for random-effects meta-analysis with few studies." BMC Med Res
       Methodol 2015;15:99. doi:10.1186/s12874-015-0091-1
    .. [3] Higgins JPT, Thompson SG, Spiegelhalter DJ. "A re-evaluation of random-effects
       meta-analysis." J R Stat Soc A 2009;172(1):137-159.
       doi:10.1111/j.1467-985X.2008.00552.x
    .. [4] Partlett C, Riley RD. "Random effects meta-analysis: coverage performance of
       95% confidence and prediction intervals following REML estimation." Stat Med
       2017;36(2):301-317. doi:10.1002/sim.7140
    """
    effect, error = np.asarray(estimate, np.float64), np.asarray(standard_error, np.float64)
    if not (np.isfinite(effect).all() and (error > 0).all() and np.isfinite(error).all()):
        raise IcansRiskError(
            "Random effects need finite estimates and standard errors above 0; leave out the "
            f"levels without, of {effect.size}."
        )
    count = effect.size
    if count < 2:
        none = math.nan
        return RandomEffects(none, none, none, none, none, none, "identity", count, count)
    tau2 = _between_levels(effect, error**2)
    weight = 1 / (error**2 + tau2)
    mean = float(weight @ effect / weight.sum())
    spread = float(weight @ (effect - mean) ** 2) / (count - 1)
    variance = max(spread, 1.0) / float(weight.sum())
    reach = float(t.ppf((1 + level) / 2, count - 1)) * math.sqrt(variance)
    further = math.nan
    if count > 2:
        further = float(t.ppf((1 + level) / 2, count - 2)) * math.sqrt(tau2 + variance)
    return RandomEffects(
        mean=mean,
        low=mean - reach,
        high=mean + reach,
        prediction_low=mean - further,
        prediction_high=mean + further,
        tau=math.sqrt(tau2),
        scale="identity",
        used=count,
        levels=count,
    )


def _between_levels(effect: Floats, variance: Floats) -> float:
    """Solve for the variance at which the levels spread as much as they should.

    By a root in a bracket: the Newton steps of statsmodels' ``combine_effects`` return 0
    where rounding carries the last of them past the root.
    """

    def excess(tau2: float) -> float:
        weight = 1 / (variance + tau2)
        mean = weight @ effect / weight.sum()
        return float(weight @ (effect - mean) ** 2) - (effect.size - 1)

    if excess(0.0) <= 0:
        return 0.0
    # There every weight is below 1 / tau2, so that the spread is too.
    above = float(((effect - effect.mean()) ** 2).sum()) / (effect.size - 1)
    return float(brentq(excess, 0.0, above, xtol=1e-14))

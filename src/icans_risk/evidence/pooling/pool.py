"""The mean over studies, how far they differ, and where the next one would lie."""

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from scipy.stats import chi2, norm, t

from icans_risk.errors import IcansRiskError
from icans_risk.evidence.pooling.effects import Effects, Scale, effects_of
from icans_risk.evidence.pooling.heterogeneity import ESTIMATORS, cochran_q, i_squared

__all__ = ["Interval95", "Method", "Pooled", "leave_one_out", "pool"]

Method = Literal["REML", "DL", "PM", "fixed"]
MeanInterval = Literal["normal", "knapp_hartung", "modified_knapp_hartung"]


@dataclass(frozen=True)
class Interval95:
    """A pooled value as a proportion, rate or ratio, with its interval and the next study's.

    Attributes
    ----------
    value, low, high : float
        The mean and its confidence interval.
    prediction_low, prediction_high : float
        Where the truth of one further study is expected; NaN below three studies.
    """

    value: float
    low: float
    high: float
    prediction_low: float
    prediction_high: float


@dataclass(frozen=True)
class Pooled:
    """Studies pooled.

    Attributes
    ----------
    estimate, standard_error, low, high : float
        The mean, on the analysis scale.
    prediction_low, prediction_high : float
        Where the truth of one further study is expected; NaN below three studies, and equal
        to the interval of the mean where a fixed effect is assumed.
    tau2, i2 : float
        Variance between studies, and its share of the spread.
    q, p : float
        Cochran's Q and its p-value.
    studies : int
        How many.
    method : str
        How tau2 was estimated; ``fixed`` sets it to 0.
    scale : str
        ``identity``, ``log`` or ``logit``.
    """

    estimate: float
    standard_error: float
    low: float
    high: float
    prediction_low: float
    prediction_high: float
    tau2: float
    i2: float
    q: float
    p: float
    studies: int
    method: Method
    scale: Scale

    @property
    def natural(self) -> Interval95:
        """Return the values as proportions, rates or ratios."""
        ends = (self.estimate, self.low, self.high, self.prediction_low, self.prediction_high)
        back = effects_of([0.0], [1.0], scale=self.scale).natural(ends)
        value, low, high, prediction_low, prediction_high = (float(end) for end in back)
        return Interval95(value, low, high, prediction_low, prediction_high)


def pool(
    effects: Effects,
    *,
    method: Method = "REML",
    interval: MeanInterval = "modified_knapp_hartung",
    prediction: Literal["t", "as_mean"] = "t",
    level: float = 0.95,
) -> Pooled:
    """Pool studies by inverse variance.

    Parameters
    ----------
    effects : Effects
        One estimate per study.
    method : {"REML", "DL", "PM", "fixed"}, optional
        Variance between studies: restricted likelihood, DerSimonian and Laird, Paule and
        Mandel, or none.
    interval : {"modified_knapp_hartung", "knapp_hartung", "normal"}, optional
        Of the mean. Few studies know little of the variance between them: Knapp and Hartung
        take a t distribution for that [1]_; modified, never a narrower one than without [2]_.
        A fixed effect always gets the normal one.
    prediction : {"t", "as_mean"}, optional
        Quantile of the prediction interval: t with two degrees of freedom less than studies
        [3]_, or the one of the mean's interval.
    level : float, default 0.95
        Coverage aimed at.

    Returns
    -------
    Pooled
        On the analysis scale; ``natural`` takes it back.

    Raises
    ------
    IcansRiskError
        If the method or the interval is unknown, or a random effect is asked of one study.

    References
    ----------
    .. [1] Knapp G, Hartung J. "Improved tests for a random effects meta-regression with a
       single covariate." Stat Med 2003;22:2693-2710. doi:10.1002/sim.1482
    .. [2] Roever C, Knapp G, Friede T. "Hartung-Knapp-Sidik-Jonkman approach and its
       modification for random-effects meta-analysis with few studies." BMC Med Res Methodol
       2015;15:99. doi:10.1186/s12874-015-0091-1
    .. [3] Higgins JPT, Thompson SG, Spiegelhalter DJ. "A re-evaluation of random-effects
       meta-analysis." J R Stat Soc A 2009;172:137-159. doi:10.1111/j.1467-985X.2008.00552.x

    Examples
    --------
    >>> from icans_risk.evidence.pooling import log_odds, pool
    >>> found = pool(log_odds([101, 30, 14], [533, 158, 86]), method="REML")
    >>> round(found.natural.value, 2), found.studies
    (0.19, 3)
    """
    _check(effects, method, interval)
    values, variance = effects.estimate, effects.variance
    tau2 = ESTIMATORS[method](values, variance)
    weight = 1 / (variance + tau2)
    mean = float(weight @ values / weight.sum())
    squared = 1 / float(weight.sum())
    df = values.size - 1
    quantile = float(norm.ppf((1 + level) / 2))
    if method != "fixed" and interval != "normal":
        found = cochran_q(values, variance, tau2) / df
        squared *= found if interval == "knapp_hartung" else max(1.0, found)
        quantile = float(t.ppf((1 + level) / 2, df))
    error = math.sqrt(squared)
    reach = quantile * error
    further = _further(tau2, squared, df=df, quantile=quantile, rule=prediction, level=level)
    if method == "fixed":
        further = reach
    q = cochran_q(values, variance)
    return Pooled(
        estimate=mean,
        standard_error=error,
        low=mean - reach,
        high=mean + reach,
        prediction_low=mean - further,
        prediction_high=mean + further,
        tau2=tau2,
        i2=i_squared(variance, tau2),
        q=q,
        p=float(chi2.sf(q, df)) if df else math.nan,
        studies=values.size,
        method=method,
        scale=effects.scale,
    )


def _check(effects: Effects, method: str, interval: str) -> None:
    if method not in ESTIMATORS or interval not in get_args(MeanInterval):
        raise IcansRiskError(
            f"studies are pooled by {sorted(ESTIMATORS)} with an interval of "
            f"{list(get_args(MeanInterval))}, got {method!r} and {interval!r}. Choose from these."
        )
    if method != "fixed" and effects.estimate.size < 2:
        raise IcansRiskError(
            "a random effect needs at least two studies, got one. Print that study, or pool with "
            "a fixed effect."
        )


def _further(
    tau2: float, squared: float, *, df: int, quantile: float, rule: str, level: float
) -> float:
    if df < 2:
        return math.nan
    reach = float(t.ppf((1 + level) / 2, df - 1)) if rule == "t" else quantile
    return reach * math.sqrt(tau2 + squared)


def leave_one_out(
    effects: Effects, *, method: Method = "REML", interval: MeanInterval = "modified_knapp_hartung"
) -> pd.DataFrame:
    """Pool all studies but one, each in turn.

    Parameters
    ----------
    effects : Effects
        At least three studies.
    method, interval
        As for ``pool``.

    Returns
    -------
    DataFrame
        One row per study: ``left_out, value, low, high`` as proportion, rate or ratio, and
        ``tau2, i2``.

    Raises
    ------
    IcansRiskError
        If there are fewer than three studies.
    """
    if len(effects.labels) < 3:
        raise IcansRiskError(
            f"leaving one out needs at least three studies, got {len(effects.labels)}. Print them."
        )
    rows = []
    for place, label in enumerate(effects.labels):
        rest = pool(effects.without(place), method=method, interval=interval)
        found = rest.natural
        rows.append((label, found.value, found.low, found.high, rest.tau2, rest.i2))
    columns = ["left_out", "value", "low", "high", "tau2", "i2"]
    return pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(columns[1:], np.float64))

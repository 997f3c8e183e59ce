"""A published incidence, as it is among those still at risk at a landmark."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit
from scipy.stats import norm

from icans_risk.errors import IcansRiskError

__all__ = ["LandmarkIncidence", "OnsetLaw", "landmark_incidence"]

Floats = NDArray[np.float64]

DRAWS = 2_000


@dataclass(frozen=True, kw_only=True)
class OnsetLaw:
    """When the endpoint is reached by those who reach it: log-normal, cut off at the right.

    Attributes
    ----------
    median_h, log_sd : float
        Of the onset of ICANS of any grade, since infusion.
    last_h : float
        After this none begins: new onset after day 14 is rare (0.7 % after CD19 products).
    delay_h : float
        From onset to the grade of the endpoint.
    median_log_sd : float
        Uncertainty of the median, on the logarithm: sources on one product differ so.
    log_sd_range : tuple of (float, float)
        Uncertainty of ``log_sd``: 0.44 after tisa-cel, 0.75 after liso-cel.
    """

    median_h: float
    log_sd: float = 0.45
    last_h: float = 360.0
    delay_h: float = 24.0
    median_log_sd: float = 0.15
    log_sd_range: tuple[float, float] = (0.40, 0.75)

    def share_by(self, hour: float) -> float:
        """Return the share that has reached the endpoint by an hour since infusion.

        Examples
        --------
        >>> law = OnsetLaw(median_h=144.0)
        >>> [round(law.share_by(hour), 2) for hour in (24.0, 168.0, 384.0)]
        [0.0, 0.51, 1.0]
        """
        spread = np.array([self.log_sd])
        return float(_share(hour, self, log_median=np.log([self.median_h]), log_sd=spread)[0])


@dataclass(frozen=True, kw_only=True)
class LandmarkIncidence:
    """How many of those at risk at a landmark reach the endpoint by the horizon.

    Attributes
    ----------
    value : float
        The median.
    logit_sd : float
        Its uncertainty on the logit: of the published figure, of sources that differ, of the
        time of onset, and of a change of scale where there was one.
    about, words : str
        What was published, and what became of it.
    """

    value: float
    logit_sd: float
    about: str
    words: str


def _share(hour: float, law: OnsetLaw, *, log_median: Floats, log_sd: Floats) -> Floats:
    hours = max(hour - law.delay_h, 1e-9)
    by_then, by_last = (
        norm.cdf((math.log(h) - log_median) / log_sd) for h in (min(hours, law.last_h), law.last_h)
    )
    return np.asarray(by_then / by_last, dtype=np.float64)


def landmark_incidence(
    value: float,
    logit_sd: float,
    onset: OnsetLaw,
    *,
    landmark_h: float,
    horizon_h: float,
    about: str,
    scale_factor: tuple[float, float, float] | None = None,
    seed: int = 0,
) -> LandmarkIncidence:
    """Turn an incidence over the whole course into one among those at risk at a landmark.

    Those who have reached the endpoint by the landmark are no longer at risk, and those who
    reach it after the horizon do not count: ``p (F(H) - F(L)) / (1 - p F(L))``, F the law of
    onset. Death and discharge before the landmark are left out: early after infusion they are
    rare.

    Parameters
    ----------
    value : float
        Published proportion, over the whole course.
    logit_sd : float
        Its standard deviation on the logit, at one further centre.
    onset : OnsetLaw
        When the endpoint is reached.
    landmark_h, horizon_h : float
        Hours since infusion.
    about : str
        What was published, for the words.
    scale_factor : tuple of (factor, low, high), optional
        Only where the figure was graded on another scale than the model's: what to multiply
        it by, with a wide 95 % interval. No rule takes grades of one scale to another.
    seed : int
        Of the draws that carry the uncertainty.

    Returns
    -------
    LandmarkIncidence
        Median and spread.

    Raises
    ------
    IcansRiskError
        If a number is out of its range.

    Examples
    --------
    >>> found = landmark_incidence(
    ...     0.30, 0.3, OnsetLaw(median_h=168.0), landmark_h=72.0, horizon_h=336.0, about="x"
    ... )
    >>> round(found.value, 2), round(found.logit_sd, 1)
    (0.28, 0.3)
    """
    _check_published(value, logit_sd, landmark_h=landmark_h, horizon_h=horizon_h)
    draw = np.random.default_rng(seed)
    # None of a small series is not never.
    published = float(np.clip(value, 0.002, 0.998))
    whole = expit(logit(published) + logit_sd * draw.standard_normal(DRAWS))
    words = f"{about}: {100 * value:.1f} % over the whole course"
    if scale_factor is not None:
        whole = np.clip(whole * _factors(scale_factor, draw), 1e-4, 1 - 1e-4)
        low, high = scale_factor[1:]
        words += f", times {scale_factor[0]:g} ({low:g} to {high:g}) for the other scale"
    log_median = math.log(onset.median_h) + onset.median_log_sd * draw.standard_normal(DRAWS)
    log_sd = draw.uniform(*onset.log_sd_range, DRAWS)
    before, until = (
        _share(hour, onset, log_median=log_median, log_sd=log_sd)
        for hour in (landmark_h, horizon_h)
    )
    at_risk = np.clip(whole * (until - before) / (1 - whole * before), 1e-5, 1 - 1e-5)
    median = float(np.median(at_risk))
    words += f", {100 * median:.1f} % among those at risk at {landmark_h:g} h until {horizon_h:g} h"
    return LandmarkIncidence(
        value=median, logit_sd=float(np.std(logit(at_risk))), about=about, words=words
    )


def _check_published(value: float, logit_sd: float, *, landmark_h: float, horizon_h: float) -> None:
    if not (0 <= value <= 1 and 0 < logit_sd < math.inf and landmark_h < horizon_h):
        raise IcansRiskError(
            "a published incidence is a proportion with a standard deviation above 0, and the "
            f"landmark comes before the horizon, got {value}, {logit_sd}, {landmark_h:g} h and "
            f"{horizon_h:g} h."
        )


def _factors(stated: tuple[float, float, float], draw: np.random.Generator) -> Floats:
    factor, low, high = stated
    if not 0 < low < factor < high or high / low < 1.5:
        raise IcansRiskError(
            "a change of scale is a factor with a wide interval around it, its upper end at least "
            f"1.5 times the lower, got {factor:g} ({low:g} to {high:g}). No rule takes grades of "
            "one scale to another: state how little is known."
        )
    spread = math.log(high / low) / (2 * 1.96)
    return np.asarray(factor * np.exp(spread * draw.standard_normal(DRAWS)))

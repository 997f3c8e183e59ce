"""Risk for a product or a centre that a model was not fitted on.

From published figures and few local patients. The level of risk is moved, with local outcomes
also its spread. That measurements mean the same after another product is assumed, not shown.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq, minimize
from scipy.special import expit, logit
from scipy.stats import norm

from icans_risk.errors import IcansRiskError
from icans_risk.models.calibration import LogitCalibration
from icans_risk.models.landmark_incidence import LandmarkIncidence

__all__ = [
    "ASSUMPTION",
    "ShiftPrior",
    "Transport",
    "check_enough",
    "published_prior",
    "transport",
    "unchanged_prior",
]

Floats = NDArray[np.float64]

ASSUMPTION = "assumes the same biology"
# A working assumption: 95 % of calibration slopes at further centres lie between 0.6 and 1.6.
SLOPE_LOG_SD = 0.25
# Below this the mean predicted risk of the local patients says little.
LEAST_PATIENTS = 20
FARTHEST = 20.0


@dataclass(frozen=True, kw_only=True)
class ShiftPrior:
    """What is believed of the shift of the log odds before a local outcome is seen.

    Attributes
    ----------
    shift, shift_sd : float
        Mean and standard deviation.
    slope_log_sd : float
        Standard deviation of the logarithm of the slope, whose median is 1.
    words : str
        Where it comes from.
    """

    shift: float
    shift_sd: float
    slope_log_sd: float = SLOPE_LOG_SD
    words: str


@dataclass(frozen=True, kw_only=True)
class Transport:
    """The step from a model's log odds to those at another centre or for another product.

    Attributes
    ----------
    step : LogitCalibration
        What is added after the model's own calibration.
    centre : float
        Log odds at which the shift is that of ``shift``.
    shift, log_slope : float
        The estimate there.
    covariance : ndarray of shape (2, 2)
        Of both.
    patients, events : int
        Local ones with a known outcome.
    prior : ShiftPrior
        What it was before.
    published_share : float
        Weight of the published figure (or of the unchanged model) in the shift, 0 to 1.
    """

    step: LogitCalibration
    centre: float
    shift: float
    log_slope: float
    covariance: Floats
    patients: int
    events: int
    prior: ShiftPrior
    published_share: float

    def steps(self, count: int, *, seed: int = 0) -> tuple[LogitCalibration, ...]:
        """Draw steps that spread as the uncertainty of this one, for a model's rebuilds.

        Parameters
        ----------
        count : int
            How many.
        seed : int
            Which slope goes with which shift.

        Returns
        -------
        tuple of LogitCalibration
            Evenly spaced quantiles, so that few draws have the right spread.
        """
        even = norm.ppf((np.arange(count) + 0.5) / count)
        other = np.random.default_rng(seed).permutation(even)
        shifts = np.linalg.cholesky(self.covariance) @ np.stack([even, other])
        ends = zip(self.shift + shifts[0], self.log_slope + shifts[1], strict=True)
        return tuple(_step(self.centre, float(a), float(b)) for a, b in ends)

    def facts(self) -> dict[str, Any]:
        """Return what it was based on, as plain JSON values."""
        return {
            "method": "transport",
            "assumption": ASSUMPTION,
            "sentence": self.in_words,
            "step": self.step.to_state(),
            "patients": self.patients,
            "events": self.events,
            "prior": self.prior.words,
            "prior_shift": self.prior.shift,
            "prior_shift_sd": self.prior.shift_sd,
            "shift_sd": float(math.sqrt(self.covariance[0, 0])),
            "published_share": self.published_share,
        }

    @property
    def in_words(self) -> str:
        """Say what was used, as one sentence."""
        local = f"{self.patients} local patients with {self.events} events"
        if self.patients == 0:
            local = "no local outcome"
        return (
            f"{self.prior.words}, and {local}; the former has {100 * self.published_share:.0f} % "
            f"of the weight. It {ASSUMPTION}: that the measurements mean the same here was not "
            "shown."
        )


def published_prior(margin: ArrayLike, incidence: LandmarkIncidence) -> ShiftPrior:
    """Find the shift at which the local patients' mean predicted risk is the published one.

    Their measurements may be another product's already; a shift by the ratio of incidences
    would count that twice.

    Parameters
    ----------
    margin : array-like of shape (n_rows,)
        The model's log odds of local patients at risk; no outcome is needed.
    incidence : LandmarkIncidence
        Of the product that they had.

    Returns
    -------
    ShiftPrior
        Its spread is that of the figure, and of so many patients' mean.

    Raises
    ------
    IcansRiskError
        If there are fewer than 20.
    """
    values = np.asarray(margin, dtype=np.float64)
    check_enough(values.size)
    centre = float(logit(incidence.value))
    low, middle, high = (
        _shift_to(values, float(expit(centre + z * incidence.logit_sd))) for z in (-1, 0, 1)
    )
    risk = expit(values + middle)
    # Of the mean, taken to the shift by its slope in it.
    sampling = float(np.std(risk) / math.sqrt(risk.size) / np.mean(risk * (1 - risk)))
    return ShiftPrior(
        shift=middle,
        shift_sd=math.hypot((high - low) / 2, sampling),
        words=f"Published: {incidence.words}",
    )


def check_enough(patients: int) -> None:
    """Refuse fewer local patients than a mean predicted risk needs."""
    if patients < LEAST_PATIENTS:
        raise IcansRiskError(
            f"the mean predicted risk of at least {LEAST_PATIENTS} local patients is needed, got "
            f"{patients}. Their outcomes are not: add patients as they come."
        )


def _shift_to(margin: Floats, mean: float) -> float:
    return float(
        brentq(lambda a: float(np.mean(expit(margin + a))) - mean, -FARTHEST, FARTHEST, xtol=1e-10)
    )


def unchanged_prior(shift_sd: float = 0.5) -> ShiftPrior:
    """Believe in the model as it is, give or take what centres differ by.

    Parameters
    ----------
    shift_sd : float, default 0.5
        Standard deviation between centres on the logit.

    Returns
    -------
    ShiftPrior
        Around no shift.
    """
    return ShiftPrior(
        shift=0.0, shift_sd=shift_sd, words=f"The model as it is, within {shift_sd:g} on the logit"
    )


def transport(
    margin: ArrayLike, y: ArrayLike, prior: ShiftPrior, *, sample_weight: ArrayLike | None = None
) -> Transport:
    """Update the shift and the slope by local outcomes, shrunk towards what was believed.

    The mode of the posterior: the likelihood of the local outcomes times a normal prior on
    the shift and on the logarithm of the slope. With none it is the prior; the more there
    are, the less that counts.

    Parameters
    ----------
    margin : array-like of shape (n_rows,)
        The model's log odds of local patients at risk.
    y : array-like of shape (n_rows,)
        1 for an event, 0 for none, NaN where the outcome is not known.
    prior : ShiftPrior
        From ``published_prior`` or ``unchanged_prior``.
    sample_weight : array-like of shape (n_rows,), optional
        Weight of each row.

    Returns
    -------
    Transport
        The step and how sure it is.

    Raises
    ------
    IcansRiskError
        If the margins are not finite or the outcomes not 0, 1 or NaN.
    """
    values, outcome = (np.asarray(column, dtype=np.float64) for column in (margin, y))
    weight = np.ones_like(values) if sample_weight is None else np.asarray(sample_weight, float)
    known = np.isfinite(outcome) & (weight > 0)
    is_sound = values.shape == outcome.shape == weight.shape and np.isfinite(values).all()
    if not is_sound or values.size == 0 or not np.isin(outcome[known], (0, 1)).all():
        raise IcansRiskError(
            "transport needs finite log odds and outcomes 0, 1 or not known, got the shapes "
            f"{values.shape}, {outcome.shape} and {weight.shape}. Leave such rows out."
        )
    centre = float(values.mean())
    seen = (values[known] - centre, outcome[known], weight[known])
    spread = np.array([prior.shift_sd, prior.slope_log_sd])
    mean = np.array([prior.shift, 0.0])

    def cost(at: Floats) -> tuple[float, Floats]:
        x, event, w = seen
        stretched = np.exp(at[1]) * x
        eta = centre + at[0] + stretched
        off = (at - mean) / spread
        likelihood = float(w @ (event * eta - np.logaddexp(0.0, eta)))
        left = w * (event - expit(eta))
        slope = off / spread - np.array([left.sum(), left @ stretched])
        return 0.5 * float(off @ off) - likelihood, slope

    found = minimize(cost, mean, jac=True, method="BFGS", options={"gtol": 1e-7})
    curvature = _curvature(found.x, seen, centre=centre, spread=spread)
    covariance = np.asarray(np.linalg.inv(curvature), dtype=np.float64)
    shift, log_slope = float(found.x[0]), float(found.x[1])
    return Transport(
        step=_step(centre, shift, log_slope),
        centre=centre,
        shift=shift,
        log_slope=log_slope,
        covariance=covariance,
        patients=int(known.sum()),
        events=int(outcome[known].sum()),
        prior=prior,
        published_share=float(min(1.0, covariance[0, 0] / prior.shift_sd**2)),
    )


def _curvature(
    at: Floats, seen: tuple[Floats, Floats, Floats], *, centre: float, spread: Floats
) -> Floats:
    """Return the expected information at the mode, with the prior's."""
    x, _, w = seen
    slope = np.exp(at[1])
    risk = expit(centre + at[0] + slope * x)
    design = np.stack([np.ones_like(x), slope * x])
    information: Floats = (design * (w * risk * (1 - risk))) @ design.T
    return information + np.diag(1 / spread**2)


def _step(centre: float, shift: float, log_slope: float) -> LogitCalibration:
    slope = math.exp(log_slope)
    return LogitCalibration(centre * (1 - slope) + shift, slope, "intercept_and_slope")

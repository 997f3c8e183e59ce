"""Calibration that is a straight line on the logit: an intercept and a slope.

Contributions scaled by the slope still add up to the calibrated log odds. That is why there
is no isotonic calibration here, however large the cohort: a step function has no slope.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import expit

from icans_risk.errors import IcansRiskError, NotEstimableError, NotReleasedError

__all__ = ["CalibrationMethod", "LogitCalibration", "choose_method", "fit_logit_calibration"]

Floats = NDArray[np.float64]
CalibrationMethod = Literal["none", "intercept", "intercept_and_slope"]

# Patients, and patients of the rarer outcome, from which a slope can be told from noise: with
# 40 a fitted slope made the risks worse in simulation, with 160 it halved their error.
_PATIENTS_FOR_SLOPE, _RARER_FOR_SLOPE = 100, 20
# With fewer of the rarer outcome the standard error of an intercept passes 0.3.
_RARER_FOR_INTERCEPT = 10
# Margins that differ by less are one margin and its rounding.
_SAME_MARGIN = 1e-9
_ITERATIONS, _HALVINGS, _TOLERANCE = 200, 40, 1e-10


@dataclass(frozen=True)
class LogitCalibration:
    """Turn log odds into calibrated log odds: ``intercept + slope * margin``.

    Attributes
    ----------
    intercept : float
        Shift in log odds.
    slope : float
        Above 0; below 1 it pulls risks that are spread too far together.
    method : {"none", "intercept", "intercept_and_slope"}
        What was fitted; the rest is as it was.

    Examples
    --------
    >>> step = LogitCalibration(-0.5, 0.5, "intercept_and_slope")
    >>> step.apply([-2.0, 0.0, 2.0])
    array([-1.5, -0.5,  0.5])
    """

    intercept: float = 0.0
    slope: float = 1.0
    method: CalibrationMethod = "none"

    def __post_init__(self) -> None:
        if not (np.isfinite(self.intercept) and np.isfinite(self.slope) and self.slope > 0):
            raise IcansRiskError(
                "a calibration needs a finite intercept and a finite slope above 0, got "
                f"{self.intercept} and {self.slope}. Fit it again."
            )
        if self.method not in get_args(CalibrationMethod):
            raise IcansRiskError(
                f"expected a calibration method of {list(get_args(CalibrationMethod))}, got "
                f"{self.method!r}."
            )

    def apply(self, margin: ArrayLike) -> Floats:
        """Return the calibrated log odds, of the shape of ``margin``."""
        return self.intercept + self.slope * np.asarray(margin, dtype=np.float64)

    def then(self, later: Self) -> Self:
        """Return the one calibration that does this and then ``later``.

        Examples
        --------
        >>> first = LogitCalibration(1.0, 0.5, "intercept_and_slope")
        >>> first.then(LogitCalibration(-1.0, 1.0, "intercept"))
        LogitCalibration(intercept=0.0, slope=0.5, method='intercept_and_slope')
        """
        methods = get_args(CalibrationMethod)
        return type(self)(
            later.intercept + later.slope * self.intercept,
            later.slope * self.slope,
            methods[max(methods.index(self.method), methods.index(later.method))],
        )

    def to_state(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"intercept": self.intercept, "slope": self.slope, "method": self.method}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild a calibration from its state."""
        return cls(float(state["intercept"]), float(state["slope"]), state["method"])


def choose_method(y: ArrayLike, groups: ArrayLike | None = None) -> CalibrationMethod:
    """Choose what a cohort is large enough to calibrate.

    Nothing below 10 patients with the rarer outcome; the intercept below 100 patients or
    20 with the rarer outcome; intercept and slope from there.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        1 for an event, 0 for none.
    groups : array-like of shape (n_rows,), optional
        The patient of each row; by default each row is one.

    Returns
    -------
    {"none", "intercept", "intercept_and_slope"}
        The method.

    Examples
    --------
    >>> choose_method([1] * 30 + [0] * 90), choose_method([1] * 19 + [0] * 900)
    ('intercept_and_slope', 'intercept')
    """
    outcome = np.asarray(y)
    patient = np.arange(outcome.size) if groups is None else np.asarray(groups)
    rarer = min(np.unique(patient[outcome == k]).size for k in (0, 1))
    if rarer < _RARER_FOR_INTERCEPT:
        return "none"
    if rarer < _RARER_FOR_SLOPE or np.unique(patient).size < _PATIENTS_FOR_SLOPE:
        return "intercept"
    return "intercept_and_slope"


def fit_logit_calibration(
    margin: ArrayLike,
    y: ArrayLike,
    weight: ArrayLike | None = None,
    *,
    groups: ArrayLike | None = None,
    method: CalibrationMethod | Literal["auto"] = "auto",
) -> LogitCalibration:
    """Fit a calibration to the margins of patients that the model did not see.

    The slope maximises the likelihood with Firth's penalty [1]_: nearly unbiased at these
    sizes, and finite where a threshold parts the outcomes. The intercept is then that of
    plain maximum likelihood [2]_, so that as many events are expected as were observed.

    Parameters
    ----------
    margin : array-like of shape (n_rows,)
        Log odds of the event, from models that were not fitted on the row.
    y : array-like of shape (n_rows,)
        1 for an event, 0 for none.
    weight : array-like of shape (n_rows,), optional
        Weights; 2 counts as two rows, 0 as none.
    groups : array-like of shape (n_rows,), optional
        The patient of each row, counted by the rule of ``choose_method``.
    method : {"auto", "none", "intercept", "intercept_and_slope"}
        ``"auto"`` asks ``choose_method``. Where all margins are equal there is no slope to
        fit, and only the intercept is.

    Returns
    -------
    LogitCalibration
        The fit.

    Raises
    ------
    NotReleasedError
        If the slope is 0 or below: higher margins did not go with more events.
    NotEstimableError
        If only one outcome has weight.
    IcansRiskError
        If the inputs are not finite margins, outcomes and weights of one length.

    References
    ----------
    .. [1] Heinze G, Schemper M. "A solution to the problem of separation in logistic
       regression." Stat Med 2002;21:2409-2419. doi:10.1002/sim.1047
    .. [2] Puhr R, et al. "Firth's logistic regression with rare events: accurate effect
       estimates and predictions?" Stat Med 2017;36:2302-2317. doi:10.1002/sim.7273

    Examples
    --------
    >>> margin, y = [-2.0, 2.0] * 50, [0, 1, 1, 0, 0, 1, 0, 1, 0, 1] * 10
    >>> round(fit_logit_calibration(margin, y).slope, 2)
    0.67
    """
    margins, outcome, weights = _checked(margin, y, weight)
    counted = weights > 0
    margins, outcome, weights = margins[counted], outcome[counted], weights[counted]
    if method == "auto":
        method = choose_method(outcome, None if groups is None else np.asarray(groups)[counted])
    if method == "none":
        return LogitCalibration()
    if method == "intercept" or np.ptp(margins) < _SAME_MARGIN:
        return LogitCalibration(_fit_intercept(margins, outcome, weights), 1.0, "intercept")
    slope = _fit_slope(margins, outcome, weights)
    if slope <= 0:
        raise NotReleasedError(
            "a model is released where patients with higher predicted risk have the event more "
            f"often, its calibration slope on held-out patients is {slope:.2f} ({outcome.size} "
            f"rows, {int(outcome.sum())} events). Its columns do not carry the event at this "
            "sample size: report the prevalence or a published score instead, or pool more data."
        )
    return LogitCalibration(
        _fit_intercept(slope * margins, outcome, weights), slope, "intercept_and_slope"
    )


def _checked(
    margin: ArrayLike, y: ArrayLike, weight: ArrayLike | None
) -> tuple[Floats, Floats, Floats]:
    margins, outcome = (np.asarray(values, dtype=np.float64) for values in (margin, y))
    weights = np.ones_like(outcome) if weight is None else np.asarray(weight, dtype=np.float64)
    if margins.ndim != 1 or not margins.shape == outcome.shape == weights.shape:
        raise IcansRiskError(
            "calibration needs one margin, outcome and weight for each row, got the shapes "
            f"{margins.shape}, {outcome.shape} and {weights.shape}."
        )
    sound = np.isfinite(margins) & np.isin(outcome, (0, 1)) & (weights >= 0) & (weights < np.inf)
    if not sound.all():
        raise IcansRiskError(
            "calibration needs finite margins, outcomes 0 or 1 and finite weights from 0, "
            f"{int((~sound).sum())} of {sound.size} rows differ. Leave them out first."
        )
    if min(weights[outcome == k].sum() for k in (0, 1)) == 0:
        raise NotEstimableError(
            "calibration needs rows with and without the event, the "
            f"{int((weights > 0).sum())} rows with weight have one outcome. Pool more data."
        )
    return margins, outcome, weights


def _fit_intercept(offset: Floats, y: Floats, w: Floats) -> float:
    observed = w @ y
    # A root in a bracket: where margins lie far out, Newton's steps overshoot.
    mean = float(np.log(observed / (w.sum() - observed)))
    bracket = mean - offset.max() - 1e-6, mean - offset.min() + 1e-6
    return float(brentq(lambda a: w @ expit(a + offset) - observed, *bracket, xtol=1e-13))


def _fit_slope(margin: Floats, y: Floats, w: Floats) -> float:
    """Maximise Firth's penalised likelihood by scoring with step halving."""
    # The estimate follows a change of scale exactly, and steps are sized for a scale of 1.
    centre, scale = margin.mean(), margin.std()
    design = np.column_stack([np.ones_like(margin), (margin - centre) / scale])
    beta = np.array([np.log(w @ y / (w @ (1 - y))), 0.0])
    reached = _penalised_likelihood(beta, design, y=y, w=w)
    for _ in range(_ITERATIONS):
        step = _scoring_step(beta, design, y=y, w=w)
        for _ in range(_HALVINGS):
            after = _penalised_likelihood(beta + step, design, y=y, w=w)
            if after >= reached - 1e-12 * abs(reached):
                break
            step = step / 2
        beta, reached = beta + step, after
        if np.abs(step).max() < _TOLERANCE:
            break
    return float(beta[1] / scale)


def _penalised_likelihood(beta: Floats, design: Floats, *, y: Floats, w: Floats) -> float:
    eta = design @ beta
    sign, log_information = np.linalg.slogdet(_information(eta, design, w))
    likelihood = w @ (y * eta - np.logaddexp(0.0, eta))
    return float(likelihood + 0.5 * log_information) if sign > 0 else -np.inf


def _information(eta: Floats, design: Floats, w: Floats) -> Floats:
    spread = w * expit(eta) * expit(-eta)
    information: Floats = design.T @ (design * spread[:, None])
    return information


def _scoring_step(beta: Floats, design: Floats, *, y: Floats, w: Floats) -> Floats:
    eta = design @ beta
    risk, covariance = expit(eta), np.linalg.inv(_information(eta, design, w))
    leverage = w * risk * (1 - risk) * np.einsum("ij,jk,ik->i", design, covariance, design)
    score = design.T @ (w * (y - risk) + leverage * (0.5 - risk))
    step: Floats = covariance @ score
    return step

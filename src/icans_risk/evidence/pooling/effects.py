"""One estimate per study on a scale where it is about normal, with its variance."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from icans_risk.errors import IcansRiskError

__all__ = [
    "Effects",
    "Scale",
    "effects_of",
    "log_odds",
    "log_odds_ratio",
    "log_rate",
    "log_rate_ratio",
    "log_risk_ratio",
]

Floats = NDArray[np.float64]
Scale = Literal["identity", "log", "logit"]

BACK: MappingProxyType[str, Callable[[Floats], Floats]] = MappingProxyType(
    {"identity": np.asarray, "log": np.exp, "logit": expit}
)
# What is added to the cells of a study with an empty one, and of no other.
HALF = 0.5


@dataclass(frozen=True, eq=False)
class Effects:
    """What studies found, ready to be pooled.

    Attributes
    ----------
    estimate, variance : ndarray of shape (n_studies,)
        On the scale.
    scale : {"identity", "log", "logit"}
        Where they are about normal; rates and ratios on ``log``, proportions on ``logit``.
    labels : tuple of str
        One for each study.
    """

    estimate: Floats
    variance: Floats
    scale: Scale
    labels: tuple[str, ...]

    def natural(self, values: ArrayLike) -> Floats:
        """Take values on the scale back to proportions, rates or ratios."""
        return np.asarray(BACK[self.scale](np.asarray(values, dtype=np.float64)))

    def without(self, place: int) -> "Effects":
        """Return all studies but one."""
        kept = [k for k in range(len(self.labels)) if k != place]
        labels = tuple(self.labels[k] for k in kept)
        return Effects(self.estimate[kept], self.variance[kept], self.scale, labels)


def effects_of(
    estimate: ArrayLike,
    variance: ArrayLike,
    *,
    scale: Scale = "identity",
    labels: Sequence[str] | None = None,
) -> Effects:
    """Take estimates and variances as they are.

    Parameters
    ----------
    estimate, variance : array-like of shape (n_studies,)
        On the scale.
    scale : {"identity", "log", "logit"}, optional
        What they are on.
    labels : sequence of str, optional
        One for each study; by default numbers from 1.

    Returns
    -------
    Effects
        Checked.

    Raises
    ------
    IcansRiskError
        If there is no study, a variance is not above 0, or lengths differ.
    """
    values = np.asarray(estimate, dtype=np.float64)
    spread = np.asarray(variance, dtype=np.float64)
    names = tuple(labels) if labels is not None else tuple(str(k + 1) for k in range(values.size))
    sound = values.ndim == 1 and values.shape == spread.shape and values.size == len(names) > 0
    if not sound or not (np.isfinite(values).all() and ((spread > 0) & (spread < np.inf)).all()):
        raise IcansRiskError(
            "pooling needs for each study one finite estimate, a variance above 0 and a label, got "
            f"the shapes {values.shape}, {spread.shape} and {len(names)} labels. Leave out studies "
            "without."
        )
    return Effects(values, spread, scale, names)


def log_odds(events: ArrayLike, n: ArrayLike, *, labels: Sequence[str] | None = None) -> Effects:
    """Take proportions to the logit.

    Parameters
    ----------
    events, n : array-like of shape (n_studies,)
        Patients with the event, and all. A study with none or all of them gets half a patient
        more on either side: for rare events prefer ``fit_mixed``.
    labels : sequence of str, optional
        One for each study.

    Returns
    -------
    Effects
        On the logit.

    Examples
    --------
    >>> log_odds([5, 0], [20, 10]).natural(log_odds([5, 0], [20, 10]).estimate).round(3)
    array([0.25 , 0.045])
    """
    x, size = _counts(events, n)
    empty = np.where((x == 0) | (x == size), HALF, 0.0)
    has, has_not = x + empty, size - x + empty
    return effects_of(np.log(has / has_not), 1 / has + 1 / has_not, scale="logit", labels=labels)


def log_rate(
    events: ArrayLike, exposure: ArrayLike, *, labels: Sequence[str] | None = None
) -> Effects:
    """Take rates to the logarithm; a study without an event gets half of one.

    Parameters
    ----------
    events, exposure : array-like of shape (n_studies,)
        Events, and the patients or patient-time that they are of.
    labels : sequence of str, optional
        One for each study.

    Returns
    -------
    Effects
        On the logarithm.
    """
    x, time = _counts(events, exposure, at_most_one=False)
    x = np.where(x == 0, HALF, x)
    return effects_of(np.log(x / time), 1 / x, scale="log", labels=labels)


Arm = tuple[ArrayLike, ArrayLike]


def log_rate_ratio(treated: Arm, control: Arm, *, labels: Sequence[str] | None = None) -> Effects:
    """Compare two rates within each study.

    Parameters
    ----------
    treated, control : tuple of (events, exposure)
        Each array-like of shape (n_studies,).
    labels : sequence of str, optional
        One for each study.

    Returns
    -------
    Effects
        Treated over control, on the logarithm.
    """
    (x, time), (z, other) = (_counts(*arm, at_most_one=False) for arm in (treated, control))
    half = np.where((x == 0) | (z == 0), HALF, 0.0)
    x, z = x + half, z + half
    return effects_of(
        np.log(x / time) - np.log(z / other), 1 / x + 1 / z, scale="log", labels=labels
    )


def log_risk_ratio(treated: Arm, control: Arm, *, labels: Sequence[str] | None = None) -> Effects:
    """Compare two proportions within each study by their ratio.

    Parameters
    ----------
    treated, control : tuple of (events, n)
        Each array-like of shape (n_studies,).
    labels : sequence of str, optional
        One for each study.

    Returns
    -------
    Effects
        Treated over control, on the logarithm.
    """
    a, b, c, d = _four_cells(treated, control)
    estimate = np.log(a / (a + b)) - np.log(c / (c + d))
    variance = 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)
    return effects_of(estimate, variance, scale="log", labels=labels)


def log_odds_ratio(treated: Arm, control: Arm, *, labels: Sequence[str] | None = None) -> Effects:
    """Compare two proportions within each study by their odds.

    Parameters
    ----------
    treated, control : tuple of (events, n)
        Each array-like of shape (n_studies,). Studies without an event in either arm say
        nothing on an odds ratio: leave them out.
    labels : sequence of str, optional
        One for each study.

    Returns
    -------
    Effects
        Treated over control, on the logarithm.
    """
    a, b, c, d = _four_cells(treated, control)
    variance = 1 / a + 1 / b + 1 / c + 1 / d
    return effects_of(np.log(a * d / (b * c)), variance, scale="log", labels=labels)


def _four_cells(treated: Arm, control: Arm) -> tuple[Floats, Floats, Floats, Floats]:
    (a, m), (c, n) = _counts(*treated), _counts(*control)
    cells = np.stack([a, m - a, c, n - c])
    with_half = cells + np.where((cells == 0).any(axis=0), HALF, 0.0)
    first, second, third, fourth = with_half
    return first, second, third, fourth


def _counts(events: ArrayLike, n: ArrayLike, *, at_most_one: bool = True) -> tuple[Floats, Floats]:
    x, size = np.asarray(events, dtype=np.float64), np.asarray(n, dtype=np.float64)
    if x.shape != size.shape or not ((x >= 0).all() and (size > 0).all()):
        raise IcansRiskError(
            "events from 0 and what they are of, above 0, are needed for each study, got the "
            f"shapes {x.shape} and {size.shape}. Check the table."
        )
    if at_most_one and (x > size).any():
        raise IcansRiskError(
            f"no study has more patients with the event than patients, rows "
            f"{np.flatnonzero(x > size).tolist()} do. Several events per patient are a rate."
        )
    return x, size

"""Counts by group with a random intercept: the mixed Poisson or logistic model."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import expit, gammaln, logsumexp
from scipy.stats import norm, t
from statsmodels.tools.numdiff import approx_fprime, approx_hess3

from icans_risk.errors import IcansRiskError, NotEstimableError

__all__ = ["Family", "MixedFit", "fit_mixed"]

Floats = NDArray[np.float64]
Family = Literal["poisson", "binomial"]

_NEWTON_STEPS = 50
_FLAT = 1e-10


@dataclass(frozen=True, eq=False)
class MixedFit:
    """A fitted model with a random intercept for each group.

    Attributes
    ----------
    coefficients : ndarray of shape (n_columns,)
        On the log (Poisson) or logit (binomial) scale, given a group's intercept of 0: for
        the median group, not the average patient.
    covariance : ndarray of shape (n_columns, n_columns)
        Of the coefficients, from the curvature of the whole likelihood.
    tau2 : float
        Variance of the intercepts.
    log_likelihood : float
        With all constants, so that models may be compared.
    groups : int
        How many.
    family : {"poisson", "binomial"}
        Which model.
    """

    coefficients: Floats
    covariance: Floats
    tau2: float
    log_likelihood: float
    groups: int
    family: Family

    @property
    def standard_errors(self) -> Floats:
        """Return the standard error of each coefficient."""
        return np.asarray(np.sqrt(np.diag(self.covariance)), dtype=np.float64)

    def interval(
        self, column: int, *, level: float = 0.95, with_t: bool = False
    ) -> tuple[float, float]:
        """Return Wald's interval of one coefficient.

        Parameters
        ----------
        column : int
            Its position.
        level : float, default 0.95
            Coverage aimed at.
        with_t : bool, default False
            Take t with groups minus coefficients degrees of freedom, which few groups need.

        Returns
        -------
        tuple of (float, float)
            On the scale of the coefficient.
        """
        share = (1 + level) / 2
        df = self.groups - self.coefficients.size
        quantile = float(t.ppf(share, df)) if with_t else float(norm.ppf(share))
        reach = quantile * float(self.standard_errors[column])
        return float(self.coefficients[column]) - reach, float(self.coefficients[column]) + reach


@dataclass(frozen=True, eq=False)
class _Data:
    y: Floats
    size: Floats
    X: Floats
    group: NDArray[np.intp]
    groups: int
    family: Family
    nodes: Floats
    log_weights: Floats

    def linear(self, beta: Floats) -> Floats:
        offset = np.log(self.size) if self.family == "poisson" else 0.0
        return np.asarray(self.X @ beta + offset)

    def mean(self, eta: Floats) -> Floats:
        return np.asarray(
            np.exp(np.minimum(eta, 700.0)) if self.family == "poisson" else self.size * expit(eta)
        )

    def spread(self, mean: Floats) -> Floats:
        return mean if self.family == "poisson" else mean * (1 - mean / self.size)

    def log_density(self, eta: Floats) -> Floats:
        if self.family == "poisson":
            return np.asarray(self.y * eta - self.mean(eta) - gammaln(self.y + 1))
        ways = gammaln(self.size + 1) - gammaln(self.y + 1) - gammaln(self.size - self.y + 1)
        return np.asarray(ways + self.y * eta - self.size * np.logaddexp(0.0, eta))

    def by_group(self, values: Floats) -> Floats:
        return np.asarray(
            np.bincount(self.group, weights=values, minlength=self.groups), dtype=np.float64
        )


def fit_mixed(
    y: ArrayLike,
    size: ArrayLike,
    groups: ArrayLike,
    *,
    X: ArrayLike | None = None,
    family: Family = "poisson",
    points: int = 25,
) -> MixedFit:
    """Fit a Poisson or logistic model with a random intercept by maximum likelihood.

    The intercepts are integrated out by adaptive Gauss-Hermite quadrature: nodes are laid
    around the mode of each group, scaled by the curvature there [1]_. With one row per
    study this is the Poisson-normal or binomial-normal model of a meta-analysis [2]_, which
    needs no half events for studies without one.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        Counts of events; binomial, of patients with the event.
    size : array-like of shape (n_rows,)
        Poisson: exposure, such as patients or patient-time. Binomial: patients.
    groups : array-like of shape (n_rows,)
        The group of each row.
    X : array-like of shape (n_rows, n_columns), optional
        Columns of the fixed part, with the one for the intercept; by default that alone.
    family : {"poisson", "binomial"}, optional
        Which model.
    points : int, default 25
        Nodes of the quadrature; 1 is Laplace's approximation.

    Returns
    -------
    MixedFit
        The fit.

    Raises
    ------
    NotEstimableError
        If there are no events, nothing but events, or not more groups than coefficients.
    IcansRiskError
        If counts, sizes, groups and columns do not fit together.

    References
    ----------
    .. [1] Pinheiro JC, Bates DM. "Approximations to the log-likelihood function in the
       nonlinear mixed-effects model." J Comput Graph Stat 1995;4:12-35.
       doi:10.1080/10618600.1995.10474663
    .. [2] Stijnen T, Hamza TH, Oezdemir P. "Random effects meta-analysis of event outcome in
       the framework of the generalized linear mixed model with applications in sparse data."
       Stat Med 2010;29:3046-3067. doi:10.1002/sim.4040

    Examples
    --------
    >>> fit = fit_mixed([86, 9, 11, 10, 1], [18, 10, 7, 17, 11], list("abcde"))
    >>> [round(float(value), 2) for value in (*np.exp(fit.coefficients), fit.tau2)]
    [0.9, 1.3]
    """
    data = _checked(y, size, groups, X=X, family=family, points=points)
    columns = data.X.shape[1]

    def cost(parameters: Floats) -> float:
        return -_log_likelihood(parameters[:columns], float(parameters[columns]), data)

    def slope(parameters: Floats) -> Floats:
        return np.asarray(approx_fprime(parameters, cost, centered=True))

    # From a standard deviation of 0 the likelihood is flat in it: start away from there.
    start = np.append(_start(data), 0.5)
    found = minimize(cost, start, jac=slope, method="BFGS", options={"gtol": 1e-6})
    beta, tau = found.x[:columns], abs(float(found.x[columns]))
    at_border = tau < 1e-4
    free = columns if at_border else columns + 1
    hessian = approx_hess3(found.x, cost)[:free, :free]
    return MixedFit(
        coefficients=beta,
        covariance=np.linalg.inv(hessian)[:columns, :columns],
        tau2=0.0 if at_border else tau**2,
        log_likelihood=-float(found.fun),
        groups=data.groups,
        family=family,
    )


def _checked(
    y: ArrayLike,
    size: ArrayLike,
    groups: ArrayLike,
    *,
    X: ArrayLike | None,
    family: Family,
    points: int,
) -> _Data:
    counts, sizes = np.asarray(y, dtype=np.float64), np.asarray(size, dtype=np.float64)
    design = np.ones((counts.size, 1)) if X is None else np.asarray(X, dtype=np.float64)
    names, group = np.unique(np.asarray(groups).astype(str), return_inverse=True)
    fit = counts.shape == sizes.shape == group.shape == design.shape[:1] and counts.ndim == 1
    if not fit or design.ndim != 2 or (counts < 0).any() or (sizes <= 0).any():
        raise IcansRiskError(
            "a mixed model needs one count from 0, one size above 0, one group and one row of "
            f"columns for each row, got the shapes {counts.shape}, {sizes.shape}, {group.shape} "
            f"and {design.shape}."
        )
    is_certain = family == "binomial" and (counts == sizes).all()
    if counts.sum() == 0 or is_certain or names.size <= design.shape[1]:
        raise NotEstimableError(
            "a mixed model needs events, with binomial counts also patients without, and more "
            f"groups than coefficients, got {counts.sum():g} events, {names.size} groups and "
            f"{design.shape[1]} coefficients. Print the counts."
        )
    nodes, weights = np.polynomial.hermite.hermgauss(points)
    log_weights = np.log(weights) + nodes**2
    return _Data(counts, sizes, design, group, names.size, family, nodes, log_weights)


def _start(data: _Data) -> Floats:
    """Least squares through the groups' own rates; the optimum does not hang on it."""
    share = (data.y + 0.5) / (data.size + 1.0)
    level = np.log(share) if data.family == "poisson" else np.log(share / (1 - share + 1e-9))
    return np.asarray(np.linalg.lstsq(data.X, level, rcond=None)[0], dtype=np.float64)


def _log_likelihood(beta: Floats, tau: float, data: _Data) -> float:
    """Integrate over u, standard normal; the intercept is tau times u.

    With u in place of the intercept nothing is divided by tau, which may be 0.
    """
    eta = data.linear(beta)
    mode = _modes(eta, tau, data)
    mean = data.mean(eta + tau * mode[data.group])
    width = math.sqrt(2) / np.sqrt(1 + tau**2 * data.by_group(data.spread(mean)))
    u = mode[:, None] + width[:, None] * data.nodes
    inside = np.stack(
        [
            data.by_group(data.log_density(eta + tau * u[data.group, k]))
            for k in range(data.nodes.size)
        ],
        axis=1,
    )
    inside = inside - u**2 / 2 - math.log(2 * math.pi) / 2 + data.log_weights
    return float((logsumexp(inside, axis=1) + np.log(width)).sum())


def _modes(eta: Floats, tau: float, data: _Data) -> Floats:
    """Find each group's likeliest u by Newton's steps, none longer than 1."""
    u = np.zeros(data.groups)
    for _ in range(_NEWTON_STEPS):
        mean = data.mean(eta + tau * u[data.group])
        slope = tau * data.by_group(data.y - mean) - u
        step = slope / (1 + tau**2 * data.by_group(data.spread(mean)))
        u += np.clip(step, -1.0, 1.0)
        if np.abs(step).max() < _FLAT:
            break
    return u

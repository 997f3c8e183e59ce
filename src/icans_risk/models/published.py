"""A published score or a single marker as a model: a logistic link on one column."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import expit, logit

from icans_risk.errors import IcansRiskError
from icans_risk.models.additive import AdditiveModel

__all__ = ["ScoreLink", "fit_firth"]

Floats = NDArray[np.float64]

_STEPS = 200
_HALVINGS = 30
_LONGEST_STEP = 5.0
_ARRIVED = 1e-10


class ScoreLink(AdditiveModel):
    """Link one score to the risk: EASIX and its kin, CAR-HEMATOTOX, CRP, ferritin.

    The slope is Firth's penalised estimate [1]_, which is finite where a cut of the score
    parts the classes [2]_. That penalty pulls risks towards one half, so that the intercept
    is then set for the mean risk of the scored rows to be their share of events [3]_.

    A patient without the score gets the share of events among all training rows, which is
    what is known of anyone: being scored or not moves no risk. That share is the base too,
    and a score adds how far it moves the risk from there. Where it can tell nothing
    (constant, never measured, or known in one class only), everyone gets the share.

    Parameters
    ----------
    log2 : bool
        Take the base-2 logarithm of the score first: right for EASIX and its kin, CRP and
        ferritin, where one patient can have the hundredfold of another. Values below the
        smallest positive one of the training rows, zero and less among them, count as that.

    Attributes
    ----------
    base_ : float
        Log odds of the share of events among the training rows.
    intercept_ : float
        Log odds at a score of 0, or of 1 with ``log2``.
    slope_ : float
        Change of the log odds for one point of the score, or for its doubling with ``log2``.
    floor_ : float
        With ``log2``, the least value that is told from smaller ones.

    References
    ----------
    .. [1] Firth D. "Bias reduction of maximum likelihood estimates." Biometrika
       1993;80(1):27-38. doi:10.1093/biomet/80.1.27
    .. [2] Heinze G, Schemper M. "A solution to the problem of separation in logistic
       regression." Stat Med 2002;21(16):2409-2419. doi:10.1002/sim.1047
    .. [3] Puhr R, Heinze G, Nold M, Lusa L, Geroldinger A. "Firth's logistic regression with
       rare events: accurate effect estimates and predictions?" Stat Med
       2017;36(14):2302-2317. doi:10.1002/sim.7273 (there: FLIC)

    Examples
    --------
    >>> score, event = [[1.0], [2.0], [4.0], [8.0], [np.nan]], [0, 0, 1, 1, 0]
    >>> link = ScoreLink(log2=True).fit(score, event)
    >>> link.predict_proba([[1.0], [8.0], [np.nan]])[:, 1].round(2)
    array([0.12, 0.88, 0.4 ])
    """

    def __init__(self, *, log2: bool = False) -> None:
        self.log2 = log2

    def fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Fit the link.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, 1)
            The score; missing is NaN.
        y : array-like of shape (n_rows,)
            Two classes; the greater one is the event.
        sample_weight : array-like of shape (n_rows,), optional
            Weight of each row.
        groups : array-like of shape (n_rows,), optional
            Patient of each row; makes no difference here.

        Returns
        -------
        ScoreLink
            Itself.

        Raises
        ------
        IcansRiskError
            If there is not exactly one column.
        NotEstimableError
            If the rows hold one class only.
        """
        rows = self._training_rows(X, y, sample_weight=sample_weight, groups=groups)
        if self.n_features_in_ != 1:
            raise IcansRiskError(
                f"a score is linked to the risk alone: expected 1 column, got "
                f"{self.n_features_in_}. Name the column of the score."
            )
        self.base_ = float(logit(np.average(rows.y, weights=rows.weight)))
        self.floor_ = self._smallest_positive(rows.X[:, 0])
        self.intercept_, self.slope_ = self.base_, 0.0
        score = self._score(rows.X[:, 0])
        known = np.isfinite(score)
        score, event, weight = score[known], rows.y[known], rows.weight[known]
        if np.unique(score).size > 1 and np.unique(event).size > 1:
            self.intercept_, self.slope_ = _fit_link(score, event, weight)
        return self

    def _smallest_positive(self, values: Floats) -> float:
        # NaN is not positive; 1 where there is nothing to take a logarithm of.
        positive = values[values > 0]
        return float(positive.min()) if self.log2 and positive.size else 1.0

    def _score(self, values: Floats) -> Floats:
        return np.log2(np.maximum(values, self.floor_)) if self.log2 else values

    def _terms(self, columns: Floats) -> Floats:
        term = self.intercept_ + self.slope_ * self._score(columns) - self.base_
        return np.where(np.isnan(columns), 0.0, term)

    def _numbers(self) -> dict[str, Any]:
        return {"intercept": self.intercept_, "slope": self.slope_, "floor": self.floor_}

    def _restore(self, numbers: Mapping[str, Any]) -> None:
        self.intercept_ = numbers["intercept"]
        self.slope_ = numbers["slope"]
        self.floor_ = numbers["floor"]


def _fit_link(score: Floats, event: NDArray[np.int64], weight: Floats) -> tuple[float, float]:
    centre, spread = score.mean(), score.std()
    design = np.column_stack([np.ones_like(score), (score - centre) / spread])
    slope = float(fit_firth(design, event, weight)[1] / spread)
    share = np.average(event, weights=weight)

    def excess(intercept: float) -> float:
        return float(np.average(expit(intercept + slope * score), weights=weight) - share)

    # All risks at or below the share, and all at or above it.
    ends = logit(share) - slope * np.array([score.max(), score.min()])
    return float(brentq(excess, ends.min() - 1.0, ends.max() + 1.0, xtol=1e-12)), slope


def fit_firth(design: Floats, event: NDArray[np.int64], weight: Floats) -> Floats:
    """Fit a logistic regression by Firth's penalised likelihood.

    The log-likelihood gains half the logarithm of the determinant of the information, so
    that the fit is finite on separated data too. No library that is a dependency has it.

    Parameters
    ----------
    design : ndarray of shape (n_rows, n_columns)
        Predictors of full column rank, with a column of ones for the intercept.
    event : ndarray of shape (n_rows,)
        0 or 1.
    weight : ndarray of shape (n_rows,)
        Weights; 2 counts a row twice.

    Returns
    -------
    ndarray of shape (n_columns,)
        Coefficients.

    References
    ----------
    .. [1] Firth D. "Bias reduction of maximum likelihood estimates." Biometrika
       1993;80(1):27-38. doi:10.1093/biomet/80.1.27

    Examples
    --------
    For one yes-or-no predictor it adds one half to each cell of the two-by-two table, here
    of 0 and 4 events among 4 and 4 rows:

    >>> design = np.column_stack([np.ones(8), np.repeat([0.0, 1.0], 4)])
    >>> fit_firth(design, np.repeat([0, 1], 4), np.ones(8)).round(6)
    array([-2.197225,  4.394449])
    >>> np.log(0.5 / 4.5).round(6)
    np.float64(-2.197225)
    """
    beta = np.zeros(design.shape[1])
    reached = _penalised_likelihood(design, event, weight, beta=beta)
    for _ in range(_STEPS):
        step = _newton_step(design, event, weight, beta=beta)
        for _ in range(_HALVINGS):
            likelihood = _penalised_likelihood(design, event, weight, beta=beta + step)
            # The slack lets the last steps through, where rounding hides the gain.
            if likelihood >= reached - 1e-12 * abs(reached):
                break
            step /= 2
        beta, reached = beta + step, likelihood
        if np.abs(step).max() < _ARRIVED:
            break
    return beta


def _newton_step(
    design: Floats, event: NDArray[np.int64], weight: Floats, *, beta: Floats
) -> Floats:
    risk = expit(design @ beta)
    inverse = np.linalg.inv(_information(design, weight, risk))
    leverage = weight * risk * (1 - risk) * np.einsum("ij,jk,ik->i", design, inverse, design)
    score = design.T @ (weight * (event - risk) + leverage * (0.5 - risk))
    # The penalty counts as half a row of each outcome for each unit of leverage; without
    # them the step is twice too long where a single row decides.
    step = np.linalg.solve(_information(design, weight + leverage, risk), score)
    return np.asarray(step / max(1.0, np.abs(step).max() / _LONGEST_STEP))


def _information(design: Floats, weight: Floats, risk: Floats) -> Floats:
    return np.asarray(design.T @ (design * (weight * risk * (1 - risk))[:, None]))


def _penalised_likelihood(
    design: Floats, event: NDArray[np.int64], weight: Floats, *, beta: Floats
) -> float:
    log_odds = design @ beta
    likelihood = weight @ (event * log_odds - np.logaddexp(0.0, log_odds))
    information = _information(design, weight, expit(log_odds))
    return float(likelihood + 0.5 * np.linalg.slogdet(information)[1])

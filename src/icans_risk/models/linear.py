"""Penalised logistic regression: the plain model that a booster has to beat."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from icans_risk.models.additive import AdditiveModel
from icans_risk.models.elastic_net import Path, PenalisedFit, strengths_to_try
from icans_risk.models.patient_rows import PatientRows
from icans_risk.splits import repeated_grouped_folds

__all__ = ["PenalisedLogistic", "Preparation"]

Floats = NDArray[np.float64]

_FOLDS = 5
_SEED = 0
# Known cells that a column needs; half of the cells where that is less.
_FEWEST_KNOWN = 10
_BEYOND_MEASURE = 1e300


@dataclass(frozen=True, eq=False)
class Preparation:
    """What makes cells into standardised numbers, column by column.

    Attributes
    ----------
    medians : ndarray of shape (n_columns,)
        Weighted; takes the place of a missing cell. 0 in an empty column.
    log_scales : ndarray of shape (n_columns,) or None
        Weighted median of the sizes of the values that are not zero, for the signed
        logarithm; None without it.
    means, scales : ndarray of shape (n_columns,)
        Weighted mean and standard deviation after filling and transforming. The scale of a
        constant column is 1. That of a column with hardly any known cell is so large that no
        cell counts: the filled ones would make it next to nothing, and a risk of the next
        known cell whatever it says.
    """

    medians: Floats
    log_scales: Floats | None
    means: Floats
    scales: Floats

    @classmethod
    def learn(cls, columns: Floats, weight: Floats, *, signed_log: bool) -> Self:
        """Learn it from training rows and their weights."""
        medians = np.array([_median(c, ~np.isnan(c), weight, default=0.0) for c in columns.T])
        log_scales = None
        if signed_log:
            sizes = np.abs(columns)
            log_scales = np.array([_median(c, c > 0, weight, default=1.0) for c in sizes.T])
        values = _fill_and_transform(columns, medians, log_scales)
        means = np.average(values, axis=0, weights=weight)
        scales = np.sqrt(np.average((values - means) ** 2, axis=0, weights=weight))
        # Rounding would make a scale of the noise in a constant column.
        is_constant = np.ptp(values, axis=0) == 0
        means[is_constant], scales[is_constant] = values[0, is_constant], 1.0
        known = weight @ ~np.isnan(columns)
        scales[known < min(_FEWEST_KNOWN, weight.sum() / 2)] = _BEYOND_MEASURE
        return cls(medians, log_scales, means, scales)

    def apply(self, columns: Floats) -> Floats:
        """Return the standardised numbers, shape (n_rows, n_columns), none missing."""
        values = _fill_and_transform(columns, self.medians, self.log_scales)
        return np.asfortranarray((values - self.means) / self.scales)


def _fill_and_transform(columns: Floats, medians: Floats, log_scales: Floats | None) -> Floats:
    values = np.where(np.isnan(columns), medians, columns)
    if log_scales is None:
        return values
    return np.asarray(np.sign(values) * np.log1p(np.abs(values) / log_scales))


def _median(values: Floats, chosen: NDArray[np.bool_], weight: Floats, *, default: float) -> float:
    """Return the weighted median, which a row of weight 2 moves as two rows would."""
    if not chosen.any():
        return default
    order = np.argsort(values[chosen], kind="stable")
    values, below = values[chosen][order], np.cumsum(weight[chosen][order])
    sides = [np.searchsorted(below, below[-1] / 2, side=side) for side in ("left", "right")]
    return float(values[sides].mean())


class PenalisedLogistic(AdditiveModel):
    """Fit a logistic regression with ridge, lasso or a mix of both.

    Missing cells take the weighted median of the rows that it is fitted on and columns are
    standardised, both inside ``fit``, so that nothing is learnt from a test row. Being
    missing is deliberately no column of its own: who was tested is nearly who was ill.

    Parameters
    ----------
    strength : float or "cv"
        Strength of the penalty; 0 is none. "cv" takes, of 16 strengths, the one of least
        log loss in five folds by patient inside the training rows.
    l1_ratio : float
        0 is ridge, 1 is lasso, between them the elastic net.
    max_iter : int
        Most iterations of scikit-learn's solvers.
    signed_log : bool
        Take ``sign(x) * log(1 + |x| / s)`` of each column first, with ``s`` the median size
        of its values. It keeps the order of values, bends a column that spans decades
        (ferritin, a cytokine) into one of bounded pull, and leaves 0 and 1 two values.

    Attributes
    ----------
    base_ : float
        Log odds of a patient with the mean of every prepared column.
    coefficients_ : ndarray of shape (n_columns,)
        Change of the log odds for one standard deviation of the prepared column.
    preparation_ : Preparation
        How a column is prepared.
    strength_ : float
        The strength that was used.
    n_iter_ : int
        Iterations that the solver took.
    """

    def __init__(
        self,
        *,
        strength: float | Literal["cv"] = 1.0,
        l1_ratio: float = 0.5,
        max_iter: int = 20_000,
        signed_log: bool = False,
    ) -> None:
        self.strength = strength
        self.l1_ratio = l1_ratio
        self.max_iter = max_iter
        self.signed_log = signed_log

    def fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Fit the regression.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            Numbers; missing is NaN and zero is zero.
        y : array-like of shape (n_rows,)
            Two classes; the greater one is the event.
        sample_weight : array-like of shape (n_rows,), optional
            Weight of each row.
        groups : array-like of shape (n_rows,), optional
            Patient of each row, for ``strength="cv"``; each row its own if not given.

        Returns
        -------
        PenalisedLogistic
            Itself.

        Raises
        ------
        NotEstimableError
            If the rows hold one class only, or too few patients of one to choose a strength.
        ValueError
            If a setting cannot be.
        """
        self._check_settings()
        rows = self._training_rows(X, y, sample_weight=sample_weight, groups=groups)
        self.strength_ = self._chosen_strength(rows)
        self.preparation_, path = self._prepare(rows)
        (fitted,) = path.fit(np.array([self.strength_]))
        self._take(fitted)
        return self

    def _check_settings(self) -> None:
        if self.strength != "cv" and not (
            isinstance(self.strength, int | float) and self.strength >= 0
        ):
            raise ValueError(f"strength must be 'cv' or a number from 0, got {self.strength!r}.")

    def _prepare(self, rows: PatientRows) -> tuple[Preparation, Path]:
        preparation = Preparation.learn(rows.X, rows.weight, signed_log=self.signed_log)
        columns = preparation.apply(rows.X)
        return preparation, Path(columns, rows.y, rows.weight, self.l1_ratio, self.max_iter)

    def _chosen_strength(self, rows: PatientRows) -> float:
        if self.strength != "cv":
            return float(self.strength)
        strengths = strengths_to_try(self._prepare(rows)[1])
        loss = np.zeros_like(strengths)
        splits = repeated_grouped_folds(rows.y, rows.patient, folds=_FOLDS, repeats=1, seed=_SEED)
        for split in splits:
            train, test = rows.take(split.train), rows.take(split.test)
            preparation, path = self._prepare(train)
            unseen = preparation.apply(test.X)
            # The log loss is a sum: fewer rows want less penalty.
            share = train.weight.sum() / rows.weight.sum()
            for place, fitted in enumerate(path.fit(strengths * share)):
                log_odds = unseen @ fitted.coefficients + fitted.intercept
                losses = np.logaddexp(0.0, log_odds) - test.y * log_odds
                loss[place] += test.weight @ losses
        return float(strengths[np.argmin(loss)])

    def _take(self, fitted: PenalisedFit) -> None:
        self.coefficients_, self.base_ = fitted.coefficients, fitted.intercept
        self.n_iter_ = fitted.steps

    def _terms(self, columns: Floats) -> Floats:
        return self.preparation_.apply(columns) * self.coefficients_

    def _numbers(self) -> dict[str, Any]:
        preparation = {
            name: None if values is None else values.tolist()
            for name, values in asdict(self.preparation_).items()
        }
        return {
            "strength": self.strength_,
            "iterations": self.n_iter_,
            "coefficients": self.coefficients_.tolist(),
            "preparation": preparation,
        }

    def _restore(self, numbers: Mapping[str, Any]) -> None:
        self.strength_ = numbers["strength"]
        self.n_iter_ = numbers["iterations"]
        self.coefficients_ = np.array(numbers["coefficients"])
        kept = numbers["preparation"]
        log_scales = kept["log_scales"]
        self.preparation_ = Preparation(
            medians=np.array(kept["medians"]),
            log_scales=None if log_scales is None else np.array(log_scales),
            means=np.array(kept["means"]),
            scales=np.array(kept["scales"]),
        )

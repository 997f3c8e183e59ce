"""Recalibration: a released model at a new site, its intercept and slope fitted anew."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from icans_risk.models.calibrated import CalibratedModel, add_calibration
from icans_risk.models.calibration import LogitCalibration, fit_logit_calibration

__all__ = ["Recalibration", "recalibrate"]


@dataclass(frozen=True, eq=False)
class Recalibration:
    """A recalibrated model and what its recalibration was based on.

    Attributes
    ----------
    model : CalibratedModel
        Predicts for the new site.
    step : LogitCalibration
        What was added after the calibration that the model came with.
    patients, rows, events : int
        The new site's.
    observed_expected_before, observed_expected_after : float
        Events that happened over events that were predicted, weighted. Afterwards it is 1
        wherever an intercept was fitted, because these are the patients it was fitted on:
        no evidence of how the next ones fare.
    """

    model: CalibratedModel
    step: LogitCalibration
    patients: int
    rows: int
    events: int
    observed_expected_before: float
    observed_expected_after: float

    def facts(self) -> dict[str, Any]:
        """Return everything but the model, as plain JSON values."""
        told = {name: value for name, value in vars(self).items() if name not in {"model", "step"}}
        return {**told, "step": self.step.to_state()}


def recalibrate(
    model: Any,
    X: Any,
    y: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    groups: ArrayLike | None = None,
) -> Recalibration:
    """Fit a released model's calibration anew on the patients of a new site.

    The model's trees or coefficients stay as they are. An intercept, and from 100 patients
    with 20 of the rarer outcome a slope, are fitted over its margins and added after its
    own calibration.

    Parameters
    ----------
    model : estimator
        A fitted risk model; it is left as it is.
    X : DataFrame or array-like of shape (n_rows, n_columns)
        Rows of patients that the model was not fitted on.
    y : array-like of shape (n_rows,)
        1 for an event, 0 for none.
    sample_weight : array-like of shape (n_rows,), optional
        Weight of each row.
    groups : array-like of shape (n_rows,), optional
        The patient of each row; by default each row is one.

    Returns
    -------
    Recalibration
        A new model, and the facts to store with it.

    Raises
    ------
    NotReleasedError
        If higher predicted risks do not go with more events at the new site.
    NotEstimableError
        If the site's patients have one outcome only.

    References
    ----------
    .. [1] Steyerberg EW, et al. "Validation and updating of predictive logistic regression
       models: a study on sample size and shrinkage." Stat Med 2004;23:2567-2586.
       doi:10.1002/sim.1844
    """
    margin = model.margin(X)
    step = fit_logit_calibration(margin, y, sample_weight, groups=groups)
    outcome = np.asarray(y, dtype=np.float64)
    weight = np.ones_like(outcome) if sample_weight is None else np.asarray(sample_weight)
    patients = outcome.size if groups is None else np.unique(np.asarray(groups).astype(str)).size
    observed = float(weight @ outcome)
    return Recalibration(
        model=add_calibration(model, step),
        step=step,
        patients=patients,
        rows=outcome.size,
        events=int(outcome.sum()),
        observed_expected_before=observed / float(weight @ expit(margin)),
        observed_expected_after=observed / float(weight @ expit(step.apply(margin))),
    )

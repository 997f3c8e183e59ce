"""The whole pipeline, rebuilt on bootstrap samples of patients."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from icans_risk.errors import IcansRiskError, NotEstimableError
from icans_risk.evaluation.bootstrap import rows_of_each_patient
from icans_risk.evaluation.inputs import Floats
from icans_risk.evaluation.resampling import FitPredict

__all__ = ["Rebuilds", "rebuild"]

Rows = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Rebuilds:
    """What a pipeline and its rebuilds predict for every row of the cohort.

    Attributes
    ----------
    original : ndarray of shape (n_rows,)
        Risks of the model fitted to all patients, for the rows that it was fitted to.
    risks : ndarray of shape (n_rebuilds, n_rows)
        Risks of each rebuild; a row of NaN where the rebuild failed.
    copies : ndarray of shape (n_rebuilds, n_rows)
        How often each row was trained on; all rows of a patient alike, 0 if left out.
    """

    original: Floats
    risks: Floats
    copies: NDArray[np.int64]

    @property
    def failed(self) -> int:
        """Count the rebuilds without a model."""
        return int(np.isnan(self.risks).all(axis=1).sum())


def rebuild(
    fit_predict: FitPredict,
    *,
    groups: ArrayLike,
    rebuilds: int = 200,
    seed: int,
    tick: Callable[[], None] | None = None,
) -> Rebuilds:
    """Fit a pipeline to all patients, and to patients drawn with replacement.

    One set of rebuilds serves the optimism correction, .632+ and the stability of each
    risk.

    Parameters
    ----------
    fit_predict : callable
        ``fit_predict(train_rows, test_rows, seed)`` returns one probability for each
        test row. Rows of a patient drawn twice stand in ``train_rows`` twice, under the
        one patient: folds inside, for tuning or calibration, must be made by patient so
        that all copies fall on one side. A ValueError from it is a failed rebuild.
    groups : array-like of shape (n_rows,)
        The patient of each row.
    rebuilds : int, default 200
        How many; Riley and Collins advise 200 or more.
    seed : int
        Draws the patients and seeds each fit, whatever the order.
    tick : callable, optional
        Called after each fit, for a progress bar.

    Returns
    -------
    Rebuilds
        Failed rebuilds are kept as NaN and counted.

    Raises
    ------
    NotEstimableError
        If every rebuild failed.
    IcansRiskError
        If a row has no patient, or what comes back is not one probability for each row.

    References
    ----------
    .. [1] Riley RD, Collins GS. "Stability of clinical prediction models developed using
       statistical or machine learning methods." Biom J 2023;65(8):2200302.
       doi:10.1002/bimj.202200302
    """
    members = rows_of_each_patient(groups, ())
    everyone = np.arange(sum(rows.size for rows in members))
    original = _checked(fit_predict(everyone, everyone, _fit_seed(seed, 0)), everyone.size)
    risks, copies, last = [], [], None
    if tick is not None:
        tick()
    draws = np.random.default_rng(seed).integers(0, len(members), (rebuilds, len(members)))
    for turn, draw in enumerate(draws, start=1):
        train = np.concatenate([members[i] for i in draw])
        copies.append(np.bincount(train, minlength=everyone.size))
        try:
            predicted = fit_predict(train, everyone, _fit_seed(seed, turn))
        except ValueError as error:
            last = error
            risks.append(np.full(everyone.size, np.nan))
        else:
            risks.append(_checked(predicted, everyone.size))
        if tick is not None:
            tick()
    done = Rebuilds(original, np.array(risks), np.array(copies))
    if done.failed == rebuilds:
        raise NotEstimableError(
            f"None of {rebuilds} rebuilds on drawn patients gave a model. Ask for at least one, "
            "and for a cohort in which both outcomes are common enough to be drawn."
        ) from last
    return done


def _fit_seed(seed: int, turn: int) -> int:
    # Halved, because some learners keep their seed in a signed 32-bit integer.
    return int(np.random.SeedSequence([seed, turn]).generate_state(1)[0] >> 1)


def _checked(predicted: ArrayLike, rows: int) -> Floats:
    risks = np.asarray(predicted, dtype=np.float64)
    if risks.shape != (rows,) or not ((risks >= 0) & (risks <= 1)).all():
        raise IcansRiskError(
            f"fit_predict must return one probability in [0, 1] for each of {rows} rows, got "
            f"shape {risks.shape} with {int(np.isnan(risks).sum())} missing. Return the second "
            "column of predict_proba."
        )
    return risks

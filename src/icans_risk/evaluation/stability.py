"""How much a patient's risk depends on who else happened to be in the cohort.

Riley RD, Collins GS. "Stability of clinical prediction models developed using statistical or
machine learning methods." Biom J 2023;65(8):2200302, doi:10.1002/bimj.202200302 (PMC10952221).
All take the risks of rebuilds for the original rows, as ``rebuild`` returns them; a rebuild
that failed is a row of NaN, and is left out.
"""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import rankdata

from icans_risk.errors import IcansRiskError
from icans_risk.evaluation.confusion import check_thresholds
from icans_risk.evaluation.decision import net_benefit
from icans_risk.evaluation.inputs import Floats
from icans_risk.evaluation.metrics import METRICS

__all__ = [
    "calibration_instability",
    "classification_instability",
    "decision_instability",
    "prediction_instability",
    "rank_stability",
]

_CALIBRATION = ("observed_expected", "calibration_intercept", "calibration_slope")


def prediction_instability(
    original: ArrayLike, risks: ArrayLike, *, level: float = 0.95
) -> pd.DataFrame:
    """Give each risk its instability interval and mean absolute prediction error.

    Parameters
    ----------
    original : array-like of shape (n_rows,)
        Risks of the model itself.
    risks : array-like of shape (n_rebuilds, n_rows)
        Risks of its rebuilds.
    level : float, default 0.95
        Share of the rebuilds inside the interval, between 0 and 1.

    Returns
    -------
    DataFrame of shape (n_rows, 4)
        ``risk``, ``low``, ``high`` and ``mean_error``, the mean distance of the rebuilds'
        risks from ``risk``. The mean of ``mean_error`` is that of the model.

    Raises
    ------
    IcansRiskError
        If the shapes do not fit, no rebuild has risks, or ``level`` makes no sense.

    Examples
    --------
    >>> prediction_instability([0.2], [[0.1], [0.3], [0.5]])["mean_error"].round(4).tolist()
    [0.1667]
    """
    risk, rebuilt = _checked(original, risks)
    if not 0 < level < 1:
        raise IcansRiskError(f"An interval needs a level between 0 and 1, got level={level}.")
    low, high = np.quantile(rebuilt, ((1 - level) / 2, (1 + level) / 2), axis=0)
    mean_error = np.abs(rebuilt - risk).mean(axis=0)
    return pd.DataFrame({"risk": risk, "low": low, "high": high, "mean_error": mean_error})


def calibration_instability(
    y: ArrayLike, risks: ArrayLike, *, weight: ArrayLike | None = None
) -> pd.DataFrame:
    """Judge the calibration of each rebuild on the original patients.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        1 for an event, 0 for none.
    risks : array-like of shape (n_rebuilds, n_rows)
        Risks of the rebuilds. The curve of each is ``fit_calibration(y, risks[i])``.
    weight : array-like of shape (n_rows,), optional
        Weights.

    Returns
    -------
    DataFrame of shape (n_models, 3)
        ``observed_expected``, ``calibration_intercept`` and ``calibration_slope``;
        indexed by rebuild, without those that failed.

    Raises
    ------
    IcansRiskError
        If the shapes do not fit, or no rebuild has risks.
    """
    _, rebuilt = _checked(y, risks)
    judged = [{name: METRICS[name](y, p, weight) for name in _CALIBRATION} for p in rebuilt]
    return pd.DataFrame(judged, index=_models(risks))


def classification_instability(
    original: ArrayLike, risks: ArrayLike, *, threshold: float
) -> Floats:
    """Compute how often a rebuild puts a patient on the other side of a threshold.

    Parameters
    ----------
    original : array-like of shape (n_rows,)
        Risks of the model itself.
    risks : array-like of shape (n_rebuilds, n_rows)
        Risks of its rebuilds.
    threshold : float
        The declared risk from which on one would act, strictly between 0 and 1.

    Returns
    -------
    ndarray of shape (n_rows,)
        Shares of the rebuilds; 0 is stable.

    Raises
    ------
    IcansRiskError
        If the shapes do not fit, no rebuild has risks, or the threshold makes no sense.

    Examples
    --------
    >>> classification_instability([0.2, 0.8], [[0.3, 0.9], [0.6, 0.7]], threshold=0.5)
    array([0.5, 0. ])
    """
    (at,) = check_thresholds([threshold])
    risk, rebuilt = _checked(original, risks)
    return np.asarray(((rebuilt >= at) != (risk >= at)).mean(axis=0), dtype=np.float64)


def decision_instability(
    y: ArrayLike, risks: ArrayLike, *, thresholds: ArrayLike, weight: ArrayLike | None = None
) -> pd.DataFrame:
    """Compute the net benefit of each rebuild on the original patients.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        1 for an event, 0 for none.
    risks : array-like of shape (n_rebuilds, n_rows)
        Risks of the rebuilds.
    thresholds : array-like of shape (n_thresholds,)
        The declared thresholds, strictly between 0 and 1.
    weight : array-like of shape (n_rows,), optional
        Weights.

    Returns
    -------
    DataFrame of shape (n_models, n_thresholds)
        Net benefits; indexed by rebuild, without those that failed.

    Raises
    ------
    IcansRiskError
        If the shapes do not fit, no rebuild has risks, or a threshold makes no sense.
    """
    _, rebuilt = _checked(y, risks)
    at = check_thresholds(thresholds)
    benefits = [[net_benefit(y, p, weight, threshold=float(cut)) for cut in at] for p in rebuilt]
    return pd.DataFrame(benefits, index=_models(risks), columns=pd.Index(at, name="threshold"))


def rank_stability(
    original: ArrayLike, rebuilt: ArrayLike, *, top: int = 10, level: float = 0.95
) -> pd.DataFrame:
    """Tell how firmly the features hold their places by size of contribution.

    Parameters
    ----------
    original : array-like of shape (n_features,)
        Mean absolute contribution of each feature to the model itself; 0 if unused.
    rebuilt : array-like of shape (n_rebuilds, n_features)
        The same for each rebuild.
    top : int, default 10
        How many places count as the top.
    level : float, default 0.95
        Share of the rebuilds inside the interval of the place, between 0 and 1.

    Returns
    -------
    DataFrame of shape (n_features, 4)
        ``rank`` in the model, 1 being the largest and ties sharing the mean; ``low`` and
        ``high`` of the rank over rebuilds; ``top``, the share of rebuilds that use the
        feature and have it in the top.

    Raises
    ------
    IcansRiskError
        If the shapes do not fit, no rebuild has contributions, or one is negative.

    Examples
    --------
    >>> rank_stability([3, 1], [[2, 1], [1, 2]], top=1)["top"].tolist()
    [0.5, 0.5]
    """
    own, others = _checked(original, rebuilt)
    if (own < 0).any() or (others < 0).any():
        raise IcansRiskError(
            "Contributions are ranked by their mean absolute size, got negative ones. Take "
            "absolute values first, then means."
        )
    ranks = rankdata(-others, axis=1)
    low, high = np.quantile(ranks, ((1 - level) / 2, (1 + level) / 2), axis=0)
    in_top = ((ranks <= top) & (others > 0)).mean(axis=0)
    return pd.DataFrame({"rank": rankdata(-own), "low": low, "high": high, "top": in_top})


def _checked(own: ArrayLike, rebuilt: ArrayLike) -> tuple[Floats, Floats]:
    one, many = np.asarray(own, dtype=np.float64), np.asarray(rebuilt, dtype=np.float64)
    if many.ndim != 2 or one.shape != many.shape[1:]:
        raise IcansRiskError(
            "Stability needs one line for each rebuild and one column for each of the model's "
            f"own values, got the shapes {many.shape} and {one.shape}."
        )
    failed = np.isnan(many).all(axis=1)
    holes = int(np.isnan(one).sum() + np.isnan(many[~failed]).sum())
    if failed.all() or holes:
        raise IcansRiskError(
            "Stability needs at least one rebuild, and every value of those that did not fail; "
            f"{int(failed.sum())} of {failed.size} failed, {holes} values are missing elsewhere."
        )
    return one, many[~failed]


def _models(rebuilt: ArrayLike) -> pd.Index:
    given = np.asarray(rebuilt, dtype=np.float64)
    return pd.Index(np.flatnonzero(~np.isnan(given).all(axis=1)), name="rebuild")

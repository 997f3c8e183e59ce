"""Contributions on the logit scale, checked to add up to the risk that they explain."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icans_risk.errors import ExplanationError
from icans_risk.explanation.folding import BASE

__all__ = [
    "Explainable",
    "HeldOut",
    "check_additivity",
    "explain",
    "held_out_contributions",
]

TOLERANCE_LOGIT = 1e-5


class Explainable(Protocol):
    """What this room needs of a model; every risk model of ``icans_risk.models`` is one."""

    def margin(self, X: Any) -> NDArray[np.float64]:
        """Return log odds, shape (n_rows,)."""

    def contributions(self, X: Any) -> NDArray[np.float64]:
        """Return what adds up to them, the base last, shape (n_rows, n_columns + 1)."""


@dataclass(frozen=True)
class HeldOut:
    """Explained predictions of rows by models that never saw them.

    Attributes
    ----------
    margin : Series
        Mean log odds of each row over the models that did not train on it.
    contributions : DataFrame
        Mean contribution of each column, and ``base``; rows add up to ``margin`` within 1e-5.
    """

    margin: pd.Series
    contributions: pd.DataFrame


def check_additivity(contributions: NDArray[np.float64], margin: NDArray[np.float64]) -> None:
    """Refuse contributions that do not add up to the log odds that they explain.

    Parameters
    ----------
    contributions : ndarray of shape (n_rows, n_columns + 1)
        Including the base.
    margin : ndarray of shape (n_rows,)
        Log odds.

    Raises
    ------
    ExplanationError
        If a row is off by more than 1e-5.

    Examples
    --------
    >>> check_additivity(np.array([[0.5, -2.0]]), np.array([-1.5]))
    """
    off = np.abs(contributions.sum(axis=1) - margin)
    if not (off <= TOLERANCE_LOGIT).all():
        raise ExplanationError(
            f"contributions must add up to the log odds within {TOLERANCE_LOGIT:g}, "
            f"{int((~(off <= TOLERANCE_LOGIT)).sum())} rows are off by up to {off.max():.3g}. "
            "The model and its explanation do not belong together; refit the model."
        )


def explain(model: Explainable, vectors: pd.DataFrame) -> pd.DataFrame:
    """Explain the log odds that a model prints, whatever it is made of.

    Parameters
    ----------
    model : risk model
        Fitted; a calibrated one explains its calibrated log odds.
    vectors : DataFrame of shape (n_rows, n_columns)
        Rows.

    Returns
    -------
    DataFrame
        The contribution of each column, and ``base``, on the index of ``vectors``; rows add up
        to ``model.margin(vectors)`` within 1e-5.

    Raises
    ------
    ExplanationError
        If they do not.
    """
    parts = model.contributions(vectors)
    check_additivity(parts, model.margin(vectors))
    return pd.DataFrame(parts, index=vectors.index, columns=[*vectors.columns, BASE])


def held_out_contributions(
    models: Sequence[Explainable],
    trained_on: Sequence[NDArray[np.integer[Any]]],
    vectors: pd.DataFrame,
) -> HeldOut:
    """Explain each row by the models that did not see it, averaged on the logit scale.

    Averages of sums are sums of averages: the mean contributions add up to the mean log
    odds exactly, so that a held-out risk can be printed with its reasons.

    Parameters
    ----------
    models : sequence of risk models
        Fitted models of a cross-validation.
    trained_on : sequence of ndarray
        Row positions that each model was fitted on.
    vectors : DataFrame of shape (n_rows, n_columns)
        All rows.

    Returns
    -------
    HeldOut
        Indexed like ``vectors``.

    Raises
    ------
    ExplanationError
        If contributions do not add up, or a row was in every training set.
    """
    n = len(vectors)
    parts_sum, margin_sum, count = np.zeros((n, vectors.shape[1] + 1)), np.zeros(n), np.zeros(n)
    for model, rows in zip(models, trained_on, strict=True):
        unseen = np.setdiff1d(np.arange(n), rows)
        parts = explain(model, vectors.iloc[unseen])
        parts_sum[unseen] += parts
        margin_sum[unseen] += model.margin(vectors.iloc[unseen])
        count[unseen] += 1
    if (count == 0).any():
        raise ExplanationError(
            f"every row needs a model that was not trained on it, {(count == 0).sum()} rows have "
            "none. Give each row to a test fold once."
        )
    mean = margin_sum / count
    frame = pd.DataFrame(
        parts_sum / count[:, None], index=vectors.index, columns=[*vectors.columns, BASE]
    )
    return HeldOut(margin=pd.Series(mean, index=vectors.index), contributions=frame)

"""What two columns of boosted trees say together that neither says alone."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import xgboost as xgb
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from icans_risk.errors import ExplanationError
from icans_risk.explanation.contributions import check_additivity
from icans_risk.explanation.folding import BASE, analyte_of
from icans_risk.models import BoostedTrees
from icans_risk.models.calibrated import CalibratedModel
from icans_risk.models.dropout import ModalityDropout
from icans_risk.models.inputs import check_new_rows

__all__ = ["fold_interactions", "interactions"]

Floats = NDArray[np.float64]


def interactions(model: Any, vectors: pd.DataFrame) -> Floats:
    """Split each contribution into what a column adds alone and what it adds with each other.

    These are SHAP interaction values [1]_, times the slope of the calibration. They take memory
    and time that grow with the square of the columns: ask for a few rows.

    Parameters
    ----------
    model : risk model
        Boosted trees, calibrated or not, trained with modalities left out or not.
    vectors : DataFrame of shape (n_rows, n_columns)
        Rows.

    Returns
    -------
    ndarray of shape (n_rows, n_columns + 1, n_columns + 1)
        Symmetric; the base is last. The sum of a row of each matrix is the column's
        contribution, that of the whole matrix the log odds.

    Raises
    ------
    ExplanationError
        If the model is another one, or the parts do not add up. In a linear model, a score and
        an explainable boosting machine, each column adds what it adds alone; of late fusion, ask
        for the model of a modality.

    References
    ----------
    .. [1] Lundberg SM, et al. "From local explanations to global understanding with
       explainable AI for trees." Nat Mach Intell 2020;2:56-67. doi:10.1038/s42256-019-0138-9
    """
    parts = _interactions(model, vectors)
    by_column = parts.sum(axis=2)
    check_additivity(by_column.reshape(-1, 1), model.contributions(vectors).ravel())
    check_additivity(by_column, model.margin(vectors))
    return parts


def _interactions(model: Any, vectors: Any) -> Floats:
    if isinstance(model, BoostedTrees):
        return _of_trees(model, vectors)
    if isinstance(model, ModalityDropout):
        return _interactions(model.base_, vectors)
    if isinstance(model, CalibratedModel):
        chosen = list(model.columns_)
        inner = _interactions(model.base_, vectors.iloc[:, chosen])
        whole = np.zeros((len(inner), *(model.n_features_in_ + 1,) * 2))
        places = np.array([*chosen, -1])
        whole[:, places[:, np.newaxis], places] = model.calibration_.slope * inner
        whole[:, -1, -1] = model.calibration_.apply(inner[:, -1, -1])
        return whole
    raise ExplanationError(
        f"interactions are known of boosted trees, got {type(model).__name__}. Ask for the "
        "contributions of each column instead."
    )


def _of_trees(model: BoostedTrees, vectors: Any) -> Floats:
    check_is_fitted(model)
    rows = check_new_rows(model, vectors)[:, model.column_order_]
    data = xgb.DMatrix(rows, nthread=model.nthread)
    found = model.booster_.predict(data, validate_features=False, pred_interactions=True)
    whole = np.empty(found.shape)
    places = np.append(model.column_order_, rows.shape[1])
    whole[:, places[:, np.newaxis], places] = found
    return whole


def fold_interactions(parts: Floats, columns: Sequence[str]) -> tuple[Floats, list[str]]:
    """Add up interactions of columns to interactions of analytes.

    Parameters
    ----------
    parts : ndarray of shape (n_rows, n_columns + 1, n_columns + 1)
        From ``interactions``.
    columns : sequence of str
        Names of the columns, without the base.

    Returns
    -------
    ndarray of shape (n_rows, n_analytes + 1, n_analytes + 1)
        What an analyte adds alone, interactions between its own columns included, and with
        each other.
    list of str
        Their names, ``base`` last.
    """
    owners = [*map(analyte_of, columns), BASE]
    names = list(dict.fromkeys(owners))
    belongs = (np.array(owners)[:, np.newaxis] == np.array(names)).astype(np.float64)
    return np.einsum("rij,ia,jb->rab", parts, belongs, belongs, optimize=True), names

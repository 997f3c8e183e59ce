"""Whether a contribution would point the same way had other patients been in the cohort."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icans_risk.errors import ExplanationError
from icans_risk.explanation.contributions import Explainable, explain
from icans_risk.explanation.folding import BASE, fold_by_analyte, with_groups

__all__ = ["FEWEST_REBUILDS", "sign_agreement"]

# The share among fewer is that of a handful.
FEWEST_REBUILDS = 5

Floats = NDArray[np.float64]


def sign_agreement(
    printed: pd.DataFrame,
    rebuilt: Sequence[Explainable],
    vectors: pd.DataFrame,
    *,
    seen: NDArray[np.bool_] | None = None,
    together: Sequence[Sequence[str]] = (),
) -> pd.DataFrame:
    """Count how many rebuilt models move the risk the way that is printed, analyte by analyte.

    Parameters
    ----------
    printed : DataFrame
        Folded contributions that are printed, indexed like ``vectors``.
    rebuilt : sequence of risk models
        The whole pipeline on bootstraps of the patients.
    vectors : DataFrame of shape (n_rows, n_columns)
        Rows, indexed by ``episode_id`` and ``landmark_h``.
    seen : ndarray of shape (n_rebuilt, n_rows), optional
        Where a rebuild was fitted on the row's patient and has no say; by default nowhere, as
        for patients who are new to the model.
    together : sequence of sequence of str
        Groups of analytes that are named together: the sign of their sum is judged as well.

    Returns
    -------
    DataFrame
        ``episode_id, landmark_h, analyte, agreement``, groups after the analytes by the name
        that ``group_name`` gives them: a share of the rebuilds that have a say,
        NaN where fewer than five have. What moves nothing agrees with nothing.

    Raises
    ------
    ExplanationError
        If printed and rebuilt contributions are not of the same rows and analytes, or do not
        add up.
    """
    if not printed.index.equals(vectors.index):
        raise ExplanationError(
            f"printed contributions must be of the rows that are asked about, got {len(printed)} "
            f"for {len(vectors)} others. Give both in the same order."
        )
    analytes = printed.drop(columns=BASE, errors="ignore")
    own = with_groups(analytes, together)
    has_say = np.ones((len(rebuilt), len(vectors)), dtype=bool) if seen is None else ~seen
    agreeing, asked = np.zeros(own.shape), has_say.sum(axis=0)
    for model, rows in zip(rebuilt, has_say, strict=True):
        folded = _folded(model, vectors[rows], analytes.columns)
        agreeing[rows] += np.sign(with_groups(folded, together)) == np.sign(own[rows])
    agreeing[own.to_numpy() == 0.0] = 0.0
    share = np.full(own.shape, np.nan)
    enough = asked >= FEWEST_REBUILDS
    share[enough] = agreeing[enough] / asked[enough, np.newaxis]
    return _lengthen(pd.DataFrame(share, index=own.index, columns=own.columns))


def _folded(model: Explainable, vectors: pd.DataFrame, analytes: pd.Index) -> pd.DataFrame:
    if vectors.empty:
        return pd.DataFrame(columns=analytes, index=vectors.index, dtype=np.float64)
    folded = fold_by_analyte(explain(model, vectors)).drop(columns=BASE)
    if set(folded.columns) != set(analytes):
        raise ExplanationError(
            f"rebuilt models must read the {len(analytes)} analytes that are printed, one reads "
            f"{folded.shape[1]}, {len(set(folded.columns) ^ set(analytes))} of them others. Give "
            "the rebuilds of the model whose contributions are printed."
        )
    return folded[analytes]


def _lengthen(share: pd.DataFrame) -> pd.DataFrame:
    places = share.index.to_frame(index=False)
    repeated = places.loc[places.index.repeat(share.shape[1])].reset_index(drop=True)
    return repeated.assign(
        analyte=np.tile(share.columns.to_numpy(), len(share)), agreement=share.to_numpy().ravel()
    )

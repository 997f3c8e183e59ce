"""The long tables of a scoring, from the wide ones that models take and give."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icans_risk.explanation import check_additivity
from icans_risk.serving.served import ServedModel

__all__ = ["explain_rows", "find_missing", "lengthen"]

BASE = "base"


def explain_rows(rows: pd.DataFrame, served: ServedModel) -> pd.DataFrame:
    """Return what each column adds to each row's log odds, the base last.

    Raises
    ------
    ExplanationError
        If a row does not add up.
    """
    columns = [*served.columns, BASE]
    if rows.empty:
        return pd.DataFrame(columns=columns, index=rows.index, dtype="float64")
    model = served.released.model
    parts: NDArray[np.float64] = model.contributions(rows)
    check_additivity(parts, model.margin(rows))
    return pd.DataFrame(parts, index=rows.index, columns=columns)


def lengthen(wide: pd.DataFrame, name: str) -> pd.DataFrame:
    """Write contributions one below the other.

    Parameters
    ----------
    wide : DataFrame
        Indexed by episode and landmark.
    name : str
        What its columns are.
    """
    episode, landmark_h = (wide.index.get_level_values(level) for level in (0, 1))
    width = wide.shape[1]
    return pd.DataFrame(
        {
            "episode_id": np.repeat(episode.to_numpy(), width),
            "landmark_h": np.repeat(landmark_h.to_numpy(dtype=np.float64), width),
            name: np.tile(np.asarray(wide.columns, dtype=object), len(wide)),
            "contribution_logit": wide.to_numpy(dtype=np.float64).ravel(),
        }
    )


def find_missing(vectors: pd.DataFrame) -> pd.DataFrame:
    """List what is missing in each vector, by analyte.

    Parameters
    ----------
    vectors : DataFrame
        Indexed by episode and landmark.

    Returns
    -------
    DataFrame
        ``episode_id, landmark_h, analyte, columns_missing, columns``; nothing for what is
        there with all of its columns.
    """
    owner = [".".join(str(name).split(".")[:2]) for name in vectors.columns]
    is_missing = vectors.isna().T.groupby(owner, sort=False).sum().T
    columns = pd.Series(owner).value_counts()
    row, place = np.nonzero(is_missing.to_numpy())
    analyte = is_missing.columns.to_numpy()[place]
    index = vectors.index[row]
    return pd.DataFrame(
        {
            "episode_id": index.get_level_values(0).to_numpy(),
            "landmark_h": index.get_level_values(1).to_numpy(dtype=np.float64),
            "analyte": analyte,
            "columns_missing": is_missing.to_numpy()[row, place].astype(np.int64),
            "columns": columns.reindex(analyte).to_numpy(dtype=np.int64),
        }
    )

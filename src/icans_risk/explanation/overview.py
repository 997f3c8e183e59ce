"""What a model reads over a whole cohort: the same contributions, averaged in size."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from icans_risk.explanation.folding import BASE, modality_of, window_of

__all__ = ["mean_size", "modality_by_window", "shap_explanation"]


def mean_size(contributions: pd.DataFrame) -> pd.Series:
    """Average the absolute contribution of each column over the rows, the largest first.

    Parameters
    ----------
    contributions : DataFrame
        Of columns, analytes or anything that they were folded to; ``base`` is left aside.

    Returns
    -------
    Series
        On the logit scale.
    """
    sizes = contributions.drop(columns=BASE, errors="ignore").abs().mean()
    return sizes.sort_values(ascending=False, kind="stable")


def modality_by_window(contributions: pd.DataFrame) -> pd.DataFrame:
    """Say how far each modality moves the risk by what it says of each window.

    Parameters
    ----------
    contributions : DataFrame
        One column per feature, and ``base``.

    Returns
    -------
    DataFrame
        ``modality, window, columns, mean_abs``: what the columns of a modality and window add
        together, absolute, averaged over the rows; in the order of the columns.

    Examples
    --------
    >>> parts = pd.DataFrame({"plasma.crp.max.early": [0.4, -0.2], "static.age_years": [0.1, 0.1],
    ...                       "plasma.ldh.max.early": [-0.1, 0.0], "base": [-2.0, -2.0]})
    >>> modality_by_window(parts).round(2).to_dict("records")[0]
    {'modality': 'plasma', 'window': 'early', 'columns': 2, 'mean_abs': 0.25}
    """
    parts = contributions.drop(columns=BASE, errors="ignore")
    cells = [(modality_of(str(name)), window_of(str(name))) for name in parts.columns]
    lines = []
    for modality, window in dict.fromkeys(cells):
        own = [cell == (modality, window) for cell in cells]
        together = parts.loc[:, own].sum(axis=1)
        size = float(together.abs().mean())
        lines.append((modality, window, sum(own), size))
    return pd.DataFrame(lines, columns=["modality", "window", "columns", "mean_abs"])


def shap_explanation(
    contributions: pd.DataFrame, vectors: pd.DataFrame, *, names: Sequence[str] | None = None
) -> Any:
    """Hand contributions to the plots of shap, as they are: nothing is explained anew.

    Parameters
    ----------
    contributions : DataFrame of shape (n_rows, n_columns + 1)
        Held-out and calibrated, with ``base``.
    vectors : DataFrame of shape (n_rows, n_columns)
        The values that belong to them, the same rows and columns.
    names : sequence of str, optional
        What plots call the columns.

    Returns
    -------
    shap.Explanation
        Its values and base values add up to the log odds that are printed.
    """
    import shap

    columns = [name for name in contributions.columns if name != BASE]
    return shap.Explanation(
        values=contributions[columns].to_numpy(),
        base_values=contributions[BASE].to_numpy(),
        data=vectors[columns].to_numpy(),
        feature_names=list(columns if names is None else names),
    )

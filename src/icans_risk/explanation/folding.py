"""Contributions of columns, added up to what was measured, to modalities and to windows."""

from collections.abc import Callable, Sequence

import pandas as pd

__all__ = [
    "BASE",
    "FIXED",
    "analyte_of",
    "fold_by_analyte",
    "fold_by_modality",
    "fold_by_window",
    "group_name",
    "modality_of",
    "unfold",
    "window_of",
    "with_groups",
]

BASE = "base"
# The window of what has none: known at infusion, or of the episode as a whole.
FIXED = "fixed"


def analyte_of(column: str) -> str:
    """Return what a column reads, as pages name it.

    Examples
    --------
    >>> analyte_of("plasma.ferritin.log2_ratio.baseline-to-early"), analyte_of("score.easix.early")
    ('plasma.ferritin', 'score.easix')
    """
    return ".".join(column.split(".")[:2])


def modality_of(column: str) -> str:
    """Return the first part of a column's name: a modality, ``score`` or ``static``.

    A score stands for itself here: it is made of blood tests, which have columns of their own.

    Examples
    --------
    >>> modality_of("csf.protein.last.to_date"), modality_of("static.product.axi-cel")
    ('csf', 'static')
    """
    return column.partition(".")[0]


def window_of(column: str) -> str:
    """Return the window that a column looks at.

    A change between two windows belongs to neither of them: it has its own name.

    Examples
    --------
    >>> window_of("plasma.crp.max.early"), window_of("score.easix.baseline")
    ('early', 'baseline')
    >>> window_of("plasma.ferritin.log2_ratio.baseline-to-early")
    'baseline-to-early'
    >>> window_of("static.age_years"), window_of("static.product.axi-cel")
    ('fixed', 'fixed')
    """
    parts = column.split(".")
    if parts[0] == "score":
        return parts[2] if len(parts) > 2 else FIXED
    return parts[3] if len(parts) > 3 else FIXED


def fold_by_analyte(contributions: pd.DataFrame) -> pd.DataFrame:
    """Add up the contributions of all columns that read the same thing.

    Parameters
    ----------
    contributions : DataFrame
        One column per feature (``modality.analyte.statistic.window``) and ``base``.

    Returns
    -------
    DataFrame
        One column per ``modality.analyte`` and ``base``; row sums are unchanged.

    Examples
    --------
    >>> parts = pd.DataFrame({"plasma.crp.max.early": [0.2], "plasma.crp.last.early": [0.1],
    ...                       "static.product.axi-cel": [0.4], "base": [-2.0]})
    >>> fold_by_analyte(parts).columns.tolist()
    ['plasma.crp', 'static.product', 'base']
    >>> float(fold_by_analyte(parts)["plasma.crp"].iloc[0].round(3))
    0.3
    """
    return _fold(contributions, analyte_of)


def fold_by_modality(contributions: pd.DataFrame) -> pd.DataFrame:
    """Add up the contributions of each modality; as ``fold_by_analyte``."""
    return _fold(contributions, modality_of)


def fold_by_window(contributions: pd.DataFrame) -> pd.DataFrame:
    """Add up the contributions of each window; as ``fold_by_analyte``.

    What has no window, such as age and product, is ``fixed``.
    """
    return _fold(contributions, window_of)


def unfold(contributions: pd.DataFrame, analyte: str) -> pd.DataFrame:
    """Return the columns that were added up to one analyte.

    Parameters
    ----------
    contributions : DataFrame
        One column per feature.
    analyte : str
        Its full name.

    Returns
    -------
    DataFrame
        Its columns; their sums are what ``fold_by_analyte`` gives it.

    Examples
    --------
    >>> parts = pd.DataFrame({"plasma.crp.max.early": [0.2], "plasma.ldh.max.early": [0.1]})
    >>> unfold(parts, "plasma.crp").columns.tolist()
    ['plasma.crp.max.early']
    """
    return contributions[[name for name in contributions if analyte_of(str(name)) == analyte]]


def group_name(group: Sequence[str]) -> str:
    """Name analytes that are taken together.

    Examples
    --------
    >>> group_name(("plasma.crp", "plasma.ferritin"))
    'plasma.crp+plasma.ferritin'
    """
    return "+".join(group)


def with_groups(folded: pd.DataFrame, together: Sequence[Sequence[str]]) -> pd.DataFrame:
    """Add a column for each group of analytes that are named together: the sum of theirs.

    Parameters
    ----------
    folded : DataFrame
        One column per analyte; of truth values, the sum is whether any is true.
    together : sequence of sequence of str
        Groups, from ``correlated_analytes``.

    Returns
    -------
    DataFrame
        The same with the columns of the groups after it.

    Examples
    --------
    >>> folded = pd.DataFrame({"a.b": [0.5], "a.c": [0.25]})
    >>> with_groups(folded, [("a.b", "a.c")]).iloc[0].to_dict()
    {'a.b': 0.5, 'a.c': 0.25, 'a.b+a.c': 0.75}
    """
    is_truth = len(folded.columns) > 0 and all(map(pd.api.types.is_bool_dtype, folded.dtypes))
    sums = {
        group_name(group): parts.any(axis=1) if is_truth else parts.sum(axis=1)
        for group in together
        for parts in [folded[list(group)]]
    }
    return pd.concat([folded, pd.DataFrame(sums, index=folded.index)], axis=1)


def _fold(contributions: pd.DataFrame, owner: Callable[[str], str]) -> pd.DataFrame:
    names = map(str, contributions.columns)
    owners = [name if name == BASE else owner(name) for name in names]
    return contributions.T.groupby(owners, sort=False).sum().T

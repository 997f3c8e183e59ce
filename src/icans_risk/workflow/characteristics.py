"""Who the patients are and what was measured of them, apart by outcome."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icans_risk.catalogue import load_catalogue
from icans_risk.cohort import EPISODES
from icans_risk.evaluation.small_cells import hide_small_cells
from icans_risk.features import SCORES

__all__ = ["describe_characteristics", "describe_measured"]

Flags = NDArray[np.bool_]

# Identifiers, times, and what is known only later: the end of observation is no trait.
_NOT_TRAITS = frozenset(
    {
        "episode_id",
        "patient_id",
        "followed_until_h",
        "discharged_h",
        "died_h",
        "death_cause",
        "lymphodepletion_start_h",
    }
)
_FIRST = ("age_years", "sex", "ecog", "disease", "cns_tumour", "product", "prior_lines")
# A number that takes fewer values than this is counted like a category.
_FEW_VALUES = 6


def describe_characteristics(
    episodes: pd.DataFrame, event: NDArray[np.int64], *, fewest: int
) -> pd.DataFrame:
    """Describe everyone judged, those who reached the endpoint, and the others.

    Numbers by median and quartiles, words by counts; without tests of significance, which
    say nothing about a model [1]_.

    Parameters
    ----------
    episodes : DataFrame of n_rows rows
        The episode of each row that was judged; known columns only are described.
    event : ndarray of shape (n_rows,)
        1 for an event, 0 for none.
    fewest : int
        Counts below this are hidden, with others from which they would follow, and numbers
        of groups smaller than this; 1 shows all.

    Returns
    -------
    DataFrame
        ``characteristic``, ``level`` (empty for a number), ``kind`` (``number``, ``count``
        or ``missing``) and for each group (``all``, ``events``, ``others``) its ``<group>``
        count, its size ``<group>_of``, and ``<group>_median``, ``<group>_q1`` and
        ``<group>_q3``.

    References
    ----------
    .. [1] Vandenbroucke JP, et al. "Strengthening the Reporting of Observational Studies in
       Epidemiology (STROBE): explanation and elaboration." PLoS Med 2007;4(10):e297,
       item 14. doi:10.1371/journal.pmed.0040297
    """
    groups = {"events": event == 1, "others": event == 0}
    known = [name for name in EPISODES if name in episodes and name not in _NOT_TRAITS]
    ordered = [*(n for n in _FIRST if n in known), *(n for n in known if n not in _FIRST)]
    lines: list[dict[str, Any]] = []
    for name in ordered:
        values = episodes[name]
        if values.notna().any():
            lines += _describe(values, groups, fewest=fewest)
    return pd.DataFrame(lines)


def _describe(
    values: "pd.Series[Any]", groups: Mapping[str, Flags], *, fewest: int
) -> list[dict[str, Any]]:
    is_number = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    lines: list[dict[str, Any]] = []
    levels: dict[str, Flags] = {}
    if is_number and values.nunique() >= _FEW_VALUES:
        lines.append({"level": "", "kind": "number"} | _quartiles(values, groups, fewest=fewest))
    else:
        known = sorted(values.dropna().unique())
        levels = {_level(level): (values == level).to_numpy() for level in known}
    counted = _count(levels | {"": values.isna().to_numpy()}, groups, fewest=fewest)
    for level, counts in counted.items():
        if level or values.isna().any():
            lines.append({"level": level, "kind": "count" if level else "missing"} | counts)
    return [{"characteristic": str(values.name)} | line for line in lines]


def _count(
    levels: Mapping[str, Flags], groups: Mapping[str, Flags], *, fewest: int
) -> dict[str, dict[str, float]]:
    """Count each level in each group and in all, hiding what is small or would tell."""
    counts = np.array(
        [[(rows & group).sum() for group in groups.values()] for rows in levels.values()],
        dtype=np.float64,
    )
    shown, totals = hide_small_cells(counts, fewest=fewest), counts.sum(axis=1)
    # A small total among the rows that hide something takes the others' totals with it.
    hides = np.isnan(shown).any(axis=1)
    if (hides & (totals < fewest)).any():
        totals[hides] = np.nan
    sizes = {"all_of": float(len(next(iter(groups.values()))))}
    sizes |= {f"{name}_of": float(group.sum()) for name, group in groups.items()}
    return {
        level: {"all": float(total)} | dict(zip(groups, map(float, cells), strict=True)) | sizes
        for level, total, cells in zip(levels, totals, shown, strict=True)
    }


def _level(level: Any) -> str:
    if isinstance(level, bool | np.bool_):
        return "yes" if level else "no"
    return f"{level:g}" if isinstance(level, float) else str(level)


def _quartiles(
    values: "pd.Series[Any]", groups: Mapping[str, Flags], *, fewest: int
) -> dict[str, float]:
    found: dict[str, float] = {}
    for group, rows in {"all": np.ones(len(values), dtype=bool), **groups}.items():
        known = values[rows].dropna()
        enough = len(known) >= fewest
        cuts = known.quantile([0.25, 0.5, 0.75]).tolist() if enough else [np.nan] * 3
        found |= dict(zip((f"{group}_q1", f"{group}_median", f"{group}_q3"), cuts, strict=True))
    return found


def describe_measured(
    vectors: pd.DataFrame, event: NDArray[np.int64], *, fewest: int
) -> pd.DataFrame:
    """Count for whom each input has a value in each window, apart by outcome.

    Who was tested often follows how ill they were. Where the two groups differ here, a
    model may have learnt from that somebody looked, and not from what was seen.

    Parameters
    ----------
    vectors : DataFrame of shape (n_rows, n_columns)
        The rows that were judged.
    event : ndarray of shape (n_rows,)
        1 for an event, 0 for none.
    fewest : int
        Counts below this are hidden, and those from which they would follow.

    Returns
    -------
    DataFrame
        ``input`` (full name), ``label``, ``modality``, ``window``, and for each group its
        ``<group>`` count and its size ``<group>_of``; without static columns, and without
        flags of treatment, which are never missing.
    """
    inputs: dict[tuple[str, str], list[str]] = {}
    for column in map(str, vectors.columns):
        modality, *rest = column.split(".")
        if modality != "static" and "given" not in rest:
            inputs.setdefault((f"{modality}.{rest[0]}", rest[-1]), []).append(column)
    groups = {"events": event == 1, "others": event == 0}
    lines = []
    for (name, window), columns in inputs.items():
        has_value = vectors[columns].notna().any(axis=1).to_numpy()
        counted = _count({"yes": has_value, "no": ~has_value}, groups, fewest=fewest)["yes"]
        what = {"input": name, "label": _label(name), "modality": name.partition(".")[0]}
        lines.append(what | {"window": window} | counted)
    return pd.DataFrame(lines)


def _label(name: str) -> str:
    modality, _, short = name.partition(".")
    if modality == "score":
        return SCORES[short].label if short in SCORES else short
    entry = load_catalogue().get(name)
    return entry.label if entry else name

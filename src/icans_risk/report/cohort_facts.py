"""What the tables of a run add to its facts: who the patients are, and what is missing."""

from collections.abc import Mapping
from typing import Any, cast

import pandas as pd

from icans_risk.evaluation.small_cells import hide_small_cells
from icans_risk.report.facts import RunFacts
from icans_risk.report.fill import HIDDEN

__all__ = ["cohort_facts", "merge_facts", "missing_shares"]

_NUMBERS = {"age_years": ("age", "years"), "prior_lines": ("earlier lines of treatment", "")}
_LEVELS = {"sex": "sex", "prophylaxis": "prophylaxis", "ecog": "ECOG"}
_UNKNOWN = "not recorded"


def cohort_facts(episodes: pd.DataFrame, *, fewest: int) -> RunFacts:
    """Describe the episodes of a cohort in counts that point at nobody.

    Parameters
    ----------
    episodes : DataFrame
        The episodes table: ``episode_id, patient_id`` and, where known, ``site, era, product,
        disease, age_years, prior_lines, sex, prophylaxis, ecog``.
    fewest : int
        Counts below this are hidden, with a second one where the total would give them away;
        of quartiles there are none with fewer than four times as many patients.

    Returns
    -------
    RunFacts
        The groups ``study`` and ``data``; a disease that too few have is not named.

    Examples
    --------
    >>> episodes = pd.DataFrame({"patient_id": ["a", "b", "c"], "site": ["n", "n", "s"]})
    >>> cohort_facts(episodes, fewest=2)["data"]["site_counts"]
    {'n': None, 's': None}
    """
    diseases = _counts(episodes, "disease", fewest=fewest)
    eras = sorted(episodes["era"].dropna().astype(str).unique()) if "era" in episodes else []
    sites = _counts(episodes, "site", fewest=fewest)
    data = {
        "patients": int(episodes["patient_id"].nunique()),
        "episodes": len(episodes),
        "sites": len([site for site in sites if site != _UNKNOWN]) or None,
        "site_counts": sites or None,
        "products": _counts(episodes, "product", fewest=fewest) or None,
        "characteristics": _characteristics(episodes, fewest=fewest) or None,
        "first_era": eras[0] if eras else None,
        "last_era": eras[-1] if eras else None,
    }
    named = [name for name, count in diseases.items() if count is not None and name != _UNKNOWN]
    facts = {
        "study": {"diseases": named} if named else {},
        "data": {name: value for name, value in data.items() if value is not None},
    }
    return cast("RunFacts", facts)


def missing_shares(vectors: pd.DataFrame) -> dict[str, float]:
    """Return the share of missing cells by modality, the first word of a column's name.

    Examples
    --------
    >>> vectors = pd.DataFrame({"plasma.crp.last.early": [1.0, None], "static.age_years": [6.0, 7]})
    >>> missing_shares(vectors)
    {'plasma': 0.5, 'static': 0.0}
    """
    modality = vectors.columns.str.split(".").str[0]
    share = vectors.isna().mean().groupby(modality.to_numpy()).mean()
    return {str(name): float(value) for name, value in share.items()}


def merge_facts(*parts: Mapping[str, Any]) -> RunFacts:
    """Put facts together, group by group; of a fact given twice the last one counts.

    Examples
    --------
    >>> merge_facts({"data": {"sites": 2}}, {"data": {"patients": 80}})
    {'data': {'sites': 2, 'patients': 80}}
    """
    merged: dict[str, dict[str, Any]] = {}
    for part in parts:
        for group, facts in part.items():
            merged[group] = merged.get(group, {}) | dict(facts)
    return cast("RunFacts", merged)


def _counts(episodes: pd.DataFrame, column: str, *, fewest: int) -> dict[str, int | None]:
    if column not in episodes:
        return {}
    found = episodes[column].astype("object").fillna(_UNKNOWN).map(_level).value_counts()
    names = sorted(found.index, key=lambda name: (-found[name], name))
    shown = hide_small_cells([[found[name] for name in names]], fewest=fewest)[0]
    return {name: None if pd.isna(n) else int(n) for name, n in zip(names, shown, strict=True)}


def _level(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _characteristics(episodes: pd.DataFrame, *, fewest: int) -> dict[str, str]:
    found = {}
    for column, (label, unit) in _NUMBERS.items():
        known = episodes[column].dropna() if column in episodes else pd.Series(dtype="float64")
        # A quartile of few patients is the value of one of them.
        if len(known) >= 4 * fewest:
            low, middle, high = known.quantile([0.25, 0.5, 0.75])
            words = f"median {middle:g} {unit}".strip()
            found[label] = f"{words}, quartiles {low:g} and {high:g} (of {len(known):,})"
    for column, label in _LEVELS.items():
        counts = _counts(episodes, column, fewest=fewest)
        shown = [f"{name} {HIDDEN if n is None else n}" for name, n in counts.items()]
        if shown:
            found[label] = ", ".join(shown)
    return found

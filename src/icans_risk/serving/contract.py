"""What the data looked like that a model was made for, in numbers about all patients together.

Learnt when a model is released and kept with it; new data are held against it. Everything is
counted by episode, so that one patient with many values counts once. Of fewer than ``FEWEST``
episodes no quantile is kept: it would be the values of single patients.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from icans_risk.cohort import Cohort
from icans_risk.features import FeatureSpecification, build_features, used_events

__all__ = ["FEWEST", "learn_contract", "quantiles_of", "read_by"]

FEWEST = 20
_ENDS = (0.05, 0.5, 0.95)
_COLUMN_ENDS = (0.05, 0.25, 0.5, 0.75, 0.95)


def learn_contract(
    cohort: Cohort, specification: FeatureSpecification, landmark_h: float
) -> dict[str, Any]:
    """Describe what a model reads of a cohort at its landmark.

    Parameters
    ----------
    cohort : Cohort
        Outcomes are not looked at.
    specification : FeatureSpecification
        Fitted.
    landmark_h : float
        Hours since infusion.

    Returns
    -------
    dict
        Plain JSON values. ``episodes``; ``analytes``: for each that is read, in how many
        episodes it counted, quantiles over episodes of their median value and turnaround, names
        of assays, and in how many episodes an order has no known reason; ``columns``:
        quantiles and missing episodes of each column of the vector.
    """
    inputs, source = read_by(cohort, specification, landmark_h)
    used, sources = dict(tuple(inputs.groupby("name"))), dict(tuple(source.groupby("name")))
    vectors = build_features(cohort, specification, [landmark_h])
    return {
        "episodes": len(cohort.episodes),
        "analytes": {
            name: _describe_analyte(
                used.get(name, inputs.iloc[:0]), sources.get(name, source.iloc[:0])
            )
            for name in specification.analytes
        },
        "columns": {str(name): _describe_column(vectors[name]) for name in vectors},
    }


def read_by(
    cohort: Cohort, specification: FeatureSpecification, landmark_h: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what counted at a landmark, and the events known by then that it came from.

    Returns
    -------
    tuple of DataFrame
        ``INPUTS`` with ``name`` (of the analyte, in full) and ``turnaround_h``; ``EVENTS``
        with ``name``.
    """
    inputs = used_events(cohort, specification, [landmark_h])
    inputs["name"] = inputs["modality"] + "." + inputs["analyte"]
    inputs["turnaround_h"] = inputs["available_h"] - inputs["collected_h"]
    events = cohort.events[cohort.events["available_h"] <= landmark_h]
    return inputs, events.assign(name=events["modality"] + "." + events["analyte"])


def quantiles_of(values: pd.Series, ends: Sequence[float]) -> list[float] | None:
    """Return quantiles, None where too few episodes stand behind them."""
    known = values.dropna().to_numpy(dtype=np.float64)
    if known.size < FEWEST:
        return None
    return [float(end) for end in np.quantile(known, ends)]


def _describe_analyte(used: pd.DataFrame, source: pd.DataFrame) -> Mapping[str, Any]:
    by_episode = used.groupby("episode_id")
    unknown = source[source["ordered_as"] == "unknown"]
    return {
        "measured": int(used["episode_id"].nunique()),
        "value": quantiles_of(by_episode["value"].median(), _ENDS),
        "turnaround_h": quantiles_of(by_episode["turnaround_h"].median(), _ENDS),
        "assays": sorted(set(source["assay"].astype(str))),
        "ordered_unknown": int(unknown["episode_id"].nunique()),
    }


def _describe_column(values: pd.Series) -> Mapping[str, Any]:
    return {
        "missing": int(values.isna().sum()),
        "quantiles": quantiles_of(values, _COLUMN_ENDS),
    }

"""What is usual of each input among the patients at risk at a landmark, and plausible of it."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from icans_risk.explanation import plausible_values
from icans_risk.workflow.landmark_data import LandmarkData
from icans_risk.workflow.plain import plain
from icans_risk.workflow.rows import ModelRows

__all__ = ["keep_plausible", "middle_halves", "read_plausible"]

# Quartiles of fewer would be values of single patients.
FEWEST = 20
FEWEST_TOGETHER = 5


def middle_halves(data: LandmarkData, rows: ModelRows) -> dict[str, tuple[float, float]]:
    """Give the quartiles of each analyte's latest value among those at risk.

    Parameters
    ----------
    data : LandmarkData
        What there is at the landmark.
    rows : ModelRows
        Those at risk.

    Returns
    -------
    dict of str to (float, float)
        By full name; an analyte that fewer than 20 patients have, and one of which every
        second patient has the same value, is left out.
    """
    episodes = rows.vectors.index.get_level_values("episode_id")
    inputs = data.inputs
    inputs = inputs[inputs["episode_id"].isin(episodes)].sort_values(
        ["collected_h", "available_h"], kind="stable"
    )
    name = inputs["modality"].astype("str") + "." + inputs["analyte"].astype("str")
    latest = inputs.assign(name=name).drop_duplicates(["episode_id", "name"], keep="last")
    found = {str(n): values for n, values in latest.groupby("name")["value"]}
    ages = data.episodes.set_index("episode_id").get("age_years")
    if ages is not None:
        found["static.age_years"] = ages.reindex(episodes).dropna()
    return {name: _quartiles(values) for name, values in found.items() if _tells(values)}


def keep_plausible(training: pd.DataFrame) -> dict[str, dict[str, Sequence[Any]]]:
    """Sum up plausible values of what a new patient may lack, so that they are nobody's.

    Parameters
    ----------
    training : DataFrame of shape (n_rows, n_columns)
        Training rows.

    Returns
    -------
    dict
        Plain JSON values: columns and rows of each analyte, medians of at least five patients.
    """
    found = plausible_values(training, of_at_least=FEWEST_TOGETHER)
    return {
        analyte: {
            "columns": list(values.columns),
            "rows": [[plain(value) for value in row] for row in values.to_numpy()],
        }
        for analyte, values in found.items()
    }


def read_plausible(kept: Mapping[str, Mapping[str, Any]]) -> dict[str, pd.DataFrame]:
    """Read what ``keep_plausible`` gave."""
    return {
        analyte: pd.DataFrame(values["rows"], columns=values["columns"], dtype="float64")
        for analyte, values in kept.items()
    }


def _tells(values: "pd.Series[float]") -> bool:
    low, high = _quartiles(values)
    return len(values) >= FEWEST and low < high


def _quartiles(values: "pd.Series[float]") -> tuple[float, float]:
    return float(values.quantile(0.25)), float(values.quantile(0.75))

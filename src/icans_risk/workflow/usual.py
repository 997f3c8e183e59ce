"""What is usual of each input among the patients at risk at a landmark."""

import pandas as pd

from icans_risk.workflow.landmark import LandmarkResult

__all__ = ["middle_halves"]

# Quartiles of fewer would be values of single patients.
FEWEST = 20


def middle_halves(result: LandmarkResult) -> dict[str, tuple[float, float]]:
    """Give the quartiles of each analyte's latest value among those at risk.

    Parameters
    ----------
    result : LandmarkResult
        Of one landmark.

    Returns
    -------
    dict of str to (float, float)
        By full name; an analyte that fewer than 20 patients have, and one of which every
        second patient has the same value, is left out.
    """
    episodes = result.rows.vectors.index.get_level_values("episode_id")
    inputs = result.data.inputs
    inputs = inputs[inputs["episode_id"].isin(episodes)].sort_values(
        ["collected_h", "available_h"], kind="stable"
    )
    name = inputs["modality"].astype("str") + "." + inputs["analyte"].astype("str")
    latest = inputs.assign(name=name).drop_duplicates(["episode_id", "name"], keep="last")
    found = {str(n): values for n, values in latest.groupby("name")["value"]}
    ages = result.data.episodes.set_index("episode_id").get("age_years")
    if ages is not None:
        found["static.age_years"] = ages.reindex(episodes).dropna()
    return {name: _quartiles(values) for name, values in found.items() if _tells(values)}


def _tells(values: "pd.Series[float]") -> bool:
    low, high = _quartiles(values)
    return len(values) >= FEWEST and low < high


def _quartiles(values: "pd.Series[float]") -> tuple[float, float]:
    return float(values.quantile(0.25)), float(values.quantile(0.75))

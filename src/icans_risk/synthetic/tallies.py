"""One row per episode with what registries count: grades, days, treatments."""

import numpy as np
import pandas as pd

from icans_risk.cohort import Cohort
from icans_risk.synthetic.parameters import load

__all__ = ["Measured", "median_of", "rate_of", "select", "summarise"]

Measured = dict[str, tuple[float, int]]


def rate_of(happened: pd.Series) -> tuple[float, int]:
    """Return the share of true cells and how many cells there are."""
    return (float(happened.mean()) if len(happened) else np.nan, len(happened))


def median_of(values: pd.Series) -> tuple[float, int]:
    """Return the median of what is not missing, and how many those are."""
    known = values.dropna()
    return (float(known.median()) if len(known) else np.nan, len(known))


def select(cohort: Cohort, analyte: str) -> pd.DataFrame:
    """Return the events of one analyte, given by its full name."""
    modality, _, name = analyte.partition(".")
    events = cohort.events
    return events[(events["analyte"] == name) & (events["modality"] == modality)]


def summarise(cohort: Cohort) -> pd.DataFrame:
    """Summarise each episode.

    Days count from 0, the day of infusion; a recorded day is dated at its middle.

    Parameters
    ----------
    cohort : Cohort
        Any simulated cohort.

    Returns
    -------
    DataFrame
        The episodes with ``arm``; ``icans, crs, tian`` (worst recorded grades);
        ``icans_day, icans_peak_day, icans_days`` and the same for CRS (missing where
        there was none); ``tocilizumab, steroid, either`` (given because of toxicity).
    """
    episodes = cohort.episodes.set_index("episode_id", drop=False)
    episodes["arm"] = _arms(episodes)
    for name in ("icans", "crs", "tian"):
        grade = cohort.grades[f"{name}_grade"]
        worst = grade.groupby(cohort.grades["episode_id"]).max()
        episodes[name] = worst.reindex(episodes.index).fillna(0.0)
    for name in ("icans", "crs"):
        episodes = episodes.join(_days(cohort.grades, name))
    episodes["died_of_icans"] = episodes["death_cause"] == "icans"
    given = {"tocilizumab": "treatment.tocilizumab", "steroid": "treatment.corticosteroid"}
    for column, analyte in given.items():
        events = select(cohort, analyte)
        treated = events.loc[events["ordered_as"] == "clinical", "episode_id"]
        episodes[column] = episodes.index.isin(treated)
    episodes["either"] = episodes["tocilizumab"] | episodes["steroid"]
    return episodes


def _arms(episodes: pd.DataFrame) -> np.ndarray:
    keys = ["product", "disease", "delivery_route"]
    names = {tuple(getattr(a, k) for k in keys): name for name, a in load().arms.items()}
    # Two arms may share product and disease and differ in age alone; none does here.
    return np.array([names[tuple(row)] for row in episodes[keys].to_numpy()], dtype=object)


def _days(grades: pd.DataFrame, name: str) -> pd.DataFrame:
    ill = grades.loc[grades[f"{name}_grade"] >= 1, ["episode_id", "covers_from_h"]]
    day = (ill["covers_from_h"] / 24.0 + 0.5).groupby(ill["episode_id"])
    worst = grades.loc[ill.index].sort_values(
        [f"{name}_grade", "covers_from_h"], ascending=[False, True]
    )
    peak = worst.drop_duplicates("episode_id").set_index("episode_id")["covers_from_h"]
    return pd.DataFrame(
        {
            f"{name}_day": day.min(),
            f"{name}_peak_day": peak / 24.0 + 0.5,
            f"{name}_days": day.max() - day.min() + 1.0,
        }
    )

"""What a landmark's result says about each episode, for its page."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from icans_risk.cohort import Cohort
from icans_risk.explanation import fold_by_analyte
from icans_risk.report import EpisodeResult
from icans_risk.workflow.explaining import NOTHING
from icans_risk.workflow.groups import level_of_each
from icans_risk.workflow.landmark import LandmarkResult
from icans_risk.workflow.predictions import predict_episodes
from icans_risk.workflow.shown import NO_GRADES, NOTHING_TAKEN, grades_known, taken_by

__all__ = ["AGE_BANDS", "as_rows", "describe_episodes", "known_without_events"]


# As in the study file's default.
AGE_BANDS = (65.0, 75.0)
_LEVELS = ("product", "disease", "age_years")


def describe_episodes(
    cohort: Cohort,
    result: LandmarkResult,
    *,
    earlier: Sequence[LandmarkResult] = (),
    age_bands: Sequence[float] = AGE_BANDS,
) -> list[EpisodeResult]:
    """Collect what the pages say about each episode, in the order of the cohort.

    Parameters
    ----------
    cohort : Cohort
        All episodes.
    result : LandmarkResult
        Of the landmark that the pages are of.
    earlier : sequence of LandmarkResult
        Landmarks of the same run, for the course of the estimate; later ones do not count.
    age_bands : sequence of float
        Where bands of age begin.
    """
    at_h = result.data.landmark_h
    before = [r for r in earlier if r.data.landmark_h < at_h]
    predictions = predict_episodes(cohort, result)
    courses = _courses(cohort, before, predictions)
    shown = _Shown(cohort, result, age_bands)
    return [
        EpisodeResult(
            episode_id=row["episode_id"],
            status=row["status"],
            risk=row["risk"],
            risk_low=row["risk_low"],
            risk_high=row["risk_high"],
            trajectory=courses.get(row["episode_id"]) if before else None,
            **shown.of(position, row),
        )
        for position, row in enumerate(predictions.to_dict("records"))
    ]


def _courses(
    cohort: Cohort, before: Sequence[LandmarkResult], last: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    tables = [*(predict_episodes(cohort, result) for result in before), last]
    table = pd.concat(tables, ignore_index=True)
    columns = ["landmark_h", "status", "risk", "risk_low", "risk_high"]
    return {str(name): part[columns] for name, part in table.groupby("episode_id")}


class _Shown:
    """What stands on the pages beside the prediction, ready to be handed out by episode."""

    def __init__(self, cohort: Cohort, result: LandmarkResult, age_bands: Sequence[float]) -> None:
        self.folded = fold_by_analyte(result.held_out.contributions).droplevel("landmark_h")
        self.inputs = dict(tuple(result.data.inputs.groupby("episode_id")))
        self.vectors = result.data.vectors.droplevel("landmark_h").to_dict("index")
        self.products = cohort.episodes.get("product", pd.Series(dtype="str"))
        self.known = known_without_events(cohort.episodes, result.data.vectors)
        self.reasons = result.explaining.by_episode()
        at_h = result.data.landmark_h
        self.taken = taken_by(cohort, at_h, inputs=result.data.inputs)
        self.grades = grades_known(cohort, at_h)
        self.levels = _levels(cohort.episodes, age_bands)
        self.no_inputs = result.data.inputs.iloc[:0]

    def of(self, position: int, row: Mapping[Any, Any]) -> dict[str, Any]:
        """Return the fields of one episode."""
        name, answered = row["episode_id"], row["status"] == "answered"
        parts = self.folded.loc[name] if answered else pd.Series(dtype="float64")
        reasons = self.reasons.get(name, NOTHING)
        product = self.products.get(position)
        return {
            "product": None if pd.isna(product) else product,
            "inputs": self.inputs.get(name, self.no_inputs),
            "values": {**self.vectors[name], **self.known[position]},
            "contributions": as_rows(parts.drop("base", errors="ignore")),
            "base_logit": float(parts.get("base", float("nan"))),
            "agreement": reasons.agreement,
            "moves": reasons.moves if answered else None,
            "taken": self.taken.get(name, NOTHING_TAKEN),
            "grades": self.grades.get(name, NO_GRADES),
            "levels": self.levels[position],
        }


def _levels(episodes: pd.DataFrame, age_bands: Sequence[float]) -> list[dict[str, str]]:
    found = pd.DataFrame(index=episodes.index)
    for column in _LEVELS:
        levels = level_of_each(episodes, column, age_bands=age_bands)
        if not isinstance(levels, str):
            found[column] = levels.astype("object")
    return [
        {str(column): str(level) for column, level in row.items() if not pd.isna(level)}
        for row in found.to_dict("records")
    ]


def known_without_events(
    episodes: pd.DataFrame, vectors: pd.DataFrame
) -> list[dict[str, float | str]]:
    """List what each page shows of columns without events, by the name that they fold to.

    Parameters
    ----------
    episodes, vectors : DataFrame
        Of the same episodes in the same order.
    """
    columns = [str(column).split(".") for column in vectors.columns]
    static = dict.fromkeys(parts[1] for parts in columns if parts[0] == "static")
    scores = dict.fromkeys(parts[1] for parts in columns if parts[0] == "score")
    known = pd.DataFrame({f"static.{name}": episodes[name] for name in static})
    for name in scores:
        windows = [c for c in vectors.columns if str(c).startswith(f"score.{name}.")]
        # The last window that has the score: windows are listed in the order of time.
        latest = vectors[windows].ffill(axis=1).iloc[:, -1]
        known[f"score.{name}"] = latest.to_numpy()
    for column in (".".join(parts) for parts in columns if parts[2:3] == ["given"]):
        not_given = vectors[column].eq(0).map({True: "not given", False: None})
        known[column.removesuffix(".given.to_landmark")] = not_given.to_numpy()
    return [
        {str(name): value for name, value in row.items() if not pd.isna(value)}
        for row in known.to_dict("records")
    ]


def as_rows(parts: pd.Series) -> pd.DataFrame:
    """Write folded contributions as pages take them."""
    return pd.DataFrame({"analyte": list(parts.index), "contribution_logit": parts.to_numpy()})

"""What a released model says about each new episode, for its page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from icans_risk.cohort import Cohort
from icans_risk.explanation import (
    SUPPORTED_Z,
    fold_by_analyte,
    measured_analytes,
    possible_moves,
    sign_agreement,
    with_groups,
)
from icans_risk.report import EpisodeResult
from icans_risk.serving import Scored, ServedModel
from icans_risk.workflow.episodes import as_rows, known_without_events
from icans_risk.workflow.explaining import NO_AGREEMENT, NOTHING, Explaining, Reasons
from icans_risk.workflow.shown import NO_GRADES, NOTHING_TAKEN, grades_known, taken_by
from icans_risk.workflow.usual import read_plausible

__all__ = ["describe_scored"]

_KEY = ["episode_id", "landmark_h"]
_COURSE = ["landmark_h", "status", "risk", "risk_low", "risk_high"]


@dataclass(frozen=True, eq=False)
class _Shown:
    """What stands on the pages of one landmark, to be handed out by episode."""

    predictions: pd.DataFrame
    folded: dict[str, pd.Series]
    inputs: dict[str, pd.DataFrame]
    no_inputs: pd.DataFrame
    values: dict[str, dict[str, Any]]
    products: dict[str, Any]
    reasons: Mapping[str, Reasons]
    taken: Mapping[str, pd.DataFrame]
    grades: Mapping[str, pd.DataFrame]
    courses: dict[str, pd.DataFrame]

    def of(self, episode_id: str, row: Mapping[str, Any]) -> EpisodeResult:
        """Put one episode together; what cannot be read has nothing but its status."""
        answered = row["status"] == "answered"
        parts = self.folded[episode_id] if answered else pd.Series(dtype="float64")
        product, reasons = self.products.get(episode_id), self.reasons.get(episode_id, NOTHING)
        return EpisodeResult(
            episode_id=episode_id,
            product=None if pd.isna(product) else str(product),
            status=row["status"],
            risk=row["risk"],
            risk_low=row["risk_low"],
            risk_high=row["risk_high"],
            inputs=self.inputs.get(episode_id, self.no_inputs),
            values=self.values.get(episode_id, {}),
            contributions=as_rows(parts.drop("base", errors="ignore")),
            base_logit=float(parts.get("base", float("nan"))),
            agreement=reasons.agreement if answered else {},
            moves=reasons.moves if answered else None,
            trajectory=self.courses.get(episode_id),
            taken=self.taken.get(episode_id, NOTHING_TAKEN),
            grades=self.grades.get(episode_id, NO_GRADES),
        )


def describe_scored(
    cohort: Cohort | None, scored: Scored, served: ServedModel, *, episode_ids: Sequence[str]
) -> list[EpisodeResult]:
    """Collect what the pages say about each episode at a model's landmark.

    Parameters
    ----------
    cohort : Cohort or None
        The episodes that can be read; None where there is none.
    scored : Scored
        By this model and others.
    served : ServedModel
        The model.
    episode_ids : sequence of str
        All that were asked about, in the order of the pages.
    """
    shown = _collect(cohort, scored, served)
    rows = shown.predictions.set_index("episode_id").to_dict("index")
    return [
        shown.of(name, {str(key): value for key, value in rows[name].items()})
        for name in episode_ids
    ]


def _collect(cohort: Cohort | None, scored: Scored, served: ServedModel) -> _Shown:
    at_h = served.landmark_h
    folded = _of_landmark(scored.folded, at_h)
    inputs = _of_landmark(scored.inputs, at_h)
    vectors = _vectors(scored, served)
    named = folded.groupby("episode_id", sort=False)
    predictions = _of_landmark(scored.predictions, at_h)
    return _Shown(
        predictions=predictions,
        folded={str(name): part.set_index("analyte")["contribution_logit"] for name, part in named},
        inputs={str(name): part for name, part in inputs.groupby("episode_id")},
        no_inputs=inputs.iloc[:0].astype({"after_treatment": "bool"}),
        values=_values(cohort, vectors),
        products=_products(cohort),
        reasons=_reasons(scored, served, vectors),
        taken={} if cohort is None else taken_by(cohort, at_h, inputs=inputs),
        grades={} if cohort is None else grades_known(cohort, at_h),
        courses=_courses(scored.predictions, at_h),
    )


def _of_landmark(table: pd.DataFrame, landmark_h: float) -> pd.DataFrame:
    return table[table["landmark_h"] == landmark_h]


def _vectors(scored: Scored, served: ServedModel) -> pd.DataFrame:
    index = scored.vectors.index.get_level_values("landmark_h")
    return scored.vectors.loc[index == served.landmark_h, served.columns]


def _products(cohort: Cohort | None) -> dict[str, Any]:
    if cohort is None or "product" not in cohort.episodes:
        return {}
    return dict(zip(cohort.episodes["episode_id"], cohort.episodes["product"], strict=True))


def _values(cohort: Cohort | None, vectors: pd.DataFrame) -> dict[str, dict[str, Any]]:
    if cohort is None:
        return {}
    rows = vectors.droplevel("landmark_h")
    episodes = cohort.episodes.set_index("episode_id", drop=False).loc[rows.index]
    known = known_without_events(episodes.reset_index(drop=True), rows)
    return {
        str(name): {str(column): value for column, value in row.items()} | own
        for (name, row), own in zip(rows.to_dict("index").items(), known, strict=True)
    }


def _reasons(scored: Scored, served: ServedModel, vectors: pd.DataFrame) -> Mapping[str, Reasons]:
    """Say what may be named of each new patient, and what the absent is worth."""
    kept = served.facts.get("reasons", {})
    status = _of_landmark(scored.predictions, served.landmark_h).set_index(_KEY)["status"]
    asked = vectors[(status.reindex(vectors.index) == "answered").to_numpy()]
    if asked.empty:
        return {}
    together = [tuple(group) for group in kept.get("together", ())]
    plausible = read_plausible(served.facts.get("plausible", {}))
    return Explaining(
        agreement=_agreement(scored, served, asked, together=together),
        moves=possible_moves(served.released.model, asked, plausible),
        together=tuple(together),
        support=pd.Series(SUPPORTED_Z, index=list(kept.get("supported", ())), dtype="float64"),
        measured=with_groups(measured_analytes(asked), together),
    ).by_episode()


def _agreement(
    scored: Scored,
    served: ServedModel,
    asked: pd.DataFrame,
    *,
    together: Sequence[tuple[str, ...]],
) -> pd.DataFrame:
    """Ask the rebuilds, of which none saw a new patient."""
    rebuilds = served.released.rebuilds
    if rebuilds is None:
        return NO_AGREEMENT
    parts = _of_landmark(scored.folded, served.landmark_h)
    printed = parts.pivot(index=_KEY, columns="analyte", values="contribution_logit")
    order = fold_by_analyte(pd.DataFrame(columns=[*asked.columns, "base"], dtype="float64")).columns
    return sign_agreement(
        printed.loc[asked.index, order], rebuilds.rebuilt, asked, together=together
    )


def _courses(predictions: pd.DataFrame, landmark_h: float) -> dict[str, pd.DataFrame]:
    so_far = predictions[predictions["landmark_h"] <= landmark_h]
    if so_far["landmark_h"].nunique() < 2:
        return {}
    return {str(name): part[_COURSE] for name, part in so_far.groupby("episode_id")}

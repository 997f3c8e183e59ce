"""The synthetic patients of the study of models by size of cohort, simulated once and kept.

Patients at risk at 72 h with a known outcome: what the study file of the demo makes columns
of, the columns of published scores that it does not ask for, the ICANS grade on record, and
the true risk, which no model sees.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from demo_outcomes import demo_outcomes
from icans_risk import build_features, specify_features
from icans_risk.features import FeatureSpecification
from icans_risk.study import Study
from icans_risk.study.features import ScoreColumns
from icans_risk.synthetic import Simulated, simulate
from icans_risk.workflow.demo import load_demo_study

__all__ = ["ICANS_GRADE", "VARIANTS", "Rows", "load_rows"]

LANDMARK_H, HORIZON_H = 72.0, 336.0
VARIANTS = ("linear", "interactions", "no_signal")
# Seen by the arms of that name alone: no model of ours reads a score that the demo's study
# does not ask for, and a grade is no feature.
ICANS_GRADE = "grade.icans.last"
MORE_SCORES = (
    ScoreColumns(score="easix", windows=("early",)),
    ScoreColumns(score="s_easix", windows=("early",)),
    ScoreColumns(score="car_hematotox"),
    ScoreColumns(score="gust_36h"),
)
# Products differ in their event rates, which is a signal: where there is to be none, all
# patients have the same one.
ONE_PRODUCT = "axi-cel"
PIECE = 2_000
_TRUTH = ("event", "true_risk")


@dataclass(frozen=True)
class Rows:
    """Vectors, recorded outcomes and true risks.

    Attributes
    ----------
    X : DataFrame
        All columns, those of the scores and of the grade too.
    event : ndarray of shape (n_rows,)
        1 for grade 3 or above within the horizon.
    true_risk : ndarray of shape (n_rows,)
        Of the generator.
    """

    X: pd.DataFrame
    event: np.ndarray
    true_risk: np.ndarray

    def between(self, start: int, end: int) -> "Rows":
        """Return the rows from one position up to another."""
        return Rows(self.X.iloc[start:end], self.event[start:end], self.true_risk[start:end])


def load_rows(variant: str, rows: int, *, seed: int, cache: Path | None = None) -> Rows:
    """Simulate as many rows, or read them from where an earlier call left them.

    Parameters
    ----------
    variant : {"linear", "interactions", "no_signal"}
        Form of the hazard. Without signal all patients have one product.
    rows : int
        At risk, outcome known.
    seed : int
        Of the simulation.
    cache : Path, optional
        Folder to keep the table in.

    Returns
    -------
    Rows
        In the order of simulation.
    """
    kept = None if cache is None else cache / f"{variant}_{rows}_{seed}.parquet"
    if kept is not None and kept.is_file():
        table = pd.read_parquet(kept)
    else:
        table = pd.concat(_pieces(variant, rows, seed=seed)).iloc[:rows]
        if kept is not None:
            kept.parent.mkdir(parents=True, exist_ok=True)
            table.to_parquet(kept)
    X = table.drop(columns=list(_TRUTH)).astype(np.float32)
    return Rows(X, table["event"].to_numpy(int), table["true_risk"].to_numpy(float))


def _pieces(variant: str, rows: int, *, seed: int) -> Iterator[pd.DataFrame]:
    specification: FeatureSpecification | None = None
    start, found = 0, 0
    while found < rows:
        simulated = simulate(
            PIECE,
            seed=seed,
            landmarks_h=(LANDMARK_H,),
            horizon_h=HORIZON_H,
            variant=variant,
            first_patient=start,
        )
        specification = specification or specify_features(_study(), simulated.cohort)
        piece = _table(simulated, specification, one_product=variant == "no_signal")
        start, found = start + PIECE, found + len(piece)
        yield piece


def _study() -> Study:
    study = load_demo_study()
    scores = (*study.features.scores, *MORE_SCORES)
    return study.model_copy(
        update={"features": study.features.model_copy(update={"scores": scores})}
    )


def _table(
    simulated: Simulated, specification: FeatureSpecification, *, one_product: bool
) -> pd.DataFrame:
    cohort = simulated.cohort
    outcomes = demo_outcomes(cohort, (LANDMARK_H,), horizon_h=HORIZON_H)
    event = outcomes.set_index("episode_id")["event"].dropna()
    if one_product:
        products = cohort.episodes.set_index("episode_id")["product"]
        event = event[products.loc[event.index] == ONE_PRODUCT]
    vectors = build_features(cohort, specification, [LANDMARK_H]).droplevel("landmark_h")
    truth = simulated.truth.risks.set_index("episode_id")["true_risk"]
    return vectors.loc[event.index].assign(
        **{ICANS_GRADE: _last_grade(cohort.grades).reindex(event.index)},
        event=event,
        true_risk=truth.loc[event.index],
    )


def _last_grade(grades: pd.DataFrame) -> pd.Series:
    known = grades[(grades["available_h"] <= LANDMARK_H) & grades["icans_grade"].notna()]
    return known.sort_values("assessed_h").groupby("episode_id")["icans_grade"].last()

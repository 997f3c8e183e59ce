"""How many synthetic patients this pipeline needs before its risks are spread as they should.

Cohorts of growing size are drawn from one synthetic population, without a patient in common. On
each, three models are fitted with four sets of columns: the booster as it is, the booster with its
calibration, and the elastic net. The same fresh patients tell each model's calibration slope. A
size is enough for a model from where, at this size and at every larger one, all cohorts gave a
slope, the mean slope is at least 0.9 and the mean distance of the slopes from 1 is below 0.15. The
second condition is there because a mean hides slopes on both sides, and because shallow trees that
learn slowly are too timid: a slope above 1 is no merit either.

The sets of columns are nested: ten that are usual first, then the rest of the demo's. A larger set
therefore holds more noise and more signal.

Run: ``python benchmarks/studies/sample_size_by_simulation.py``. Writes
``sample_size_by_simulation.csv`` beside this file and the smallest sizes, as the package knows
them, into ``src/icans_risk/evaluation``; both with the seed and the commit. Synthetic: no evidence
about patients.
"""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from committed import current_commit
from demo_outcomes import demo_outcomes
from icans_risk import build_features, specify_features
from icans_risk.errors import NotEstimableError, NotReleasedError
from icans_risk.evaluation import METRICS
from icans_risk.features import FeatureSpecification
from icans_risk.models import BoostedTrees, make_model
from icans_risk.models.calibrated import CalibratedModel
from icans_risk.synthetic import simulate
from icans_risk.workflow.demo import load_demo_study

HERE = Path(__file__).parent
PACKAGED = HERE.parents[1] / "src" / "icans_risk" / "evaluation" / "sample_size_by_simulation.csv"
SEED = 66_000_000
LANDMARK_H, HORIZON_H = 72.0, 336.0
PIECE = 2_000
FIRST_COLUMNS = (
    "plasma.crp.max.early", "plasma.ferritin.last.early", "clinical.crs_grade.max.early",
    "plasma.platelets.last.baseline", "static.age_years", "plasma.ldh.last.baseline",
    "plasma.fibrinogen.last.early", "clinical.temperature.max.early",
    "static.product.axi-cel", "plasma.il6.max.early",
)  # fmt: skip
MODELS: Mapping[str, Callable[[], Any]] = {
    "booster": BoostedTrees,
    "calibrated booster": lambda: CalibratedModel(BoostedTrees()),
    "elastic net": lambda: make_model("elastic_net"),
}
LEAST_SLOPE, MOST_DEVIATION = 0.9, 0.15


@dataclass(frozen=True)
class Rows:
    """Vectors and outcomes of those at risk at the landmark."""

    X: pd.DataFrame
    event: np.ndarray

    def part(self, start: int, stop: int) -> "Rows":
        """Return the rows from one place to another."""
        return Rows(self.X.iloc[start:stop], self.event[start:stop])


def main() -> None:
    """Run the study at full size and write its two tables."""
    table = run(
        sizes=(100, 150, 200, 300, 400, 600, 800, 1_000, 1_500, 2_000, 3_000),
        column_counts=(5, 10, 25, 54),
        fresh=10_000,
        cohorts=20,
        seed=SEED,
    )
    commit = current_commit()
    table.assign(seed=SEED, commit=commit).to_csv(
        HERE / "sample_size_by_simulation.csv", index=False
    )
    smallest_sizes(table).assign(seed=SEED, commit=commit).to_csv(PACKAGED, index=False)
    sys.stdout.write(table.to_string(index=False) + "\n")


def run(
    *, sizes: Sequence[int], column_counts: Sequence[int], fresh: int, cohorts: int, seed: int
) -> pd.DataFrame:
    """Fit every model on cohorts of every size, judge all on the same fresh patients.

    Parameters
    ----------
    sizes, column_counts : sequence of int
        Patients at risk in a cohort; columns that the models are offered.
    fresh, cohorts, seed : int
        Fresh patients, cohorts of each size, seed.

    Returns
    -------
    DataFrame
        ``columns, patients, model, events, cohorts, slope, low, high, deviation, auroc``:
        means over the cohorts that gave a slope, and the range of the slopes.
    """
    population = _population(fresh + max(sizes) * cohorts, seed=seed)
    test = population.part(0, fresh)
    lines = []
    for columns in column_counts:
        names = _columns(population.X, columns)
        for size in sizes:
            starts = range(fresh, fresh + size * cohorts, size)
            training = [population.part(start, start + size) for start in starts]
            for model in MODELS:
                judged = [_judge(model, rows, test, names) for rows in training]
                events = np.mean([rows.event.sum() for rows in training])
                lines.append((columns, size, model, events, *_summarise(judged)))
    names = ["columns", "patients", "model", "events", "cohorts", "slope", "low", "high"]
    return pd.DataFrame(lines, columns=[*names, "deviation", "auroc"]).round(4)


def smallest_sizes(table: pd.DataFrame) -> pd.DataFrame:
    """Find from which size on each model's slopes are near enough to 1.

    Returns
    -------
    DataFrame
        ``columns, model, patients, events, auroc, largest_tried``; patients, events and AUROC
        are empty where no size sufficed.
    """
    found = []
    for (columns, model), group in table.groupby(["columns", "model"], sort=False):
        ordered = group.sort_values("patients", ascending=False)
        enough = (
            (ordered["cohorts"] == table["cohorts"].max())
            & (ordered["slope"] >= LEAST_SLOPE)
            & (ordered["deviation"] < MOST_DEVIATION)
        )
        # From above: a size counts only if no larger one fails.
        reached = ordered[enough.cummin()].tail(1)
        figures = reached[["patients", "events", "auroc"]].to_dict("records") or [{}]
        found.append({"columns": columns, "model": model, **figures[0]})
    listed = pd.DataFrame(found, columns=["columns", "model", "patients", "events", "auroc"])
    whole = {"patients": listed["patients"].astype("Int64")}
    return listed.assign(**whole, largest_tried=int(table["patients"].max()))


def _population(patients: int, *, seed: int) -> Rows:
    """Simulate at least so many who are at risk at the landmark."""
    parts: list[Rows] = []
    specification, start = None, 0
    while sum(len(part.event) for part in parts) < patients:
        specification, part = _piece(start, seed=seed, specification=specification)
        parts.append(part)
        start += PIECE
    return Rows(
        pd.concat([part.X for part in parts]), np.concatenate([part.event for part in parts])
    )


def _piece(
    start: int, *, seed: int, specification: FeatureSpecification | None
) -> tuple[FeatureSpecification, Rows]:
    cohort = simulate(
        PIECE, seed=seed, landmarks_h=(LANDMARK_H,), horizon_h=HORIZON_H, first_patient=start
    ).cohort
    wanted = specification or specify_features(load_demo_study(), cohort)
    outcomes = demo_outcomes(cohort, (LANDMARK_H,), horizon_h=HORIZON_H)
    event = outcomes.set_index("episode_id")["event"].dropna()
    vectors = build_features(cohort, wanted, [LANDMARK_H]).droplevel("landmark_h")
    return wanted, Rows(vectors.loc[event.index], event.to_numpy(int))


def _columns(X: pd.DataFrame, count: int) -> list[str]:
    others = [name for name in X.columns if name not in FIRST_COLUMNS]
    return [*FIRST_COLUMNS, *others][:count]


def _judge(model: str, training: Rows, test: Rows, names: list[str]) -> tuple[float, float]:
    """Return slope and AUROC on the fresh patients; NaN where no model came of the cohort."""
    try:
        fitted = MODELS[model]().fit(training.X[names], training.event)
    except (NotEstimableError, NotReleasedError):
        return np.nan, np.nan
    risk = fitted.predict_proba(test.X[names])[:, 1]
    slope, auroc = (METRICS[m](test.event, risk, None) for m in ("calibration_slope", "auroc"))
    return slope, auroc


def _summarise(judged: list[tuple[float, float]]) -> Iterator[float]:
    slope, auroc = np.array(judged, dtype=float).T
    known = np.isfinite(slope)
    yield int(known.sum())
    if not known.any():
        yield from [np.nan] * 5
        return
    slope, auroc = slope[known], auroc[known]
    yield from (slope.mean(), slope.min(), slope.max(), np.abs(slope - 1).mean(), auroc.mean())


if __name__ == "__main__":
    main()

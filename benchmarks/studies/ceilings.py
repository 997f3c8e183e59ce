"""How far an ordinary model is from the truth, on synthetic patients.

Two ceilings at each landmark: the AUROC of the true risk, which no model can reach because
part of what makes it is never measured; and that of a model trained on 50,000 patients, a
lower bound of what can be reached from the measurements. Between them and the toss of a
coin lie models trained on cohorts of the size that centres have.

Run: ``python benchmarks/studies/ceilings.py``. Writes ``ceilings.csv`` beside this file, with
the seed and the commit, and ``docs/ceilings.png``. Synthetic: no evidence about patients.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from sklearn.metrics import roc_auc_score

from committed import current_commit
from demo_outcomes import demo_outcomes
from icans_risk import FeatureSpecification, build_features, specify_features
from icans_risk.models import BoostedTrees
from icans_risk.study import Study
from icans_risk.synthetic import simulate
from icans_risk.workflow.demo import load_demo_study

HERE = Path(__file__).parent
DOCS = HERE.parents[1] / "docs"
LANDMARKS_H = (0.0, 24.0, 72.0, 120.0)
HORIZON_H = 336.0
PIECE = 2_000
SEED = 20261121

# A small cohort wants few shallow trees, a large one may have many.
SETTINGS = {
    300: {"rounds": 80, "max_depth": 2},
    1_000: {"rounds": 120, "max_depth": 2},
    5_000: {"rounds": 250, "max_depth": 3},
    50_000: {"rounds": 600, "max_depth": 4, "nthread": 2},
}


@dataclass(frozen=True)
class Rows:
    """Vectors, recorded outcomes and true risks of those at risk at one landmark."""

    vectors: pd.DataFrame
    event: np.ndarray
    true_risk: np.ndarray

    def first(self, patients: int) -> "Rows":
        """Return the rows of the first patients, in the order of simulation."""
        number = self.vectors["patient"].to_numpy()
        kept = number < patients
        return Rows(self.vectors[kept], self.event[kept], self.true_risk[kept])


def main() -> None:
    """Run the study at full size and write its table and figure."""
    table = run(sizes=(300, 1_000, 5_000), ceiling=50_000, test=10_000, repeats=5, seed=SEED)
    commit = current_commit()
    table.assign(seed=SEED, commit=commit).to_csv(HERE / "ceilings.csv", index=False)
    draw(table).savefig(DOCS / "ceilings.png")
    sys.stdout.write(table.to_string(index=False) + "\n")


def run(*, sizes: Sequence[int], ceiling: int, test: int, repeats: int, seed: int) -> pd.DataFrame:
    """Train on cohorts of several sizes, test all on the same fresh patients.

    Returns
    -------
    DataFrame
        ``landmark_h, model, patients, auroc, low, high``: mean and range over the repeats.
    """
    study = load_demo_study()
    large = list(_pieces(study, ceiling + test, seed=seed))
    results = []
    for place, landmark_h in enumerate(LANDMARKS_H):
        rows = _join(pieces[place] for pieces in large)
        number = rows.vectors["patient"].to_numpy()
        fresh = _take(rows, number >= ceiling)
        training = rows.first(ceiling)
        results.append((landmark_h, "true risk", 0, [_auroc(fresh.event, fresh.true_risk)]))
        results.append((landmark_h, "ceiling", ceiling, [_fit_and_test(training, fresh, ceiling)]))
        for size in sizes:
            cohorts = [_nth(training, size, repeat) for repeat in range(repeats)]
            scores = [_fit_and_test(cohort, fresh, size) for cohort in cohorts]
            results.append((landmark_h, "model", size, scores))
    return pd.DataFrame(
        [(at, model, n, np.mean(s), min(s), max(s)) for at, model, n, s in results],
        columns=["landmark_h", "model", "patients", "auroc", "low", "high"],
    )


def _pieces(study: Study, patients: int, *, seed: int) -> Iterator[list[Rows]]:
    specification: FeatureSpecification | None = None
    for start in range(0, patients, PIECE):
        piece = simulate(
            min(PIECE, patients - start),
            seed=seed,
            landmarks_h=LANDMARKS_H,
            horizon_h=HORIZON_H,
            first_patient=start,
        )
        if specification is None:
            specification = specify_features(study, piece.cohort)
        vectors = build_features(piece.cohort, specification, LANDMARKS_H)
        outcomes = demo_outcomes(piece.cohort, LANDMARKS_H, horizon_h=HORIZON_H)
        yield [
            _at(vectors, outcomes, piece.truth.risks, landmark_h=h, start=start)
            for h in LANDMARKS_H
        ]


def _at(
    vectors: pd.DataFrame,
    outcomes: pd.DataFrame,
    risks: pd.DataFrame,
    *,
    landmark_h: float,
    start: int,
) -> Rows:
    here = vectors.xs(landmark_h, level="landmark_h")
    here = here.assign(patient=start + np.arange(len(here)))
    known = outcomes[outcomes["landmark_h"] == landmark_h].set_index("episode_id")["event"].dropna()
    truth = risks[risks["landmark_h"] == landmark_h].set_index("episode_id")["true_risk"]
    kept = here.loc[known.index]
    return Rows(kept, known.to_numpy(int), truth.reindex(known.index).to_numpy(float))


def _join(parts: Iterator[Rows]) -> Rows:
    listed = list(parts)
    return Rows(
        pd.concat([part.vectors for part in listed]),
        np.concatenate([part.event for part in listed]),
        np.concatenate([part.true_risk for part in listed]),
    )


def _take(rows: Rows, kept: np.ndarray) -> Rows:
    return replace(
        rows, vectors=rows.vectors[kept], event=rows.event[kept], true_risk=rows.true_risk[kept]
    )


def _nth(rows: Rows, size: int, repeat: int) -> Rows:
    number = rows.vectors["patient"].to_numpy()
    return _take(rows, (number >= repeat * size) & (number < (repeat + 1) * size))


def _fit_and_test(training: Rows, fresh: Rows, size: int) -> float:
    settings = SETTINGS[min(SETTINGS, key=lambda known: abs(known - size))]
    model = BoostedTrees(**settings, seed=SEED % 1_000)
    model.fit(training.vectors.drop(columns="patient"), training.event)
    return _auroc(fresh.event, model.margin(fresh.vectors.drop(columns="patient")))


def _auroc(event: np.ndarray, score: np.ndarray) -> float:
    known = np.isfinite(score)
    return float(roc_auc_score(event[known], score[known]))


def draw(table: pd.DataFrame) -> Figure:
    """Draw AUROC against the size of the training cohort, a panel per landmark."""
    figure = Figure(figsize=(9, 2.9), dpi=130, layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(1, table["landmark_h"].nunique(), sharey=True)
    for axes, (landmark_h, group) in zip(panels, table.groupby("landmark_h"), strict=True):
        models = group[group["model"] == "model"]
        spread = [models["auroc"] - models["low"], models["high"] - models["auroc"]]
        axes.errorbar(models["patients"], models["auroc"], spread, marker="o", color="#1f4b7a")
        for name, style in {"true risk": ":", "ceiling": "--"}.items():
            row = group[group["model"] == name].iloc[0]
            words = f"{row['patients']:,} patients" if name == "ceiling" else name
            axes.axhline(row["auroc"], color="#1a1e24", linestyle=style, linewidth=1)
            axes.text(models["patients"].min(), row["auroc"], words, fontsize=7, va="bottom")
        axes.set_xscale("log")
        axes.set_xticks(models["patients"], [f"{n:,}" for n in models["patients"]], fontsize=8)
        axes.minorticks_off()
        axes.set_title(f"landmark {landmark_h:g} h", fontsize=9, loc="left")
        axes.set_xlabel("patients", fontsize=8)
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("AUROC on fresh patients")
    figure.supxlabel(
        "Synthetic patients: no evidence about real ones.", fontsize=7, x=0.01, ha="left"
    )
    return figure


if __name__ == "__main__":
    main()

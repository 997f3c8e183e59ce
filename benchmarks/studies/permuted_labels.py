"""What whole pipelines make of outcomes that were given to the wrong patients.

The mean AUROC must be 0.5, columns chosen and risks calibrated anew each time. Compared inside
folds it is; pooled over folds it is not, because a fold with many events leaves few for training.
A pipeline may refuse to let out a model: all patients of that fold then get the same risk.

Run: ``python benchmarks/studies/permuted_labels.py``. Writes ``permuted_labels.csv`` beside this
file, with the seed and the commit. Synthetic: no evidence about patients.
"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from committed import current_commit
from icans_risk.evaluation import METRICS
from icans_risk.evaluation.audit import AuditRows
from icans_risk.evaluation.audit import rows as audited
from icans_risk.evaluation.audit.permuted import permute_by_patient
from icans_risk.evaluation.audit.runs import Pipeline, Run
from icans_risk.evaluation.resampling import FitPredict
from icans_risk.models import BoostedTrees
from icans_risk.models.calibrated import CalibratedModel
from icans_risk.models.selection import budget_for
from planted_leaks import PATIENTS, SCENES, SETTINGS, prepare

HERE = Path(__file__).parent
# Far from the seeds on which the rules were chosen.
SEED = 67_000_000


def main() -> None:
    """Run the study at full size and write its table."""
    table = run(permutations=200, seed=SEED)
    commit = current_commit()
    table.assign(seed=SEED, commit=commit).to_csv(HERE / "permuted_labels.csv", index=False)
    sys.stdout.write(table.to_string(index=False) + "\n")


def run(
    *,
    permutations: int,
    seed: int,
    patients: int = PATIENTS,
    pipelines: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Permute the outcomes of one cohort, by patient, and cross-validate each pipeline.

    Returns
    -------
    DataFrame
        ``pipeline, patients, events, permutations, mean, sd, low, high`` of the AUROC inside
        folds, ``pooled_mean`` of the one over folds, ``refused`` (share of the fits), the
        model's own ``model_auroc`` and its ``p_value``.
    """
    scene = SCENES["nothing, ordering by protocol"](patients, seed)
    inputs = prepare(scene, seed=seed)
    subject = audited.prepare(*inputs, repeats=1)
    lines = []
    for name in PIPELINES if pipelines is None else pipelines:
        pipeline = Pipeline(_refit(PIPELINES[name]), seed, lambda: None)
        model = pipeline.run(subject).auroc().estimate
        generators = np.random.default_rng(seed).spawn(permutations)
        runs = [pipeline.run(subject, permute_by_patient(subject.rows, g)) for g in generators]
        inside = np.array([run.auroc().estimate for run in runs])
        lines.append(
            {
                "pipeline": name,
                "patients": subject.rows.event.size,
                "events": int(subject.rows.event.sum()),
                "permutations": permutations,
                "mean": inside.mean(),
                "sd": inside.std(ddof=1),
                "low": np.quantile(inside, 0.025),
                "high": np.quantile(inside, 0.975),
                "pooled_mean": np.mean([_pooled(run) for run in runs]),
                "refused": np.mean([run.refused / run.fits for run in runs]),
                "model_auroc": model,
                "p_value": (1 + (inside >= model).sum()) / (1 + permutations),
            }
        )
        sys.stderr.write(f"{name}: {permutations} permutations\n")
    return pd.DataFrame(lines).round(4)


def _pooled(run: Run) -> float:
    return METRICS["auroc"](run.rows.event[run.place], run.risk, run.rows.weight[run.place])


def _refit(make: Callable[[int, int], object]) -> Callable[[AuditRows], FitPredict]:
    def refit(rows: AuditRows) -> FitPredict:
        def fit_predict(train: np.ndarray, test: np.ndarray, seed: int) -> np.ndarray:
            model = make(int(rows.event[train].sum()), seed)
            model.fit(
                rows.vectors.iloc[train],
                rows.event[train],
                rows.weight[train],
                groups=rows.patient[train],
            )
            return model.predict_proba(rows.vectors.iloc[test])[:, 1]

        return fit_predict

    return refit


PIPELINES: dict[str, Callable[[int, int], object]] = {
    "booster": lambda _, seed: BoostedTrees(**SETTINGS, seed=seed),
    "booster, columns selected, calibrated": lambda events, seed: CalibratedModel(
        BoostedTrees(**SETTINGS, seed=seed), budget=budget_for(events), seed=seed
    ),
}


if __name__ == "__main__":
    main()

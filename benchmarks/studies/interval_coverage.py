"""How often intervals hold what they are intervals for, in cohorts of 150 synthetic patients.

Three questions, asked of cohorts that share no patient:

- *fixed predictions*: a model that was fitted to other patients judges each cohort. Its AUROC,
  slope and the rest are known, from all patients. A 95 % interval should hold them in 95 %.
- *cross-validation*: a model is fitted to each cohort, and its held-out risks get an interval as
  if they were fixed. Two truths: what that very model does on fresh patients, and what models of
  such cohorts do on average.
- *bootstrap*: apparent, optimism-corrected, out-of-bag and .632+ AUROC less that of the model on
  fresh patients: the mean of it is the bias.

Run: ``python benchmarks/studies/interval_coverage.py [FOLDER]``; FOLDER keeps the simulated
patients. Writes ``interval_coverage.csv`` and ``optimism_bias.csv`` beside this file, with the seed
and the commit. Synthetic: no evidence about patients.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from committed import current_commit
from icans_risk.evaluation import (
    METRICS,
    bootstrap_interval,
    cross_validate,
    delong_interval,
    metric_interval,
    optimism_corrected,
    rebuild,
    threshold_table,
)
from icans_risk.models import make_model
from icans_risk.splits import repeated_grouped_folds
from model_arms import ARMS, boosted_trees
from size_populations import Rows, load_rows

HERE = Path(__file__).parent
SEED = 6_800_000
TRAINING, PATIENTS, COHORTS, FRESH = 1_000, 150, 300, 8_000
THRESHOLD = 0.2
MODELS: Mapping[str, Callable[[], Any]] = {
    "elastic net": lambda: make_model("elastic_net"),
    "boosted trees": boosted_trees,
}


@dataclass(frozen=True)
class Told:
    """An interval of one cohort, and what it should hold."""

    risks: str
    figure: str
    interval: str
    truth: str
    true: float
    estimate: float
    low: float
    high: float


def main() -> None:
    """Run the study at full size and write its tables."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    rows = load_rows("interactions", TRAINING + COHORTS * PATIENTS + FRESH, seed=SEED, cache=folder)
    commit = current_commit()
    covered = fixed_predictions(rows, cohorts=COHORTS)
    for name in MODELS:
        refitted, bias = refitted_models(rows, name, cohorts=COHORTS)
        covered = pd.concat([covered, refitted], ignore_index=True)
        _write("interval_coverage.csv", covered, commit=commit)
        _write("optimism_bias.csv", bias, commit=commit, append=name != next(iter(MODELS)))


def _write(name: str, table: pd.DataFrame, *, commit: str, append: bool = False) -> None:
    kept = [pd.read_csv(HERE / name, dtype={"commit": str})] if append else []
    table = table.assign(patients=PATIENTS, seed=SEED, commit=commit)
    pd.concat([*kept, table], ignore_index=True).to_csv(HERE / name, index=False)
    sys.stdout.write(table.to_string(index=False) + "\n")


def fixed_predictions(rows: Rows, *, cohorts: int, resamples: int = 1_000) -> pd.DataFrame:
    """Judge cohorts by a model of other patients, and count intervals that hold the truth.

    Parameters
    ----------
    rows : Rows
        The first 1,000 train the model, 150 after them are a cohort, and so on.
    cohorts : int
        How many.
    resamples : int
        Of each bootstrap.

    Returns
    -------
    DataFrame
        As ``count_covered`` makes it.
    """
    X = ARMS[0].columns_of(rows.X)
    model = make_model("elastic_net").fit(X[:TRAINING], rows.event[:TRAINING])
    risk = expit(model.margin(X))
    told: list[Told] = []
    rest = slice(TRAINING, None)
    true = {name: f(rows.event[rest], risk[rest], None) for name, f in METRICS.items()}
    at = _at_threshold(rows.event[rest], risk[rest])
    for k in range(cohorts):
        mine = _cohort(k)
        told += _fixed(rows.event[mine], risk[mine], true, resamples=resamples, seed=SEED + k)
        told += _thresholds(rows.event[mine], risk[mine], at)
    return count_covered(told)


def _cohort(k: int) -> slice:
    return slice(TRAINING + k * PATIENTS, TRAINING + (k + 1) * PATIENTS)


def _fixed(
    event: np.ndarray, risk: np.ndarray, true: Mapping[str, float], *, resamples: int, seed: int
) -> Iterator[Told]:
    label = ("fixed predictions",)
    patients = np.arange(event.size)
    for name, metric in METRICS.items():
        found = bootstrap_interval(
            metric, event, risk, groups=patients, resamples=resamples, seed=seed
        )
        ends = found.estimate, found.low, found.high
        yield Told(*label, name, "bootstrap", "all patients", true[name], *ends)
    for name, interval in (("auroc", "DeLong"), ("average_precision", "Boyd")):
        closed = metric_interval(name, event, risk, groups=patients, seed=seed)
        ends = closed.estimate, closed.low, closed.high
        yield Told(*label, name, interval, "all patients", true[name], *ends)


def _at_threshold(event: np.ndarray, risk: np.ndarray) -> pd.DataFrame:
    table = threshold_table(
        event, risk, thresholds=[THRESHOLD], groups=np.arange(event.size), resamples=2, seed=0
    )
    return table.set_index("measure")[["estimate", "low", "high"]]


def _thresholds(event: np.ndarray, risk: np.ndarray, true: pd.DataFrame) -> Iterator[Told]:
    for name, ends in _at_threshold(event, risk).iterrows():
        label = ("fixed predictions", f"{name} at {THRESHOLD:g}", "Wilson", "all patients")
        yield Told(*label, true.loc[name, "estimate"], *ends)


def refitted_models(
    rows: Rows, name: str, *, cohorts: int, rebuilds: int = 50, resamples: int = 500
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Fit and validate a model in each cohort, and ask fresh patients what it is worth.

    Parameters
    ----------
    rows : Rows
        As for ``fixed_predictions``; the last 8,000, or what is left, are the fresh patients.
    name : str
        The model.
    cohorts : int
        How many.
    rebuilds, resamples : int
        Bootstraps of the pipeline, and of held-out risks.

    Returns
    -------
    tuple of DataFrame
        Coverage, as ``count_covered`` makes it; and for each kind of estimate of the AUROC its
        ``bias``, the ``sd`` of its error and the mean AUROC on ``fresh`` patients.
    """
    X = ARMS[0].columns_of(rows.X)
    fresh = slice(max(TRAINING + cohorts * PATIENTS, len(X) - FRESH), None)
    told, errors = [], []
    for k in range(cohorts):
        mine = _cohort(k)
        model = MODELS[name]().fit(X[mine], rows.event[mine])
        worth = METRICS["auroc"](rows.event[fresh], expit(model.margin(X[fresh])), None)
        mine_rows = Rows(X[mine], rows.event[mine], rows.true_risk[mine])
        told.append((worth, *_cross_validated(mine_rows, name, resamples=resamples, seed=k)))
        errors.append(_bootstrapped(mine_rows, name, rebuilds=rebuilds, seed=k) - worth)
        sys.stderr.write(f"\r{name}: {k + 1} of {cohorts}")
    sys.stderr.write("\n")
    mean = float(np.mean([worth for worth, *_ in told]))
    table = count_covered(_held_out(told, name, mean))
    error = pd.DataFrame(errors)
    bias = pd.DataFrame({"bias": error.mean(), "sd": error.std(), "estimable": error.count()})
    bias.insert(0, "model", name)
    bias = bias.rename_axis("estimate").reset_index().assign(fresh=mean, rebuilds=rebuilds)
    return table, bias.round(4)


def _cross_validated(rows: Rows, name: str, *, resamples: int, seed: int) -> tuple[Any, Any]:
    patients = np.arange(rows.event.size)
    splits = repeated_grouped_folds(rows.event, patients, folds=5, repeats=1, seed=seed)
    risk = cross_validate(_fit_predict(rows, name), splits, n_rows=patients.size, seed=seed)[0]
    drawn = bootstrap_interval(
        METRICS["auroc"], rows.event, risk, groups=patients, resamples=resamples, seed=seed
    )
    return delong_interval(rows.event, risk, groups=patients), drawn


def _held_out(told: list[Any], name: str, mean: float) -> Iterator[Told]:
    for worth, closed, drawn in told:
        for kind, found in (("DeLong", closed), ("bootstrap", drawn)):
            for truth, true in (("this model, fresh patients", worth), ("mean of models", mean)):
                ends = found.estimate, found.low, found.high
                yield Told(f"cross-validated {name}", "auroc", kind, truth, true, *ends)


def _bootstrapped(rows: Rows, name: str, *, rebuilds: int, seed: int) -> pd.Series:
    patients = np.arange(rows.event.size)
    rebuilt = rebuild(_fit_predict(rows, name), groups=patients, rebuilds=rebuilds, seed=seed)
    found = optimism_corrected(METRICS["auroc"], rows.event, rebuilt, no_information=0.5)
    return pd.Series(
        {
            "apparent": found.apparent,
            "optimism-corrected": found.corrected,
            "out of bag": found.out_of_bag,
            ".632+": found.point632plus,
        }
    )


def _fit_predict(rows: Rows, name: str) -> Callable[[np.ndarray, np.ndarray, int], np.ndarray]:
    def fit_predict(train: np.ndarray, test: np.ndarray, _: int) -> np.ndarray:
        model = MODELS[name]().fit(rows.X.iloc[train], rows.event[train])
        return expit(model.margin(rows.X.iloc[test]))

    return fit_predict


def count_covered(told: Iterator[Told] | list[Told]) -> pd.DataFrame:
    """Count how many intervals hold their truth.

    Returns
    -------
    DataFrame
        For each of ``risks, figure, interval, truth``: ``cohorts`` with an interval, the mean
        ``true`` value and ``estimate``, and the shares ``covered``, ``too_low`` (the whole
        interval lies below the truth) and ``too_high``.
    """
    table = pd.DataFrame(list(told)).dropna()
    table["too_low"] = table["high"] < table["true"]
    table["too_high"] = table["low"] > table["true"]
    table["covered"] = ~(table["too_low"] | table["too_high"])
    by = ["risks", "figure", "interval", "truth"]
    figures = {"cohorts": ("true", "size"), "true": ("true", "mean")}
    figures |= {name: (name, "mean") for name in ("estimate", "covered", "too_low", "too_high")}
    return table.groupby(by, sort=False, as_index=False).agg(**figures).round(4)


if __name__ == "__main__":
    main()

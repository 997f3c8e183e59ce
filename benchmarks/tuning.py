"""Time a nested tuning against the same work done plainly, in one run.

Run: ``python benchmarks/tuning.py [rows] [columns] [plain trials]``. The cohort is drawn
from a formula. Ours: 5 outer folds, 50 trials on 5 inner folds each. Plainly: the first
outer fold alone, so many trials (10 by default) of ``cross_val_score`` of an
``XGBClassifier`` with its default threads and bins, the number of rounds drawn like the
other settings; its seconds are multiplied to 5 outer folds of 50 trials. The ratio is what
counts, the seconds belong to the machine. Both then judge their choice on the first outer
fold's test rows.
"""

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import optuna
from numpy.typing import NDArray
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold, cross_val_score
from xgboost import XGBClassifier

from icans_risk.models import BoostedTrees
from icans_risk.models.search_space import SEARCH_SPACE
from icans_risk.models.tuning import tune
from icans_risk.splits import Split, repeated_grouped_folds

TRIALS = 50
FOLDS = 5

Rows = NDArray[np.float32]
Events = NDArray[np.int64]


def draw_cohort(rows: int, columns: int, *, seed: int) -> tuple[Rows, Events]:
    """Draw columns that share 20 causes, half of the cells missing; a fifth has the event."""
    generator = np.random.default_rng(seed)
    causes = generator.normal(size=(rows, 20))
    X = 0.7 * causes[:, generator.integers(0, 20, columns)] + 0.7 * generator.normal(
        size=(rows, columns)
    )
    margin = X[:, :6] @ np.array([1.2, 1.0, 0.8, 0.7, 0.6, 0.5])
    risk = 1 / (1 + np.exp(-1.5 * (margin - np.quantile(margin, 0.8))))
    event = (generator.random(rows) < risk).astype(np.int64)
    X[generator.random(X.shape) < 0.5] = np.nan
    return X.astype(np.float32), event


def tune_nested(X: Rows, y: Events, outer: list[Split]) -> float:
    """Tune inside each outer fold, two at a time; return the loss on the first one's test."""

    def tune_fold(split: Split) -> BoostedTrees:
        result = tune(BoostedTrees(), X[split.train], y[split.train], n_trials=TRIALS)
        model = BoostedTrees(**result.best_parameters)
        return model.fit(X[split.train], y[split.train])

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        models = list(pool.map(tune_fold, outer))
    test = outer[0].test
    return float(log_loss(y[test], models[0].predict_proba(X[test])[:, 1]))


def tune_plainly(X: Rows, y: Events, split: Split, *, trials: int) -> float:
    """Tune as a tutorial would; return the loss on the test rows."""

    def score(trial: optuna.Trial) -> float:
        model = XGBClassifier(
            n_estimators=trial.suggest_int("n_estimators", 20, 300),
            max_depth=trial.suggest_int("max_depth", 1, 4),
            subsample=trial.suggest_float("subsample", 0.5, 1.0),
            colsample_bytree=trial.suggest_float("colsample_bytree", 0.1, 1.0, log=True),
            **{
                name: trial.suggest_float(
                    name, SEARCH_SPACE[name].low, SEARCH_SPACE[name].high, log=True
                )
                for name in ("learning_rate", "min_child_weight", "reg_lambda")
            },
        )
        folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
        scores = cross_val_score(
            model, X[split.train], y[split.train], cv=folds, scoring="neg_log_loss"
        )
        return float(scores.mean())

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=0))
    study.optimize(score, n_trials=trials)
    model = XGBClassifier(**study.best_params).fit(X[split.train], y[split.train])
    return float(log_loss(y[split.test], model.predict_proba(X[split.test])[:, 1]))


def main(rows: int, columns: int, plain_trials: int) -> None:
    """Time both and print the ratio."""
    X, y = draw_cohort(rows, columns, seed=1)
    outer = repeated_grouped_folds(y, np.arange(rows), folds=FOLDS, repeats=1, seed=1)
    start = time.perf_counter()
    ours = tune_nested(X, y, outer)
    seconds = time.perf_counter() - start
    start = time.perf_counter()
    plain = tune_plainly(X, y, outer[0], trials=plain_trials)
    plain_seconds = (time.perf_counter() - start) * FOLDS * TRIALS / plain_trials
    sys.stdout.write(
        f"{rows} rows, {int(y.sum())} events, {columns} columns, {FOLDS} outer folds of {TRIALS} "
        f"trials on {FOLDS} inner folds, {os.cpu_count()} cores\n"
        f"ours {seconds:.0f} s; plainly {plain_seconds:.0f} s, from {plain_trials} trials of one "
        f"outer fold; {plain_seconds / seconds:.1f} times as fast\n"
        f"log loss on the first outer fold: ours {ours:.3f}, plainly {plain:.3f} after "
        f"{plain_trials} trials, prevalence alone {log_loss(y, np.full(rows, y.mean())):.3f}\n"
    )


if __name__ == "__main__":
    given = [int(argument) for argument in sys.argv[1:]]
    main(*given, *(300, 500, 10)[len(given) :])

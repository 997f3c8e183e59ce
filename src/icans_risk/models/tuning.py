"""Choosing the booster's settings on inner folds: Optuna, resumable, the same every time."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import optuna
from numpy.typing import ArrayLike
from optuna.trial import TrialState

from icans_risk.errors import IcansRiskError
from icans_risk.models.booster import BoostedTrees
from icans_risk.models.search_space import describe_space, starting_point
from icans_risk.models.tuning_folds import InnerFolds
from icans_risk.models.tuning_journal import open_study
from icans_risk.models.tuning_result import (
    TuningProgress,
    TuningResult,
    best_trial,
    progress_of,
    result_of,
)
from icans_risk.models.tuning_trial import TrialRun

__all__ = ["TuningProgress", "TuningResult", "tune"]


def tune(
    model: BoostedTrees,
    X: Any,
    y: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    n_trials: int = 50,
    folds: int = 5,
    seed: int = 0,
    workers: int = 1,
    journal: Path | None = None,
    progress: Callable[[TuningProgress], None] | None = None,
) -> TuningResult:
    """Choose the settings of boosted trees by their log loss on inner folds.

    Trial 0 is the model as it stands, to its number of rounds, and is never given up, so
    that what is chosen was at least as good. Every later trial draws its settings by a
    tree-structured Parzen estimator [1]_ and takes the number of rounds with the least
    loss over all folds. A trial is given up when each of its first two folds, or more, was
    worse than in the best trial so far.

    Equal rows, in any order, settings and seed give equal results, whatever the number of
    workers, and also where a run was killed and went on from its journal. Where several
    processes share a journal, each finds other trials finished, and only the first ten
    trials are drawn alike every time.

    Parameters
    ----------
    model : BoostedTrees
        Unfitted. Settings that are not searched are kept.
    X : DataFrame or array-like of shape (n_rows, n_columns)
        Training rows; missing is NaN.
    y : array-like of shape (n_rows,)
        Two classes; the greater one is the event.
    sample_weight : array-like of shape (n_rows,), optional
        Weight of each row, in the boosting and in the loss.
    groups : array-like of shape (n_rows,), optional
        The patient of each row; by default each row is its own.
    n_trials : int
        Trials that shall be finished, those given up and those of earlier runs included;
        trials that a killed process left are begun again and not counted.
    folds : int
        Inner folds, by patient and balanced in events.
    seed : int
        Seed of the folds and of the search.
    workers : int
        Threads; each boosts one fold at a time.
    journal : Path, optional
        File that the trials are kept in. A later call goes on from it, and calls from
        other processes or machines share the work, if their file system keeps locks. After
        an interrupt of any kind nothing needs mending.
    progress : callable, optional
        Called at the start and after each trial.

    Returns
    -------
    TuningResult
        The choice, which says nothing about new patients.

    Raises
    ------
    NotEstimableError
        If fewer than two patients have an event, or fewer than two have none.
    IcansRiskError
        If no trial or no worker is asked for, a setting of the model lies outside the
        space, or the journal was begun with other rows, settings, folds, seed or space.

    References
    ----------
    .. [1] Bergstra J, et al. "Algorithms for hyper-parameter optimization." Adv Neural Inf
       Process Syst 2011;24:2546-2554.
    """
    if n_trials < 1 or workers < 1:
        raise IcansRiskError(
            f"Tuning needs at least 1 trial and 1 worker, got n_trials={n_trials} and "
            f"workers={workers}. Ask for more."
        )
    start = starting_point(model.get_params())
    # A model that stops by itself has no number of rounds to begin with.
    rounds = model.rounds if model.early_stopping_rounds is None else None
    inner = InnerFolds.cut(
        model, X, y, sample_weight=sample_weight, groups=groups, folds=folds, seed=seed
    )
    contract = _contract(model, inner, folds=folds, seed=seed)
    tell = progress or (lambda _: None)
    with open_study(journal, contract) as shared, ThreadPoolExecutor(workers) as pool:
        tell(progress_of(shared.finished(n_trials), total=n_trials))
        for number, trial in shared.claim(n_trials, start=start, seed=seed):
            run = TrialRun(
                trial=trial,
                boosting=inner.boosting(trial.params),
                rounds=rounds if number == 0 else None,
                rival=best_trial(shared.finished(n_trials)) if number > 0 else None,
                folds=inner.folds,
                pool=pool,
            )
            _finish(shared.study, run)
            tell(progress_of(shared.finished(n_trials), total=n_trials))
        return result_of(shared.finished(n_trials))


def _contract(model: BoostedTrees, inner: InnerFolds, *, folds: int, seed: int) -> dict[str, str]:
    """Name what a stored study must share for its trials to compare with new ones."""
    settings = {name: value for name, value in model.get_params().items() if name != "nthread"}
    return {
        "rows": inner.digest,
        "settings of the model": json.dumps(settings, sort_keys=True, default=str),
        "search space": describe_space(),
        "folds or seed": f"{folds} folds, seed {seed}",
    }


def _finish(study: optuna.Study, run: TrialRun) -> None:
    try:
        rounds, loss = run.loss()
    except optuna.TrialPruned:
        study.tell(run.trial, state=TrialState.PRUNED)
    else:
        run.trial.set_user_attr("rounds", rounds)
        study.tell(run.trial, loss)

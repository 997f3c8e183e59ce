"""What a tuning gives back, from the trials that were finished."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import optuna
import pandas as pd
from optuna.importance import FanovaImportanceEvaluator, get_param_importances
from optuna.trial import FrozenTrial, TrialState

from icans_risk.models.search_space import SEARCH_SPACE

__all__ = ["TuningProgress", "TuningResult", "best_trial", "progress_of", "result_of"]

# A forest on fewer trials would only say which settings were drawn.
LEAST_FOR_IMPORTANCE = 10


@dataclass(frozen=True)
class TuningProgress:
    """How far a tuning is.

    Attributes
    ----------
    finished, total : int
        Trials, those of other processes and of earlier runs included.
    best_loss : float or None
        Least inner log loss so far; None before the first.
    """

    finished: int
    total: int
    best_loss: float | None


@dataclass(frozen=True)
class TuningResult:
    """What a tuning chose, and everything that it tried.

    The losses are of the folds that the settings were chosen on, the best of many: they
    rank trials, and say nothing about new patients. For that, tune anew inside each outer
    training fold and judge the outer test folds.

    Attributes
    ----------
    best_parameters : dict of str to object
        For ``BoostedTrees.set_params``, the number of rounds among them.
    trials : DataFrame
        A row for each trial: ``number``, ``state`` (complete or pruned), ``loss`` (missing
        where pruned), ``rounds``, ``folds`` that were judged, ``seconds``, and its settings.
    importance : dict of str to float
        Share of the variance of the loss that each setting explains (fANOVA), greatest
        first; empty below ten complete trials.
    n_trials, n_pruned : int
        Finished trials, and how many of them were given up before their last fold.
    """

    best_parameters: dict[str, Any]
    trials: pd.DataFrame
    importance: dict[str, float]
    n_trials: int
    n_pruned: int


def best_trial(trials: Iterable[FrozenTrial]) -> FrozenTrial | None:
    """Return the complete trial of least loss, the earlier of equals, or None."""
    return min(_complete(trials), key=_by_loss, default=None)


def progress_of(finished: Sequence[FrozenTrial], *, total: int) -> TuningProgress:
    """Say how far the tuning is."""
    best = best_trial(finished)
    return TuningProgress(len(finished), total, None if best is None else _by_loss(best)[0])


def result_of(finished: Sequence[FrozenTrial]) -> TuningResult:
    """Choose among finished trials, of which number 0 is complete."""
    complete = _complete(finished)
    best = min(complete, key=_by_loss)
    return TuningResult(
        best_parameters={
            **best.params,
            "rounds": best.user_attrs["rounds"],
            "early_stopping_rounds": None,
        },
        trials=pd.DataFrame([_row(trial) for trial in finished]).astype({"rounds": "Int64"}),
        importance=_importance(complete),
        n_trials=len(finished),
        n_pruned=len(finished) - len(complete),
    )


def _complete(trials: Iterable[FrozenTrial]) -> list[FrozenTrial]:
    return [trial for trial in trials if trial.state == TrialState.COMPLETE]


def _by_loss(trial: FrozenTrial) -> tuple[float, int]:
    return float(trial.values[0]), int(trial.user_attrs["number"])


def _row(trial: FrozenTrial) -> dict[str, Any]:
    is_complete = trial.state == TrialState.COMPLETE
    duration = trial.duration
    return {
        "number": trial.user_attrs["number"],
        "state": trial.state.name.lower(),
        "loss": trial.values[0] if is_complete else math.nan,
        "rounds": trial.user_attrs.get("rounds"),
        "folds": len(trial.intermediate_values),
        "seconds": math.nan if duration is None else duration.total_seconds(),
        **trial.params,
    }


def _importance(complete: Sequence[FrozenTrial]) -> dict[str, float]:
    if len({trial.values[0] for trial in complete}) < LEAST_FOR_IMPORTANCE:
        return {}
    study = optuna.create_study()
    study.add_trials(complete)
    shares = get_param_importances(
        study, evaluator=FanovaImportanceEvaluator(seed=0), params=list(SEARCH_SPACE)
    )
    return {name: float(share) for name, share in shares.items()}

"""One trial of a tuning: settings that are judged fold by fold, and may be given up."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from threading import Event

import numpy as np
import optuna
from optuna.trial import FrozenTrial

from icans_risk.models.boosting import Boosting
from icans_risk.models.tuning_folds import Curve, Fold, best_round

__all__ = ["TrialRun"]

# Of 245 trials on five drawn cohorts two folds gave 114 up, 2 of them wrongly. One fold gave
# up 197, and what was chosen then was worse.
FOLDS_BEFORE_PRUNING = 2


@dataclass(frozen=True, eq=False)
class TrialRun:
    """One trial on its way through the folds.

    Attributes
    ----------
    trial : optuna.Trial
        Takes the losses as they come.
    boosting : Boosting
        With the settings that were drawn for the trial.
    rounds : int or None
        How many, or as many as turn out best.
    rival : FrozenTrial or None
        The trial to beat; None judges every fold, come what may.
    folds : sequence of Fold
        In the order in which they are judged.
    pool : ThreadPoolExecutor
        Boosts the folds.
    """

    trial: optuna.Trial
    boosting: Boosting
    rounds: int | None
    rival: FrozenTrial | None
    folds: Sequence[Fold]
    pool: ThreadPoolExecutor

    def loss(self) -> tuple[int, float]:
        """Return the number of rounds and the log loss over all folds after them.

        Raises
        ------
        optuna.TrialPruned
            If each fold so far, and at least two, was worse than in the trial to beat.
        """
        curves: list[Curve] = []
        with self._boosting() as futures:
            for number, future in enumerate(futures):
                curves.append(future.result())
                self.trial.report(float(curves[-1].min()), number)
                if self._is_hopeless(curves):
                    raise optuna.TrialPruned
        weights = [fold.weight for fold in self.folds]
        rounds = self.rounds or best_round(curves, weights)
        losses = self._losses_after(rounds, curves)
        return rounds, float(np.average(losses, weights=weights))

    @contextmanager
    def _boosting(self) -> Iterator[list[Future[Curve]]]:
        """Boost the folds side by side; end those that nobody waits for any more."""
        stop = Event()
        boost = partial(Fold.curve, boosting=self.boosting, rounds=self.rounds, stop=stop)
        futures = [self.pool.submit(boost, fold) for fold in self.folds]
        try:
            yield futures
        finally:
            stop.set()
            for future in futures:
                future.cancel()

    def _is_hopeless(self, curves: Sequence[Curve]) -> bool:
        # With fewer folds nothing is sound, and with all of them nothing is left to save.
        if self.rival is None or not FOLDS_BEFORE_PRUNING <= len(curves) < len(self.folds):
            return False
        best = self.rival.intermediate_values
        return all(curve.min() > best[number] for number, curve in enumerate(curves))

    def _losses_after(self, rounds: int, curves: Sequence[Curve]) -> list[float]:
        """Return each fold's loss after so many rounds, which some curves ended before."""
        boost = partial(Fold.curve, boosting=self.boosting, rounds=rounds, stop=Event())
        short = [k for k, curve in enumerate(curves) if len(curve) < rounds]
        again = dict(zip(short, self.pool.map(boost, [self.folds[k] for k in short]), strict=True))
        return [float(again.get(k, curve)[rounds - 1]) for k, curve in enumerate(curves)]

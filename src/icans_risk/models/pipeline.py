"""The whole way from training rows to a calibrated model, as one thing with settings."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from icans_risk.errors import IcansRiskError
from icans_risk.models import make_model
from icans_risk.models.calibrated import CalibratedModel
from icans_risk.models.calibration import CalibrationMethod
from icans_risk.models.dropout import ModalityDropout
from icans_risk.models.fusion import Fusion, fuse
from icans_risk.models.selection import budget_for
from icans_risk.models.tuning import TuningProgress, TuningResult, tune

__all__ = ["FittedPipeline", "Pipeline", "Tuning"]

_ONLY_TREES = "booster"


@dataclass(frozen=True, kw_only=True)
class Tuning:
    """How settings are searched.

    Attributes
    ----------
    trials : int
        Trials, those given up included.
    folds : int
        Inner folds on which a trial is judged.
    """

    trials: int = 50
    folds: int = 5


@dataclass(frozen=True)
class FittedPipeline:
    """A calibrated model, and how its settings were chosen.

    Attributes
    ----------
    model : CalibratedModel
        Fitted.
    tuning : TuningResult or None
        None where settings were given.
    """

    model: CalibratedModel
    tuning: TuningResult | None = None


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """Tuning, selection of columns, fusion of modalities, fit and calibration.

    Everything that is learnt from rows is learnt in ``fit``, so that a fold that is held out
    is held out of all of it.

    Attributes
    ----------
    model : str
        A name in ``MODELS``.
    settings : mapping
        Settings of the model.
    fusion : {"early", "late"}
        One model for all columns, or one for each modality.
    dropout : float
        Chance of a modality to be left out of a copy of a training row; 0 makes no copies.
    budget : int or "auto", optional
        Most columns; ``"auto"`` asks ``budget_for``; by default the model sees all.
    calibration : {"auto", "none", "intercept", "intercept_and_slope"}
        As of ``fit_logit_calibration``.
    folds : int
        Inner folds of the calibration.
    tuning : Tuning, optional
        Search the settings of boosted trees first.

    Raises
    ------
    IcansRiskError
        If something else than boosted trees is to be tuned.
    """

    model: str = "booster"
    settings: Mapping[str, Any] = field(default_factory=dict)
    fusion: Fusion = "early"
    dropout: float = 0.0
    budget: int | Literal["auto"] | None = None
    calibration: CalibrationMethod | Literal["auto"] = "auto"
    folds: int = 10
    tuning: Tuning | None = None

    def __post_init__(self) -> None:
        if self.tuning is not None and self.model != _ONLY_TREES:
            raise IcansRiskError(
                f"tuning searches the settings of boosted trees, got the model {self.model!r}. "
                "Leave tuning out, or tune the booster."
            )

    def unfitted(
        self, *, events: int, seed: int, chosen: Mapping[str, Any] | None = None
    ) -> CalibratedModel:
        """Return the model with its calibration around it, ready to be fitted.

        Parameters
        ----------
        events : int
            Patients with the rarer outcome, for ``budget="auto"``.
        seed : int
            Seed of everything that is drawn.
        chosen : mapping, optional
            Settings that a tuning chose, in the place of those given.
        """
        base = self._base(seed, chosen or {})
        if self.dropout:
            base = ModalityDropout(base, rate=self.dropout, seed=seed)
        return CalibratedModel(
            fuse(base, self.fusion, **({"seed": seed} if self.fusion == "late" else {})),
            folds=self.folds,
            budget=budget_for(events) if self.budget == "auto" else self.budget,
            seed=seed,
            calibration=self.calibration,
        )

    def fit(
        self,
        X: Any,
        y: NDArray[np.int64],
        *,
        sample_weight: ArrayLike | None = None,
        groups: NDArray[Any],
        seed: int,
        workers: int = 1,
        journal: Path | None = None,
        chosen: Mapping[str, Any] | None = None,
        on_trial: Callable[[TuningProgress], None] | None = None,
    ) -> FittedPipeline:
        """Tune, select, fit and calibrate on training rows.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            Training rows; missing is NaN.
        y : ndarray of shape (n_rows,)
            1 for an event, 0 for none.
        sample_weight : array-like of shape (n_rows,), optional
            Weight of each row.
        groups : ndarray of shape (n_rows,)
            The patient of each row.
        seed : int
            Seed of everything that is drawn.
        chosen : mapping, optional
            Settings that a tuning chose before; nothing is searched then.
        workers, journal, on_trial
            Of ``tune``.

        Returns
        -------
        FittedPipeline
            The model, and the trials.

        Raises
        ------
        NotEstimableError
            If there are too few patients with or without the event.
        NotReleasedError
            If higher margins did not go with more events in held-out patients.
        """
        found = None
        if self.tuning is not None and chosen is None:
            found = self.search(
                X,
                y,
                sample_weight=sample_weight,
                groups=groups,
                seed=seed,
                workers=workers,
                journal=journal,
                on_trial=on_trial,
            )
            chosen = found.best_parameters
        rarer = min(np.unique(groups[y == k].astype(str)).size for k in (0, 1))
        model = self.unfitted(events=rarer, seed=seed, chosen=chosen)
        return FittedPipeline(model.fit(X, y, sample_weight, groups=groups), found)

    def search(
        self,
        X: Any,
        y: ArrayLike,
        *,
        sample_weight: ArrayLike | None = None,
        groups: ArrayLike,
        seed: int,
        workers: int = 1,
        journal: Path | None = None,
        on_trial: Callable[[TuningProgress], None] | None = None,
    ) -> TuningResult:
        """Search the settings of the trees and fit nothing; arguments as for ``fit``."""
        wanted = self.tuning or Tuning()
        return tune(
            self._base(seed, {}),
            X,
            y,
            sample_weight=sample_weight,
            groups=groups,
            n_trials=wanted.trials,
            folds=wanted.folds,
            seed=seed,
            workers=workers,
            journal=journal,
            progress=on_trial,
        )

    def _base(self, seed: int, chosen: Mapping[str, Any]) -> Any:
        base = make_model(self.model, **{**self.settings, **chosen})
        return base.set_params(seed=seed) if "seed" in base.get_params() else base

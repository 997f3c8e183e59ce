"""Which models a study fits, and how each is fitted to some of the rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icans_risk.errors import NotReleasedError
from icans_risk.features import FeatureSpecification
from icans_risk.models import Prevalence, make_model
from icans_risk.models.landmarks import LANDMARK, StackedLandmarks
from icans_risk.models.pipeline import Pipeline, Tuning
from icans_risk.models.tuning import TuningProgress, TuningResult
from icans_risk.study import Study
from icans_risk.study.models import Comparator
from icans_risk.workflow.column_facts import monotone_directions
from icans_risk.workflow.grades_at import CURRENT_GRADES
from icans_risk.workflow.inputs import choose_columns
from icans_risk.workflow.rows import ModelRows

__all__ = ["MAIN", "Fit", "ModelPlan", "model_plans", "stacked_plan"]

# The name of the model that a study develops; the others are there to be beaten.
MAIN = "booster"
# Models that can be over-confident are calibrated; the others are logistic links already.
CALIBRATED = frozenset({"booster", "elastic_net", "explainable"})


@dataclass(frozen=True)
class Fit:
    """A model that was fitted to some of the rows.

    Attributes
    ----------
    model : estimator
        Fitted; the prevalence where no model may be released.
    is_released : bool
        Whether higher risks went with more events in held-out patients.
    tuning : TuningResult or None
        How its settings were chosen.
    name : str
        Which of a study's fits it is: model, landmark, seed and rows.
    """

    model: Any
    is_released: bool = True
    tuning: TuningResult | None = None
    name: str = ""


@dataclass(frozen=True)
class ModelPlan:
    """One model to be validated: what it is and which columns it sees.

    Attributes
    ----------
    name, label : str
        For files, and for pages.
    model : str
        A name in ``MODELS``.
    columns : tuple of str
        What it sees.
    settings : mapping
        Of the model, where there is no pipeline around it.
    pipeline : Pipeline or None
        Tuning, selection, fusion and calibration.
    pool : ModelRows or None
        Rows of all landmarks, for one model of all of them.
    """

    name: str
    label: str
    model: str
    columns: tuple[str, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    pipeline: Pipeline | None = None
    pool: ModelRows | None = None

    def fit(
        self,
        rows: ModelRows,
        *,
        seed: int,
        held_out: NDArray[Any] | None = None,
        workers: int = 1,
        journal: Path | None = None,
        chosen: Mapping[str, Any] | None = None,
        on_trial: Callable[[TuningProgress], None] | None = None,
    ) -> Fit:
        """Fit the model.

        Parameters
        ----------
        rows : ModelRows
            Training rows.
        seed : int
            Seed of everything that is drawn.
        held_out : ndarray, optional
            Patients of whom no row at any landmark may be used.
        chosen : mapping, optional
            Settings that a tuning chose before; nothing is searched then.
        workers, journal, on_trial
            Of a tuning.

        Returns
        -------
        Fit
            With the prevalence for a model, where none may be released.
        """
        if self.pipeline is None:
            model = make_model(self.model, **self.settings)
            return Fit(model.fit(self.table(rows), rows.event, rows.weight))
        table, tuning = self.table(rows), None
        told: dict[str, Any] = {"sample_weight": rows.weight, "groups": rows.patient, "seed": seed}
        try:
            if self.pool is not None:
                return self._fit_pool(self.pipeline, self.pool, held_out, seed=seed)
            if self.pipeline.tuning is not None and chosen is None:
                tuning = self.pipeline.search(
                    table, rows.event, workers=workers, journal=journal, on_trial=on_trial, **told
                )
                chosen = tuning.best_parameters
            model = self.pipeline.fit(table, rows.event, chosen=chosen, **told).model
        except NotReleasedError:
            model = Prevalence().fit(table, rows.event, rows.weight)
            return Fit(model, is_released=False, tuning=tuning)
        return Fit(model, tuning=tuning)

    def table(self, rows: ModelRows) -> pd.DataFrame:
        """Return what the model sees of rows."""
        return rows.table(self.columns)

    def _fit_pool(
        self, pipeline: Pipeline, pool: ModelRows, held_out: NDArray[Any] | None, *, seed: int
    ) -> Fit:
        unseen = np.array([], dtype=str) if held_out is None else held_out.astype(str)
        rows = pool.take(~np.isin(pool.patient.astype(str), unseen))
        rarer = min(np.unique(rows.patient[rows.event == k].astype(str)).size for k in (0, 1))
        model = StackedLandmarks(pipeline.unfitted(events=rarer, seed=seed))
        return Fit(model.fit(self.table(rows), rows.event, rows.weight, groups=rows.patient))


def model_plans(study: Study, specification: FeatureSpecification) -> list[ModelPlan]:
    """List the booster and its comparators, the booster first."""
    columns, wanted = specification.columns, study.models
    directions = monotone_directions(specification) if wanted.monotone == "catalogue" else {}
    main = ModelPlan(
        MAIN,
        "Gradient-boosted trees",
        "booster",
        columns,
        settings=wanted.booster.model_dump(),
        pipeline=Pipeline(
            settings=_booster_settings(study, directions, columns),
            fusion=wanted.fusion,
            dropout=wanted.modality_dropout,
            budget=wanted.budget,
            calibration=wanted.calibration,
            folds=wanted.calibration_folds,
            tuning=None if wanted.tuning is None else Tuning(**wanted.tuning.model_dump()),
        ),
    )
    return [
        main,
        *(_comparator(study, c, columns, directions=directions) for c in wanted.comparators),
    ]


def stacked_plan(main: ModelPlan, pool: ModelRows) -> ModelPlan:
    """Return the plan of one model for the rows of all landmarks, tuned for none of them."""
    pipeline = main.pipeline or Pipeline()
    return ModelPlan(
        "stacked_landmarks",
        "One model for all landmarks",
        main.model,
        (*main.columns, LANDMARK),
        settings=main.settings,
        pipeline=Pipeline(
            settings=pipeline.settings, folds=pipeline.folds, calibration=pipeline.calibration
        ),
        pool=pool,
    )


def _comparator(
    study: Study, wanted: Comparator, columns: Sequence[str], *, directions: Mapping[str, int]
) -> ModelPlan:
    nameable = columns if wanted.columns == "all" else (*columns, *CURRENT_GRADES)
    chosen = tuple(choose_columns(wanted.columns, nameable))
    settings: dict[str, Any] = {}
    if wanted.model == "booster":
        settings = _booster_settings(study, directions, chosen)
    pipeline = None
    if wanted.model in CALIBRATED:
        pipeline = Pipeline(
            model=wanted.model,
            settings=settings,
            fusion=wanted.fusion,
            calibration=study.models.calibration,
            folds=study.models.calibration_folds,
        )
    return ModelPlan(wanted.name, wanted.label, wanted.model, chosen, pipeline=pipeline)


def _booster_settings(
    study: Study, directions: Mapping[str, int], columns: Sequence[str]
) -> dict[str, Any]:
    monotone = {name: sign for name, sign in directions.items() if name in set(columns)}
    return study.models.booster.model_dump() | {"monotone": monotone or None}

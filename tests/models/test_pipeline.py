"""Tuning, selection, fusion, fit and calibration as one thing."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from icans_risk.errors import IcansRiskError, NotReleasedError
from icans_risk.models import BoostedTrees, ExplainableBoosting, PenalisedLogistic
from icans_risk.models.dropout import ModalityDropout
from icans_risk.models.fusion import LateFusion
from icans_risk.models.pipeline import Pipeline, Tuning

QUICK = {"rounds": 15, "max_depth": 2}


def patients(seed: int = 1, rows: int = 150, columns: int = 8):
    """Draw rows of two modalities, of which one column each moves the risk."""
    draw = np.random.default_rng(seed)
    X = draw.normal(size=(rows, columns)).astype("float32")
    y = (draw.random(rows) < expit(1.5 * X[:, 0] - 1.5 * X[:, -1] - 0.8)).astype(np.int64)
    X[draw.random(X.shape) < 0.1] = np.nan
    half = columns // 2
    names = [f"{'plasma' if k < half else 'clinical'}.a{k}.last.early" for k in range(columns)]
    return pd.DataFrame(X, columns=names), y, np.arange(rows)


def test_what_is_asked_for_stands_around_the_model() -> None:
    assert isinstance(Pipeline(settings=QUICK).unfitted(events=30, seed=3).base, BoostedTrees)
    late = Pipeline(settings=QUICK, fusion="late", dropout=0.2).unfitted(events=30, seed=3)
    assert isinstance(late.base, LateFusion)
    assert isinstance(late.base.base, ModalityDropout)
    assert late.base.base.base.seed == late.seed == 3
    plain = Pipeline(model="elastic_net").unfitted(events=30, seed=3)
    assert isinstance(plain.base, PenalisedLogistic)
    curves = Pipeline(model="explainable").unfitted(events=30, seed=3)
    assert isinstance(curves.base, ExplainableBoosting)


@pytest.mark.parametrize(("budget", "columns"), [(None, 40), (5, 5), ("auto", 3)])
def test_a_budget_is_kept(budget, columns: int) -> None:
    X, y, patient = patients(columns=40)
    # Fifteen events carry three columns.
    few = np.flatnonzero(y)[:15]
    kept = np.sort(np.concatenate([few, np.flatnonzero(y == 0)]))
    pipeline = Pipeline(settings=QUICK, budget=budget, folds=2)
    fit = pipeline.fit(X.iloc[kept], y[kept], groups=patient[kept], seed=1)
    assert len(fit.model.columns_) == columns


def test_a_tuning_starts_from_the_settings_and_its_choice_is_fitted(tmp_path) -> None:
    X, y, patient = patients()
    pipeline = Pipeline(settings=QUICK, folds=2, tuning=Tuning(trials=4, folds=2))
    journal = tmp_path / "one.journal"
    found = pipeline.fit(X, y, groups=patient, seed=1, journal=journal)
    assert found.tuning is not None
    assert found.tuning.trials["number"].tolist() == [0, 1, 2, 3]
    assert found.tuning.trials["max_depth"].iloc[0] == 2
    fitted = found.model.base_.get_params()
    assert found.tuning.best_parameters.items() <= fitted.items()
    again = pipeline.fit(X, y, groups=patient, seed=1, journal=journal)
    assert again.model.to_state() == found.model.to_state()
    searched = pipeline.search(X, y, groups=patient, seed=1)
    assert searched.best_parameters == found.tuning.best_parameters


def test_monotone_directions_survive_selection_and_fusion() -> None:
    X, y, patient = patients(columns=12)
    rising = X.columns[0]
    settings = QUICK | {"monotone": {rising: 1, X.columns[5]: -1}}
    for pipeline in (
        Pipeline(settings=settings, budget=4, folds=2),
        Pipeline(settings=settings, fusion="late", folds=2),
    ):
        model = pipeline.fit(X, y, groups=patient, seed=1).model
        grid = pd.DataFrame(np.nan, index=range(9), columns=X.columns, dtype="float32")
        grid[rising] = np.linspace(-2, 2, 9, dtype="float32")
        assert (np.diff(model.margin(grid)) >= 0).all()


def test_only_trees_are_tuned() -> None:
    with pytest.raises(IcansRiskError, match="'elastic_net'"):
        Pipeline(model="elastic_net", tuning=Tuning())


def test_columns_that_carry_nothing_release_no_model() -> None:
    X, y, patient = patients(rows=200)
    draw = np.random.default_rng(0)
    noise = pd.DataFrame(draw.normal(size=X.shape), columns=X.columns)
    refused = 0
    for seed in range(8):
        try:
            Pipeline(settings=QUICK, folds=5).fit(
                noise, draw.permutation(y), groups=patient, seed=seed
            )
        except NotReleasedError:
            refused += 1
    assert refused >= 2

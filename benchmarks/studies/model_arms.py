"""What is compared in the study of models by size of cohort: each arm fitted in one call.

A model that learns from many columns gets its calibration line from held-out patients. One
of one to five columns is a plain regression, as it would be done by hand.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from icans_risk.models import BoostedTrees, make_model
from icans_risk.models.calibrated import CalibratedModel
from icans_risk.models.fusion import LateFusion
from icans_risk.models.selection import budget_for
from icans_risk.models.tuning import tune
from icans_risk.workflow.demo import load_demo_study
from icans_risk.workflow.inputs import choose_columns
from size_populations import ICANS_GRADE, MORE_SCORES

__all__ = ["ARMS", "SEED", "Arm"]

SEED = 0
TRIALS = 30
OF_SCORES_ALONE = (ICANS_GRADE, *(f"score.{choice.score}" for choice in MORE_SCORES))

Fit = Callable[[pd.DataFrame, np.ndarray], Any]


@dataclass(frozen=True)
class Arm:
    """A model, the columns that it sees, and how often it is fitted.

    Attributes
    ----------
    name, label : str
        In tables and on pages.
    model : str
        The entry of ``MODELS`` that it is made of; empty where it is more than one.
    fit : callable
        Columns and outcomes to a fitted model.
    columns : tuple of str
        Columns, or what they are below; empty for all that the demo's study asks for.
    repeats : mapping of int to int
        Cohorts, by their size, where they are fewer than the study draws; 0 leaves it out.
    """

    name: str
    label: str
    model: str
    fit: Fit
    columns: tuple[str, ...] = ()
    repeats: Mapping[int, int] = field(default_factory=lambda: MappingProxyType({}))

    def columns_of(self, X: pd.DataFrame) -> pd.DataFrame:
        """Return the columns that this arm sees."""
        if self.columns:
            return X[choose_columns(self.columns, list(X))]
        return X[[name for name in X if not name.startswith(OF_SCORES_ALONE)]]


def boosted_trees() -> BoostedTrees:
    """Return the trees with the settings of the demo's study file, as it develops them."""
    return BoostedTrees(**dict(load_demo_study().models.booster), seed=SEED)


def _calibrated(make: Callable[[], Any], X: pd.DataFrame, y: np.ndarray) -> Any:
    return CalibratedModel(make(), seed=SEED).fit(X, y)


def _plain(make: Callable[[], Any], X: pd.DataFrame, y: np.ndarray) -> Any:
    return make().fit(X, y)


def _within_budget(X: pd.DataFrame, y: np.ndarray) -> Any:
    budget = budget_for(int(min(y.sum(), (1 - y).sum())))
    return CalibratedModel(boosted_trees(), budget=budget, seed=SEED).fit(X, y)


def _tuned(X: pd.DataFrame, y: np.ndarray) -> Any:
    # The calibration does not know that the settings were chosen on the same patients: how
    # far that flatters the slope is among the things that fresh patients tell.
    chosen = tune(boosted_trees(), X, y, n_trials=TRIALS, seed=SEED).best_parameters
    return _calibrated(lambda: boosted_trees().set_params(**chosen), X, y)


def _arm(name: str, label: str, model: str, *columns: str) -> Arm:
    return Arm(name, label, model, partial(_plain, partial(make_model, model)), columns)


_ELASTIC_NET = partial(_calibrated, partial(make_model, "elastic_net"))
_EXPLAINABLE = partial(_calibrated, partial(make_model, "explainable"))
# The weights of the modalities are a calibration: they are fitted to held-out patients.
_FUSED = partial(_plain, lambda: LateFusion(boosted_trees(), seed=SEED))
_FUSED_CALIBRATED = partial(
    _plain, lambda: LateFusion(CalibratedModel(boosted_trees(), seed=SEED), seed=SEED)
)

ARMS = (
    Arm("elastic_net", "elastic net", "elastic_net", _ELASTIC_NET),
    Arm("booster", "boosted trees", "booster", partial(_calibrated, boosted_trees)),
    Arm("booster_budget", "boosted trees, feature budget", "booster", _within_budget),
    Arm(
        "booster_tuned", "boosted trees, tuned", "booster", _tuned,
        repeats={100: 0, 300: 10, 1_000: 6, 5_000: 2},
    ),
    Arm("late_fusion", "late fusion of boosted trees", "", _FUSED),
    Arm(
        "late_fusion_calibrated", "late fusion of calibrated boosted trees", "",
        _FUSED_CALIBRATED, repeats={100: 0, 300: 5, 1_000: 3, 5_000: 0},
    ),
    Arm(
        "explainable", "explainable boosting", "explainable", _EXPLAINABLE,
        repeats={100: 10, 300: 10, 1_000: 5, 5_000: 2},
    ),
    _arm(
        "product_age_crs", "product, age and current CRS grade", "logistic",
        "static.product", "static.age_years", "clinical.crs_grade.last.early",
    ),
    _arm("product", "product alone", "logistic", "static.product"),
    _arm("icans_grade", "current ICANS grade", "logistic", ICANS_GRADE),
    _arm("m_easix", "m-EASIX", "log2_score", "score.m_easix.early"),
    _arm("easix", "EASIX", "log2_score", "score.easix.early"),
    _arm("s_easix", "s-EASIX", "log2_score", "score.s_easix.early"),
    _arm("car_hematotox", "CAR-HEMATOTOX", "score", "score.car_hematotox"),
    _arm("gust", "Gust rule at 36 h", "score", "score.gust_36h"),
    _arm("crp", "CRP alone", "log2_score", "plasma.crp.last.early"),
    _arm("ferritin", "ferritin alone", "log2_score", "plasma.ferritin.last.early"),
    Arm(
        "prevalence", "prevalence", "prevalence",
        partial(_plain, partial(make_model, "prevalence")), ("static.age_years",),
    ),
)  # fmt: skip

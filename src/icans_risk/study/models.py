"""What is fitted, what it is compared with, and how both are tested."""

from typing import Literal

from pydantic import Field

from icans_risk.study.strict import Strict

__all__ = ["Booster", "Comparator", "Models", "Validation"]


class Booster(Strict):
    """Hyperparameters of the gradient-boosted trees.

    Attributes
    ----------
    rounds : int
        Number of trees.
    max_depth : int
        Deepest level of a tree; 2 admits interactions of two features.
    learning_rate : float
        Share of each tree's correction that is used.
    min_child_weight : float
        Least sum of second derivatives in a leaf; larger is smoother.
    reg_lambda : float
        Penalty on the squares of leaf values.
    subsample : float
        Share of patients that each tree sees.
    """

    rounds: int = Field(default=60, ge=1)
    max_depth: int = Field(default=2, ge=1, le=12)
    learning_rate: float = Field(default=0.05, gt=0, le=1)
    min_child_weight: float = Field(default=1.0, ge=0)
    reg_lambda: float = Field(default=5.0, ge=0)
    subsample: float = Field(default=0.8, gt=0, le=1)


class Comparator(Strict):
    """A plain model that the booster has to beat on the same patients.

    Attributes
    ----------
    name : str
        Short name for files and tracking.
    label : str
        Name on pages.
    model : {"prevalence", "logistic", "elastic_net", "score", "log2_score", "explainable"}
        The share of events; a logistic regression, or a penalised one; a logistic link on one
        column as it is, or on its logarithm; an explainable boosting machine, which needs the
        extra ``interpret``.
    columns : tuple of str or "all"
        Features that it sees.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    label: str
    model: Literal["prevalence", "logistic", "elastic_net", "score", "log2_score", "explainable"]
    columns: tuple[str, ...] | Literal["all"]


class Models(Strict):
    """The booster and what it is compared with.

    Attributes
    ----------
    booster : Booster
        Hyperparameters of the trees.
    comparators : tuple of Comparator
        Plain models, on the same splits.
    """

    booster: Booster = Booster()
    comparators: tuple[Comparator, ...] = ()


class Validation(Strict):
    """Repeated, stratified cross-validation grouped by patient, and the bootstrap.

    Attributes
    ----------
    folds : int
        Parts of each split.
    repeats : int
        Splits that are drawn anew.
    resamples : int
        Bootstrap resamples of the patients, for intervals.
    """

    folds: int = Field(ge=2)
    repeats: int = Field(ge=1)
    resamples: int = Field(ge=100)

"""What is fitted, what it is compared with, and how both are tested."""

from typing import Literal

from pydantic import Field

from icans_risk.study.strict import Strict

__all__ = ["Answering", "Booster", "Comparator", "Models", "TuningChoice", "Validation"]


class Booster(Strict):
    """Hyperparameters of the gradient-boosted trees.

    Attributes
    ----------
    rounds : int
        Number of trees; with ``early_stopping_rounds`` the most there may be.
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
    colsample : float
        Share of features that each tree sees.
    event_weight : float
        Weight of an event in training; what it does to the risks is taken off again.
    early_stopping_rounds : int, optional
        After so many trees without a better loss on a fifth of the training patients, no
        more are added.
    """

    rounds: int = Field(default=60, ge=1)
    max_depth: int = Field(default=2, ge=1, le=12)
    learning_rate: float = Field(default=0.05, gt=0, le=1)
    min_child_weight: float = Field(default=1.0, ge=0)
    reg_lambda: float = Field(default=5.0, ge=0)
    subsample: float = Field(default=0.8, gt=0, le=1)
    colsample: float = Field(default=1.0, gt=0, le=1)
    event_weight: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    early_stopping_rounds: int | None = Field(default=None, ge=1)


class TuningChoice(Strict):
    """Search the booster's settings, inside each training fold and on all patients.

    Attributes
    ----------
    trials : int
        Trials of each search, those given up included.
    folds : int
        Inner folds on which a trial is judged.
    """

    trials: int = Field(default=50, ge=1)
    folds: int = Field(default=5, ge=2)


class Answering(Strict):
    """Whom the model answers for; whoever it does not gets the reason.

    Attributes
    ----------
    required_modalities : tuple of str
        Without a value of each of them there is no answer.
    decision_threshold : float, optional
        Risk from which something would be done. Nobody gets an answer whose range of
        rebuilt models reaches from below it to above it.
    widest_range : float
        Nobody gets an answer whose range of rebuilt models is wider than this.
    stale_after_h : float
        Hours after which the latest value is too old.
    range_margin : float
        By what share of its training range a value may lie outside it.
    false_alarm_rate : float
        Share of patients of the same kind that may be taken for unlike them.
    """

    required_modalities: tuple[str, ...] = ()
    decision_threshold: float | None = Field(default=None, gt=0, lt=1)
    widest_range: float = Field(default=0.4, gt=0, le=1)
    stale_after_h: float = Field(default=48.0, gt=0, allow_inf_nan=False)
    range_margin: float = Field(default=0.5, ge=0, allow_inf_nan=False)
    false_alarm_rate: float = Field(default=0.03, gt=0, lt=1)


class Comparator(Strict):
    """A plain model that the booster has to beat on the same patients.

    Attributes
    ----------
    name : str
        Short name for files and tracking.
    label : str
        Name on pages.
    model : {"prevalence", "logistic", "elastic_net", "score", "log2_score", "explainable", \
"booster"}
        The share of events; a logistic regression, or a penalised one; a logistic link on one
        column as it is, or on its logarithm; an explainable boosting machine, which needs the
        extra ``interpret``; boosted trees with the settings of the main model. The penalised
        regression, the machine and the trees are calibrated like the main model.
    columns : tuple of str or "all"
        Features that it sees. ``grade.icans``, ``grade.crs`` and ``grade.tian``, the last
        grade known at the landmark, may be named by comparators alone.
    fusion : {"early", "late"}
        One model for all its columns, or one for each modality.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    label: str
    model: Literal[
        "prevalence", "logistic", "elastic_net", "score", "log2_score", "explainable", "booster"
    ]
    columns: tuple[str, ...] | Literal["all"]
    fusion: Literal["early", "late"] = "early"


class Models(Strict):
    """The booster, how it is built and calibrated, and what it is compared with.

    Attributes
    ----------
    booster : Booster
        Hyperparameters of the trees.
    tuning : TuningChoice, optional
        Search them; without it they are used as they stand.
    monotone : {"none", "catalogue"}
        Whether the risk may only rise, or only fall, with analytes for which the catalogue
        says so.
    fusion : {"early", "late"}
        One model for all features, or one for each modality.
    modality_dropout : float
        Chance of a modality to be left out of copies of the training patients.
    budget : int or "auto", optional
        Most features that the model may use, chosen in each training fold; ``auto`` ties
        it to the number of events.
    calibration : {"auto", "none", "intercept", "intercept_and_slope"}
        What is fitted on inner held-out patients; ``auto`` follows from their number.
    calibration_folds : int
        Inner folds of it.
    rebuilds : int
        Bootstrap rebuilds behind the printed ranges; 0 prints none.
    cuts : tuple of int
        Several cuts of the endpoint's grade whose risks cannot cross, with the predicted
        one among them; by default there is only that one.
    stacked_landmarks : bool
        Whether one model for all landmarks is compared with one for each.
    answering : Answering
        Whom the model answers for.
    comparators : tuple of Comparator
        Plain models, on the same splits.
    """

    booster: Booster = Booster()
    tuning: TuningChoice | None = None
    monotone: Literal["none", "catalogue"] = "none"
    fusion: Literal["early", "late"] = "early"
    modality_dropout: float = Field(default=0.0, ge=0, lt=1)
    budget: int | Literal["auto"] | None = None
    calibration: Literal["auto", "none", "intercept", "intercept_and_slope"] = "auto"
    calibration_folds: int = Field(default=10, ge=2)
    rebuilds: int = Field(default=50, ge=0)
    cuts: tuple[int, ...] = ()
    stacked_landmarks: bool = False
    answering: Answering = Answering()
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

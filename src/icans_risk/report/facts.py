"""What a run can say of itself, as plain JSON: the one source of all reporting tables.

Every group and every key is optional. What is absent is left out of the tables by name,
never guessed; None is absent too. Strings may say anything: whoever prints them escapes
them. Times are hours since infusion, shares lie between 0 and 1, and a count of patients
that is too small to show is None.
"""

from collections.abc import Mapping
from typing import Literal, TypedDict

__all__ = [
    "AbstentionFacts",
    "AnalysisFacts",
    "DataFacts",
    "EvaluationFacts",
    "Figure",
    "FlowFacts",
    "HeterogeneityFacts",
    "MissingFacts",
    "ModelFacts",
    "OutcomeFacts",
    "PerformanceFacts",
    "PredictorFacts",
    "RunFacts",
    "SampleSizeFacts",
    "SoftwareFacts",
    "StudyFacts",
    "SubgroupFacts",
    "ValidationFacts",
]


class Figure(TypedDict):
    """An estimate with its 95 % interval; None is "not estimable"."""

    estimate: float | None
    low: float | None
    high: float | None


class StudyFacts(TypedDict, total=False):
    """What was studied; ``diseases`` are those of the patients, in words."""

    name: str
    title: str
    kind: Literal["development", "evaluation", "development and evaluation"]
    data_kind: Literal["real", "synthetic"]
    profile: str
    seed: int
    diseases: list[str]
    treatment_policy: Literal["ignore", "censor", "include_before_landmark"]
    presence: Literal["protocol_only", "informative"]


class DataFacts(TypedDict, total=False):
    """Whom the data are of and how they were read.

    ``source`` says in words what was read; ``site_counts`` and ``products`` count infusions;
    ``first_era`` and ``last_era`` name blocks of the calendar; ``availability_given`` is the
    share of values whose time of availability was in the source; ``characteristics`` has a
    label and a summary in words ("age", "median 63 years, quartiles 55 and 70").
    """

    source: str
    patients: int
    episodes: int
    values: int
    grades: int
    sites: int
    site_counts: Mapping[str, int | None]
    products: Mapping[str, int | None]
    characteristics: Mapping[str, str]
    first_era: str
    last_era: str
    rows_read: int
    rows_set_aside: int
    warnings: int
    notes: int
    availability_given: float


class OutcomeFacts(TypedDict, total=False):
    """The estimand: who is at risk when, of what, until when."""

    endpoint: str
    scale: str
    landmark_h: float
    horizon_h: float
    policy: Literal["discharged_well", "observed_only", "complete_case"]


class FlowFacts(TypedDict, total=False):
    """Where every infusion went; ``excluded`` counts by reason."""

    episodes: int
    excluded: Mapping[str, int | None]
    at_risk: int
    events: int
    events_after_onset: int
    competing_deaths: int
    free_of_endpoint: int
    outcome_unknown: int


class PredictorFacts(TypedDict, total=False):
    """What the model was offered.

    ``candidates`` counts columns, ``modalities`` measurements by modality; ``windows`` are
    described in words; ``selection`` says who chose among the columns, ``levels`` from whom
    columns and categories are known.
    """

    candidates: int
    analytes: int
    modalities: Mapping[str, int]
    windows: list[str]
    statistics: list[str]
    scores: list[str]
    static: list[str]
    selection: Literal["none", "budget"]
    levels: Literal["whole_cohort", "training_part"]
    values: int
    values_after_treatment: int


class MissingFacts(TypedDict, total=False):
    """How missing cells were handled; ``shares`` are missing cells by modality."""

    handling: Literal["as_missing", "median"]
    shares: Mapping[str, float]


class AnalysisFacts(TypedDict):
    """One analysis of the same model: its name, whom it rests on, its AUROC."""

    name: str
    patients: int | None
    events: int | None
    auroc: Figure


class SampleSizeFacts(TypedDict, total=False):
    """Whether there were patients enough, by Riley's criteria; ``binding`` asks for most.

    ``supported`` is how many parameters the cohort would support, ``synthetic_patients``
    how many synthetic patients this pipeline needed for a calibration slope near 1,
    ``validation_patients`` how many an external validation needs.
    """

    patients: int
    events: int
    prevalence: float
    parameters: int
    events_per_parameter: float
    required_patients: int
    required_events: int
    binding: str
    supported: int
    synthetic_patients: int
    validation_patients: int
    validation_events: int
    validation_binding: str


class ValidationFacts(TypedDict, total=False):
    """How the model was tested; ``clusters`` says what was done about sites and the like."""

    scheme: Literal["repeated_folds", "leave_one_out", "temporal", "external"]
    folds: int
    repeats: int
    resamples: int
    clusters: Literal["none", "left_out"]
    optimism_rebuilds: int


class ModelFacts(TypedDict, total=False):
    """What was fitted.

    ``settings`` are hyperparameters, ``comparators`` the labels of what ran beside it,
    ``published_scores`` those of them that others published, ``files`` stored files with
    their SHA-256, ``thresholds`` the risks at which performance is stated.
    """

    label: str
    settings: Mapping[str, float | int | str]
    transformation: Literal["as_is", "signed_log"]
    tuning: Literal["fixed", "inner_folds"]
    calibration: Literal["none", "intercept", "intercept_and_slope"]
    imbalance: Literal["none", "event_weight"]
    interval: Literal["repeats", "rebuilds"]
    comparators: list[str]
    published_scores: list[str]
    thresholds: list[float]
    trees: int
    files: Mapping[str, str]


class SubgroupFacts(TypedDict):
    """The model within one level of a column; counts and figure None where hidden."""

    by: str
    level: str
    patients: int | None
    events: int | None
    auroc: Figure | None


class HeterogeneityFacts(TypedDict, total=False):
    """How the AUROC differs between levels of ``by``; ``next`` is where a new one is expected."""

    by: str
    levels: int
    auroc: Figure
    next: Figure


class PerformanceFacts(TypedDict, total=False):
    """How well the model does on patients that it had not seen.

    ``measures`` and ``plots`` name what was made, ``comparators`` has their AUROC by label.
    """

    measures: list[str]
    plots: list[str]
    auroc: Figure
    average_precision: Figure
    brier: Figure
    calibration_intercept: Figure
    calibration_slope: Figure
    observed_expected: Figure
    net_benefit: Figure
    comparators: Mapping[str, Figure]
    analyses: list[AnalysisFacts]
    subgroups: list[SubgroupFacts]
    heterogeneity: HeterogeneityFacts


class AbstentionFacts(TypedDict, total=False):
    """When the model gives no answer; ``counts`` by reason among those ``asked``."""

    rules: list[str]
    asked: int
    answered: int
    counts: Mapping[str, int | None]


class EvaluationFacts(TypedDict, total=False):
    """An existing model that was evaluated, and what it was developed on."""

    model: str
    model_hash: str
    development_patients: int
    development_events: int
    differences: list[str]
    updating: Literal["none", "intercept", "intercept_and_slope"]
    updating_patients: int
    slope_before: Figure
    slope_after: Figure


class SoftwareFacts(TypedDict, total=False):
    """Versions and hashes; ``command`` is what repeats the run."""

    package: str
    python: str
    xgboost: str
    commit: str
    run_id: str
    study_hash: str
    cohort_hash: str
    feature_hash: str
    command: str


class RunFacts(TypedDict, total=False):
    """Everything that one run says of one landmark."""

    study: StudyFacts
    data: DataFacts
    outcome: OutcomeFacts
    flow: FlowFacts
    predictors: PredictorFacts
    missing: MissingFacts
    sample_size: SampleSizeFacts
    validation: ValidationFacts
    model: ModelFacts
    performance: PerformanceFacts
    abstention: AbstentionFacts
    evaluation: EvaluationFacts
    software: SoftwareFacts

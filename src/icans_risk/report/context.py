"""What workflow hands to the pages: one study run, and one episode in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from icans_risk.report.wording import Interval

__all__ = [
    "AnalyteText",
    "DataKind",
    "EpisodeResult",
    "EstimateKind",
    "GroupFigures",
    "Rate",
    "RunContext",
    "Window",
]

DataKind = Literal["real", "synthetic"]
EstimateKind = Literal["held_out", "released"]


@dataclass(frozen=True, kw_only=True)
class Rate:
    """Patients of one risk set, and those of them who reached the endpoint."""

    n: int
    events: int


@dataclass(frozen=True, kw_only=True)
class AnalyteText:
    """What a page calls an input, and what is usual of it.

    Attributes
    ----------
    label : str
        What a clinician calls it.
    unit : str
        Of its values (UCUM), may be empty.
    reference : tuple of (float or None), optional
        Lowest and highest usual value in health.
    turnaround_h : float, optional
        Usual hours from collection to result.
    middle : tuple of float, optional
        Quartiles of the latest value among those at risk at the landmark.
    """

    label: str
    unit: str = ""
    reference: tuple[float | None, float | None] | None = None
    turnaround_h: float | None = None
    middle: tuple[float, float] | None = None


@dataclass(frozen=True, kw_only=True)
class Window:
    """A span of time that the model looks at, in hours since infusion; None is open."""

    name: str
    start_h: float | None
    end_h: float


@dataclass(frozen=True, kw_only=True)
class GroupFigures:
    """How the model did within one group of patients.

    Attributes
    ----------
    column, level : str
        What the group has in common.
    n, events : int
        Its patients.
    observed_expected, auroc : tuple of (estimate, low, high)
        NaN where not estimable.
    """

    column: str
    level: str
    n: int
    events: int
    observed_expected: Interval
    auroc: Interval


@dataclass(frozen=True, kw_only=True)
class RunContext:
    """One run of one study: everything that its pages have in common.

    Attributes
    ----------
    study_title, model_name, run_id, package_version, profile : str
        Printed as they are; ``run_id`` in its short form.
    data_kind : {"real", "synthetic"}
        Synthetic runs carry a banner on every page and a word in every caption.
    endpoint : str
        In words, such as "ICANS grade 3 or higher (ASTCT)".
    landmark_h, horizon_h : float
        Hours since infusion.
    training : Rate
        The patients and events that the models were fitted on.
    cohort_rate : Rate
        Everybody at risk at the landmark.
    product_rates : mapping of str to Rate
        The same by CAR T-cell product.
    metrics : mapping of str to (estimate, low, high)
        ``auroc``, ``calibration_slope``, ``calibration_intercept``, ``brier``; NaN is
        "not estimable", and so is a name that is absent.
    comparators : sequence of (label, estimate, low, high)
        AUROC of the simpler comparisons on the same patients.
    sample_size_verdict, observation_policy, treatment_policy : str
        Sentences, printed verbatim.
    analytes : mapping of str to AnalyteText
        The model's inputs by full name (``clinical.crs_grade``, ``static.product``), in
        the order in which pages list them. One without a value is "not measured".
    columns : mapping of str to str
        The column dictionary: feature column to its description in words.
    interval_name : str
        What the intervals of the metrics are.
    caveats : sequence of str
        Sentences that stand before all limits, and on the page of data quality too.
    notes : sequence of str
        Further sentences that every patient page must carry among its limits.
    cutting : mapping of str to AnalyteText
        Treatments from whose first dose on values do not count, by full name; empty where
        all count. Among the inputs of an episode stands the dose that cut.
    landmarks_h : sequence of float
        All landmarks of the study: an estimate is valid until the next one at most.
    windows : sequence of Window
        The model's windows with fixed ends, for the trends.
    together : sequence of tuple of str
        Inputs, by full name, that rise and fall together and are named together.
    groups : sequence of GroupFigures
        Groups with figures of their own.
    estimates : {"held_out", "released"}
        Whether the patients are those of the study, each judged by models that had not seen
        them, or others, judged by the model that was let out.
    """

    study_title: str
    data_kind: DataKind
    endpoint: str
    landmark_h: float
    horizon_h: float
    model_name: str
    run_id: str
    package_version: str
    profile: str
    training: Rate
    cohort_rate: Rate
    product_rates: Mapping[str, Rate]
    metrics: Mapping[str, Interval]
    comparators: Sequence[tuple[str, float, float, float]]
    sample_size_verdict: str
    observation_policy: str
    treatment_policy: str
    reasons: Mapping[str, str]
    analytes: Mapping[str, AnalyteText]
    columns: Mapping[str, str] = field(default_factory=dict)
    interval_name: str = "95 % interval"
    caveats: Sequence[str] = ()
    notes: Sequence[str] = ()
    cutting: Mapping[str, AnalyteText] = field(default_factory=dict)
    landmarks_h: Sequence[float] = ()
    windows: Sequence[Window] = ()
    together: Sequence[tuple[str, ...]] = ()
    groups: Sequence[GroupFigures] = ()
    estimates: EstimateKind = "held_out"

    @property
    def syndrome(self) -> str:
        """Name what is predicted without its grade, ICANS or TIAN: the endpoint's first word."""
        return self.endpoint.partition(" ")[0]

    def text(self, analyte: str) -> AnalyteText | None:
        """Return what is known of an input; None where nobody named it."""
        return self.analytes.get(analyte) or self.cutting.get(analyte)

    def label(self, analyte: str) -> str:
        """Return what pages call an input; its full name where nobody named it."""
        known = self.text(analyte)
        return known.label if known else analyte

    def unit(self, analyte: str) -> str:
        """Return the unit of an input; nothing where nobody gave one."""
        known = self.text(analyte)
        return known.unit if known else ""


@dataclass(frozen=True, kw_only=True)
class EpisodeResult:
    """What the run says about one episode.

    Attributes
    ----------
    episode_id : str
        The identifier to display.
    product : str or None
        The CAR T-cell product, as ``RunContext.product_rates`` names it.
    status : str
        ``answered``, or the reason why not (a key of ``RunContext.reasons``).
    risk, risk_low, risk_high : float
        Held-out risk and its range over rebuilt models; NaN unless answered.
    base_logit : float
        What the model says before it looks at any input.
    contributions : DataFrame of (analyte, contribution_logit)
        One row per analyte's full name; with the base they add up to logit(risk).
    values : mapping of str to float or str
        Feature column to its value; an input without events (``static.product``) is
        looked up here by its full name.
    inputs : DataFrame of (modality, analyte, collected_h, available_h, value, after_treatment)
        The events that were used, analytes by their short name.
    agreement : mapping of str to float
        Input by full name to the share of rebuilt models that move the risk the same way;
        empty is "not judged".
    moves : DataFrame of (analyte, risk_low, risk_high, reduction), optional
        Between what the risk could move if an absent input had a plausible value, and the
        share of what is unknown that knowing it is expected to take away.
    trajectory : DataFrame of (landmark_h, status, risk, risk_low, risk_high), optional
        The estimates at the landmarks up to this one.
    taken : DataFrame of (modality, analyte, collected_h, available_h, is_input), optional
        What was taken by the landmark, without values; ``available_h`` is NaN where it was
        not available by then. Treatments stand here by their time and never pending.
    grades : DataFrame of (assessed_h, icans_grade, crs_grade), optional
        Assessments that were known at the landmark, with ``tian_grade`` where that was
        graded. Shown, and never an input.
    levels : mapping of str to str
        Column of the episodes to the patient's group in it, as ``GroupFigures`` names them.
    """

    episode_id: str
    product: str | None
    status: str
    inputs: pd.DataFrame
    values: Mapping[str, float | str]
    contributions: pd.DataFrame
    risk: float = float("nan")
    risk_low: float = float("nan")
    risk_high: float = float("nan")
    base_logit: float = float("nan")
    agreement: Mapping[str, float] = field(default_factory=dict)
    moves: pd.DataFrame | None = None
    trajectory: pd.DataFrame | None = None
    taken: pd.DataFrame | None = None
    grades: pd.DataFrame | None = None
    levels: Mapping[str, str] = field(default_factory=dict)

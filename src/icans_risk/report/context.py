"""What workflow hands to the pages: one study run, and one episode in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from icans_risk.report.wording import Interval

__all__ = ["AnalyteText", "DataKind", "EpisodeResult", "Rate", "RunContext"]

DataKind = Literal["real", "synthetic"]


@dataclass(frozen=True, kw_only=True)
class Rate:
    """Patients of one risk set, and those of them who reached the endpoint."""

    n: int
    events: int


@dataclass(frozen=True, kw_only=True)
class AnalyteText:
    """What a page calls an input, and the unit of its values (UCUM, may be empty)."""

    label: str
    unit: str = ""


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

    def label(self, analyte: str) -> str:
        """Return what pages call an input; its full name where nobody named it."""
        known = self.analytes.get(analyte) or self.cutting.get(analyte)
        return known.label if known else analyte

    def unit(self, analyte: str) -> str:
        """Return the unit of an input; nothing where nobody gave one."""
        known = self.analytes.get(analyte) or self.cutting.get(analyte)
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

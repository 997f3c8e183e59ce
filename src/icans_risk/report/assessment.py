"""What workflow hands to the study report: how good the predictions are, in plain tables.

In every table an interval is three columns, ``<measure>``, ``<measure>_low`` and
``<measure>_high``; NaN is "not estimable".
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

import pandas as pd

__all__ = ["AMONG", "Assessment", "Stability"]

AMONG: Mapping[str, str] = {
    "everyone": "Everyone at risk",
    "no_syndrome": "Patients without any {syndrome} at the landmark",
    "later": "Events later than 24 h after the landmark",
    "no_syndrome_later": "Without {syndrome} at the landmark, and events later than 24 h",
}
"""Among whom ranking is judged, so that detection is not sold as prediction.

Of the syndrome that is predicted, ICANS or TIAN, any grade counts as having begun.
"""


@dataclass(frozen=True, eq=False)
class _Tables:
    """Reads the tables of a dataclass as a tracking store and a summary want them."""

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return every table that is not empty, by name, its index among its columns."""
        return {name: _with_index(table) for name, table in self._frames() if len(table)}

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data that JSON can hold; what is not estimable is None."""
        held = {f.name: getattr(self, f.name) for f in fields(self)}
        tables = {name: _records(_with_index(table)) for name, table in self._frames()}
        return {name: tables.get(name, _plain(value)) for name, value in held.items()}

    def _frames(self) -> Iterator[tuple[str, pd.DataFrame]]:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, pd.DataFrame):
                yield field.name, value


@dataclass(frozen=True, kw_only=True, eq=False)
class Assessment(_Tables):
    """How good the held-out risks of one landmark are.

    Attributes
    ----------
    landmark_h : float
        Hours since infusion.
    policy : str
        The end-of-observation policy of the primary analysis.
    models : mapping of str to str
        Names and labels, the model of interest first.
    constant : tuple of str
        Models that give everyone of a fold the same risk: they rank nobody.
    simple : str or None
        The comparison with the highest pooled AUROC, which stands beside the model where
        there is room for one only.
    episodes, patients, events : int
        Rows that were judged, the patients behind them, and rows with the endpoint.
    prevalence : float
        Weighted share of events.
    events_after_onset, early_events : int
        Events after a lower grade of the same syndrome was there already, and events in the
        first 24 hours.
    lead_h : tuple of three floats
        Hours from the landmark to the onset of events: quartiles.
    resamples : int
        Bootstrap resamples of the patients behind the intervals.
    performance : DataFrame, indexed by model
        ``auroc_in_folds`` with ``estimable_folds`` of ``folds``; with intervals ``auroc``
        (DeLong, repeats averaged), ``average_precision``, ``brier``,
        ``discrimination_slope``, ``observed_expected``, ``calibration_intercept``,
        ``calibration_slope``; without ``ici``, ``e50``, ``e90``, ``emax``, because resampling
        only adds to a distance; ``calibration_method``.
    ranking : DataFrame
        ``among`` (see ``AMONG``), ``model``, counts, ``prevalence``, ``auroc_in_folds``,
        ``auroc`` with its interval, ``average_precision``, ``verdict``.
    within_product : DataFrame
        ``model``, ``level``, ``patients``, ``events``, ``status``, ``auroc``.
    differences : DataFrame, indexed by model
        AUROC of the model of interest minus that of this one: ``difference`` with its
        interval, ``z`` and ``p_value`` (DeLong).
    calibration : DataFrame
        ``predicted``, ``observed``, ``low``, ``high``, ``method``, ``estimable``.
    distribution : DataFrame
        ``low``, ``high``, ``events``, ``others``: rows by predicted risk; NaN is hidden.
    quantiles : DataFrame, indexed by ``events`` and ``others``
        ``p5``, ``q1``, ``median``, ``q3``, ``p95``, ``mean`` of the predicted risk.
    decision : DataFrame
        ``decision_curve`` of every model, treating all and treating none.
    benefit_difference : DataFrame
        Net benefit of the model minus that of ``simple``; empty without one.
    range_declared : bool
        Whether the study declared the range of thresholds.
    because : str or None
        The study's reason for thresholds and range.
    thresholds : DataFrame
        ``threshold_table`` with ``model``, at the declared thresholds only.
    subgroups : DataFrame
        ``column``, ``level``, ``patients``, ``events``, ``status``, and with intervals
        ``auroc``, ``observed_expected``, ``calibration_slope``.
    not_compared : mapping of str to str
        Columns that were not split, and why.
    internal_external : DataFrame
        ``by``, ``model``, ``level`` and what ``subgroups`` has: each level predicted by a
        model that never saw it.
    transport : DataFrame
        ``by``, ``model``, ``metric``, random-effects ``mean``, ``low``, ``high``,
        ``prediction_low``, ``prediction_high``, ``used``, ``levels``.
    not_left_out : mapping of str to str
        Columns no level of which was left out, and why.
    policies : DataFrame
        ``policy``, ``model``, ``measure``, ``threshold`` (of net benefits), ``estimate``,
        ``low``, ``high``: every headline figure under each end-of-observation policy.
    smallest_group, fewest : int
        Fewest patients of either outcome for a group to be judged, and the smallest count
        that is printed.
    """

    landmark_h: float
    policy: str
    models: Mapping[str, str]
    constant: tuple[str, ...]
    simple: str | None
    episodes: int
    patients: int
    events: int
    prevalence: float
    events_after_onset: int
    early_events: int
    lead_h: tuple[float, float, float]
    resamples: int
    performance: pd.DataFrame
    ranking: pd.DataFrame
    within_product: pd.DataFrame
    differences: pd.DataFrame
    calibration: pd.DataFrame
    distribution: pd.DataFrame
    quantiles: pd.DataFrame
    decision: pd.DataFrame
    benefit_difference: pd.DataFrame
    range_declared: bool
    because: str | None
    thresholds: pd.DataFrame
    subgroups: pd.DataFrame
    not_compared: Mapping[str, str]
    internal_external: pd.DataFrame
    transport: pd.DataFrame
    not_left_out: Mapping[str, str]
    policies: pd.DataFrame
    smallest_group: int
    fewest: int

    @property
    def main(self) -> str:
        """Name the model of interest."""
        return next(iter(self.models))


@dataclass(frozen=True, kw_only=True, eq=False)
class Stability(_Tables):
    """What rebuilding the whole pipeline on drawn patients says.

    Attributes
    ----------
    rebuilds, failed : int
        How many were built, and how many of them gave no model.
    predictions : DataFrame
        ``risk``, ``low``, ``high``, ``mean_error``: one line for each row of the cohort.
    calibration : DataFrame, indexed by rebuild
        ``observed_expected``, ``calibration_intercept``, ``calibration_slope`` of each on
        the original patients.
    curves : DataFrame, indexed by rebuild
        The calibration curves of some rebuilds: a column for each predicted risk.
    decisions : DataFrame, indexed by rebuild
        Net benefits of some rebuilds: a column for each threshold.
    classification : DataFrame
        ``threshold``, ``mean_share`` (of the rebuilds on the other side of it, averaged over
        patients) and ``unsettled`` (share of patients whom more than one rebuild in ten puts
        there).
    optimism : DataFrame, indexed by metric
        ``apparent``, ``optimism``, ``corrected``, ``out_of_bag``, ``point632plus``.
    """

    rebuilds: int
    failed: int
    predictions: pd.DataFrame
    calibration: pd.DataFrame
    curves: pd.DataFrame
    decisions: pd.DataFrame
    classification: pd.DataFrame
    optimism: pd.DataFrame


def _with_index(table: pd.DataFrame) -> pd.DataFrame:
    return table if table.index.name is None else table.reset_index()


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    return [{str(name): _plain(value) for name, value in row.items()} for row in rows]


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if hasattr(value, "item"):
        value = value.item()
    # JSON has no NaN: what is not estimable is null.
    return None if isinstance(value, float) and not math.isfinite(value) else value

"""The metrics within each level of a column: age band, sex, product, disease, site."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from fairlearn.metrics import MetricFrame
from numpy.typing import ArrayLike, NDArray

from icans_risk.errors import IcansRiskError
from icans_risk.evaluation.bootstrap import Interval
from icans_risk.evaluation.inputs import Floats, check_inputs
from icans_risk.evaluation.intervals import metric_interval
from icans_risk.evaluation.metrics import Metric
from icans_risk.evaluation.small_cells import hide_small_cells

__all__ = ["subgroup_table"]

_WHOLE = "all patients"
# No metric has an empty name.
_COUNTS = ""


def subgroup_table(
    y: ArrayLike,
    p: ArrayLike,
    by: ArrayLike,
    *,
    groups: ArrayLike,
    metrics: Mapping[str, Metric],
    floor: int = 10,
    fewest: int,
    weight: ArrayLike | None = None,
    resamples: int = 1000,
    seed: int,
    level: float = 0.95,
    judge_all: bool = True,
) -> pd.DataFrame:
    """Judge the predicted risks within each level of a column, with intervals.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        1 for an event, 0 for none.
    p : array-like of shape (n_rows,)
        Predicted probabilities.
    by : array-like of shape (n_rows,)
        The level of each row; a pandas categorical keeps its order. Rows without one
        form the level ``missing``. Numbers are cut into bands before.
    groups : array-like of shape (n_rows,)
        The patient of each row.
    metrics : mapping of str to callable
        ``f(y, p, w) -> float`` by name, NaN where not estimable.
    floor : int, default 10
        With fewer patients with the event, or without it, a level is not judged.
    fewest : int
        Counts of patients below this are hidden, with a second one where the total
        would give them away; 1 shows all.
    weight : array-like of shape (n_rows,), optional
        Weights. Patients are counted, not weighed.
    resamples : int, default 1000
        Draws of patients for each interval.
    seed : int
        The same seed draws the same patients, whatever the metric.
    level : float, default 0.95
        Coverage aimed at, between 0 and 1.
    judge_all : bool, default True
        Whether the line for all patients is judged too, and not only counted: its intervals
        take as long as those of all levels together.

    Returns
    -------
    DataFrame of shape (n_levels + 1, 3 + 4 * n_metrics)
        One line for each level and a last one for ``all patients``. ``patients`` and
        ``events`` (patients with an event) are missing where hidden; ``status`` is
        ``estimated`` or ``not estimable``; ``<metric>``, ``<metric>_low``,
        ``<metric>_high`` are NaN where not estimable and ``<metric>_estimable`` counts
        the resamples behind an interval, 0 for a closed form.

    Raises
    ------
    IcansRiskError
        If a column is not what it should be.

    References
    ----------
    .. [1] Weerts H, et al. "Fairlearn: assessing and improving fairness of AI systems."
       J Mach Learn Res 2023;24(257):1-8. https://jmlr.org/papers/v24/23-0389.html
    """
    outcome, risk = np.asarray(y, dtype=np.float64), np.asarray(p, dtype=np.float64)
    weights = np.ones(outcome.size) if weight is None else np.asarray(weight, dtype=np.float64)
    patient: NDArray[Any] = np.asarray(groups).astype(str)
    check_inputs(outcome, risk, weights)
    labels = _labels(by)
    if labels.size != outcome.size or patient.shape != outcome.shape:
        raise IcansRiskError(
            f"Every row needs its level and its patient, got {labels.size} levels and "
            f"{patient.size} patients for {outcome.size} rows. Pass columns of one table."
        )
    # Where there is one level only, its line has the rows of all patients too.
    passed_over = outcome.size if not judge_all and labels.nunique() > 1 else None

    def judge(name: str, metric: Metric) -> Callable[..., Interval | None]:
        def within(truth: Any, said: Any, *, patient: Any, weight: Any) -> Interval | None:
            patients, events = _counts(truth, said, patient=patient)
            if len(truth) == passed_over or min(events, patients - events) < max(floor, fewest):
                return None
            kept: dict[str, Any] = {"groups": patient, "weight": weight, "seed": seed}
            kept |= {"resamples": resamples, "level": level, "metric": metric}
            return metric_interval(name, truth, said, **kept)

        return within

    judges = {name: judge(name, metric) for name, metric in metrics.items()}
    columns = {"patient": patient, "weight": weights}
    frame = MetricFrame(
        metrics={_COUNTS: _counts, **judges},
        y_true=outcome,
        y_pred=risk,
        sensitive_features=labels.rename("level"),
        sample_params={_COUNTS: {"patient": patient}, **dict.fromkeys(judges, columns)},
    )
    by_level = frame.by_group.loc[list(labels.cat.categories)]
    table = pd.concat([by_level, frame.overall.to_frame(_WHOLE).T])
    return _spread(table, list(metrics), fewest)


def _labels(by: ArrayLike) -> "pd.Series[Any]":
    """Name the level of each row, in order, without the levels that no row has."""
    given: pd.Series[Any] = pd.Series(by).reset_index(drop=True)
    names: dict[Any, str] = {name: str(name) for name in given.dropna().unique()}
    order = given.astype("category").cat.remove_unused_categories().cat.categories
    levels = [names[name] for name in order] + ["missing"] * bool(given.isna().any())
    labels = given.map(names).astype(object).fillna("missing")
    return pd.Series(pd.Categorical(labels, categories=levels))


def _counts(truth: Any, _: Any, *, patient: Any) -> tuple[int, int]:
    return np.unique(patient).size, np.unique(patient[truth == 1]).size


def _spread(judged: pd.DataFrame, metrics: list[str], fewest: int) -> pd.DataFrame:
    """Give each part of an interval its column, and hide the small counts."""
    patients, events = np.array(judged[_COUNTS].tolist(), dtype=np.float64).T
    table = _hidden(patients, events, fewest).set_index(pd.Index(judged.index, name="level"))
    estimated = judged[metrics].notna().any(axis=1)
    table["status"] = np.where(estimated, "estimated", "not estimable")
    blank = Interval(math.nan, math.nan, math.nan, 0, 0)
    for name in metrics:
        found = [blank if interval is None else interval for interval in judged[name]]
        table[name] = [interval.estimate for interval in found]
        table[f"{name}_low"] = [interval.low for interval in found]
        table[f"{name}_high"] = [interval.high for interval in found]
        table[f"{name}_estimable"] = [interval.estimable for interval in found]
    return table


def _hidden(patients: Floats, events: Floats, fewest: int) -> pd.DataFrame:
    """Hide small counts; the last line is the total, from which a lone one would follow."""
    shown = patients.copy()
    shown[:-1] = hide_small_cells(patients[None, :-1], fewest=fewest)[0]
    cells = np.column_stack([events, patients - events])
    cells[:-1] = hide_small_cells(cells[:-1], fewest=fewest)
    cells[-1:] = hide_small_cells(cells[-1:], fewest=fewest)
    known = ~np.isnan(cells).any(axis=1) & ~np.isnan(shown)
    counts = pd.DataFrame({"patients": shown, "events": np.where(known, events, math.nan)})
    return counts.astype("Int64")

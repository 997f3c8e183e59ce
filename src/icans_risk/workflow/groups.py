"""The model within groups of patients, and in groups that it never saw."""

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from icans_risk.cohort import EPISODES
from icans_risk.errors import NotEstimableError, NotReleasedError, StudyError
from icans_risk.evaluation import (
    FitPredict,
    LeftOut,
    combine_levels,
    internal_external,
    leave_level_out,
    subgroup_table,
    temporal_split,
)
from icans_risk.study.evaluation import Evaluation
from icans_risk.workflow.judged import HeldOutRisks
from icans_risk.workflow.judging import Draws

__all__ = [
    "check_columns",
    "judge_subgroups",
    "judge_within_product",
    "leave_levels_out",
    "level_of_each",
    "summarise_levels",
]

METRICS_IN_GROUPS = ("auroc", "observed_expected", "calibration_slope")
_QUARTERS, _MOST_LEVELS = 4, 20
AGE = "age_years"
IN_TIME = "time"


def check_columns(settings: Evaluation, episodes: pd.DataFrame) -> None:
    """Refuse a column that neither the episodes nor their vocabulary know.

    Parameters
    ----------
    settings : Evaluation
        The study's.
    episodes : DataFrame
        The cohort's. A known column that this cohort lacks is passed over later.

    Raises
    ------
    StudyError
        With the nearest column.
    """
    known = [*episodes.columns, *EPISODES]
    for name in (*settings.subgroups, *settings.leave_out):
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)[0]
            raise StudyError(
                f"evaluation names the column {name!r}, the episodes have none such; the nearest "
                f"is {near!r}. Correct the name."
            )


def level_of_each(
    episodes: pd.DataFrame, column: str, *, age_bands: Sequence[float]
) -> "pd.Series[Any] | str":
    """Give each row its level of a column: age in bands, other numbers in quarters.

    Returns
    -------
    Series or str
        Or why there is nothing to compare.
    """
    if column not in episodes or episodes[column].isna().all():
        return "not recorded"
    values = episodes[column]
    if column == AGE:
        values = _bands(values, age_bands)
    elif pd.api.types.is_bool_dtype(values):
        values = values.map({True: "yes", False: "no"})
    elif pd.api.types.is_numeric_dtype(values):
        values = _quarters(values) if values.nunique() > _QUARTERS else _in_words(values)
    if values.nunique() < 2:
        return "one level only"
    if values.nunique() > _MOST_LEVELS:
        return f"more than {_MOST_LEVELS} levels"
    return values


def _bands(ages: "pd.Series[Any]", starts: Sequence[float]) -> "pd.Series[Any]":
    middle = [f"{low:g} to under {high:g}" for low, high in pairwise(starts)]
    labels = [f"under {starts[0]:g}", *middle, f"{starts[-1]:g} and older"]
    return pd.cut(ages, [-np.inf, *starts, np.inf], right=False, labels=labels)


def _in_words(values: "pd.Series[Any]") -> "pd.Series[Any]":
    order = [f"{value:g}" for value in np.sort(values.dropna().unique())]
    words = values.map("{:g}".format, na_action="ignore")
    return pd.Series(pd.Categorical(words, categories=order), index=values.index)


def _quarters(values: "pd.Series[Any]") -> "pd.Series[Any]":
    # As printed: two cuts that read alike would be one.
    edges = np.unique([float(f"{cut:g}") for cut in np.nanquantile(values, (0.25, 0.5, 0.75))])
    middle = [f"over {low:g} to {high:g}" for low, high in pairwise(edges)]
    labels = [f"up to {edges[0]:g}", *middle, f"over {edges[-1]:g}"]
    return pd.cut(values, [-np.inf, *edges, np.inf], labels=labels)


def judge_subgroups(
    held: HeldOutRisks,
    settings: Evaluation,
    draws: Draws,
    *,
    fewest: int,
    tick: Callable[[], None],
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Judge the model of interest within the levels of each column of the study.

    Returns
    -------
    DataFrame
        The levels of all columns under each other; empty where no column can be split.
    dict of str to str
        Columns that could not, and why.
    """
    tables, why_not = [], {}
    for column in settings.subgroups:
        levels = level_of_each(held.episodes, column, age_bands=settings.age_bands)
        if isinstance(levels, str):
            why_not[column] = levels
        else:
            table = _within(held, levels, draws, model=held.main, settings=settings, fewest=fewest)
            tables.append(table.assign(column=column))
        tick()
    return (pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()), why_not


def _within(
    held: HeldOutRisks,
    levels: "pd.Series[Any]",
    draws: Draws,
    *,
    model: str,
    settings: Evaluation,
    fewest: int,
    metrics: Sequence[str] = METRICS_IN_GROUPS,
) -> pd.DataFrame:
    table = subgroup_table(
        held.event,
        held.risks[model],
        levels,
        metrics={name: draws.metrics[name] for name in metrics},
        floor=settings.smallest_group,
        fewest=fewest,
        judge_all=False,
        **held.columns(),
        **draws.settings(),
    )
    return table.iloc[:-1].reset_index()


def judge_within_product(
    held: HeldOutRisks, settings: Evaluation, draws: Draws, *, fewest: int
) -> pd.DataFrame:
    """Judge how every model ranks patients who had the same product."""
    levels = level_of_each(held.episodes, "product", age_bands=settings.age_bands)
    if isinstance(levels, str):
        return pd.DataFrame()
    tables = [
        _within(
            held, levels, draws, model=model, settings=settings, fewest=fewest, metrics=("auroc",)
        ).assign(model=model)
        for model in held.probabilities
        if model not in held.constant
    ]
    return pd.concat(tables, ignore_index=True)


def leave_levels_out(
    held: HeldOutRisks,
    refit: Mapping[str, FitPredict],
    settings: Evaluation,
    *,
    draws: Draws,
    fewest: int,
    tick: Callable[[], None],
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Predict each level of each column by models that were fitted without it.

    Only levels with enough patients of either outcome are left out, where enough are left
    to learn from. Eras are split in time as well: the latest one, from those before.

    Returns
    -------
    DataFrame
        ``by``, ``model``, ``level`` and the figures; empty where nothing can be left out.
    dict of str to str
        Columns of which no level could be, and why.
    """
    tables, why_not = [], {}
    for column in settings.leave_out if refit else ():
        levels = level_of_each(held.episodes, column, age_bands=settings.age_bands)
        found = levels if isinstance(levels, str) else _splits(held, levels, column=column)
        if isinstance(found, str):
            why_not[column] = found
            continue
        usable = {
            by: kept for by, splits in found.items() if (kept := _enough(held, splits, settings))
        }
        if not usable:
            why_not[column] = (
                f"no level has {settings.smallest_group} patients of either outcome and leaves as "
                "many to learn from"
            )
        for by, splits in usable.items():
            for model, fit_predict in refit.items():
                table = internal_external(
                    _or_no_model(fit_predict),
                    held.event,
                    splits,
                    metrics={name: draws.metrics[name] for name in METRICS_IN_GROUPS},
                    floor=settings.smallest_group,
                    fewest=fewest,
                    tick=tick,
                    **held.columns(),
                    **draws.settings(),
                )
                tables.append(table.reset_index().assign(by=by, model=model))
    return (pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()), why_not


def _or_no_model(fit_predict: FitPredict) -> FitPredict:
    """Let a model that may not be released count as none, and not end the study."""

    def tried(train: Any, test: Any, seed: int) -> Any:
        try:
            return fit_predict(train, test, seed)
        except NotReleasedError as error:
            raise NotEstimableError(str(error)) from error

    return tried


def _splits(
    held: HeldOutRisks, levels: "pd.Series[Any]", *, column: str
) -> dict[str, list[LeftOut]]:
    named = levels.astype(object).where(levels.notna(), "missing").astype(str)
    splits = {column: leave_level_out(named, groups=held.patient)}
    latest = max(named)
    is_treated_before = ~np.isin(held.patient, held.patient[named == latest])
    if column == "era" and levels.notna().all() and is_treated_before.any():
        later = temporal_split(named, start=latest, groups=held.patient)
        splits[IN_TIME] = [replace(later, level=latest)]
    return splits


def _enough(held: HeldOutRisks, splits: Sequence[LeftOut], settings: Evaluation) -> list[LeftOut]:
    """Keep the splits with enough patients of either outcome to test, and to learn from."""

    def is_enough(rows: Any) -> bool:
        with_event = len(set(held.patient[rows][held.event[rows] == 1]))
        without = len(set(held.patient[rows])) - with_event
        return min(with_event, without) >= settings.smallest_group

    return [split for split in splits if is_enough(split.test) and is_enough(split.train)]


def summarise_levels(table: pd.DataFrame) -> pd.DataFrame:
    """Combine the levels of each column by random effects, where there are two or more."""
    lines = []
    groups = table.groupby(["by", "model"], sort=False) if len(table) else ()
    for (by, model), levels in groups:
        for metric in METRICS_IN_GROUPS:
            found = combine_levels(levels, metric)
            if found.used > 1:
                lines.append({"by": by, "model": model, "metric": metric} | vars(found))
    return pd.DataFrame(lines)

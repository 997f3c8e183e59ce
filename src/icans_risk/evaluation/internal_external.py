"""Whether a pipeline carries over: fit without a site, product, disease or era, judge there.

Steyerberg EW, Harrell FE. J Clin Epidemiol 2016;69:245-247, doi:10.1016/j.jclinepi.2015.04.005.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from icans_risk.errors import IcansRiskError, NotEstimableError
from icans_risk.evaluation.metrics import Metric
from icans_risk.evaluation.resampling import FitPredict, cross_validate
from icans_risk.evaluation.subgroups import subgroup_table

__all__ = ["LeftOut", "internal_external", "leave_level_out", "temporal_split"]

Rows = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class LeftOut:
    """A split that tests one level and trains on patients who never were in it.

    Attributes
    ----------
    level : str
        The level left out.
    fold : int
        Which level, from 0.
    train, test : ndarray of int
        Row positions.
    repeat : int
        Always 0: there is one way to leave a level out.
    """

    level: str
    fold: int
    train: Rows
    test: Rows
    repeat: int = 0


def leave_level_out(by: ArrayLike, *, groups: ArrayLike) -> list[LeftOut]:
    """Split by leaving out each level of a column in turn.

    Parameters
    ----------
    by : array-like of shape (n_rows,)
        The level of each row.
    groups : array-like of shape (n_rows,)
        The patient of each row. A patient with rows in the level left out trains
        nothing, whatever the level of the other rows.

    Returns
    -------
    list of LeftOut
        One for each level, sorted by name.

    Raises
    ------
    IcansRiskError
        If a row has no level, or there are fewer than two.

    Examples
    --------
    >>> [s.train.tolist() for s in leave_level_out(["x", "x", "y", "y"], groups=[1, 2, 2, 3])]
    [[3], [0]]
    """
    labels = pd.Series(by)
    if labels.isna().any() or labels.nunique() < 2:
        raise IcansRiskError(
            "Leaving levels out needs a level for every row and two levels or more, got "
            f"{labels.nunique()} levels and {int(labels.isna().sum())} rows without one. Name "
            "the missing level, or choose another column."
        )
    named, patient = labels.astype(str).to_numpy(), np.asarray(groups).astype(str)
    return [
        _split(str(level), fold, test=named == level, patient=patient)
        for fold, level in enumerate(np.unique(named))
    ]


def temporal_split(when: ArrayLike, *, start: Any, groups: ArrayLike) -> LeftOut:
    """Split in time: train on what came before a date, test from that date on.

    Parameters
    ----------
    when : array-like of shape (n_rows,)
        The time of each row, such as that of the infusion; anything that compares.
    start : same type
        Where the test period starts, itself included.
    groups : array-like of shape (n_rows,)
        The patient of each row; patients in both periods are tested and train nothing.

    Returns
    -------
    LeftOut
        Of the level ``later``.

    Raises
    ------
    IcansRiskError
        If a row has no time, or one of the periods has no patient of its own.
    """
    times = pd.Series(when)
    test = (times >= start).to_numpy()
    split = _split("later", 0, test=test, patient=np.asarray(groups).astype(str))
    if times.isna().any() or not (split.train.size and split.test.size):
        raise IcansRiskError(
            "A temporal split needs a time for every row and patients on either side, got "
            f"{int(times.isna().sum())} rows without a time, {split.train.size} rows before and "
            f"{split.test.size} from the start on. Choose another start."
        )
    return split


def _split(level: str, fold: int, *, test: NDArray[np.bool_], patient: NDArray[np.str_]) -> LeftOut:
    train = ~np.isin(patient, patient[test])
    return LeftOut(level, fold, np.flatnonzero(train), np.flatnonzero(test))


def internal_external(
    fit_predict: FitPredict,
    y: ArrayLike,
    splits: Sequence[LeftOut],
    *,
    groups: ArrayLike,
    metrics: Mapping[str, Metric],
    floor: int = 10,
    fewest: int,
    weight: ArrayLike | None = None,
    resamples: int = 1000,
    seed: int,
    level: float = 0.95,
    tick: Callable[[], None] | None = None,
) -> pd.DataFrame:
    """Judge each left-out level by a pipeline that was fitted without it.

    Parameters
    ----------
    fit_predict : callable
        ``fit_predict(train_rows, test_rows, seed)`` returns one probability for each
        test row. A NotEstimableError from it means no model without this level.
    y : array-like of shape (n_rows,)
        1 for an event, 0 for none.
    splits : sequence of LeftOut
        From ``leave_level_out`` or ``temporal_split``.
    groups : array-like of shape (n_rows,)
        The patient of each row.
    metrics : mapping of str to callable
        ``f(y, p, w) -> float`` by name, NaN where not estimable.
    floor : int, default 10
        With fewer patients with the event, or without it, a level is not judged.
    fewest : int
        Counts of patients below this are hidden; 1 shows all.
    weight : array-like of shape (n_rows,), optional
        Weights.
    resamples : int, default 1000
        Draws of patients for each interval.
    seed : int
        For the fits and the draws.
    level : float, default 0.95
        Coverage aimed at, between 0 and 1.
    tick : callable, optional
        Called after each fit, for a progress bar.

    Returns
    -------
    DataFrame
        As ``subgroup_table`` returns it, without the line of all patients: that would
        pool risks of different models. A level without a model has the ``status``
        ``no model``.

    Raises
    ------
    LeakageError
        If a split tests a row that it trains on.
    IcansRiskError
        If a column is not what it should be.
    """
    outcome = np.asarray(y, dtype=np.float64)
    risks, named = np.full(outcome.size, np.nan), np.full(outcome.size, None, dtype=object)
    unfitted = []
    for split in splits:
        named[split.test] = split.level
        try:
            out = cross_validate(fit_predict, [split], n_rows=outcome.size, seed=seed, tick=tick)
            risks[split.test] = out[0, split.test]
        except NotEstimableError:
            unfitted.append(split.level)
            if tick is not None:
                tick()
            # Nothing is judged on these: they stand for no risk.
            risks[split.test] = 0.0
    tested = np.flatnonzero(~np.isnan(risks))
    weights = None if weight is None else np.asarray(weight)[tested]
    table = subgroup_table(
        outcome[tested],
        risks[tested],
        named[tested],
        groups=np.asarray(groups)[tested],
        metrics=metrics,
        floor=floor,
        fewest=fewest,
        weight=weights,
        resamples=resamples,
        seed=seed,
        level=level,
        judge_all=False,
    ).iloc[:-1]
    return _without_models(table, unfitted)


def _without_models(table: pd.DataFrame, levels: list[str]) -> pd.DataFrame:
    table = table.copy()
    estimates = [name for name in table.columns if name not in {"patients", "events", "status"}]
    table.loc[levels, "status"] = "no model"
    counted = [name for name in estimates if name.endswith("_estimable")]
    table.loc[levels, estimates] = np.nan
    table[counted] = table[counted].fillna(0).astype(int)
    return table

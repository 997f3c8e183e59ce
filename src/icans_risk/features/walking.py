"""Walk through the events once: what stands in the cells, and which rows counted."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
from numpy.typing import NDArray

from icans_risk.features.arrays import Job, Output, Plan, Rows
from icans_risk.features.kernel import KERNEL_STATISTICS, walk
from icans_risk.features.onset import CRS_GRADE, find_onsets
from icans_risk.features.recipe import Recipe
from icans_risk.features.rows import arrange_rows
from icans_risk.features.sharing import share
from icans_risk.features.treatment import Doses
from icans_risk.features.window import Bounds, resolve_windows

__all__ = ["Walked", "walk_events"]

_COUNT = KERNEL_STATISTICS.index("count")


class Walked(NamedTuple):
    """The events in order, and what the kernel wrote of them."""

    rows: Rows
    output: Output


def walk_events(
    episodes: pd.DataFrame,
    events: pa.Table,
    recipe: Recipe,
    *,
    hours: NDArray[np.float64],
    doses: Doses,
    with_used: bool = False,
) -> Walked:
    """Run the kernel: cells, and which rows counted."""
    rows = arrange_rows(
        events,
        episodes["episode_id"].tolist(),
        recipe.specification,
        latest=float(hours.max()),
        with_position=with_used,
    )
    used = np.zeros((hours.size if with_used else 0, rows.value.size), dtype=np.bool_)
    until = doses.last_hours(recipe.specification)
    bounds = _find_bounds(rows, recipe, episodes, hours=hours, until=until, used=used)
    shape = bounds.anchor.shape[:2]
    table = np.full((*shape, len(recipe.columns)), np.nan, dtype=np.float32)
    output = Output(table, np.full((*shape, recipe.n_operands), np.nan), used)
    _count_from_zero(recipe, bounds, output)
    plan = Plan(hours, *bounds, recipe.start, recipe.needs, recipe.cells)
    share(walk, Job(rows, plan, output), len(episodes), load=rows.value.size)
    return Walked(rows, output)


def _find_bounds(
    rows: Rows,
    recipe: Recipe,
    episodes: pd.DataFrame,
    *,
    hours: NDArray[np.float64],
    until: NDArray[np.float64],
    used: NDArray[np.bool_],
) -> Bounds:
    """Place the windows; nothing collected after ``until`` lies in one."""
    onsets = None
    if any(window.anchor == "crs_onset" for window in recipe.windows):
        onsets = find_onsets(
            rows,
            hours,
            analyte=recipe.analytes.index(CRS_GRADE),
            n_analytes=len(recipe.analytes),
            until=until,
            used=used,
        )
    bounds = resolve_windows(recipe.windows, episodes, hours, onsets=onsets)
    np.minimum(bounds.upper, until[:, :, np.newaxis], out=bounds.upper)
    return bounds


def _count_from_zero(recipe: Recipe, bounds: Bounds, output: Output) -> None:
    """Set the counts of windows whose place is known to zero."""
    for cell in np.flatnonzero(recipe.cells["statistic"] == _COUNT):
        block = int(np.searchsorted(recipe.start[:, :-1].ravel(), cell, side="right")) - 1
        is_there = ~np.isnan(bounds.anchor[:, :, block % len(recipe.windows)])
        for values, place in (
            (output.table, recipe.cells["column"][cell]),
            (output.operands, recipe.cells["operand"][cell]),
        ):
            if place >= 0:
                values[:, :, place] = np.where(is_there, 0.0, np.nan)

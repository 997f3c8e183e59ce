"""Sort events into the arrays that the kernel walks."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]

from icans_risk.cohort import EVENTS
from icans_risk.errors import CohortError
from icans_risk.features.arrays import Rows
from icans_risk.features.coding import code_batches
from icans_risk.features.sharing import share
from icans_risk.features.sorting import count_groups, place_rows, sort_groups
from icans_risk.features.specification import FeatureSpecification

__all__ = ["arrange_rows", "as_arrow"]


def as_arrow(events: pd.DataFrame) -> pa.Table:
    """Take an events table as Arrow has it, without copying where possible."""
    return pa.Table.from_pandas(events[list(EVENTS)], preserve_index=False)


def arrange_rows(
    events: pa.Table,
    episode_ids: Sequence[str],
    specification: FeatureSpecification,
    *,
    latest: float,
    with_position: bool = False,
) -> Rows:
    """Group and sort the events of the measured analytes.

    The order is total up to exact copies, so neither the order of the rows in the source
    nor a copy can change a number.

    Parameters
    ----------
    events : pyarrow.Table
        In the layout ``EVENTS``.
    episode_ids : sequence of str
        The episodes, in the order in which they are numbered.
    specification : FeatureSpecification
        Says which analytes are measured and which orders are admitted.
    latest : float
        Hours since infusion; what is available later is left out.
    with_position : bool
        Whether to say where each row stood in the table.

    Returns
    -------
    Rows
        The arrays for the kernel.

    Raises
    ------
    CohortError
        If an event belongs to no episode, was available before it was collected, or holds
        a number that is none.
    """
    batches = list(code_batches(events, episode_ids, specification))
    count = np.zeros((len(episode_ids), len(specification.analytes)), dtype=np.int64)
    groups = [count_groups(batch, latest, count) for batch in batches]
    n_wrong = sum(wrong for _, wrong in groups)
    if n_wrong:
        raise CohortError(
            "events must belong to a known episode, be available no earlier than collected, and "
            f"hold finite numbers, {n_wrong} of {events.num_rows} rows do not. Check the source."
        )
    start = np.append(0, np.cumsum(count))
    rows = Rows(
        start=start,
        collected=np.empty(start[-1]),
        available=np.empty(start[-1]),
        value=np.empty(start[-1]),
        assay=np.empty(_room(start, any(b.assay.size for b in batches)), np.int32),
        version=np.empty(_room(start, any(b.version.size for b in batches))),
        is_refused=np.zeros(_room(start, any(b.is_refused.size for b in batches)), np.bool_),
        position=np.empty(_room(start, with_position), np.int64),
    )
    free, origin = start[:-1].copy(), 0
    for batch, (group, _) in zip(batches, groups, strict=True):
        place_rows(batch, group, (rows, free, origin))
        origin += group.size
    share(sort_groups, rows, start.size - 1, load=rows.value.size)
    return rows


def _room(start: "np.ndarray[tuple[int], np.dtype[np.int64]]", is_needed: bool) -> int:
    return int(start[-1]) if is_needed else 0

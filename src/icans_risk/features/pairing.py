"""Find which results belong together, and which of their versions were known when.

A *result* is what was measured of one episode at one time of collection by one assay; it
may have several *versions*, of which the latest one available counts. The *leading* input
is the one that the others are paired with.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["Pairing", "known_together", "withhold_reported"]

Ints = NDArray[np.int64]

# Times carry seconds at best (0.0003 h): a pair exactly on the limit counts, whatever the
# last bit of the subtraction says.
_HAIR_H = 1e-6

_RESULT = ["episode_id", "collected_h", "assay"]
_LATEST_LAST = ["available_h", "version", "restriction", "value"]


class Pairing(NamedTuple):
    """When two results belong together.

    Attributes
    ----------
    hours : float
        Furthest apart that they may have been collected.
    same_assay : bool
        Whether they must come from one assay.
    """

    hours: float
    same_assay: bool


def known_together(inputs: Sequence[pd.DataFrame], pairing: Pairing) -> pd.DataFrame:
    """List every state of knowledge in which all inputs of a leading result were known.

    At each moment at which an input, or a newer version of one, became available, each
    leading result goes with the nearest known result of every other input (the earlier
    one of two equally near), each in its latest version. What becomes known later changes
    nothing of what was listed before.

    Parameters
    ----------
    inputs : sequence of DataFrame
        Rows of ``EVENTS`` with a column ``restriction``, the leading input first; their
        index is 0, 1, ...
    pairing : Pairing
        Which results belong together.

    Returns
    -------
    DataFrame
        ``lead`` numbers the leading results, ``row_0``, ``row_1``, ... are rows of the
        inputs, ``available_h`` is when the last of them was known, and ``gap_h`` how far
        they lie apart at most. One row per state, none twice.
    """
    leads = inputs[0][_RESULT].drop_duplicates(ignore_index=True)
    candidates = [_candidates(leads, rows, pairing) for rows in inputs[1:]]
    candidates.insert(0, _candidates(leads, inputs[0], Pairing(0.0, same_assay=True)))
    moments = pd.concat([table[["lead", "available_h"]] for table in candidates])
    states = moments.drop_duplicates().rename(columns={"available_h": "moment_h"})
    states = states.assign(gap_h=0.0)
    for number, table in enumerate(candidates):
        states = _choose(states, table).rename(columns={"row": f"row_{number}"})
    chosen = [f"row_{number}" for number in range(len(inputs))]
    states = states.sort_values(["lead", "moment_h"]).drop_duplicates(["lead", *chosen])
    return states.rename(columns={"moment_h": "available_h"}).reset_index(drop=True)


def withhold_reported(
    states: pd.DataFrame, leading: pd.DataFrame, reported: pd.DataFrame, *, pairing: Pairing
) -> pd.DataFrame:
    """Drop the states in which the laboratory had reported the quantity itself.

    Parameters
    ----------
    states : DataFrame
        As ``known_together`` lists them.
    leading : DataFrame
        The leading input that they were listed for.
    reported : DataFrame
        Rows of the quantity itself.
    pairing : Pairing
        Which report belongs to which leading result.

    Returns
    -------
    DataFrame
        The states up to the moment at which a report of their result became available.
    """
    leads = leading[_RESULT].drop_duplicates(ignore_index=True)
    first = _candidates(leads, reported, pairing).groupby("lead")["available_h"].min()
    known_from = states["lead"].map(first).fillna(np.inf)
    return states[states["available_h"] < known_from].reset_index(drop=True)


def _candidates(leads: pd.DataFrame, rows: pd.DataFrame, pairing: Pairing) -> pd.DataFrame:
    """Join leading results with the rows near them: ``lead``, ``row``, ``distance_h``."""
    lead, row = _pairs_within(leads, rows, pairing.hours + _HAIR_H)
    near = rows.iloc[row][["collected_h", "assay", *_LATEST_LAST]].assign(lead=lead, row=row)
    apart = near["collected_h"].to_numpy() - leads["collected_h"].to_numpy()[lead]
    near = near.assign(distance_h=np.abs(apart))
    is_pair = near["distance_h"].to_numpy() <= pairing.hours + _HAIR_H
    if pairing.same_assay:
        is_pair &= near["assay"].to_numpy() == leads["assay"].to_numpy()[lead]
    return near[is_pair].reset_index(drop=True)


def _choose(states: pd.DataFrame, candidates: pd.DataFrame) -> pd.DataFrame:
    """Add the nearest candidate that was known at each moment, in its latest version."""
    known = states.merge(candidates, on="lead")
    known = known[known["available_h"] <= known["moment_h"]]
    # The nearest, earliest result stands last, and of its versions the latest.
    keys = ["lead", "moment_h", "distance_h", "collected_h", "assay", *_LATEST_LAST]
    ascending = [True, True, False, False, False, True, True, True, True]
    known = known.sort_values(keys, ascending=ascending)
    known = known.drop_duplicates(["lead", "moment_h"], keep="last")
    gap = np.maximum(known["gap_h"], known["distance_h"])
    return known[[*states.columns, "row"]].assign(gap_h=gap)


def _pairs_within(leads: pd.DataFrame, rows: pd.DataFrame, hours: float) -> tuple[Ints, Ints]:
    """List all pairs of one episode that lie so near, without forming the far ones."""
    episode = pd.factorize(np.concatenate([leads["episode_id"], rows["episode_id"]]))[0]
    of_lead, of_row = episode[: len(leads)], episode[len(leads) :]
    moment = rows["collected_h"].to_numpy(dtype=np.float64)
    order = np.lexsort([moment, of_row])
    moment = moment[order]
    place = leads["collected_h"].to_numpy(dtype=np.float64)
    first = _count_before((of_row[order], moment), (of_lead, place - hours))
    stop = _count_before((of_row[order], moment), (of_lead, np.nextafter(place + hours, np.inf)))
    lead = np.repeat(np.arange(len(leads)), stop - first)
    offset = np.arange(lead.size) - np.repeat(
        np.cumsum(stop - first) - (stop - first), stop - first
    )
    return lead, order[np.repeat(first, stop - first) + offset]


def _count_before(
    rows: tuple[Ints, NDArray[np.float64]], limits: tuple[Ints, NDArray[np.float64]]
) -> Ints:
    """Count, for each limit, the rows of earlier episodes or of an earlier hour of its own."""
    is_row = np.repeat([True, False], [rows[0].size, limits[0].size])
    keys = [is_row, np.concatenate([rows[1], limits[1]]), np.concatenate([rows[0], limits[0]])]
    order = np.lexsort(keys)
    counted = np.empty(order.size, dtype=np.int64)
    counted[order] = np.cumsum(is_row[order])
    return counted[rows[0].size :]

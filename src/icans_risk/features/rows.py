"""Sort a cohort's events into the arrays that the kernel walks."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icans_risk.cohort import MODALITIES, Cohort
from icans_risk.features.admission import refused_rows
from icans_risk.features.arrays import Rows
from icans_risk.features.specification import FeatureSpecification, Presence

__all__ = ["arrange_rows"]


def arrange_rows(
    cohort: Cohort,
    specification: FeatureSpecification,
    *,
    refuse: Callable[[pd.DataFrame, Presence], NDArray[np.bool_]] = refused_rows,
) -> tuple[Rows, NDArray[np.int64]]:
    """Group and sort the events of the measured analytes.

    The order is total up to exact copies, so neither the order of the rows in the source
    nor a copy can change a number.

    Parameters
    ----------
    cohort : Cohort
        Its events and the order of its episodes are used.
    specification : FeatureSpecification
        Says which analytes are measured and which orders are admitted.
    refuse : callable
        Tells which events must not count, from the events and the presence.

    Returns
    -------
    rows : Rows
        The arrays for the kernel.
    position : ndarray of shape (n_rows,)
        Where in ``cohort.events`` each of them stands.
    """
    analyte = _analyte_of(cohort.events, specification.analytes)
    position = np.flatnonzero(analyte >= 0)
    events = cohort.events.iloc[position]
    episode = pd.Index(cohort.episodes["episode_id"]).get_indexer(pd.Index(events["episode_id"]))
    group = episode.astype(np.int64) * max(len(specification.analytes), 1) + analyte[position]
    assay = pd.factorize(events["assay"], sort=True)[0]
    refused = refuse(events, specification.presence)
    # Adding zero turns -0.0 into 0.0: both are the measured zero, and their order is none.
    collected, available, value, version = (
        events[name].to_numpy(dtype=np.float64) + 0.0
        for name in ("collected_h", "available_h", "value", "version")
    )
    # Of two rows that claim to be the same version, the refused one and then the larger
    # value wins: an arbitrary choice, but the same one in every order of the rows.
    order = _sort([group, collected, assay, available, version, refused, value])
    group, collected, assay = group[order], collected[order], assay[order]
    start = np.flatnonzero(_is_new(group))
    rows = Rows(
        collected=collected,
        available=available[order],
        value=value[order],
        is_refused=refused[order],
        result=np.cumsum(_is_new(group, collected, assay)),
        start=np.append(start, group.size).astype(np.int64),
        episode=episode[order][start].astype(np.int64),
        analyte=analyte[position][order][start],
    )
    return rows, position[order]


def _analyte_of(events: pd.DataFrame, analytes: tuple[str, ...]) -> NDArray[np.int64]:
    names = pd.Index(sorted({analyte.partition(".")[2] for analyte in analytes}))
    modalities = pd.Index(MODALITIES)
    # A last row and column of -1: an unknown name has the position -1 and lands there.
    known = np.full((len(modalities) + 1, len(names) + 1), -1, dtype=np.int64)
    for number, analyte in enumerate(analytes):
        modality, _, name = analyte.partition(".")
        known[MODALITIES.index(modality), names.get_loc(name)] = number
    return known[
        modalities.get_indexer(pd.Index(events["modality"])),
        names.get_indexer(pd.Index(events["analyte"])),
    ]


def _sort(keys: list[NDArray[np.generic]]) -> NDArray[np.int64]:
    varying = [key for key in keys if key.size and (key != key[0]).any()]
    if not varying:
        return np.arange(keys[0].size)
    return np.lexsort(varying[::-1])


def _is_new(*keys: NDArray[np.generic]) -> NDArray[np.bool_]:
    is_new = np.ones(keys[0].size, dtype=bool)
    is_new[1:] = np.logical_or.reduce([key[1:] != key[:-1] for key in keys])
    return is_new

"""Facts about rows to be answered, the same for those of a study and for new ones."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icans_risk.cohort import LOCAL_ROUTES
from icans_risk.models.circumstances import Circumstances

__all__ = ["circumstances_at", "has_cns_tumour", "hours_since_last_input"]


def circumstances_at(
    episodes: pd.DataFrame,
    inputs: pd.DataFrame,
    *,
    landmark_h: float,
    analytes: Collection[str],
    levels: Mapping[str, Collection[str]],
    is_real: bool,
    is_withdrawn: bool = False,
) -> Circumstances:
    """Collect the facts about episodes at risk at a landmark.

    Parameters
    ----------
    episodes : DataFrame
        One row for each row that is asked about, in that order.
    inputs : DataFrame
        From ``used_events``, of these and any other episodes.
    landmark_h : float
        Hours since infusion.
    analytes : collection of str
        Full names of what the vectors read.
    levels : mapping of str to collection of str
        The levels that training episodes had, by category.
    is_real, is_withdrawn : bool
        Whether patients stand behind the rows; whether the model was withdrawn.

    Returns
    -------
    Circumstances
        One value for all or for each row.
    """
    unseen = np.zeros(len(episodes), dtype=bool)
    for name, known in levels.items():
        given = episodes[name]
        unseen |= (given.notna() & ~given.astype(str).isin(list(known))).to_numpy()
    return Circumstances(
        is_model_withdrawn=is_withdrawn,
        is_real_patient=is_real,
        has_infusion_time=True,
        is_beyond_landmark=False,
        is_at_endpoint=False,
        has_cns_tumour=has_cns_tumour(episodes),
        has_unseen_level=unseen,
        hours_since_last_input=hours_since_last_input(
            episodes["episode_id"].tolist(), inputs, landmark_h=landmark_h, analytes=analytes
        ),
    )


def hours_since_last_input(
    episode_ids: Sequence[str],
    inputs: pd.DataFrame,
    *,
    landmark_h: float,
    analytes: Collection[str],
) -> NDArray[np.float64]:
    """Return the age of each episode's latest input, NaN where nothing was read.

    A dose after which nothing counts is among the inputs and is not read.
    """
    read = (inputs["modality"] + "." + inputs["analyte"]).isin(list(analytes))
    latest = inputs[read].groupby("episode_id")["collected_h"].max().reindex(list(episode_ids))
    age: NDArray[np.float64] = landmark_h - latest.to_numpy(dtype=np.float64)
    return age


def has_cns_tumour(episodes: pd.DataFrame) -> NDArray[np.bool_]:
    """Tell who is treated for a tumour of the nervous system.

    Whom nobody flagged has one if the cells were given into CSF or tumour: a table without
    the flag must not pass for one of haematological patients.

    Parameters
    ----------
    episodes : DataFrame
        Rows in the layout ``EPISODES``.

    Returns
    -------
    ndarray of bool, shape (n_episodes,)
        From the flag, or without one from the route.

    Examples
    --------
    >>> has_cns_tumour(pd.DataFrame({"delivery_route": ["intravenous", "intratumoral", None]}))
    array([False,  True, False])
    """
    if "cns_tumour" in episodes:
        return (episodes["cns_tumour"] == 1).to_numpy()
    if "delivery_route" in episodes:
        return episodes["delivery_route"].isin(LOCAL_ROUTES).to_numpy()
    return np.zeros(len(episodes), dtype=bool)

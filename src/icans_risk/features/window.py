"""Resolve windows to hours since infusion, per episode and landmark."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icans_risk.errors import StudyError
from icans_risk.features.choices import Window

__all__ = ["Bounds", "check_landmarks", "resolve_windows"]

_LYMPHODEPLETION = "lymphodepletion_start_h"


class Bounds(NamedTuple):
    """Where the windows lie, in hours since infusion; a value in (lower, upper] is inside.

    Attributes
    ----------
    lower, upper, anchor : ndarray of shape (n_episodes, n_landmarks, n_windows)
        An episode whose anchor is not known has an empty window: no value lies above
        infinity.
    """

    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    anchor: NDArray[np.float64]


def check_landmarks(landmarks: Sequence[float]) -> NDArray[np.float64]:
    """Return the landmarks as hours, or say what is wrong with them.

    Parameters
    ----------
    landmarks : sequence of float
        Hours since infusion, at least one, each once.

    Returns
    -------
    ndarray of shape (n_landmarks,)
        In the order given.

    Raises
    ------
    StudyError
        If there is none, one is not finite, or one stands twice.
    """
    hours = np.asarray(landmarks, dtype=np.float64) + 0.0
    is_sound = hours.ndim == 1 and hours.size > 0 and bool(np.isfinite(hours).all())
    if not is_sound or np.unique(hours).size != hours.size:
        raise StudyError(
            "landmarks must be one or more distinct finite hours since infusion, got "
            f"{landmarks!r}. Correct the list."
        )
    return hours


def resolve_windows(
    windows: Sequence[Window],
    episodes: pd.DataFrame,
    landmarks: NDArray[np.float64],
    *,
    onsets: NDArray[np.float64] | None = None,
) -> Bounds:
    """Place every window for every episode at every landmark.

    Parameters
    ----------
    windows : sequence of Window
        Relative to their anchors.
    episodes : DataFrame
        For the start of lymphodepletion, where a window is anchored there.
    landmarks : ndarray of shape (n_landmarks,)
        Hours since infusion.
    onsets : ndarray of shape (n_episodes, n_landmarks), optional
        When CRS began, as known at each landmark, where a window is anchored there.

    Returns
    -------
    Bounds
        In hours since infusion.

    Raises
    ------
    StudyError
        If a window is anchored at lymphodepletion and the episodes have no such column.
    """
    shape = (len(episodes), landmarks.size, len(windows))
    bounds = Bounds(np.empty(shape), np.empty(shape), np.empty(shape))
    for number, window in enumerate(windows):
        known = onsets if window.anchor == "crs_onset" else None
        origin = _anchor_of(window, episodes, landmarks) if known is None else known
        anchor = np.broadcast_to(origin, shape[:2])
        start = -np.inf if window.start_h is None else window.start_h
        end = np.inf if window.end_h is None else window.end_h
        bounds.anchor[:, :, number] = anchor
        bounds.lower[:, :, number] = np.where(np.isnan(anchor), np.inf, anchor + start)
        bounds.upper[:, :, number] = np.where(np.isnan(anchor), np.inf, anchor + end)
    return bounds


def _anchor_of(
    window: Window, episodes: pd.DataFrame, landmarks: NDArray[np.float64]
) -> NDArray[np.float64]:
    if window.anchor == "infusion":
        return np.zeros(())
    if window.anchor == "landmark":
        return landmarks
    if _LYMPHODEPLETION not in episodes.columns:
        raise StudyError(
            f"The window {window.name!r} is anchored at lymphodepletion and needs the column "
            f"episodes.{_LYMPHODEPLETION}, which is absent. Add it (cells may be empty) or "
            "choose another anchor."
        )
    return episodes[_LYMPHODEPLETION].to_numpy(dtype=np.float64)[:, np.newaxis]

"""Small volumes of a head, with masks, that show what the truth about a scan says.

An ellipsoid of a brain with two ventricles, a lesion and oedema around it, in the contrast of
FLAIR. Shapes are assumed; volumes are those of the truth, to the nearest voxel.
"""

from collections.abc import Mapping
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

__all__ = ["AFFINE", "SHAPE", "draw_head"]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

SHAPE = (44, 52, 42)
_SPACING_MM = 4.0
AFFINE = np.diag([_SPACING_MM, _SPACING_MM, _SPACING_MM, 1.0])
AFFINE[:3, 3] = [-_SPACING_MM * (side - 1) / 2 for side in SHAPE]
_VOXEL_ML = _SPACING_MM**3 / 1000.0
# Lengths of the half-axes from right to left, front to back and top to bottom, up to a factor.
_BRAIN, _VENTRICLE, _LESION = (0.82, 1.0, 0.78), (0.45, 1.6, 0.7), (1.0, 1.2, 0.9)
_VENTRICLE_MM = (14.0, -2.0, 4.0)
_LESION_MM = (30.0, 24.0, 14.0)
_TISSUE, _FLUID, _OEDEMA, _NOISE, _OUTSIDE = 300.0, 60.0, 0.35, 15.0, 4.0


def draw_head(
    state: Mapping[str, float], *, seed: int, episode_id: str, hour: float
) -> tuple[NDArray[np.int16], dict[str, NDArray[np.uint8]]]:
    """Draw a scan and its masks.

    Parameters
    ----------
    state : mapping of str to float
        A row of the truth about scans.
    seed : int
        Of the cohort.
    episode_id : str
        Whose; with the hour it makes the noise of this scan its own.
    hour : float
        When, in hours since infusion.

    Returns
    -------
    scan : ndarray of int16, shape ``SHAPE``
        In arbitrary units.
    masks : dict of str to ndarray of uint8
        ``brain``, ``ventricles``, ``lesion`` and, if there is any, ``oedema``.
    """
    minute = round(hour * 60)
    rng = np.random.default_rng([seed, crc32(episode_id.encode()), abs(minute), int(minute < 0)])
    side = float(state["side"])
    brain = _largest(_radius((0.0, 0.0, 0.0), _BRAIN), state["brain_ml"], np.ones(SHAPE, bool))
    # What swells on one side pushes the ventricles to the other.
    shift = -side * float(state["shift_mm"])
    ventricles = _ventricles(state["ventricle_ml"], brain, shift_mm=shift)
    place = np.array(_LESION_MM) * (side, 1.0, 1.0) + rng.uniform(-3.0, 3.0, size=3)
    radius = _radius(tuple(place.tolist()), _LESION)
    tissue = brain & ~ventricles
    lesion = _largest(radius, state["lesion_ml"], tissue)
    oedema = _largest(radius, state["oedema_ml"], tissue & ~lesion)
    value = np.where(brain, _TISSUE, 0.0)
    value[ventricles] = _FLUID
    value[lesion] = _TISSUE * (1.0 + state["contrast"])
    value[oedema] = _TISSUE * (1.0 + _OEDEMA)
    value += rng.normal(size=SHAPE) * np.where(brain, _NOISE, _OUTSIDE)
    masks = {"brain": brain, "ventricles": ventricles, "lesion": lesion, "oedema": oedema}
    shown = {name: mask.astype(np.uint8) for name, mask in masks.items() if mask.any()}
    return np.rint(np.maximum(value, 0.0)).astype(np.int16), shown


def _ventricles(millilitres: float, brain: Mask, *, shift_mm: float) -> Mask:
    across, front, top = _VENTRICLE_MM
    both = [_radius((sign * across + shift_mm, front, top), _VENTRICLE) for sign in (-1.0, 1.0)]
    return _largest(np.minimum(*both), millilitres, brain)


def _radius(centre: tuple[float, ...], axes: tuple[float, ...]) -> Floats:
    """Return how far each voxel lies from a centre, in half-axes."""
    steps = [
        ((np.arange(side) * _SPACING_MM + AFFINE[axis, 3]) - centre[axis]) / axes[axis]
        for axis, side in enumerate(SHAPE)
    ]
    x, y, z = np.meshgrid(*steps, indexing="ij")
    return np.asarray(np.sqrt(x**2 + y**2 + z**2), dtype=np.float64)


def _largest(radius: Floats, millilitres: float, allowed: Mask) -> Mask:
    """Choose the innermost voxels that have a volume together."""
    wanted = round(float(millilitres) / _VOXEL_ML)
    found = np.zeros(SHAPE, dtype=bool)
    places = np.flatnonzero(allowed.ravel())
    nearest = np.argsort(radius.ravel()[places], kind="stable")[:wanted]
    found.ravel()[places[nearest]] = True
    return found

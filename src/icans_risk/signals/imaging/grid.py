"""The grid of a volume: where its voxels lie, and the same grid whichever way it is stored."""

from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from icans_risk.signals.imaging.reasons import RefusedError

__all__ = ["check_grid", "have_same_grid", "spacing_of", "to_canonical"]

Floats = NDArray[np.float64]

_SPACING_MM = (0.02, 20.0)
# Cosine between axes that are still at right angles; headers hold single precision.
_SHEAR = 0.005
# How far apart the corners of two grids may lie, in the shortest side of a voxel.
_APART = 0.05


def spacing_of(affine: Floats) -> Floats:
    """Return the length of a voxel along each axis, in mm."""
    return np.asarray(np.sqrt((affine[:3, :3] ** 2).sum(axis=0)))


def check_grid(affine: Floats) -> None:
    """Refuse a grid whose voxels have no plausible size, or whose axes are not at right angles."""
    spacing = spacing_of(affine)
    low, high = _SPACING_MM
    if not (np.isfinite(affine).all() and ((spacing >= low) & (spacing <= high)).all()):
        finite = spacing[np.isfinite(spacing)]
        shown = {"shortest": float(finite.min()), "longest": float(finite.max())}
        raise RefusedError("implausible_spacing", **(shown if finite.size == 3 else {}))
    axes = affine[:3, :3] / spacing
    skew = np.abs(axes.T @ axes - np.eye(3)).max()
    if skew > _SHEAR:
        raise RefusedError("sheared", cosine=float(skew))


def to_canonical(voxels: NDArray[np.generic], affine: Floats) -> tuple[NDArray[np.generic], Floats]:
    """Turn a grid so that its axes run towards right, front and top, as nearly as they can.

    Parameters
    ----------
    voxels : ndarray of shape (i, j, k)
        As stored.
    affine : ndarray of shape (4, 4)
        From their indices to mm.

    Returns
    -------
    voxels : ndarray
        A view of the same voxels.
    affine : ndarray of shape (4, 4)
        From its indices to the same mm.
    """
    axes = affine[:3, :3] / spacing_of(affine)
    order = max(
        permutations(range(3)), key=lambda p: sum(abs(axes[row, p[row]]) for row in range(3))
    )
    turned = affine[:, [*order, 3]].copy()
    voxels = np.transpose(voxels, order)
    for axis in range(3):
        if turned[axis, axis] < 0:
            voxels = np.flip(voxels, axis)
            turned[:3, 3] += turned[:3, axis] * (voxels.shape[axis] - 1)
            turned[:3, axis] *= -1
    return voxels, turned


def have_same_grid(shape: tuple[int, ...], first: Floats, second: Floats) -> bool:
    """Say whether two grids of one shape have their corners in the same places."""
    ends = np.array([[0, side - 1] for side in shape], dtype=np.float64)
    corners = np.stack(np.meshgrid(*ends, indexing="ij"), axis=-1).reshape(-1, 3)
    homogeneous = np.column_stack([corners, np.ones(len(corners))])
    apart = np.linalg.norm(homogeneous @ (first - second)[:3].T, axis=1).max()
    return bool(apart <= _APART * spacing_of(first).min())

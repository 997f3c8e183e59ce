"""What left and right, and healthy tissue, say about a lesion and a brain."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Midplane", "asymmetry", "displacement", "find_midplane", "mirrored"]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

# Rows through the brain that are shorter than this share of the longest say little.
_LONG_ENOUGH = 0.5


@dataclass(frozen=True)
class Midplane:
    """The plane that halves a brain.

    Attributes
    ----------
    point, normal : ndarray of shape (3,)
        In mm along the axes of the grid; the normal has length 1 and points to the right.
    """

    point: Floats
    normal: Floats

    def distance(self, places: Floats) -> Floats:
        """Return how far to the right of the plane places lie, in mm."""
        return np.asarray((places - self.point) @ self.normal)


def find_midplane(brain: Mask, spacing: Floats) -> Midplane:
    """Fit a plane to the middles of the rows of a brain that run from left to right.

    The skull does not give way to one side as the tissue within it does, so that its middle
    stays where it is. A head that is turned or tilted a little is followed.

    Parameters
    ----------
    brain : ndarray of bool, shape (x, y, z)
        Not empty.
    spacing : ndarray of shape (3,)
        In mm.

    Returns
    -------
    Midplane
        By least squares over rows of at least half the longest one's length.
    """
    first = np.argmax(brain, axis=0)
    last = brain.shape[0] - 1 - np.argmax(brain[::-1], axis=0)
    length = np.where(brain.any(axis=0), last - first + 1, 0)
    used = np.argwhere(length >= _LONG_ENOUGH * length.max())
    middles = (first + last)[used[:, 0], used[:, 1]] / 2.0 * spacing[0]
    across = used * spacing[1:]
    centre = across.mean(axis=0)
    design = np.column_stack([np.ones(len(across)), across - centre])
    # Rows in one line leave a slope open; the shortest solution leaves it at zero.
    (offset, *slopes), *_ = np.linalg.lstsq(design, middles, rcond=None)
    normal = np.array([1.0, *(-slope for slope in slopes)])
    return Midplane(np.array([offset, *centre]), normal / np.linalg.norm(normal))


def asymmetry(mask: Mask, spacing: Floats, midplane: Midplane) -> float:
    """Return the difference between right and left as a share of both, 0 to 1."""
    right = midplane.distance(np.argwhere(mask) * spacing)
    # A voxel in the plane belongs to both sides.
    balance = np.sign(np.where(np.abs(right) < 1e-6, 0.0, right)).sum()
    return float(abs(balance) / len(right))


def displacement(mask: Mask, spacing: Floats, midplane: Midplane) -> float:
    """Return how far the centre of a region lies from the midplane, in mm."""
    centre = (np.argwhere(mask) * spacing).mean(axis=0)
    return float(abs(midplane.distance(centre)))


def mirrored(mask: Mask, spacing: Floats, midplane: Midplane) -> Mask:
    """Reflect a region at the midplane.

    Returns
    -------
    ndarray of bool, shape (x, y, z)
        The voxels that lie nearest to the reflected centres.
    """
    places = np.argwhere(mask) * spacing
    reflected = places - 2.0 * midplane.distance(places)[:, np.newaxis] * midplane.normal
    indices = np.rint(reflected / spacing).astype(np.int64)
    inside = ((indices >= 0) & (indices < mask.shape)).all(axis=1)
    found = np.zeros_like(mask)
    found[tuple(indices[inside].T)] = True
    return found

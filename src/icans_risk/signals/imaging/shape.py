"""Size and shape of a region.

Definitions are those of PyRadiomics (van Griethuysen JJM, et al. "Computational radiomics system to
decode the radiographic phenotype." Cancer Res 2017;77:e104-e107,
doi:10.1158/0008-5472.CAN-17-0339), which follow Zwanenburg A, et al. "The image biomarker
standardization initiative." Radiology 2020;295:328-338, doi:10.1148/radiol.2020191145.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["FEWEST_VOXELS", "Mesh", "components", "largest_diameter", "make_mesh", "shape_of"]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

# Fewer voxels than a cube of two have no shape to speak of.
FEWEST_VOXELS = 8
_MM3_PER_ML, _MM2_PER_CM2 = 1000.0, 100.0


@dataclass(frozen=True)
class Mesh:
    """The surface of a region by marching cubes at 0.5.

    Attributes
    ----------
    corners : ndarray of shape (corners, 3)
        In mm.
    volume_mm3, surface_mm2 : float
        What it encloses, and its own size.
    """

    corners: Floats
    volume_mm3: float
    surface_mm2: float


def make_mesh(mask: Mask, spacing: Floats) -> Mesh:
    """Lay a surface half-way between voxels within and without.

    Parameters
    ----------
    mask : ndarray of bool, shape (x, y, z)
        Not empty.
    spacing : ndarray of shape (3,)
        In mm.

    Returns
    -------
    Mesh
        Closed: what reaches the edge of the grid is closed there.
    """
    from skimage.measure import marching_cubes

    padded = np.pad(_cropped(mask), 1).astype(np.float32)
    corners, faces, _, _ = marching_cubes(padded, 0.5, spacing=tuple(spacing))
    first, second, third = np.asarray(corners, dtype=np.float64)[faces.T]
    across = np.cross(second - first, third - first)
    surface = np.sqrt((across**2).sum(axis=1)).sum() / 2.0
    volume = abs((first * across).sum()) / 6.0
    return Mesh(np.asarray(corners, dtype=np.float64), float(volume), float(surface))


def largest_diameter(corners: Floats) -> float:
    """Return the largest distance between two corners of a mesh, in mm."""
    from scipy.spatial import ConvexHull
    from scipy.spatial.distance import pdist

    outer = corners[ConvexHull(corners).vertices]
    return float(pdist(outer).max())


def components(mask: Mask) -> NDArray[np.int64]:
    """Count the voxels of each part that touches no other, not even at a corner."""
    from scipy.ndimage import label

    labels, _ = label(_cropped(mask), structure=np.ones((3, 3, 3), dtype=bool))
    return np.asarray(np.bincount(labels.ravel())[1:], dtype=np.int64)


def shape_of(mask: Mask, spacing: Floats) -> dict[str, float]:
    """Measure a region.

    Parameters
    ----------
    mask : ndarray of bool, shape (x, y, z)
        May be empty: then its volume and number of parts are zero, and it has no shape.
    spacing : ndarray of shape (3,)
        In mm.

    Returns
    -------
    dict of str to float
        ``volume`` (mL) and ``count``; of a region also ``largest_part`` (mL); with enough
        voxels also ``mesh_volume`` (mL), ``surface`` (cm2), ``sphericity``, ``diameter``,
        ``major_axis``, ``minor_axis``, ``least_axis`` (mm), ``elongation`` and ``flatness``.
    """
    voxel = float(np.prod(spacing)) / _MM3_PER_ML
    count = int(np.count_nonzero(mask))
    if not count:
        return {"volume": 0.0, "count": 0.0}
    parts = components(mask)
    measured = {
        "volume": count * voxel,
        "count": float(parts.size),
        "largest_part": float(parts.max()) * voxel,
    }
    if count < FEWEST_VOXELS:
        return measured
    mesh = make_mesh(mask, spacing)
    sphere = (36.0 * np.pi * mesh.volume_mm3**2) ** (1.0 / 3.0)
    return measured | {
        "mesh_volume": mesh.volume_mm3 / _MM3_PER_ML,
        "surface": mesh.surface_mm2 / _MM2_PER_CM2,
        "sphericity": float(sphere / mesh.surface_mm2),
        "diameter": largest_diameter(mesh.corners),
        **_axes(mask, spacing),
    }


def _axes(mask: Mask, spacing: Floats) -> dict[str, float]:
    """Measure the ellipsoid whose points spread as the centres of the voxels do."""
    places = np.argwhere(mask) * spacing
    spread = np.cov(places, rowvar=False, ddof=0)
    least, minor, major = np.maximum(np.linalg.eigvalsh(spread), 0.0)
    lengths = {"major_axis": major, "minor_axis": minor, "least_axis": least}
    found = {name: float(4.0 * np.sqrt(value)) for name, value in lengths.items()}
    if major > 0:
        found["elongation"] = float(np.sqrt(minor / major))
        found["flatness"] = float(np.sqrt(least / major))
    return found


def _cropped(mask: Mask) -> Mask:
    """Cut a mask to what it holds."""
    spans = []
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        used = np.flatnonzero(mask.any(axis=others))
        spans.append(slice(int(used[0]), int(used[-1]) + 1))
    return mask[tuple(spans)]

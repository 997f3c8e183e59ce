"""Volumes and masks: read whole, turned the same way, compared with each other."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from icans_risk.signals.imaging.grid import have_same_grid, spacing_of, to_canonical
from icans_risk.signals.imaging.header import VolumeHeader, read_header
from icans_risk.signals.imaging.inflate import read_exactly
from icans_risk.signals.imaging.reasons import RefusedError

__all__ = ["Volume", "read_mask", "read_volume"]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Volume:
    """Voxels on a grid that runs towards right, front and top.

    Attributes
    ----------
    voxels : ndarray of shape (x, y, z)
        As stored, before scaling.
    affine : ndarray of shape (4, 4)
        From indices to mm.
    header : VolumeHeader
        Of the file.
    """

    voxels: NDArray[np.generic]
    affine: Floats
    header: VolumeHeader

    @property
    def spacing(self) -> Floats:
        """Length of a voxel along each axis, in mm."""
        return spacing_of(self.affine)

    def values(self, mask: Mask) -> Floats:
        """Return the scaled values within a mask.

        Raises
        ------
        RefusedError
            If one of them is no number.
        """
        found = self.voxels[mask].astype(np.float64)
        found = found * self.header.slope + self.header.intercept
        wrong = int((~np.isfinite(found)).sum())
        if wrong:
            raise RefusedError("not_finite", voxels=wrong)
        return found


def read_volume(file: Path) -> Volume:
    """Read a volume to its last voxel.

    Parameters
    ----------
    file : Path
        ``.nii``, ``.nii.gz`` or ``.nrrd``.

    Returns
    -------
    Volume
        Turned, not resampled.

    Raises
    ------
    RefusedError
        If the file holds less or more than its header states, or is refused for another reason.
    """
    header = read_header(file)
    try:
        content = read_exactly(
            file, skip=header.offset, wanted=header.bytes, compression=header.compression
        )
    except OSError:
        raise RefusedError("not_found") from None
    # The first index is the fastest one in both formats.
    stored = np.frombuffer(content, dtype=header.dtype).reshape(header.shape, order="F")
    return Volume(*to_canonical(stored, header.affine), header)


def read_mask(file: Path, labels: tuple[int, ...], scan: Volume) -> Mask:
    """Read a mask on the grid of a scan.

    Parameters
    ----------
    file : Path
        A volume of zeros and one other whole number, or of labels.
    labels : tuple of int
        The labels that are meant; empty for a mask that has one.
    scan : Volume
        What it is a mask of.

    Returns
    -------
    ndarray of bool, shape (x, y, z)
        True within.

    Raises
    ------
    RefusedError
        If it cannot be read, lies elsewhere, or its numbers are not labels.
    """
    try:
        volume = read_volume(file)
    except RefusedError as error:
        code = "mask_not_found" if error.code == "not_found" else "mask_unreadable"
        raise RefusedError(code, **error.figures) from None
    if volume.voxels.shape != scan.voxels.shape or not have_same_grid(
        scan.voxels.shape, scan.affine, volume.affine
    ):
        raise RefusedError("mask_grid_differs")
    if volume.header.is_oriented != scan.header.is_oriented:
        raise RefusedError("mask_grid_differs")
    return _within(volume, labels)


def _within(volume: Volume, labels: tuple[int, ...]) -> Mask:
    header = volume.header
    is_plain = header.slope == 1.0 and header.intercept == 0.0
    voxels = volume.voxels
    if not is_plain:
        voxels = voxels.astype(np.float64) * header.slope + header.intercept
    inside = np.asarray(voxels != 0)
    found = voxels[inside].astype(np.float64)
    if not (np.isfinite(found) & (found == np.rint(found))).all():
        raise RefusedError("mask_not_labels")
    if labels:
        return np.ascontiguousarray(np.isin(voxels, labels))
    if found.size and found.min() != found.max():
        raise RefusedError("mask_has_several_labels", lowest=found.min(), highest=found.max())
    return np.ascontiguousarray(inside)

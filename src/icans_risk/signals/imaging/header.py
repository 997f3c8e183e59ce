"""What the header of a volume says, bounded before any voxel is read."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from icans_risk.signals.imaging.inflate import beginning
from icans_risk.signals.imaging.reasons import RefusedError

__all__ = ["MOST_BYTES", "VolumeHeader", "check_size", "read_header"]

MOST_BYTES = 2**29
# Enough for any header of NIfTI, and for the text of a header of NRRD.
_BEGINNING = 2**16
_DICOM = (".dcm", ".dicom", ".ima")
_DETACHED = (".hdr", ".img", ".img.gz", ".hdr.gz", ".nhdr")


@dataclass(frozen=True)
class VolumeHeader:
    """The technical part of a header: nothing in it says who was scanned, when, or by whom.

    Attributes
    ----------
    format : {"nifti1", "nifti2", "nrrd"}
        Of the file.
    shape : tuple of int
        Voxels along each of three axes, the first one fastest in the file.
    dtype : numpy dtype
        Of the voxels, with the byte order.
    affine : ndarray of shape (4, 4)
        From voxel indices to mm towards right, front and top.
    is_oriented : bool
        Whether the file says where right, front and top are.
    slope, intercept : float
        A value is ``slope * voxel + intercept``.
    offset : int
        Bytes before the voxels, counted after decompression of a file that is compressed whole.
    compression : {"none", "whole", "data"}
        What is compressed by gzip.
    flags : tuple of str
        Of ``FLAGS``.
    """

    format: Literal["nifti1", "nifti2", "nrrd"]
    shape: tuple[int, int, int]
    dtype: "np.dtype[np.generic]"
    affine: NDArray[np.float64]
    is_oriented: bool
    slope: float
    intercept: float
    offset: int
    compression: Literal["none", "whole", "data"]
    flags: tuple[str, ...]

    @property
    def bytes(self) -> int:
        """Bytes of all voxels."""
        return int(np.prod([int(n) for n in self.shape], dtype=object)) * self.dtype.itemsize


def read_header(file: Path) -> VolumeHeader:
    """Read the header of a volume; the format is told by the content.

    Parameters
    ----------
    file : Path
        ``.nii``, ``.nii.gz`` or ``.nrrd``.

    Returns
    -------
    VolumeHeader
        Of a volume that is not too large and whose voxels have a size.

    Raises
    ------
    RefusedError
        If it is another file, or its header is not as the format prescribes.
    """
    from icans_risk.signals.imaging.nifti import read_nifti_header
    from icans_risk.signals.imaging.nrrd import read_nrrd_header

    name = file.name.lower()
    try:
        start, is_compressed = beginning(file, _BEGINNING)
    except OSError:
        raise RefusedError("not_found") from None
    if start[128:132] == b"DICM" or name.endswith(_DICOM) or name == "dicomdir":
        raise RefusedError("dicom")
    if name.endswith(_DETACHED):
        raise RefusedError("detached")
    if name.endswith((".nii", ".nii.gz")):
        return read_nifti_header(start, is_compressed=is_compressed)
    if name.endswith(".nrrd") and not is_compressed:
        return read_nrrd_header(start)
    raise RefusedError("unsupported_format")


def check_size(shape: tuple[int, ...], itemsize: int) -> None:
    """Refuse a volume whose voxels would not fit into what may be read."""
    stated = itemsize
    for side in shape:
        if side < 1:
            raise RefusedError("malformed_header", side=side)
        stated *= side
    if stated > MOST_BYTES:
        raise RefusedError("too_large", stated_bytes=float(stated), most=MOST_BYTES)

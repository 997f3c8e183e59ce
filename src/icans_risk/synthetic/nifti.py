"""Write NIfTI-1, the format of volumes, plainly.

Cox RW, et al. "A (sort of) new image data format standard: NIfTI-1." Neuroimage 2004;22:e1440.
"""

import gzip
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["write_nifti"]

_CODES = {"uint8": 2, "int16": 4, "float32": 16}
_MM = 2
_SCANNER = 1
_OFFSET = 352


def write_nifti(
    file: Path, voxels: NDArray[Any], affine: NDArray[np.float64], *, description: bytes = b""
) -> None:
    """Write a volume.

    Parameters
    ----------
    file : Path
        ``.nii`` or ``.nii.gz``; written over if it exists.
    voxels : ndarray of shape (x, y, z)
        Of uint8, int16 or float32.
    affine : ndarray of shape (4, 4)
        From indices to mm towards right, front and top.
    description : bytes
        Up to 80; the default says nothing.
    """
    dtype = voxels.dtype.newbyteorder("<")
    spacing = np.sqrt((affine[:3, :3] ** 2).sum(axis=0))
    header = bytearray(_OFFSET)
    fields: list[tuple[int, str, tuple[Any, ...]]] = [
        (0, "i", (348,)),
        (40, "8h", (3, *voxels.shape, 1, 1, 1, 1)),
        (70, "2h", (_CODES[voxels.dtype.name], 8 * dtype.itemsize)),
        (76, "8f", (1.0, *spacing, 0.0, 0.0, 0.0, 0.0)),
        (108, "3f", (float(_OFFSET), 1.0, 0.0)),
        (123, "B", (_MM,)),
        (148, "80s", (description,)),
        (254, "h", (_SCANNER,)),
        (280, "12f", tuple(affine[:3].ravel())),
        (344, "4s", (b"n+1",)),
    ]
    for place, kind, values in fields:
        struct.pack_into(f"<{kind}", header, place, *values)
    content = bytes(header) + voxels.astype(dtype).tobytes(order="F")
    # Without a time in it the same volume makes the same file.
    packed = gzip.compress(content, 6, mtime=0) if file.name.endswith(".gz") else content
    file.write_bytes(packed)

"""The headers of NIfTI-1 and NIfTI-2: nibabel knows their fields, none of them is believed.

Cox RW, et al. "A (sort of) new image data format standard: NIfTI-1." Neuroimage 2004;22:e1440;
the fields stand in https://nifti.nimh.nih.gov.
"""

import struct
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from icans_risk.signals.imaging.grid import check_grid
from icans_risk.signals.imaging.header import VolumeHeader, check_size
from icans_risk.signals.imaging.reasons import RefusedError

__all__ = ["read_nifti_header"]

# Bytes of the header, what it is called here, its mark, and the mark of a header alone.
_KINDS: dict[int, tuple[Literal["nifti1", "nifti2"], int, bytes, bytes]] = {
    348: ("nifti1", 344, b"n+1\0", b"ni1\0"),
    540: ("nifti2", 4, b"n+2\0\r\n\x1a\n", b"ni2\0"),
}
_NUMBERS = {
    2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4", 1024: "i8",
    1280: "u8",
}  # fmt: skip
# mm in a unit of length; 0 says nothing and is mostly mm.
_LENGTHS = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}
_MOST_EXTENSIONS = 2**26
_MOST_CODE = 5
_TOLERANCE = 0.01


def read_nifti_header(start: bytes, *, is_compressed: bool) -> VolumeHeader:
    """Read the header of a NIfTI file.

    Parameters
    ----------
    start : bytes
        How the file begins, after decompression.
    is_compressed : bool
        Whether it was compressed whole.

    Returns
    -------
    VolumeHeader
        Descriptions, names, histories and extensions are not among it.

    Raises
    ------
    RefusedError
        If a field is not as the format prescribes.
    """
    size, order = _size_and_order(start)
    name, place, mark, alone = _KINDS[size]
    found = start[place : place + len(mark)]
    if found.startswith(alone):
        raise RefusedError("detached")
    if found != mark:
        raise RefusedError("unsupported_format" if not found.strip(b"\0") else "malformed_header")
    fields = _parse(start[:size], order, size)
    shape = _shape(fields)
    dtype = _dtype(fields, order)
    check_size(shape, dtype.itemsize)
    length, flags = _length(fields)
    affine, is_oriented = _affine(fields, length)
    check_grid(affine)
    slope, intercept = _scaling(fields)
    return VolumeHeader(
        format=name,
        shape=shape,
        dtype=dtype,
        affine=affine,
        is_oriented=is_oriented,
        slope=slope,
        intercept=intercept,
        offset=_offset(fields, size),
        compression="whole" if is_compressed else "none",
        flags=(*flags, *(() if is_oriented else ("orientation_not_stated",))),
    )


def _size_and_order(start: bytes) -> tuple[int, str]:
    for order in "<>":
        if len(start) >= 4:
            size = struct.unpack(f"{order}i", start[:4])[0]
            if size in _KINDS:
                if len(start) < size + 4:
                    raise RefusedError("truncated", stated_bytes=size + 4, bytes=len(start))
                return size, order
    raise RefusedError("unsupported_format")


def _parse(block: bytes, order: str, size: int) -> Any:
    from nibabel.nifti1 import Nifti1Header
    from nibabel.nifti2 import Nifti2Header

    kind = Nifti1Header if size == 348 else Nifti2Header
    return kind(block, endianness=order, check=False)


def _shape(fields: Any) -> tuple[int, int, int]:
    dimensions = [int(n) for n in fields["dim"]]
    count = dimensions[0]
    if not 1 <= count <= 7:
        raise RefusedError("malformed_header", dimensions=count)
    sides = dimensions[1 : count + 1]
    if any(side < 1 for side in sides):
        raise RefusedError("malformed_header", side=min(sides))
    if count < 3:
        raise RefusedError("not_three_dimensional", dimensions=count)
    further = float(np.prod(np.array(sides[3:], dtype=np.float64)))
    if further > 1:
        raise RefusedError("several_volumes", volumes=further)
    return (sides[0], sides[1], sides[2])


def _dtype(fields: Any, order: str) -> "np.dtype[np.generic]":
    code = int(fields["datatype"])
    if code not in _NUMBERS:
        raise RefusedError("unsupported_type", datatype=code)
    dtype = np.dtype(order + _NUMBERS[code])
    if int(fields["bitpix"]) != 8 * dtype.itemsize:
        raise RefusedError("malformed_header", bits=int(fields["bitpix"]))
    return dtype


def _length(fields: Any) -> tuple[float, tuple[str, ...]]:
    unit = int(fields["xyzt_units"]) & 7
    if unit not in _LENGTHS:
        raise RefusedError("malformed_header", unit=unit)
    return _LENGTHS[unit], () if unit else ("unit_not_stated",)


def _affine(fields: Any, length: float) -> tuple[NDArray[np.float64], bool]:
    codes = [int(fields[name]) for name in ("sform_code", "qform_code")]
    if not all(0 <= code <= _MOST_CODE for code in codes):
        raise RefusedError("malformed_header", orientation=max(codes, key=abs))
    steps = np.asarray(fields["pixdim"][1:4], dtype=np.float64)
    if codes[0]:
        affine = np.asarray(fields.get_sform(), dtype=np.float64)
    elif codes[1]:
        affine = _from_quaternion(fields, steps)
    else:
        if not (np.isfinite(steps) & (steps > 0)).all():
            raise RefusedError("spacing_not_stated")
        affine = np.diag([*steps, 1.0])
    if not (np.isfinite(affine).all() and np.isfinite(steps).all()):
        raise RefusedError("malformed_header")
    _compare(affine, steps)
    affine[:3] *= length
    return affine, any(codes)


def _from_quaternion(fields: Any, steps: NDArray[np.float64]) -> NDArray[np.float64]:
    numbers = [float(fields[name]) for name in ("quatern_b", "quatern_c", "quatern_d")]
    if not np.isfinite(numbers).all() or not (steps > 0).all():
        raise RefusedError("malformed_header")
    try:
        return np.asarray(fields.get_qform(), dtype=np.float64)
    # nibabel's word for a quaternion that is none, or a handedness that is neither 1 nor -1.
    except Exception:
        raise RefusedError("malformed_header") from None


def _compare(affine: NDArray[np.float64], steps: NDArray[np.float64]) -> None:
    """Refuse two sizes of a voxel in one header; some writers leave the second one open."""
    stated, found = float(np.prod(steps)), abs(float(np.linalg.det(affine[:3, :3])))
    if (steps > 0).all() and abs(found - stated) > _TOLERANCE * stated:
        raise RefusedError("affines_disagree", voxel_volume=found, other=stated)


def _scaling(fields: Any) -> tuple[float, float]:
    slope, intercept = float(fields["scl_slope"]), float(fields["scl_inter"])
    # Zero and "no number" are how writers say that there is no scaling.
    if np.isnan(slope) or slope == 0.0:
        return 1.0, 0.0
    if not (np.isfinite(slope) and np.isfinite(intercept)):
        raise RefusedError("malformed_header")
    return slope, intercept


def _offset(fields: Any, size: int) -> int:
    offset = float(fields["vox_offset"])
    if (
        not np.isfinite(offset)
        or offset != int(offset)
        or not (size + 4 <= offset <= _MOST_EXTENSIONS)
    ):
        raise RefusedError("malformed_header", offset=offset if np.isfinite(offset) else -1.0)
    return int(offset)

"""Volumes whose content is known, and files of them with what is to be wrong in them."""

import gzip
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
from numpy.typing import NDArray

from icans_risk.signals.imaging.work import measure_scan
from icans_risk.synthetic.anatomy import AFFINE, draw_head

__all__ = ["ORIENTATIONS", "STATE", "affine_of", "ellipsoid", "head", "measured", "nifti", "nrrd"]

STATE = {
    "lesion_ml": 12.0, "oedema_ml": 20.0, "ventricle_ml": 25.0, "brain_ml": 1300.0,
    "shift_mm": 4.0, "contrast": 0.8, "side": -1.0,
}  # fmt: skip
# How the same head can be stored: which axis of the file runs where.
ORIENTATIONS = ("RAS", "LPS", "LAS", "PIR", "SAL", "ASR", "IPL")


def affine_of(spacing: tuple[float, ...], shape: tuple[int, ...]) -> NDArray[np.float64]:
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = [-step * (side - 1) / 2 for step, side in zip(spacing, shape, strict=True)]
    return affine


def ellipsoid(
    axes: tuple[float, ...],
    spacing: tuple[float, ...],
    *,
    centre: tuple[float, ...] = (0.0, 0.0, 0.0),
    margin: int = 2,
) -> NDArray[np.bool_]:
    """Voxels whose centres lie in an ellipsoid of these half-axes in mm."""
    sides = [2 * (int(np.ceil(a / s)) + margin) + 1 for a, s in zip(axes, spacing, strict=True)]
    steps = [
        ((np.arange(n) - n // 2) * s - c) / a
        for n, s, a, c in zip(sides, spacing, axes, centre, strict=True)
    ]
    return sum(step**2 for step in np.meshgrid(*steps, indexing="ij")) <= 1.0  # type: ignore[return-value]


def head(**change: float) -> tuple[NDArray[Any], dict[str, NDArray[Any]], NDArray[np.float64]]:
    scan, masks = draw_head(STATE | change, seed=3, episode_id="E1", hour=-20.0)
    return scan, masks, AFFINE


def nifti(
    file: Path,
    voxels: NDArray[Any],
    affine: NDArray[np.float64] = np.eye(4),  # noqa: B008
    *,
    unit: str = "mm",
    kind: type[Any] = nibabel.Nifti1Image,
    orientation: str = "RAS",
    **fields: Any,
) -> Path:
    """Write a file by nibabel, turned, with other fields in its header."""
    image = kind(voxels, affine)
    start = nibabel.orientations.io_orientation(affine)
    end = nibabel.orientations.axcodes2ornt(orientation)
    image = image.as_reoriented(nibabel.orientations.ornt_transform(start, end))
    image = kind(np.asarray(image.dataobj), image.affine)
    image.header.set_xyzt_units(unit)
    for name, value in fields.items():
        image.header[name] = value
    nibabel.save(image, file)
    return file


def nrrd(
    file: Path,
    voxels: NDArray[Any],
    *,
    directions: str = "(1,0,0) (0,1,0) (0,0,1)",
    space: str = "right-anterior-superior",
    encoding: str = "gzip",
    kind: str | None = None,
    endian: str = "little",
    more: tuple[str, ...] = (),
    without: tuple[str, ...] = (),
    change: dict[str, str] | None = None,
) -> Path:
    """Write an NRRD file from scratch."""
    dtype = voxels.dtype.newbyteorder("<" if endian == "little" else ">")
    words = {"uint8": "unsigned char", "int16": "short", "float32": "float", "float64": "double"}
    fields = {
        "type": kind or words[voxels.dtype.name],
        "dimension": str(voxels.ndim),
        "space": space,
        "sizes": " ".join(str(side) for side in voxels.shape),
        "space directions": directions,
        "kinds": "domain domain domain",
        "endian": endian,
        "encoding": encoding,
        "space origin": "(0,0,0)",
    } | (change or {})
    lines = ["NRRD0004", "# Complete NRRD file format specification at:", *more]
    lines += [f"{name}: {value}" for name, value in fields.items() if name not in without]
    content = voxels.astype(dtype).tobytes(order="F")
    if encoding in ("gzip", "gz"):
        content = gzip.compress(content, mtime=0)
    file.write_bytes("\n".join([*lines, "", ""]).encode("latin-1") + content)
    return file


def measured(
    folder: Path,
    scan: NDArray[Any],
    masks: dict[str, NDArray[Any]],
    affine: NDArray[np.float64],
    *,
    sequence: str = "flair",
    orientation: str = "RAS",
) -> dict[str, Any]:
    """Write a scan and its masks and measure the files."""
    file = nifti(folder / "scan.nii.gz", scan, affine, orientation=orientation)
    files = {
        name: nifti(
            folder / f"{name}.nii.gz", mask.astype(np.uint8), affine, orientation=orientation
        )
        for name, mask in masks.items()
    }
    return measure_scan(file, files, sequence=sequence)

"""What a worker does with one scan: from paths to plain numbers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from icans_risk.signals.imaging.measure import MASKS, Scan, measure
from icans_risk.signals.imaging.picture import draw_slices
from icans_risk.signals.imaging.reasons import RefusedError
from icans_risk.signals.imaging.shape import FEWEST_VOXELS
from icans_risk.signals.imaging.volume import read_mask, read_volume
from icans_risk.signals.job import answer_job

__all__ = ["ALGORITHM", "measure_scan", "work"]

# Raised whenever a measurement changes, so that old results are not taken for new ones.
ALGORITHM = 1

_THICK = 3.0
_OUTSIDE = 0.01


def work(job: Mapping[str, Any]) -> dict[str, Any]:
    """Measure a scan, or say why not; a result of an earlier run is taken from the journal.

    Parameters
    ----------
    job : mapping
        ``path``, ``masks`` (name to path and labels) and ``sequence``; optionally ``sha256``
        (of the scan, as the table states it) and ``journal`` (a folder of results).

    Returns
    -------
    dict
        Plain numbers; nothing in it says who was scanned, or when. ``refused`` is a code of
        ``REASONS`` or None.
    """
    path, masks = Path(job["path"]), job["masks"]
    files = {name: Path(masks[name]["path"]) for name in MASKS if name in masks}
    labels = {name: tuple(masks[name]["labels"]) for name in files}
    if not all(file.is_file() for file in files.values()):
        return {"refused": "mask_not_found", "figures": {}, "sha256": ""}
    return answer_job(
        job,
        lambda: measure_scan(path, files, labels=labels, sequence=job["sequence"]),
        parts=lambda: (path,),
        algorithm=ALGORITHM,
        beside=list(files.values()),
        settings=f"{job['sequence']} {labels}",
    )


def measure_scan(
    path: Path,
    masks: Mapping[str, Path],
    *,
    labels: Mapping[str, tuple[int, ...]] | None = None,
    sequence: str = "unknown",
) -> dict[str, Any]:
    """Measure a scan.

    Parameters
    ----------
    path : Path
        ``.nii``, ``.nii.gz`` or ``.nrrd``.
    masks : mapping of str to Path
        Of ``MASKS``, those that there are.
    labels : mapping of str to tuple of int, optional
        Which labels of a mask are meant.
    sequence : str
        ``pet``, ``ct``, a sequence of MRI, or ``unknown``.

    Returns
    -------
    dict
        ``format``, ``shape``, ``spacing`` (mm), ``sequence``, ``masks``, ``flags``, ``values``
        by the catalogue's names, ``picture``, and ``end_s``, which is zero: a scan describes
        one moment.

    Raises
    ------
    RefusedError
        If the scan or a mask cannot be used.
    """
    volume = read_volume(path)
    if not masks:
        raise RefusedError("no_mask")
    chosen = {} if labels is None else labels
    read = {name: read_mask(file, chosen.get(name, ()), volume) for name, file in masks.items()}
    scan = Scan(volume, read, sequence)
    header = volume.header
    return {
        "format": header.format,
        "shape": [int(side) for side in volume.voxels.shape],
        "spacing": [float(length) for length in volume.spacing],
        "sequence": sequence,
        "masks": list(read),
        "end_s": 0.0,
        "flags": [*header.flags, *_flags(scan)],
        "values": measure(scan),
        "picture": draw_slices(scan),
    }


def _flags(scan: Scan) -> list[str]:
    lesion = scan.masks.get("lesion")
    voxels = 0 if lesion is None else int(np.count_nonzero(lesion))
    raised = {
        "thick_slices": scan.spacing.max() > _THICK * scan.spacing.min(),
        "no_lesion": lesion is not None and not voxels,
        "few_voxels": 0 < voxels < FEWEST_VOXELS,
        "at_the_edge": _reaches_edge(scan),
        "lesion_outside_brain": _outside_brain(scan) > _OUTSIDE,
    }
    return [name for name, is_raised in raised.items() if is_raised]


def _reaches_edge(scan: Scan) -> bool:
    regions = [mask for name, mask in scan.masks.items() if name != "reference"]
    ends = [mask.take(end, axis=axis) for mask in regions for axis in range(3) for end in (0, -1)]
    return any(bool(end.any()) for end in ends)


def _outside_brain(scan: Scan) -> float:
    if "brain" not in scan.masks or not scan.has("lesion"):
        return 0.0
    lesion = scan.masks["lesion"]
    return float(np.count_nonzero(lesion & ~scan.masks["brain"]) / np.count_nonzero(lesion))

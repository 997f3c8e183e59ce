"""Three small slices of a scan with its masks, as numbers from 0 to 255.

Only slices across the body, and only within the mask of the brain where there is one: a face is
in no picture.
"""

import base64
from typing import Any

import numpy as np
from numpy.typing import NDArray

from icans_risk.signals.imaging.measure import MASKS, Scan

__all__ = ["GREYS", "OUTLINES", "SIDE", "draw_slices"]

Bytes = NDArray[np.uint8]

SIDE = 96
# Shades from 1 are greys; 0 is what is not shown; the highest are outlines.
GREYS = 250
OUTLINES = {"lesion": 255, "oedema": 254, "ventricles": 253}
_QUANTILES = (0.25, 0.5, 0.75)
_CONTRAST = (1.0, 99.0)
# Without a mask of the brain so much is shown around the other masks, in mm.
_MARGIN_MM = 25.0


def draw_slices(scan: Scan) -> dict[str, Any]:
    """Draw slices a quarter, half and three quarters of the way through what the masks show.

    Parameters
    ----------
    scan : Scan
        With at least one mask that is not empty, or none: then nothing is drawn.

    Returns
    -------
    dict
        ``columns``, ``rows`` and ``shades``: one byte each, in base64, line by line from the
        top; the patient's right is on the left, as radiologists look at it.
    """
    shown = next((scan.masks[name] for name in MASKS if scan.has(name)), None)
    if shown is None:
        return {"columns": 0, "rows": 0, "shades": ""}
    area = np.cumsum(shown.sum(axis=(0, 1)))
    levels = [int(np.searchsorted(area, share * area[-1])) for share in _QUANTILES]
    window, low, high = _window(scan), *_contrast(scan, levels)
    tiles = [_tile(scan, level, window, span=(low, high)) for level in levels]
    cells = np.concatenate(tiles, axis=1)
    text = base64.b64encode(cells.tobytes()).decode("ascii")
    return {"columns": cells.shape[1], "rows": cells.shape[0], "shades": text}


def _window(scan: Scan) -> tuple[slice, slice]:
    """Choose the part of a slice that is shown."""
    filled = [mask for mask in scan.masks.values() if mask.any()]
    brain = scan.masks.get("brain")
    margin = np.zeros(3) if brain is not None else _MARGIN_MM / scan.spacing
    chosen = [brain] if brain is not None else filled
    spans = []
    for axis in range(2):
        others = tuple(other for other in range(3) if other != axis)
        used = np.flatnonzero(np.any([mask.any(axis=others) for mask in chosen], axis=0))
        first = max(0, int(used[0] - margin[axis]) - 1)
        spans.append(slice(first, int(used[-1] + margin[axis]) + 2))
    return spans[0], spans[1]


def _contrast(scan: Scan, levels: list[int]) -> tuple[float, float]:
    voxels = scan.volume.voxels[:, :, levels].astype(np.float64)
    brain = scan.masks.get("brain")
    seen = voxels[brain[:, :, levels]] if brain is not None else voxels.ravel()
    seen = seen[np.isfinite(seen)]
    if not seen.size:
        return 0.0, 1.0
    low, high = np.percentile(seen, _CONTRAST)
    return float(low), float(max(high, low + 1e-9))


def _tile(
    scan: Scan, level: int, window: tuple[slice, slice], *, span: tuple[float, float]
) -> Bytes:
    place = (*window, level)
    values = np.nan_to_num(scan.volume.voxels[place].astype(np.float64), posinf=0.0, neginf=0.0)
    share = np.clip((values - span[0]) / (span[1] - span[0]), 0.0, 1.0)
    cells = (1 + np.rint(share * (GREYS - 1))).astype(np.uint8)
    brain = scan.masks.get("brain")
    if brain is not None:
        cells[~brain[place]] = 0
    sampled = _sample(cells, scan.spacing)
    for name, shade in reversed(OUTLINES.items()):
        if name in scan.masks:
            sampled[_edge(_sample(scan.masks[name][place], scan.spacing))] = shade
    # Lines of the picture run from front to back, and from the patient's right to left.
    return np.ascontiguousarray(sampled[::-1, ::-1].T)


def _sample(cells: NDArray[Any], spacing: NDArray[np.float64]) -> NDArray[Any]:
    """Take the nearest voxel for each pixel of a square."""
    lengths = np.array(cells.shape) * spacing[:2]
    step = lengths.max() / SIDE
    rows = []
    for axis in range(2):
        middle = (np.arange(SIDE) + 0.5 - SIDE / 2) * step + lengths[axis] / 2
        rows.append(np.floor(middle / spacing[axis]).astype(np.int64))
    inside = [(r >= 0) & (r < cells.shape[a]) for a, r in enumerate(rows)]
    taken = cells[np.ix_(*(np.clip(r, 0, cells.shape[a] - 1) for a, r in enumerate(rows)))]
    return np.where(np.outer(*inside), taken, np.zeros((), dtype=cells.dtype))


def _edge(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Find the pixels of a mask that have a neighbour outside it."""
    padded = np.pad(mask, 1)
    inner = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return mask & ~inner

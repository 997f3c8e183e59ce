"""A small spectrogram as a picture that stands in the page itself."""

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from icans_risk.report.png import indexed_png

__all__ = ["as_png", "rejected_stretches"]

# Light to dark, of one hue, so that it reads the same in print and without colour. The first
# shade is what was rejected; it is lighter than any power.
_REJECTED = (255, 255, 255)
_STOPS = (0.0, 0.45, 0.8, 1.0)
_COLOURS = np.array(
    [[240, 244, 249], [128, 164, 205], [31, 75, 122], [10, 18, 32]], dtype=np.float64
)


def as_png(picture: Mapping[str, Any]) -> str:
    """Draw a spectrogram as a PNG.

    Parameters
    ----------
    picture : mapping
        ``columns``, ``rows`` and ``shades``: a byte for each cell in base64, column by
        column, the lowest frequency first; 0 is what was rejected.

    Returns
    -------
    str
        The picture in base64, the highest frequency on top.
    """
    cells = _cells(picture)[:, ::-1].T
    return indexed_png(cells, _palette())


def rejected_stretches(picture: Mapping[str, Any]) -> list[dict[str, float]]:
    """Find where a spectrogram has nothing clean.

    Parameters
    ----------
    picture : mapping
        As for ``as_png``.

    Returns
    -------
    list of dict
        ``start`` and ``width`` of each stretch, as shares of the whole.

    Examples
    --------
    >>> shades = base64.b64encode(bytes([9, 9, 0, 0, 0, 0, 9, 9])).decode()
    >>> rejected_stretches({"columns": 4, "rows": 2, "shades": shades})
    [{'start': 0.25, 'width': 0.5}]
    """
    is_rejected = np.concatenate([[0], (_cells(picture).max(axis=1) == 0).astype(np.int8), [0]])
    starts, ends = (np.flatnonzero(np.diff(is_rejected) == step) for step in (1, -1))
    columns = int(picture["columns"])
    return [
        {"start": int(start) / columns, "width": int(end - start) / columns}
        for start, end in zip(starts, ends, strict=True)
    ]


def _cells(picture: Mapping[str, Any]) -> NDArray[np.uint8]:
    shades = np.frombuffer(base64.b64decode(picture["shades"]), dtype=np.uint8)
    return shades.reshape(picture["columns"], picture["rows"])


def _palette() -> NDArray[np.uint8]:
    place = np.linspace(0.0, 1.0, 255)
    shades = np.stack([np.interp(place, _STOPS, _COLOURS[:, n]) for n in range(3)], axis=1)
    return np.concatenate([[_REJECTED], np.rint(shades)]).astype(np.uint8)

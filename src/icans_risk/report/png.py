"""Small pictures that stand in the page itself."""

import base64
import struct
import zlib

import numpy as np
from numpy.typing import NDArray

__all__ = ["indexed_png"]

Bytes = NDArray[np.uint8]


def indexed_png(cells: Bytes, palette: Bytes) -> str:
    """Draw cells as a PNG of up to 256 colours.

    Parameters
    ----------
    cells : ndarray of uint8, shape (rows, columns)
        Numbers of colours, the top row first.
    palette : ndarray of uint8, shape (colours, 3)
        Red, green and blue of each.

    Returns
    -------
    str
        In base64.

    Examples
    --------
    >>> palette = np.array([[255, 255, 255], [0, 0, 0]], dtype=np.uint8)
    >>> indexed_png(np.zeros((2, 2), dtype=np.uint8), palette)[:10]
    'iVBORw0KGg'
    """
    # Each line of a PNG begins with the number of its filter; 0 is none.
    lines = np.concatenate([np.zeros((len(cells), 1), dtype=np.uint8), cells], axis=1)
    size = struct.pack(">2I5B", cells.shape[1], cells.shape[0], 8, 3, 0, 0, 0)
    parts = (
        (b"IHDR", size),
        (b"PLTE", palette.tobytes()),
        (b"IDAT", zlib.compress(lines.tobytes(), 9)),
        (b"IEND", b""),
    )
    png = b"\x89PNG\r\n\x1a\n" + b"".join(_part(kind, content) for kind, content in parts)
    return base64.b64encode(png).decode("ascii")


def _part(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)

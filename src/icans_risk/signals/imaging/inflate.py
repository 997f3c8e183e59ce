"""Read so many bytes of a file and no more, whether or not they are compressed."""

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from icans_risk.signals.imaging.reasons import RefusedError

__all__ = ["beginning", "read_exactly"]

_GZIP = b"\x1f\x8b"
_PIECE = 2**18
# zlib's number for "gzip, with its checksum".
_WINDOW = 31


def beginning(file: Path, most: int) -> tuple[bytes, bool]:
    """Read the first bytes of a file.

    Parameters
    ----------
    file : Path
        May be compressed by gzip.
    most : int
        How many bytes at most.

    Returns
    -------
    start : bytes
        After decompression.
    is_compressed : bool
        Whether the whole file is.
    """
    with file.open("rb") as stream:
        is_compressed = stream.read(2) == _GZIP
        stream.seek(0)
        if not is_compressed:
            return stream.read(most), False
        start = bytearray()
        for piece in _inflate(stream, most):
            start += piece
            if len(start) >= most:
                break
        return bytes(start[:most]), True


def read_exactly(file: Path, *, skip: int, wanted: int, compression: str) -> bytearray:
    """Read the voxels of a file, all of them and nothing behind them.

    Parameters
    ----------
    file : Path
        As it was when its header was read.
    skip, wanted : int
        Bytes before the voxels, and of the voxels.
    compression : {"none", "whole", "data"}
        Whether gzip begins with the file, behind ``skip``, or nowhere.

    Returns
    -------
    bytearray
        Of ``wanted`` bytes.

    Raises
    ------
    RefusedError
        If there are fewer bytes or more, or the checksum of the compressed ones is wrong.
    """
    content, place = bytearray(wanted), 0
    ahead = skip if compression == "whole" else 0
    with file.open("rb") as stream:
        if compression != "whole":
            stream.seek(skip)
        pieces = _plain(stream) if compression == "none" else _inflate(stream, ahead + wanted + 1)
        for piece in pieces:
            kept = piece[ahead:]
            ahead -= min(ahead, len(piece))
            if place + len(kept) > wanted:
                raise RefusedError("longer_than_stated", stated_bytes=skip + wanted)
            content[place : place + len(kept)] = kept
            place += len(kept)
    if place < wanted:
        raise RefusedError("truncated", stated_bytes=wanted, bytes=place)
    return content


def _plain(stream: BinaryIO) -> Iterator[bytes]:
    while piece := stream.read(_PIECE):
        yield piece


def _inflate(stream: BinaryIO, most: int) -> Iterator[bytes]:
    """Decompress members of gzip one after another, to a little more than so many bytes.

    A file may claim to hold a thousand times its own size: no more than a piece is ever
    decompressed ahead.
    """
    machine, given, waiting = zlib.decompressobj(_WINDOW), 0, b""
    while given <= most:
        waiting = waiting or stream.read(_PIECE)
        if not waiting:
            break
        if machine.eof:
            if not waiting.startswith(_GZIP[: len(waiting)]):
                raise RefusedError("longer_than_stated")
            machine = zlib.decompressobj(_WINDOW)
        try:
            piece = machine.decompress(waiting, _PIECE)
        except zlib.error:
            raise RefusedError("damaged_compression") from None
        waiting = machine.unused_data if machine.eof else machine.unconsumed_tail
        given += len(piece)
        yield piece
    if given <= most and not machine.eof:
        raise RefusedError("truncated")

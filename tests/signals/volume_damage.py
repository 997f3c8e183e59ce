"""Damage to a volume as disks, networks and people do it, from a seed."""

import gzip

import numpy as np

__all__ = ["KINDS", "corrupt"]

HEADER_BYTES = 348
# Numbers on which all depends: sizes, type, spacing, offset, scaling, orientation.
_FIELDS = (*range(40, 56), *range(70, 74), *range(76, 92), *range(108, 120), *range(252, 328))


def corrupt(content: bytes, seed: int, *, header: int) -> tuple[str, bytes]:
    """Damage a file; return the kind of the damage and the new content.

    A compressed NIfTI is unpacked first, damaged and packed again for a third of the seeds:
    else the checksum of gzip notices everything.
    """
    rng = np.random.default_rng(seed)
    kind = list(KINDS)[seed % len(KINDS)]
    is_packed = content[:2] == b"\x1f\x8b"
    within = is_packed and seed % 3 != 0
    damaged = bytearray(gzip.decompress(content) if within else content)
    KINDS[kind](damaged, rng, header)
    return kind, gzip.compress(bytes(damaged), 1, mtime=0) if within else bytes(damaged)


def _flip(place: int, damaged: bytearray, rng: np.random.Generator) -> None:
    damaged[place % len(damaged)] ^= 1 << int(rng.integers(8))


def _header_bits(damaged: bytearray, rng: np.random.Generator, header: int) -> None:
    for place in rng.integers(0, header, rng.integers(1, 4)):
        _flip(int(place), damaged, rng)


def _field_bits(damaged: bytearray, rng: np.random.Generator, header: int) -> None:
    place = int(rng.choice(_FIELDS)) if header == HEADER_BYTES else int(rng.integers(90, header))
    _flip(place, damaged, rng)


def _field_bytes(damaged: bytearray, rng: np.random.Generator, header: int) -> None:
    place = int(rng.choice(_FIELDS)) if header == HEADER_BYTES else int(rng.integers(90, header))
    damaged[place % len(damaged)] = int(rng.integers(256))


def _data_bits(damaged: bytearray, rng: np.random.Generator, header: int) -> None:
    for place in rng.integers(min(header, len(damaged) - 1), len(damaged), rng.integers(1, 90)):
        _flip(int(place), damaged, rng)


def _cut(damaged: bytearray, rng: np.random.Generator, header: int) -> None:
    del header
    del damaged[int(rng.integers(0, len(damaged))) :]


def _zeros(damaged: bytearray, rng: np.random.Generator, header: int) -> None:
    del header
    begin = int(rng.integers(0, len(damaged)))
    end = min(len(damaged), begin + int(rng.integers(1, 3_000)))
    damaged[begin:end] = bytes(end - begin)


def _noise(damaged: bytearray, rng: np.random.Generator, header: int) -> None:
    del header
    begin = int(rng.integers(0, len(damaged)))
    end = min(len(damaged), begin + int(rng.integers(1, 3_000)))
    damaged[begin:end] = rng.bytes(end - begin)


def _inserted(damaged: bytearray, rng: np.random.Generator, header: int) -> None:
    del header
    begin = int(rng.integers(0, len(damaged)))
    damaged[begin:begin] = rng.bytes(int(rng.integers(1, 600)))


KINDS = {
    "header_bits": _header_bits, "field_bits": _field_bits, "field_bytes": _field_bytes,
    "data_bits": _data_bits, "cut": _cut, "zeros": _zeros, "noise": _noise,
    "inserted": _inserted,
}  # fmt: skip

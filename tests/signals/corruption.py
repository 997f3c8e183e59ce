"""Damage to a file as disks, networks and people do it, from a seed."""

import numpy as np

__all__ = ["KINDS", "corrupt", "stated_samples", "whole"]

HEADER_BYTES = 256 * 20


def corrupt(content: bytes, seed: int) -> tuple[str, bytes]:
    """Damage a file; return the kind of the damage and the new content."""
    rng = np.random.default_rng(seed)
    kind = list(KINDS)[seed % len(KINDS)]
    damaged = bytearray(content)
    KINDS[kind](damaged, rng)
    return kind, bytes(damaged)


def _flip(place: int, damaged: bytearray, rng: np.random.Generator) -> None:
    damaged[place] ^= 1 << int(rng.integers(8))


def _header_bits(damaged: bytearray, rng: np.random.Generator) -> None:
    for place in rng.integers(0, HEADER_BYTES, rng.integers(1, 4)):
        _flip(int(place), damaged, rng)


def _fixed_bits(damaged: bytearray, rng: np.random.Generator) -> None:
    """Hit the numbers on which all depends: bytes, records, seconds, signals."""
    _flip(int(rng.integers(184, 256)), damaged, rng)


def _number_bits(damaged: bytearray, rng: np.random.Generator) -> None:
    """Hit the ranges and numbers of samples of the signals."""
    begin = int(rng.choice([256 + 19 * 104, 256 + 19 * 216]))
    _flip(begin + int(rng.integers(19 * 8)), damaged, rng)


def _data_bits(damaged: bytearray, rng: np.random.Generator) -> None:
    for place in rng.integers(HEADER_BYTES, len(damaged), rng.integers(1, 400)):
        _flip(int(place), damaged, rng)


def _cut(damaged: bytearray, rng: np.random.Generator) -> None:
    del damaged[int(rng.integers(0, len(damaged))) :]


def _zeros(damaged: bytearray, rng: np.random.Generator) -> None:
    begin = int(rng.integers(0, len(damaged)))
    end = min(len(damaged), begin + int(rng.integers(1, 60_000)))
    damaged[begin:end] = bytes(end - begin)


def _noise(damaged: bytearray, rng: np.random.Generator) -> None:
    begin = int(rng.integers(0, len(damaged)))
    end = min(len(damaged), begin + int(rng.integers(1, 5_000)))
    damaged[begin:end] = rng.bytes(end - begin)


def _inserted(damaged: bytearray, rng: np.random.Generator) -> None:
    begin = int(rng.integers(0, len(damaged)))
    damaged[begin:begin] = rng.bytes(int(rng.integers(1, 600)))


KINDS = {
    "header_bits": _header_bits, "fixed_bits": _fixed_bits, "number_bits": _number_bits,
    "data_bits": _data_bits, "cut": _cut, "zeros": _zeros, "noise": _noise,
    "inserted": _inserted,
}  # fmt: skip


def stated_samples(content: bytes) -> int:
    """Read from a header how many samples the first signal has, as plainly as possible."""
    begin = 256 + whole(content, 252, 4) * 216
    return whole(content, 236, 8) * whole(content, begin, 8)


def whole(content: bytes, place: int, width: int) -> int:
    """Read a whole number of a header; what follows a NUL is no part of it."""
    return int(content[place : place + width].partition(b"\0")[0])

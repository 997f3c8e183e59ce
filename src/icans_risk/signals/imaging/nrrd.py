"""The header of NRRD, read strictly: what is not understood is not guessed.

The format is described at http://teem.sourceforge.net/nrrd/format.html.
"""

import re
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from icans_risk.signals.imaging.grid import check_grid
from icans_risk.signals.imaging.header import VolumeHeader, check_size
from icans_risk.signals.imaging.reasons import RefusedError

__all__ = ["read_nrrd_header"]

_FIRST = re.compile(rb"NRRD000[1-6]\r?\n")
_END = re.compile(rb"\r?\n\r?\n")
_NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_VECTOR = re.compile(rf"\(\s*({_NUMBER})\s*,\s*({_NUMBER})\s*,\s*({_NUMBER})\s*\)")
_WORDS = {
    "i1": ("signed char", "int8", "int8_t"),
    "u1": ("uchar", "unsigned char", "uint8", "uint8_t"),
    "i2": ("short", "short int", "signed short", "signed short int", "int16", "int16_t"),
    "u2": ("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"),
    "i4": ("int", "signed int", "int32", "int32_t"),
    "u4": ("uint", "unsigned int", "uint32", "uint32_t"),
    "i8": ("longlong", "long long", "long long int", "signed long long", "int64", "int64_t"),
    "u8": ("ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"),
    "f4": ("float",),
    "f8": ("double",),
}
_TYPES = {word: code for code, words in _WORDS.items() for word in words}
# What leads to right, front and top; in any other space the body's sides are not stated.
_SPACES = {
    "right-anterior-superior": (1.0, 1.0, 1.0), "ras": (1.0, 1.0, 1.0),
    "left-anterior-superior": (-1.0, 1.0, 1.0), "las": (-1.0, 1.0, 1.0),
    "left-posterior-superior": (-1.0, -1.0, 1.0), "lps": (-1.0, -1.0, 1.0),
}  # fmt: skip
_WITHOUT_SIDES = frozenset(
    {"scanner-xyz", "3d-right-handed", "3d-left-handed", "3d-rightup-handed", "3d-leftup-handed"}
)
_DATA_FILE = frozenset({"data file", "datafile"})
_SKIPS = frozenset({"line skip", "lineskip", "byte skip", "byteskip"})
_USED = frozenset(
    {"type", "dimension", "sizes", "encoding", "endian", "space", "space dimension",
     "space directions", "space origin", "space units", "spacings", "units"}
)  # fmt: skip
# Fields of the format that change nothing here; some hold text about who was scanned.
_IGNORED = frozenset(
    {"content", "kinds", "labels", "centers", "centerings", "thicknesses", "axis mins",
     "axismins", "axis maxs", "axismaxs", "min", "max", "old min", "oldmin", "old max", "oldmax",
     "block size", "blocksize", "number", "sample units", "sampleunits", "measurement frame"}
)  # fmt: skip
_KNOWN = _DATA_FILE | _SKIPS | _USED | _IGNORED
_LENGTHS = {"mm": 1.0, "millimeter": 1.0, "millimeters": 1.0, "": 1.0}


def read_nrrd_header(start: bytes) -> VolumeHeader:
    """Read the header of an NRRD file.

    Parameters
    ----------
    start : bytes
        How the file begins.

    Returns
    -------
    VolumeHeader
        Comments, keys and their values are not among it.

    Raises
    ------
    RefusedError
        If a field is not as the format prescribes, or the data stand elsewhere.
    """
    if not _FIRST.match(start):
        raise RefusedError("unsupported_format")
    end = _END.search(start)
    if end is None:
        raise RefusedError("malformed_header")
    fields = _fields(start[: end.start()])
    dtype, compression = _dtype(fields), _encoding(fields)
    sizes = _whole_numbers(fields, "sizes")
    if len(sizes) != _dimension(fields):
        raise RefusedError("malformed_header", sizes=len(sizes))
    check_size(sizes, dtype.itemsize)
    kept = _axes(sizes)
    affine, is_oriented = _affine(fields, kept)
    check_grid(affine)
    shape = (sizes[kept[0]], sizes[kept[1]], sizes[kept[2]])
    return VolumeHeader(
        format="nrrd",
        shape=shape,
        dtype=dtype,
        affine=affine,
        is_oriented=is_oriented,
        slope=1.0,
        intercept=0.0,
        offset=end.end(),
        compression="data" if compression else "none",
        flags=(
            # The spaces of the body are in mm by custom.
            *(() if _states_unit(fields) or is_oriented else ("unit_not_stated",)),
            *(() if is_oriented else ("orientation_not_stated",)),
        ),
    )


def _fields(text: bytes) -> dict[str, str]:
    """Read the fields; comments, and keys with values of their own, are passed over."""
    fields: dict[str, str] = {}
    for line in text.decode("latin-1").splitlines()[1:]:
        if line.startswith("#") or re.match(r"[^:]*:=", line):
            continue
        name, colon, value = line.partition(": ")
        name = name.strip().lower()
        if not colon or name not in _KNOWN or name in fields:
            raise RefusedError("malformed_header")
        fields[name] = value.strip()
    if _DATA_FILE & set(fields):
        raise RefusedError("detached")
    if any(fields[name] != "0" for name in _SKIPS & set(fields)):
        raise RefusedError("unsupported_encoding")
    return fields


def _need(fields: Mapping[str, str], name: str) -> str:
    if not fields.get(name):
        raise RefusedError("malformed_header")
    return fields[name]


def _dtype(fields: Mapping[str, str]) -> "np.dtype[np.generic]":
    code = _TYPES.get(_need(fields, "type").lower())
    if code is None:
        raise RefusedError("unsupported_type")
    if code.endswith("1"):
        return np.dtype(code)
    order = {"little": "<", "big": ">"}.get(_need(fields, "endian").lower())
    if order is None:
        raise RefusedError("malformed_header")
    return np.dtype(order + code)


def _encoding(fields: Mapping[str, str]) -> bool:
    """Say whether the data are compressed."""
    encoding = _need(fields, "encoding").lower()
    if encoding not in ("raw", "gzip", "gz"):
        raise RefusedError("unsupported_encoding")
    return encoding != "raw"


def _whole_numbers(fields: Mapping[str, str], name: str) -> tuple[int, ...]:
    words = _need(fields, name).split()
    if len(words) > 16 or not all(re.fullmatch("[0-9]{1,9}", word) for word in words):
        raise RefusedError("malformed_header")
    return tuple(int(word) for word in words)


def _dimension(fields: Mapping[str, str]) -> int:
    (dimension, *more) = _whole_numbers(fields, "dimension")
    if more or not 1 <= dimension <= 16:
        raise RefusedError("malformed_header")
    return dimension


def _axes(sizes: tuple[int, ...]) -> list[int]:
    """Choose the three axes of the volume; any other may have one element only."""
    if len(sizes) < 3:
        raise RefusedError("not_three_dimensional", dimensions=len(sizes))
    if len(sizes) == 3:
        return [0, 1, 2]
    if len(sizes) == 4 and 1 in (sizes[0], sizes[3]):
        return [1, 2, 3] if sizes[0] == 1 else [0, 1, 2]
    raise RefusedError("several_volumes", dimensions=len(sizes))


def _affine(fields: Mapping[str, str], kept: list[int]) -> tuple[NDArray[np.float64], bool]:
    affine = np.eye(4)
    space = fields.get("space", "").lower()
    if space and space not in _SPACES and space not in _WITHOUT_SIDES:
        raise RefusedError("malformed_header")
    if "space directions" in fields:
        entries = _entries(fields["space directions"])
        chosen = [entries[axis] for axis in kept] if len(entries) > max(kept) else []
        if len(chosen) != 3 or not all(isinstance(entry, list) for entry in chosen):
            raise RefusedError("malformed_header")
        affine[:3, :3] = np.array(chosen, dtype=np.float64).T
        affine[:3, 3] = _origin(fields)
    elif "spacings" in fields:
        affine[:3, :3] = np.diag(_spacings(fields["spacings"], kept))
    else:
        raise RefusedError("spacing_not_stated")
    is_oriented = space in _SPACES and "space directions" in fields
    if is_oriented:
        affine[:3] *= np.array(_SPACES[space])[:, np.newaxis]
    return affine, is_oriented


def _entries(text: str) -> list[list[float] | None]:
    """Read vectors such as ``(1,0,0)``; ``none`` stands for an axis without a direction."""
    found: list[list[float] | None] = []
    rest = text.strip()
    while rest:
        vector = _VECTOR.match(rest)
        if vector is not None:
            found.append([float(number) for number in vector.groups()])
            rest = rest[vector.end() :].lstrip()
        elif rest.startswith("none"):
            found.append(None)
            rest = rest[4:].lstrip()
        else:
            raise RefusedError("malformed_header")
    return found


def _origin(fields: Mapping[str, str]) -> list[float]:
    if "space origin" not in fields:
        return [0.0, 0.0, 0.0]
    (entry, *more) = _entries(fields["space origin"]) or [None]
    if entry is None or more:
        raise RefusedError("malformed_header")
    return entry


def _spacings(text: str, kept: list[int]) -> list[float]:
    words = text.split()
    if len(words) <= max(kept):
        raise RefusedError("malformed_header")
    chosen = [words[axis] for axis in kept]
    if not all(re.fullmatch(_NUMBER, word) for word in chosen):
        raise RefusedError("spacing_not_stated")
    return [float(word) for word in chosen]


def _states_unit(fields: Mapping[str, str]) -> bool:
    """Say whether a unit of length is stated; another one than mm is refused."""
    text = fields.get("space units", fields.get("units", ""))
    words = re.findall(r'"([^"]*)"', text)
    if not all(word.lower() in _LENGTHS for word in words):
        raise RefusedError("implausible_spacing")
    return any(words)

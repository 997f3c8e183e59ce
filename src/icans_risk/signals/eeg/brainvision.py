"""The header of a BrainVision recording, held against its data and its markers."""

import re
from collections.abc import Mapping
from pathlib import Path

from icans_risk.signals.eeg.header import Header
from icans_risk.signals.eeg.reasons import RefusedError

__all__ = ["read_brainvision_header"]

_FIRST_LINE = re.compile(r"Brain ?Vision .*Header File,? Version [12]\.0", re.IGNORECASE)
_SECTION = re.compile(r"\[([^]]+)\]")
_BYTES = {"INT_16": 2, "UINT_16": 2, "INT_32": 4, "IEEE_FLOAT_32": 4}
_RAILS = {
    "INT_16": (-(2**15), 2**15 - 1),
    "UINT_16": (0, 2**16 - 1),
    "INT_32": (-(2**31), 2**31 - 1),
}
_MOST_CHANNELS = 2048
_HEADER_BYTES = 4 * 2**20
_MARKER = re.compile(r"Mk[0-9]+=[^,]*,[^,]*,([0-9]+)")

Sections = Mapping[str, Mapping[str, str]]


def read_brainvision_header(file: Path) -> Header:
    """Read a ``.vhdr`` file and hold it against its data file and its markers.

    The format states no number of samples unless ``DataPoints`` is there, so a data file
    that lost whole frames at its end is noticed only by a marker that lies behind it.

    Parameters
    ----------
    file : Path
        The header; data and markers lie beside it.

    Returns
    -------
    Header
        As the file states.

    Raises
    ------
    RefusedError
        ``malformed_header``, ``unsupported_format``, ``not_found`` or ``truncated``.
    """
    sections = _read_sections(_read_text(file))
    common = sections.get("common infos", {})
    count = _whole(common.get("numberofchannels", ""), _MOST_CHANNELS)
    interval_us = _positive(common.get("samplinginterval", ""))
    kind = sections.get("binary infos", {}).get("binaryformat", "").upper()
    if common.get("dataformat", "BINARY").upper() != "BINARY" or kind not in _BYTES:
        raise RefusedError("unsupported_format")
    channels = _read_channels(sections.get("channel infos", {}), count)
    data = _beside(file, common.get("datafile", ""), ".eeg")
    files = [file, data]
    if "markerfile" in common:
        files.append(_beside(file, common["markerfile"], ".vmrk"))
    samples = _count_samples(data, count * _BYTES[kind], stated=common.get("datapoints"))
    if len(files) > 2:
        _check_markers(files[2], samples)
    low, high = _RAILS.get(kind, (float("-inf"), float("inf")))
    return Header(
        format="brainvision",
        labels=tuple(name for name, _, _ in channels),
        units=tuple(unit for _, _, unit in channels),
        rates=(1e6 / interval_us,) * count,
        counts=(samples,) * count,
        rails=tuple((low * step, high * step) for _, step, _ in channels),
        starts_s=(0.0,),
        files=tuple(files),
    )


def _read_text(file: Path) -> str:
    with file.open("rb") as stream:
        content = stream.read(_HEADER_BYTES)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _read_sections(text: str) -> Sections:
    lines = text.splitlines()
    if not lines or not _FIRST_LINE.search(lines[0]):
        raise RefusedError("malformed_header")
    sections: dict[str, dict[str, str]] = {}
    entries: dict[str, str] = {}
    for line in (line.strip() for line in lines[1:]):
        section = _SECTION.fullmatch(line)
        if section:
            entries = sections.setdefault(section[1].lower(), {})
        elif "=" in line and not line.startswith(";"):
            name, _, value = line.partition("=")
            entries[name.strip().lower()] = value.strip()
    return sections


def _read_channels(entries: Mapping[str, str], count: int) -> list[tuple[str, float, str]]:
    """Read label, step and unit of each channel: ``Ch1=Fp1,,0.1,µV``."""
    channels = []
    for number in range(1, count + 1):
        if f"ch{number}" not in entries:
            raise RefusedError("malformed_header", channels=count, described=number - 1)
        name, _, step, unit, *_ = [*entries[f"ch{number}"].split(","), "", "", ""]
        # The format's own defaults: a step of 1, in microvolts.
        resolution = _positive(step) if step else 1.0
        channels.append((name.replace("\\1", ","), resolution, unit or "uV"))
    return channels


def _beside(file: Path, name: str, ending: str) -> Path:
    """Find a file that the header names; it never leads out of the header's folder."""
    name = name.replace("$b", file.stem)
    if Path(name).name != name or "\\" in name or Path(name).suffix.lower() not in (ending, ".dat"):
        raise RefusedError("malformed_header")
    found = file.with_name(name)
    if not found.is_file():
        raise RefusedError("not_found")
    return found


def _count_samples(data: Path, frame: int, *, stated: str | None) -> int:
    size = data.stat().st_size
    if stated is not None:
        expected = frame * _whole(stated, 2**40)
        if size != expected:
            code = "truncated" if size < expected else "longer_than_stated"
            raise RefusedError(code, stated_bytes=expected, bytes=size)
    if size == 0 or size % frame:
        raise RefusedError("truncated", bytes=size, bytes_of_a_sample=frame)
    return size // frame


def _check_markers(file: Path, samples: int) -> None:
    positions = [int(found[1]) for found in _MARKER.finditer(_read_text(file))]
    if max(positions, default=0) > samples:
        raise RefusedError("truncated", last_marker=max(positions), samples=samples)


def _whole(text: str, high: int) -> int:
    if not re.fullmatch("[0-9]{1,13}", text) or not 1 <= int(text) <= high:
        raise RefusedError("malformed_header", lowest=1, highest=high)
    return int(text)


def _positive(text: str) -> float:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = 0.0
    if not 0.0 < value < 1e9:
        raise RefusedError("malformed_header")
    return value

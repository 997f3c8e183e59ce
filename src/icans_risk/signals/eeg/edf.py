"""The header of EDF, EDF+, BDF and BDF+, held against the size of the file.

Kemp B, Olivan J. "European data format 'plus' (EDF+), an EDF alike standard format for the
exchange of physiological data." Clin Neurophysiol 2003;114:1755-1761,
doi:10.1016/S1388-2457(03)00123-8. Libraries that read signals infer the length from the file and
take records for contiguous whatever their times are; here both are checked first.
"""

import math
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from icans_risk.signals.eeg.header import Header
from icans_risk.signals.eeg.reasons import RefusedError

__all__ = ["read_edf_header"]

_FIXED = 256
_PER_SIGNAL = 256
# More signals than any recorder has would only be memory.
_MOST_SIGNALS = 2048
_MOST_RECORDS = 10_000_000
_FIRST_BYTES = {b"0       ": ("edf", 2), b"\xffBIOSEMI": ("bdf", 3)}
_WHOLE = re.compile(r"[+-]?[0-9]{1,8}")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+[.,]?[0-9]*|[.,][0-9]+)(?:[eE][+-]?[0-9]+)?")
# Bytes of each field of a signal: label, transducer, unit, physical and digital minimum and
# maximum, filters, samples in a record, reserved.
_WIDTHS = (16, 80, 8, 8, 8, 8, 8, 80, 8, 32)
_LABEL, _UNIT, _PHYSICAL, _DIGITAL, _SAMPLES = 0, 2, (3, 4), (5, 6), 8
_ANNOTATIONS = ("EDF Annotations", "BDF Annotations")
_ONSET = re.compile(rb"([+-][0-9]+(?:\.[0-9]*)?)(?:\x15[0-9.]*)?\x14")


@dataclass(frozen=True)
class _Layout:
    """Where things are: bytes of a sample, of the header, records and signals."""

    format: str
    sample_bytes: int
    header_bytes: int
    records: int
    record_s: float
    signals: int
    is_interrupted: bool


def read_edf_header(file: Path) -> Header:
    """Read the header of an EDF or BDF file; nobody's name or date is kept.

    Parameters
    ----------
    file : Path
        The file.

    Returns
    -------
    Header
        Annotations are among the channels, with a rate that no electrode has.

    Raises
    ------
    RefusedError
        ``malformed_header``, ``unfinished``, ``truncated`` or ``longer_than_stated``.
    """
    size = file.stat().st_size
    with file.open("rb") as stream:
        layout = _read_fixed(stream.read(_FIXED), size)
        fields = _read_signals(stream.read(layout.header_bytes - _FIXED), layout)
    samples = [_whole(text, 1, 10_000_000) for text in fields[_SAMPLES]]
    _check_size(layout, sum(samples), size)
    labels = tuple(fields[_LABEL])
    return Header(
        format=layout.format,
        labels=labels,
        units=tuple(fields[_UNIT]),
        rates=tuple(count / layout.record_s for count in samples),
        counts=tuple(count * layout.records for count in samples),
        rails=tuple(_rails(fields, signal) for signal in range(layout.signals)),
        starts_s=_record_starts(file, layout, labels, samples=samples),
        files=(file,),
    )


def _read_fixed(head: bytes, size: int) -> _Layout:
    kind = _FIRST_BYTES.get(head[:8])
    if len(head) < _FIXED or kind is None:
        raise RefusedError("malformed_header", bytes=size)
    signals = _whole(_text(head[252:256]), 1, _MOST_SIGNALS)
    header_bytes = _whole(_text(head[184:192]), 0, size)
    if header_bytes != _FIXED + signals * _PER_SIGNAL:
        raise RefusedError("malformed_header", header_bytes=header_bytes, signals=signals)
    records = _whole(_text(head[236:244]), -1, _MOST_RECORDS)
    if records < 1:
        raise RefusedError("unfinished", records=records)
    record_s = _number(_text(head[244:252]))
    if not 0.0 < record_s <= 86_400.0:
        raise RefusedError("malformed_header", record_seconds=record_s)
    is_interrupted = head[192:197] in (b"EDF+D", b"BDF+D")
    return _Layout(*kind, header_bytes, records, record_s, signals, is_interrupted)


def _read_signals(block: bytes, layout: _Layout) -> list[list[str]]:
    if len(block) != layout.signals * _PER_SIGNAL:
        raise RefusedError("truncated", header_bytes=layout.header_bytes)
    fields, place = [], 0
    for width in _WIDTHS:
        cells = [block[place + n * width :][:width] for n in range(layout.signals)]
        fields.append([_text(cell) for cell in cells])
        place += width * layout.signals
    return fields


def _check_size(layout: _Layout, samples: int, size: int) -> None:
    expected = layout.header_bytes + layout.records * samples * layout.sample_bytes
    if size != expected:
        code = "truncated" if size < expected else "longer_than_stated"
        raise RefusedError(code, stated_bytes=expected, bytes=size)


def _rails(fields: list[list[str]], signal: int) -> tuple[float, float]:
    """Return the ends of a signal's range, NaN where it has none.

    Triggers and annotations often have none, which is no harm to the electrodes.
    """
    low, high, digital_low, digital_high = (
        _parse(fields[place][signal]) for place in (*_PHYSICAL, *_DIGITAL)
    )
    # A physical minimum above the maximum is allowed: it inverts the polarity.
    if low == high or not digital_low < digital_high:
        return math.nan, math.nan
    return min(low, high), max(low, high)


def _record_starts(
    file: Path, layout: _Layout, labels: tuple[str, ...], *, samples: list[int]
) -> tuple[float, ...]:
    regular = tuple(n * layout.record_s for n in range(layout.records))
    annotations = [n for n, label in enumerate(labels) if label in _ANNOTATIONS]
    if not annotations:
        if layout.is_interrupted:
            raise RefusedError("malformed_header", annotation_signals=0)
        return regular
    starts = _read_onsets(file, layout, samples, signal=annotations[0])
    if np.isnan(starts).any():
        # A continuous file needs no times of its records.
        if layout.is_interrupted:
            raise RefusedError("malformed_header", records_without_time=np.isnan(starts).sum())
        return regular
    starts = starts - starts[0]
    overlap = np.diff(starts) < 0.5 * layout.record_s
    if overlap.any():
        raise RefusedError("malformed_header", records_that_overlap=overlap.sum())
    return tuple(starts.tolist())


def _read_onsets(
    file: Path, layout: _Layout, samples: list[int], *, signal: int
) -> NDArray[np.float64]:
    """Read when each record begins: the first entry of its first list of annotations."""
    width = sum(samples) * layout.sample_bytes
    begin = sum(samples[:signal]) * layout.sample_bytes
    # An onset is a short number; what follows it is text that nobody needs.
    length = min(samples[signal] * layout.sample_bytes, 32)
    starts = np.full(layout.records, math.nan)
    with file.open("rb") as stream:
        for record in range(layout.records):
            stream.seek(layout.header_bytes + record * width + begin)
            match = _ONSET.match(stream.read(length))
            starts[record] = float(match[1]) if match else math.nan
    return starts


def _text(field: bytes) -> str:
    return field.decode("latin-1").partition("\x00")[0].strip(" ")


def _whole(text: str, low: int, high: int) -> int:
    if not _WHOLE.fullmatch(text) or not low <= int(text) <= high:
        raise RefusedError("malformed_header", lowest=low, highest=high)
    return int(text)


def _number(text: str) -> float:
    value = _parse(text)
    if not math.isfinite(value):
        raise RefusedError("malformed_header")
    return value


def _parse(text: str) -> float:
    return float(text.replace(",", ".")) if _NUMBER.fullmatch(text) else math.nan

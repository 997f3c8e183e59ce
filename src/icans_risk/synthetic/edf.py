"""Write EDF, the format of EEG recorders, plainly.

Kemp B, Olivan J. "European data format 'plus' (EDF+)." Clin Neurophysiol 2003;114:1755-1761,
doi:10.1016/S1388-2457(03)00123-8.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from icans_risk.errors import SignalError

__all__ = ["EdfHeader", "write_edf"]

Floats = NDArray[np.float64]

_DIGITAL = (-32768, 32767)


@dataclass(frozen=True, kw_only=True)
class EdfHeader:
    """What the header says; the defaults name nobody.

    Attributes
    ----------
    patient, recording : str
        Up to 80 characters each.
    start_date, start_time : str
        ``dd.mm.yy`` and ``hh.mm.ss``; the default is the format's own for "not known".
    unit : str
        Of all signals.
    physical : tuple of float
        Lowest and highest value that can be written; each step is their distance / 65535.
    record_s : int
        Seconds in a record.
    """

    patient: str = "X X X X"
    recording: str = "Startdate X X X X"
    start_date: str = "01.01.85"
    start_time: str = "00.00.00"
    unit: str = "uV"
    physical: tuple[float, float] = (-3276.8, 3276.7)
    record_s: int = 1


def write_edf(
    file: Path,
    signals: Floats,
    rate: int,
    *,
    labels: Sequence[str],
    header: EdfHeader | None = None,
) -> None:
    """Write signals of one rate as EDF.

    Parameters
    ----------
    file : Path
        Written over if it exists.
    signals : ndarray of shape (channels, samples)
        In the header's unit; what lies beyond its range is cut off there. The last record is
        filled with zeros, as recorders do.
    rate : int
        Samples per second.
    labels : sequence of str
        Names of the channels, up to 16 characters.
    header : EdfHeader, optional
        What else the header says.

    Raises
    ------
    SignalError
        If an end of the range has more digits than the format can hold.
    """
    header = header or EdfHeader()
    width = rate * header.record_s
    records = -(-signals.shape[1] // width)
    low, high = header.physical
    step = (high - low) / (_DIGITAL[1] - _DIGITAL[0])
    digital = np.rint((np.clip(signals, low, high) - low) / step) + _DIGITAL[0]
    zero = round(-low / step) + _DIGITAL[0]
    filled = np.full((len(signals), records * width), zero, dtype="<i2")
    filled[:, : signals.shape[1]] = digital
    blocks = filled.reshape(len(signals), records, width).transpose(1, 0, 2)
    text = _header_text(header, labels, records=records, width=width)
    file.write_bytes(text.encode("latin-1") + blocks.tobytes())


def _header_text(header: EdfHeader, labels: Sequence[str], *, records: int, width: int) -> str:
    count = len(labels)
    low, high = header.physical
    fixed = [
        ("0", 8), (header.patient, 80), (header.recording, 80), (header.start_date, 8),
        (header.start_time, 8), (256 * (count + 1), 8), ("", 44), (records, 8),
        (header.record_s, 8), (count, 4),
    ]  # fmt: skip
    shared = [
        ("", 80), (header.unit, 8), (_short(low), 8), (_short(high), 8), (_DIGITAL[0], 8),
        (_DIGITAL[1], 8), ("", 80), (width, 8), ("", 32),
    ]  # fmt: skip
    names = [(label, 16) for label in labels]
    fields = [*fixed, *names, *(cell for cell in shared for _ in range(count))]
    return "".join(str(value)[:size].ljust(size) for value, size in fields)


def _short(value: float) -> str:
    """Write a number exactly in the eight characters that the format has for it."""
    text = f"{value:.10g}"
    if len(text) > 8:
        raise SignalError(
            f"an end of the physical range must fit into 8 characters, got {text}. Round it."
        )
    return text

"""Recordings with what no plain writer makes: times of records, and BrainVision."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from icans_risk.synthetic.edf import write_edf
from signals.brains import labels, pink

__all__ = ["annotated", "brainvision"]

ANNOTATION_SAMPLES = 20


def annotated(
    file: Path, *, kind: str, starts: list[float] | list[int] | list[float | None], text: str = ""
) -> Path:
    """Write EDF+ with a record of a second for each start, in seconds; None leaves it out."""
    signals = pink(100, slope=1.0, size=15.0, seconds=len(starts))
    write_edf(file, signals, 100, labels=[*labels()])
    content = file.read_bytes()
    fixed, per_signal, data = content[:256], content[256:5120], content[5120:]
    samples = np.frombuffer(data, dtype="<i2").reshape(len(starts), -1)
    cells = []
    for start in starts:
        stamp = b"" if start is None else f"+{start:g}\x14\x14\0".encode()
        note = f"+1\x14{text}\x14\0".encode() if text else b""
        cells.append((stamp + note).ljust(2 * ANNOTATION_SAMPLES, b"\0"))
    widths = (16, 80, 8, 8, 8, 8, 8, 80, 8, 32)
    added = ("EDF Annotations", "", "", "-1", "1", "-32768", "32767", "", "20", "")
    fields, place = [], 0
    for width, value in zip(widths, added, strict=True):
        fields += [per_signal[place : place + 19 * width], value.ljust(width).encode()]
        place += 19 * width
    head = bytearray(fixed)
    head[184:192] = str(256 * 21).ljust(8).encode()
    head[192:236] = kind.ljust(44).encode()
    head[252:256] = b"20  "
    records = b"".join(row.tobytes() + cell for row, cell in zip(samples, cells, strict=True))
    file.write_bytes(bytes(head) + b"".join(fields) + records)
    return file


def brainvision(
    folder: Path,
    signals: NDArray[np.float64],
    rate: int,
    *,
    kind: str = "INT_16",
    orientation: str = "MULTIPLEXED",
    data: str = "b.eeg",
    interval: str | None = None,
    channels: int | None = None,
    first: str = "Brain Vision Data Exchange Header File Version 1.0",
    cut: int = 0,
    points: bool = False,
    marker: int = 1,
    comment: str = "",
) -> Path:
    """Write a BrainVision recording of three files, with what is to be wrong in it."""
    step = 0.1 if kind == "INT_16" else 1.0
    values = np.rint(signals / step).astype("<i2") if kind == "INT_16" else signals.astype("<f4")
    content = (values.T if orientation == "MULTIPLEXED" else values).tobytes()
    (folder / "b.eeg").write_bytes(content[: max(0, len(content) - cut)])
    stated = f"DataPoints={signals.shape[1]}\n" if points else ""
    described = "".join(
        f"Ch{n + 1}={label},,{step:g},\u00b5V\n" for n, label in enumerate(labels())
    )
    (folder / "b.vhdr").write_text(
        f"{first}\n; {comment}\n[Common Infos]\nCodepage=UTF-8\nDataFile={data}\n"
        f"MarkerFile=b.vmrk\nDataFormat=BINARY\nDataOrientation={orientation}\n"
        f"NumberOfChannels={len(signals) if channels is None else channels}\n{stated}"
        f"SamplingInterval={interval or f'{1e6 / rate:.10g}'}\n"
        f"[Binary Infos]\nBinaryFormat={kind}\n[Channel Infos]\n{described}"
        f"[Comment]\n{comment}\n",
        encoding="utf-8",
    )
    (folder / "b.vmrk").write_text(
        "Brain Vision Data Exchange Marker File, Version 1.0\n[Common Infos]\nCodepage=UTF-8\n"
        f"DataFile=b.eeg\n[Marker Infos]\nMk1=New Segment,,1,1,0,20250301120000000000\n"
        f"Mk2=Comment,{comment},{marker},1,0\n",
        encoding="utf-8",
    )
    return folder / "b.vhdr"

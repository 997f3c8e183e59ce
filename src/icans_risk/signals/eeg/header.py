"""What the header of a recording says, once it has been held against the file."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from icans_risk.signals.eeg.reasons import RefusedError

__all__ = ["MICROVOLTS", "Header", "Stretch", "read_header"]

# How many microvolts a unit is; two code points are called micro, and one encoding hides it.
MICROVOLTS: Mapping[str, float] = {
    "uV": 1.0, "uv": 1.0, "\u00b5V": 1.0, "\u03bcV": 1.0, "\x83\xcaV": 1.0,
    "mV": 1e3, "V": 1e6, "nV": 1e-3,
}  # fmt: skip


@dataclass(frozen=True)
class Stretch:
    """Samples that were recorded without an interruption.

    Attributes
    ----------
    first, count : int
        Position of the first sample in the file, and how many there are.
    start_s : float
        Seconds from the beginning of the recording to the first sample.
    """

    first: int
    count: int
    start_s: float


@dataclass(frozen=True)
class Header:
    """The technical part of a header: nothing in it says who was recorded, or when.

    Attributes
    ----------
    format : {"edf", "bdf", "brainvision"}
        How the file is to be read.
    labels, units : tuple of str
        Of each channel, in the order of the file.
    rates : tuple of float
        Samples per second of each channel.
    counts : tuple of int
        Samples of each channel.
    rails : tuple of (float, float)
        Lowest and highest value that each channel can hold, in its unit; NaN where the
        header gives no range.
    starts_s : tuple of float
        When each record of the file begins, in seconds from the first; one for all where
        the file has no records.
    files : tuple of Path
        All files that the recording consists of.
    """

    format: str
    labels: tuple[str, ...]
    units: tuple[str, ...]
    rates: tuple[float, ...]
    counts: tuple[int, ...]
    rails: tuple[tuple[float, float], ...]
    starts_s: tuple[float, ...]
    files: tuple[Path, ...]

    def stretches(self, channel: int) -> list[Stretch]:
        """List the uninterrupted stretches of a channel."""
        records = len(self.starts_s)
        per_record, rate = self.counts[channel] // records, self.rates[channel]
        length = per_record / rate
        found: list[Stretch] = []
        begin = 0
        for record in range(1, records + 1):
            # A record that begins more than a sample late or early follows a gap.
            if record < records:
                expected = self.starts_s[record - 1] + length
                if abs(self.starts_s[record] - expected) * rate <= 1.0:
                    continue
            count = (record - begin) * per_record
            found.append(Stretch(begin * per_record, count, self.starts_s[begin]))
            begin = record
        return found


def read_header(file: Path) -> Header:
    """Read the header of a recording and compare what it states with the file's size.

    Parameters
    ----------
    file : Path
        ``.edf``, ``.bdf`` or ``.vhdr``.

    Returns
    -------
    Header
        Of a recording that is as long as it says.

    Raises
    ------
    RefusedError
        If it is not.
    """
    from icans_risk.signals.eeg.brainvision import read_brainvision_header
    from icans_risk.signals.eeg.edf import read_edf_header

    readers: dict[str, Callable[[Path], Header]] = {
        ".edf": read_edf_header,
        ".bdf": read_edf_header,
        ".vhdr": read_brainvision_header,
    }
    reader = readers.get(file.suffix.lower())
    if reader is None:
        raise RefusedError("unsupported_format")
    try:
        return reader(file)
    except OSError:
        raise RefusedError("not_found") from None

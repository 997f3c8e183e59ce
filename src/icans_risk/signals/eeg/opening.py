"""A recording, opened by MNE after its header was checked, and read chunk by chunk."""

import importlib.util
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from icans_risk.errors import SignalError
from icans_risk.signals.eeg.header import MICROVOLTS, Header, Stretch, read_header
from icans_risk.signals.eeg.montage import Montage, find_electrodes
from icans_risk.signals.eeg.reasons import RefusedError

__all__ = ["EPOCH_S", "LOWEST_RATE", "Chunk", "Recording", "open_recording", "require_mne"]

Floats = NDArray[np.float64]

EPOCH_S = 10.0
LOWEST_RATE = 100.0
# Epochs in memory at once: five minutes at usual rates, never less than a minute.
_CHUNK_EPOCHS = 30
_BLOCK_EPOCHS = 6
_CHUNK_VALUES = 2_000_000
# What MNE takes a unit for, in volts; any other text is a volt to it.
_MNE_VOLTS = {"uV": 1e-6, "\u00b5V": 1e-6, "\u03bcV": 1e-6, "\x83\xcaV": 1e-6, "mV": 1e-3}


@dataclass(frozen=True)
class Chunk:
    """Whole epochs of a recording, one after another.

    Attributes
    ----------
    values : ndarray of shape (channels, epochs, samples)
        In microvolts, against the reference of the file.
    start_s : float
        Seconds from the beginning of the recording to the first epoch.
    """

    values: Floats
    start_s: float


@dataclass(frozen=True)
class Recording:
    """The electrodes of a recording.

    Attributes
    ----------
    header : Header
        Checked against the file.
    montage : Montage
        Which channels are electrodes.
    rate : float
        Samples per second.
    stretches : list of Stretch
        What was recorded without an interruption.
    """

    header: Header
    montage: Montage
    rate: float
    stretches: list[Stretch]
    _raw: Any
    _rows: list[int]
    _to_microvolts: Floats

    @property
    def epoch_samples(self) -> int:
        """Samples of one epoch."""
        return round(EPOCH_S * self.rate)

    @property
    def seconds(self) -> float:
        """Length without the interruptions."""
        return sum(stretch.count for stretch in self.stretches) / self.rate

    @property
    def end_s(self) -> float:
        """Seconds from the beginning of the recording to its end, interruptions included."""
        last = self.stretches[-1]
        return last.start_s + last.count / self.rate

    @property
    def rails(self) -> NDArray[np.float64]:
        """Ends of what each electrode's channel can hold, (channels, 2), in microvolts."""
        positions = list(self.montage.channels.values())
        units = [MICROVOLTS[self.header.units[position]] for position in positions]
        ends = np.array([self.header.rails[position] for position in positions])
        return np.asarray(ends * np.array(units)[:, np.newaxis], dtype=np.float64)

    def chunks(self) -> Iterator[Chunk]:
        """Read whole epochs; what is left over at the end of a stretch is shorter than one."""
        length = self.epoch_samples
        fits = _CHUNK_VALUES // (length * len(self._rows))
        at_once = max(_BLOCK_EPOCHS, min(_CHUNK_EPOCHS, fits - fits % _BLOCK_EPOCHS))
        for stretch in self.stretches:
            epochs = stretch.count // length
            for begin in range(0, epochs, at_once):
                count = min(at_once, epochs - begin)
                first = stretch.first + begin * length
                values = self._read(first, count * length).reshape(len(self._rows), count, length)
                yield Chunk(values, stretch.start_s + begin * length / self.rate)

    def _read(self, first: int, count: int) -> Floats:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                values: Floats = self._raw.get_data(
                    picks=self._rows, start=first, stop=first + count, verbose="error"
                )
        except (MemoryError, RecursionError):
            raise
        # The reader of a foreign format may fail in any way; its words may hold a name.
        except Exception:
            raise RefusedError("unreadable") from None
        if values.shape != (len(self._rows), count):
            raise RefusedError("reader_disagrees", samples=values.shape[-1], expected=count)
        values *= self._to_microvolts[:, np.newaxis]
        return values


def open_recording(file: Path) -> Recording:
    """Check the header of a recording and open its electrodes.

    Parameters
    ----------
    file : Path
        ``.edf``, ``.bdf`` or ``.vhdr``.

    Returns
    -------
    Recording
        Of at least ``MINIMUM`` electrodes at one rate of at least ``LOWEST_RATE``.

    Raises
    ------
    RefusedError
        If the recording cannot be used, for any reason that the header shows.
    """
    header = read_header(file)
    montage = find_electrodes(header.labels)
    positions = list(montage.channels.values())
    unstated = sum(header.units[position] not in MICROVOLTS for position in positions)
    if unstated:
        raise RefusedError("unit_not_stated", channels=unstated)
    if np.isnan([header.rails[position] for position in positions]).any():
        raise RefusedError("malformed_header")
    rate = header.rates[positions[0]]
    if len({header.rates[position] for position in positions}) > 1:
        raise RefusedError("mixed_rates", lowest=min(header.rates[p] for p in positions))
    if rate < LOWEST_RATE:
        raise RefusedError("rate_too_low", rate=rate)
    stretches = header.stretches(positions[0])
    epochs = sum(stretch.count // round(EPOCH_S * rate) for stretch in stretches)
    if epochs < _BLOCK_EPOCHS:
        raise RefusedError("too_short", whole_epochs=epochs, needed=_BLOCK_EPOCHS)
    raw, rows = _open_with_mne(file, header, positions)
    _compare(raw, header, positions[0])
    stated = [header.units[position] for position in positions]
    scale = [
        1e6 if header.format == "brainvision" else MICROVOLTS[unit] / _MNE_VOLTS.get(unit, 1.0)
        for unit in stated
    ]
    return Recording(header, montage, rate, stretches, raw, rows, np.array(scale))


def require_mne() -> None:
    """Refuse to begin where MNE, which is an extra, is not installed.

    Raises
    ------
    SignalError
        If it is not.
    """
    if importlib.util.find_spec("mne") is None:
        raise SignalError(
            "Reading EEG recordings needs MNE, which is not installed. Install "
            "'icans_risk[signals]'."
        )


def _open_with_mne(file: Path, header: Header, positions: list[int]) -> tuple[Any, list[int]]:
    """Open the electrodes alone: another channel's rate would be forced on them."""
    import mne

    wanted = {header.labels[position] for position in positions}
    readers = {"edf": mne.io.read_raw_edf, "bdf": mne.io.read_raw_bdf}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if header.format == "brainvision":
                raw = mne.io.read_raw_brainvision(file, preload=False, verbose="error")
                return raw, positions
            raw = readers[header.format](
                file, include=sorted(wanted), stim_channel=False, preload=False,
                encoding="latin1", verbose="error",
            )  # fmt: skip
    except (MemoryError, RecursionError):
        raise
    # The reader of a foreign format may fail in any way; its words may hold a name.
    except Exception:
        raise RefusedError("unreadable") from None
    opened = [n for n, label in enumerate(header.labels) if label in wanted]
    return raw, [opened.index(position) for position in positions]


def _compare(raw: Any, header: Header, position: int) -> None:
    """Refuse a recording that MNE understands otherwise than its header was understood here."""
    rate, samples = float(raw.info["sfreq"]), int(raw.n_times)
    expected_rate, expected = header.rates[position], header.counts[position]
    if samples != expected or abs(rate - expected_rate) > 1e-6 * expected_rate:
        raise RefusedError(
            "reader_disagrees", samples=samples, expected=expected, rate=rate,
            expected_rate=expected_rate,
        )  # fmt: skip

"""Signals whose content is known, and the measurements of them.

All are made so that the average of the electrodes is zero at every moment: what is put in is then
what is left against the average reference.
"""

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from icans_risk.signals.eeg.montage import ELECTRODES
from icans_risk.signals.eeg.work import measure_file
from icans_risk.synthetic.edf import EdfHeader, write_edf

__all__ = [
    "LEFT", "RATES", "RIGHT", "balanced", "bursts", "labels", "measured", "pink", "spikes",
    "times", "tone", "weights", "white",
]  # fmt: skip

Signals = NDArray[np.float64]

RATES = (100, 128, 200, 256, 512)
LEFT = ("Fp1", "F7", "F3", "T3", "C3", "T5", "P3", "O1")
RIGHT = ("Fp2", "F8", "F4", "T4", "C4", "T6", "P4", "O2")
COUNT = len(ELECTRODES)


def times(rate: int, seconds: int) -> Signals:
    return np.arange(rate * seconds) / rate


def tone(hertz: float, amplitude: float, rate: int, seconds: int = 90) -> Signals:
    """The same tone on all electrodes; phases around the circle add up to nothing."""
    phases = 2 * np.pi * np.arange(COUNT)[:, np.newaxis] / COUNT
    return amplitude * np.sin(2 * np.pi * hertz * times(rate, seconds) + phases)


def balanced(signals: Signals) -> Signals:
    """Take the average out and restore the size of each electrode."""
    size = signals.std(axis=1, keepdims=True)
    signals = signals - signals.mean(axis=0)
    return signals * size / signals.std(axis=1, keepdims=True)


def pink(rate: int, *, slope: float, size: float, seconds: int = 90, seed: int = 1) -> Signals:
    """Noise whose power falls as 1/f**slope, up to 45 Hz at every rate."""
    return size * _pink(rate, slope, seconds, seed)


@lru_cache(maxsize=12)
def _pink(rate: int, slope: float, seconds: int, seed: int) -> Signals:
    rng = np.random.default_rng(seed)
    samples = rate * seconds
    hertz = np.fft.rfftfreq(samples, 1 / rate)
    shape = np.where((hertz >= 0.4) & (hertz <= 45.0), np.maximum(hertz, 0.4) ** (-slope / 2), 0.0)
    noise = rng.normal(size=(COUNT, hertz.size)) + 1j * rng.normal(size=(COUNT, hertz.size))
    signals = np.fft.irfft(shape * noise, n=samples)
    return balanced(signals / signals.std(axis=1, keepdims=True))


def white(rate: int, *, size: float, seconds: int = 90, seed: int = 2) -> Signals:
    return pink(rate, slope=0.0, size=size, seconds=seconds, seed=seed)


def weights(seed: int = 3) -> Signals:
    """How strongly each electrode sees a field; together they see nothing."""
    drawn = np.random.default_rng(seed).normal(size=(COUNT, 1))
    return np.asarray((drawn - drawn.mean()) / drawn.std())


def spikes(hertz: float, height: float, rate: int, seconds: int = 90) -> Signals:
    """Spikes of 60 ms with a slower wave behind each, like a clock."""
    phase = (times(rate, seconds) * hertz) % 1.0 / hertz
    spike = np.exp(-(((phase - 0.1) / 0.025) ** 2) / 2)
    wave = np.exp(-(((phase - 0.19) / 0.05) ** 2) / 2)
    return height * weights() * (spike - 0.5 * wave)


def bursts(share: float, rate: int, seconds: int = 90) -> Signals:
    """Bursts of 30 microvolts, and for a share of each ten seconds nearly nothing."""
    signals = pink(rate, slope=0.5, size=30.0, seconds=seconds)
    is_burst = (times(rate, seconds) + 2.0) % 10.0 < 10.0 * (1.0 - share)
    return np.where(is_burst, signals, 0.02 * signals)


def labels() -> list[str]:
    return [f"EEG {name}-Ref" for name in ELECTRODES]


def measured(folder: Path, signals: Signals, rate: int, **header: Any) -> dict[str, Any]:
    """Write signals as EDF and measure the file."""
    names = header.pop("labels", labels())
    file = folder / "signals.edf"
    write_edf(file, signals, rate, labels=names, header=EdfHeader(**header))
    return measure_file(file)

"""EEG signals that show what a synthetic patient's EEG results say.

Relative powers, the posterior rhythm, rhythmic delta and periodic discharges are those of the
recorded results, which follow from the patient's latent slowing. Shapes and sizes are assumed: no
figure of these signals is evidence about patients.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

__all__ = ["ELECTRODES", "RATE", "SECONDS", "BrainState", "record_signals"]

Floats = NDArray[np.float64]

RATE, SECONDS = 128, 300
ELECTRODES = (
    "Fp1", "Fp2", "F7", "F3", "Fz", "F4", "F8", "T3", "C3", "Cz", "C4", "T4",
    "T5", "P3", "Pz", "P4", "T6", "O1", "O2",
)  # fmt: skip
_POSTERIOR = ("T5", "P3", "Pz", "P4", "T6", "O1", "O2")
_BANDS = {"delta": (1.0, 4.0), "theta": (4.0, 8.0), "alpha": (8.0, 13.0), "beta": (13.0, 30.0)}
# Below delta and above beta: slow drift and a little more, so that bands do not end in nothing.
_OUTSIDE = ((0.3, 1.0, 0.15), (30.0, 45.0, 0.02))
# Root mean square at rest, in microvolts, and how it grows with slowing.
_SIZE_UV, _GROWTH = 10.0, 0.25
# Of a band's power so much is in the peak of a rhythm; its width in Hz.
_PEAK_SHARE, _PEAK_HZ = 0.6, 0.4
_RHYTHMIC_HZ, _RHYTHMIC_WIDTH_HZ = 2.0, 0.08
# Discharges: their rate, its jitter, their height, and of a band's power at most this share.
_DISCHARGE_HZ, _JITTER, _DISCHARGE_UV, _DISCHARGE_SHARE = 1.2, 0.04, 80.0, 0.9


@dataclass(frozen=True)
class BrainState:
    """What the results of one recording say.

    Attributes
    ----------
    powers : mapping of str to float
        Relative power of each band; they add up to 1.
    rhythm_hz : float
        Posterior dominant rhythm.
    has_rhythmic_delta, has_discharges : bool
        What a reader found.
    """

    powers: Mapping[str, float]
    rhythm_hz: float
    has_rhythmic_delta: bool
    has_discharges: bool


def record_signals(state: BrainState, *, seed: int, episode_id: str, hour: float) -> Floats:
    """Make five minutes of 19 electrodes.

    Parameters
    ----------
    state : BrainState
        What they show.
    seed : int
        Of the cohort.
    episode_id : str
        Whose; with the hour it makes the noise of this recording its own.
    hour : float
        When, in hours since infusion.

    Returns
    -------
    ndarray of shape (19, 38400)
        In microvolts; the average of the electrodes is all but zero.
    """
    minute = round(hour * 60)
    key = [seed, crc32(episode_id.encode()), abs(minute), int(minute < 0)]
    rng = np.random.default_rng(key)
    samples = RATE * SECONDS
    hertz: Floats = np.asarray(np.fft.rfftfreq(samples, 1 / RATE), dtype=np.float64)
    slow = state.powers["delta"] + state.powers["theta"]
    size = _SIZE_UV * (slow / max(state.powers["alpha"], 0.01)) ** _GROWTH
    discharges = _discharges(rng, samples) if state.has_discharges else np.zeros((19, samples))
    density = _density(hertz, state, size)
    density, discharges = _fit_in(hertz, density, discharges)
    drawn = rng.normal(size=density.shape) + 1j * rng.normal(size=density.shape)
    # White noise of one microvolt squared per bin, shaped; its mean square is the sum of density.
    noise = np.fft.irfft(drawn * np.sqrt(density) * samples / 2.0, n=samples)
    return _without_average(noise) + discharges


def _density(hertz: Floats, state: BrainState, size: float) -> Floats:
    """Return the power of each frequency, (electrodes, frequencies), in microvolt squared."""
    rows = []
    for electrode in ELECTRODES:
        density = np.zeros(hertz.size)
        for band, (low, high) in _BANDS.items():
            inside = (hertz >= low) & (hertz < high)
            # Within a band power falls with frequency.
            shape = np.where(inside, 1.0 / np.maximum(hertz, 0.1), 0.0)
            if electrode in _POSTERIOR and low <= state.rhythm_hz < high:
                shape = _with_peak(hertz, shape, centre=state.rhythm_hz, width=_PEAK_HZ)
            if band == "delta" and state.has_rhythmic_delta:
                shape = _with_peak(hertz, shape, centre=_RHYTHMIC_HZ, width=_RHYTHMIC_WIDTH_HZ)
            shape = np.where(inside, shape, 0.0)
            density += state.powers[band] * shape / shape.sum()
        for low, high, share in _OUTSIDE:
            outside = (hertz >= low) & (hertz < high)
            density += share * outside / outside.sum()
        rows.append(density)
    return size**2 * np.stack(rows)


def _with_peak(hertz: Floats, shape: Floats, *, centre: float, width: float) -> Floats:
    peak = np.exp(-(((hertz - centre) / width) ** 2) / 2)
    flat = (1 - _PEAK_SHARE) * shape / shape.sum()
    return np.asarray(flat + _PEAK_SHARE * peak / peak.sum(), dtype=np.float64)


def _discharges(rng: np.random.Generator, samples: int) -> Floats:
    """Make spikes with a slow wave behind each, nearly like a clock, over a fixed field."""
    time = np.arange(samples) / RATE
    signal = np.zeros(samples)
    at = 0.0
    while at < SECONDS:
        near = slice(max(0, int((at - 0.3) * RATE)), int((at + 0.6) * RATE))
        lag = time[near] - at
        spike = np.exp(-((lag / 0.025) ** 2) / 2) - 0.5 * np.exp(-(((lag - 0.1) / 0.05) ** 2) / 2)
        signal[near] += spike
        at += (1.0 + _JITTER * rng.normal()) / _DISCHARGE_HZ
    field = rng.normal(size=(len(ELECTRODES), 1))
    field = field - field.mean()
    return np.asarray(_DISCHARGE_UV * field / np.abs(field).max() * signal)


def _fit_in(hertz: Floats, density: Floats, discharges: Floats) -> tuple[Floats, Floats]:
    """Take the discharges' power out of the noise of each band; they shrink until it is there.

    So the powers of the bands stay what the results say.
    """
    own = np.abs(np.fft.rfft(discharges, axis=1)) ** 2 * 2.0 / discharges.shape[1] ** 2
    insides = [(hertz >= low) & (hertz < high) for low, high in _BANDS.values()]
    taken = [own[:, band].sum(axis=1) / density[:, band].sum(axis=1) for band in insides]
    shrink = min(1.0, _DISCHARGE_SHARE / max(float(np.max(taken)), 1e-12))
    room = density.copy()
    for band, share in zip(insides, taken, strict=True):
        room[:, band] *= 1.0 - shrink * share[:, np.newaxis]
    return room, np.sqrt(shrink) * discharges


def _without_average(signals: Floats) -> Floats:
    """Take the average out and restore the size of each electrode."""
    size = signals.std(axis=1, keepdims=True)
    signals = signals - signals.mean(axis=0)
    return np.asarray(signals * size / signals.std(axis=1, keepdims=True))

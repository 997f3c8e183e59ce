"""Rhythmic and periodic patterns of one minute: how sharp, how regular, at which rate.

What readers call rhythmic delta activity and periodic discharges (ACNS 2021,
doi:10.1097/WNP.0000000000000806) is a matter of looking. The two indices say how much of it a
minute could have; they detect nothing by themselves.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from icans_risk.signals.eeg.waves import WAVE_RATE

__all__ = ["Pattern", "periodic_discharges", "rhythmic_delta"]

Floats = NDArray[np.float64]

# Delta activity is looked at from 0.75 to 4.25 Hz; its peak must lie from 1 to 3 Hz.
_DELTA_HZ = (0.75, 4.25)
_PEAK_HZ = (1.0, 3.0)
_HALF_WIDTH_HZ = 0.25
# The slope of the background is fitted outside this distance from the peak.
_AROUND_HZ = 0.6
_STEEPEST = 3.0
# Intervals between discharges, in seconds: 3 to 0.5 Hz.
_INTERVALS_S = (1 / 3, 2.0)
_SMOOTHING_S = 0.1
# How much of the time discharges may fill: above the second share the waves are no spikes.
_SPARSE, _DENSE = 0.30, 0.39
_NEARLY = 0.85


class Pattern(NamedTuple):
    """How much of a pattern there is, from 0 to 1, and its frequency in Hz."""

    strength: float
    frequency: float


def rhythmic_delta(grid: Floats, density: Floats) -> Pattern:
    """Measure how sharp a peak from 1 to 3 Hz stands above the background.

    The share of delta power within a quarter of a hertz of the peak, once the background's
    slope is taken out, scaled so that a spectrum without any peak gives about 0 and a pure
    tone 1.

    Parameters
    ----------
    grid : ndarray of shape (frequencies,)
        In Hz.
    density : ndarray of shape (frequencies,)
        Of a minute, over all electrodes.

    Returns
    -------
    Pattern
        Strength and frequency.
    """
    used = (grid >= _DELTA_HZ[0]) & (grid <= _DELTA_HZ[1])
    hertz, power = grid[used], density[used] + 1e-9 * float(density[used].max()) + 1e-30
    slope = _slope(hertz, power, np.ones(hertz.size, dtype=np.bool_))
    peak = _peak(hertz, power * hertz**slope)
    slope = _slope(hertz, power, np.abs(hertz - peak) > _AROUND_HZ)
    flattened = power * hertz**slope
    peak = _peak(hertz, flattened)
    near = np.abs(hertz - peak) <= _HALF_WIDTH_HZ + 1e-9
    share, chance = flattened[near].sum() / flattened.sum(), near.mean()
    index = float(np.clip((share - chance) / (1.0 - chance), 0.0, 1.0))
    return Pattern(index, float(np.average(hertz[near], weights=flattened[near])))


def _slope(hertz: Floats, power: Floats, used: NDArray[np.bool_]) -> float:
    """Fit power ~ 1 / f**slope; a background never rises."""
    fitted = np.polyfit(np.log(hertz[used]), np.log(power[used]), 1)[0]
    return float(np.clip(-fitted, 0.0, _STEEPEST))


def _peak(hertz: Floats, flattened: Floats) -> float:
    smooth = ndimage.uniform_filter1d(flattened, 3)
    allowed = (hertz >= _PEAK_HZ[0] - 1e-9) & (hertz <= _PEAK_HZ[1] + 1e-9)
    return float(hertz[allowed][np.argmax(smooth[allowed])])


def periodic_discharges(energy: Floats) -> Pattern:
    """Measure how regularly discharges recur at 0.5 to 3 Hz.

    The height of the highest peak of the autocorrelation at these intervals above the
    dip before it, less the more of the time is filled: a rhythm has no pauses.

    Parameters
    ----------
    energy : ndarray of shape (epochs, 1280)
        Of what looks like a spike at each moment, over all electrodes; epochs without
        artefacts.

    Returns
    -------
    Pattern
        Strength and frequency.
    """
    smooth = ndimage.uniform_filter1d(energy, round(_SMOOTHING_S * WAVE_RATE), axis=-1)
    # What rises above the background: of how much of the time does it consist?
    excess = np.maximum(smooth - np.median(smooth, axis=-1, keepdims=True), 0.0)
    filled = np.mean(excess, axis=-1) ** 2 / (np.mean(excess**2, axis=-1) + 1e-30)
    pauses = np.clip((_DENSE - float(filled.mean())) / (_DENSE - _SPARSE), 0.0, 1.0)
    correlation = _autocorrelation(smooth)
    low, high = (round(seconds * WAVE_RATE) for seconds in _INTERVALS_S)
    inner = correlation[low : high + 1]
    is_peak = (inner >= correlation[low - 1 : high]) & (inner >= correlation[low + 1 : high + 2])
    if not is_peak.any():
        return Pattern(0.0, float("nan"))
    # Twice the interval correlates as well: the shortest of nearly equal ones is meant.
    high_enough = is_peak & (inner >= _NEARLY * float(inner[is_peak].max()))
    lag = low + int(np.argmax(high_enough))
    # A slow wave is sharp twice, once on either side of zero: halfway it correlates as well.
    dip = max(float(correlation[:lag].min()), float(correlation[lag // 2]), 0.0)
    index = float(np.clip(correlation[lag] - dip, 0.0, 1.0)) * pauses
    return Pattern(index, WAVE_RATE / lag)


def _autocorrelation(signal: Floats) -> Floats:
    """Average the epochs' autocorrelations, each lag over the pairs that it has."""
    samples = signal.shape[-1]
    centred = signal - signal.mean(axis=-1, keepdims=True)
    spectrum = np.abs(fft.rfft(centred, n=2 * samples, axis=-1)) ** 2
    products = fft.irfft(spectrum, axis=-1)[..., :samples].mean(axis=0)
    products = products * (samples / (samples - np.arange(samples)))
    correlation: Floats = products / (products[0] + 1e-30)
    return correlation

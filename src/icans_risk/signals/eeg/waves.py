"""Epochs as waves: filtered to 0.5-30 Hz, at one rate whatever the recorder's.

Each epoch is filtered by itself, so that no artefact reaches the next one: it is continued at
both ends by its own mirror image, tapered to zero there, and the filter is a mask on its spectrum,
which also brings it to 128 samples a second. (A point reflection would carry the phase of mains hum
at the very end into an offset of the whole margin.)
"""

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

__all__ = [
    "WAVE_RATE", "discharge_waves", "low_voltage", "one_second_amplitudes", "suppressed",
    "waves",
]  # fmt: skip

Singles = NDArray[np.float32]
Floats = NDArray[np.float64]

WAVE_RATE = 128
_EPOCH_S = 10
_MARGIN_S = 1.0
_EXTENDED = (_EPOCH_S + 2) * WAVE_RATE
# Ramps of the filter, in Hz: nothing below the first, all of it from the second.
_HIGH_PASS = (0.25, 0.75)
_LOW_PASS = (30.0, 33.0)
# ACNS 2021, doi:10.1097/WNP.0000000000000806: low voltage is below 20 microvolts from peak to
# peak; there in a longitudinal bipolar montage, here against the average.
_LOW_UV = 20.0
# Rampil 1998, doi:10.1097/00000542-199810000-00023: suppressed is within 5 microvolts of zero
# for at least half a second.
_SUPPRESSED_UV = 5.0
_SUPPRESSED_S = 0.5
# The spike-shaped template is a Ricker wavelet: its spectrum peaks here, in Hz, so that it is
# about 120 ms wide, between a spike and a sharp wave.
_RICKER_HZ = 8.0


def _ramp(grid: Floats, low: float, high: float) -> Floats:
    """Rise from 0 at ``low`` to 1 at ``high`` as a half cosine."""
    place = np.clip((grid - low) / (high - low), 0.0, 1.0)
    return 0.5 - 0.5 * np.cos(np.pi * place)


def waves(values: NDArray[np.floating], rate: float) -> tuple[Singles, NDArray[np.complex64]]:
    """Filter epochs to 0.5-30 Hz and bring them to ``WAVE_RATE``.

    Parameters
    ----------
    values : ndarray of shape (..., samples)
        Epochs of ten seconds, in microvolts.
    rate : float
        Samples per second.

    Returns
    -------
    waves : ndarray of shape (..., 1280)
        In microvolts.
    spectrum : ndarray of shape (..., frequencies)
        Of the continued epochs after the filter; what ``discharge_waves`` takes.
    """
    samples = values.shape[-1]
    margin = round(_MARGIN_S * rate)
    centred = (values - values.mean(axis=-1, keepdims=True)).astype(np.float32)
    extended = np.concatenate(
        [
            centred[..., margin:0:-1],
            centred,
            centred[..., -2 : -margin - 2 : -1],
        ],
        axis=-1,
    )
    taper = _ramp(np.arange(0.5, margin), 0.0, float(margin)).astype(np.float32)
    extended[..., :margin] *= taper
    extended[..., -margin:] *= taper[::-1]
    length = samples + 2 * margin
    spectrum = fft.rfft(extended, axis=-1)
    grid = np.arange(spectrum.shape[-1]) * (rate / length)
    kept = int(np.searchsorted(grid, min(_LOW_PASS[1], rate / 2), "right"))
    mask = _ramp(grid, *_HIGH_PASS) * (1.0 - _ramp(grid, *_LOW_PASS))
    scale = mask[:kept] * (_EXTENDED / length)
    spectrum = spectrum[..., :kept] * scale.astype(np.float32)
    return _back(spectrum), spectrum


def _back(spectrum: NDArray[np.complex64]) -> Singles:
    extended: Singles = fft.irfft(spectrum, n=_EXTENDED, axis=-1)
    return extended[..., WAVE_RATE:-WAVE_RATE]


def discharge_waves(spectrum: NDArray[np.complex64]) -> Singles:
    """Return how much each moment looks like a spike: the waves seen through a Ricker wavelet."""
    grid = np.arange(spectrum.shape[-1]) / (_EXTENDED / WAVE_RATE)
    square = (grid / _RICKER_HZ) ** 2
    return _back(spectrum * (square * np.exp(1.0 - square)).astype(np.float32))


def one_second_amplitudes(found: Singles) -> Singles:
    """Return the distance from peak to peak in each second, (..., 10), in microvolts."""
    seconds = found.reshape(*found.shape[:-1], _EPOCH_S, WAVE_RATE)
    amplitudes: Singles = np.ptp(seconds, axis=-1)
    return amplitudes


def low_voltage(amplitudes: Singles) -> Floats:
    """Return the share of seconds of low voltage in each epoch."""
    return np.asarray((amplitudes < _LOW_UV).mean(axis=-1), dtype=np.float64)


def suppressed(found: Singles) -> Floats:
    """Return the share of each epoch that is suppressed.

    Examples
    --------
    Four of ten seconds are nearly silent:

    >>> time = np.arange(1280) / 128
    >>> burst = np.where(time < 6, 40 * np.sin(2 * np.pi * 6 * time), 1.0)
    >>> round(float(suppressed(burst.astype("float32"))), 2)
    0.4
    """
    quiet = (np.abs(found) < _SUPPRESSED_UV).astype(np.uint8)
    width = round(_SUPPRESSED_S * WAVE_RATE)
    # What survives an erosion belongs to a run that is long enough; the dilation restores it.
    origin = -1 if width % 2 == 0 else 0
    core = ndimage.minimum_filter1d(quiet, width, axis=-1, mode="nearest")
    long_enough = ndimage.maximum_filter1d(core, width, axis=-1, mode="nearest", origin=origin)
    return np.asarray(long_enough.mean(axis=-1), dtype=np.float64)

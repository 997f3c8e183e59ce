"""Power spectra of epochs, and the powers of bands."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy import fft

__all__ = ["BANDS", "HUM_HZ", "TOTAL", "band_mask", "band_weights", "frequencies", "spectra"]

Singles = NDArray[np.float32]
Floats = NDArray[np.float64]

# The bands of the catalogue, in Hz; each holds its lower and not its upper bound.
BANDS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {"delta": (1.0, 4.0), "theta": (4.0, 8.0), "alpha": (8.0, 13.0), "beta": (13.0, 30.0)}
)
TOTAL = (1.0, 30.0)
# Frequencies of mains; all bands end below them.
HUM_HZ = (50.0, 60.0)
# The highest frequency that anything looks at: the surroundings of 60 Hz.
_HIGHEST_HZ = 64.0
_ROWS = 32


def frequencies(samples: int, rate: float) -> Floats:
    """Return the frequencies of the spectra of epochs, in Hz.

    Examples
    --------
    >>> frequencies(2560, 256.0)[:3]
    array([0. , 0.1, 0.2])
    """
    # Rounded, so that a bound of a band is on the same side at every rate.
    grid = np.round(np.arange(samples // 2 + 1) * (rate / samples), 9)
    return np.asarray(grid[grid <= min(_HIGHEST_HZ, rate / 2)], dtype=np.float64)


def spectra(values: Singles, rate: float) -> Singles:
    """Estimate the power spectral density of each epoch with one Hann window.

    The mean over many epochs is Welch's estimate without overlap (Welch 1967,
    doi:10.1109/TAU.1967.1161901).

    Parameters
    ----------
    values : ndarray of shape (..., samples)
        In microvolts; the mean of an epoch is zero, or it appears below 0.2 Hz.
    rate : float
        Samples per second.

    Returns
    -------
    ndarray of shape (..., frequencies)
        One-sided, in microvolt squared per Hz, at ``frequencies``.

    Examples
    --------
    A tone of 10 microvolts has a power of 50, whatever the rate:

    >>> time = np.arange(1000) / 100
    >>> tone = 10 * np.sin(2 * np.pi * 9.5 * time)
    >>> density = spectra(tone.astype("float32"), 100.0)
    >>> float(round(density.sum() * 0.1, 3))
    50.0
    """
    samples = values.shape[-1]
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(samples) / samples)).astype(np.float32)
    window *= np.float32(np.sqrt(2.0 / (rate * float(np.sum(window.astype(np.float64) ** 2)))))
    kept = frequencies(samples, rate).size
    rows = values.reshape(-1, samples)
    density = np.empty((len(rows), kept), dtype=np.float32)
    tapered = np.empty((_ROWS, samples), dtype=np.float32)
    # So few rows at a time stay in the processor's cache between the steps.
    for start in range(0, len(rows), _ROWS):
        part = rows[start : start + _ROWS]
        signals = tapered[: len(part)]
        np.multiply(part, window, out=signals)
        found = fft.rfft(signals, axis=-1, overwrite_x=True)[:, :kept]
        rows_of_density = density[start : start + _ROWS]
        np.multiply(found.real, found.real, out=rows_of_density)
        found.imag *= found.imag
        rows_of_density += found.imag
    return density.reshape(*values.shape[:-1], kept)


def band_mask(grid: Floats, band: tuple[float, float]) -> NDArray[np.bool_]:
    """Tell which frequencies lie in a band, its upper bound left out."""
    return (grid >= band[0]) & (grid < band[1])


def band_weights(grid: Floats) -> Singles:
    """Return the matrix that turns spectra into powers of the four bands, in microvolt squared."""
    step = float(grid[1] - grid[0])
    masks = [band_mask(grid, band) for band in BANDS.values()]
    return np.stack(masks, axis=1).astype(np.float32) * np.float32(step)

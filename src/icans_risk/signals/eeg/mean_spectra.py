"""The mean spectrum of each electrode over a stretch of time, and what follows from it."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from icans_risk.signals.eeg.montage import PAIRS, REGIONS
from icans_risk.signals.eeg.rhythm import posterior_rhythm
from icans_risk.signals.eeg.spectra import BANDS, TOTAL, band_mask

__all__ = ["spectral_measurements"]

Floats = NDArray[np.float64]

# Frequencies of the brain symmetry index, van Putten 2007, doi:10.1016/j.clinph.2007.07.019.
_SYMMETRY_HZ = (1.0, 25.0)
# Spectra are compared and their entropy taken in steps of this, so that neither depends on
# how long the recording is.
_STEP_HZ = 0.5
_BSEEG_HZ = (3.0, 10.0)
_ANTERIOR = REGIONS["frontal"]
POSTERIOR = (*REGIONS["occipital"], *REGIONS["parietal"], "T5", "T6")


def spectral_measurements(
    grid: Floats, density: Floats, electrodes: Sequence[str]
) -> dict[str, float]:
    """Measure all that a mean spectrum shows.

    Parameters
    ----------
    grid : ndarray of shape (frequencies,)
        In Hz.
    density : ndarray of shape (electrodes, frequencies)
        Mean spectra, in microvolt squared per Hz.
    electrodes : sequence of str
        Their names.

    Returns
    -------
    dict of str to float
        By the catalogue's names; what cannot be measured is not there.
    """
    by_name = dict(zip(electrodes, density, strict=True))
    overall = density.mean(axis=0)
    values = _bands(grid, overall, suffix="")
    for region, names in REGIONS.items():
        there = [by_name[name] for name in names if name in by_name]
        if there:
            values |= _bands(grid, np.mean(there, axis=0), suffix=f"_{region}")
    values |= _ratios(values) | _shape(grid, overall) | _symmetry(grid, by_name)
    posterior = [by_name[name] for name in POSTERIOR if name in by_name]
    if any(name in by_name for name in REGIONS["occipital"]):
        values |= posterior_rhythm(grid, np.mean(posterior, axis=0))
        values |= _gradient(grid, by_name)
    return values


def _power(grid: Floats, density: Floats, band: tuple[float, float]) -> float:
    return float(density[band_mask(grid, band)].sum() * (grid[1] - grid[0]))


def _bands(grid: Floats, density: Floats, *, suffix: str) -> dict[str, float]:
    total = _power(grid, density, TOTAL)
    values: dict[str, float] = {}
    for band, limits in BANDS.items():
        power = _power(grid, density, limits)
        values[f"{band}_power{suffix}"] = power
        values[f"{band}_relative{suffix}"] = power / total
    return values


def _ratios(values: Mapping[str, float]) -> dict[str, float]:
    delta, theta, alpha, beta = (values[f"{band}_power"] for band in BANDS)
    return {
        "total_power": delta + theta + alpha + beta,
        "slow_fast_ratio": (delta + theta) / (alpha + beta),
        "delta_theta_alpha_ratio": (delta + theta) / alpha,
        "alpha_delta_ratio": alpha / delta,
    }


def _shape(grid: Floats, density: Floats) -> dict[str, float]:
    used = band_mask(grid, TOTAL)
    step = float(grid[1] - grid[0])
    share = np.cumsum(density[used]) / density[used].sum()
    # Each value of a spectrum stands for a step around its frequency.
    edges = grid[used] + step / 2
    coarse = _coarsen(grid, density, TOTAL)
    portions = coarse / coarse.sum()
    present = portions[portions > 0]
    entropy = -float((present * np.log(present)).sum()) / float(np.log(portions.size))
    low, high = (float(density[np.abs(grid - hertz) <= _STEP_HZ].mean()) for hertz in _BSEEG_HZ)
    return {
        "median_frequency": float(np.interp(0.50, share, edges)),
        "spectral_edge_95": float(np.interp(0.95, share, edges)),
        "spectral_entropy": entropy,
        "bseeg_ratio": low / high,
    }


def _coarsen(grid: Floats, density: Floats, band: tuple[float, float]) -> Floats:
    """Sum a spectrum in steps of half a hertz."""
    used = band_mask(grid, band)
    steps = np.floor((grid[used] - band[0]) / _STEP_HZ + 1e-6).astype(np.intp)
    return np.asarray(np.bincount(steps, weights=density[used]), dtype=np.float64)


def _symmetry(grid: Floats, by_name: Mapping[str, Floats]) -> dict[str, float]:
    pairs = [(by_name[a], by_name[b]) for a, b in PAIRS if a in by_name and b in by_name]
    if not pairs:
        return {}
    left, right = (sum(_power(grid, pair[side], TOTAL) for pair in pairs) for side in (0, 1))
    differences = []
    for pair in pairs:
        a, b = (_coarsen(grid, density, _SYMMETRY_HZ) for density in pair)
        differences.append(np.mean(np.abs(b - a) / (a + b + 1e-30)))
    laterality = (right - left) / (right + left)
    return {
        "asymmetry": abs(laterality),
        "laterality": laterality,
        "brain_symmetry_index": float(np.mean(differences)),
    }


def _gradient(grid: Floats, by_name: Mapping[str, Floats]) -> dict[str, float]:
    anterior = [by_name[name] for name in _ANTERIOR if name in by_name]
    posterior = [by_name[name] for name in POSTERIOR if name in by_name]
    if not anterior:
        return {}
    front, back = (
        float(np.mean([_power(grid, density, BANDS["alpha"]) for density in group]))
        for group in (anterior, posterior)
    )
    return {"alpha_gradient": float(np.log10(back / front))}

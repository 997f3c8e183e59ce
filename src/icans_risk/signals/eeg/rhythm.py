"""The posterior dominant rhythm: a peak of the posterior spectrum above its background."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

__all__ = ["posterior_rhythm"]

Floats = NDArray[np.float64]

# Where the background is fitted, and where a dominant rhythm may lie.
_FITTED_HZ = (2.0, 25.0)
_RHYTHM_HZ = (4.0, 13.0)
# A rhythm has at least twice the power of the background there.
_LEAST_LOG10 = 0.3
_SMOOTHING_HZ = 0.5
_HALF_WIDTH_HZ = 1.0
_ROUNDS = 6


def posterior_rhythm(grid: Floats, density: Floats) -> dict[str, float]:
    """Find the posterior dominant rhythm, or say that there is none.

    The background is a straight line through the spectrum on logarithmic axes, fitted to
    what lies below it again and again, so that peaks do not lift it; the idea is that of
    Donoghue 2020 (doi:10.1038/s41593-020-00744-x).

    Parameters
    ----------
    grid : ndarray of shape (frequencies,)
        In Hz.
    density : ndarray of shape (frequencies,)
        Mean spectrum of the posterior electrodes.

    Returns
    -------
    dict of str to float
        ``posterior_rhythm_present``, and ``posterior_dominant_rhythm`` in Hz if it is.
    """
    used = (grid >= _FITTED_HZ[0]) & (grid <= _FITTED_HZ[1])
    hertz = grid[used]
    width = max(1, round(_SMOOTHING_HZ / float(grid[1] - grid[0])))
    floor = 1e-9 * float(density[used].max()) + 1e-30
    logs = np.log10(ndimage.uniform_filter1d(density[used], width) + floor)
    above = logs - _background(np.log10(hertz), logs)
    inner = (hertz >= _RHYTHM_HZ[0]) & (hertz <= _RHYTHM_HZ[1])
    place = int(np.argmax(np.where(inner, above, -np.inf)))
    # What still rises at the end of the range is the flank of something else.
    is_peak = above[place] >= max(above[place - 1], above[place + 1])
    if not is_peak or above[place] < _LEAST_LOG10:
        return {"posterior_rhythm_present": 0.0}
    near = np.abs(hertz - hertz[place]) <= _HALF_WIDTH_HZ
    excess = np.maximum(10 ** logs[near] - 10 ** (logs - above)[near], 0.0)
    rhythm = float(np.average(hertz[near], weights=excess))
    return {"posterior_rhythm_present": 1.0, "posterior_dominant_rhythm": rhythm}


def _background(log_hertz: Floats, logs: Floats) -> Floats:
    used = np.ones(logs.size, dtype=np.bool_)
    line: Floats = np.zeros(logs.size)
    for _ in range(_ROUNDS):
        slope, level = np.polyfit(log_hertz[used], logs[used], 1)
        line = level + slope * log_hertz
        residual = logs - line
        spread = 1.4826 * float(np.median(np.abs(residual[used]))) + 1e-12
        used = residual < 1.5 * spread
    return line

"""First-order statistics of the values within a region.

Definitions are those of PyRadiomics, see ``shape.py``: variance by the number of voxels (not by
one less), kurtosis not in excess of a normal distribution's 3, percentiles between voxels by
linear interpolation, entropy and uniformity of bins whose edges are multiples of their width.
"""

import numpy as np
from numpy.typing import NDArray

__all__ = ["BIN_WIDTH", "first_order"]

Floats = NDArray[np.float64]

BIN_WIDTH = 25.0
# More bins than that, and every value has its own: another unit than the width was meant for.
_MOST_BINS = 100_000


def first_order(
    values: Floats, *, voxel_mm3: float, bin_width: float = BIN_WIDTH, shift: float = 0.0
) -> dict[str, float]:
    """Describe the values of a region.

    Parameters
    ----------
    values : ndarray of shape (voxels,)
        Finite, at least one.
    voxel_mm3 : float
        Volume of a voxel.
    bin_width : float
        In the unit of the values.
    shift : float
        Added to each value for the energies and the root mean square alone; PyRadiomics calls
        it ``voxelArrayShift``.

    Returns
    -------
    dict of str to float
        Skewness and kurtosis are left out where all values are equal, entropy and uniformity
        where there are more than 100,000 bins.

    Examples
    --------
    >>> found = first_order(np.array([1.0, 2.0, 3.0, 4.0]), voxel_mm3=2.0)
    >>> found["variance"], found["kurtosis"], found["percentile_90"], found["energy"]
    (1.25, 1.64, 3.7, 30.0)
    """
    tenth, quarter, middle, three_quarters, ninetieth = np.percentile(values, [10, 25, 50, 75, 90])
    mean = values.mean()
    central = values - mean
    variance = float((central**2).mean())
    inner = values[(values >= tenth) & (values <= ninetieth)]
    energy = float(((values + shift) ** 2).sum())
    found = {
        "minimum": values.min(),
        "maximum": values.max(),
        "range": values.max() - values.min(),
        "mean": mean,
        "median": middle,
        "percentile_10": tenth,
        "percentile_90": ninetieth,
        "interquartile_range": three_quarters - quarter,
        "variance": variance,
        "mean_deviation": np.abs(central).mean(),
        "root_mean_square": np.sqrt(energy / values.size),
        "energy": energy,
        "total_energy": energy * voxel_mm3,
    }
    # Of two or three values none may lie between the percentiles.
    if inner.size:
        found["robust_deviation"] = np.abs(inner - inner.mean()).mean()
    if variance > 0:
        found["skewness"] = (central**3).mean() / variance**1.5
        found["kurtosis"] = (central**4).mean() / variance**2
    return {name: float(value) for name, value in (found | _by_bins(values, bin_width)).items()}


def _by_bins(values: Floats, width: float) -> dict[str, float]:
    bins = np.floor(values / width)
    if bins.max() - bins.min() >= _MOST_BINS:
        return {}
    shares = np.bincount((bins - bins.min()).astype(np.int64)) / values.size
    shares = shares[shares > 0]
    return {
        "entropy": float(-(shares * np.log2(shares)).sum()),
        "uniformity": float((shares**2).sum()),
    }

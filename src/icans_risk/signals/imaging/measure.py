"""From a scan and its masks to the measurements of the catalogue."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from icans_risk.signals.imaging.intensity import first_order
from icans_risk.signals.imaging.reasons import RefusedError
from icans_risk.signals.imaging.shape import FEWEST_VOXELS, shape_of
from icans_risk.signals.imaging.sides import (
    Midplane,
    asymmetry,
    displacement,
    find_midplane,
    mirrored,
)
from icans_risk.signals.imaging.volume import Volume

__all__ = ["MASKS", "Scan", "measure"]

Mask = NDArray[np.bool_]
Values = dict[str, float]

# What a mask may show, in the order in which pictures look for something to show.
MASKS = ("lesion", "oedema", "ventricles", "brain", "reference")
_BRAIN_ML = (200.0, 2500.0)
# As much of the mirror image of a lesion has to be healthy brain.
_MIRRORED_SHARE = 0.5


@dataclass(frozen=True)
class Scan:
    """A scan, its masks and what kind of scan it is.

    Attributes
    ----------
    volume : Volume
        The scan.
    masks : mapping of str to ndarray
        Of ``MASKS``, those that there are.
    sequence : str
        ``pet``, ``ct``, a sequence of MRI, or ``unknown``.
    """

    volume: Volume
    masks: Mapping[str, Mask]
    sequence: str

    def __post_init__(self) -> None:
        for name in ("brain", "reference"):
            if name in self.masks and not self.masks[name].any():
                raise RefusedError("mask_empty")
        millilitres = self.millilitres("brain")
        if millilitres is not None and not _BRAIN_ML[0] <= millilitres <= _BRAIN_ML[1]:
            raise RefusedError("implausible_brain", millilitres=millilitres)

    @property
    def spacing(self) -> NDArray[np.float64]:
        """Length of a voxel along each axis, in mm."""
        return self.volume.spacing

    def millilitres(self, name: str) -> float | None:
        """Return the volume of a mask by its voxels; None where there is no such mask."""
        if name not in self.masks:
            return None
        voxels = np.count_nonzero(self.masks[name])
        return float(voxels * np.prod(self.spacing) / 1000.0)

    @cached_property
    def midplane(self) -> Midplane | None:
        """The plane between left and right; None where the brain or the sides are unknown."""
        if "brain" not in self.masks or not self.volume.header.is_oriented:
            return None
        return find_midplane(self.masks["brain"], self.spacing)

    @cached_property
    def healthy(self) -> Mask | None:
        """The brain without what other masks show; None without one of the brain."""
        if "brain" not in self.masks:
            return None
        healthy = self.masks["brain"].copy()
        for name in ("lesion", "oedema", "ventricles"):
            if name in self.masks:
                healthy &= ~self.masks[name]
        return healthy if healthy.any() else None

    def has(self, name: str, voxels: int = 1) -> bool:
        """Say whether a mask is there with so many voxels."""
        return name in self.masks and int(np.count_nonzero(self.masks[name])) >= voxels


def measure(scan: Scan) -> Values:
    """Measure whatever the masks of a scan allow.

    Parameters
    ----------
    scan : Scan
        With at least one mask.

    Returns
    -------
    dict of str to float
        By the catalogue's names.
    """
    values = _volumes(scan)
    if scan.midplane is not None:
        values |= _sides(scan, scan.midplane)
    if scan.has("lesion", FEWEST_VOXELS):
        values |= _intensities(scan)
    for name in ("lesion", "oedema"):
        if scan.has(name, FEWEST_VOXELS):
            values |= _against_healthy(scan, name)
    if scan.sequence == "pet" and "reference" in scan.masks:
        values |= _uptake(scan)
    return values


def _volumes(scan: Scan) -> Values:
    values: Values = {}
    if "lesion" in scan.masks:
        found = shape_of(scan.masks["lesion"], scan.spacing)
        values |= {f"lesion_{name}": value for name, value in found.items()}
        if scan.sequence == "flair":
            values["flair_volume"] = found["volume"]
    if "oedema" in scan.masks:
        found = shape_of(scan.masks["oedema"], scan.spacing)
        kept = ("volume", "mesh_volume", "diameter")
        values |= {f"oedema_{name}": found[name] for name in kept if name in found}
    for name, title in (("ventricles", "ventricle"), ("brain", "brain")):
        millilitres = scan.millilitres(name)
        if millilitres is not None:
            values[f"{title}_volume"] = millilitres
    brain = values.get("brain_volume")
    if brain is not None and "ventricle_volume" in values:
        values["ventricle_share"] = values["ventricle_volume"] / brain
    return values


def _sides(scan: Scan, midplane: Midplane) -> Values:
    values = {"brain_asymmetry": asymmetry(scan.masks["brain"], scan.spacing, midplane)}
    for name, title in (("ventricles", "ventricle"), ("lesion", "lesion")):
        if scan.has(name):
            values[f"{title}_asymmetry"] = asymmetry(scan.masks[name], scan.spacing, midplane)
    if scan.has("ventricles"):
        shift = displacement(scan.masks["ventricles"], scan.spacing, midplane)
        values["midline_shift_proxy"] = shift
    return values


def _intensities(scan: Scan) -> Values:
    inside = scan.volume.values(scan.masks["lesion"])
    found = first_order(inside, voxel_mm3=float(np.prod(scan.spacing)))
    return {f"lesion_intensity_{name}": value for name, value in found.items()}


def _against_healthy(scan: Scan, name: str) -> Values:
    """Compare a region with the healthy brain, and with its own mirror image."""
    if scan.healthy is None:
        return {}
    values: Values = {}
    mean = float(scan.volume.values(scan.masks[name]).mean())
    healthy = scan.volume.values(scan.healthy)
    if healthy.std() > 0:
        values[f"{name}_contrast"] = (mean - float(healthy.mean())) / float(healthy.std())
    # A ratio of Hounsfield units, whose zero is water, says nothing.
    if scan.sequence == "ct":
        return values
    values |= _ratio(f"{name}_normal_ratio", mean, float(healthy.mean()))
    if name == "lesion" and scan.midplane is not None:
        opposite = mirrored(scan.masks[name], scan.spacing, scan.midplane) & scan.healthy
        if np.count_nonzero(opposite) >= _MIRRORED_SHARE * np.count_nonzero(scan.masks[name]):
            other = float(scan.volume.values(opposite).mean())
            values |= _ratio("lesion_contralateral_ratio", mean, other)
    return values


def _uptake(scan: Scan) -> Values:
    """Relate uptake to that of the reference region, whatever the unit of the file."""
    reference = float(scan.volume.values(scan.masks["reference"]).mean())
    values: Values = {}
    if "brain" in scan.masks:
        mean = float(scan.volume.values(scan.masks["brain"]).mean())
        values |= _ratio("brain_suvr", mean, reference)
    if scan.has("lesion"):
        inside = scan.volume.values(scan.masks["lesion"])
        values |= _ratio("lesion_suvr_mean", float(inside.mean()), reference)
        values |= _ratio("lesion_suvr_max", float(inside.max()), reference)
    return values


def _ratio(name: str, upper: float, lower: float) -> Values:
    return {name: upper / lower} if upper >= 0 and lower > 0 else {}
